#!/usr/bin/env python3
"""An engine whose manager dies, and the manager after it."""
import os
import socket
import stat
import time

from kernel import LUN1, LUN2, MIB, DiskCase
from manager import Engine, main
from tgt import NAME, Tgtd


class Adopt(DiskCase):
    def setUp(self):
        super().setUp()
        self.tgt = Tgtd()
        self.addCleanup(self.tgt.close)
        tid = self.tgt.target("a")
        self.tgt.lun(tid, 1, 32 * MIB)
        self.tgt.lun(tid, 2, 32 * MIB)
        self.portals = [self.tgt.portal + ",1"]
        self.engine.close()
        self.path = os.path.join(self.dir, "engine")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(self.path)
        listener.listen(1)
        self.engine = Engine(listener=listener)
        listener.close()

    def adopt(self):
        self.engine.next_manager(self.path)
        self.engine.send("adopt")

    def test_the_next_manager_is_told_what_there_is(self):
        self.attach()
        self.adopt()
        has = self.engine.wait("has")
        self.assertEqual((has["id"], has["name"], has["group"]),
                         ("2", NAME % "a", "1"))
        self.engine.wait("session", state="up")
        self.engine.wait("held", lun=LUN1)
        self.engine.wait("lun", lun=LUN1, state="online")
        self.engine.wait("lun", lun=LUN2, state="online")
        self.assertEqual(self.engine.wait("adopted")["count"], "1")

    def test_it_is_given_the_handle_of_the_kernel(self):
        mount, _ = self.attach()
        self.adopt()
        self.engine.wait("adopted")
        self.assertEqual(len(self.engine.handles), 1)
        got = os.fstat(self.engine.handles[0])
        self.assertTrue(stat.S_ISCHR(got.st_mode))
        self.assertEqual(got.st_rdev, os.fstat(mount.handle).st_rdev)

    def test_a_lun_without_a_handle_is_told_alone(self):
        self.attach()
        self.adopt()
        self.engine.wait("adopted")
        self.engine.none("held", lun=LUN2)

    def test_disks_work_while_there_is_no_manager(self):
        _, file = self.attach()
        self.engine.sock.close()
        data = os.urandom(MIB)
        file.write(0, data)
        self.assertEqual(file.read(0, MIB), data)

    def test_the_handle_outlives_the_first_manager_and_the_engine(self):
        mount, file = self.attach()
        data = os.urandom(MIB)
        file.write(0, data)
        self.adopt()
        self.engine.wait("adopted")
        handle = self.engine.handles.pop()
        self.addCleanup(os.close, handle)
        os.close(mount.handle)  # the first manager's
        mount.handle = os.dup(handle)
        self.engine.close()
        self.engine = Engine()
        self.target(group=1)
        self.engine.send("attach", id=2, lun=LUN1, handle=handle, resume=1)
        self.engine.wait("attached", lun=LUN1)
        self.assertEqual(file.read(0, MIB), data)

    def test_its_orders_are_obeyed(self):
        self.attach()
        self.adopt()
        self.engine.wait("adopted")
        self.engine.send("remove", id=2)
        self.engine.wait("detached", lun=LUN1, error=0)
        self.engine.wait("removed", id=2)

    def test_a_third_manager_is_told_the_same(self):
        self.attach()
        for _ in range(2):
            self.adopt()
            self.engine.wait("held", lun=LUN1)
            self.assertEqual(self.engine.wait("adopted")["count"], "1")

    def test_it_shows_its_loop_to_each_manager(self):
        _, disk = self.attach()
        disk.write(0, b"1" * MIB)
        self.assertEqual(self.engine.shows, "1")
        first, beats = self.engine.page, self.engine.beats()
        self.assertGreater(beats, 0)
        self.adopt()
        self.engine.wait("adopted")
        self.assertEqual(self.engine.shows, "1")
        self.assertGreater(self.engine.beats(), beats)
        left = first[:24]
        disk.write(0, b"2" * MIB)
        os.fsync(disk.fd)
        end = time.monotonic() + 10
        while self.engine.in_hand():
            self.assertLess(time.monotonic(), end, "it never answers")
        self.assertEqual(first[:24], left)

    def test_a_ping_is_a_beat(self):
        before = self.engine.beats()
        self.engine.send("ping")
        self.engine.wait("pong")
        self.assertGreater(self.engine.beats(), before)

    def test_without_a_page_it_shows_nothing_and_works(self):
        self.engine.send("hello", version=1)
        self.assertEqual(self.engine.wait("ready")["pulse"], "0")
        self.engine.send("ping")
        self.engine.wait("pong")

    def test_what_is_no_page_is_said_and_does_no_harm(self):
        self.engine.send("hello", self.engine.sock.fileno(), version=1)
        self.assertEqual(self.engine.wait("ready")["pulse"], "0")
        while "cannot be watched" not in self.engine.wait("log")["text"]:
            pass
        self.engine.send("ping")
        self.engine.wait("pong")

    def test_a_ping_is_answered(self):
        self.engine.send("ping")
        self.engine.wait("pong")

    def test_an_engine_without_disks_ends_with_its_manager(self):
        self.target()
        self.engine.wait("luns")
        self.engine.sock.close()
        self.assertEqual(self.engine.ended(), 0)


if __name__ == "__main__":
    main()
