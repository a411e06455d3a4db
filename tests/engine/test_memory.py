#!/usr/bin/env python3
"""An engine asks for no memory once its disks are in use.

Runs an engine that aborts at the first malloc (no_malloc.c), and counts the
page faults: under memory pressure the kernel waits for us to write, so neither
the data path nor any recovery may wait for the kernel.
"""
import os
import signal
import threading

from demo import Demo
from kernel import LUN1, MIB, DiskCase
from manager import Engine, main
from test_portals import portals

BLOCK = 4096


class Memory(DiskCase):
    def use(self, *options, tags=(1,), **keys):
        """A disk in use; from here on memory is forbidden."""
        self.tgt = Demo(*options, portals=portals(*tags),
                        lun="file:%s,id=600a" % self.image())
        self.addCleanup(self.tgt.close)
        self.portals = self.tgt.portals
        disk = self.attach(**keys)[1]
        self.engine.wait("session", state="up")
        self.work(disk, b"0")
        self.faults = self.count_faults()
        self.engine.process.send_signal(signal.SIGUSR1)
        return disk

    def image(self):
        path = os.path.join(self.dir, "image")
        with open(path, "wb") as f:
            f.truncate(64 * MIB)
        return path

    def count_faults(self):
        """Page faults of the engine so far, minor and major ones."""
        with open("/proc/%d/stat" % self.engine.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return int(fields[7]) + int(fields[9])

    def work(self, disk, byte):
        """Requests of all sizes, many at once: 112 writes."""
        def write(i):
            disk.write(i * MIB, byte * MIB)

        threads = [threading.Thread(target=write, args=(i,))
                   for i in range(48)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
            self.assertFalse(thread.is_alive())
        for i in range(0, 64 * BLOCK, BLOCK):
            disk.write(i, byte * BLOCK)
        os.fsync(disk.fd)
        self.assertEqual(disk.read(47 * MIB, MIB), byte * MIB)

    def assert_alive(self):
        self.assertIsNone(self.engine.process.poll(), "it asked for memory")
        self.assertEqual(self.count_faults() - self.faults, 0)

    def said(self, engine, text):
        engine.none("nothing", 0.1)
        return len([m for m in engine.seen
                    if m.verb == "log" and text in m["text"]])

    def test_what_the_kernel_refuses_is_said_once(self):
        caps = "-sys_resource,-ipc_lock"
        poor = Engine(wrapper=["setpriv", "--bounding-set", caps,
                               "--inh-caps", caps])
        self.addCleanup(poor.close)
        for text in ("I/O flusher", "may kill this process", "lock memory"):
            self.assertEqual(self.said(poor, text), 1, text)

    def test_the_data_path_asks_for_no_memory(self):
        disk = self.use()
        self.work(disk, b"1")
        self.assert_alive()

    def test_repeats_ask_for_no_memory(self):
        disk = self.use("--fault", "scsi write /50 sense b/0/0",
                        "--fault", "scsi write /111 busy",
                        "--fault", "scsi read /20 sense 6/29/0",
                        "--fault", "scsi write 200 sense 6/2a/9")
        self.work(disk, b"1")
        self.assert_alive()

    def test_a_lost_session_and_the_next_one_ask_for_no_memory(self):
        disk = self.use()
        for i in range(5):
            self.tgt.control("drop")
            self.work(disk, b"%d" % i)
        self.assert_alive()

    def test_a_restart_of_the_target_asks_for_no_memory(self):
        disk = self.use()
        self.tgt.kill()
        writer = threading.Thread(target=self.work, args=(disk, b"1"))
        writer.start()
        for _ in range(3):
            self.engine.wait("session", state="down", timeout=20)
        self.tgt.start()
        writer.join(60)
        self.assertFalse(writer.is_alive())
        self.assert_alive()

    def test_another_portal_group_asks_for_no_memory(self):
        disk = self.use("--fault", "scsi write 160 delay 60000", tags=(1, 2))
        writer = threading.Thread(target=self.work, args=(disk, b"1"))
        writer.start()
        self.tgt.saw("scsi write", 160)
        self.tgt.control("drop")
        writer.join(60)
        self.assertFalse(writer.is_alive())
        self.assert_alive()

    def test_commands_without_answer_ask_for_no_memory(self):
        disk = self.use("--fault", "scsi write 160-163 delay 60000",
                        "--fault", "rx tmf 1-3 reject 9", task_timeout=500)
        self.work(disk, b"1")
        self.assert_alive()

    def test_damaged_data_ask_for_no_memory(self):
        disk = self.use("--digest", "require",
                        "--fault", "rx data-out 200 corrupt data",
                        "--fault", "tx data-in 30 corrupt data",
                        header_digest="always", data_digest="always")
        self.work(disk, b"1")
        self.work(disk, b"2")
        self.assert_alive()

    def test_orders_of_the_manager_ask_for_no_memory(self):
        disk = self.use(tags=(1, 1))
        self.engine.send("rescan", id=2)
        self.engine.send("timeouts", id=2, connfail_timeout=60000)
        self.engine.send("portals", id=2, portal=self.portals)
        self.engine.send("switch", id=2, portal=self.portals[1])
        self.engine.wait("session", state="up", portal=self.portals[1])
        self.work(disk, b"1")
        self.assert_alive()


if __name__ == "__main__":
    main()
