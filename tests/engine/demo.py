"""Our own target on loopback, whose faults are ordered by the line."""
import os
import subprocess
import tempfile

from patience import until
from tgt import NAME, die_with_parent, free_port

DEMO = os.environ.get("ISCSI_DEMO_TARGET", "build/target/iscsi-demo-target")


class Demo:
    """One target "a" with LUN 1, 64 MiB of memory."""

    def __init__(self, *options, portals=None, lun="mem:64M,id=600a"):
        self.portals = portals or ["127.0.0.1:%d,1" % free_port()]
        self.dir = tempfile.TemporaryDirectory(prefix="engine-test.")
        self.fifo = os.path.join(self.dir.name, "control")
        self.journal = os.path.join(self.dir.name, "journal")
        self.log = os.path.join(self.dir.name, "log")
        self.lun = lun
        self.process = None
        self.start(*options)

    @property
    def portal(self):
        return self.portals[0]

    def start(self, *options):
        args = [DEMO, "--control", self.fifo, "--journal", self.journal]
        for portal in self.portals:
            args += ["--portal", portal]
        args += ["--target", NAME % "a", "--lun", "1:" + self.lun]
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                args + list(options), stdout=subprocess.PIPE, stderr=log,
                preexec_fn=die_with_parent)
        line = self.process.stdout.readline()
        if not line.startswith(b"ready"):
            raise RuntimeError("the demo target does not start: %r" % line)

    def count(self, path, words):
        """Lines that begin so."""
        with open(path) as lines:
            return sum(line.startswith(words) for line in lines)

    def control(self, line):
        """Done when this returns."""
        answer = "control: %s: " % line
        before = self.count(self.log, answer)
        with open(self.fifo, "w") as fifo:
            fifo.write(line + "\n")
        until(lambda: self.count(self.log, answer) > before)

    def seen(self, words):
        """How often it saw such a PDU or command (target/journal.h)."""
        return self.count(self.journal, words)

    def saw(self, words, count=1):
        """Waits until it did."""
        until(lambda: self.seen(words) >= count)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None
            os.unlink(self.fifo)

    def close(self):
        self.kill()
        self.dir.cleanup()
