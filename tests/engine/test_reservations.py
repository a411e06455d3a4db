#!/usr/bin/env python3
"""Reservations that keep late writes out, with Debian's tgtd.

tgt has one portal group; wires in front of it tell a group of their own, so
that a login by the second is one that ends nothing.  A reservation is looked
at from outside, by an initiator of its own.
"""
import threading
import time

from kernel import LUN1, DiskCase, MIB
from manager import Engine, main
from outsider import CONFLICT, GOOD, HOLDER, KEYS, Outsider
from patience import until
from tgt import NAME, Tgtd
from wire import Wire

FENCE = 4000  # ms: FenceTimeout
OLD, NEW = b"o" * 4096, b"n" * 4096


class Reservations(DiskCase):
    def setUp(self):
        super().setUp()
        self.tgt = Tgtd()
        self.addCleanup(self.tgt.close)
        self.tgt.lun(self.tgt.target("a"), 1, 4 * MIB)
        self.wires = [Wire(self.tgt.port),
                      Wire(self.tgt.port, b"GroupTag=1", b"GroupTag=2")]
        for wire in self.wires:
            self.addCleanup(wire.close)
        self.portals = ["127.0.0.1:%d,%d" % (w.port, i + 1)
                        for i, w in enumerate(self.wires)]
        self.other = Outsider(self.tgt.portal, NAME % "a")
        self.addCleanup(self.other.close)

    def lose(self):
        """A write is under way when the first path ends."""
        self.mounted, disk = self.attach(
            fence_timeout=FENCE, reinstatement="no", fence_reservation=1)
        self.engine.wait("session", state="up", portal=self.portals[0])
        self.wires[0].stop()
        self.began = time.monotonic()
        writer = threading.Thread(target=disk.write, args=(0, OLD))
        writer.start()
        self.assertTrue(self.wires[0].held.wait(10))
        self.wires[0].cut()
        return disk, writer

    def keys(self):
        return self.other.reservations(KEYS)

    def until_no_key_is_left(self):
        until(lambda: not self.keys(), FENCE / 1000 + 5)

    def test_one_is_made_and_given_back(self):
        disk, writer = self.lose()
        writer.join(20)
        self.assertLess(time.monotonic() - self.began, FENCE / 1000)
        self.assertEqual(self.keys(), self.other.reservations(HOLDER))
        self.assertEqual(self.keys()[0][:4], "7368")
        self.assertEqual(self.other.write(100), CONFLICT)
        disk.write(0, NEW)
        self.until_no_key_is_left()
        self.assertEqual(self.other.write(100), GOOD)
        self.assertEqual(disk.read(0, 4096), NEW)

    def test_with_a_key_of_another_host_time_is_waited_for(self):
        self.assertEqual(self.other.out(0, other=0x1234), GOOD)
        _, writer = self.lose()
        writer.join(20)
        self.assertGreater(time.monotonic() - self.began, FENCE / 1000)
        self.assertEqual(self.keys(), ["0000000000001234"])

    def test_the_next_engine_takes_it_over(self):
        disk, writer = self.lose()
        writer.join(20)
        before = self.keys()
        self.engine.kill()
        self.engine = Engine()
        self.engine.send("target", id=2, name=NAME % "a", group=2,
                         portal=self.portals[1:], resumes=1,
                         initiator="iqn.2004-04.org.example:me",
                         isid="023d00000001", fence_timeout=FENCE,
                         reinstatement="yes", fence_reservation=1)
        self.engine.send("attach", id=2, lun=LUN1, resume=1,
                         handle=self.mounted.handle)
        disk.write(0, NEW)
        self.assertEqual(len(self.keys()), 1)
        self.assertNotEqual(self.keys(), before)
        self.until_no_key_is_left()
        self.assertEqual(disk.read(0, 4096), NEW)


if __name__ == "__main__":
    main()
