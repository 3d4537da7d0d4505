"""DANE precedence without Postfix: when it is on, what is kept of it, how it is shown."""
import contextlib
import json
import os
import unittest

import postfix_instance
from dane_scene import DaneTest
from signed_dns import OBLIVIOUS, VALIDATING
from waiting import until

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

    def blind(self, name, **settings):
        """One warning with the cure, and replies that follow MTA-STS alone."""
        with self.running(name, **settings) as daemon:
            daemon.says("does not validate")
            status = daemon.json("--status")
            self.assertEqual((status["dane_active"], status["resolver"]["validates"]), (False, False))
            self.assertTrue(daemon.ask("mismatch.signed").startswith("OK secure "))
            self.assertEqual(daemon.ask("bare-match.signed"), "NOTFOUND ")
        warnings = [line for line in daemon.log().splitlines() if "does not validate" in line]
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
        self.blind("distrust", resolver_trust_ad="never")

    def test_canary_unsigned(self):
        """N-11 a canary answered without AD: the resolver does not validate"""
        self.blind("unsigned-canary", dane_canary="insecure.unsigned MX")

    def test_canary(self):
        """N-11 the canary can be any signed name; one that cannot be looked up changes nothing"""
        for name, canary in (("signed-canary", "match.signed MX"), ("bogus-canary", "lost.signed MX")):
            with self.subTest(name), self.running(name, dane_canary=canary) as daemon:
                self.assertEqual(daemon.ask("mismatch.signed"), "NOTFOUND ")  # the canary was asked before
                self.assertTrue(daemon.json("--status")["dane_active"])

    @unittest.skipUnless(postfix_instance.installed(), "no Postfix on this machine")
    def test_auto(self):
        """postfix_security_level = auto: on where main.cf has level dane or dane-only, and DNS support dnssec"""
        for level, support, active in (("dane", "dnssec", True), ("dane-only", "dnssec", True),
                                       ("dane", "enabled", False), ("may", "dnssec", False)):
            main_cf = self.world.directory / f"{level}-{support}" / "main.cf"
            main_cf.parent.mkdir()
            main_cf.write_text(f"compatibility_level = 3.6\nsmtp_tls_security_level = {level}\n"
                               f"smtp_dns_support_level = {support}\n", encoding="ascii")
            os.utime(main_cf, (0, 0))  # postconf waits until nobody can still be writing it
            with self.subTest(f"{level} {support}"), self.running(
                    f"auto-{level}-{support}", postfix_security_level="auto",
                    postfix_config_directory=str(main_cf.parent)) as daemon:
                daemon.ask("bare.signed")  # the answer waits for postconf
                status = daemon.json("--status")
                self.assertEqual((status["postfix_security_level"], status["dane_active"]), (level, active))

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
                ("broken.signed", "dane", "OK dane-only", "_25._tcp.mx1.broken.signed"),
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
                faults = [step for step in found["steps"] if step["cure"]]
                self.assertEqual(len(faults), 1, faults)
                self.assertIn(host, faults[0]["detail"])
                self.assertIn("RFC 7672", faults[0]["rfc"])


del DaneTest  # the loader would run it
