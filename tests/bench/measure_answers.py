"""Answers from the cache, and first contacts."""
import rig as rigs
from tables import Samples, Table, number

WARM = 1000  # names
PORTS = {"tlspolicyd": rigs.DAEMON_PORT, "bare responder": rigs.BARE_PORT, "mta-sts-resolver": rigs.PEER_PORT}


def checked(reading, what):
    if reading["wrong"] or reading["lost"]:
        raise RuntimeError(f"{what}: {reading['wrong']} wrong and {reading['lost']} lost of {reading['answers']}")
    return reading


def warm(port, names, connections=50, rate=0):
    checked(rigs.load("once", port, names, connections, rate), f"warming port {port}")


def one_round(samples, processes, arguments):
    """Every subject once, one after the other."""
    for subject, process in processes.items():
        kind, names, *rest = arguments
        if subject == "bare responder":
            names = names.replace("none", "pol")  # it says but one thing
        before = process.cpu()
        seen = checked(rigs.load(kind, PORTS[subject], names, *rest), f"{subject} {arguments}")
        samples.add(subject, cpu_us=(process.cpu() - before) * 1e6 / max(seen["answers"], 1),
                    **{name: seen[name] for name in ("rate", "p50_us", "p99_us", "p999_us")})


def report(table, label, samples, subjects):
    for subject in subjects:
        row = [number(samples.median(subject, name)) for name in ("rate", "p50_us", "p99_us", "p999_us", "cpu_us")]
        ratios = [number(samples.ratio(subject, "bare responder", name)) for name in ("rate", "p99_us", "cpu_us")]
        table.add(f"{label}: {subject}", *row, *ratios)


def answers(rig, rounds, seconds=1.5, shapes=((1, 1), (50, 1), (200, 1), (1000, 1), (50, 16)), peer=True):
    names = rig.names("pol", WARM)
    table = Table("Answers from the cache", ["answers/s", "p50 µs", "p99 µs", "p99.9 µs", "processor µs each", "rate / bare",
                                             "p99 / bare", "processor / bare"], note=f"{WARM} names with a policy, asked at random.")
    with rig.daemon() as daemon, rig.bare() as bare:
        processes = {"tlspolicyd": daemon, "bare responder": bare}
        if peer:
            processes["mta-sts-resolver"] = rig.peer()
        try:
            for port in [PORTS[subject] for subject in processes]:
                warm(port, names, 20)
            for connections, depth in shapes:
                samples = Samples()
                for _ in range(rounds):
                    one_round(samples, processes, ["ask", names, connections, depth, seconds])
                label = f"{connections} connections" + (f", {depth} in flight each" if depth > 1 else "")
                report(table, label, samples, processes)
            samples = Samples()
            for _ in range(rounds):
                one_round(samples, processes, ["connect", names, 50, seconds])
            report(table, "connect, ask, close", samples, processes)
        finally:
            if peer:
                processes["mta-sts-resolver"].stop()
    return [table]


def contact_of_daemon(rig, samples, subject, names, **settings):
    with rig.daemon(**settings) as daemon:
        before = daemon.cpu()
        seen = checked(rigs.load("once", rigs.DAEMON_PORT, names, 64, 0), subject)
        samples.add(subject, rate=seen["rate"], cpu_ms=(daemon.cpu() - before) * 1e3 / seen["answers"], p99_us=seen["p99_us"])


def contact_of_peer(rig, samples, subject, names):
    with rig.peer() as peer:
        before = peer.cpu()
        seen = rigs.load("once", rigs.PEER_PORT, names, 64, 0)
        samples.add(subject, rate=seen["rate"], cpu_ms=(peer.cpu() - before) * 1e3 / seen["answers"], p99_us=seen["p99_us"])


def contact(rig, rounds, domains=5000, absent=50000, peer=True, more=None):
    yardstick = "bare OpenSSL client"
    names, nobody = rig.names("pol", domains), rig.names("none", absent)
    more = more or {}
    samples = Samples()
    rigs.measure("bare_client", rig.ca, rigs.POLICY_PORT, names)  # the server makes its certificates
    for _ in range(rounds):
        plain = rigs.measure("bare_client", rig.ca, rigs.POLICY_PORT, names)
        samples.add(yardstick, cpu_ms=plain["cpu_ms"], rate=1000 / plain["ms"])
        contact_of_daemon(rig, samples, "tlspolicyd, two fetch threads", names, **more)
        contact_of_daemon(rig, samples, "tlspolicyd, one fetch thread", names, fetch_threads=1, **more)
        contact_of_daemon(rig, samples, "tlspolicyd, no policy", nobody, **more)
        samples.add("name server alone", rate=rigs.measure("dns_load", rigs.DNS_PORT, nobody, 64, 1)["rate"])
        if peer:
            contact_of_peer(rig, samples, "mta-sts-resolver", rig.names("pol", min(domains, 500)))
            contact_of_peer(rig, samples, "mta-sts-resolver, no policy", rig.names("none", min(absent, 2000)))
    table = Table("First contact" + (", DANE active" if more else ""),
                  ["domains/s", "processor ms each", "p99 ms", "processor / bare client"],
                  note=f"{domains} domains with a policy, {absent} without, 64 questions in flight; "
                       "the daemon begins empty, with its store. The bare client does one after another and no look-ups.")
    subjects = [yardstick, "tlspolicyd, two fetch threads", "tlspolicyd, one fetch thread", "mta-sts-resolver",
                "tlspolicyd, no policy", "mta-sts-resolver, no policy", "name server alone"]
    for subject in subjects:
        p99 = samples.median(subject, "p99_us")
        with_policy = "no policy" not in subject and "alone" not in subject
        table.add(subject, number(samples.median(subject, "rate")), number(samples.median(subject, "cpu_ms")),
                  number(p99 / 1000 if p99 else None),
                  number(samples.ratio(subject, yardstick, "cpu_ms") if with_policy else None))
    return [table]


def contact_dane(rig, rounds):
    """Each domain with a policy costs MX, and for its host addresses and TLSA, besides."""
    more = {"postfix_security_level": "dane", "resolver": f"127.0.0.1:{rigs.AD_PORT}", "dane_canary": "bench.example NS"}
    with rig.ad_front():
        return contact(rig, rounds, peer=False, more=more)
