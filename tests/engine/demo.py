"""Our own target on loopback, whose faults are ordered by the line."""
import os
import subprocess
import tempfile

from tgt import NAME, die_with_parent, free_port

DEMO = os.environ.get("ISCSI_DEMO_TARGET", "build/target/iscsi-demo-target")


class Demo:
    """One target "a" with LUN 1, 64 MiB of memory."""

    def __init__(self, *options, portals=None, lun="mem:64M,id=600a"):
        self.portals = portals or ["127.0.0.1:%d,1" % free_port()]
        self.dir = tempfile.TemporaryDirectory(prefix="engine-test.")
        self.fifo = os.path.join(self.dir.name, "control")
        self.lun = lun
        self.process = None
        self.start(*options)

    @property
    def portal(self):
        return self.portals[0]

    def start(self, *options):
        args = [DEMO, "--control", self.fifo]
        for portal in self.portals:
            args += ["--portal", portal]
        args += ["--target", NAME % "a", "--lun", "1:" + self.lun]
        self.process = subprocess.Popen(
            args + list(options), stdout=subprocess.PIPE,
            preexec_fn=die_with_parent)
        line = self.process.stdout.readline()
        if not line.startswith(b"ready"):
            raise RuntimeError("the demo target does not start: %r" % line)

    def control(self, line):
        with open(self.fifo, "w") as fifo:
            fifo.write(line + "\n")

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
