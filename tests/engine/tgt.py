"""Debian's tgtd on loopback, with files on a tmpfs behind its LUNs."""
import ctypes
import os
import signal
import socket
import subprocess
import tempfile

from patience import until

PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


NAME = "iqn.2004-04.org.example:%s"


def free_port(address="127.0.0.1"):
    """A TCP port that nobody uses, now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as s:
        s.bind((address, 0))
        return s.getsockname()[1]


class Tgtd:
    """One daemon."""

    def __init__(self, address="127.0.0.1"):
        self.port = free_port(address)
        self.control = str(self.port % 32767 + 1)  # a signed short
        self.address = address
        self.dir = tempfile.TemporaryDirectory(prefix="engine-test.",
                                               dir="/dev/shm")
        self.process = None
        self.tid = 0
        self.history = []
        os.makedirs("/var/run/tgtd", exist_ok=True)
        self.start()

    @property
    def portal(self):
        host = "[%s]" % self.address if ":" in self.address else self.address
        return "%s:%d" % (host, self.port)

    def start(self):
        self.process = subprocess.Popen(
            ["tgtd", "-f", "-C", self.control,
             "--iscsi", "portal=" + self.portal],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent)
        until(self.answers)

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError("tgtd ended; is its port in use?")
        return subprocess.run(self._adm("--op", "show", "--mode", "system"),
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0

    def _adm(self, *args):
        return ["tgtadm", "-C", self.control, "--lld", "iscsi",
                *args]

    def adm(self, *args):
        words = [str(a) for a in args]
        subprocess.run(self._adm(*words), check=True)
        self.history.append(words)

    def target(self, name):
        """Returns its tid; open to everyone."""
        self.tid += 1
        self.adm("--op", "new", "--mode", "target", "--tid", self.tid,
                 "-T", NAME % name)
        self.adm("--op", "bind", "--mode", "target", "--tid", self.tid,
                 "-I", "ALL")
        return self.tid

    def lun(self, tid, number, size, block=512):
        """A sparse file of so many bytes; returns its path."""
        path = os.path.join(self.dir.name, "%d-%d" % (tid, number))
        with open(path, "wb") as f:
            f.truncate(size)
        self.adm("--op", "new", "--mode", "logicalunit", "--tid", tid,
                 "--lun", number, "-b", path, "--blocksize", block)
        return path

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        """With all it was told, from the same files."""
        self.kill()
        self.start()
        history, self.history = self.history, []
        for words in history:
            self.adm(*words)

    def close(self):
        self.kill()
        self.dir.cleanup()
