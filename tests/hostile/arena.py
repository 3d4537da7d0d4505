"""The daemon among enemies: its world, the pulse taken of it, and what must be as before afterwards."""
import collections
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import namespace
from daemon import ADDRESS, Daemon
from waiting import until

HERE = pathlib.Path(__file__).resolve().parent
HOSTILE_NETWORK = "127.77.0"   # of all policy hosts that mean harm, where they have but one
SPREAD = 100                   # 127.100.x.1 and on, where one has its own
HEALTHY_HOST = "127.78.0.1"
ACTS = ("good", "brief", "slow", "silent", "drip-tls", "drip-http", "headers", "body", "reset-accept", "reset-hello",
        "reset-handshake", "reset-request", "reset-headers", "reset-body", "chain", "rsa8192", "key-updates",
        "renegotiation")
CACHED = "cached.good.hosts.example"
FRESH = "good.hosts.example"

PULSE_CLIENTS = 2
PULSE_DESCRIPTORS = 12   # at most, of a pulse: its connections, and one fresh name being learned

CACHED_WITHIN = 0.050   # seconds, of a cached answer
FRESH_WITHIN = 1.0      # seconds, of the first answer of a healthy domain
CACHED_AT_ALL, FRESH_AT_ALL = 0.25, 3.0  # without exception
RESIDENT = 300 * 1024   # kB
# One answer in a hundred may be late for the machine's own reasons, or because it is for a
# name that came in the midst of a crowd.
LATE_SHARE = 0.01


# Set by tests/hostile/run.
LONG = os.environ.get("TLSPOLICYD_HOSTILE") == "long"
PROGRAMS = pathlib.Path(os.environ.get("TLSPOLICYD", "build/src/tlspolicyd")).parents[1] / "tests/hostile"


def measured(test, **figures):
    """What a test found, for the reader and for RESULTS.md."""
    told = ", ".join(f"{name} {value}" for name, value in figures.items())
    print(f"    {test.id().rsplit('.', 1)[-1]}: {told}", flush=True)


# A session has a share of the processors of its own; within it goes the ordinary niceness.
PRECEDENCE = """
echo -15 2>/dev/null >/proc/self/autogroup
exec nice -n -15 "$@"
"""


def first_served(*command):
    """Enemies have machines of their own, and so has whoever builds beside us: where it is allowed,
    the daemon and the honest around it do not wait for their processors."""
    return ["setsid", "sh", "-c", PRECEDENCE, "sh", *map(str, command)]


def plainly(*command):
    return list(map(str, command))


class Beat:
    """What a pulse saw."""

    def __init__(self, seen):
        self.cached, self.fresh = sorted(seen["cached"]), sorted(seen["fresh"])
        self.wrong, self.resident = seen["wrong"], seen["resident"]

    @staticmethod
    def at(times, share):
        return times[min(int(len(times) * share), len(times) - 1)]

    @staticmethod
    def all_but_late(times):
        """The slowest but for those that may be late, of which there is always one."""
        return times[max(0, len(times) - 1 - max(1, int(len(times) * LATE_SHARE)))]

    def figures(self):
        found = {"resident_MB": round(self.resident / 1024, 1)}
        for kind in ("cached", "fresh"):
            times = getattr(self, kind)
            if times:
                found[f"{kind}_ms"] = "/".join(f"{1000 * self.at(times, share):.1f}" for share in (0.5, 0.99, 1))
        return found


def hosts(addresses):
    return [f"{address}={act}" for act, some in addresses.items() for address in some]


def hostile_hosts(networks):
    """Their addresses by act. `networks`: by act, in how many it is at home, all alone; else all share one."""
    each = itertools.count()
    return {act: [f"127.{SPREAD + n // 250}.{n % 250}.1" for n in itertools.islice(each, networks[act])]
            if act in networks else [f"{HOSTILE_NETWORK}.{number}"] for number, act in enumerate(ACTS[1:], 1)}


class Arena:
    """Name server, policy hosts and daemon, each a process of its own."""

    def __init__(self, networks=None, healthy=HEALTHY_HOST, **settings):
        """`networks`: as of hostile_hosts(). `healthy`: the address of the good host."""
        self._healthy, self._hostile = {"good": [healthy]}, hostile_hosts(networks or {})
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="tlspolicyd-hostile."))
        self._ca_file, self._processes = self.directory / "ca.pem", []
        self.daemon = Daemon(self.directory / "daemon", ca_file=str(self._ca_file), **settings)

    def start(self):
        all_hosts = hosts(self._healthy | self._hostile)
        self._spawn(*first_served(sys.executable, HERE / "name_server.py", "127.0.0.1", *all_hosts))
        authorities = [self._serve(*each) for each in ((self._healthy, first_served), (self._hostile, plainly))]
        self._ca_file.write_text("".join(authorities), encoding="ascii")
        self.daemon.start(command=first_served(*self.daemon.command()))
        until(lambda: self.daemon.ask(CACHED).startswith("OK secure"), self.daemon.log)

    def _serve(self, addresses, how):
        """Policy hosts in a process of their own: the healthy do not wait for the others. Their authority."""
        ca_file = self.directory / f"ca{len(self._processes)}.pem"
        self._spawn(*how(PROGRAMS / "policy_hosts", ca_file, HERE / "rsa8192.pem", *hosts(addresses)))
        return until(lambda: ca_file.exists() and ca_file.read_text(encoding="ascii"), "the policy hosts")

    def played(self):
        """Of each act, how many connections came as far as it needs."""
        return collections.Counter(word for file in self.directory.glob("*.played")
                                   for word in file.read_text(encoding="ascii").split())

    def _spawn(self, *command):
        self._processes.append(subprocess.Popen(command, stdin=subprocess.PIPE))

    def close(self):
        self.daemon.stop()
        self.silence()
        shutil.rmtree(self.directory)

    def silence(self):
        """From now on name server and policy hosts are gone."""
        for process in self._processes:
            process.stdin.close()
        for process in self._processes:
            process.wait(20)

    @property
    def pid(self):
        return self.daemon.process.pid

    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.pid}/fd").iterdir()))

    def resident(self):
        """Kilobytes."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0])

    def left_over(self, clients):
        """Of what --status shows: connections beyond those, and rows that are still to be written, of which
        each client may have some."""
        status = self.daemon.json("--status")
        found = {"connections": status["connections"], "rows": status["store"]["pending"]}
        return {what: count for what, count in found.items() if count > clients}

    def log_about(self, answers):
        """What the log says of the names in "NAME: ANSWER"."""
        names = [answer.partition(":")[0] for answer in answers]
        return [line for line in self.daemon.log().splitlines() if any(name in line for name in names)]

    def pulse(self):
        return Pulse(self)


class Pulse:
    """A context: takes the pulse from its begin to its end."""

    def __init__(self, arena):
        self._command = [sys.executable, HERE / "pulse.py", ADDRESS[1], arena.pid, CACHED, FRESH]
        self.beat = None

    def __enter__(self):
        self._process = subprocess.Popen(first_served(*self._command), stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)
        self._process.stdout.readline()
        return self

    def __exit__(self, kind, *_):
        told, _ = self._process.communicate(timeout=90)
        if kind is None:
            self.beat = Beat(json.loads(told))


@unittest.skipUnless(namespace.ready(), namespace.REFUSED)
class ArenaTest(unittest.TestCase):
    """One arena for all tests of a class."""

    shape, settings = {}, {}  # of Arena

    @classmethod
    def setUpClass(cls):
        cls.arena = Arena(**cls.shape, **cls.settings)
        cls.addClassCleanup(cls.arena.close)
        cls.arena.start()

    def setUp(self):
        self._before = self.arena.descriptors()

    def assert_served_from_cache(self, beat, **figures):
        """What holds however many first contacts of honest domains there are."""
        measured(self, **beat.figures(), **figures)
        self.assertEqual([answer for answer in beat.wrong if answer.startswith(CACHED)], [])
        self.assertLess(beat.all_but_late(beat.cached), CACHED_WITHIN)
        self.assertLess(beat.cached[-1], CACHED_AT_ALL)
        self.assertLess(beat.resident, RESIDENT)

    def assert_healthy(self, beat, fresh_within=FRESH_WITHIN, **figures):
        self.assert_served_from_cache(beat, **figures)
        self.assertEqual(beat.wrong, [], self.arena.log_about(beat.wrong))
        self.assertLess(beat.all_but_late(beat.fresh), fresh_within)
        self.assertLess(beat.fresh[-1], FRESH_AT_ALL)

    def assert_nothing_under_way(self, limit, pulsed=False):
        """Descriptors are what they were, `pulsed`: but for those of a pulse that goes on; no client is left,
        and all that was learned is stored."""
        wanted = self._before + (PULSE_DESCRIPTORS if pulsed else 0)
        until(lambda: self.arena.descriptors() <= wanted,
              lambda: f"{self.arena.descriptors()} descriptors to become {wanted}", limit)
        clients = PULSE_CLIENTS if pulsed else 0
        until(lambda: self.arena.left_over(clients) == {}, lambda: f"{self.arena.left_over(clients)} to go")

