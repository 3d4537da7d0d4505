"""A crowd of first contacts at once, behind real resolvers with default settings and an authority that takes its time."""
import pathlib
import sys
import tempfile
import threading
import time

import rig as rigs
from tables import Samples, Table, number

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "hostile"))
from crowd import ask_all  # noqa: E402
from slow_resolvers import AUTHORITY, DNSMASQ, UNBOUND, ZONE, SlowResolvers, answers  # noqa: E402

# Milliseconds that the authority takes. unbound asks it twice about a new name, since it minimizes names (RFC 9156), so
# that HALF makes a recursion of 0.6 s.
HALF, COLD, COLDER = 300, 600, 1200
LIMIT = 60                # seconds for all names to be known
# What is measured: resolver, the authority's time, names, and of these silent ones.
SUBJECTS = {
    "unbound, 4 000 names": (UNBOUND, HALF, 4000, 0),
    "unbound, 8 000 names": (UNBOUND, HALF, 8000, 0),
    "unbound, 4 000 names, half of them silent": (UNBOUND, HALF, 4000, 2000),
    "unbound that takes 1.2 s, 4 000 names": (UNBOUND, COLD, 4000, 0),
    "dnsmasq, 1 000 names": (DNSMASQ, COLD, 1000, 0),
    "no limits, 1.2 s, 4 000 names": (AUTHORITY, COLDER, 4000, 0),
}
NOTHING = "NOTFOUND "
BESIDE = 200  # cached questions a second, asked meanwhile
COLUMNS = ["right by reply_timeout %", "all known s", "questions a name", "refused", "cached p99 ms"]


def counts(daemon, family, *labels):
    found = daemon.status()["counters"].get(family, {})
    return sum(found.get(label, 0) for label in labels)


def known(daemon):
    return counts(daemon, "dns", "no_name", "no_data")


def beside(process):
    """Cached answers while the crowd waits, until it is ended."""
    return rigs.measure("load", "paced", rigs.DAEMON_PORT, process, 4, BESIDE, 8)


def one_crowd(rig, samples, subject, turn):
    resolver, milliseconds, count, silent = SUBJECTS[subject]
    names = [f"mail-{turn}-{n}.{'silent' if n < silent else 'none'}.{ZONE}" for n in range(count)]
    with tempfile.TemporaryDirectory(dir=rig.folder) as folder, SlowResolvers(folder, milliseconds), \
            rig.daemon(resolver=resolver, dns_error_reply="temp") as daemon:
        warm = rig.names("none", 50, 5_000_000)
        rigs.load("once", rigs.DAEMON_PORT, warm, 50, 0)
        asked, answered = counts(daemon, "dns_tries", "udp", "tcp"), known(daemon)
        said, cached = {}, {}
        work = [threading.Thread(target=lambda: said.update(ask_all(names, limit=20))),
                threading.Thread(target=lambda: cached.update(beside(warm)))]
        began = time.monotonic()
        for each in work:
            each.start()
        rigs.wait_until(lambda: known(daemon) - answered >= count - silent or time.monotonic() > began + LIMIT, subject, LIMIT + 5)
        took = time.monotonic() - began
        for each in work:
            each.join()
        right = sum(said.get(name) == NOTHING for name in names[silent:])
        samples.add(subject, right=100 * right / (count - silent), took=took, refused=counts(daemon, "dns_tries", "refused"),
                    questions=(counts(daemon, "dns_tries", "udp", "tcp") - asked) / count, p99_ms=cached["p99_us"] / 1000)


def reach(rig, rounds):
    samples = Samples()
    for turn in range(rounds):
        for subject in SUBJECTS:
            one_crowd(rig, samples, subject, turn)
    table = Table("Reach of a crowd of first contacts", COLUMNS,
                  note="Names without a policy, all asked at once, dns_error_reply = temp; each costs one question. unbound and dnsmasq "
                       "have their default settings, and an authority behind them that makes a lookup take 0.6 s: dnsmasq asks it "
                       "once, unbound twice, since it minimizes names, so that an answer takes 0.3 s there; where each takes 0.6 s a lookup by unbound "
                       "takes 1.2 s. \"no limits\" is that authority itself. Where names are silent the others alone count as right and known. Beside it "
                       f"{BESIDE} cached questions a second.")
    for subject in SUBJECTS:
        table.add(subject, *(number(samples.median(subject, name)) for name in ("right", "took", "questions", "refused", "p99_ms")))
    return [table]


def wide(rig, rounds, names=100_000, connections=4096):
    """Many names over many connections, behind a name server that answers at once."""
    samples = Samples()
    for turn in range(rounds):
        some = rig.names("none", names, turn * names)
        samples.add("name server alone", rate=rigs.measure("dns_load", rigs.DNS_PORT, some, 512, 2)["rate"])
        with rig.ad_front():
            rigs.wait_until(lambda: answers("127.0.0.1", f"warm.{ZONE}", rigs.AD_PORT), "the forwarder")
            samples.add("bare forwarder", rate=rigs.measure("dns_load", rigs.AD_PORT, some, 512, 2)["rate"])
        with rig.daemon(cache="memory:") as daemon:
            seen = rigs.load("once", rigs.DAEMON_PORT, some, connections, 0)
            samples.add("tlspolicyd", rate=seen["rate"], wrong=seen["wrong"] + seen["lost"], megabytes=daemon.memory() / 1e6,
                        cpu_us=daemon.cpu() * 1e6 / names)
    table = Table("Many names over many connections", ["domains/s", "rate / name server", "wrong", "MB", "processor µs each"],
                  note=f"{names} names without a policy over {connections} connections, each asked once. The bare forwarder takes a "
                       "datagram and sends it to the name server, and the answer back, and does nothing else: what is left of the name "
                       "server's own rate where client, server and what stands between them share these processors.")
    table.add("tlspolicyd", number(samples.median("tlspolicyd", "rate")), number(samples.ratio("tlspolicyd", "name server alone", "rate")),
              *(number(samples.median("tlspolicyd", name)) for name in ("wrong", "megabytes", "cpu_us")))
    table.add("bare forwarder", number(samples.median("bare forwarder", "rate")), number(samples.ratio("bare forwarder", "name server alone", "rate")),
              "–", "–", "–")
    table.add("name server alone", number(samples.median("name server alone", "rate")), "1", "–", "–", "–")
    return [table]


def all_of_it(rig, rounds):
    return reach(rig, min(rounds, 3)) + wide(rig, rounds)
