"""Policy hosts that are silent, slow, endless, broken or busy, more than there is room to ask at once."""
import re
import time
import unittest

import acts
from arena import ACTS, FRESH, FRESH_WITHIN, HOSTILE_NETWORK, LONG, ArenaTest
from crowd import ask_all, ask_around
from waiting import until

HONEST = ("good", "brief", "slow", "rsa8192")
HOSTILE = [act for act in ACTS if act not in HONEST]
HOSTS = 5000 if LONG else 800
ROOM = 1000 if LONG else 160     # fetches at once: five hosts for each place
FETCH_TIMEOUT = 60 if LONG else 6
COSTLY = 40 if LONG else 10      # hosts with a costly key that all have a turn in time
MIDST = 10 if LONG else 3        # healthy domains that are asked for while the crowd comes
GROWTH = 20 * 1024               # kB that a repetition may add: allocators keep some
SLOW = 5000 if LONG else 500     # hosts that take eight seconds, all of which are cached in time...
SLOW_ROOM = SLOW // 5
DRIPS = SLOW // 5                # ...though these hold places beside them
SLOW_WITHIN = 60                 # seconds; eight for each place would be forty
FEW, MANY = 20, HOSTS // 2       # networks of an act
CROWDED_WITHIN = 3.0             # seconds; all in line have been tried by then, each for 0.3 s


class Attack(ArenaTest):
    settings = {"fetch_concurrency": ROOM, "fetch_timeout": f"{FETCH_TIMEOUT}s"}

    def attack(self, kinds, title):
        """All hosts at once, each asked once, healthy ones in their midst; nothing is left afterwards."""
        names = [f"{title}{n}.{kinds[n % len(kinds)]}.hosts.example" for n in range(HOSTS)]
        healthy = [f"{title}{n}.{FRESH}" for n in range(MIDST)]
        with self.arena.pulse() as pulse:
            answers, self.midst = ask_around(names, healthy)
            self.assert_nothing_under_way(FETCH_TIMEOUT + 30, pulsed=True)
        self.assert_nothing_under_way(20)
        self.assertEqual(len(answers), HOSTS)
        self.assert_beat(pulse.beat, hosts=HOSTS, midst_ms=self.midst_ms())
        return answers

    assert_beat = ArenaTest.assert_healthy

    def midst_ms(self):
        return "/".join(f"{1000 * took:.0f}{'' if answer.startswith('OK secure') else '!'}"
                        for answer, took in sorted(self.midst.values(), key=lambda seen: seen[1]))

    def assert_midst(self):
        """Who is asked for while the crowd comes is answered, and all but one in time."""
        self.assertEqual({name: answer for name, (answer, _) in self.midst.items() if not answer.startswith("OK secure")}, {})
        self.assertLess(sorted(took for _, took in self.midst.values())[-2], FRESH_WITHIN)

    def assert_harmless(self, kinds, title):
        """The attack gets no answer but NOTFOUND and harms no others, and it was one."""
        before = self.arena.played()
        answers = self.attack(kinds, title)
        self.assertEqual(set(answers.values()), {"NOTFOUND "})
        log = self.arena.daemon.log()
        self.assertEqual(acts.unlike_their_act(log, answers), {})
        self.assertEqual(set(kinds) - set(self.arena.played() - before), set())
        self.assertEqual(set(kinds) - set(acts.PATIENT) - acts.ended(log, answers), set())
        self.assert_midst()


class PolicyHosts(Attack):
    def test_all_kinds(self):
        """all kinds together: nothing but NOTFOUND for them, no harm for others, nothing left behind"""
        self.assert_harmless(HOSTILE, "a")
        after_one = self.arena.resident()
        self.assert_harmless(HOSTILE, "b")
        self.assertLess(self.arena.resident(), after_one + GROWTH)

    def test_costly_keys(self):
        """keys of 8192 bits: policies like any other, but others do not wait for them"""
        some = [f"o{n}.rsa8192.hosts.example" for n in range(COSTLY)]
        self.assertEqual({name: answer for name, answer in ask_all(some).items() if not answer.startswith("OK secure")}, {})
        answers = self.attack(["rsa8192"], "c")
        self.assert_midst()
        late = [name for name, answer in answers.items() if not answer.startswith("OK secure")]
        self.assertEqual({answers[name] for name in late} - {"NOTFOUND "}, set())
        failed = acts.reasons(self.arena.daemon.log())
        self.assertEqual(acts.unlike_their_act(self.arena.daemon.log(), set(late) & set(failed)), {})

    def test_silent(self):
        """all of them silent"""
        self.assert_harmless(["silent"], "d")

    def test_drip(self):
        """all of them an octet a second, in the handshake, then in the answer"""
        self.assert_harmless(["drip-tls"], "e")
        self.assert_harmless(["drip-http"], "f")

    @unittest.skipUnless(LONG, "each kind alone is for the long form")
    def test_each_kind(self):
        """each kind alone"""
        for act in HOSTILE:
            with self.subTest(act):
                self.assert_harmless([act], f"{act}-")


class Slow(ArenaTest):
    """Hosts that are slow and mean no harm."""
    settings = {"fetch_concurrency": SLOW_ROOM, "fetch_timeout": "60s"}

    def test_slow(self):
        """hosts that take eight seconds each, five for each place, with drips beside them: all are cached"""
        drips = [f"d{n}.drip-http.hosts.example" for n in range(DRIPS)]
        slow = [f"s{n}.slow.hosts.example" for n in range(SLOW)]
        names = [*drips[:DRIPS // 2], *slow, *drips[DRIPS // 2:]]
        with self.arena.pulse() as pulse:
            began = time.monotonic()
            answers = ask_all(names)
            self.assertEqual(len(answers), len(names))
            until(lambda: self.stored() == SLOW, lambda: f"{self.stored()} of {SLOW} policies",
                  SLOW_WITHIN - (time.monotonic() - began))
            took = time.monotonic() - began
        self.assert_healthy(pulse.beat, hosts=SLOW, drips=DRIPS, seconds=f"{took:.1f}")

    def stored(self):
        return len(set(re.findall(r"domain=(s\d+\.slow\.hosts\.example), action=stored", self.arena.daemon.log())))


class Spread(Attack):
    shape = {"networks": dict.fromkeys(HOSTILE, FEW)}

    def test_spread_silent(self):
        """all of them silent, in twenty networks"""
        self.assert_harmless(["silent"], "s")


class Crowded(Attack):
    """Shapes in which the turns of networks do not help a newcomer: silence has to give way soon."""

    def assert_midst(self):
        """Who is asked for while the crowd comes is answered, later than elsewhere."""
        self.assertEqual({name: answer for name, (answer, _) in self.midst.items() if not answer.startswith("OK secure")}, {})
        self.assertLess(max(took for _, took in self.midst.values()), CROWDED_WITHIN)


class ManyNetworks(Crowded):
    shape = {"networks": dict.fromkeys(HOSTILE, FEW) | {"silent": MANY}}

    def test_networks_all_kinds(self):
        """all kinds together, each in twenty networks, which are more than there is room for in the short form"""
        self.assert_harmless([act for act in HOSTILE if act != "silent"], "k")

    def test_networks_silent(self):
        """all of them silent, in so many networks that each has but two hosts"""
        self.assert_harmless(["silent"], "t")


class Neighbour(Crowded):
    shape = {"healthy": f"{HOSTILE_NETWORK}.200"}

    def test_neighbour_silent(self):
        """all of them silent, and the healthy host in their network"""
        self.assert_harmless(["silent"], "n")

    @unittest.skipUnless(LONG, "one kind of its neighbours is enough for the short form")
    def test_neighbour_all_kinds(self):
        """all kinds together, and the healthy host in their network"""
        self.assert_harmless(HOSTILE, "m")
