"""The kernel's side of an engine's disks: FUSE files, and a case with them."""
import contextlib
import ctypes
import mmap
import os
import shutil
import tempfile
import unittest

from manager import Engine
from tgt import NAME

ME = {"initiator": "iqn.2004-04.org.example:me", "isid": "023d00000001"}
MIB = 1 << 20
LUN1 = "0001000000000000"
LUN2 = "0002000000000000"

libc = ctypes.CDLL(None, use_errno=True)
MS_NOSUID, MS_NODEV, MNT_DETACH = 2, 4, 2


class Mount:
    """A FUSE file and the handle behind it."""

    def __init__(self, directory, name):
        self.path = os.path.join(directory, name)
        open(self.path, "wb").close()
        self.handle = os.open("/dev/fuse", os.O_RDWR | os.O_NONBLOCK)
        options = "fd=%d,rootmode=100600,user_id=0,group_id=0" % self.handle
        if libc.mount(b"softhba-test", self.path.encode(), b"fuse",
                      MS_NOSUID | MS_NODEV, options.encode()) < 0:
            raise OSError(ctypes.get_errno(), "mount")

    def close(self):
        if self.handle >= 0:
            libc.umount2(self.path.encode(), MNT_DETACH)
            os.close(self.handle)
        self.handle = -1


class File:
    """Direct I/O in whole blocks through an aligned buffer."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_DIRECT)

    def write(self, offset, data):
        with mmap.mmap(-1, len(data)) as buf:
            buf[:] = data
            assert os.pwrite(self.fd, buf, offset) == len(data)

    def read(self, offset, length):
        with mmap.mmap(-1, length) as buf:
            assert os.preadv(self.fd, [buf], offset) == length
            return buf[:]

    def close(self):
        with contextlib.suppress(OSError):  # its server is gone by now
            os.close(self.fd)
        self.fd = -1


class DiskCase(unittest.TestCase):
    """An engine; setUp() of a test adds a target and sets portals."""

    portals = []

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="engine-test.")
        self.addCleanup(shutil.rmtree, self.dir)
        self.mounts, self.files = [], []
        self.engine = Engine()
        self.addCleanup(self.let_go)

    def let_go(self):
        """First both ends of the kernel's handles, so nothing waits."""
        self.engine.close()
        for thing in self.mounts + self.files:
            thing.close()

    def target(self, **keys):
        self.engine.send("target", id=2, name=NAME % "a", portal=self.portals,
                         **ME, **keys)

    def mount(self, name=LUN1):
        self.mounts.append(Mount(self.dir, name))
        return self.mounts[-1]

    def open(self, mount):
        self.files.append(File(mount.path))
        return self.files[-1]

    def attach(self, lun=LUN1, **keys):
        """The target with one of its LUNs as an open file."""
        self.target(**keys)
        self.engine.wait("luns")
        mount = self.mount(lun)
        self.engine.send("attach", id=2, lun=lun, handle=mount.handle)
        self.engine.wait("attached", lun=lun)
        return mount, self.open(mount)
