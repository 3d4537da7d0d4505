"""Answers from the cache."""
import rig as rigs
from checks import checked, complete
from tables import Samples, Table, number

WARM = 1000  # names
PORTS = {"tlspolicyd": rigs.DAEMON_PORT, "bare responder": rigs.BARE_PORT, "mta-sts-resolver": rigs.PEER_PORT}


def warm(port, names, connections=50, rate=0):
    complete(rigs.load("once", port, names, connections, rate), rigs.count(names), f"warming port {port}")


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


def answers(rig, rounds, seconds=1.5, shapes=((1, 1), (50, 1), (200, 1), (1000, 1), (1, 16), (50, 16), (200, 16), (1000, 16)), peer=True):
    names = rig.names("pol", WARM)
    table = Table("Answers from the cache", ["answers/s", "p50 µs", "p99 µs", "p99.9 µs", "processor µs each", "rate / bare",
                                             "p99 / bare", "processor / bare"], note=f"{WARM} names with a policy, asked at random.")
    with rig.daemon() as daemon, rig.bare() as bare:
        processes = {"tlspolicyd": daemon, "bare responder": bare}
        if peer and rig.has_peer():
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
            if "mta-sts-resolver" in processes:
                processes["mta-sts-resolver"].stop()
    return [table]
