#!/usr/bin/env python3
"""Redirections to a host name: the engine asks its manager, who is us."""
import unittest

from manager import Engine, main
from test_sessions import ME, Listener, redirect_to
from tgt import NAME, Tgtd, free_port

TEMPORARY, PERMANENT = 0x0101, 0x0102


class Redirects(unittest.TestCase):
    def setUp(self):
        self.engine = Engine()
        self.addCleanup(self.engine.close)
        self.tgt = Tgtd()
        self.addCleanup(self.tgt.close)
        self.tgt.target("a")

    def moved(self, status=TEMPORARY, port=None):
        """A portal that redirects to this port of nas.example."""
        name = "nas.example:%d" % (port or self.tgt.port)
        listener = Listener(redirect_to(name, status))
        self.addCleanup(listener.close)
        return listener

    def target(self, *portals, id=2):
        self.engine.send("target", id=id, name=NAME % "a",
                         portal=list(portals), **ME)

    def discover(self, *portals, id=1):
        self.engine.send("discover", id=id, portal=list(portals), **ME)

    def asked(self, id=2):
        """What the engine wants to know."""
        question = self.engine.wait("resolve", id=id)
        self.assertEqual(question["host"], "nas.example")
        return question

    def answer(self, question, *portals, **keys):
        self.engine.send("resolved", id=question["id"],
                         host=question["host"], port=question["port"],
                         portal=list(portals), **keys)

    def down(self, **keys):
        return self.engine.wait("session", state="down", **keys)

    def up(self, **keys):
        return self.engine.wait("session", state="up", **keys)

    def test_a_name_is_asked_for_and_followed_at_once(self):
        self.target(self.moved().portal)
        question = self.asked()
        self.assertEqual(question["port"], str(self.tgt.port))
        self.answer(question, self.tgt.portal)
        down = self.down()
        self.assertEqual((down["fault"], down["wait"]),
                         ("login_redirected", "0"))
        self.assertIn("nas.example", down["reason"])
        self.assertEqual(self.up(timeout=1)["portal"], self.tgt.portal)

    def test_every_address_of_a_name_has_its_turn(self):
        self.target(self.moved().portal)
        self.answer(self.asked(), "[::1]:%d" % self.tgt.port,
                    "127.0.0.9:%d" % self.tgt.port, self.tgt.portal)
        self.assertEqual(self.up(timeout=1)["portal"], self.tgt.portal)

    def test_the_port_is_that_of_the_redirection(self):
        self.target(self.moved().portal)
        self.answer(self.asked(), "127.0.0.1:9")
        self.assertEqual(self.up()["portal"], self.tgt.portal)

    def test_a_temporary_redirection_is_asked_for_again(self):
        moved = self.moved()
        self.target(moved.portal)
        self.answer(self.asked(), self.tgt.portal)
        self.up()
        self.tgt.restart()
        self.answer(self.asked(), self.tgt.portal)
        self.up(timeout=15)
        self.assertEqual(moved.count, 2)

    def test_a_permanent_redirection_is_remembered(self):
        moved = self.moved(PERMANENT)
        self.target(moved.portal)
        self.answer(self.asked(), "[::1]:%d" % self.tgt.port,
                    self.tgt.portal)
        self.up()
        self.tgt.restart()
        self.up(timeout=15)
        self.assertEqual(moved.count, 1)

    def test_a_name_without_address_is_told_and_waited_for(self):
        moved = self.moved()
        self.target(moved.portal)
        self.answer(self.asked(), error="Name or service not known")
        down = self.down()
        self.assertEqual(down["portal"], moved.portal)
        self.assertIn("Name or service not known", down["reason"])
        self.assertGreater(int(down["wait"]), 500)
        self.answer(self.asked(), self.tgt.portal)
        self.up()

    def test_addresses_that_answer_nothing_lead_back(self):
        moved = self.moved(port=free_port())
        self.target(moved.portal)
        self.answer(self.asked(), "127.0.0.1:1", "[::1]:1")
        self.assertEqual(self.down()["wait"], "0")
        self.assertEqual(self.down()["wait"], "0")
        self.assertGreater(int(self.down()["wait"]), 500)
        self.asked()
        self.assertEqual(moved.count, 2)

    def test_answers_that_nobody_asked_for_change_nothing(self):
        self.target(self.moved().portal)
        question = self.asked()
        self.engine.send("resolved", id=77, host="nas.example", port=1)
        self.answer({**question, "host": "other.example"}, "127.0.0.9:1")
        self.answer({**question, "port": 1}, "127.0.0.9:1")
        self.engine.none("session")
        self.answer(question, self.tgt.portal)
        self.answer(question, "127.0.0.9:1")
        self.down()
        self.up()
        self.engine.none("session")

    def test_an_answer_of_nonsense_is_an_answer_without_address(self):
        self.target(self.moved().portal)
        self.answer(self.asked(), "nas2.example:3260", "", "1.2.3.4.5:1")
        self.assertIn("no address", self.down()["reason"])

    def test_a_target_is_removed_while_its_name_is_looked_up(self):
        self.target(self.moved().portal)
        question = self.asked()
        self.engine.send("remove", id=2)
        self.engine.wait("removed", id=2)
        self.answer(question, self.tgt.portal)
        self.engine.none("session")

    def test_a_switch_does_not_wait_for_a_name(self):
        self.target(self.moved().portal, self.tgt.portal)
        question = self.asked()
        self.engine.send("switch", id=2, portal=self.tgt.portal)
        self.assertEqual(self.up(timeout=1)["portal"], self.tgt.portal)
        self.answer(question, "127.0.0.9:1")
        self.engine.none("session")

    def test_a_circle_of_names_is_named_and_waited_for(self):
        port = free_port()
        circle = Listener(redirect_to("nas.example:%d" % port, TEMPORARY),
                          port)
        self.addCleanup(circle.close)
        self.target(circle.portal)
        for _ in range(8):
            self.answer(self.asked(), circle.portal)
            self.assertEqual(self.down()["wait"], "0")
        down = self.down()
        self.assertIn("too many redirections", down["reason"])
        self.assertGreater(int(down["wait"]), 500)
        self.assertEqual(circle.count, 9)

    def test_a_discovery_follows_a_name(self):
        self.discover(self.moved().portal)
        self.answer(self.asked(1), "[::1]:%d" % self.tgt.port,
                    self.tgt.portal)
        self.assertEqual(self.engine.wait("discovered")["count"], "1")

    def test_a_discovery_says_which_name_has_no_address(self):
        self.discover(self.moved().portal)
        self.answer(self.asked(1), error="Name or service not known")
        failed = self.engine.wait("failed")
        self.assertEqual(failed["retry"], "soon")
        self.assertIn("nas.example", failed["reason"])
        self.assertIn("Name or service not known", failed["reason"])

    def test_a_discovery_asks_its_next_portal_when_a_name_is_not_found(self):
        self.discover(self.moved().portal, self.tgt.portal)
        self.answer(self.asked(1), error="Name or service not known")
        self.engine.wait("discovered")

    def test_a_discovery_is_removed_while_its_name_is_looked_up(self):
        self.discover(self.moved().portal)
        self.asked(1)
        self.engine.send("remove", id=1)
        self.engine.wait("removed", id=1)


if __name__ == "__main__":
    main()
