"""stacks - what bench/run measures: targets, initiators, floors.

Each is started and stopped here, and a load given to it; the answer is a dict
of FIELDS.
"""
import collections
import glob
import json
import os
import re
import subprocess
import time

BUILD = 'build'
DIR = '/run/softhba-test/bench.%d' % os.getpid()
NAME = 'iqn.2026-11.test.bench:'
MIB = 1 << 20
DISK = 256  # MiB
TICK = os.sysconf('SC_CLK_TCK')

Load = collections.namedtuple('Load', 'name size depth write sequential')
FIELDS = ['iops', 'mbps', 'mean', 'p50', 'p99', 'p999', 'user', 'sys', 'all',
          'memory']


class Trouble(Exception):
    pass


def say(words):
    print(words, flush=True)


# ---- processes -------------------------------------------------------------

class Child:
    """A process of ours; found again by tests/clean-up whatever happens."""

    def __init__(self, args, **more):
        env = dict(os.environ, SOFTHBA_TEST=DIR)
        self.log = open(DIR + '/log', 'ab')
        self.p = subprocess.Popen(args, env=env, stderr=self.log, **more)

    def stop(self):
        if self.p.poll() is None:
            self.p.terminate()
            try:
                self.p.wait(20)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait(10)


def run_to_end(args, limit):
    """(output, user s, system s, most KiB): of a program that ends itself."""
    p = subprocess.Popen(args, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT,
                         env=dict(os.environ, SOFTHBA_TEST=DIR))
    end = time.monotonic() + limit
    while True:
        pid, status, used = os.wait4(p.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > end:
            p.kill()
            os.wait4(p.pid, 0)
            raise Trouble('no end after %d s: %s' % (limit, ' '.join(args)))
        time.sleep(0.005)
    p.returncode = os.waitstatus_to_exitcode(status)
    text = p.stdout.read().decode(errors='replace')
    if p.returncode:
        raise Trouble('%s: status %d: %s' % (args[0], p.returncode,
                                             text[-300:]))
    return text, used.ru_utime, used.ru_stime, used.ru_maxrss


def wait_for(what, seconds, words):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise Trouble('%s: not after %d s' % (words, seconds))
        time.sleep(0.02)


def read(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return ''


def children(pid):
    return [int(c) for c in
            read('/proc/%d/task/%d/children' % (pid, pid)).split()]


def times(pid):
    """(user, system) in s."""
    fields = read('/proc/%d/stat' % pid).rpartition(')')[2].split()
    return (int(fields[11]) / TICK, int(fields[12]) / TICK) if fields else (
        0, 0)


def ran(pid):
    """s on a CPU, exactly, of all threads."""
    return sum(int((read(t) or '0').split()[0]) for t in
               glob.glob('/proc/%d/task/*/schedstat' % pid)) / 1e9


def most_memory(pid):
    found = re.search(r'VmHWM:\s*(\d+)', read('/proc/%d/status' % pid))
    return int(found.group(1)) if found else 0


def kernel_threads():
    return [2] + children(2)


class Usage:
    """What a load costs: begin, then end() once it is over."""

    def __init__(self, initiator, others):
        self.initiator, self.others = initiator, others
        self.before = self.look()

    def look(self):
        split = [times(p) for p in self.initiator]
        return (sum(s[0] for s in split), sum(s[1] for s in split),
                sum(map(ran, self.initiator)),
                sum(map(ran, self.others + kernel_threads())))

    def end(self):
        """(user, system, everything) in s."""
        user, system, exact, rest = [
            b - a for a, b in zip(self.before, self.look())]
        share = user / (user + system) if user + system else 0
        return exact * share, exact * (1 - share), exact + rest


# ---- targets ---------------------------------------------------------------

class Target:
    """The demo target; what is the peer's, discovery does not show."""

    def __init__(self, luns=1, size='%dM' % DISK):
        args = [BUILD + '/target/iscsi-demo-target', '--portal',
                '127.0.0.1:0']
        for name, more in ('disk', []), ('peer', ['--hidden']):
            args += ['--target', NAME + name, '--quiet-login'] + more
            for n in range(luns):
                args += ['--lun', '%d:mem:%s' % (n, size)]
        self.child = Child(args, stdout=subprocess.PIPE)
        ready = self.child.p.stdout.readline().decode().split()
        self.portal = ready[1].partition(',')[0]
        self.pids = [self.child.p.pid]

    def url(self, lun, name='disk'):
        return 'iscsi://%s/%s%s/%d' % (self.portal, NAME, name, lun)

    def stop(self):
        self.child.stop()


class Tgtd:
    """Debian's tgt, its disks in memory (a tmpfs)."""

    def __init__(self, luns=2):
        self.files = []
        env = dict(os.environ, TGT_IPC_SOCKET=DIR + '/tgtd')
        port, control = 13700 + os.getpid() % 1000, os.getpid() % 30000
        os.environ['TGT_IPC_SOCKET'] = DIR + '/tgtd'
        self.portal = '127.0.0.1:%d' % port
        self.child = Child(['tgtd', '-f', '-C', str(control), '--iscsi',
                            'portal=' + self.portal],
                           stdout=subprocess.DEVNULL)

        def admin(*words):
            return subprocess.run(
                ['tgtadm', '-C', str(control), '--lld', 'iscsi', *words],
                env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                timeout=20).returncode == 0
        wait_for(lambda: admin('--mode', 'sys', '--op', 'show'), 10, 'tgtd')
        admin('--mode', 'target', '--op', 'new', '--tid', '1', '-T',
              NAME + 'disk')
        for n in range(luns):
            path = '/dev/shm/softhba-bench.%d.%d' % (os.getpid(), n)
            self.files.append(path)
            with open(path, 'wb') as f:
                for _ in range(DISK):
                    f.write(b'\1' * MIB)
            admin('--mode', 'logicalunit', '--op', 'new', '--tid', '1',
                  '--lun', str(n + 1), '-b', path)
        admin('--mode', 'target', '--op', 'bind', '--tid', '1', '-I', 'ALL')
        self.pids = [self.child.p.pid]

    def stop(self):
        self.child.p.kill()  # it ignores SIGTERM while it serves
        self.child.p.wait()
        for path in self.files:
            os.unlink(path)


# ---- block devices ---------------------------------------------------------

class Softhba:
    """iscsid and the loop device it makes."""

    made = 0

    def __init__(self, target, lun=0, more=''):
        Softhba.made += 1
        self.dir = '%s/softhba.%d' % (DIR, Softhba.made)
        os.makedirs(self.dir + '/run')
        os.makedirs(self.dir + '/links')
        self.write('conf', 'DiscoveryAddress=%s\n%s' % (target.portal, more))
        # One name for two would make each session end the other's.
        self.write('iname', 'InitiatorName=%sus%d\n' % (NAME, Softhba.made))
        self.child = Child(
            [BUILD + '/src/iscsid/iscsid', '-n', '-f', self.dir + '/conf',
             '-b', self.dir + '/bind', '-I', self.dir + '/iname',
             '-l', self.dir + '/links', '-R', self.dir + '/run'])
        wait_for(lambda: self.find(lun), 60, 'a disk of softhba')
        self.pids = children(self.child.p.pid)

    def find(self, lun):
        self.device = '%s/links/bus0/target0/lun%d/disk' % (self.dir, lun)
        return os.path.exists(self.device)

    def write(self, name, text):
        with open(os.open(self.dir + '/' + name, os.O_CREAT | os.O_WRONLY,
                          0o600), 'w') as f:
            f.write(text)

    def stop(self):
        self.child.stop()


class Qemu:
    """qemu-storage-daemon: iSCSI, then FUSE, and a loop device on that."""

    def __init__(self, target, lun=0, name='peer'):
        path = '%s/qemu.%d' % (DIR, target.pids[0])
        open(path, 'w').close()
        self.child = Child(
            ['qemu-storage-daemon', '--blockdev',
             'driver=iscsi,node-name=d,transport=tcp,portal=%s,target=%s%s,'
             'lun=%d,cache.direct=on' % (target.portal, NAME, name, lun),
             '--export', 'type=fuse,id=e,node-name=d,mountpoint=%s,'
             'writable=on' % path], stdout=subprocess.DEVNULL)
        wait_for(lambda: ' %s ' % path in read('/proc/self/mountinfo'), 20,
                 'qemu-storage-daemon')
        self.device = subprocess.run(
            ['losetup', '--direct-io=on', '-f', '--show', path], timeout=20,
            stdout=subprocess.PIPE, check=True).stdout.decode().strip()
        self.pids = [self.child.p.pid]

    def stop(self):
        subprocess.run(['losetup', '-d', self.device], timeout=20)
        self.child.stop()


class FloorFuse:
    """Loop and FUSE, answered from memory."""

    def __init__(self, _):
        path = DIR + '/floor'
        open(path, 'w').close()
        self.child = Child([BUILD + '/bench/floor-fuse', path, str(DISK)],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.device = self.child.p.stdout.readline().decode().strip()
        if not self.device:
            raise Trouble('floor-fuse: see %s/log' % DIR)
        self.pids = [self.child.p.pid]

    def stop(self):
        self.child.p.stdin.close()
        self.child.p.wait(20)


def fio(stack, target, load, seconds):
    kind = ('' if load.sequential else 'rand') + (
        'read' if not load.write else 'write' if load.write == 100 else 'rw')
    args = ['fio', '--name=bench', '--filename=' + stack.device, '--direct=1',
            '--ioengine=libaio', '--rw=' + kind, '--bs=%d' % load.size,
            '--iodepth=%d' % load.depth, '--rwmixwrite=%d' % load.write,
            '--time_based', '--runtime=%.1f' % seconds, '--norandommap',
            '--randrepeat=0', '--output-format=json']
    if load.sequential:
        args.remove('--norandommap')
    used = Usage(stack.pids, target.pids if target else [])
    text, user, system, _ = run_to_end(args, seconds + 30)
    ours = used.end()
    job = json.loads(text[text.index('{'):])['jobs'][0]
    sides = [job[s] for s in ('read', 'write') if job[s]['total_ios']]
    n = sum(s['total_ios'] for s in sides)
    mean = sum(s['lat_ns']['mean'] * s['total_ios'] for s in sides) / n

    def late(p):  # of the slower side
        return max(s['clat_ns']['percentile'][p] for s in sides) / 1e3
    iops = sum(s['iops'] for s in sides)
    return dict(iops=iops, mbps=iops * load.size / 1e6, mean=mean / 1e3,
                p50=late('50.000000'), p99=late('99.000000'),
                p999=late('99.900000'), user=ours[0] * 1e6 / n,
                sys=ours[1] * 1e6 / n,
                all=(ours[2] + user + system) * 1e6 / n,
                memory=sum(map(most_memory, stack.pids)))


# ---- the protocol engine alone -----------------------------------------------

LINE = re.compile(
    r'iops (\S+)  MB/s (\S+)  mean (\S+) us  p50 (\S+) us  p99 (\S+) us  '
    r'p99.9 (\S+) us  user (\S+) us/io  sys (\S+) us/io')


def meter(args, target, seconds):
    """A program of bench/ that prints the line of meter.h."""
    used = Usage([], target.pids)
    text, user, system, memory = run_to_end(args, seconds + 60)
    rest = used.end()[2]
    found = LINE.search(text)
    if not found:
        raise Trouble('%s: %s' % (args[0], text))
    v = dict(zip(FIELDS, map(float, found.groups())))
    n = v['iops'] * seconds
    v.update(memory=memory, all=(user + system + rest) * 1e6 / n)
    return v


def iscsi_bench(target, load, seconds, digests=False, sessions=1):
    args = [BUILD + '/bench/iscsi-bench', '-t', '%g' % seconds,
            '-s', str(load.size), '-q', str(load.depth),
            '-w', str(load.write), '-N', str(sessions)]
    args += ['-S'] * load.sequential + ['-d'] * digests
    return meter(args + [target.portal, NAME + 'disk'], target, seconds)


def floor_tcp(target, load, seconds, connections=1):
    args = [BUILD + '/bench/floor-tcp', '-t', '%g' % seconds,
            '-s', str(load.size), '-q', str(load.depth)]
    args += ['-w'] * bool(load.write)
    if connections > 1:
        args += ['-n', str(connections)]
    return meter(args, target, seconds)


def foreign(target, args, seconds, find, load, count=None):
    """A program of somebody else, which tells no more than its rate."""
    used = Usage([], target.pids)
    text, user, system, memory = run_to_end(args, seconds * 20 + 60)
    rest = used.end()[2]
    iops = find(text)
    n = count or iops * seconds
    return dict(iops=iops, mbps=iops * load.size / 1e6,
                mean=load.depth * 1e6 / iops, user=user * 1e6 / n,
                sys=system * 1e6 / n, all=(user + system + rest) * 1e6 / n,
                memory=memory)


def iscsi_perf(target, load, seconds):
    """libiscsi's own; it only reads, and only for whole seconds."""
    seconds = max(1, round(seconds))
    args = ['iscsi-perf', '-i', NAME + 'perf', '-m', str(load.depth), '-b',
            str(load.size // 512), '-t', str(seconds)]
    args += [] if load.sequential else ['-r']
    return foreign(
        target, args + [target.url(0)], seconds,
        lambda text: float(re.findall(r'iops average (\d+)', text)[-1]), load)


rates = {}


def qemu_img(target, load, seconds):
    """qemu-img bench: always one block after the other, so many of them."""
    rate = rates.get(load.name)
    count = int(rate * seconds) if rate else (
        200 if load.size == MIB else 2000)
    args = ['qemu-img', 'bench', '-c', str(count), '-d', str(load.depth),
            '-s', str(load.size), '-t', 'none', '--image-opts']
    args += ['-w'] * (load.write == 100)
    args += ['driver=iscsi,transport=tcp,portal=%s,target=%sdisk,lun=0' % (
        target.portal, NAME)]
    v = foreign(target, args, seconds, lambda text: count / float(
        re.search(r'completed in ([\d.]+) s', text).group(1)), load, count)
    rates[load.name] = v['iops']
    return v if rate else qemu_img(target, load, seconds)
