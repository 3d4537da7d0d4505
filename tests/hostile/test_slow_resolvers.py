"""Crowds of first contacts behind real resolvers with default settings, behind which a lookup takes 0.6 s.

A tenth of the size of the part "reach" of tests/bench.
"""
import pathlib
import shutil
import tempfile
import threading
import unittest

import namespace
import slow_resolvers
from arena import measured
from crowd import ask_all
from daemon import Daemon
from slow_resolvers import AUTHORITY, DNSMASQ, UNBOUND, ZONE, SlowResolvers
from waiting import until

NOTHING = "NOTFOUND "
IN_TIME = 0.95   # of the replies
EACH = 1.1       # questions a name


@unittest.skipUnless(namespace.ready(), namespace.REFUSED)
@unittest.skipIf(slow_resolvers.missing(), f"not installed: {slow_resolvers.missing()}")
class SlowResolverTest(unittest.TestCase):
    milliseconds = 600

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tlspolicyd-slow."))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.enterClassContext(SlowResolvers(cls.folder, cls.milliseconds))

    def serve(self, resolver):
        self.daemon = Daemon(self.folder / self.id(), resolver=resolver, dns_error_reply="temp", cache="memory:")
        self.daemon.start()
        self.addCleanup(self.daemon.stop)

    def counter(self, family, *labels):
        counts = self.daemon.json("--status")["counters"].get(family, {})
        return sum(counts.get(label, 0) for label in labels)

    def crowd(self, count, limit, silent=0):
        """All at once; what each got, once every name that is not silent has been answered by DNS."""
        names = [f"mail-{n}.{'silent' if n < silent else 'none'}.{ZONE}" for n in range(count)]
        answers = {}
        asking = threading.Thread(target=lambda: answers.update(ask_all(names, limit=20)))
        asking.start()
        try:
            until(lambda: self.counter("dns", "no_name", "no_data") >= count - silent, self.state, limit)
        finally:
            asking.join()
        return [answers[name] for name in names[silent:]]

    def state(self):
        status = self.daemon.json("--status")["counters"]
        return f"all names: dns {status.get('dns')}, tries {status.get('dns_tries')}"

    def assert_in_time(self, answers):
        right = sum(answer == NOTHING for answer in answers)
        asked = self.counter("dns_tries", "udp", "tcp")
        measured(self, right=right, of=len(answers), questions=asked)
        self.assertGreaterEqual(right, IN_TIME * len(answers))


class Unbound(SlowResolverTest):
    milliseconds = 300  # unbound minimizes names: two questions a lookup

    def test_crowd(self):
        """400 names at once: each is asked about once, nearly all are answered by reply_timeout, all are known in 8 s"""
        self.serve(UNBOUND)
        self.assert_in_time(self.crowd(400, 8))
        self.assertLessEqual(self.counter("dns_tries", "udp", "tcp"), EACH * 400)

    def test_half_silent(self):
        """half of 400 are silent: the others are known in 10 s"""
        self.serve(UNBOUND)
        self.assert_in_time(self.crowd(400, 10, silent=200))


class Dnsmasq(SlowResolverTest):
    def test_refused(self):
        """300 names behind a resolver that refuses beyond 150 are known in 10 s: REFUSED is not the last word"""
        self.serve(DNSMASQ)
        self.assert_in_time(self.crowd(300, 10))
        self.assertGreater(self.counter("dns_tries", "refused"), 0)
        self.assertEqual(self.counter("dns", "server_failure"), 0)


class Slower(SlowResolverTest):
    milliseconds = 1200

    def test_crowd(self):
        """600 names behind a resolver without limits that takes 1.2 s: more than leave in the first second, and none twice"""
        self.serve(AUTHORITY)
        self.assert_in_time(self.crowd(600, 10))
        self.assertLessEqual(self.counter("dns_tries", "udp", "tcp"), EACH * 600)
