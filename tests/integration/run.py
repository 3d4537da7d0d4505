#!/usr/bin/python3
"""Runs the integration tests against one binary.

usage: run.py BINARY [PATTERN...]     a pattern is a part of module.Class.test
"""
import fnmatch
import os
import pathlib
import sys
import time
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import debian13  # noqa: E402
import namespace  # noqa: E402


class Report(unittest.TestResult):
    """One line a test, reasons below it, the count last."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self._began = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()

    def _say(self, verdict, test, more=""):
        name = test.id() if hasattr(test, "id") else str(test)
        title = test.shortDescription() if hasattr(test, "shortDescription") else None
        print(f"{verdict} - {name}{': ' + title if title else ''}{more}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self._say("ok", test, f" ({time.monotonic() - self._began:.2f} s)")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say("skipped", test, f" ({reason})")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say("not ok", test)
        print(self.failures[-1][1], flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        self._say("not ok", test)
        print(self.errors[-1][1], flush=True)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._say("not ok", subtest)
            print((self.failures + self.errors)[-1][1], flush=True)


def chosen(suite, patterns):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from chosen(test, patterns)
        elif not patterns or any(fnmatch.fnmatch(test.id(), f"*{pattern}*") for pattern in patterns):
            yield test


def run(folder, title, patterns):
    """All tests of a folder that have one of the names; what the program ends with."""
    found = unittest.TestLoader().discover(str(folder), top_level_dir=str(folder))
    tests = unittest.TestSuite(chosen(found, patterns))
    if tests.countTestCases() == 0:
        print(f"no test is called {' or '.join(patterns)}")
        return 1
    report = Report()
    tests.run(report)
    wrong = len(report.failures) + len(report.errors)
    print(f"{title}: {report.passed} passed, {wrong} failed, {len(report.skipped)} skipped")
    return 1 if wrong else 0


def main():
    binary, patterns = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    if not binary.exists():
        print(f"no binary at {binary}")
        return 1
    os.environ["TLSPOLICYD"] = str(binary)
    if not patterns or "13" in "".join(patterns):
        debian13.prepare()
    namespace.enter()
    return run(HERE, "integration", patterns)


if __name__ == "__main__":
    sys.exit(main())
