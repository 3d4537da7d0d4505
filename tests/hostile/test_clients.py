"""Clients that hold, flood or break connections, and one that asks for more names than there are."""
import contextlib
import itertools
import re
import subprocess
import sys
import time
import unittest

import crowd
import namespace
import noise
from arena import CACHED, HERE, LONG, PULSE_DESCRIPTORS, ArenaTest, first_served, measured
from daemon import ADDRESS
from waiting import until

SECONDS = 60 if LONG else 3
IDLE, ROOM_FOR = 4000, 4096  # connections
POSTFIX = "127.0.0.1"        # where it connects from, as any user of the host may
BUSY_ROUNDS = 20 if LONG else 3
STALLED = 1000 if LONG else 300
DEAF = 20 if LONG else 3
PIPELINED = 100_000
ASKERS, AT_ONCE = 300, 700
CHURN = 10_000              # connections a second
CHURNERS = 2                # clients; they are to keep up, so they do not wait for processors either
CHURNED = 0.9 if LONG else 0.5  # of them, at least, that the client must reach
LOG_LINES = 200             # that clients may cause in a minute
FRAME_LIMIT, UNREAD_LIMIT = 10, 30  # seconds until the daemon hangs up on its own


LOCAL = "/mnt/tlspolicyd.sock"  # a file system of our own
SOMEBODY = 65534                # a user


class Clients(ArenaTest):
    settings = {"listen": f"inet:{ADDRESS[0]}:{ADDRESS[1]}, unix:{LOCAL}"}

    def hold(self, stack, count, octets=b"", source="127.66.0.1"):
        """Connections from one address that stay; each sends `octets` and does no more."""
        held = [crowd.connect(source) for _ in range(count)]
        for stream in held:
            stack.callback(stream.close)
            stream.sendall(octets)
        return held

    def status(self):
        return self.arena.daemon.json("--status")

    def connections(self):
        return self.status()["connections"]

    def pulse_goes_on(self):
        """Until the pulse has asked on each of its connections."""
        fetched = self.status()["fetches"]["ok"]
        until(lambda: self.status()["fetches"]["ok"] >= fetched + 2, "the pulse to ask for two new names")

    def test_idle(self):
        """4000 idle connections from the address that Postfix has, too, and more than there is room for: whoever asks is served"""
        with contextlib.ExitStack() as stack, self.arena.pulse() as pulse:
            self.hold(stack, IDLE, crowd.question(CACHED), POSTFIX)
            self.pulse_goes_on()
            self.hold(stack, 1000, source=POSTFIX)
            self.assertGreaterEqual(self.connections(), IDLE)
        self.assert_nothing_under_way(20)
        self.assert_healthy(pulse.beat, connections=IDLE + 1000)

    def test_busy(self):
        """one who asks on all connections there is room for, from Postfix's address: its idle ones go, and asking once more helps"""
        with contextlib.ExitStack() as stack:
            held, asked_again = self.hold(stack, ROOM_FOR, source=POSTFIX), 0
            for _ in range(BUSY_ROUNDS):
                postfix = crowd.connect(POSTFIX)
                stack.callback(postfix.close)
                self.assertTrue(crowd.answer(postfix, CACHED).startswith("OK secure"))
                held = [stream for stream in held if self.asks(stream)] + self.hold(stack, 10, crowd.question(CACHED), POSTFIX)
                if not self.asks(postfix):
                    asked_again += 1
                    with crowd.connect(POSTFIX) as again:
                        self.assertTrue(crowd.answer(again, CACHED).startswith("OK secure"))
        self.assertGreater(asked_again, 0)
        self.assert_nothing_under_way(20)
        measured(self, rounds=BUSY_ROUNDS, asked_again=asked_again)

    @staticmethod
    def asks(stream):
        """Whether its question is answered; else the daemon has closed the connection."""
        try:
            return crowd.answer(stream, CACHED).startswith("OK secure")
        except ConnectionError:
            return False

    @unittest.skipUnless(namespace.is_root(), "needs other users")
    def test_idle_on_a_local_socket(self):
        """4000 idle connections of one user, and more than there is room for: other users are served"""
        with contextlib.ExitStack() as stack, self.arena.pulse() as pulse:
            root = crowd.connect_locally(LOCAL)
            stack.callback(root.close)
            for _ in range(IDLE + 1000):
                stack.callback(crowd.connect_locally(LOCAL, SOMEBODY).close)
            until(lambda: self.connections() == ROOM_FOR, lambda: f"{self.connections()} connections to be {ROOM_FOR}")
            for _ in range(100):
                stack.callback(crowd.connect_locally(LOCAL, SOMEBODY).close)
                self.assertTrue(crowd.answer(root, CACHED).startswith("OK secure"))
                with crowd.connect_locally(LOCAL) as fresh:
                    self.assertTrue(crowd.answer(fresh, CACHED).startswith("OK secure"))
            self.assertLessEqual(self.connections(), ROOM_FOR)
        self.assert_nothing_under_way(20)
        self.assert_healthy(pulse.beat, connections=IDLE + 1100)

    def test_stalled(self):
        """half questions, and replies that nobody reads"""
        unread = b"".join([crowd.question(CACHED)] * 5000)
        with contextlib.ExitStack() as stack, self.arena.pulse() as pulse:
            halves = self.hold(stack, STALLED, b"30:QUERY half")
            deaf = self.hold(stack, DEAF, source="127.66.0.2")
            for stream in deaf:
                crowd.send_until_stuck(stream, unread)
            if LONG:
                until(lambda: self.arena.descriptors() <= self._before + PULSE_DESCRIPTORS, "the daemon to hang up",
                      UNREAD_LIMIT + 20)
        self.assert_nothing_under_way(20)
        self.assert_healthy(pulse.beat, halves=len(halves), deaf=len(deaf))

    def test_churn(self):
        """10 000 connections a second opened and closed"""
        with self.arena.pulse() as pulse:
            clients = [self.churner(n) for n in range(CHURNERS)]
            done = [[float(word) for word in client.communicate()[0].split()] for client in clients]
        made, a_second = sum(made for made, _ in done), sum(made / took for made, took in done)
        self.assert_nothing_under_way(20)
        self.assert_healthy(pulse.beat, connections=round(made), a_second=round(a_second))
        self.assertGreaterEqual(a_second, CHURNED * CHURN)

    @staticmethod
    def churner(number):
        command = (sys.executable, HERE / "churn.py", CHURN // CHURNERS, SECONDS, f"127.67.{number}")
        return subprocess.Popen(first_served(*command), stdout=subprocess.PIPE, text=True)

    def test_pipelined(self):
        """100 000 questions at once on one connection, each answered, in order"""
        kinds = {CACHED: "OK secure match=mx.cached", "[192.0.2.1]": "NOTFOUND ",
                 ".nothing": "NOTFOUND "}
        sevens = [name for name in kinds for _ in range(7)]
        names = list(itertools.islice(itertools.cycle(sevens), PIPELINED))
        with self.arena.pulse() as pulse:
            began = time.monotonic()
            answers = crowd.pipeline(names)
            took = time.monotonic() - began
        self.assertEqual(len(answers), PIPELINED)
        self.assertTrue(all(answer.startswith(kinds[name]) for name, answer in zip(names, answers)))
        self.assert_healthy(pulse.beat, questions=len(names), seconds=round(took, 2))

    def test_pipelined_crowd(self):
        """300 connections that ask 700 questions at once, again and again: all are answered, and others between"""
        questions, end = 0, time.monotonic() + SECONDS
        with self.arena.pulse() as pulse:
            while time.monotonic() < end:
                askers = [crowd.Asker([CACHED] * AT_ONCE) for _ in range(ASKERS)]
                crowd.gather(askers, 60)
                self.assertEqual({len(asker.answers) for asker in askers}, {AT_ONCE})
                questions += ASKERS * AT_ONCE
        self.assert_nothing_under_way(20)
        self.assert_healthy(pulse.beat, questions=questions)

    def test_noise(self):
        """random octets and damaged questions: the connection ends, the log stays short"""
        lines = self.arena.daemon.log().count("\n")
        source, ended, end = noise.Noise(), [], time.monotonic() + SECONDS
        with self.arena.pulse() as pulse:
            while time.monotonic() < end:
                octets = source.next()
                ended.append(self.throw(octets, noise.is_no_netstring(octets)))
        self.assertNotIn(False, ended, f"left open: seed {source.seed}, round {(ended + [False]).index(False)}")
        self.assertLess(self.arena.daemon.log().count("\n") - lines, LOG_LINES)
        self.assert_nothing_under_way(20)
        self.assert_healthy(pulse.beat, connections=len(ended), ended=ended.count(True), seed=source.seed)

    @staticmethod
    def throw(octets, awaited):
        """Whether the daemon ended the connection, where that is awaited."""
        with crowd.connect("127.66.0.3") as stream:
            with contextlib.suppress(ConnectionError):
                stream.sendall(octets)
            return crowd.ends(stream, FRAME_LIMIT / 2) if awaited else None


ENFORCED = 200
ROOM = 100_000 if LONG else 2_000
NAMES = 1_000_000 if LONG else 20_000


class NameFlood(ArenaTest):
    settings = {"cache_max_entries": ROOM}

    def evicted(self):
        told = self.arena.daemon.run("--status").stdout
        return int(re.search(r"^cache +evicted (\d+)", told, re.MULTILINE)[1])

    def test_names(self):
        """a flood of different names by one client pushes no enforced policy out"""
        enforced = [f"e{n}.good.hosts.example" for n in range(ENFORCED)]
        self.assertTrue(all(answer.startswith("OK secure") for answer in crowd.ask_all(enforced).values()))
        with self.arena.pulse() as pulse:
            began = time.monotonic()
            answers = crowd.flood(f"x{n}.flood.example" for n in range(NAMES))
            took = time.monotonic() - began
        status = self.arena.daemon.json("--status")
        self.assertEqual(answers, NAMES)
        self.assertLessEqual(status["cache"]["entries"], ROOM)
        self.assertGreaterEqual(self.evicted(), NAMES - ROOM)
        self.assertGreaterEqual(status["cache"]["by_mode"]["enforce"], ENFORCED + 1)
        self.arena.silence()
        self.assertTrue(all(answer.startswith("OK secure") for answer in crowd.ask_all(enforced).values()))
        self.assertNotIn("action=evicted", self.arena.daemon.log())
        self.assert_healthy(pulse.beat, names=NAMES, seconds=round(took, 1), entries=status["cache"]["entries"])
        measured(self, names_per_second=round(NAMES / took))
