"""A Postfix with configuration, queue and data directory of its own; never the system's.

`tree` is where its programs live: "/" or the root of another Debian release, where
everything runs under chroot with the working directory bound to the same path.
"""
import os
import pathlib
import re
import shutil
import smtplib
import subprocess

import namespace
from waiting import until

# What both directions need; nothing here runs in Postfix's own chroot.
SERVICES = """
pickup    unix  n  -  n  60  1  pickup
cleanup   unix  n  -  n  -   0  cleanup
qmgr      unix  n  -  n  300 1  qmgr
tlsmgr    unix  -  -  n  1000? 1 tlsmgr
rewrite   unix  -  -  n  -   -  trivial-rewrite
bounce    unix  -  -  n  -   0  bounce
defer     unix  -  -  n  -   0  bounce
trace     unix  -  -  n  -   0  bounce
verify    unix  -  -  n  -   1  verify
flush     unix  n  -  n  1000? 0 flush
smtp      unix  -  -  n  -   -  smtp
relay     unix  -  -  n  -   -  smtp
error     unix  -  -  n  -   -  error
retry     unix  -  -  n  -   -  error
discard   unix  -  -  n  -   -  discard
anvil     unix  -  -  n  -   1  anvil
scache    unix  -  -  n  -   1  scache
postlog   unix-dgram n - n -  1  postlogd
"""

SETTLED = 60  # seconds; Postfix waits until a file is old enough that nobody can still be writing it

COMMON = {
    "compatibility_level": "3.6",
    "maillog_file_prefixes": "/tmp",
    "inet_protocols": "ipv4",
    "mydestination": "",
    "alias_maps": "",
    "local_recipient_maps": "",
    "mynetworks": "127.0.0.0/8",
    "smtpd_tls_loglevel": "1",
    "smtpd_peername_lookup": "no",
    "append_dot_mydomain": "no",
    "biff": "no",
}


def installed(tree="/"):
    return (pathlib.Path(tree) / "usr/sbin/postfix").exists()


def version(tree="/"):
    """(3, 7, 11)"""
    said = subprocess.run([*_inside(tree), "postconf", "-dh", "mail_version"], capture_output=True, text=True, check=True)
    return tuple(int(part) for part in re.findall(r"\d+", said.stdout)[:3])


def _inside(tree):
    return [] if str(tree) == "/" else ["chroot", str(tree)]


def prepare_tree(tree, *shared):
    """Binds what a foreign tree shares with us; the mounts go with the namespace."""
    tree = pathlib.Path(tree)
    shutil.copyfile("/etc/resolv.conf", tree / "etc/resolv.conf")
    namespace.empty(tree / "tmp")
    for path in map(pathlib.Path, ("/dev", "/proc", *shared)):
        target = tree / path.relative_to("/")
        target.mkdir(parents=True, exist_ok=True)
        namespace.bind(path, target)


class Postfix:
    def __init__(self, name, directory, tree="/", services=(), **main):
        self.name, self.tree = name, tree
        self.directory = pathlib.Path(directory)
        self.config = self.directory / "etc"
        self.log_file = self.directory / "mail.log"
        self.listens = next((line.split()[0] for line in services if " inet " in line), None)
        for part in ("etc", "queue", "data"):
            (self.directory / part).mkdir(parents=True)
        shutil.chown(self.directory / "data", *self._owner())
        settings = {**COMMON, **main,
                    "myhostname": f"{name}.test.invalid",
                    "queue_directory": self.directory / "queue",
                    "data_directory": self.directory / "data",
                    "maillog_file": self.log_file}
        self._write("main.cf", "".join(f"{key} = {value}\n" for key, value in settings.items()))
        self._write("master.cf", SERVICES + "\n".join(services) + "\n")

    def _owner(self):
        """Numeric ids of the tree's own postfix user."""
        for line in (pathlib.Path(self.tree) / "etc/passwd").read_text(encoding="utf-8").splitlines():
            if line.startswith("postfix:"):
                return int(line.split(":")[2]), 0
        raise AssertionError(f"{self.tree} has no user postfix")

    def _write(self, name, text):
        path = self.config / name
        path.write_text(text, encoding="utf-8")
        os.utime(path, (path.stat().st_mtime - SETTLED,) * 2)

    def command(self, *words):
        return [*_inside(self.tree), *map(str, words)]

    def start(self):
        done = subprocess.run(self.command("postfix", "-c", self.config, "start"), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{self.name} does not start: {done.stderr} {self.log()}"
        return self

    def stop(self):
        subprocess.run(self.command("postfix", "-c", self.config, "stop"), stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=60, check=False)

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def postmap(self, key, table, limit=60):
        """One `postmap -q`: (exit code, value, what it said)."""
        done = subprocess.run(self.command("postmap", "-c", self.config, "-q", key, table), capture_output=True,
                              text=True, timeout=limit, check=False)
        return done.returncode, done.stdout.strip(), done.stderr.strip()

    def send(self, recipient, into=None):
        """Hands in one mail over SMTP, at a listener other than the first where `into` names it; its Delivery."""
        host, port = (into or self.listens).rsplit(":", 1)
        seen = len(self.log())
        with smtplib.SMTP(host, int(port), timeout=30) as client:
            client.sendmail("sender@test.invalid", [recipient], "Subject: test\r\n\r\nHello.\r\n")
        return Delivery(self, recipient, seen)


class Delivery:
    """What became of one mail, read from the sender's log."""

    def __init__(self, postfix, recipient, seen):
        self.postfix = postfix
        pattern = re.compile(rf"to=<{re.escape(recipient)}>.* status=(\w+) \((.*)\)")
        self._match = until(lambda: pattern.search(postfix.log(), seen),
                            lambda: f"the fate of mail to {recipient}: {postfix.log()[seen:]}", limit=60)
        self.log = postfix.log()[seen:]

    @property
    def status(self):
        return self._match[1]

    @property
    def reason(self):
        return self._match[2]

    @property
    def tls(self):
        """Postfix's word for the last session: Verified, Trusted, Untrusted, Anonymous; None in clear."""
        found = re.findall(r"(\w+) TLS connection established to", self.log)
        return found[-1] if found else None

    def __repr__(self):
        return f"{self.status} ({self.reason}), tls={self.tls}\n{self.log}"


def smtpd_service(address, certificate=None):
    """One listening line of a receiver: with this certificate, or without STARTTLS."""
    tls = f"may -o smtpd_tls_chain_files={certificate}" if certificate else "none"
    return f"{address}:25 inet n - n - - smtpd -o smtpd_tls_security_level={tls}"


def receiver(directory, tree, services):
    """Takes mail for everybody and forgets it."""
    return Postfix("receiver", directory, tree, services,
                   inet_interfaces="127.0.0.1", virtual_mailbox_domains="static:all", virtual_mailbox_maps="static:all",
                   virtual_transport="discard:", smtpd_recipient_restrictions="permit")


def sender(directory, tree, ca_file, table, services=("127.0.0.1:2525 inet n - n - - smtpd",), **main):
    """Delivers by MX, asking the daemon for each next hop."""
    return Postfix("sender", directory, tree, services, **{
        "inet_interfaces": "127.0.0.1", "smtp_tls_CAfile": ca_file, "smtp_tls_security_level": "may",
        "smtp_tls_policy_maps": table, "smtp_tls_loglevel": "1", "smtp_connect_timeout": "10s",
        "relay_domains": "", "smtpd_recipient_restrictions": "permit_mynetworks, reject",
        "default_destination_concurrency_failed_cohort_limit": "1000", "minimal_backoff_time": "300s", **main})


def route(name, address, next_hop="", **options):
    """Two lines of master.cf: what comes in at `address` goes out through a smtp client with these options."""
    given = "".join(f" -o {{ {key} = {value} }}" for key, value in options.items())
    return [f"{address} inet n - n - - smtpd -o content_filter={name}:{next_hop}",
            f"{name} unix - - n - - smtp{given}"]
