"""No more than 64 descriptors."""
import resource
import time

import form
import socketmap
from load import Postfix
from rig import FaultTest, enforced
from waiting import TooLate, until

LIMIT = 64
RESERVED = 20         # what the daemon holds besides, and a few for the others
BACK_OFF = 301         # seconds, after a fetch that failed; after a look-up a minute
LATEST_FROM_CACHE = 2.5  # seconds: a pause of the listener, and a second try
LATEST_ANSWER = 6.0  # seconds: reply_timeout and a little
MOST_FAILED = 0.01   # share of a crowd's questions, after the second try
LEAST_SERVED = 0.5   # share of those who come anew and try but once


def limited():
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))


class Descriptors(FaultTest):
    def setUp(self):
        super().setUp()
        self.domains = self.publish_all(f"{self._testMethodName.replace('_', '-')}.example", 20)
        self.known, self.new = self.domains[:10], self.domains[10:]
        self.held = []
        self.addCleanup(self.let_go)
        self.faults = self.faulty()
        self.daemon.start(preexec_fn=limited, env=self.faults.env())
        self.learn(self.known)
        self.mine = Postfix(self.daemon.address())
        self.addCleanup(self.mine.close)

    def let_go(self):
        for client in self.held:
            client.close()
        self.held.clear()

    def connect(self, count):
        """Connections that stay; those that are displaced for want of descriptors are not missed."""
        for _ in range(count):
            client = socketmap.Client(self.daemon.address())
            self.held.append(client)
            yield client

    def test_idle_connections(self):
        """idle connections take all 64: they make room for those who ask"""
        for client in self.connect(2 * LIMIT):
            client.ask(self.known[0])
        self.assertTrue(self.lines("socketmap: listen=inet:127.0.0.1:8461, action=paused"))
        self.cached_answers_go_on()
        self.assertIn(self.asks_for(self.new[0], LATEST_ANSWER), ("NOTFOUND ", enforced(self.new[0])))
        self.cached_answers_go_on()
        self.recovers()

    def test_new_names(self):
        """new names at once for which there are no descriptors: NOTFOUND in time, cached answers go on, then all is well"""
        suffix = f"many.{self._testMethodName.replace('_', '-')}.example"
        self.new = self.publish_all(suffix, LIMIT)
        asking = zip(self.new, self.connect(LIMIT - RESERVED))
        for domain, client in asking:
            client.send(domain)
        self.cached_answers_go_on()
        replies = {client.receive() for client in self.held}
        self.assertIn("NOTFOUND ", replies)
        self.assertLessEqual(replies, {"NOTFOUND "} | {enforced(domain) for domain in self.new})
        self.recovers()

    def test_questions_that_wait(self):
        """questions that wait for a silent resolver take all 64: they are NOTFOUND as others come, cached answers go on"""
        silent = [f"n{number}.silent.example" for number in range(2 * LIMIT)]
        for name, client in zip(silent, self.connect(2 * LIMIT)):
            self.world.dns.silence(f"_mta-sts.{name}")
            client.send(name)
        until(lambda: self.lines("action=paused"), self.daemon.log)
        self.cached_answers_go_on()
        replies = [client.receive() for client in self.held]
        self.assertEqual(set(replies), {"NOTFOUND "})
        for name in silent:  # the resolver speaks again
            self.world.dns.forget(f"_mta-sts.{name}")
        self.recovers()

    def asks_for(self, name, within):
        began = time.monotonic()
        reply = self.mine.ask(name)
        self.assertLess(time.monotonic() - began, within)
        return reply

    def cached_answers_go_on(self):
        for domain in self.known:
            self.assertEqual(self.asks_for(domain, LATEST_FROM_CACHE), enforced(domain))

    def recovers(self):
        self.let_go()
        self.learn(self.publish_all(f"afterwards.{self._testMethodName.replace('_', '-')}.example", 5))
        self.faults.elapsed(BACK_OFF)  # for so long failures may be remembered
        self.learn(self.new)

    def test_crowd(self):
        """far more clients than descriptors: those who get through get the right answer, and nobody waits for ever"""
        crowd = self.crowd(self.known, connections=3 * LIMIT, rate=form.either(500, 2000))
        until(lambda: self.lines("action=paused"), self.daemon.log)
        began, tries, served = time.monotonic(), 0, 0
        while time.monotonic() - began < form.either(3, 60):
            tries += 1
            try:
                served += self.daemon.ask(self.known[0]) == enforced(self.known[0])
            except (OSError, TooLate):
                pass
        tally = crowd.stop()
        self.assertEqual(tally.wrong_replies, [])
        self.assertGreaterEqual(served, tries * LEAST_SERVED, f"of {tries}")
        self.assertLessEqual(tally.failed, tally.asked * MOST_FAILED, f"of {tally.asked}")
        self.assertEqual({failure.why for failure in tally.failures} - {"end of file", "Connection reset by peer"}, set())
        self.learn(self.new)
        form.report(f"{tally.asked} questions over {3 * LIMIT} connections, {tally.retried} tried twice, "
                    f"{tally.failed} failed, slowest {tally.slowest:.2f} s; {served} of {tries} were served at their only try")
