"""Real resolvers with their default settings in front of an authority that takes its time."""
import pathlib
import shutil
import socket
import subprocess
import sys

from dns_wire import encode
from waiting import until

HERE = pathlib.Path(__file__).resolve().parent
AUTHORITY, UNBOUND, DNSMASQ = "127.0.0.53", "127.0.0.2", "127.0.0.3"
ZONE = "bench.example"

# Nothing but where it listens and whom it asks: all limits are its own.
UNBOUND_CONF = """server:
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: "{folder}/unbound.log"
  interface: {address}
  do-not-query-localhost: no
stub-zone:
  name: "{zone}"
  stub-addr: {authority}
remote-control:
  control-enable: no
"""


def missing():
    return ", ".join(program for program in ("unbound", "dnsmasq") if shutil.which(program) is None)


def answers(address, name, port=53):
    """Whether a question for TXT is answered in 3 s."""
    query = b"\x12\x34\x01\x00\x00\x01" + bytes(6) + encode(name.encode()) + b"\0\x10\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(3)
        probe.connect((address, port))
        try:
            probe.send(query)
            return len(probe.recv(4096)) > 12
        except OSError:
            return False


class SlowResolvers:
    """Authority, unbound and dnsmasq; a context."""

    def __init__(self, folder, milliseconds):
        self._folder, self._milliseconds, self._processes = pathlib.Path(folder), milliseconds, []

    def __enter__(self):
        self._folder.mkdir(parents=True, exist_ok=True)
        self._start([sys.executable, HERE / "slow_authority.py", AUTHORITY, str(self._milliseconds)])
        conf = self._folder / "unbound.conf"
        conf.write_text(UNBOUND_CONF.format(folder=self._folder, address=UNBOUND, zone=ZONE, authority=AUTHORITY), encoding="ascii")
        self._start(["unbound", "-d", "-c", conf])
        self._start(["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=", "--bind-interfaces",
                     f"--listen-address={DNSMASQ}", f"--server={AUTHORITY}"])
        # Resolvers that have asked this authority before, as the real ones have theirs.
        for address in (AUTHORITY, UNBOUND, DNSMASQ):
            until(lambda at=address: answers(at, f"warm.{ZONE}"), f"{address} to answer")
        return self

    def _start(self, command):
        log = (self._folder / f"{pathlib.Path(command[0]).name}.log").open("ab")
        self._processes.append(subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=log, stderr=log))
        log.close()

    def __exit__(self, *_):
        for process in self._processes:
            process.stdin.close()
            process.terminate()
        for process in self._processes:
            process.wait(20)
