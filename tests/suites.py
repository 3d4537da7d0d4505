#!/usr/bin/python3
"""Runs the test programs of one build directory and counts their cases.

usage: suites.py BUILD_DIR TITLE [SUITE...]

Catch2's XML reporter exists in 2.13 and 3.x and has one element per case. A program
that is no Catch2 suite counts as one case. The last line is "TITLE: N passed, N failed".
"""
import json
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

LIMIT = 300  # seconds a suite may take under a sanitizer on a busy machine
# The first report ends the program with a code no test result has.
SANITIZERS = {
    "ASAN_OPTIONS": "halt_on_error=1:exitcode=99:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=1:exitcode=99:second_deadlock_stack=1",
}


def fixed_addresses():
    """ThreadSanitizer of g++ 12 does not start where the kernel randomises too many bits."""
    prefix = ["setarch", os.uname().machine, "-R"]
    works = subprocess.run(prefix + ["true"], capture_output=True, check=False).returncode == 0
    return prefix if works else []


def declared(build):
    listed = subprocess.run(["meson", "introspect", "--tests", build], capture_output=True, text=True, check=True)
    return json.loads(listed.stdout)


def is_catch(program):
    listed = subprocess.run(program + ["--list-reporters"], capture_output=True, text=True, timeout=60, check=False)
    return "xml" in listed.stdout and "junit" in listed.stdout


def run(command, test, out):
    env = dict(os.environ, **SANITIZERS, **(test.get("env") or {}))
    try:
        done = subprocess.run(command, cwd=test.get("workdir"), env=env, stdout=out, stderr=subprocess.STDOUT,
                              timeout=LIMIT, check=False)
        return done.returncode
    except subprocess.TimeoutExpired:
        return f"no end after {LIMIT} s"


def text_of(element, tag):
    return " ".join((element.findtext(tag) or "").split())


def explain(case):
    for bad in case.iter("Expression"):
        if bad.get("success") != "true":
            yield f"{bad.get('filename')}:{bad.get('line')}: {text_of(bad, 'Original')}  with  {text_of(bad, 'Expanded')}"
    for tag in ("Failure", "FatalErrorCondition", "Exception", "Info"):
        for said in case.iter(tag):
            yield f"{tag.lower()}: {' '.join((said.text or '').split())}"


def failed(case):
    result = case.find("OverallResult")
    return result is None or result.get("success") != "true"


def catch_cases(command, test, build):
    """Returns (passed, complaints)."""
    report, log = build / f"{test['name']}.xml", build / f"{test['name']}.log"
    report.unlink(missing_ok=True)
    with open(log, "wb") as out:
        code = run(command + ["-r", "xml", "-o", str(report)], test, out)
    try:
        cases = list(ET.parse(report).getroot().iter("TestCase"))
    except (OSError, ET.ParseError):
        cases = []
    complaints = [[case.get("name"), *explain(case)] for case in cases if failed(case)]
    if (code != 0 and not complaints) or not cases:
        complaints.append([f"{test['name']} ended with {code}"] + log.read_text(errors="replace").splitlines()[-60:])
    return sum(not failed(case) for case in cases), complaints


def plain_case(command, test, build):
    log = build / f"{test['name']}.log"
    with open(log, "wb") as out:
        code = run(command, test, out)
    if code == 0:
        return 1, []
    return 0, [[f"{test['name']} ended with {code}"] + log.read_text(errors="replace").splitlines()[-60:]]


def main():
    build, title, wanted = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:]
    prefix = fixed_addresses() if "tsan" in build.name else []
    total = wrong = 0
    for test in declared(build):
        if test["name"] == "lint" or (wanted and test["name"] not in wanted):
            continue
        started = time.monotonic()
        command = prefix + test["cmd"]
        runner = catch_cases if is_catch(command) else plain_case
        passed, complaints = runner(command, test, build)
        print(f"  {title}: {test['name']}: {passed} passed, {len(complaints)} failed, {time.monotonic() - started:.1f} s",
              flush=True)
        for name, *lines in complaints:
            print(f"    not ok - {name}")
            print("".join(f"        {line}\n" for line in lines), end="", flush=True)
        total, wrong = total + passed, wrong + len(complaints)
    print(f"{title}: {total} passed, {wrong} failed")
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    sys.exit(main())
