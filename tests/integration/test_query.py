"""-q tells the faults of a domain apart, names the RFC section and the fix."""
import dataclasses
import datetime
import json
import os
import pty
import ssl

from certificates import Authority
from dns_server import DnsServer
from policy_server import PolicyServer, Site, policy
from scene import NOBODY, OLD_TLS_HOST, WorldTest

DAY = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str          # also the domain: NAME.example
    result: str        # the one word of the step, as --json has it
    words: str         # regular expression the text must hold, case ignored
    rfc: str           # regular expression for the section
    cure: str          # regular expression for the advice
    exit: int = 0
    arrange: dict = dataclasses.field(default_factory=dict)  # how publish() is bent
    private: str = "yes"                                       # allow_private_addresses


def document(**lines):
    """A good document with lines replaced, or left out where the value is None."""
    good = {"version": "STSv1", "mode": "enforce", "mx": "mx1.d.example", "max_age": "604800"}
    return "".join(f"{key}: {value}\n" for key, value in {**good, **lines}.items() if value is not None).encode()


TXT, DOCUMENT, HTTPS = "RFC 8461 section 3.1", "RFC 8461 section 3.2", "RFC 8461 section 3.3"

FAULTS = [
    Fault("no-txt", "absent", "does not exist", TXT, "publish one TXT record at _mta-sts", arrange={"txt": None}),
    Fault("two-records", "several", "(two|2|several)", TXT, "delete all but one",
          arrange={"txt": ["v=STSv1; id=1;", "v=STSv1; id=2;"]}),
    Fault("wrong-version", "wrong_version", "STSv2|version", TXT, "exactly v=STSv1;", arrange={"txt": "v=STSv2; id=1;"}),
    Fault("bad-id", "bad_id", "2026-01-01", TXT, "1 to 32 letters or digits", arrange={"txt": "v=STSv1; id=2026-01-01;"}),
    Fault("extension-equals", "bad_extension", "note=a=b", TXT, 'has "=" inside its value',
          arrange={"txt": "v=STSv1; id=1; note=a=b;"}),
    Fault("cname-loop", "cname_loop", "the CNAME chain does not end", "RFC 1034 section 3.6.2", "let the CNAME end", 75,
          {"txt": None}),
    Fault("servfail", "server_failure", "SERVFAIL", "RFC 4035 section 5.5", "DNSSEC tester", 75, {"txt": None}),
    Fault("no-address", "no_address", "A none; AAAA none", HTTPS, "publish an A or AAAA record", arrange={"address": None}),
    Fault("private-address", "private_addresses", r"10\.0\.0\.1 \(skipped\)", "RFC 6890",
          "the whole Internet can reach.*allow_private_addresses", arrange={"address": "10.0.0.1"}, private="no"),
    Fault("refused", "refused", "connection refused", HTTPS, "port 443", arrange={"address": NOBODY}),
    Fault("old-tls", "tls_version", "no TLS version in common", "RFC 8996", "TLS 1.2 or 1.3",
          arrange={"address": OLD_TLS_HOST}),
    Fault("self-signed", "cert_self_signed", "signed by itself", HTTPS, "public authority"),
    Fault("expired", "cert_expired", "has expired", HTTPS, "renew"),
    Fault("wrong-name", "cert_wrong_name", r"other names.*www\.wrong-name\.example", HTTPS, "names the policy host itself"),
    Fault("cn-only", "cert_name_only_in_cn", "common name only", HTTPS, "subjectAltName"),
    Fault("redirect", "redirect", "must not be followed", HTTPS, "without a redirect",
          arrange={"status": "301 Moved Permanently", "headers": ("Location: https://www.redirect.example/",)}),
    Fault("not-found", "http_404", "not there", HTTPS, r"/\.well-known/mta-sts\.txt", arrange={"status": "404 Not Found"}),
    Fault("html", "media_type", "text/html", DOCUMENT, "as text/plain", arrange={"content_type": "text/html"}),
    Fault("truncated", "truncated", "ended before the document did", "RFC 9112 section 8", "Content-Length",
          arrange={"length": 5000}),
    Fault("too-big", "too_large", "larger than 64 KiB", HTTPS, "65536 octets",
          arrange={"body": document() + b"x: " + b"y" * 70000 + b"\n"}),
    Fault("no-mx", "mx_missing", "mx", DOCUMENT, "one line mx:", arrange={"body": document(mx=None)}),
    Fault("bad-mx", "mx_pattern", "mx", DOCUMENT, "one host name", arrange={"body": document(mx="*.*.bad-mx.example")}),
    Fault("mx-address", "mx_unmatchable", r"192\.0\.2\.7.*IP address", DOCUMENT, "mail server's name",
          arrange={"body": document(mx="mx1.mx-address.example\nmx: 192.0.2.7")}),
    Fault("mode-misspelt", "mode_unknown", "mode", DOCUMENT, "mode: enforce, mode: testing or mode: none",
          arrange={"body": document(mode="enforced")}),
    Fault("no-max-age", "max_age_missing", "max_age", DOCUMENT, "add a line such as max_age",
          arrange={"body": document(max_age=None)}),
    Fault("long-max-age", "max_age_(bad|too_large)", "max_age", DOCUMENT, "31557600",
          arrange={"body": document(max_age="99999999999")}),
    Fault("clamped-max-age", "max_age_too_large", "max_age", DOCUMENT, "31557600",
          arrange={"body": document(mx="mx1.clamped-max-age.example", max_age="99999999")}),
    Fault("mx-not-covered", "none_covered", r"mx9\.mx-not-covered\.example", r"RFC 8461 section 4\.1", "mx"),
    Fault("no-semicolon", "missing_semicolon", "follows the version", TXT, "semicolon after v=STSv1", arrange={"txt": "v=STSv1 id=1"}),
    Fault("bom", "byte_order_mark", "byte order mark", DOCUMENT, "without a byte order mark",
          arrange={"body": b"\xef\xbb\xbf" + document()}),
    Fault("bare-cr", "carriage_return", "carriage return", DOCUMENT, "LF or CR LF", arrange={"body": document().replace(b"\n", b"\r")}),
    Fault("comment", "comment", "is a comment", DOCUMENT, "remove the comment", arrange={"body": b"# our policy\n" + document()}),
    Fault("no-colon", "missing_colon", 'has no ":"', DOCUMENT, "name: value", arrange={"body": document() + b"our policy\n"}),
    Fault("one-line", "one_line", "version", DOCUMENT, "a line of its own", arrange={"body": document().replace(b"\n", b" ")}),
    Fault("two-types", "several_media_types", 'sent 2 times: "text/html" and "text/plain"', DOCUMENT,
          "add_header adds a second one.*default_type text/plain;",
          arrange={"content_type": "text/html", "headers": ("Content-Type: text/plain",)}),
    Fault("two-lengths", "http_malformed", "more than one Content-Length", r"RFC 9112 section 6\.3", "two lengths",
          arrange={"headers": ("Content-Length: 7",)}),
    Fault("commas", "max_age_bad", '"99, and this"', DOCUMENT, "plain digits", arrange={"body": document(max_age="99, and this")}),
    Fault("refused-by-resolver", "resolver_refuses", "REFUSED", "RFC 1035 section 4.1.1", "access-control", 75, {"txt": None}),
    Fault("testing", "testing", "testing", "RFC 8461 section (3.2|5)", "mode: enforce"),
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
        world.dns.set("_mta-sts.refused-by-resolver.example", "TXT", rcode="REFUSED")
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
        """The text for people, line breaks aside."""
        done = self.query(f"{fault.name}.example", private=fault.private)
        said = f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        text = " ".join(done.stdout.split())
        self.assertEqual(done.returncode, fault.exit, said)
        for wanted in (fault.words, fault.rfc, fault.cure):
            self.assertRegex(text, f"(?i){wanted}", said)

    def check_json(self, fault):
        """Exactly one step is wrong, and it says what, where it is written, and what to do."""
        done = self.query(f"{fault.name}.example", "--json", private=fault.private)
        wrong = [step for step in json.loads(done.stdout)["steps"] if step["fix"]]
        self.assertEqual(len(wrong), 1, wrong)
        for key, wanted in {"result": f"^{fault.result}", "detail": fault.words, "rfc": fault.rfc, "fix": fault.cure}.items():
            self.assertRegex(wrong[0][key], f"(?i){wanted}", wrong)

    def test_good_domain(self):
        """-q of a domain without fault: exit 0, no cure, both replies"""
        self.world.publish("fine.example", "mx1.fine.example")
        self.world.mx("fine.example", mx1="127.0.0.11")
        done = self.query("fine.example")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("OK secure match=mx1.fine.example servername=hostname", done.stdout)
        self.assertIn("policy_type=sts", done.stdout)
        found = json.loads(self.query("fine.example", "--json").stdout)
        self.assertEqual([step for step in found["steps"] if step["fix"]], [])
        self.assertEqual(found["verdict"], "secure")

    def test_level_of_postfix(self):
        """-q with postfix_security_level = auto: the replies that the daemon would give"""
        self.world.publish("base.example", "mx1.base.example")
        postconf = self.world.directory / "postfix" / "postconf"
        postconf.parent.mkdir()
        for level, dns, reply in (("may", "enabled", "OK secure match=mx1.base.example "), ("encrypt", "", "OK secure match="),
                                  ("dane-only", "dnssec", "NOTFOUND "), ("fingerprint", "", "NOTFOUND ")):
            postconf.write_text(f"#!/bin/sh\necho {level}\necho {dns}\n", encoding="ascii")
            postconf.chmod(0o755)
            done = self.daemon.run("-o", "postfix_security_level=auto", "--json", "-q", "base.example",
                                   env={**os.environ, "PATH": f"{postconf.parent}:{os.environ['PATH']}"})
            self.assertTrue(json.loads(done.stdout)["reply_tlsrpt"].startswith(reply), done)

    def test_progress(self):
        """-q on a terminal tells what takes longer than a second, and wipes that before the answer"""
        self.world.dns.set("_mta-sts.slow.example", "TXT", rcode="NXDOMAIN", delay=1.5)
        screen, terminal = pty.openpty()
        done = self.daemon.run("-q", "slow.example", stdout=terminal, stderr=terminal)
        os.close(terminal)
        said = os.read(screen, 65536).decode()
        os.close(screen)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(said, r"^\r\x1b\[Kasking about slow\.example: 1s(?s:.*)\r\x1b\[K1\.  TXT record")

    def test_deferred(self):
        """-q where the policy covers no MX host: the verdict says that mail is deferred"""
        found = json.loads(self.query("mx-not-covered.example", "--json").stdout)
        self.assertEqual(found["steps"][-1]["result"], "deferred")
        self.assertIn("Postfix defers all mail to this domain", found["steps"][-1]["detail"])

    def test_resolver_down(self):
        """-q with a resolver that is down, or refuses: that comes first, and is no timeout of the domain"""
        refusing = DnsServer("127.0.0.51")
        self.addCleanup(refusing.stop)
        refusing.set("_mta-sts.any.example", "TXT", rcode="REFUSED")
        refusing.set(".", "NS", rcode="REFUSED")
        for resolver, result, seen in (("127.0.0.52", "resolver_unreachable", "Connection refused"), ("127.0.0.51", "resolver_refuses", "REFUSED")):
            with self.subTest(seen):
                done = self.daemon.run("-o", f"resolver={resolver}", "-o", "dns_attempts=1", "-o", "dns_timeout=1s", "--json",
                                       "-q", "any.example")
                steps = json.loads(done.stdout)["steps"]
                self.assertEqual((steps[0]["step"], steps[0]["result"]), ("resolver", result))
                self.assertEqual((steps[-1]["step"], steps[-1]["result"]), ("verdict", "temporary"))
                self.assertFalse([step for step in steps[1:] if step["fix"]], "what failed behind it is no fault of the domain")
                self.assertIn(seen, steps[0]["detail"])
                self.assertEqual(done.returncode, 75)

    def test_not_a_domain(self):
        """-q of what is no domain: exit 65"""
        for what in ("", "192.0.2.1", "localhost", "under_score.example", "a" * 64 + ".example", ".example"):
            with self.subTest(what):
                self.assertEqual(self.query(what).returncode, 65)

    def test_keys(self):
        """-q, --cache and --purge read keys as the socketmap does, and say which domain to give where one is named"""
        self.world.publish("keys.example", "keys.example")
        self.assertIn("OK secure match=keys.example", self.query("[keys.example]:587").stdout)
        for flag in ("-q", "--cache", "--purge"):
            for key in ("user@keys.example", "https://mta-sts.keys.example/.well-known/mta-sts.txt"):
                with self.subTest(f"{flag} {key}"):
                    done = self.daemon.run(flag, key)
                    self.assertEqual(done.returncode, 65)
                    self.assertIn("give keys.example", done.stderr)

    def test_temp(self):
        """-q --json where DNS fails: the verdict is temp, whatever the reply"""
        found = json.loads(self.query("servfail.example", "--json").stdout)
        self.assertEqual((found["verdict"], found["reply"]), ("temp", "NOTFOUND "))

    def test_own_resolver_down(self):
        """-q behind a resolver that nobody runs: that comes first, and the domain is not blamed"""
        done = self.daemon.run("-o", f"resolver={NOBODY}", "--json", "-q", "fine.example")
        self.assertEqual(done.returncode, 75, done.stderr)
        first = json.loads(done.stdout)["steps"][0]
        self.assertEqual((first["step"], first["result"]), ("resolver", "resolver_unreachable"))
        self.assertIn("Start the resolver", first["fix"])

    def test_own_trust_anchors(self):
        """-q with other trust anchors than the policy host's: they are named"""
        other = Authority(self.world.directory / "other", "Other Root")
        self.world.publish("anchors.example", "mx1.anchors.example")
        text = " ".join(self.daemon.run("-o", f"ca_file={other.ca_file}", "-q", "anchors.example").stdout.split())
        self.assertIn(f"trusted here: ca_file {other.ca_file}", text)

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
