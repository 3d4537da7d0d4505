"""What other work does to warm answers: a storm of first contacts, a listing."""
import json
import pathlib
import subprocess
import time

import rig as rigs
from checks import STORM, complete, fetched, kept_pace
from measure_answers import warm
from tables import Samples, Table, number

WARM, PACE = 1000, 1000  # names; questions a second
FRESH = 200              # first contacts a second
ROWS = pathlib.Path("/mnt/listing")  # in memory, as all of the namespace's /mnt


def paced(samples, subject, names, seconds):
    seen = kept_pace(rigs.load("paced", rigs.DAEMON_PORT, names, 16, PACE, seconds), PACE, subject)
    samples.add(subject, p50_us=seen["p50_us"], p99_us=seen["p99_us"], p999_us=seen["p999_us"], max_us=seen["max_us"])


def outlasting(other, work, what):
    """Does `work`, all of it while `other` runs; then waits for that, and gives its output."""
    with other:
        try:
            work()
            if other.poll() is not None:
                raise RuntimeError(f"{what} had ended, with {other.returncode}, before the questions did")
            output = other.communicate(timeout=rigs.PATIENCE)[0]
        except BaseException:
            other.kill()
            raise
    if other.returncode != 0:
        raise RuntimeError(f"{what}: exit {other.returncode}")
    return output


def latencies(title, samples, subjects, note):
    table = Table(title, ["p50 µs", "p99 µs", "p99.9 µs", "greatest µs"], note=note)
    for subject in subjects:
        table.add(subject, *(number(samples.median(subject, name)) for name in ("p50_us", "p99_us", "p999_us", "max_us")))
    return table


def one_storm(samples, names, fresh, seconds):
    command = [rigs.program("load"), "once", str(rigs.DAEMON_PORT), fresh, str(FRESH), str(FRESH)]
    other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = outlasting(other, lambda: paced(samples, "200 first contacts a second", names, seconds), "the storm")
    seen = complete(json.loads(output), rigs.count(fresh), "the storm")
    samples.add("storm", rate=kept_pace(seen, FRESH, "the storm", STORM)["rate"])


def storm(rig, rounds, seconds=4.0):
    names, samples, count = rig.names("pol", WARM), Samples(), int(FRESH * (seconds + 1))
    with rig.daemon() as daemon:
        warm(rigs.DAEMON_PORT, names, 20)
        for turn in range(rounds):
            paced(samples, "idle", names, seconds)
            one_storm(samples, names, rig.names("pol", count, 2_000_000 + turn * count), seconds)
        fetched(daemon.status(), WARM + rounds * count, "storm")
    return [latencies("Warm answers under a storm", samples, ["idle", "200 first contacts a second"],
                      f"1 000 warm questions a second over 16 connections, beside first contacts of which "
                      f"{number(samples.median('storm', 'rate'))} a second were answered, all rightly; name server, policy "
                      "server, both loads and the daemon share the two cores.")]


def one_listing(daemon, samples, names, size, seconds):
    def work():
        paced(samples, "while a listing streams", names, seconds)
        if ROWS.stat().st_size == 0:
            raise RuntimeError("the listing had not begun when the questions ended")

    began = time.monotonic()
    with open(ROWS, "wb") as rows:
        outlasting(subprocess.Popen(daemon.command("--cache", "--json"), stdout=rows), work, "the listing")
    samples.add("listing", seconds=time.monotonic() - began)
    listed = rows_listed()
    if listed != size:
        raise RuntimeError(f"{listed} entries were listed of {size}")


def rows_listed():
    """One a line, between brackets; parsed as a whole they would fill the machine."""
    with open(ROWS, "rb") as rows:
        first, *middle, last = (line[:1] for line in rows)
    if (first, last) != (b"[", b"]") or set(middle) != {b"{"}:
        raise RuntimeError("the listing is not whole")
    return len(middle)


def listing(rig, rounds, size=1_000_000, seconds=4.0):
    samples, names = Samples(), rig.names("pol", WARM)
    with rig.daemon(cache=f"sqlite:{rig.store(size)}") as daemon:
        daemon.wait_loaded()
        warm(rigs.DAEMON_PORT, names, 20, 2000)
        for _ in range(rounds):
            paced(samples, "idle", names, seconds)
            one_listing(daemon, samples, names, size, seconds)
    ROWS.unlink()
    return [latencies(f"--cache of {number(size)} entries while serving", samples, ["idle", "while a listing streams"],
                      "1 000 warm questions a second over 16 connections. The whole listing, with each entry in it, took "
                      f"{number(samples.median('listing', 'seconds'))} s, and streamed in each round until after the questions had ended.")]
