"""-q tells the faults of a domain apart, names the RFC section and the cure."""
import dataclasses
import datetime
import json
import ssl

from policy_server import PolicyServer, Site, policy
from scene import NOBODY, OLD_TLS_HOST, WorldTest

DAY = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str          # also the domain: NAME.example
    words: str         # regular expression the text must hold, case ignored
    rfc: str           # regular expression for the RFC and section
    cure: str          # regular expression for what the text advises
    exit: int = 0
    arrange: dict = dataclasses.field(default_factory=dict)  # how publish() is bent
    private: str = "yes"                                       # allow_private_addresses


def document(**lines):
    """A good document with lines replaced, or left out where the value is None."""
    good = {"version": "STSv1", "mode": "enforce", "mx": "mx1.d.example", "max_age": "604800"}
    return "".join(f"{key}: {value}\n" for key, value in {**good, **lines}.items() if value is not None).encode()


TXT = r"8461.{0,12}3\.1"
DOCUMENT = r"8461.{0,12}3\.2"
HTTPS = r"8461.{0,12}3\.3"

FAULTS = [
    Fault("no-txt", r"no TXT|absent", TXT, r"publish", arrange={"txt": None}),
    Fault("two-records", r"(two|2|several) .*records", TXT, r"(one|delete|remove)",
          arrange={"txt": ["v=STSv1; id=1;", "v=STSv1; id=2;"]}),
    Fault("wrong-version", r"version|STSv2|v=STSv1", TXT, r"v=STSv1", arrange={"txt": "v=STSv2; id=1;"}),
    Fault("bad-id", r"\bid\b", TXT, r"letters", arrange={"txt": "v=STSv1; id=2026-01-01;"}),
    Fault("extension-equals", r"=", TXT, r"(remove|without|escape|=)", arrange={"txt": "v=STSv1; id=1; note=a=b;"}),
    Fault("cname-loop", r"CNAME|loop", r"8461.{0,12}3\.1|1034", r"CNAME", 75, {"txt": None}),
    Fault("servfail", r"SERVFAIL", TXT, r"(name server|DNSSEC|zone)", 75, {"txt": None}),
    Fault("no-address", r"address", HTTPS, r"(A or AAAA|address)", arrange={"address": None}),
    Fault("private-address", r"private|special", HTTPS, r"(public|allow_private_addresses)",
          arrange={"address": "10.0.0.1"}, private="no"),
    Fault("refused", r"refused", HTTPS, r"(443|listen|firewall)", arrange={"address": NOBODY}),
    Fault("old-tls", r"TLS", r"(8461|8996|9325|7\.2|3\.3)", r"TLS.?(v)?1\.2", arrange={"address": OLD_TLS_HOST}),
    Fault("self-signed", r"self.signed", HTTPS, r"certificate"),
    Fault("expired", r"expired", HTTPS, r"(renew|certificate)"),
    Fault("wrong-name", r"(name|mta-sts\.wrong-name\.example)", HTTPS, r"mta-sts\.wrong-name\.example"),
    Fault("cn-only", r"(common name|\bCN\b|subject)", HTTPS, r"(subjectAltName|SAN|dNSName)"),
    Fault("redirect", r"(redirect|301)", HTTPS, r"(200|itself|directly)",
          arrange={"status": "301 Moved Permanently", "headers": ("Location: https://www.redirect.example/",)}),
    Fault("not-found", r"404", HTTPS, r"(well-known|mta-sts\.txt)", arrange={"status": "404 Not Found"}),
    Fault("html", r"text/html", r"8461.{0,12}3\.[23]", r"text/plain", arrange={"content_type": "text/html"}),
    Fault("truncated", r"(truncated|incomplete|ended|cut|short)", HTTPS, r".", arrange={"length": 5000}),
    Fault("too-big", r"(65536|64 ?K|large|big|limit)", HTTPS, r".",
          arrange={"body": document() + b"x: " + b"y" * 70000 + b"\n"}),
    Fault("no-mx", r"\bmx\b", DOCUMENT, r"\bmx", arrange={"body": document(mx=None)}),
    Fault("bad-mx", r"(\bmx\b|pattern).*", DOCUMENT, r"(host|pattern|name)",
          arrange={"body": document(mx="*.*.bad-mx.example")}),
    Fault("mode-misspelt", r"mode", DOCUMENT, r"enforce, testing,? or none|enforce", arrange={"body": document(mode="enforced")}),
    Fault("no-max-age", r"max_age", DOCUMENT, r"max_age", arrange={"body": document(max_age=None)}),
    Fault("long-max-age", r"max_age", DOCUMENT, r"31557600|year", arrange={"body": document(max_age="99999999999")}),
    Fault("clamped-max-age", r"max_age", DOCUMENT, r"31557600|year",
          arrange={"body": document(mx="mx1.clamped-max-age.example", max_age="99999999")}),
    Fault("mx-not-covered", r"mx9\.mx-not-covered\.example", r"8461.{0,12}4\.1", r"(pattern|policy|mx)"),
    Fault("testing", r"testing", r"8461.{0,12}(3\.2|5)", r"enforce"),
]


class Query(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        cls.old = PolicyServer(OLD_TLS_HOST, newest=ssl.TLSVersion.TLSv1_1)
        cls.addClassCleanup(cls.old.stop)
        cls.daemon = world.daemon()  # never started: -q needs none
        for fault in FAULTS:
            domain = f"{fault.name}.example"
            world.publish(domain, f"mx1.{domain}", **fault.arrange)
            world.mx(domain, mx1="127.0.0.11")
        cls.bend(world)

    @classmethod
    def bend(cls, world):
        """What publish() has no word for."""
        world.dns.set("_mta-sts.cname-loop.example", "CNAME", "a.cname-loop.example.")
        world.dns.set("a.cname-loop.example", "CNAME", "_mta-sts.cname-loop.example.")
        world.dns.set("_mta-sts.servfail.example", "TXT", rcode="SERVFAIL")
        cls.old.set("mta-sts.old-tls.example", Site(world.ca.issue("mta-sts.old-tls.example")))
        issue = world.ca.issue
        certificates = {
            "self-signed": issue("mta-sts.self-signed.example", self_signed=True),
            "expired": issue("mta-sts.expired.example", begin=-20 * DAY, end=-DAY),
            "wrong-name": issue("www.wrong-name.example"),
            "cn-only": issue(common_name="mta-sts.cn-only.example"),
        }
        for name, certificate in certificates.items():
            world.hosts.set(f"mta-sts.{name}.example", Site(certificate, body=policy(f"mx1.{name}.example")))
        world.mx("mx-not-covered.example", mx9="127.0.0.11")
        world.hosts.set("mta-sts.testing.example",
                        Site(issue("mta-sts.testing.example"), body=policy("mx1.testing.example", mode="testing")))

    def query(self, domain, *flags, private="yes"):
        return self.daemon.run("-o", f"allow_private_addresses={private}", *flags, "-q", domain)

    def check(self, fault):
        done = self.query(f"{fault.name}.example", private=fault.private)
        said = f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        self.assertEqual(done.returncode, fault.exit, said)
        self.assertRegex(done.stdout, f"(?i){fault.words}", said)
        self.assertRegex(done.stdout, f"(?is)RFC.{{0,3}}{fault.rfc}", said)
        self.assertRegex(done.stdout, f"(?i){fault.cure}", said)

    def check_json(self, fault):
        done = self.query(f"{fault.name}.example", "--json", private=fault.private)
        steps = json.loads(done.stdout)["steps"]
        wrong = [step for step in steps if step["cure"]]
        self.assertTrue(wrong, f"no step says what to do: {steps}")
        for step in wrong:
            self.assertTrue(step["rfc"] and step["result"], step)

    def test_good_domain(self):
        """-q of a domain without fault: exit 0, no cure, both replies"""
        self.world.publish("fine.example", "mx1.fine.example")
        self.world.mx("fine.example", mx1="127.0.0.11")
        done = self.query("fine.example")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("OK secure match=mx1.fine.example servername=hostname", done.stdout)
        self.assertIn("policy_type=sts", done.stdout)
        found = json.loads(self.query("fine.example", "--json").stdout)
        self.assertEqual([step for step in found["steps"] if step["cure"]], [])
        self.assertEqual(found["verdict"], "secure")

    def test_not_a_domain(self):
        """-q of what is no domain: exit 65"""
        for what in ("", "192.0.2.1", "localhost", "under_score.example", "a" * 64 + ".example", ".example"):
            with self.subTest(what):
                self.assertEqual(self.query(what).returncode, 65)

    def test_writes_nothing(self):
        """-q neither reads nor writes the cache"""
        self.assertFalse(self.daemon.store.exists())


def _add(fault):
    title = fault.name.replace("-", " ")

    def words(self):
        self.check(fault)

    def steps(self):
        self.check_json(fault)

    words.__doc__, steps.__doc__ = f"-q explains: {title}", f"-q --json explains: {title}"
    setattr(Query, f"test_{fault.name.replace('-', '_')}", words)
    setattr(Query, f"test_{fault.name.replace('-', '_')}_json", steps)


for each in FAULTS:
    _add(each)
