"""The tests that README.md names are there.

In code marks, "test_module.test_method" is a method of that file, "file: case" a Catch2
case of tests/**/file.cc, by its whole name.
"""
import pathlib
import re

METHOD = re.compile(r"`(test_\w+)\.(test_\w+)`")
CASE = re.compile(r"`(\w+_(?:test|rows)): ([^`]+)`")
IN_C = re.compile(r'\b(?:TEST_CASE|TEST_CASE_METHOD\([^,]+,)\s*\(?\s*"((?:[^"\\]|\\.)*)"')
IN_PYTHON = re.compile(r"^\s*def (test_\w+)\(", re.M)


def there(files):
    """Every test of the tree as (name of its file, name of the test)."""
    tests = set()
    for path, text in files:
        pattern = {".cc": IN_C, ".py": IN_PYTHON}.get(pathlib.PurePath(path).suffix)
        if path.startswith("tests/") and pattern:
            tests.update((pathlib.PurePath(path).stem, name) for name in pattern.findall(text))
    return tests


def problems(readme, files):
    known = there(files)
    named = METHOD.findall(readme) + CASE.findall(readme)
    if not named:
        yield "README.md: no claim of the threat model names a test"
    for file, name in named:
        if (file, name) not in known:
            yield f"README.md: there is no test {name!r} in {file}"
