"""Reads the #include lines: arrows between folders point down, libraries stay at home."""
import re

# A folder may include what stands on a lower level, and itself.
LEVELS = [
    ["base"],
    ["dnsdata", "dane", "event"],
    ["config", "dns/wire", "net", "sts"],
    ["cache", "dns/link", "http", "postfix", "process", "tls"],
    ["dns", "fetch", "listen", "postconf", "store"],
    ["discover", "store/sqlite"],
    ["explain"],
    ["learn", "view"],
    ["answer"],
    ["control", "socketmap"],
    ["cli"],
    ["tlspolicyd"],
]
LEVEL_OF = {folder: level for level, folders in enumerate(LEVELS) for folder in folders}

# Ports are headers without a library behind them: a neighbour may name them.
PORTS = {"dns/dns.h", "fetch/https.h"}

# Include path -> the places under src/ and tests/ that may name it.
HOMES = {
    r"event2/": r"src/event/",
    r"ldns/": r"src/dns/wire/",
    r"openssl/": r"src/(tls|fetch)/|tests/",
    r"sqlite3\.h": r"src/store/sqlite/|tests/",
    r"seccomp\.h": r"src/process/syscall_filter",
    r"idn2\.h": r"src/sts/domain",
    r"nlohmann/": r"src/view/|tests/",
    r"httplib\.h": r"tests/",
    r"tl/expected\.hpp": r"src/",
    r"catch2/": r"tests/catch(_main)?\.",
}
SYSTEM = re.compile(
    r"(sys|netinet|net|arpa|linux)/\w+\.h|"
    r"(unistd|fcntl|poll|pthread|signal|spawn|grp|pwd|netdb|syslog|sysexits|termios|getopt|dirent|dlfcn|time|malloc|sched|ifaddrs)\.h")
STANDARD = re.compile(r"[a-z_0-9]+")
TOO_NEW = {"ranges", "format", "coroutine", "generator", "print"}  # not all of our compilers have them
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


NAMED = re.compile(r"(?<![\w/.<\"])(?:[a-z_]+/)+[a-z_0-9]+\.h\b")


def named_headers(files):
    """Headers of ours that comments and texts name by folder are there."""
    there = {name.removeprefix(start) for name, _ in files for start in ("", "src/", "tests/")}
    for path, text in files:
        if not path.endswith((".h", ".cc", ".md")):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for name in NAMED.findall(line):
                if name not in there:
                    yield f"{path}:{number}: no header {name}"


def folder_of(path):
    """Of a path below src/."""
    return path.rpartition("/")[0] or "."


def own_include(path, target):
    """A quoted include from src/: is the arrow allowed?"""
    here, there = folder_of(path.removeprefix("src/")), folder_of(target)
    if here == there or target in PORTS:
        return None
    if here not in LEVEL_OF or there not in LEVEL_OF:
        return f"folder {here if here not in LEVEL_OF else there} has no level"
    if LEVEL_OF[there] < LEVEL_OF[here]:
        return None
    return f"{here}/ must not include {target}: {there}/ is not below it"


def library_include(path, target):
    for pattern, home in HOMES.items():
        if re.match(pattern, target):
            return None if re.match(home, path) else f"<{target}> belongs to {home.replace('|', ' or ')}"
    if target in TOO_NEW:
        return f"<{target}> is not in every compiler we build with"
    if STANDARD.fullmatch(target) or SYSTEM.fullmatch(target):
        return None
    return f"<{target}> is a library nobody agreed on"


def problems(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        kind, target = found.groups()
        problem = None
        if kind == "<":
            problem = library_include(path, target)
        elif path.startswith("src/"):
            problem = own_include(path, target)
        if problem:
            yield f"{path}:{number}: {problem}"
