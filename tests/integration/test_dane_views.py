"""DANE precedence without Postfix: when it is on, what is kept of it, how it is shown."""
import contextlib
import json
import os
import pathlib
import time
import unittest

import postfix_instance
from dane_scene import DaneTest
from postfix_instance import SETTLED
from signed_dns import OBLIVIOUS, VALIDATING
from waiting import until

needs_postfix = unittest.skipUnless(postfix_instance.installed(), "no Postfix on this machine")
QUICK = {"postfix_security_level": "dane", "dns_timeout": "1s", "dns_attempts": "2"}


class DaneViews(DaneTest):
    def daemon(self, name, **settings):
        return self.world.daemon(name, **{**QUICK, **settings})

    @contextlib.contextmanager
    def running(self, name, **settings):
        daemon = self.daemon(name, **settings).start()
        try:
            yield daemon
        finally:
            daemon.stop()

    # When it is on

    def test_validates(self):
        """N-11 a resolver that answers the canary with AD: DANE precedence is on"""
        with self.running("validates") as daemon:
            self.assertEqual(daemon.ask("mismatch.signed"), "NOTFOUND ")
            status = daemon.json("--status")
        self.assertEqual((status["dane_active"], status["resolver"]["validates"]), (True, True))

    def blind(self, name, reason="does not validate", **settings):
        """One warning with the cure, and replies that follow MTA-STS alone."""
        with self.running(name, **settings) as daemon:
            daemon.says(reason)
            status = daemon.json("--status")
            self.assertEqual((status["dane_active"], status["resolver"]["validates"]), (False, False))
            self.assertTrue(daemon.ask("mismatch.signed").startswith("OK secure "))
            self.assertEqual(daemon.ask("bare-match.signed"), "NOTFOUND ")
        warnings = [line for line in daemon.log().splitlines() if reason in line]
        self.assertEqual(len(warnings), 1, daemon.log())
        self.assertRegex(warnings[0], "cure=.*resolver")

    def test_oblivious(self):
        """N-11 a resolver that does not validate: one warning with the cure, MTA-STS alone decides"""
        self.blind("oblivious", resolver=OBLIVIOUS, dane_reply="dane")

    def test_second_resolver(self):
        """N-11 a bogus answer stays bogus beside a second resolver that validates nothing, whichever comes first"""
        for name, resolvers in (("after", (VALIDATING, OBLIVIOUS)), ("before", (OBLIVIOUS, VALIDATING))):
            with self.subTest(name), self.running(f"oblivious-{name}", resolver=" ".join(resolvers)) as daemon:
                daemon.says(f"resolver={OBLIVIOUS}:53")
                self.assertRegex(daemon.ask("lost.signed"), "^TEMP .*MX.*lost.signed")
                self.assertEqual(daemon.ask("mismatch.signed"), "NOTFOUND ")
                status = daemon.json("--status")
                self.assertEqual((status["dane_active"], status["resolver"]["validates"]), (True, True))

    def test_trust(self):
        """N-11 AD from a resolver that resolver_trust_ad leaves out does not count"""
        self.blind("distrust", "its AD is not trusted here", resolver_trust_ad="never")

    def test_canary_unsigned(self):
        """N-11 a canary answered without AD: the resolver does not validate"""
        self.blind("unsigned-canary", dane_canary="insecure.unsigned MX")

    def test_canary(self):
        """N-11 the canary can be any signed name; one that cannot be looked up changes nothing"""
        for name, canary in (("signed-canary", "match.signed MX"), ("bogus-canary", "lost.signed MX")):
            with self.subTest(name), self.running(name, dane_canary=canary) as daemon:
                self.assertEqual(daemon.ask("mismatch.signed"), "NOTFOUND ")  # the canary was asked before
                self.assertTrue(daemon.json("--status")["dane_active"])

    @needs_postfix
    def test_auto(self):
        """postfix_security_level = auto: on where main.cf has level dane or dane-only, and DNS support dnssec"""
        for level, support, active in (("dane", "dnssec", True), ("dane-only", "dnssec", True),
                                       ("dane", "enabled", False), ("may", "dnssec", False)):
            directory = self.postfix(f"{level}-{support}", smtp_tls_security_level=level, smtp_dns_support_level=support)
            with self.subTest(f"{level} {support}"), self.running(
                    f"auto-{level}-{support}", postfix_security_level="auto", postfix_config_directory=directory) as daemon:
                daemon.ask("absent.signed")  # what would be secure waits for postconf
                status = daemon.json("--status")
                self.assertEqual((status["postfix_security_level"], status["dane_active"]), (level, active))

    def postfix(self, name, master=(), age=SETTLED, **main):
        """A configuration directory that nobody has changed for `age` seconds: postconf waits for younger files."""
        directory = self.world.directory / name
        directory.mkdir(exist_ok=True)
        lines = {"main.cf": [f"{key} = {value}" for key, value in {"compatibility_level": "3.6", **main}.items()],
                 "master.cf": ["smtp unix - - n - - smtp", *master]}
        for file, text in lines.items():
            (directory / file).write_text("".join(f"{line}\n" for line in text), encoding="ascii")
            os.utime(directory / file, (time.time() - age,) * 2)
        return str(directory)

    def serving_postfix(self, directory):
        return self.running(pathlib.Path(directory).name + "-daemon", postfix_security_level="auto", postfix_config_directory=directory)

    @needs_postfix
    def test_changed_level(self):
        """a level that changes in main.cf is noticed by itself"""
        directory = self.postfix("changing", smtp_tls_security_level="dane", smtp_dns_support_level="dnssec")
        with self.serving_postfix(directory) as daemon:
            self.assertEqual(daemon.ask("match.signed"), "NOTFOUND ")
            self.postfix("changing", smtp_tls_security_level="may", age=SETTLED + 1)
            until(lambda: daemon.ask("match.signed").startswith("OK secure "), daemon.log, limit=60)

    @needs_postfix
    def test_young_main_cf(self):
        """N-01 a main.cf edited a moment ago, for which postconf waits: no secure goes over DANE meanwhile"""
        directory = self.postfix("young", smtp_tls_security_level="dane", smtp_dns_support_level="dnssec", age=0)
        with self.serving_postfix(directory) as daemon:
            self.assertEqual(daemon.ask("bare.signed"), "NOTFOUND ")  # whatever the level
            self.assertEqual(daemon.ask("match.signed"), "NOTFOUND ")
            self.assertTrue(daemon.ask("match.signed", "QUERY@may").startswith("OK secure "))
            self.assertTrue(daemon.json("--status")["dane_active"])

    @needs_postfix
    def test_advice(self):
        """what is wrong in main.cf and master.cf for lookups here is one warning each, with its fix"""
        here = "socketmap:inet:127.0.0.1:8461"
        master = [f"strict unix - - n - - smtp -o smtp_tls_security_level=encrypt -o smtp_tls_policy_maps={here}:QUERYwithTLSRPT",
                  "loose unix - - n - - smtp -o smtp_tls_security_level=may",
                  f"named unix - - n - - smtp -o smtp_tls_security_level=may -o smtp_tls_policy_maps={here}:QUERY@may",
                  f"lm unix - - n - - lmtp -o lmtp_tls_security_level=encrypt -o lmtp_tls_policy_maps={here}:QUERY"]
        directory = self.postfix("advised", master, smtp_tls_security_level="dane", smtp_dns_support_level="dnssec",
                                 smtp_tls_policy_maps=f"{here}:QUERYwithTLSRPT")
        with self.serving_postfix(directory) as daemon:
            for fix in ("transport=strict/unix, ", f"fix=-o smtp_tls_policy_maps={here}:QUERYwithTLSRPT@encrypt",
                        "transport=loose/unix, ", f"fix=-o smtp_tls_policy_maps={here}:QUERYwithTLSRPT@may",
                        "transport=lm/unix, ", f"fix=-o lmtp_tls_policy_maps={here}:QUERY@encrypt", "smtp_tls_CAfile=empty"):
                daemon.says(fix)
            if postfix_instance.version() < (3, 10):
                daemon.says("map=QUERYwithTLSRPT, reason=before 3.10 ")
            daemon.ask("absent.signed")
            self.assertNotIn("named/unix", daemon.log())
            self.assertEqual(daemon.log().count("smtp_tls_CAfile=empty"), 1)

    @needs_postfix
    def test_words_of_postconf(self):
        """where postconf fails the warning has what it wrote"""
        empty = self.world.directory / "empty"
        empty.mkdir()
        with self.serving_postfix(str(empty)) as daemon:
            daemon.says("level=unknown, reason=postconf ends with an error: postconf: fatal: open ")
            self.assertTrue(daemon.ask("absent.signed").startswith("OK secure "))

    # What nobody can deliver to, so that only the reply shows

    def test_lost(self):
        """N-03 MX cannot be looked up: TEMP under an enforced policy, else as dns_error_reply"""
        with self.running("lost") as daemon:
            self.assertRegex(daemon.ask("lost.signed"), "^TEMP .*MX.*lost.signed")
            self.assertEqual(daemon.ask("bare-lost.signed"), "NOTFOUND ")

    def test_lost_temp(self):
        """N-03 with dns_error_reply = temp a domain without policy whose MX fails is TEMP, if DANE is answered"""
        with self.running("lost-temp", dns_error_reply="temp", dane_reply="dane") as daemon:
            self.assertRegex(daemon.ask("bare-lost.signed"), "^TEMP ")

    def test_null(self):
        """M-12 a null MX with nothing cached: NOTFOUND, and no policy is fetched"""
        with self.running("null") as daemon:
            self.assertEqual(daemon.ask("null.signed"), "NOTFOUND ")
        self.assertEqual(self.world.hosts.visits_of("mta-sts.null.signed"), [])

    def test_bare(self):
        """without a policy: dane_reply where all hosts have TLSA, else NOTFOUND"""
        expected = {"bare.signed": "NOTFOUND ", "bare-match.signed": "OK dane-only", "bare-unusable.signed": "OK dane",
                    "bare-mixed.signed": "OK dane", "bare-insecure.unsigned": "NOTFOUND "}
        with self.running("bare", dane_reply="dane-only") as daemon:
            self.assertEqual({domain: daemon.ask(domain) for domain in expected}, expected)

    # How it is shown

    def dane(self, daemon, domain):
        """What --cache --json says of it, as (status, {host: state})."""
        dane = daemon.json("--cache", domain)["dane"]
        self.assertRegex(dane["expires"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        for host in dane["hosts"]:
            self.assertTrue(host["reason"])
        return dane["status"], {host["host"]: host["state"] for host in dane["hosts"]}

    STATES = {
        "match.signed": ("signed", {"mx1.match.signed": "usable"}),
        "unusable.signed": ("signed", {"mx1.unusable.signed": "unusable"}),
        "broken.signed": ("signed", {"mx1.broken.signed": "failed", "mx2.broken.signed": "none"}),
        "dead-servfail.signed": ("signed", {"none.dead-servfail.signed": "failed", "mx1.dead-servfail.signed": "usable",
                                            "mx2.dead-servfail.signed": "usable"}),
        "dead-nxdomain.signed": ("signed", {"none.dead-nxdomain.signed": "none", "mx1.dead-nxdomain.signed": "usable",
                                            "mx2.dead-nxdomain.signed": "usable"}),
        "forged.unsigned": ("unsigned", {}),
        "implicit.signed": ("none_signed", {"implicit.signed": "usable"}),
    }

    def test_cache(self):
        """--cache --json has the DANE status with each host's state and reason, also after kill -9"""
        with self.running("cache") as daemon:
            for domain in self.STATES:
                daemon.ask(domain)
            self.assertEqual({domain: self.dane(daemon, domain) for domain in self.STATES}, self.STATES)
            until(lambda: daemon.json("--status")["store"]["pending"] == 0, "the store to have it all")
            daemon.kill()
            daemon.start()
            until(lambda: daemon.json("--status")["cache"]["entries"] >= len(self.STATES), daemon.log)
            self.assertEqual({domain: self.dane(daemon, domain) for domain in self.STATES}, self.STATES)

    def test_listing(self):
        """--cache shows the DANE status to people, too"""
        with self.running("listing") as daemon:
            daemon.ask("broken.signed")
            said = daemon.run("--cache", "broken.signed").stdout
        for words in ("dane", "mx1.broken.signed", "mx2.broken.signed"):
            self.assertIn(words, said.lower())

    def explained(self, domain, **settings):
        daemon = self.daemon(f"query-{domain}", **settings)
        done = daemon.run("-q", domain)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return " ".join(done.stdout.split()), json.loads(daemon.run("-q", domain, "--json").stdout)

    def test_query(self):
        """-q explains DANE: what is signed, each host, and the reply that follows"""
        for domain, verdict, reply, words in (
                ("match.signed", "dane", "NOTFOUND ", "mx1.match.signed"),
                ("broken.signed", "secure", "OK secure match=mx2.broken.signed ", "_25._tcp.mx1.broken.signed"),
                ("absent.signed", "secure", "OK secure ", "mx1.absent.signed"),
                ("unusable.signed", "secure", "OK secure ", "mx1.unusable.signed"),
                ("forged.unsigned", "deferred", "OK secure ", "not signed")):
            with self.subTest(domain):
                text, found = self.explained(domain)
                self.assertIn(words, text)
                self.assertEqual([step["result"] for step in found["steps"] if step["step"] == "verdict"], [verdict])
                self.assertTrue(found["reply"].startswith(reply), found["reply"])
                self.assertTrue([step for step in found["steps"] if step["step"] == "dane"], found["steps"])

    def test_query_fault(self):
        """-q tells the cure where a TLSA answer is broken or useless"""
        for domain, host in (("broken.signed", "mx1.broken.signed"), ("unusable.signed", "mx1.unusable.signed")):
            with self.subTest(domain):
                _, found = self.explained(domain)
                faults = [step for step in found["steps"] if step["fix"]]
                self.assertEqual(len(faults), 1, faults)
                self.assertIn(host, faults[0]["detail"])
                self.assertIn("RFC 7672", faults[0]["rfc"])


del DaneTest  # the loader would run it
