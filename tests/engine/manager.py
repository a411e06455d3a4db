"""A manager for tests: starts one engine and talks docs/engine-protocol.md.

Knows the messages' form and nothing of what they mean.
"""
import mmap
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest
from urllib.parse import unquote_to_bytes

ENGINE = os.environ.get("ISCSID_ENGINE", "build/src/engine/iscsid-engine")
MSG_MAX = 32768


def quote(value):
    """A value as src/ctl/msg.h wants it."""
    data = value if isinstance(value, bytes) else str(value).encode()
    return "".join(chr(b) if 0x21 <= b <= 0x7e and b != 0x25 else "%%%02x" % b
                   for b in data)


class Message(dict):
    """verb and keys; of a repeated key the first value."""

    def __init__(self, line):
        words = line.decode().split(" ")
        self.verb = words[0]
        for word in words[1:]:
            key, value = word.split("=", 1)
            self.setdefault(key, unquote_to_bytes(value).decode(
                errors="replace"))

    def __repr__(self):
        return self.verb + " " + dict.__repr__(self)


class Engine:
    """An engine process and the messages it sent."""

    def __init__(self, hello=True, listener=None, wrapper=()):
        ours, theirs = socket.socketpair(socket.AF_UNIX,
                                         socket.SOCK_SEQPACKET)
        self.sock = ours
        fd = theirs.fileno()

        def place_handles():
            os.dup2(fd, 13)
            if listener:
                os.dup2(listener.fileno(), 4)
            os.dup2(13, 3)

        # A sanitizer cannot look for leaks from inside the sandbox.
        env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        self.process = subprocess.Popen([*wrapper, ENGINE],
                                        preexec_fn=place_handles,
                                        close_fds=False, env=env)
        theirs.close()
        self.seen = []
        self.handles = []
        if hello:
            self.hello()

    def hello(self):
        """With a page in which it shows its loop (src/io/pulse.h)."""
        page = os.memfd_create("page")
        os.ftruncate(page, 4096)
        self.page = mmap.mmap(page, 4096, prot=mmap.PROT_READ)
        self.send("hello", page, version=1)
        os.close(page)
        self.shows = self.wait("ready").get("pulse")

    def beats(self):
        return struct.unpack_from("=Q", self.page)[0]

    def in_hand(self):
        """Requests that it took and has not answered."""
        taken, answered = struct.unpack_from("=QQ", self.page, 8)
        return taken - answered

    def next_manager(self, path):
        """The manager is gone; another comes in where the engine listens."""
        self.sock.close()
        self.seen = []
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.connect(path)
        self.hello()

    def send(self, verb, handle=None, **keys):
        """Underscores in keys stand for dashes, lists repeat a key."""
        words = [verb]
        for key, value in keys.items():
            for one in value if isinstance(value, list) else [value]:
                words.append(key.rstrip("_").replace("_", "-") + "=" +
                             quote(one))
        self.send_raw(" ".join(words).encode(), handle)

    def send_raw(self, line, handle=None):
        if handle is None:
            self.sock.send(line)
        else:
            socket.send_fds(self.sock, [line], [handle])

    def _receive(self, timeout):
        if not select.select([self.sock], [], [], max(timeout, 0))[0]:
            return None
        line, handles, _, _ = socket.recv_fds(self.sock, MSG_MAX, 1)
        self.handles += handles
        if not line:
            raise EOFError("the engine closed its socket")
        return Message(line)

    def wait(self, verb, timeout=10, **keys):
        """The first message, since the last one waited for, that fits."""
        end = time.monotonic() + timeout
        while True:
            for i, m in enumerate(self.seen):
                if m.verb == verb and all(m.get(k.replace("_", "-")) == str(v)
                                          for k, v in keys.items()):
                    del self.seen[i]
                    return m
            m = self._receive(end - time.monotonic())
            if m is None:
                raise TimeoutError("no %s %s in %s s, but %s" %
                                   (verb, keys, timeout, self.seen))
            self.seen.append(m)

    def none(self, verb, quiet=0.3, **keys):
        """Nothing of this kind is there, or comes soon."""
        try:
            m = self.wait(verb, quiet, **keys)
        except TimeoutError:
            return
        raise AssertionError("unexpected: %r" % m)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ended(self, timeout=10):
        """The exit status."""
        return self.process.wait(timeout)

    def close(self):
        self.sock.close()
        for handle in self.handles:
            os.close(handle)
        self.handles = []
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Tap(unittest.TestResult):
    """A line for each test as tests/meson-tap reads it."""

    def _line(self, ok, test):
        print("%s %d - %s" % (ok, self.testsRun, test._testMethodName),
              flush=True)

    def _bad(self, test, err):
        self._line("not ok", test)
        print(self._exc_info_to_string(err, test), file=sys.stderr)

    def addSuccess(self, test):
        self._line("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._bad(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._bad(test, err)


def main():
    """Runs the tests of the script, or those named on its command line."""
    if os.geteuid() != 0 or not shutil.which("tgtd"):
        print("needs root and tgtd")
        sys.exit(77)
    loader = unittest.defaultTestLoader
    if len(sys.argv) > 1:
        suite = loader.loadTestsFromNames(sys.argv[1:],
                                          sys.modules["__main__"])
    else:
        suite = loader.loadTestsFromModule(sys.modules["__main__"])
    result = Tap()
    suite.run(result)
    sys.exit(not result.wasSuccessful())
