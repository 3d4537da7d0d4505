"""Writes RESULTS.md: the parts measured last, and below them what people wrote."""
import json
import os
import pathlib
import re
import subprocess
import time

import rig as rigs

FILE = pathlib.Path(__file__).resolve().parent / "RESULTS.md"
KEPT = rigs.BUILD / "results.json"  # parts measured earlier
OWN = "<!-- measured: end; below is written by hand -->"
ORDER = ("answers", "contact", "dane", "storm", "listing", "restart", "growth")


def _output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=rigs.TOP).stdout.strip()


def circumstances():
    """Of one part: when, which tree, and how busy the machine was before it began."""
    changed = _output("git", "status", "--porcelain", "--untracked-files=no", "--", "src", "tests/bench", f":!{FILE.relative_to(rigs.TOP)}")
    return {"commit": _output("git", "rev-parse", "--short", "HEAD") + ("+" if changed else ""),
            "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "load": f"{os.getloadavg()[0]:.1f}"}


def _machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii")).group(1)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(encoding="ascii")).group(1)) // 1024
    versions = _output("dpkg-query", "-W", "-f=${Package} ${Version}, ", "libssl3", "libevent-core-2.1-7", "nsd", "postfix-mta-sts-resolver")
    return (f"{os.cpu_count()} cores of {cpu}, {memory} MB, Linux {os.uname().release}; {versions.strip(', ')}; "
            f"{_output('g++', '--version').splitlines()[0]}, buildtype release.")


def keep(part, tables, before):
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    after = f"{os.getloadavg()[0]:.1f}"
    kept[part] = {**before, "load_after": after, "tables": [table.markdown() for table in tables]}
    KEPT.write_text(json.dumps(kept), encoding="utf-8")
    _write(kept)


def _write(kept):
    own = FILE.read_text(encoding="utf-8").partition(OWN)[2] if FILE.exists() else "\n"
    lines = ["# Measured", "", "Written by `tests/bench/run`. Medians of alternating rounds; a ratio is the median of the rounds' own.",
             "Absolute figures drift with the machine, which others share: compare within one table.", "", _machine(), ""]
    for part in sorted(kept, key=ORDER.index):
        seen = kept[part]
        lines += [f"## {part}", "", f"Commit {seen['commit']}, {seen['date']}, load average {seen['load']} before, {seen['load_after']} after.", "",
                  *seen["tables"]]
    FILE.write_text("\n".join(lines) + "\n" + OWN + own, encoding="utf-8")
