#!/usr/bin/env python3
"""Writes of a lost session that the target does late (docs/ghost-writes.md).

The target has a write and takes its time; the connection is cut, which the
target does not notice; the write is repeated elsewhere and a newer one follows
it.  When the time of the first is over, the newer data must still be there.
Nothing is ever reset for it.
"""
import contextlib
import threading
import time

from demo import Demo
from kernel import LUN1, ME, DiskCase
from manager import Engine, main
from patience import let_pass
from test_portals import portals
from tgt import NAME
from wire import Wire

LATE = 2.0  # s: when the target does the first write
FENCE = 4000  # ms: FenceTimeout, longer than the next login takes
OLD, NEW = b"o" * 4096, b"n" * 4096


class Ghosts(DiskCase):
    def demo(self, *tags, options=()):
        """Two portals in these groups, the first behind a wire."""
        self.tgt = Demo(*options, portals=portals(*tags))
        self.addCleanup(self.tgt.close)
        first, second = self.tgt.portals
        self.wire = Wire(int(first.split(",")[0].split(":")[1]))
        self.addCleanup(self.wire.close)
        self.portals = ["127.0.0.1:%d,%d" % (self.wire.port, tags[0]), second]

    def write_late(self, **keys):
        """A write is with the target, which does it LATE seconds later."""
        self.mounted, self.disk = self.attach(fence_timeout=FENCE, **keys)
        self.engine.wait("session", state="up", portal=self.portals[0])
        self.tgt.control("fault scsi write 1 delay %d" % (LATE * 1000))
        self.writer = threading.Thread(target=self.write_old)
        self.writer.start()
        self.tgt.saw("scsi write")
        self.lands = time.monotonic() + LATE

    def write_old(self):
        with contextlib.suppress(OSError):  # where its engine is not replaced
            self.disk.write(0, OLD)

    def write_newer(self):
        self.writer.join(20)
        self.assertFalse(self.writer.is_alive())
        self.disk.write(0, NEW)

    def assert_newer_stays(self):
        let_pass(self.lands + 0.3 - time.monotonic())
        self.assertEqual(self.disk.read(0, 4096), NEW)

    def next_target(self, portal, **keys):
        self.engine.kill()
        self.engine = Engine()
        self.engine.send("target", id=2, name=NAME % "a", portal=[portal],
                         initiator="iqn.2004-04.org.example:me",
                         isid="023d00000001", resumes=1,
                         fence_timeout=FENCE, **keys)

    def resume(self):
        self.engine.send("attach", id=2, lun=LUN1, resume=1,
                         handle=self.mounted.handle)

    def new_engine(self, portal, **keys):
        self.next_target(portal, **keys)
        self.resume()
        self.engine.wait("session", state="up", portal=portal)

    def assert_no_reset(self):
        self.assertFalse(any(m.verb == "log" and "RESET" in m["text"]
                             for m in self.engine.seen))

    def held(self):
        self.engine.none("nothing", 0.1)
        return any(m.verb == "fence" and m["holds"] != "0"
                   for m in self.engine.seen)

    def test_in_another_portal_group_their_time_is_waited_for(self):
        self.demo(1, 2)
        self.write_late()
        self.wire.cut()
        self.engine.wait("fence", holds="1", group="1")
        self.write_newer()
        self.assert_newer_stays()
        self.engine.wait("fence", holds="0")
        self.assert_no_reset()

    def test_in_the_same_portal_group_nothing_is_waited_for(self):
        self.demo(1, 1)
        self.write_late(reinstatement="yes")  # the wire hides that it is so
        self.wire.cut()
        self.engine.wait("session", state="up", portal=self.portals[1])
        self.write_newer()
        self.assert_newer_stays()
        self.assertFalse(self.held())
        self.assert_no_reset()

    def test_a_target_that_is_not_believed_is_waited_for(self):
        self.demo(1, 1)
        self.write_late(reinstatement="no")
        self.wire.cut()
        self.engine.wait("fence", holds="1", group="1")
        self.write_newer()
        self.assert_newer_stays()

    def test_a_new_engine_in_another_group_waits_for_those_of_the_dead(self):
        self.demo(1, 2)
        self.write_late()
        self.new_engine(self.portals[1], group=1)
        self.engine.wait("fence", holds="1", group="1")
        self.write_newer()
        self.assert_newer_stays()

    def test_a_new_engine_that_knows_no_group_expects_the_worst(self):
        self.demo(1, 2)
        self.write_late()
        self.new_engine(self.portals[1])
        self.engine.wait("fence", holds="1")
        self.write_newer()
        self.assert_newer_stays()

    def test_it_is_settled_where_all_writes_are_only_behind_the_fence(self):
        self.demo(1, 2)
        self.write_late()
        self.engine.wait("settled", group="1")
        self.engine.seen.clear()
        self.wire.cut()
        self.engine.wait("fence", holds="1")
        self.engine.wait("settled", group="2")
        self.assertGreaterEqual(time.monotonic(), self.lands - 0.5)
        self.write_newer()

    def test_it_is_settled_only_when_all_disks_to_come_are_there(self):
        self.demo(1, 2)
        self.write_late()
        self.next_target(self.portals[1], group=1)
        self.engine.wait("lun", state="online")
        self.engine.none("settled", 0.1)
        self.resume()
        self.engine.wait("settled", group="2")
        self.write_newer()

    def test_a_disk_that_is_found_before_it_comes_is_fenced_too(self):
        self.demo(1, 2)
        self.write_late()
        self.next_target(self.portals[1], group=1)
        self.engine.wait("lun", state="online")
        self.assertGreaterEqual(time.monotonic(), self.lands - 0.5)
        self.resume()
        self.write_newer()
        self.assert_newer_stays()

    def test_a_new_engine_in_the_same_group_waits_for_nothing(self):
        self.demo(1, 1)
        self.write_late(reinstatement="yes")
        self.new_engine(self.portals[1], group=1, reinstatement="yes")
        self.write_newer()
        self.assert_newer_stays()
        self.assertFalse(self.held())

    def test_old_session_is_over_once_the_target_is_seen_to_end_one(self):
        self.demo(1, 1, options=("--duty", "reinstate=late",
                                 "--duty", "reinstate-after=500"))
        self.write_late()
        began = time.monotonic()
        self.new_engine(self.portals[1], group=1)
        self.engine.wait("fence", holds="1", group="1")
        self.write_newer()
        self.assertLess(time.monotonic() - began, FENCE / 1000)
        self.assert_newer_stays()

    def test_a_target_that_was_lost_too_soon_is_seen_at_the_next_login(self):
        self.demo(1, 1, options=("--duty", "reinstate=late",
                                 "--duty", "reinstate-after=1500"))
        self.write_late()  # takes less than seeing the target does
        self.assertFalse(any(m.verb == "fence" and m["reinstates"] == "yes"
                             for m in self.engine.seen))
        self.wire.cut()
        self.engine.wait("fence", reinstates="yes")
        self.write_newer()
        self.assert_newer_stays()

    def test_a_second_login_that_came_to_nothing_says_nothing(self):
        self.demo(1, 1)
        self.portals = self.tgt.portals  # the wire hides what is closed
        self.tgt.control("fault rx login 3 close")
        self.attach(fence_timeout=FENCE)
        let_pass(5.5)  # longer than the second login may take
        self.engine.send("ping")
        self.engine.wait("pong")
        self.assertFalse(any(m.verb == "fence" and m["reinstates"] == "no"
                             for m in self.engine.seen))
        self.tgt.control("drop")
        self.engine.wait("fence", reinstates="yes")

    def test_a_lun_that_is_forgotten_and_found_is_still_in_doubt(self):
        self.demo(1, 2)
        mounted, disk = self.attach(fence_timeout=int(LATE * 2000),
                                    disk_command_timeout=500)
        self.tgt.control("fault scsi write 1 delay %d" % (LATE * 1000))
        late = threading.Thread(target=self.fail_to_write, args=(disk,))
        late.start()
        self.tgt.saw("scsi write")
        self.lands = time.monotonic() + LATE
        self.wire.cut()
        late.join(10)
        disk.close()
        self.engine.send("detach", id=2, lun=LUN1)
        self.engine.wait("detached", lun=LUN1)
        self.engine.send("forget", id=2, lun=LUN1)
        self.engine.send("rescan", id=2)
        self.write_newer_anew()
        self.assert_newer_stays()

    def test_a_new_engine_doubts_disks_that_are_not_resumed_too(self):
        self.demo(1, 2)
        self.write_late()
        self.engine.kill()
        self.mounted.close()
        self.engine = Engine()
        self.engine.send("target", id=2, name=NAME % "a", group=1,
                         portal=[self.portals[1]], **ME,
                         fence_timeout=int(LATE * 2000))
        self.write_newer_anew()
        self.assert_newer_stays()
        self.engine.wait("settled", group="2")

    def write_newer_anew(self):
        """Attaches the disk as one that nobody served, and writes to it."""
        mount = self.mount("again")
        self.engine.send("attach", id=2, lun=LUN1, handle=mount.handle)
        self.engine.wait("attached", lun=LUN1)
        self.disk = self.open(mount)
        self.disk.write(0, NEW)

    def fail_to_write(self, disk):
        with self.assertRaises(OSError):
            disk.write(0, OLD)


if __name__ == "__main__":
    main()
