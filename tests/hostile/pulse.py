#!/usr/bin/python3
"""What an honest client sees of the daemon, and what the daemon costs, while something goes on.

usage: pulse.py PORT PID CACHED_NAME FRESH_SUFFIX

Asks for a cached name a hundred times a second and, twice a second, for one that is new, each kind on a
connection of its own. Ends when stdin closes and it has seen enough, with one line of JSON;
the line before says that it has begun.
"""
import contextlib
import itertools
import json
import pathlib
import select
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import socketmap  # noqa: E402

CACHED_PAUSE, FRESH_PAUSE, LOOK_PAUSE = 0.01, 0.5, 0.1  # seconds
LEAST = 100  # answers, or it says nothing


def forget_peak(pid):
    """So that the next peak is this pulse's own; refused, the daemon's whole life counts."""
    with contextlib.suppress(OSError):
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def peak(pid):
    """Kilobytes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0])


class Pulse:
    def __init__(self, port, pid, cached, fresh):
        self._address, self._pid, self._over = ("127.0.0.1", port), pid, threading.Event()
        self._kinds = {"cached": (itertools.repeat(cached), CACHED_PAUSE), "fresh": (fresh_names(fresh), FRESH_PAUSE)}
        self.seen = {"cached": [], "fresh": [], "wrong": [], "resident": 0}

    def run(self):
        threads = [threading.Thread(target=self._ask, args=(kind,)) for kind in self._kinds]
        for thread in threads:
            thread.start()
        forget_peak(self._pid)
        print("begun", flush=True)
        while len(self.seen["cached"]) < LEAST or not select.select([sys.stdin], [], [], 0)[0]:
            time.sleep(LOOK_PAUSE)
        self.seen["resident"] = peak(self._pid)
        self._over.set()
        for thread in threads:
            thread.join()
        print(json.dumps(self.seen))

    def _ask(self, kind):
        names, pause = self._kinds[kind]
        with socketmap.Client(self._address, limit=60) as client:
            for name in names:
                began = time.monotonic()
                answer = client.ask(name)
                self.seen[kind] += with_those_missed(time.monotonic() - began, pause)
                if answer is None or not answer.startswith("OK secure"):
                    self.seen["wrong"].append(f"{name}: {answer}")
                if answer is None or self._over.wait(pause):
                    return


def with_those_missed(took, pause):
    """A late answer counts as often as a question would have been asked meanwhile, each late by the rest."""
    times = [took]
    while times[-1] > pause:
        times.append(times[-1] - pause)
    return times


def fresh_names(suffix):
    while True:
        yield f"f{time.monotonic_ns()}.{suffix}"


if __name__ == "__main__":
    Pulse(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]).run()
