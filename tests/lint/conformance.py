"""The rows of the conformance tables and the tests named after them.

A test covers a row when its name begins with the row's ID, alone or in a list:
"D-07 several records", "D-07, D-08: ...", "F-24/F-25 ...". The table between the
marks in tests/README.md is written from those names: tests/lint/run --write-table.
"""
import re

ROWS = {"D": 21, "F": 32, "P": 16, "C": 20, "M": 12, "N": 18, "R": 12, "S": 10, "X": 7}
INSERTED = ["N-08b"]  # rows behind the one of the same number
NO_TEST = {
    "F-09": "revocation is not checked for policy hosts (optional in RFC 8461 section 3.3)",
    "M-11": "revocation of MX certificates is Postfix's affair (optional in RFC 8461 section 4.2)",
    "N-13": "which MX host comes first is for Postfix to say: the daemon never touches its list",
    "N-17": "what is checked of a certificate under usage 2 or 3 is Postfix's and OpenSSL's affair",
    "R-10": "comes with the TLSRPT reporter",
    "R-11": "comes with the TLSRPT reporter",
    "R-12": "comes with the TLSRPT reporter",
}
BEGIN, END = "<!-- rows: begin -->", "<!-- rows: end -->"

ID = re.compile(r"\b([DFPCMNRSX])-(\d\d[a-z]?)\b")
PREFIX = re.compile(r"(?:[A-Z]{1,2}-\d\d[a-z]?(?:\s+to\s+|[\s,/&+:]|\band\b)*)+")
NAMES = [
    re.compile(r'\b(?:TEST_CASE|TEST_CASE_METHOD\([^,]+,|SCENARIO)\s*\(?\s*"((?:[^"\\]|\\.)*)"'),  # Catch2
    re.compile(r'^\s*def test_\w+\(self[^)]*\):\s*\n\s*"""(.+?)(?:"""|$)', re.M),  # unittest
]


def all_rows():
    numbered = [f"{letter}-{number:02}" for letter, last in ROWS.items() for number in range(1, last + 1)]
    letters = list(ROWS)
    return sorted(numbered + INSERTED, key=lambda row: (letters.index(row[0]), row))


def rows_of(name):
    prefix = PREFIX.match(name)
    if not prefix:
        return []
    span = re.match(r"([DFPCMNRSX])-(\d\d)\s+to\s+\1-(\d\d)", prefix.group())
    if span:
        return [f"{span[1]}-{n:02}" for n in range(int(span[2]), int(span[3]) + 1)]
    return ["-".join(found) for found in ID.findall(prefix.group())]


def named_tests(files):
    """Yields (row, test name, path) for every test whose name begins with a row."""
    for path, text in files:
        if not re.match(r"tests/(unit|vectors|scenario|protocol|integration|faults|fuzz)/", path):
            continue
        for pattern in NAMES:
            for name in pattern.findall(text):
                for row in rows_of(name):
                    yield row, name, path


def table(files):
    tests = {}
    for row, name, path in named_tests(files):
        tests.setdefault(row, []).append((name.replace("|", r"\|"), path))
    lines = ["| row | test | where |", "|---|---|---|"]
    for row in all_rows():
        for name, path in sorted(tests.get(row, []), key=lambda test: test[1]):
            lines.append(f"| {row} | {name} | `{path.removeprefix('tests/')}` |")
        if row in NO_TEST:
            lines.append(f"| {row} | none: {NO_TEST[row]} | |")
    return "\n".join(lines)


def problems(files):
    covered = {row for row, _, _ in named_tests(files)}
    bare = [row for row in all_rows() if row not in covered and row not in NO_TEST]
    if bare:
        yield f"no test is named after {', '.join(bare)}"


def table_problems(readme, files):
    """Every row is in the table, and what the table says is true. It may lack a test."""
    if BEGIN not in readme:
        yield f"tests/README.md: no table of rows ({BEGIN})"
        return
    written = set(readme.split(BEGIN)[1].split(END)[0].strip().splitlines())
    true = set(table(files).splitlines())
    for line in sorted(written - true):
        yield f"tests/README.md: no such test: {line}"
    for row in all_rows():
        if not any(line.startswith(f"| {row} |") for line in written & true):
            yield f"tests/README.md: nothing on {row}"
    if written - true:
        yield "tests/lint/run --write-table writes it anew"


def with_table(readme, files):
    head, rest = readme.split(BEGIN)
    return f"{head}{BEGIN}\n{table(files)}\n{END}{rest.split(END)[1]}"
