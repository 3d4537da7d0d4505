"""Looks at each text file by itself: size, work left undone, words that have no place here."""
import re

# Above these a file holds two subjects.
LIMITS = [
    (r"src/.*\.h$", 160),
    (r"src/.*\.cc$", 350),
    (r"tests/.*\.(cc|h|py)$", 600),
]
UNDONE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# Documents and code name no download place, and no path of the machine they were written on.
HOSTS = re.compile(r"https?://([\w.-]+)")
HOSTS_ALLOWED = re.compile(
    r"(www\.)?(rfc-editor|ietf|postfix)\.org|"
    r"([\w-]+\.)*(example|example\.(com|net|org)|test|invalid|localhost)|mta-sts|[\w.-]*\.|"
    r"(\d+\.){3}\d+")
INSTALLERS = re.compile(r"\b(pip3? install|npm (install|i)|cargo install|go install|docker pull|curl [^|\n]*\| *(ba)?sh)\b")
ELSEWHERE = re.compile(r"(?<![\w.])/work/\w|\.\./shared\b|/root/")


def too_long(path, lines):
    for pattern, limit in LIMITS:
        if re.match(pattern, path):
            return [f"{path}: {len(lines)} lines, {limit} at most"] if len(lines) > limit else []
    return []


MERGE = re.compile(r"(<{7}|>{7}) ")


def words(path, lines):
    if path == "tests/lint/texts.py":
        return
    for number, line in enumerate(lines, 1):
        if UNDONE.search(line):
            yield f"{path}:{number}: work left undone: {line.strip()[:80]}"
        if MERGE.match(line):
            yield f"{path}:{number}: an unsettled merge"
        if INSTALLERS.search(line):
            yield f"{path}:{number}: installs from outside the distribution"
        if ELSEWHERE.search(line):
            yield f"{path}:{number}: a path of somebody's machine"
        for host in HOSTS.findall(line):
            if not HOSTS_ALLOWED.fullmatch(host):
                yield f"{path}:{number}: address of {host} (RFC texts, Postfix and example names only)"


def blanks(path, lines):
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield f"{path}:{number}: blanks at the end of the line"
