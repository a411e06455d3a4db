#!/usr/bin/env python3
"""run - the whole manager, with an engine that needs no network.

run.py ISCSID FAKE_ENGINE ISCSI_LS [NAME...]

Each test has directories of its own; every wait has an end, and whatever a
test leaves behind (process, mount, loop device, link) is its failure.
Prints TAP.
"""
import glob
import mmap
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ISCSID, ENGINE, LS = [os.path.abspath(p) for p in sys.argv[1:4]]
CTL = os.path.join(os.path.dirname(LS), 'iscsictl')
TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
EXPORTERS = subprocess.check_output([os.path.join(TESTS, 'exporters/words')],
                                    text=True).split()
MIB = 1 << 20
PATIENCE = 60  # s; only a failing test takes as long
SEED_LINES = [
    '  Vendor: SEAGATE  Model: ST39103FC        Rev: 0002',
    '  Type:   Direct-Access                    ANSI SCSI revision: 02',
    'Detected scsi disk {0} at scsi0, channel 0, id 0, lun 0',
    'SCSI device {0}: hdwr sector= 512 bytes.',
    'Sectors= 65536 [32 MB] [0.0 GB]',
    '{0}: unknown partition table',
]


class Failed(Exception):
    pass


def check(what, *words):
    if not what:
        raise Failed(' '.join(map(str, words)))


def wait_for(what, words):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = what()
        if result:
            return result
        time.sleep(0.02)
    raise Failed('waited in vain: ' + words)


def read(path):
    with open(path, errors='replace') as f:
        return f.read()


class World:
    """One daemon with all its files."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix='softhba-manager-')
        self.fake = self.path('fake')
        self.run = self.path('run')
        self.links = self.path('dev')
        os.mkdir(self.fake)
        self.write('name', 'InitiatorName=iqn.2026-11.net.softhba.test:me\n')
        self.conf('DiscoveryAddress=127.0.0.1:13350\n')
        self.notify = ''
        self.daemon = None
        self.logs = 0
        self.log_name = '/dev/null'

    def path(self, name):
        return os.path.join(self.top, name)

    def write(self, name, text):
        with open(self.path(name), 'w') as f:
            f.write(text)

    def conf(self, text):
        self.write('conf', text)
        os.chmod(self.path('conf'), 0o600)

    def mode(self, words):
        self.write('fake/mode', words + '\n')

    def image(self, lun, size=32 * MIB):
        name = self.path('fake/lun%d.img' % lun)
        with open(name, 'ab') as f:
            f.truncate(size)
        return name

    def args(self):
        return ['-b', self.path('bindings'), '-f', self.path('conf'),
                '-I', self.path('name'), '-l', self.links, '-R', self.run,
                '-e', '1']

    def env(self):
        return dict(os.environ, FAKE_DIR=self.fake, SOFTHBA_ENGINE=ENGINE,
                    NOTIFY_SOCKET=self.notify)

    def start(self, *more):
        self.logs += 1
        self.log_name = self.path('log%d' % self.logs)
        with open(self.log_name, 'w') as log:
            self.daemon = subprocess.Popen(
                [ISCSID, '-n'] + self.args() + list(more),
                env=self.env(), stdout=log, stderr=log,
                stdin=subprocess.DEVNULL)

    def log(self):
        return read(self.log_name)

    def wait_log(self, text, times=1):
        wait_for(lambda: self.log().count(text) >= times,
                 '%s in\n%s' % (text, self.log()))

    def link(self, name='disk', lun=0):
        return '%s/bus0/target0/lun%d/%s' % (self.links, lun, name)

    def wait_online(self, lun=0):
        wait_for(lambda: os.path.lexists(self.link('part15', lun)),
                 'lun %d in\n%s' % (lun, self.log()))
        dev = os.readlink(self.link(lun=lun))
        self.wait_log('%s:' % os.path.basename(dev))
        return dev

    def up(self, *more):
        self.image(0)
        self.start(*more)
        return self.wait_online()

    def signal(self, number):
        self.daemon.send_signal(number)

    def ended(self):
        return self.daemon.poll() is not None

    def stop(self):
        self.signal(signal.SIGTERM)
        wait_for(self.ended, 'end after SIGTERM\n' + self.log())
        check(self.daemon.returncode == 0, 'status', self.daemon.returncode,
              self.log())

    def kill(self):
        """The daemon, and its engines end with it."""
        self.daemon.kill()
        self.daemon.wait()
        wait_for(lambda: not self.engines(), 'end of the engine')

    def engines(self):
        found = []
        for env in glob.glob('/proc/[0-9]*/environ'):
            try:
                with open(env, 'rb') as f:
                    mine = ('FAKE_DIR=' + self.fake).encode() in f.read()
                pid = int(env.split('/')[2])
                exe = os.readlink('/proc/%d/exe' % pid)
            except OSError:
                continue
            if mine and exe == ENGINE:
                found.append(pid)
        return found

    def loops(self):
        found = []
        for name in glob.glob('/sys/block/loop*/loop/backing_file'):
            try:
                if read(name).startswith(self.run):
                    found.append(name.split('/')[3])
            except OSError:
                pass
        return found

    def mounts(self):
        return [line for line in read('/proc/self/mountinfo').splitlines()
                if self.top in line]

    def leftovers(self):
        left = self.loops() + self.mounts()
        left += ['engine %d' % p for p in self.engines()]
        for place in ['bus*', 'bus*/*']:
            left += glob.glob(os.path.join(self.links, place))
        for name in ['control.sock', 'iscsid.pid', 'lun/*']:
            left += glob.glob(os.path.join(self.run, name))
        return left

    def assert_clean(self):
        wait_for(lambda: not self.engines(), 'end of the engines')
        check(not self.leftovers(), 'left behind:', self.leftovers(),
              self.log())

    def ls(self, *args):
        return subprocess.run([LS, '-R', self.run] + list(args),
                              capture_output=True, text=True, timeout=PATIENCE)

    def ctl(self, *args):
        return subprocess.run([CTL, '-R', self.run] + list(args),
                              capture_output=True, text=True, timeout=PATIENCE)

    def close(self):
        """Whatever happened: nothing may stay on the machine."""
        if self.daemon and not self.ended():
            self.daemon.kill()
            self.daemon.wait()
        for pid in self.engines():
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
        # Once the mount is gone, a loop device's file has no path any more.
        for dev in self.loops():
            subprocess.run(['losetup', '-d', '/dev/' + dev], check=False)
        for line in self.mounts():
            subprocess.run(['umount', '-l', line.split()[4]], check=False)
        shutil.rmtree(self.top, ignore_errors=True)


class ServiceManager:
    """Hears a daemon's words and keeps its handles, as systemd does."""

    def __init__(self, world):
        self.kept = {}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(world.path('notify'))
        self.socket.settimeout(PATIENCE)
        world.notify = world.path('notify')

    def word(self):
        """The next one that is not about handles."""
        while True:
            data, handles, _, _ = socket.recv_fds(self.socket, 256, 1)
            lines = data.decode().split('\n')
            if not lines[0].startswith('FDSTORE'):
                return data
            name = lines[1].split('=')[1]
            if handles:
                self.kept[name] = handles[0]
            elif name in self.kept:
                os.close(self.kept.pop(name))

    def start(self, world, *more):
        """The daemon, with all that is kept."""
        names, handles = list(self.kept), list(self.kept.values())

        def place():
            for i, handle in enumerate(handles):
                os.dup2(handle, 100 + i)
            for i in range(len(handles)):
                os.dup2(100 + i, 3 + i)
                os.close(100 + i)

        env = dict(world.env(), LISTEN_FDS=str(len(handles)),
                   LISTEN_FDNAMES=':'.join(names))
        world.logs += 1
        world.log_name = world.path('log%d' % world.logs)
        with open(world.log_name, 'w') as log:
            world.daemon = subprocess.Popen(
                ['sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'sh', ISCSID, '-n'] +
                world.args() + list(more), env=env, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, preexec_fn=place, close_fds=False)

    def close(self):
        for handle in self.kept.values():
            os.close(handle)
        self.socket.close()


class Writer:
    """Writes numbers to a disk, each twice as far on, until told to stop."""

    def __init__(self, dev):
        self.written, self.error, self.going = 0, None, True
        self.fd = os.open(dev, os.O_WRONLY | os.O_DIRECT)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with mmap.mmap(-1, 4096) as buf:
            while self.going and self.written < 4096:
                buf[:] = struct.pack('>Q', self.written + 1) * 512
                try:
                    os.pwrite(self.fd, buf, self.written * 4096)
                except OSError as e:
                    self.error = e
                    return
                self.written += 1
                time.sleep(0.003)  # so that no test sees the end of it

    def stop(self):
        self.going = False
        self.thread.join(PATIENCE)
        os.close(self.fd)


def pattern(n, seed):
    return (b'%08x' % seed) * (n // 8)


def write_at(dev, offset, data):
    fd = os.open(dev, os.O_WRONLY)
    try:
        check(os.pwrite(fd, data, offset) == len(data), 'short write')
        os.fsync(fd)
    finally:
        os.close(fd)


def read_at(dev, offset, n):
    fd = os.open(dev, os.O_RDONLY)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return os.pread(fd, n, offset)
    finally:
        os.close(fd)


# The tests -----------------------------------------------------------------

def test_start_shows_the_disk_as_the_seed_does(w):
    dev = w.up()
    log = w.log()
    for line in SEED_LINES:
        check(line.format(os.path.basename(dev)) in log, line, 'in', log)
    check(re.search(r'^0\t0\tiqn.2026-11.net.softhba.test:one$',
                    read(w.path('bindings')), re.M), 'binding')
    w.stop()
    w.assert_clean()


def test_stop_leaves_nothing_behind(w):
    dev = w.up()
    write_at(dev, 0, pattern(MIB, 1))
    w.stop()
    w.assert_clean()
    check(read(w.path('fake/lun0.img'))[:8] == '00000001', 'data')


def test_a_second_daemon_is_refused(w):
    w.up()
    second = subprocess.run([ISCSID, '-n'] + w.args(), env=w.env(),
                            capture_output=True, text=True, timeout=PATIENCE)
    check(second.returncode == 1, 'status', second.returncode)
    check('another iscsid (process %d) runs here' % w.daemon.pid in
          second.stderr, second.stderr)
    w.stop()
    w.assert_clean()


def fnv(text):
    h = 0xcbf29ce484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001b3 % 2**64
    return h


def test_beside_another_daemon_of_the_name_targets_are_not_looked_at(w):
    other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    other.bind('\0softhba.initiator.%016x' %
               fnv('iqn.2026-11.net.softhba.test:me'))
    w.up()
    check('another daemon of this host is iqn.2026-11.net.softhba.test:me'
          in w.log(), w.log())
    w.stop()
    w.assert_clean()
    other.close()
    w.up()
    check('another daemon' not in w.log(), w.log())
    w.stop()
    w.assert_clean()


def test_the_background_daemon_returns_when_the_disks_are_there(w):
    w.image(0)
    start = subprocess.run([ISCSID] + w.args(), env=w.env(),
                           capture_output=True, text=True, timeout=PATIENCE)
    pid = int(read(os.path.join(w.run, 'iscsid.pid')))
    try:
        check(start.returncode == 0, start)
        check(os.path.exists(w.link()), 'link')
        check('Detected scsi disk' in start.stderr, start.stderr)
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not os.path.exists('/proc/%d' % pid), 'end')
    w.assert_clean()


def test_the_service_manager_hears_ready_when_the_disks_are_there(w):
    s = ServiceManager(w)
    w.image(0)
    w.start()
    check(s.word() == b'READY=1', 'the first word')
    check(os.path.exists(w.link()), 'the disk is there by then')
    w.signal(signal.SIGTERM)
    check(s.word() == b'STOPPING=1', 'the last word')
    wait_for(w.ended, 'the end')
    s.socket.setblocking(False)
    try:
        check(False, 'one more:', s.word())
    except BlockingIOError:
        pass
    check(not s.kept, 'handles are still kept:', s.kept)
    s.close()
    w.assert_clean()


def test_handles_that_are_kept_outlive_all_processes(w):
    s = ServiceManager(w)
    w.image(0)
    w.start()
    check(s.word() == b'READY=1', 'the first word')
    dev = w.wait_online()
    check(list(s.kept) == ['b0t0l0'], s.kept)
    writer = Writer(dev)
    try:
        for _ in range(3):
            wait_for(lambda: writer.written > 20, 'some writes')
            w.kill()
            before = writer.written
            s.start(w)
            check(s.word() == b'READY=1', 'the first word again')
            wait_for(lambda: writer.written > before + 20, 'writes go on in\n' +
                     w.log())
            check(os.readlink(w.link()) == dev, 'another device')
    finally:
        writer.stop()
    check(not writer.error, 'a write failed:', writer.error)
    for n in range(writer.written):
        check(read_at(dev, n * 4096, 8) == struct.pack('>Q', n + 1), 'at', n)
    w.stop()
    s.close()
    w.assert_clean()


def test_a_used_disk_is_waited_for_and_named(w):
    dev = w.up()
    fd = os.open(dev, os.O_RDONLY)
    w.signal(signal.SIGTERM)
    w.wait_log('is open in process %d' % os.getpid())
    check(not w.ended() and os.path.exists(w.link()), 'went too early')
    os.close(fd)
    wait_for(w.ended, 'end')
    w.assert_clean()


def test_a_mounted_disk_is_waited_for_and_named(w):
    dev = w.up()
    place = w.path('mnt')
    os.mkdir(place)
    subprocess.run(['mkfs.ext4', '-q', dev], check=True)
    subprocess.run(['mount', dev, place], check=True)
    w.signal(signal.SIGTERM)
    w.wait_log('is mounted at ' + place)
    check(not w.ended(), 'went too early')
    subprocess.run(['umount', place], check=True)
    wait_for(w.ended, 'end')
    w.assert_clean()


def test_users_of_a_device_that_has_our_number_now_are_none_of_ours(w):
    dev = w.up()
    subprocess.run(['losetup', '-d', dev], check=True)
    w.write('other', '.' * MIB)
    subprocess.run(['losetup', dev, w.path('other')], check=True)
    fd = os.open(dev, os.O_RDONLY | os.O_EXCL)
    try:
        w.stop()
    finally:
        os.close(fd)
        subprocess.run(['losetup', '-d', dev], check=True)
    w.assert_clean()


def test_a_second_sigterm_takes_the_disk_away(w):
    dev = w.up()
    fd = os.open(dev, os.O_RDONLY)
    w.signal(signal.SIGTERM)
    w.wait_log('waiting for its end')
    w.signal(signal.SIGTERM)
    wait_for(w.ended, 'end by force')
    w.wait_log('taken away from its users')
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.pread(fd, 4096, 16 * MIB)
        raise Failed('the disk can still be read')
    except OSError:
        pass
    os.close(fd)
    wait_for(lambda: not w.loops(), 'end of the loop device')
    w.assert_clean()


def test_a_dead_engine_is_replaced_and_no_write_is_lost(w):
    dev = w.up()
    for i in range(5):
        write_at(dev, i * MIB, pattern(MIB, i))
        os.kill(w.engines()[0], signal.SIGKILL)
    for i in range(5):
        check(read_at(dev, i * MIB, MIB) == pattern(MIB, i), 'data', i)
    check('was ended by signal 9' in w.log(), w.log())
    w.stop()
    w.assert_clean()


def test_the_next_engine_is_told_where_all_writes_are_or_nothing(w):
    w.mode('group-1')
    w.up()
    check('told of a session in group none, 0 disks' in w.log(), w.log())
    w.mode('group-2')
    os.kill(w.engines()[0], signal.SIGKILL)
    w.wait_log('told of a session in group 1, 1 disks')
    w.wait_log('re-established session')
    os.kill(w.engines()[0], signal.SIGKILL)
    w.wait_log('told of a session in group none, 1 disks')
    w.stop()
    w.assert_clean()


def test_the_next_engine_is_told_the_last_connection(w):
    w.up()
    check('told of a connection' not in w.log(), w.log())
    w.mode('no-port')
    os.kill(w.engines()[0], signal.SIGKILL)
    w.wait_log('told of a connection to 127.0.0.1:13350 from port 50123')
    w.wait_log('re-established session')
    os.kill(w.engines()[0], signal.SIGKILL)
    w.wait_log('re-established session', 2)
    check(w.log().count('told of a connection') == 1, w.log())
    w.stop()
    w.assert_clean()


def test_writes_of_before_a_crash_of_all_are_doubted_at_the_next_start(w):
    w.mode('group-1')
    w.up()
    check('in doubt' not in w.log(), w.log())
    w.kill()
    w.start()
    w.wait_log('told of a session in group 1, 0 disks, in doubt')
    w.wait_online()
    w.stop()
    w.assert_clean()
    w.start()
    w.wait_online()
    check('in doubt' not in w.log(), w.log())
    w.stop()
    w.assert_clean()


def test_the_doubt_outlives_runs_that_do_not_find_the_target(w):
    w.mode('group-1')
    w.up()
    w.kill()
    free = subprocess.run([ISCSID, '-F'] + w.args(), env=w.env(),
                          capture_output=True, text=True, timeout=PATIENCE)
    check(free.returncode == 0, free.stderr)
    w.mode('refuse')
    for end in w.kill, w.stop:
        w.start()
        w.wait_log('nobody is there')
        end()
    w.mode('group-1')
    w.start()
    w.wait_log('told of a session in group 1, 0 disks, in doubt')
    w.wait_online()
    w.stop()
    w.assert_clean()
    w.start()
    w.wait_online()
    check('in doubt' not in w.log(), w.log())
    w.stop()
    w.assert_clean()


def test_a_target_that_has_other_numbers_now_takes_its_doubt_along(w):
    w.mode('group-1')
    w.up()
    w.kill()
    w.write('bindings', '0 3 iqn.2026-11.net.softhba.test:one\n')
    w.start()
    w.wait_log('told of a session in group 1, 0 disks, in doubt')
    w.stop()
    check(not os.path.exists(w.path('run/held')), os.listdir(w.run))
    w.assert_clean()


def test_what_was_seen_of_a_target_outlives_managers(w):
    seen = 'told what was seen: yes, 7 ms'
    w.mode('ends-old')
    w.up()
    check(seen not in w.log(), w.log())
    w.mode('')
    for end in w.kill, w.stop:
        end()
        w.start()
        w.wait_log(seen)
        w.wait_online()
    w.stop()
    w.assert_clean()


def test_what_was_seen_of_a_target_is_there_for_a_disk_that_goes_on(w):
    s = ServiceManager(w)
    w.image(0)
    w.mode('ends-old')
    w.start()
    check(s.word() == b'READY=1', 'the first word')
    w.wait_online()
    w.kill()
    s.start(w)
    w.wait_log('told what was seen: yes, 7 ms')
    check(s.word() == b'READY=1', 'the first word again')
    check('(goes on)' in w.log(), w.log())
    w.stop()
    s.close()
    w.assert_clean()


def test_a_capacity_change_reaches_the_kernel(w):
    dev = w.up()
    size = '/sys/block/%s/size' % os.path.basename(dev)
    check(int(read(size)) == 65536, 'size before')
    w.image(0, 64 * MIB)
    os.kill(w.engines()[0], signal.SIGUSR1)
    wait_for(lambda: int(read(size)) == 131072, 'the new size\n' + w.log())
    w.wait_log('capacity changed')
    w.stop()
    w.assert_clean()


def test_partitions_appear_under_their_links(w):
    image = w.image(0)
    subprocess.run(['sfdisk', '-q', image], check=True, text=True,
                   input='label: gpt\nsize=4MiB\nsize=4MiB\n')
    w.start()
    dev = w.wait_online()
    w.wait_log('{0}: {0}p1 {0}p2'.format(os.path.basename(dev)))
    write_at(w.link('part2'), 0, pattern(4096, 9))
    check(read_at(dev, 5 * MIB, 4096) == pattern(4096, 9), 'part2')
    check(not os.path.exists(w.link('part3')), 'part3 works')
    w.stop()
    w.assert_clean()


def test_a_write_protected_4k_disk_is_one(w):
    w.mode('ro 4k')
    dev = os.path.basename(w.up())
    check(int(read('/sys/block/%s/ro' % dev)) == 1, 'ro')
    check(int(read('/sys/block/%s/queue/logical_block_size' % dev)) == 4096,
          '4096')
    w.stop()
    w.assert_clean()


def test_luns_are_many_and_only_up_to_255(w):
    for lun in [0, 1, 255, 256]:
        w.image(lun)
    w.start()
    for lun in [0, 1, 255]:
        w.wait_online(lun)
    w.wait_log('is above 255')
    check(not os.path.lexists(w.link(lun=256)), 'lun256')
    w.stop()
    w.assert_clean()


def test_an_engine_that_talks_garbage_does_no_harm(w):
    w.mode('garbage')
    dev = w.up()
    w.wait_log('something impossible')
    write_at(dev, 0, pattern(MIB, 3))
    w.stop()
    w.assert_clean()


def test_a_silent_engine_is_ended(w):
    w.image(0)
    w.mode('silent')
    w.start()
    w.wait_log('said nothing for 10 s, it is killed')
    w.mode('')
    w.wait_online()
    w.stop()
    w.assert_clean()


def test_a_silent_engine_does_not_hold_up_the_stop(w):
    w.mode('silent')
    w.start()
    wait_for(w.engines, 'engine')
    w.stop()
    w.assert_clean()


def hangs(w, number, words, most=10, mode=None):
    """A signal lets the engine hang; another goes on before too long."""
    dev = w.up()
    writer = Writer(dev)
    engine, = w.engines()
    wait_for(lambda: writer.written > 20, 'some writes')
    if mode:
        w.mode(mode)
    begin = time.monotonic()
    os.kill(engine, number)
    w.wait_log('engine 0: %s, has done nothing for ' % words)
    before = writer.written
    wait_for(lambda: writer.written > before + 20, 'writes go on')
    print('# figure: an engine %s: writes go on after %.1f s' %
          (words, time.monotonic() - begin))
    check(time.monotonic() - begin < most, 'that took too long')
    writer.stop()
    check(not writer.error, 'a write failed:', writer.error)
    check(engine not in w.engines(), 'the engine is still there')
    w.stop()
    w.assert_clean()


def test_an_engine_that_is_stopped_is_replaced_and_no_write_is_lost(w):
    hangs(w, signal.SIGSTOP, 'is stopped')


def test_an_engine_that_spins_is_replaced_and_no_write_is_lost(w):
    hangs(w, signal.SIGUSR1, 'spins', mode='spin')


def test_an_engine_that_sleeps_on_is_replaced_and_no_write_is_lost(w):
    hangs(w, signal.SIGUSR1, 'does not wake', mode='asleep')


def test_an_engine_that_reads_no_requests_is_replaced(w):
    hangs(w, signal.SIGUSR2, 'reads no requests', mode='deaf')


def test_an_engine_without_a_page_has_20_s(w):
    w.mode('no-pulse')
    hangs(w, signal.SIGSTOP, 'is stopped', 55)
    check('has done nothing for 20.0 s' in w.log(), w.log())


def serves(engine):
    """Has it the kernel's handle of a disk?"""
    for fd in glob.glob('/proc/%d/fd/*' % engine):
        try:
            if os.readlink(fd) == '/dev/fuse':
                return True
        except OSError:
            pass
    return False


def stays(w, engine, seconds):
    """It is there all the time, whatever was done to it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        check(w.engines() == [engine], 'replaced', w.log())
        time.sleep(0.1)


def test_an_idle_engine_that_is_stopped_is_replaced_when_io_comes(w):
    dev = w.up()
    engine, = w.engines()
    os.kill(engine, signal.SIGSTOP)
    stays(w, engine, 4)
    begin = time.monotonic()
    write_at(dev, 0, pattern(MIB, 1))
    check(time.monotonic() - begin < 10, 'that took too long')
    check(engine not in w.engines(), 'the engine is still there')
    w.stop()
    w.assert_clean()


def test_engine_timeout_turns_it_off_and_on(w):
    conf = 'EngineTimeout=%d\nDiscoveryAddress=127.0.0.1:13350\n'
    w.conf(conf % 0)
    writer = Writer(w.up())
    engine, = w.engines()
    os.kill(engine, signal.SIGSTOP)
    stays(w, engine, 4)
    w.conf(conf % 1)
    w.signal(signal.SIGHUP)
    w.wait_log('engine 0: is stopped')
    check('has done nothing for 20' not in w.log(), w.log())
    before = writer.written
    wait_for(lambda: writer.written > before + 20, 'writes go on')
    writer.stop()
    w.stop()
    w.assert_clean()


def test_a_page_of_nonsense_does_no_harm(w):
    w.mode('lies')
    writer = Writer(w.up('-e', '2'))
    engines = set(w.engines())
    end = time.monotonic() + 5
    while time.monotonic() < end:
        check(set(w.engines()) == engines, 'replaced', w.log())
        time.sleep(0.1)
    check(not w.ended() and not writer.error, 'harm', w.log())
    serving, = [e for e in engines if serves(e)]
    os.kill(serving, signal.SIGSTOP)
    w.wait_log('is stopped, has done nothing for ')
    before = writer.written
    wait_for(lambda: writer.written > before + 20, 'writes go on')
    writer.stop()
    check(w.log().count('and is replaced') == 1, 'another one, too', w.log())
    check(engines - set(w.engines()) == {serving}, 'another one', w.log())
    w.stop()
    w.assert_clean()


def test_a_page_that_stands_still_is_no_hang_while_it_speaks(w):
    w.mode('still')
    writer = Writer(w.up())
    engine, = w.engines()
    stays(w, engine, 5)
    check(not writer.error, writer.error)
    writer.stop()
    w.stop()
    w.assert_clean()


def test_an_engine_that_does_not_attach_is_given_up(w):
    w.image(0)
    w.mode('no-attach')
    w.start()
    w.wait_log('did not take it in time')
    w.stop()
    w.assert_clean()


def test_a_disk_the_engine_gives_up_fails_and_goes(w):
    dev = w.up()
    os.kill(w.engines()[0], signal.SIGUSR2)
    w.wait_log('is not served any more')
    wait_for(lambda: not os.path.lexists(w.link()), 'end of the link')
    wait_for(lambda: os.path.basename(dev) not in w.loops() or
             w.log().count('Detected scsi disk') > 1, 'end of loop')
    w.stop()
    w.assert_clean()


def test_a_disk_the_engine_gives_up_goes_with_its_last_user(w):
    dev = w.up()
    user = os.open(dev, os.O_RDONLY)
    os.kill(w.engines()[0], signal.SIGUSR2)
    w.wait_log('is not served any more')
    w.wait_log('is open in process')
    check(os.path.basename(dev) in w.loops(), 'it went from its user')
    os.close(user)
    wait_for(lambda: not os.path.lexists(w.link()), 'end of the link')
    wait_for(lambda: os.path.basename(dev) not in w.loops() or
             w.log().count('Detected scsi disk') > 1, 'end of loop')
    w.stop()
    w.assert_clean()


def test_topics_of_the_log_reach_engines_also_later_ones(w):
    w.up()
    check(w.ctl('log', 'login', 'on').returncode == 0, w.log())
    w.wait_log('fake: told to log 200')
    os.kill(w.engines()[0], signal.SIGKILL)
    w.wait_log('fake: told to log 200', 2)
    check(w.ctl('log', 'none').returncode == 0, w.log())
    w.wait_log('log settings 0')
    w.stop()
    check('told to log 0' not in w.log(), 'a debug line', w.log())
    w.assert_clean()


def test_a_failed_discovery_says_why_and_what_next(w):
    w.mode('refuse')
    w.start()
    w.wait_log('DiscoveryAddress 127.0.0.1:13350: discovery failed: nobody is '
               'there; trying again at once')
    w.wait_log('nobody is there; trying again in 1 s')
    w.image(0)
    w.mode('')
    w.wait_online()
    w.stop()
    w.assert_clean()


def test_a_failed_login_says_why_and_what_next(w):
    w.mode('no-session')
    w.start()
    w.wait_log('no session to iqn.2026-11.net.softhba.test:one, portal '
               '127.0.0.1:13350: the target refuses the login; trying again '
               'in 60 s')
    w.stop()
    w.assert_clean()


def test_a_session_given_up_is_listed_and_tried_after_a_reload(w):
    w.mode('give-up')
    w.start()
    w.wait_log('the target refuses the login; given up, until "iscsictl '
               'reload" or "iscsictl rescan"')
    check('GIVEN UP AT ' in w.ls().stdout, w.ls().stdout)
    w.image(0)
    w.mode('')
    w.conf('LoginTimeout=7\nDiscoveryAddress=127.0.0.1:13350\n')
    w.signal(signal.SIGHUP)
    w.wait_online()
    check('told settings, login-timeout 7000' in w.log(), w.log())
    w.stop()
    w.assert_clean()


def test_a_reload_leaves_the_settings_of_a_session_that_stands(w):
    w.up()
    w.conf('LoginTimeout=7\nDiscoveryAddress=127.0.0.1:13350\n')
    w.signal(signal.SIGHUP)
    w.wait_log('told to ask', 2)
    check(w.ctl('rescan').returncode == 0, w.log())
    w.wait_log('told to ask', 3)
    check('told settings' not in w.log(), w.log())
    w.stop()
    w.assert_clean()


def test_settings_of_a_network_are_told_for_its_portal(w):
    w.image(0)
    w.conf('TargetName=iqn.2026-11.net.softhba.test:one\n'
           '\tTargetIPAddress=127.0.0.1:13352\n'
           '\tTargetIPAddress=127.0.0.9:13352\n'
           'Subnet=127.0.0.8/30\n\tLoginTimeout=3\n')
    w.start()
    w.wait_online()
    check('told the target at 127.0.0.1:13352' in w.log(), w.log())
    w.wait_log('told at 127.0.0.9:13352 login-timeout 3000')
    check('told at 127.0.0.1' not in w.log(), w.log())
    w.stop()
    w.assert_clean()


def test_a_move_for_good_outlives_the_engine(w):
    w.mode('moved')
    w.up()
    w.wait_log('portal 127.0.0.1:13350 moved to 127.0.0.8:13350 for good')
    w.mode('')
    os.kill(w.engines()[0], signal.SIGKILL)
    w.wait_log('told the target at 127.0.0.8:13350')
    w.stop()
    w.assert_clean()


def test_a_discovery_that_moved_for_good_is_asked_there(w):
    w.mode('ask-moved')
    w.up()
    w.wait_log('DiscoveryAddress 127.0.0.1:13350: moved to 127.0.0.7:13350 '
               'for good')
    w.mode('')
    check(w.ctl('rescan').returncode == 0, w.log())
    w.wait_log('told to ask 127.0.0.7:13350')
    w.signal(signal.SIGHUP)
    w.wait_log('told to ask 127.0.0.1:13350', 2)
    w.stop()
    w.assert_clean()


def test_a_name_that_cannot_be_looked_up_is_tried_again(w):
    w.conf('DiscoveryAddress=no-such-host.invalid\n')
    w.start()
    w.wait_log('DiscoveryAddress no-such-host.invalid:3260: discovery failed')
    w.stop()
    w.assert_clean()


def test_reload_adds_and_removes_addresses_and_keeps_disks(w):
    w.up()
    w.conf('DiscoveryAddress=127.0.0.2:13351\n')
    w.signal(signal.SIGHUP)
    w.wait_log('127.0.0.1:13350: is not configured any more')
    w.wait_log('DiscoveryAddress 127.0.0.2:13351: 1 target found')
    check(os.path.exists(w.link()), 'the disk went')
    w.stop()
    w.assert_clean()


def test_a_reload_says_that_another_export_waits_for_new_devices(w):
    w.up()
    for word in EXPORTERS:
        w.conf('DiscoveryAddress=127.0.0.1:13350\nExport=%s\n' % word)
        check(w.ctl('reload').returncode == 0, w.log())
        w.wait_log('Export is %s now: the devices that are there stay' % word)
        check(os.path.exists(w.link()), 'the disk went')
    w.stop()
    w.assert_clean()


def test_a_reload_with_a_faulty_line_uses_the_others_and_fails(w):
    w.up()
    w.conf('DiscoveryAddress=127.0.0.1:13350\nInitialR2T=perhaps\n')
    told = w.ctl('reload')
    check(told.returncode == 1, told)
    check('is read again, but 1 faulty line is not used' in told.stderr, told)
    check('InitialR2T' in w.log(), w.log())
    w.stop()
    w.assert_clean()


def test_a_reload_of_a_missing_file_changes_nothing(w):
    w.up()
    os.unlink(w.path('conf'))
    w.signal(signal.SIGHUP)
    w.wait_log('the configuration stays as it was')
    check(os.path.exists(w.link()), 'the disk went')
    w.stop()
    w.assert_clean()


def test_a_target_can_stand_in_the_file(w):
    w.image(0)
    w.conf('TargetName=iqn.2026-11.net.softhba.test:one\n'
           '\tTargetIPAddress=127.0.0.1:13352\n')
    w.start()
    w.wait_online()
    w.stop()
    w.assert_clean()


def test_all_faults_of_the_configuration_are_named(w):
    w.conf('Nonsense=1\nDiscoveryAddress=127.0.0.1:13350\n'
           '\tLoginTimeout=soon\n')
    w.up()
    log = w.log()
    check(w.path('conf') + ':1: ' in log and w.path('conf') + ':3: ' in log,
          log)
    only = subprocess.run([ISCSID, '-t'] + w.args()[2:6], text=True,
                          capture_output=True, timeout=PATIENCE)
    check(only.returncode == 1 and ':3: ' in only.stderr, only)
    w.stop()
    w.assert_clean()


def test_without_initiator_name_one_is_made(w):
    os.unlink(w.path('name'))
    w.up()
    check('InitiatorName=iqn.' in read(w.path('name')), 'name')
    w.stop()
    w.assert_clean()


def test_a_check_takes_a_missing_initiator_name_for_one_to_be_made(w):
    os.unlink(w.path('name'))
    w.conf('DiscoveryAddress=127.0.0.1:13350\n')
    only = subprocess.run([ISCSID, '-t'] + w.args()[2:6], text=True,
                          capture_output=True, timeout=PATIENCE)
    check(only.returncode == 0 and 'a start makes it' in only.stderr, only)
    check(not os.path.exists(w.path('name')), 'it was made')


def test_a_wrong_initiator_name_prevents_the_start(w):
    w.write('name', 'InitiatorName=nonsense\n')
    w.start()
    wait_for(w.ended, 'end')
    check(w.daemon.returncode == 1, 'status')
    check(w.path('name') in w.log(), w.log())
    w.assert_clean()


def test_a_killed_manager_is_cleaned_up_after(w):
    w.up()
    w.kill()
    os.symlink('/dev/sdb', w.link('mine'))
    w.start()
    w.wait_log('of a former run cleared')
    w.wait_online()
    check(len(w.loops()) == 1, w.loops())
    w.stop()
    check(os.readlink(w.link('mine')) == '/dev/sdb', 'a foreign link went')
    os.unlink(w.link('mine'))
    shutil.rmtree(w.links)
    w.assert_clean()


def test_a_link_to_what_became_somebody_elses_device_goes(w):
    w.image(0)
    with open(w.path('theirs'), 'wb') as f:
        f.truncate(1 << 20)
    dev = subprocess.run(['losetup', '--show', '-f', w.path('theirs')],
                         check=True, stdout=subprocess.PIPE,
                         text=True).stdout.strip()
    try:
        stale = w.link(lun=7)
        os.makedirs(os.path.dirname(stale))
        os.symlink(dev, stale)
        w.start()
        w.wait_online()
        check(not os.path.lexists(stale), 'the link to %s stayed' % dev)
        w.stop()
    finally:
        subprocess.run(['losetup', '-d', dev], check=True)
    w.assert_clean()


def test_a_mounted_disk_of_a_killed_manager_is_named_and_goes_later(w):
    dev = w.up()
    place = w.path('mnt')
    os.mkdir(place)
    subprocess.run(['mkfs.ext4', '-q', dev], check=True)
    subprocess.run(['mount', dev, place], check=True)
    w.kill()
    w.start()
    w.wait_log('%s of a former run stays' % os.path.basename(dev))
    w.wait_log('%s is mounted at %s' % (os.path.basename(dev), place))
    w.wait_log('Detected scsi disk')
    wait_for(lambda: os.readlink(w.link()) != dev, 'another loop device')
    subprocess.run(['umount', place], check=True)
    wait_for(lambda: not os.path.exists('/sys/block/%s/loop' %
                                        os.path.basename(dev)), 'its end')
    w.stop()
    w.assert_clean()


def test_the_listing_has_the_old_labels_in_the_old_order(w):
    dev = w.up()
    out = w.ls('-l').stdout
    labels = re.findall(r'^([A-Z][A-Z 0-9]*?) *:', out, re.M)
    check(labels == ['TARGET NAME', 'TARGET ALIAS', 'HOST NO', 'BUS NO',
                     'TARGET ID', 'TARGET ADDRESS', 'SESSION STATUS',
                     'NUMBER OF PORTALS', 'PORTAL ADDRESS 1', 'SESSION ID', 'FENCE',
                     'DEVICE DETAILS', 'LUN ID'], out)
    check('  Device: %s\n' % dev in out, out)
    check('TARGET ALIAS            : fake?\n' in out, out)
    check(w.ls('-i', '7').returncode == 1, 'no target 7')
    w.stop()
    gone = w.ls()
    check(gone.returncode == 1 and 'driver is not loaded' in gone.stderr, gone)
    w.assert_clean()


def test_clients_that_misbehave_do_not_matter(w):
    w.up()
    idle = []
    for _ in range(50):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(os.path.join(w.run, 'control.sock'))
        idle.append(s)
    try:
        idle[0].send(b'\0' * 100)
        idle[1].send(b'x' * 60000)
        for _ in range(200):
            idle[2].send(b'ls params=1')
    except OSError:
        pass
    for s in idle:
        s.close()
    wait_for(lambda: w.ls().returncode == 0, 'a listing')
    w.stop()
    w.assert_clean()


def main():
    if os.geteuid() != 0 or not os.path.exists('/dev/fuse'):
        print('1..0 # SKIP needs root and /dev/fuse')
        return 0
    tests = [(n, f) for n, f in globals().items() if n.startswith('test_')]
    if sys.argv[4:]:
        tests = [t for t in tests if t[0] in sys.argv[4:]]
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        world = World()
        try:
            test(world)
            print('ok %d - %s' % (number, name), flush=True)
        except Exception:
            failed += 1
            print('not ok %d - %s' % (number, name))
            for line in (traceback.format_exc() + world.log()).splitlines():
                print('# ' + line)
            sys.stdout.flush()
        finally:
            world.close()
    print('1..%d' % len(tests))
    return 1 if failed else 0


sys.exit(main())
