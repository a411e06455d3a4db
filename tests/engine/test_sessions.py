#!/usr/bin/env python3
"""Discoveries and sessions of an engine process, against tgtd and worse."""
import errno
import socket
import struct
import subprocess
import threading
import unittest

from manager import ENGINE, Engine, main
from patience import let_pass
from tgt import NAME, Tgtd, free_port

ME = {"initiator": "iqn.2004-04.org.example:me", "isid": "023d00000001"}
SECRET = "a secret of 24 letters.."


class Listener:
    """A TCP server that does with each connection what it is told."""

    def __init__(self, serve, port=0):
        self.count = 0
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", port))
        self.sock.listen()
        self.portal = "127.0.0.1:%d" % self.sock.getsockname()[1]
        self.serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                conn = self.sock.accept()[0]
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self._serve, args=(conn,),
                             daemon=True).start()

    def _serve(self, conn):
        try:
            self.serve(conn)
        except OSError:
            pass
        conn.close()

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def hold(conn):
    """Never says anything."""
    while conn.recv(4096):
        pass


def babble(conn):
    conn.sendall(b"220 mail.example ESMTP\r\n" * 10)
    hold(conn)


def redirect_to(portal, status):
    """Answers the first login PDU with a redirection (RFC 7143 11.13.5)."""
    def serve(conn):
        head = conn.recv(48, socket.MSG_WAITALL)
        length = int.from_bytes(head[5:8], "big")
        conn.recv(-(-length // 4) * 4, socket.MSG_WAITALL)
        text = b"TargetAddress=" + portal.encode() + b"\0"
        conn.sendall(struct.pack(
            ">BBBB I 8s 4s I III HH 8x", 0x23, 0, 0, 0, len(text),
            head[8:16], head[16:20], 0, 1, 1, 1, status, 0) +
            text + bytes(-len(text) % 4))
        hold(conn)
    return serve


class Sessions(unittest.TestCase):
    def setUp(self):
        self.engine = Engine()
        self.addCleanup(self.engine.close)
        self.tgt = Tgtd()
        self.addCleanup(self.tgt.close)
        self.tgt.target("a")

    def target(self, portals, id=2, **keys):
        self.engine.send("target", id=id, name=NAME % "a", portal=portals,
                         **ME, **keys)

    def discover(self, portals, id=1, **keys):
        self.engine.send("discover", id=id, portal=portals, **ME, **keys)

    def closed_portal(self):
        return "127.0.0.1:%d" % free_port()

    def listener(self, serve, port=0):
        listener = Listener(serve, port)
        self.addCleanup(listener.close)
        return listener

    def test_a_discovery_lists_what_the_target_offers(self):
        self.tgt.target("b")
        self.discover(self.tgt.portal)
        self.assertEqual(self.engine.wait("discovered")["count"], "2")
        found = {self.engine.wait("found")["name"] for _ in range(2)}
        self.assertEqual(found, {NAME % "a", NAME % "b"})

    def test_a_discovery_gives_the_address_of_each_target(self):
        self.discover(self.tgt.portal)
        self.assertEqual(self.engine.wait("found")["addr"],
                         self.tgt.portal + ",1")

    def test_a_discovery_tries_the_next_portal(self):
        silent = self.listener(hold)
        self.discover([silent.portal, self.tgt.portal], login_timeout=300)
        self.engine.wait("discovered")

    def test_a_discovery_that_fails_says_why_and_is_over(self):
        self.discover(self.closed_portal())
        failed = self.engine.wait("failed")
        self.assertEqual(failed["retry"], "soon")
        self.assertIn("refused", failed["reason"])
        self.engine.send("quit")
        self.assertEqual(self.engine.ended(), 0)

    def test_a_session_comes_up_and_is_removed(self):
        self.target(self.tgt.portal)
        up = self.engine.wait("session")
        self.assertEqual(up["state"], "up")
        self.assertEqual(up["group"], "1")
        self.engine.send("remove", id=2)
        self.engine.wait("removed", id=2)
        self.engine.none("session")

    def test_digests_are_negotiated_as_asked(self):
        for key in "HeaderDigest", "DataDigest":
            self.tgt.adm("--op", "update", "--mode", "target", "--tid", 1,
                         "-n", key, "-v", "CRC32C")
        self.target(self.tgt.portal, header_digest="always",
                    data_digest="always")
        up = self.engine.wait("session")
        self.assertEqual(up["header-digest"], "CRC32C")
        self.assertEqual(up["data-digest"], "CRC32C")

    def test_a_refused_connection_is_told_and_tried_again(self):
        self.tgt.kill()
        self.target(self.tgt.portal)
        down = self.engine.wait("session")
        self.assertEqual(down["fault"], "connect_failed")
        self.assertTrue(800 <= int(down["wait"]) <= 1200, down)
        self.tgt.restart()
        self.engine.wait("session", state="up")

    def test_a_lost_session_comes_back(self):
        self.target(self.tgt.portal)
        self.engine.wait("session", state="up")
        self.tgt.kill()
        self.engine.wait("session", state="down")
        self.tgt.restart()
        self.engine.wait("session", state="up", timeout=15)

    def test_the_port_of_an_engine_before_is_taken_again(self):
        port = free_port()
        self.target(self.tgt.portal, old_portal=self.tgt.portal,
                    old_port=port, reinstatement="yes")
        up = self.engine.wait("session", state="up")
        self.assertEqual(up["local-port"], str(port))

    def test_the_port_of_an_engine_before_is_left_where_it_is_in_use(self):
        with socket.create_connection(
                self.tgt.portal.rsplit(":", 1)) as other:
            port = other.getsockname()[1]
            self.target(self.tgt.portal, old_portal=self.tgt.portal,
                        old_port=port, reinstatement="yes")
            up = self.engine.wait("session", state="up")
            self.assertNotEqual(up["local-port"], str(port))

    def test_the_next_portal_is_tried(self):
        self.target([self.closed_portal(), self.tgt.portal])
        self.engine.wait("session", state="down")
        up = self.engine.wait("session", state="up")
        self.assertEqual(up["portal"], self.tgt.portal)

    def test_a_silent_target_times_out(self):
        silent = self.listener(hold)
        self.target(silent.portal, login_timeout=300)
        self.assertEqual(self.engine.wait("session")["fault"],
                         "login_timeout")

    def test_garbage_is_a_fault_and_not_the_end(self):
        self.target(self.listener(babble).portal)
        self.engine.wait("session", state="down")
        self.target(self.tgt.portal, id=3)
        self.engine.wait("session", state="up", id=3)

    def test_chap_both_ways_works(self):
        self.chap_accounts()
        self.target(self.tgt.portal, user="me", secret=SECRET,
                    user_in="it", secret_in=SECRET[::-1])
        up = self.engine.wait("session", state="up")
        self.assertIn("CHAP", up["auth"])

    def said(self, text):
        """Waits for a log line with this text, returns all until then."""
        lines = []
        while not lines or text not in lines[-1]:
            lines.append(self.engine.wait("log")["text"])
        return "\n".join(lines)

    def test_who_asks_is_told_of_the_login_and_of_no_secret(self):
        self.chap_accounts()
        self.engine.send("log", mask=0x208)  # login, init
        self.target(self.tgt.portal, user="me", secret=SECRET,
                    user_in="it", secret_in=SECRET[::-1])
        log = self.said("init: 1 LUNs are listed")
        for text in ("login: trying portal " + self.tgt.portal,
                     "login: request, security stage",
                     "InitiatorName=" + ME["initiator"], "CHAP_R=***",
                     "login: answer, operational stage, next full feature"):
            self.assertIn(text, log)
        self.assertNotIn("0x", log)
        self.assertNotIn(SECRET, log)

    def test_who_asks_no_more_is_told_nothing(self):
        self.engine.send("log", mask=0x7fe)
        self.engine.send("log", mask=0)
        self.target(self.tgt.portal)
        self.engine.wait("luns")
        lines = [m for m in self.engine.seen if m.verb == "log"]
        self.assertEqual([m for m in lines if m["level"] == "7"], [])

    def test_a_wrong_secret_is_told_and_rarely_tried(self):
        self.chap_accounts()
        self.target(self.tgt.portal, user="me", secret="x" * 16)
        down = self.engine.wait("session", fault="login_refused")
        self.assertTrue(12000 <= int(down["wait"]) <= 18000, down)

    def test_a_target_that_cannot_agree_is_given_up_and_tried_on_request(self):
        self.target(self.tgt.portal, header_digest="always")
        down = self.engine.wait("session", state="down")
        self.assertEqual((down["fault"], down["given-up"]),
                         ("negotiation", "1"))
        self.engine.none("session")
        self.engine.send("rescan", id=2)
        self.assertEqual(self.engine.wait("session")["given-up"], "1")
        self.engine.send("switch", id=2, portal=self.tgt.portal)
        self.assertEqual(self.engine.wait("switched")["error"], "0")
        self.assertEqual(self.engine.wait("session")["given-up"], "1")
        self.engine.send("remove", id=2)
        self.engine.wait("removed", id=2)

    def test_new_settings_let_in_who_was_given_up(self):
        self.target(self.tgt.portal, header_digest="always")
        self.engine.wait("session", given_up=1)
        self.engine.send("settings", id=2, name=NAME % "a",
                         portal=self.tgt.portal, **ME)
        self.engine.wait("session", state="up", timeout=3)

    def test_new_settings_leave_a_session_that_stands(self):
        self.target(self.tgt.portal)
        self.engine.wait("session", state="up")
        self.engine.send("settings", id=2, name=NAME % "a",
                         portal=self.tgt.portal, header_digest="always", **ME)
        self.engine.none("session")
        self.tgt.restart()
        self.engine.wait("session", fault="negotiation", timeout=15)

    def test_new_settings_begin_a_login_anew_at_the_same_portal(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(5)
            portals = ["127.0.0.1:%d,1" % silent.getsockname()[1],
                       self.tgt.portal]
            self.target(portals)
            first, _ = silent.accept()
            self.engine.send("settings", id=2, name=NAME % "a",
                             portal=portals, **ME)
            second, _ = silent.accept()
            first.close()
            second.close()

    def test_settings_belong_to_the_portal(self):
        self.chap_accounts()
        other = self.closed_portal()
        self.target([other, self.tgt.portal])
        self.engine.send("at", id=2, portal=self.tgt.portal, user="me",
                         secret=SECRET)
        up = self.engine.wait("session", state="up")
        self.assertIn("CHAP", up["auth"])

    def test_a_redirection_elsewhere_asks_for_its_settings(self):
        moved = self.listener(redirect_to(self.tgt.portal, 0x0101))
        self.target(moved.portal)
        self.assertEqual(self.engine.wait("redirected")["portal"],
                         self.tgt.portal)
        self.engine.wait("session", state="up")
        self.engine.none("moved")

    def test_a_permanent_redirection_is_told_once_it_proved_good(self):
        moved = self.listener(redirect_to(self.tgt.portal, 0x0102))
        self.target(moved.portal)
        told = self.engine.wait("moved")
        self.assertEqual((told["from"], told["portal"]),
                         (moved.portal, self.tgt.portal))

    def test_a_permanent_redirection_to_nobody_is_not_told(self):
        moved = self.listener(redirect_to(self.closed_portal(), 0x0102))
        self.target(moved.portal)
        self.engine.wait("session", fault="connect_failed")
        self.engine.none("moved")

    def test_a_discovery_tells_where_it_moved_for_good(self):
        for status in 0x0101, 0x0102:
            moved = self.listener(redirect_to(self.tgt.portal, status))
            self.discover(moved.portal, id=status)
            self.engine.wait("discovered")
        told = self.engine.wait("moved")
        self.assertEqual((told["id"], told["portal"]),
                         (str(0x0102), self.tgt.portal))
        self.engine.none("moved")

    def chap_accounts(self):
        for user, secret, extra in (("me", SECRET, []),
                                    ("it", SECRET[::-1], ["--outgoing"])):
            self.tgt.adm("--op", "new", "--mode", "account", "--user", user,
                         "--password", secret)
            self.tgt.adm("--op", "bind", "--mode", "account", "--tid", 1,
                         "--user", user, *extra)

    def test_a_redirection_is_followed_at_once(self):
        moved = self.listener(redirect_to(self.tgt.portal, 0x0101))
        self.target(moved.portal)
        down = self.engine.wait("session")
        self.assertEqual((down["fault"], down["wait"]),
                         ("login_redirected", "0"))
        up = self.engine.wait("session", timeout=1)
        self.assertEqual(up["portal"], self.tgt.portal)

    def test_a_permanent_redirection_is_remembered(self):
        moved = self.listener(redirect_to(self.tgt.portal, 0x0102))
        self.target(moved.portal)
        self.engine.wait("session", state="up")
        self.tgt.restart()
        self.engine.wait("session", state="up", timeout=15)
        self.assertEqual(moved.count, 1)

    def test_a_circle_of_redirections_does_not_spin(self):
        port = free_port()
        second = self.listener(redirect_to("127.0.0.1:%d" % port, 0x0101))
        first = self.listener(redirect_to(second.portal, 0x0101), port)
        self.target(first.portal)
        let_pass(1.5)
        self.assertLess(first.count + second.count, 30)
        self.assertGreater(first.count + second.count, 8)

    def test_a_target_is_removed_while_it_connects(self):
        self.target(self.listener(hold).portal)
        self.engine.send("remove", id=2)
        self.engine.wait("removed", id=2)

    def test_a_target_is_removed_while_it_waits(self):
        self.target(self.closed_portal())
        self.engine.wait("session", state="down")
        self.engine.send("remove", id=2)
        self.engine.wait("removed", id=2)

    def test_ipv6_works(self):
        tgt = Tgtd("::1")
        self.addCleanup(tgt.close)
        tgt.target("a")
        self.target(tgt.portal)
        self.assertEqual(self.engine.wait("session")["portal"], tgt.portal)


class Manners(unittest.TestCase):
    """What the engine does with a manager that does not know its own."""

    def setUp(self):
        self.engine = Engine(hello=False)
        self.addCleanup(self.engine.close)

    def refused(self, text):
        self.assertEqual(self.engine.wait("error")["text"], text)

    def test_hello_comes_first(self):
        self.engine.send("discover", id=1)
        self.refused("message: hello comes first")

    def test_another_version_is_refused(self):
        self.engine.send("hello", version=2)
        self.refused("hello: version 1 is spoken here")

    def test_what_is_not_understood_is_refused(self):
        self.engine.send("hello", version=1)
        self.engine.wait("ready")
        for line, text in (
                (b"dance", "message: unknown verb"),
                (b"\x01", "message: malformed"),
                (b"target id=1", "target: name is missing"),
                (b"rescan id=9", "rescan: no target has this id"),
                (b"attach id=9 lun=1", "attach: lun is not valid"),
                (b"detach lun=0", "detach: id is missing")):
            self.engine.send_raw(line)
            self.refused(text)

    def test_attaching_to_what_is_gone_is_answered(self):
        self.engine.send("hello", version=1)
        self.engine.send("attach", id=9, lun="0" * 16)
        self.assertEqual(self.engine.wait("detached", id=9)["error"],
                         str(errno.ENODEV))

    def test_removing_and_detaching_what_is_gone_succeeds(self):
        self.engine.send("hello", version=1)
        self.engine.send("detach", id=77, lun="0" * 16)
        self.assertEqual(self.engine.wait("detached", id=77)["error"], "0")
        self.engine.send("remove", id=77)
        self.engine.wait("removed", id=77)

    def test_an_engine_without_disks_ends_with_its_manager(self):
        self.engine.sock.close()
        self.assertEqual(self.engine.ended(), 0)

    def test_quit_ends_it(self):
        self.engine.send("hello", version=1)
        self.engine.send("quit")
        self.assertEqual(self.engine.ended(), 0)

    def test_signals_meant_for_the_manager_do_not_end_it(self):
        self.engine.send("hello", version=1)
        self.engine.wait("ready")
        for number in (1, 2, 13, 15):
            self.engine.process.send_signal(number)
        self.engine.send("quit")
        self.assertEqual(self.engine.ended(), 0)

    def test_it_needs_a_manager(self):
        done = subprocess.run([ENGINE],
                              capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"started by iscsid", done.stderr)


if __name__ == "__main__":
    main()
