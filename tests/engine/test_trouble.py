#!/usr/bin/env python3
"""What an engine makes of a target that does wrong on purpose."""
import errno
import os
import time

from demo import Demo
from kernel import LUN1, MIB, DiskCase
from manager import main
from tgt import NAME, free_port

SECRET = "a secret of 24 letters.."


class Trouble(DiskCase):
    def demo(self, *options, **more):
        self.tgt = Demo(*options, **more)
        self.addCleanup(self.tgt.close)
        self.portals = self.tgt.portals
        return self.tgt

    def use(self, *options, **keys):
        """An open file on LUN 1 of a demo target with these options."""
        self.demo(*options)
        return self.attach(**keys)[1]

    def assert_errno(self, number, call, *args):
        with self.assertRaises(OSError) as caught:
            call(*args)
        self.assertEqual(caught.exception.errno, number)

    def test_a_medium_error_is_enodata(self):
        disk = self.use("--fault", "scsi read 1- sense 3/11/00")
        self.assert_errno(errno.ENODATA, disk.read, 0, 4096)

    def test_a_reservation_conflict_is_ebade(self):
        disk = self.use("--fault", "scsi write 1- conflict")
        self.assert_errno(errno.EBADE, disk.write, 0, bytes(4096))

    def test_busy_is_waited_out(self):
        disk = self.use("--fault", "scsi write 1-3 busy")
        disk.write(0, b"b" * 4096)
        self.assertEqual(disk.read(0, 4096), b"b" * 4096)

    def test_a_target_that_is_busy_lists_its_luns_later(self):
        self.demo("--fault", "scsi report-luns 1-15 busy")
        self.target()
        self.engine.wait("lun", timeout=20)

    def test_corrupt_data_never_reach_the_reader(self):
        disk = self.use("--digest", "require",
                        "--fault", "tx data-in 20 corrupt data",
                        header_digest="always", data_digest="always")
        data = os.urandom(8 * MIB)
        disk.write(0, data)
        for i in range(8):
            self.assertEqual(disk.read(i * MIB, MIB),
                             data[i * MIB:(i + 1) * MIB])
        self.engine.wait("session", fault="data_digest")

    def test_corrupt_writes_are_repeated(self):
        disk = self.use("--digest", "require",
                        "--fault", "rx data-out 20 corrupt data",
                        header_digest="always", data_digest="always")
        self.engine.wait("session", state="up")
        data = os.urandom(8 * MIB)
        disk.write(0, data)
        self.assertEqual(disk.read(0, len(data)), data)
        self.engine.none("session", 0)

    def test_corrupt_commands_are_repeated(self):
        disk = self.use("--digest", "require",
                        "--fault", "rx scsi-cmd 30 corrupt data",
                        header_digest="always", data_digest="always")
        data = os.urandom(MIB)
        for i in range(0, MIB, 4096):
            disk.write(i, data[i:i + 4096])
        self.assertEqual(disk.read(0, len(data)), data)
        self.engine.wait("session", state="down")

    def test_a_lost_response_costs_no_error(self):
        disk = self.use("--fault", "tx scsi-rsp 20 drop",
                        active_timeout=500, ping_timeout=500)
        data = os.urandom(MIB)
        for i in range(32):
            disk.write(i * MIB, data)
        self.engine.wait("session", state="down")

    def test_a_lost_connection_costs_no_error(self):
        disk = self.use("--fault", "each rx scsi-cmd 40 close")
        data = os.urandom(MIB)
        for i in range(16):
            disk.write(i * MIB, data)
            self.assertEqual(disk.read(i * MIB, MIB), data)
        self.engine.wait("session", state="down")

    def test_a_target_that_flaps_is_asked_less_and_less_often(self):
        self.demo("--fault", "rx scsi-cmd 1- close")
        self.target()
        waits = [int(self.engine.wait("session", state="down")["wait"])
                 for _ in range(3)]
        for wait, about in zip(waits, (1000, 2000, 4000)):
            self.assertAlmostEqual(wait, about, delta=about / 5)

    def test_a_silent_target_is_noticed(self):
        disk = self.use("--fault", "rx any 30- drop", active_timeout=300,
                        ping_timeout=300, connfail_timeout=1500,
                        login_timeout=300)
        self.assert_errno(errno.ENOLINK, lambda: [disk.read(0, 4096)
                                                  for _ in range(40)])

    def test_a_grown_disk_is_told(self):
        self.demo()
        mount, _ = self.attach()
        self.engine.wait("lun", lun=LUN1)
        self.tgt.control("resize %s 1 128M" % (NAME % "a"))
        self.engine.send("rescan", id=2)
        lun = self.engine.wait("lun", lun=LUN1)
        self.assertEqual(int(lun["blocks"]) * int(lun["block-size"]),
                         128 * MIB)
        self.assertEqual(os.stat(mount.path).st_size, 128 * MIB)

    def test_another_disk_behind_a_lun_is_not_touched(self):
        disk = self.use()
        self.engine.wait("lun", lun=LUN1)
        self.tgt.kill()
        self.tgt.lun = "mem:64M,id=600b"
        self.tgt.start()
        self.assert_errno(errno.ENODEV, disk.write, 0, bytes(4096))
        lun = self.engine.wait("lun", lun=LUN1)
        self.assertEqual(lun["state"], "failed")

    def test_without_disks_any_portal_group_will_do(self):
        one, two = ("127.0.0.1:%d,%d" % (free_port(), tag) for tag in (1, 2))
        self.demo(portals=[one, two])
        self.target()
        self.engine.wait("session", state="up", portal=one)
        self.tgt.kill()
        self.tgt.portals = [two]
        self.tgt.start()
        self.engine.wait("session", state="up", portal=two, timeout=15)

    def test_the_best_hash_both_know_is_used(self):
        self.demo("--chap", "me:" + SECRET)
        self.target(user="me", secret=SECRET)
        self.assertIn("SHA3-256", self.engine.wait("session",
                                                   state="up")["auth"])

    def test_a_target_that_cannot_prove_itself_is_not_used(self):
        self.demo("--chap", "me:" + SECRET,
                  "--chap-mutual", "it:" + SECRET[::-1])
        self.target(user="me", secret=SECRET, user_in="it",
                    secret_in="x" * 16)
        self.assertEqual(self.engine.wait("session")["fault"], "auth_failed")

    def test_secrets_are_never_told(self):
        self.demo("--chap", "me:" + SECRET)
        self.target(user="me", secret="quite another secret")
        self.engine.wait("session", fault="login_refused")
        self.engine.none("nothing", 0.2)
        self.assertNotIn("another", repr(self.engine.seen))


if __name__ == "__main__":
    main()
