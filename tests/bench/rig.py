"""The processes of a measurement, each with a port of its own on loopback, ended by pid."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

from servers import NSD_CONF, PEER_CONF, zone

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TLSPOLICYD_BENCH_BUILD", TOP / "build-bench"))
DAEMON_PORT, BARE_PORT, PEER_PORT, POLICY_PORT, DNS_PORT, AD_PORT = 8461, 8462, 8463, 443, 53, 54
NOBODY_PORT = 9  # nothing listens there
PEER_PROGRAM = "/usr/bin/mta-sts-daemon"
PATIENCE = 900  # seconds that any single program may take


def wait_until(condition, what, limit=60.0):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {limit} s for {what() if callable(what) else what}")
        time.sleep(0.01)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ask(port, name):
    key = f"QUERY {name}".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as conn:
        conn.sendall(b"%d:%s," % (len(key), key))
        return conn.recv(65536).decode().partition(":")[2]


def count(names):
    """How many there are in "pol:FIRST:COUNT"."""
    return int(names.rpartition(":")[2])


def program(name):
    return str(BUILD / "tests/bench" / name)


def measure(name, *arguments):
    """One of our programs that prints a line of JSON."""
    done = subprocess.run([program(name), *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{name} {arguments}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def load(*arguments):
    return measure("load", *arguments)


class Process:
    """A child and what it has used."""

    def __init__(self, command, log, **options):
        self.log_path = log
        with open(log, "ab") as out:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options)

    def cpu(self):
        """Processor seconds so far, all threads (CLOCK_PROCESS_CPUTIME_ID of another process)."""
        return time.clock_gettime((~self.child.pid << 3) | 2)

    def memory(self):
        """Resident octets now."""
        text = pathlib.Path(f"/proc/{self.child.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) * 1024

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Rig:
    """Name server and policy server; starts what is measured."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
        self.ca = self.folder / "ca.pem"
        (self.folder / "nsd.conf").write_text(NSD_CONF.format(self.folder), encoding="ascii")
        (self.folder / "bench.zone").write_text(zone(), encoding="ascii")
        self.name_server = Process(["nsd", "-d", "-c", self.folder / "nsd.conf"], self.folder / "nsd.log")
        self.policy_server = Process([program("policy_server"), self.ca, str(POLICY_PORT)], self.folder / "policy.log")
        wait_until(lambda: listens(DNS_PORT) and listens(POLICY_PORT), "name server and policy server")

    def close(self):
        self.name_server.stop()
        self.policy_server.stop()
        subprocess.run(["rm", "-rf", self.folder], check=False)

    def daemon(self, **settings):
        return Daemon(self, **settings)

    def bare(self):
        bare = Process([program("bare_responder"), str(BARE_PORT)], self.folder / "bare.log")
        wait_until(lambda: listens(BARE_PORT), "the bare responder")
        return bare

    def ad_front(self):
        """The same names from a resolver that says AD."""
        front = Process([program("ad_front"), str(AD_PORT), str(DNS_PORT)], self.folder / "ad.log")
        return front

    @staticmethod
    def has_peer():
        return pathlib.Path(PEER_PROGRAM).exists()

    def peer(self):
        conf = self.folder / "peer.yml"
        conf.write_text(PEER_CONF.format(port=PEER_PORT), encoding="ascii")
        environment = {**os.environ, "SSL_CERT_FILE": str(self.ca)}
        peer = Process([PEER_PROGRAM, "-c", conf, "-v", "error"], self.folder / "peer.log", env=environment)
        wait_until(lambda: listens(PEER_PORT), "postfix-mta-sts-resolver")
        return peer

    def store(self, rows):
        """A store with so many policies that were fetched just now."""
        path = self.folder / f"filled-{rows}.db"
        if not path.exists():
            subprocess.run([program("store_speed"), path, str(rows)], check=True, capture_output=True, timeout=PATIENCE)
        return path

    def names(self, kind, count, first=0):
        return f"{kind}:{first}:{count}"


class Daemon(Process):
    def __init__(self, rig, store=None, wait=True, **settings):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="daemon-", dir=rig.folder))
        path = folder / "cache.db"
        if store:
            subprocess.run(["cp", "--reflink=auto", store, path], check=True)
        self.control = folder / "control"
        settings = {"listen": f"inet:127.0.0.1:{DAEMON_PORT}", "resolver": "127.0.0.1",
                    "cache": f"sqlite:{path}", "control_socket": self.control, "postfix_security_level": "may",
                    "allow_private_addresses": "yes", "ca_file": rig.ca, "cache_max_size": "2g",
                    "cache_max_entries": 2000000, **settings}
        self.config = folder / "tlspolicyd.conf"
        self.config.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()), encoding="utf-8")
        self.began = time.monotonic()
        super().__init__([BUILD / "src/tlspolicyd", "-c", self.config], folder / "log")
        if wait:
            wait_until(self.serves, lambda: f"the daemon; its log: {self.log_path.read_text()}")

    def serves(self):
        if self.child.poll() is not None:
            raise RuntimeError(f"the daemon ended: {self.log_path.read_text()}")
        return listens(DAEMON_PORT)

    def command(self, *flags):
        return [str(BUILD / "src/tlspolicyd"), "-c", str(self.config), *flags]

    def status(self):
        """By the control socket itself: no process is started for it."""
        with socket.socket(socket.AF_UNIX) as conn:
            conn.settimeout(30)
            conn.connect(str(self.control))
            conn.sendall(b"status\n")
            text = b"".join(iter(lambda: conn.recv(65536), b""))
        return json.loads(text.split(b"\n")[0])

    def wait_loaded(self, limit=120):
        wait_until(lambda: self.status()["store"]["state"] == "ok", "the store to be loaded", limit)

    def wait_settled(self, limit=300):
        wait_until(lambda: self.status()["store"]["pending"] == 0, "the store to be written", limit)
