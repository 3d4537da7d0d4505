"""Writes RESULTS.md: the goals, the parts measured last, and below them what people wrote.

The file itself is what is kept: a part that was not measured now stays as it stands there.
"""
import os
import pathlib
import re
import subprocess
import time

import goals
import rig as rigs

FILE = pathlib.Path(__file__).resolve().parent / "RESULTS.md"
OWN = "<!-- measured: end; below is written by hand -->"
GOALS = "goals"
ORDER = ("answers", "contact", "dane", "reach", "storm", "listing", "restart", "growth", "micro")
SECTION = re.compile(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", re.M | re.S)
HEAD = """# Measured

Written by `tests/bench/run`. Medians of alternating rounds; a ratio is the median of the rounds' own.
Absolute figures drift with the machine, which others share: compare within one table.
"""
JUDGED = "Judged by the figures below, as they are written.\n"


def _output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=rigs.TOP).stdout.strip()


def _machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii")).group(1)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(encoding="ascii")).group(1)) // 1024
    versions = _output("dpkg-query", "-W", "-f=${Package} ${Version}, ", "libssl3", "libevent-core-2.1-7", "nsd", "postfix-mta-sts-resolver")
    return (f"{os.cpu_count()} cores of {cpu}, {memory} MB, Linux {os.uname().release}; {versions.strip(', ')}; "
            f"{_output('g++', '--version').splitlines()[0]}, -O3.")


def circumstances():
    """Of one part: which tree, when, how busy the machine was before it began, and which machine."""
    changed = _output("git", "status", "--porcelain", "--untracked-files=no", "--", "src", "tests/bench", f":!{FILE.relative_to(rigs.TOP)}")
    commit = _output("git", "rev-parse", "--short", "HEAD") + ("+" if changed else "")
    return (f"Commit {commit}, {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}, "
            f"load average {os.getloadavg()[0]:.1f} before, {{after}} after.\n{_machine()}")


def read():
    """(sections by part, what people wrote). Refuses what would not survive being written again."""
    if not FILE.exists():
        return {}, "\n"
    measured, mark, own = FILE.read_text(encoding="utf-8").partition(OWN)
    if not mark:
        raise RuntimeError(f"{FILE}: nothing says where the part written by hand begins: {OWN}")
    found = dict(SECTION.findall(measured))
    found.pop(GOALS, None)
    if unknown := set(found) - set(ORDER):
        raise RuntimeError(f"{FILE}: no part of the measurements is called {', '.join(sorted(unknown))}")
    return {part: text.strip("\n") for part, text in found.items()}, own


def keep(part, tables, before):
    """Puts this part in place of its last one; gives its text."""
    sections, own = read()
    now = before.format(after=f"{os.getloadavg()[0]:.1f}")
    sections[part] = "\n\n".join([now, *(table.markdown().strip("\n") for table in tables)])
    write(sections, own)
    return sections[part]


def write(sections, own):
    parts = {GOALS: JUDGED + "\n" + goals.table(sections).strip("\n"),
             **{part: sections[part] for part in ORDER if part in sections}}
    text = HEAD + "".join(f"\n## {part}\n\n{body}\n" for part, body in parts.items())
    FILE.with_suffix(".new").write_text(f"{text}\n{OWN}{own}", encoding="utf-8")
    FILE.with_suffix(".new").replace(FILE)
