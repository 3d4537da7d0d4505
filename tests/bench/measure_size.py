"""What grows with the number of entries: memory, start, answers, listings; and what a
storm of first contacts does to warm answers."""
import random
import subprocess
import time

import rig as rigs
from measure_answers import checked, one_round, warm
from tables import Samples, Table, number

SIZES = (1_000, 10_000, 100_000, 1_000_000)
RECHECKS = 15_000  # a second: loaded policies are not current until their TXT was asked again


def paced(samples, subject, names, seconds):
    seen = checked(rigs.load("paced", rigs.DAEMON_PORT, names, 16, 1000, seconds), subject)
    samples.add(subject, p50_us=seen["p50_us"], p99_us=seen["p99_us"], p999_us=seen["p999_us"], max_us=seen["max_us"])


def beside(command, work):
    """Does `work` while `command` runs; ends it by its pid if it has not ended by then."""
    other = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    try:
        work()
        return other.poll()
    finally:
        if other.poll() is None:
            other.terminate()
        other.wait()


def latencies(title, samples, subjects, note):
    table = Table(title, ["p50 µs", "p99 µs", "p99.9 µs", "greatest µs"], note=note)
    for subject in subjects:
        table.add(subject, *(number(samples.median(subject, name)) for name in ("p50_us", "p99_us", "p999_us", "max_us")))
    return table


def storm(rig, rounds, seconds=4.0):
    names, samples, first = rig.names("pol", 1000), Samples(), 2_000_000
    with rig.daemon() as daemon:
        warm(rigs.DAEMON_PORT, names, 20)
        for _ in range(rounds):
            paced(samples, "idle", names, seconds)
            count = int(200 * (seconds + 1))
            fresh = rig.names("pol", count, first)
            beside([rigs.program("load"), "once", rigs.DAEMON_PORT, fresh, 200, 200],
                   lambda: paced(samples, "200 first contacts a second", names, seconds))
            first += count
        fetched = daemon.status()["fetches"]
    print(f"   fetches: {fetched}", flush=True)
    return [latencies("Warm answers under a storm", samples, ["idle", "200 first contacts a second"],
                      "1 000 warm questions a second over 16 connections; name server, policy server, both loads and "
                      "the daemon share the two cores.")]


def listing(rig, rounds, size=1_000_000, seconds=4.0):
    samples = Samples()
    with rig.daemon(cache=f"sqlite:{rig.store(size)}") as daemon:
        daemon.wait_loaded()
        names = rig.names("pol", 1000)
        warm(rigs.DAEMON_PORT, names, 20, 2000)
        for _ in range(rounds):
            paced(samples, "idle", names, seconds)
            began = time.monotonic()
            lister = subprocess.Popen(daemon.command("--cache", "--json"), stdout=subprocess.DEVNULL)
            paced(samples, "while a listing streams", names, seconds)
            samples.add("idle", covered=float(lister.poll() is None))
            lister.wait(rigs.PATIENCE)
            samples.add("listing", seconds=time.monotonic() - began)
    table = latencies(f"--cache of {number(size)} entries while serving", samples, ["idle", "while a listing streams"],
                      f"1 000 warm questions a second over 16 connections. The whole listing took "
                      f"{number(samples.median('listing', 'seconds'))} s; it still streamed when the questions ended in "
                      f"{'all' if samples.median('idle', 'covered') == 1 else 'not all'} rounds.")
    return [table]


def first_answer(rig, size):
    """Milliseconds from exec to the first right answer, and to all loaded."""
    name = f"mail-{random.randrange(size)}.pol.bench.example"
    with rigs.Daemon(rig, wait=False, cache=f"sqlite:{rig.store(size)}") as daemon:
        reply = ""
        while not reply.startswith("OK secure"):
            try:
                reply = rigs.ask(rigs.DAEMON_PORT, name)
            except OSError:
                pass
            if time.monotonic() > daemon.began + 60:
                raise RuntimeError(f"no right answer within a minute, last: {reply!r}")
        answered = time.monotonic() - daemon.began
        daemon.wait_loaded()
        return answered * 1e3, (time.monotonic() - daemon.began) * 1e3, daemon.memory()


def restart(rig, rounds, sizes=SIZES):
    table = Table("Restart", ["first answer ms", "slowest ms", "all loaded ms", "resident MB"],
                  note="From exec to a right answer about a stored policy, a random one each time; the file is in the page cache.")
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
        checked(rigs.load("once", rigs.DAEMON_PORT, names, 64, RECHECKS if kind == "pol" else 0), f"first pass over {names}")
        daemon.wait_settled()
        memory = daemon.memory() if kind == "none" else memory
        speed(samples, daemon, bare, names, rounds, seconds)
    table.add(f"{number(size)} {'policies' if kind == 'pol' else 'absences'}", number(memory / 1e6), number((memory - idle) / size),
              number(samples.median("tlspolicyd", "rate")), number(samples.ratio("tlspolicyd", "bare responder", "rate")),
              number(samples.ratio("tlspolicyd", "bare responder", "p99_us")))
