#!/usr/bin/env python3
"""Disks of an engine process: tgtd's LUNs as files on FUSE mounts."""
import errno
import os
import threading

from kernel import LUN1, LUN2, MIB, DiskCase
from manager import Engine, main
from patience import let_pass
from tgt import Tgtd


class Disks(DiskCase):
    def setUp(self):
        super().setUp()
        self.tgt = Tgtd()
        self.addCleanup(self.tgt.close)
        tid = self.tgt.target("a")
        self.backing = self.tgt.lun(tid, 1, 64 * MIB)
        self.tgt.lun(tid, 2, 32 * MIB, 4096)
        self.portals = [self.tgt.portal + ",1"]

    def backing_bytes(self, offset, length):
        with open(self.backing, "rb") as f:
            f.seek(offset)
            return f.read(length)

    def test_luns_are_told_with_what_they_are(self):
        self.target()
        self.assertEqual(self.engine.wait("luns")["count"], "3")
        one = self.engine.wait("lun", lun=LUN1)
        self.assertEqual((one["state"], one["number"], one["block-size"],
                          one["blocks"], one["read-only"]),
                         ("online", "1", "512", str(64 * MIB // 512), "0"))
        self.assertEqual((one["vendor"], one["model"], one["type"]),
                         ("IET", "VIRTUAL-DISK", "0"))
        self.assertTrue(one["identity"])
        two = self.engine.wait("lun", lun=LUN2)
        self.assertEqual(two["block-size"], "4096")
        self.assertNotEqual(one["identity"], two["identity"])

    def test_a_lun_that_goes_and_comes_is_told(self):
        self.target()
        self.engine.wait("luns")
        self.engine.wait("lun", lun=LUN2)
        self.tgt.adm("--op", "delete", "--mode", "logicalunit", "--tid", 1,
                     "--lun", 2)
        self.engine.send("rescan", id=2)
        self.assertEqual(self.engine.wait("lun", lun=LUN2)["state"], "failed")
        self.tgt.lun(1, 2, 32 * MIB, 4096)
        self.engine.send("rescan", id=2)
        self.assertEqual(self.engine.wait("lun", lun=LUN2)["state"], "online")

    def test_what_did_not_change_is_told_once(self):
        self.target()
        self.engine.wait("luns")
        self.engine.seen.clear()
        self.tgt.restart()
        self.engine.wait("luns", timeout=15)
        self.engine.none("lun")

    def test_a_controller_is_no_disk(self):
        self.target()
        lun = self.engine.wait("lun", number=0)
        self.assertEqual((lun["state"], lun["type"]), ("failed", "12"))

    def test_bytes_go_to_the_target_and_come_back(self):
        _, disk = self.attach()
        data = os.urandom(8 * MIB)
        disk.write(3 * MIB, data)
        os.fsync(disk.fd)
        self.assertEqual(self.backing_bytes(3 * MIB, len(data)), data)
        self.assertEqual(disk.read(3 * MIB, len(data)), data)

    def test_digests_do_not_change_that(self):
        for key in "HeaderDigest", "DataDigest":
            self.tgt.adm("--op", "update", "--mode", "target", "--tid", 1,
                         "-n", key, "-v", "CRC32C")
        _, disk = self.attach(header_digest="always", data_digest="always")
        data = os.urandom(3 * MIB)
        disk.write(0, data)
        self.assertEqual(disk.read(0, len(data)), data)

    def test_blocks_of_4096_bytes_work(self):
        _, disk = self.attach(LUN2)
        data = os.urandom(MIB)
        disk.write(MIB, data)
        self.assertEqual(disk.read(MIB, MIB), data)

    def test_a_detached_lun_is_flushed_and_can_be_attached_again(self):
        mount, disk = self.attach()
        disk.write(0, b"x" * 4096)
        os.fsync(disk.fd)
        self.engine.send("detach", id=2, lun=LUN1)
        self.assertEqual(self.engine.wait("detached")["error"], "0")
        mount.close()
        self.engine.send("rescan", id=2)
        self.engine.wait("luns")
        again = self.mount()
        self.engine.send("attach", id=2, lun=LUN1, handle=again.handle)
        self.engine.wait("attached")
        self.assertEqual(self.open(again).read(0, 4096), b"x" * 4096)

    def test_removing_a_target_detaches_first(self):
        self.attach()
        self.engine.send("remove", id=2)
        self.engine.wait("removed")
        self.engine.wait("detached", timeout=0)

    def test_a_second_handle_for_a_lun_is_refused(self):
        self.attach()
        other = self.mount("other")
        self.engine.send("attach", id=2, lun=LUN1, handle=other.handle)
        self.assertEqual(self.engine.wait("detached")["error"],
                         str(errno.EBUSY))

    def test_a_disk_of_another_identity_is_refused(self):
        self.target()
        self.engine.wait("luns")
        mount = self.mount()
        self.engine.send("attach", id=2, lun=LUN1, handle=mount.handle,
                         expect="naa.6000")
        self.assertEqual(self.engine.wait("detached")["error"],
                         str(errno.ESTALE))

    def test_only_a_lun_in_use_cannot_be_forgotten(self):
        self.attach()
        self.engine.send("forget", id=2, lun=LUN1)
        self.assertIn("busy", self.engine.wait("error")["text"])
        self.engine.send("forget", id=2, lun=LUN2)
        self.engine.send("rescan", id=2)
        self.engine.wait("luns")
        self.engine.wait("lun", lun=LUN2)
        self.engine.wait("lun", lun=LUN2, timeout=0)  # the second time

    def test_a_restart_of_the_target_costs_no_error(self):
        _, disk = self.attach()
        data = os.urandom(16 * MIB)
        writer = threading.Thread(
            target=lambda: [disk.write(i * MIB, data[i * MIB:(i + 1) * MIB])
                            for i in range(16)])
        writer.start()
        self.tgt.restart()
        writer.join(30)
        self.assertFalse(writer.is_alive())
        os.fsync(disk.fd)
        self.assertEqual(self.backing_bytes(0, len(data)), data)

    def test_requests_end_when_the_target_stays_away(self):
        _, disk = self.attach(connfail_timeout=500)
        self.tgt.kill()
        with self.assertRaises(OSError) as caught:
            disk.read(0, 4096)
        self.assertEqual(caught.exception.errno, errno.ENOLINK)
        with self.assertRaises(OSError):  # at once by now
            disk.read(0, 4096)
        self.tgt.restart()
        self.engine.wait("session", state="up", timeout=20)
        self.engine.wait("session", state="up", timeout=20)
        disk.read(0, 4096)

    def test_the_death_of_an_engine_costs_no_error(self):
        mount, disk = self.attach()
        identity = self.engine.wait("lun", lun=LUN1)["identity"]
        data = os.urandom(16 * MIB)
        writer = threading.Thread(
            target=lambda: [disk.write(i * MIB, data[i * MIB:(i + 1) * MIB])
                            for i in range(16)])
        writer.start()
        self.engine.kill()
        self.engine = Engine()
        self.target(group=1)
        self.engine.send("attach", id=2, lun=LUN1, resume=1, expect=identity,
                         handle=mount.handle)
        self.engine.wait("attached")
        writer.join(30)
        self.assertFalse(writer.is_alive())
        os.fsync(disk.fd)
        self.assertEqual(self.backing_bytes(0, len(data)), data)

    def test_disks_go_on_when_the_manager_is_gone(self):
        mount, disk = self.attach()
        self.engine.sock.close()
        let_pass(0.2)
        disk.write(0, b"y" * 4096)
        self.assertEqual(disk.read(0, 4096), b"y" * 4096)
        disk.close()
        mount.close()
        self.assertEqual(self.engine.ended(), 0)


if __name__ == "__main__":
    main()
