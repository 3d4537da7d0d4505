"""Policy hosts that are silent, slow, endless, broken or busy, more than there is room to ask at once."""
import unittest

from arena import ACTS, LONG, ArenaTest
from crowd import ask_all

HONEST = ("good", "brief", "rsa8192")
HOSTILE = [act for act in ACTS if act not in HONEST]
HOSTS = 5000 if LONG else 800
ROOM = 1000 if LONG else 160     # fetches at once: five hosts for each place
FETCH_TIMEOUT = 60 if LONG else 6
# What each kind comes to, where it is not cut off by time: all acts were played to their end.
FAULTS = ("timeout", "reset", "truncated", "header_too_large", "too_large", "cert_chain_too_large", "flood")
GROWTH = 20 * 1024               # kB that a repetition may add: allocators keep some


class PolicyHosts(ArenaTest):
    settings = {"fetch_concurrency": ROOM, "fetch_timeout": f"{FETCH_TIMEOUT}s"}

    def attack(self, acts, title):
        """All hosts at once, each asked once; and what they cost others meanwhile and afterwards."""
        names = [f"{title}{n}.{acts[n % len(acts)]}.hosts.example" for n in range(HOSTS)]
        with self.arena.pulse() as pulse:
            answers = ask_all(names)
            self.assert_nothing_under_way(FETCH_TIMEOUT + 30, pulsed=True)
        self.assert_nothing_under_way(20)
        self.assert_healthy(pulse.beat, hosts=HOSTS, after_MB=round(self.arena.resident() / 1024, 1))
        self.assertEqual(len(answers), HOSTS)
        return answers

    def test_all_kinds(self):
        """all kinds together: nothing but NOTFOUND for them, no harm for others, nothing left behind"""
        first = self.attack(HOSTILE, "a")
        self.assertEqual(set(first.values()), {"NOTFOUND "})
        after_one = self.arena.resident()
        self.attack(HOSTILE, "b")
        self.assertLess(self.arena.resident(), after_one + GROWTH)
        log = self.arena.daemon.log()
        self.assertEqual([fault for fault in FAULTS if f"reason={fault}:" not in log], [])

    def test_costly_keys(self):
        """keys of 8192 bits: policies like any other, but others do not wait for them"""
        self.assertTrue(self.arena.daemon.ask("one.rsa8192.hosts.example").startswith("OK secure"))
        self.attack(["rsa8192"], "c")

    def test_silent(self):
        """all of them silent"""
        self.attack(["silent"], "d")

    def test_drip(self):
        """all of them an octet a second, in the handshake and in the answer"""
        self.attack(["drip-tls", "drip-http"], "e")

    @unittest.skipUnless(LONG, "each kind alone is for the long form")
    def test_each_kind(self):
        """each kind alone"""
        for act in HOSTILE:
            with self.subTest(act):
                self.attack([act], "f")
