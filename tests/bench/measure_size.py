"""What grows with the number of entries: memory, start, answers."""
import random
import time

import rig as rigs
from checks import complete, fetched
from measure_answers import one_round
from tables import Samples, Table, number

SIZES = (1_000, 10_000, 100_000, 1_000_000)
RECHECKS = 15_000  # a second: loaded policies are not current until their TXT was asked again


def first_reply(daemon, name):
    """The first one that comes, whatever it says."""
    while True:
        try:
            if reply := rigs.ask(rigs.DAEMON_PORT, name):
                return reply
        except OSError:
            pass
        if time.monotonic() > daemon.began + 60:
            raise RuntimeError("no answer within a minute")


def first_answer(rig, size):
    """Milliseconds from exec to the first answer, which only the store can give, and to all loaded."""
    name = f"mail-{random.randrange(size)}.pol.bench.example"
    dead = f"127.0.0.1:{rigs.NOBODY_PORT}"
    with rigs.Daemon(rig, wait=False, cache=f"sqlite:{rig.store(size)}", resolver=dead) as daemon:
        reply = first_reply(daemon, name)
        answered = time.monotonic() - daemon.began
        if not reply.startswith("OK secure ") or f"match=mx1.{name}:" not in reply:
            raise RuntimeError(f"the first answer about {name} was {reply!r}")
        daemon.wait_loaded()
        loaded = time.monotonic() - daemon.began
        fetched(daemon.status(), 0, "restart without a resolver")
        return answered * 1e3, loaded * 1e3, daemon.memory()


def restart(rig, rounds, sizes=SIZES):
    table = Table("Restart", ["first answer ms", "slowest ms", "all loaded ms", "resident MB"],
                  note="From exec to the first answer, which is right: about a stored policy, a random one each time, while no "
                       "resolver listens. The file is in the page cache.")
    for size in sizes:
        samples = Samples()
        readings = [first_answer(rig, size) for _ in range(rounds)]
        for answered, loaded, memory in readings:
            samples.add("x", answered=answered, loaded=loaded, memory=memory / 1e6)
        table.add(f"{number(size)} entries stored", number(samples.median("x", "answered")), number(max(r[0] for r in readings)),
                  number(samples.median("x", "loaded")), number(samples.median("x", "memory")))
    return [table]


def idle_memory(rig):
    with rig.daemon() as daemon:
        time.sleep(0.5)
        return daemon.memory()


def speed(samples, daemon, bare, names, rounds, seconds):
    for _ in range(rounds):
        one_round(samples, {"tlspolicyd": daemon, "bare responder": bare}, ["ask", names, 50, 1, seconds])


def growth(rig, rounds, sizes=SIZES, seconds=1.5):
    table = Table("Growth from 10^3 to 10^6 entries", ["resident MB", "octets an entry", "answers/s", "rate / bare", "p99 / bare"],
                  note="All names asked at random over 50 connections. Octets an entry: resident memory beyond the idle daemon's.")
    idle = idle_memory(rig)
    table.add("idle", number(idle / 1e6), "–", "–", "–", "–")
    with rig.bare() as bare:
        for kind in ("pol", "none"):
            for size in sizes:
                grow(rig, table, bare, kind, size, idle, rounds, seconds)
    return [table]


def grow(rig, table, bare, kind, size, idle, rounds, seconds):
    settings = {"cache": f"sqlite:{rig.store(size)}"} if kind == "pol" else {}
    names, samples = rig.names(kind, size), Samples()
    with rig.daemon(**settings) as daemon:
        if kind == "pol":
            daemon.wait_loaded()
        memory = daemon.memory()
        complete(rigs.load("once", rigs.DAEMON_PORT, names, 64, RECHECKS if kind == "pol" else 0), size, f"first pass over {names}")
        daemon.wait_settled()
        memory = daemon.memory() if kind == "none" else memory
        speed(samples, daemon, bare, names, rounds, seconds)
    table.add(f"{number(size)} {'policies' if kind == 'pol' else 'absences'}", number(memory / 1e6), number((memory - idle) / size),
              number(samples.median("tlspolicyd", "rate")), number(samples.ratio("tlspolicyd", "bare responder", "rate")),
              number(samples.ratio("tlspolicyd", "bare responder", "p99_us")))
