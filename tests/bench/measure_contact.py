"""First contacts: what it costs to learn a domain's policy, or that it has none."""
import rig as rigs
from checks import all_fetched, complete, fetched
from servers import OWN_HOSTS
from tables import Samples, Table, number

YARDSTICK = "bare client"
PEER = "mta-sts-resolver"
PEERS_MOST, PEERS_MOST_ABSENT = 500, 2000  # it takes so long that a part must do
DANE_QUESTIONS = 6  # at least, of each domain: TXT, policy host; MX, and of its host addresses and TLSA
SUBJECTS = [YARDSTICK, "tlspolicyd, two fetch threads", "tlspolicyd, one fetch thread", PEER,
            "tlspolicyd, no policy", f"{PEER}, no policy", "name server alone"]


def ask_all(samples, subject, process, port, names):
    """Each name once; how many there were."""
    before, count = process.cpu(), rigs.count(names)
    seen = complete(rigs.load("once", port, names, 64, 0), count, subject)
    samples.add(subject, rate=seen["rate"], cpu_ms=(process.cpu() - before) * 1e3 / count, p99_us=seen["p99_us"])
    return count


def contact_of_daemon(rig, samples, subject, names, **settings):
    with rig.daemon(**settings) as daemon:
        if "dane_canary" in settings:
            rigs.wait_until(lambda: daemon.status()["dane_active"], "DANE to be active")
        before = questions(daemon.status())
        count = ask_all(samples, subject, daemon, rigs.DAEMON_PORT, names)
        policies = count if names.startswith("pol") else 0
        fetched(daemon.status(), policies, subject)
        asked = questions(daemon.status()) - before
        if "dane_canary" in settings and asked < policies * DANE_QUESTIONS:
            raise RuntimeError(f"{subject}: {asked} DNS questions about {policies} domains: DANE was not looked for")
        samples.add(subject, questions=asked / count)


def questions(status):
    return sum(status["counters"].get("dns", {}).values())


def contact_of_peer(rig, samples, subject, names):
    with rig.peer() as peer:
        ask_all(samples, subject, peer, rigs.PEER_PORT, names)


def bare_client(rig, names, settings):
    asked = "dane" if "dane_canary" in settings else "sts"
    return all_fetched(rigs.measure("bare_client", rig.ca, rigs.POLICY_PORT, names, rigs.DNS_PORT, asked), rigs.count(names), YARDSTICK)


def one_round(rig, samples, names, nobody, peer, settings):
    plain = bare_client(rig, names, settings)
    samples.add(YARDSTICK, cpu_ms=plain["cpu_ms"], rate=1000 / plain["ms"])
    contact_of_daemon(rig, samples, "tlspolicyd, two fetch threads", names, **settings)
    contact_of_daemon(rig, samples, "tlspolicyd, one fetch thread", names, fetch_threads=1, **settings)
    contact_of_daemon(rig, samples, "tlspolicyd, no policy", nobody, **settings)
    samples.add("name server alone", rate=rigs.measure("dns_load", rigs.DNS_PORT, nobody, 64, 1)["rate"])
    if peer:
        contact_of_peer(rig, samples, PEER, rig.names("pol", min(rigs.count(names), PEERS_MOST)))
        contact_of_peer(rig, samples, f"{PEER}, no policy", rig.names("none", min(rigs.count(nobody), PEERS_MOST_ABSENT)))


def table_of(samples, title, note):
    table = Table(title, ["domains/s", "processor ms each", "p99 ms", "processor / bare client", "DNS questions each"], note=note)
    for subject in SUBJECTS:
        if samples.median(subject, "rate") is None:
            continue
        p99 = samples.median(subject, "p99_us")
        with_policy = "no policy" not in subject and "alone" not in subject
        table.add(subject, number(samples.median(subject, "rate")), number(samples.median(subject, "cpu_ms")),
                  number(p99 / 1000 if p99 else None),
                  number(samples.ratio(subject, YARDSTICK, "cpu_ms") if with_policy else None),
                  number(samples.median(subject, "questions")))
    return table


def measured(rig, rounds, domains, absent, peer, settings):
    samples, names, nobody = Samples(), rig.names("pol", domains), rig.names("none", absent)
    bare_client(rig, names, settings)  # the server makes its certificates
    for _ in range(rounds):
        one_round(rig, samples, names, nobody, peer, settings)
    return samples


def contact(rig, rounds, domains=5000, absent=50000, peer=True):
    note = (f"{domains} domains with a policy, {absent} without, 64 questions in flight; "
            "the daemon begins empty, with its store. The bare client does one after another, OpenSSL alone, and asks the same DNS questions on one shared socket.")
    peer = peer and rig.has_peer()
    if peer:
        note += f" {PEER} is asked about {min(domains, PEERS_MOST)} of them and {min(absent, PEERS_MOST_ABSENT)}."
    return [table_of(measured(rig, rounds, domains, absent, peer, {}), "First contact", note)]


def contact_dane(rig, rounds, domains=OWN_HOSTS, absent=50000):
    """Each domain with a policy costs MX, and for its own host addresses and TLSA, besides."""
    settings = {"postfix_security_level": "dane", "resolver": f"127.0.0.1:{rigs.AD_PORT}", "dane_canary": "bench.example NS"}
    with rig.ad_front():
        samples = measured(rig, rounds, domains, absent, False, settings)
    return [table_of(samples, "First contact, DANE active",
                     f"{domains} domains with a policy and an MX host of their own that has no TLSA, {absent} without; else as above. "
                     f"{PEER} is left out: it knows nothing of DANE.")]
