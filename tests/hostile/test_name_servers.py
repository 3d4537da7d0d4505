"""Name servers that are silent, slow, lying or endless: what is true gets through, nothing else."""
import time

from arena import LONG, ArenaTest
from crowd import ask_all
from waiting import until

EACH = 500 if LONG else 25  # domains of each kind
SECONDS = 150 if LONG else 2
SILENT = 10_000 if LONG else 4600  # at once; a resolver is sent 512 a second, as none answers
TRUE_ID = "i1"
OPEN = "NOTFOUND "          # nothing learned: delivery goes on as without MTA-STS
GOOD = "OK secure match=mx."
TRICKS = {
    "silent": OPEN,
    "slow": GOOD,
    "wrong-id": GOOD, "wrong-question": GOOD, "other-port": GOOD,  # the true answer comes, after lies
    "truncated": OPEN, "large": OPEN, "chain": OPEN, "loop": OPEN,
}
# Silence fills the window to the resolver, where a question stays a second: TXT waits, and then the addresses.
WINDOW_WAITS = 2.5  # seconds


class NameServers(ArenaTest):
    def names(self, trick, prefix):
        return [f"{prefix}{n}.{trick}.dns.example" for n in range(EACH)]

    def test_all_kinds(self):
        """all kinds together: true answers count, lies and nonsense leave the domain without a policy"""
        expected = {name: answer for trick, answer in TRICKS.items() for name in self.names(trick, "a")}
        with self.arena.pulse() as pulse:
            answers = ask_all(expected)
            self.assert_nothing_under_way(60, pulsed=True)
        wrong = {name: answers.get(name) for name, answer in expected.items()
                 if not (answers.get(name) or "").startswith(answer)}
        self.assertEqual(wrong, {})
        self.assert_healthy(pulse.beat, domains=len(expected))

    def test_forged(self):
        """the policy id is never that of a forged answer"""
        for trick in ("wrong-id", "wrong-question", "other-port"):
            name = f"f.{trick}.dns.example"
            self.assertTrue(self.arena.daemon.ask(name).startswith(GOOD))
            self.assertEqual(self.arena.daemon.json("--cache", name)["id"], TRUE_ID)

    def test_silent(self):
        """more domains whose name servers are silent than may be asked at once"""
        names = [f"s{n}.silent.dns.example" for n in range(SILENT)]
        with self.arena.pulse() as pulse:
            answers = ask_all(names)
            self.assert_nothing_under_way(90, pulsed=True)
        self.assertEqual(set(answers.values()), {OPEN})
        self.assertEqual(len(answers), len(names))
        self.assert_healthy(pulse.beat, WINDOW_WAITS, domains=len(names))

    def test_new_ids(self):
        """an id that is new in every answer: many domains of that kind, each fetched once"""
        fetched = self.fetches()
        names = [f"n{n}.ids.dns.example" for n in range(10_000 if LONG else 500)]
        with self.arena.pulse() as pulse:
            at_first = ask_all(names)
            until(lambda: all(answer.startswith(GOOD) for answer in ask_all(names).values()), "all to be known", 120)
        self.assertLessEqual(self.fetches() - fetched, len(names) + len(pulse.beat.fresh))
        self.assert_served_from_cache(pulse.beat, domains=len(names),
                                      in_time=sum(answer.startswith(GOOD) for answer in at_first.values()))

    def test_second_long_policy(self):
        """max_age of one second: asked without end, fetched at most once a minute"""
        fetched, began = self.fetches(), time.monotonic()
        names = [f"b{n}.brief.hosts.example" for n in range(20)]
        first = ask_all(names)
        while (took := time.monotonic() - began) < SECONDS:
            ask_all(names)
        self.assertEqual([answer for answer in first.values() if not answer.startswith("OK secure")], [])
        self.assertLessEqual(self.fetches() - fetched, len(names) * (1 + took // 60))
        self.assertGreaterEqual(self.fetches() - fetched, len(names) * (1 + took // 70))

    def fetches(self):
        return sum(self.arena.daemon.json("--status")["fetches"].values())
