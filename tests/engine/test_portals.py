#!/usr/bin/env python3
"""Failover, manual switches and the times that a loss may take."""
import errno
import os
import threading
import time

from demo import Demo
from kernel import LUN1, DiskCase
from manager import Engine, main
from patience import let_pass
from tgt import free_port


def portals(*tags):
    return ["127.0.0.1:%d,%d" % (free_port(), tag) for tag in tags]


class Portals(DiskCase):
    def demo(self, *options, **more):
        self.tgt = Demo(*options, **more)
        self.addCleanup(self.tgt.close)
        self.portals = self.tgt.portals
        return self.tgt

    def restart(self, *alive):
        """The target goes away and comes back with these portals only."""
        self.tgt.kill()
        self.tgt.portals = list(alive)
        self.tgt.start()

    def up(self, portal, timeout=20):
        self.engine.wait("session", state="up", portal=portal,
                         timeout=timeout)

    def test_a_lost_portal_costs_no_error(self):
        one, two = portals(1, 1)
        self.demo(portals=[one, two], lun="file:%s,id=600a" % self.image())
        disk = self.attach()[1]
        self.up(one)
        disk.write(0, b"1" * 4096)
        self.restart(two)
        self.assertEqual(disk.read(0, 4096), b"1" * 4096)
        self.up(two)

    def test_a_group_that_lists_no_luns_now_is_left(self):
        one, two = portals(1, 2)
        self.demo("--fault", "scsi report-luns 1-22 sense 2/04/12",
                  portals=[one, two])
        self.target()
        self.up(one)
        self.up(two)
        self.engine.wait("lun", timeout=20)

    def image(self):
        path = os.path.join(self.dir, "image")
        with open(path, "wb") as f:
            f.truncate(64 << 20)
        return path

    def test_portals_are_tried_round_and_round(self):
        one, two, three = portals(1, 1, 1)
        self.demo(portals=[three])
        self.tgt.kill()
        self.portals = [one, two, three]
        self.target()
        for portal in (one, two, three, one):
            self.engine.wait("session", state="down", portal=portal,
                             timeout=20)
        self.restart(three)
        self.up(three)

    def test_without_failover_the_portal_stays(self):
        one, two = portals(1, 1)
        self.demo(portals=[one, two])
        self.target(failover=0)
        self.up(one)
        self.restart(two)
        for _ in range(2):
            down = self.engine.wait("session", state="down", timeout=10)
            self.assertEqual(down["portal"], one)

    def test_a_preferred_portal_is_tried_first_at_each_failover(self):
        one, two, three = portals(1, 1, 1)
        self.demo(portals=[two, three])
        self.portals = [one, two, three]
        self.target(preferred=1)
        self.up(two)
        self.restart(one, three)
        self.up(one)

    def test_a_switch_moves_the_session(self):
        one, two = portals(1, 1)
        self.demo(portals=[one, two])
        disk = self.attach()[1]
        self.up(one)
        self.engine.send("switch", id=2, portal=two)
        self.assertEqual(self.engine.wait("switched")["error"], "0")
        self.up(two, timeout=3)
        disk.read(0, 4096)

    def test_a_switch_to_a_dead_portal_falls_back(self):
        one, two = portals(1, 1)
        self.demo(portals=[one])
        self.portals = [one, two]
        self.target()
        self.up(one)
        self.engine.send("switch", id=2, portal=two)
        self.engine.wait("session", state="down", portal=two)
        self.up(one)

    def refused(self, portal, number, id=2):
        self.engine.send("switch", id=id, portal=portal)
        answer = self.engine.wait("switched")
        self.assertEqual(answer["error"], str(number))
        self.assertTrue(answer["reason"])

    def test_a_switch_is_refused_with_a_reason(self):
        one, two = portals(1, 1)
        self.demo(portals=[one, two])
        self.target()
        self.up(one)
        self.refused(one, errno.EALREADY)
        self.refused("192.0.2.99:3260", errno.ENOENT)
        self.refused("nonsense", errno.ENOENT)
        self.refused(two, errno.ENODEV, id=7)

    def test_a_switch_needs_failover(self):
        one, two = portals(1, 1)
        self.demo(portals=[one, two])
        self.target(failover=0)
        self.up(one)
        self.refused(two, errno.EPERM)

    def lose_write(self, one, two):
        """A write on its way while the session moves from one to two."""
        self.demo("--fault", "scsi write 1 delay 1000", portals=[one, two])
        disk = self.attach()[1]
        self.up(one)
        self.engine.wait("fence", reinstates="yes")
        writer = threading.Thread(target=disk.write, args=(0, b"w" * 4096))
        writer.start()
        self.tgt.saw("scsi write")
        self.tgt.control("drop")
        self.up(two)
        writer.join(10)
        self.assertFalse(writer.is_alive())
        self.assertEqual(disk.read(0, 4096), b"w" * 4096)

    def said(self, text):
        self.engine.none("nothing", 0.1)
        return [m for m in self.engine.seen
                if m.verb == "log" and text in m["text"]]

    def held(self):
        self.engine.none("nothing", 0.1)
        return [m for m in self.engine.seen
                if m.verb == "fence" and m["holds"] != "0"]

    def test_lost_writes_are_over_before_another_group_is_used(self):
        self.lose_write(*portals(1, 2))
        self.assertTrue(self.held())
        self.assertFalse(self.said("RESET"))

    def test_in_the_same_group_nothing_waits(self):
        self.lose_write(*portals(1, 1))
        self.assertFalse(self.held())
        self.assertFalse(self.said("RESET"))

    def test_an_idle_disk_moves_to_another_group_without_a_wait(self):
        one, two = portals(1, 2)
        self.demo(portals=[one, two])
        disk = self.attach()[1]
        self.up(one)
        self.restart(two)
        self.up(two)
        disk.read(0, 4096)
        self.assertFalse(self.held())

    def test_a_new_engine_waits_for_the_writes_of_the_dead_one(self):
        one, two = portals(1, 2)
        self.demo(portals=[one, two])
        mount, disk = self.attach()
        self.up(one)
        self.engine.kill()
        self.restart(two)
        self.engine = Engine()
        self.target(group=1, fence_timeout=4000)
        self.engine.send("attach", id=2, lun=LUN1, resume=1,
                         handle=mount.handle)
        self.up(two)
        disk.read(0, 4096)
        self.assertTrue(self.held())

    def test_a_new_portal_can_be_used(self):
        one, two = portals(1, 1)
        self.demo(portals=[one])
        self.target()
        self.up(one)
        self.engine.send("portals", id=2, portal=[one, two])
        self.restart(two)
        self.up(two)


class Times(DiskCase):
    def setUp(self):
        super().setUp()
        self.tgt = Demo()
        self.addCleanup(self.tgt.close)
        self.portals = self.tgt.portals

    def use(self, fault, **keys):
        disk = self.attach(**keys)[1]
        self.engine.wait("session", state="up")
        self.tgt.control("fault " + fault)
        return disk

    def write_errno(self, disk):
        try:
            disk.write(0, b"w" * 4096)
        except OSError as e:
            return e.errno
        return 0

    def test_a_late_command_times_out(self):
        disk = self.use("scsi read 1 delay 8000", disk_command_timeout=1000)
        error, took = self.timed_read(disk)
        self.assertEqual(error, errno.ETIMEDOUT)
        self.assertAlmostEqual(took, 1, delta=0.4)
        self.assertEqual(self.read_errno(disk), 0)

    def test_a_write_that_timed_out_does_not_come_late(self):
        disk = self.use("scsi write 1 delay 2000", disk_command_timeout=1000)
        self.assertEqual(self.write_errno(disk), errno.ETIMEDOUT)
        let_pass(1.5)
        self.assertEqual(disk.read(0, 4096), bytes(4096))

    def test_a_request_times_out_while_the_target_is_away(self):
        disk = self.attach(disk_command_timeout=1500)[1]
        self.tgt.kill()
        self.engine.wait("session", state="down")
        error, took = self.timed_read(disk)
        self.assertEqual(error, errno.ETIMEDOUT)
        self.assertAlmostEqual(took, 1.5, delta=0.4)

    def test_the_disk_command_timeout_changes_under_way(self):
        disk = self.use("scsi read 1 delay 8000")
        start = time.monotonic()
        got = []
        reader = threading.Thread(
            target=lambda: got.append(self.read_errno(disk)))
        reader.start()
        self.tgt.saw("scsi read ")
        self.engine.send("timeouts", id=2, disk_command_timeout=1000)
        reader.join(10)
        self.assertEqual(got, [errno.ETIMEDOUT])
        self.assertLess(time.monotonic() - start, 2)

    def test_a_silent_abort_ends_with_the_session(self):
        disk = self.use("rx tmf 1- drop", disk_command_timeout=1000,
                        abort_timeout=300, reset_timeout=300)
        self.tgt.control("fault scsi read 1 delay 60000")
        error, took = self.timed_read(disk)
        self.assertEqual(error, errno.ETIMEDOUT)
        self.engine.wait("session", state="down", fault="unmanageable")
        self.assertLess(took, 14)  # 10 of them for the cold reset

    def test_a_command_without_answer_is_ended_and_done_again(self):
        disk = self.use("scsi read 1 delay 60000", task_timeout=1000)
        error, took = self.timed_read(disk)
        self.assertEqual(error, 0)
        self.assertAlmostEqual(took, 1, delta=0.4)
        self.engine.none("session", 0)

    def test_a_refused_abort_leads_to_a_lun_reset(self):
        disk = self.use("rx tmf 1-2 reject 9", task_timeout=500)
        self.tgt.control("fault scsi write 1 delay 60000")
        self.assertEqual(self.write_errno(disk), 0)
        self.assertEqual(disk.read(0, 4096), b"w" * 4096)
        self.engine.none("session", 0)
        self.assertTrue([m for m in self.engine.seen if m.verb == "log" and
                         "sending LUN RESET" in m["text"]])

    def read_errno(self, disk):
        try:
            disk.read(0, 4096)
        except OSError as e:
            return e.errno
        return 0

    def timed_read(self, disk):
        """The errno of a read, and the seconds it took."""
        start = time.monotonic()
        return self.read_errno(disk), time.monotonic() - start

    def test_a_loss_fails_requests_after_connfail_timeout(self):
        disk = self.attach(connfail_timeout=2000)[1]
        self.tgt.kill()
        error, took = self.timed_read(disk)
        self.assertEqual(error, errno.ENOLINK)
        self.assertAlmostEqual(took, 2, delta=0.5)
        self.tgt.start()
        self.engine.wait("session", state="up", timeout=20)
        self.engine.wait("luns")
        self.assertEqual(self.read_errno(disk), 0)

    def test_connfail_timeout_zero_waits_for_ever(self):
        disk = self.attach(connfail_timeout=0)[1]
        self.tgt.kill()
        got = []
        reader = threading.Thread(
            target=lambda: got.append(self.read_errno(disk)))
        reader.start()
        reader.join(4)
        self.assertEqual(got, [])
        self.tgt.start()
        reader.join(20)
        self.assertEqual(got, [0])

    def test_connfail_timeout_changes_while_requests_wait(self):
        disk = self.attach()[1]
        self.tgt.kill()
        self.engine.wait("session", state="down")
        self.engine.send("timeouts", id=2, connfail_timeout=2000)
        error, took = self.timed_read(disk)
        self.assertEqual(error, errno.ENOLINK)
        self.assertLess(took, 2.5)

    def test_a_connfail_timeout_that_is_over_already_ends_at_once(self):
        disk = self.attach()[1]
        self.tgt.kill()
        self.engine.wait("session", state="down")
        let_pass(1)
        self.engine.send("timeouts", id=2, connfail_timeout=500)
        error, took = self.timed_read(disk)
        self.assertEqual(error, errno.ENOLINK)
        self.assertLess(took, 0.4)

    def test_a_busy_link_is_never_declared_dead(self):
        disk = self.attach(active_timeout=100, ping_timeout=100,
                           idle_timeout=100)[1]
        self.engine.wait("session", state="up")
        self.tgt.control("fault rx nop-out 1- drop")
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            disk.read(0, 4096)
        self.engine.none("session", 0)
        self.engine.wait("session", state="down", fault="ping_timeout",
                         timeout=3)


if __name__ == "__main__":
    main()
