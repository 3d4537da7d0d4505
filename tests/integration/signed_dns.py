"""A really signed DNS: nsd serves zones that ldns signed, unbound validates them on 127.0.0.1.

    .          signed, the trust anchor
    signed.    signed, with DS
    unsigned.  without DS: its answers are insecure
    silent.    without DS, its name server takes questions and never answers: time-outs

A name belongs to the zone of its last label. What set() and the like say counts from start() on.
"""
import collections
import pathlib
import shutil
import socket
import subprocess

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

from waiting import until

VALIDATING, OBLIVIOUS = "127.0.0.1", "127.0.0.4"  # the second resolver validates nothing
AUTHORITY, MUTE = "127.0.0.53", "127.0.0.54"
PROGRAMS = ("nsd", "unbound", "ldns-keygen", "ldns-signzone")
ALGORITHM = "ECDSAP256SHA256"
TTL = 300
ZONE_FILES = {".": "root", "signed.": "signed", "unsigned.": "unsigned"}
SIGNED = (".", "signed.")


def missing():
    """Which programs are not there, in words; empty where all are."""
    return ", ".join(program for program in PROGRAMS if shutil.which(program) is None)


def _absolute(name):
    return name.lower().rstrip(".") + "."


def _zone_of(name):
    last = name.rstrip(".").rpartition(".")[2] + "."
    return last if last in ZONE_FILES else "."


class SignedDns:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self._records = collections.OrderedDict()  # (owner, type) -> (ttl, rdata, ...)
        self._broken, self._servers = set(), []
        self._mute = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()]
        for each in self._mute:
            each.bind((MUTE, 53))
        self._mute[1].listen()

    def set(self, name, rdtype, *records, ttl=TTL):
        self._records[_absolute(name), rdtype] = (ttl, *records)

    def break_signature(self, name, rdtype):
        """The set is there, but no validator believes it: SERVFAIL from ours."""
        self._broken.add((_absolute(name), rdtype))

    def start(self):
        for zone in ("signed.", "unsigned.", "."):  # the root last: it holds the DS of the other
            self._write(zone)
        self._start_nsd()
        # Only then unbound, which would shun a server that it found silent.
        until(lambda: ask(AUTHORITY, ".", "NS"), lambda: f"nsd to answer: {self._log('nsd')}")
        self._start_unbound(VALIDATING, "validator iterator")
        self._start_unbound(OBLIVIOUS, "iterator")
        until(lambda: validates(VALIDATING), lambda: f"unbound to validate: {self._log(f'unbound-{VALIDATING}')}")
        until(lambda: ask(OBLIVIOUS, ".", "NS"), "unbound without validator to answer")
        return self

    def stop(self):
        """Returns when the addresses are free again."""
        for server in self._servers:
            server.terminate()
        for server in self._servers:
            server.wait(20)
        for each in self._mute:
            each.close()

    # Zones

    def _write(self, zone):
        path = self.directory / ZONE_FILES[zone]
        path.write_text("".join(f"{line}\n" for line in self._lines(zone)), encoding="ascii")
        if zone in SIGNED:
            self._sign(zone, path)

    def _lines(self, zone):
        yield f"{zone} {TTL} IN SOA ns.signed. root.signed. 1 3600 600 86400 60"
        yield f"{zone} {TTL} IN NS ns.signed."
        if zone == "signed.":
            yield f"ns.signed. {TTL} IN A {AUTHORITY}"
        if zone == ".":
            yield from self._delegations()
        for (owner, rdtype), (ttl, *records) in self._records.items():
            if _zone_of(owner) == zone:
                for record in records:
                    yield f"{owner} {ttl} IN {rdtype} {record}"

    def _delegations(self):
        yield f"ns.signed. {TTL} IN A {AUTHORITY}"
        yield f"signed. {TTL} IN NS ns.signed."
        yield f"unsigned. {TTL} IN NS ns.signed."
        yield f"silent. {TTL} IN NS ns.silent."
        yield f"ns.silent. {TTL} IN A {MUTE}"
        yield (self.directory / "signed.ds").read_text(encoding="ascii").strip()

    def _sign(self, zone, path):
        """Leaves the signed zone at `path`, the DS of its key beside it."""
        made = self._run("ldns-keygen", "-k", "-a", ALGORITHM, zone).stdout.strip()
        (self.directory / f"{made}.ds").rename(path.with_suffix(".ds"))
        self._run("ldns-signzone", "-o", zone, "-f", f"{path}.signed", path, made)
        lines = pathlib.Path(f"{path}.signed").read_text(encoding="ascii").splitlines()
        path.write_text("".join(f"{self._bent(line)}\n" for line in lines), encoding="ascii")

    def _bent(self, line):
        """A signature in a line of the zone, turned into another's where it shall be broken."""
        fields = line.split()
        if len(fields) < 6 or fields[3] != "RRSIG" or (fields[0], fields[4]) not in self._broken:
            return line
        signature = fields[-1]
        return " ".join([*fields[:-1], ("B" if signature[0] == "A" else "A") + signature[1:]])

    def _run(self, *command):
        return subprocess.run(list(map(str, command)), cwd=self.directory, capture_output=True, text=True, check=True)

    # Servers

    def _start_nsd(self):
        self._start("nsd", ["-d", "-c"], f"""
server:
  ip-address: {AUTHORITY}
  username: ""
  zonesdir: "{self.directory}"
  xfrdir: "{self.directory}"
  pidfile: "{self.directory}/nsd.pid"
  zonelistfile: "{self.directory}/zone.list"
  xfrdfile: "{self.directory}/xfrd.state"
  database: ""
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
""" + "".join(f'zone:\n  name: "{name}"\n  zonefile: "{file}"\n' for name, file in ZONE_FILES.items()))

    def _start_unbound(self, address, modules):
        hints = self.directory / "hints"
        hints.write_text(f". 3600 IN NS ns.signed.\nns.signed. 3600 IN A {AUTHORITY}\n", encoding="ascii")
        self._start(f"unbound-{address}", ["-d", "-c"], f"""
server:
  interface: {address}
  username: ""
  chroot: ""
  directory: "{self.directory}"
  pidfile: ""
  use-syslog: no
  do-ip6: no
  do-not-query-localhost: no
  module-config: "{modules}"
  root-hints: "{hints}"
  trust-anchor-file: "{self.directory}/root.ds"
  target-fetch-policy: "0 0 0 0 0"
remote-control:
  control-enable: no
""")

    def _log(self, name):
        return (self.directory / f"{name}.log").read_text(encoding="utf-8")

    def _start(self, name, flags, config):
        path = self.directory / f"{name}.conf"
        path.write_text(config, encoding="ascii")
        with open(self.directory / f"{name}.log", "wb") as log:
            self._servers.append(subprocess.Popen([name.partition("-")[0], *flags, path], cwd=self.directory,
                                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log))


def ask(address, name, rdtype, limit=0.1):
    """One question with AD, as a stub resolver asks it; None without an answer in time."""
    question = dns.message.make_query(name, rdtype, want_dnssec=False)
    question.flags |= dns.flags.AD
    try:
        return dns.query.udp(question, address, timeout=limit)
    except (dns.exception.Timeout, OSError):
        return None


def validates(address):
    reply = ask(address, ".", "NS")
    return reply is not None and reply.rcode() == dns.rcode.NOERROR and bool(reply.flags & dns.flags.AD)
