"""Mail through real Postfix at level dane: which of DANE and MTA-STS decides about it."""
import unittest

import debian13
import postfix_instance
from dane_scene import DaneDelivery
from scene import needs_root

# One daemon each, and a way out of Postfix that asks it.
VARIANTS = {
    "default": {},
    "mixed-dane": {"dane_mixed_reply": "dane"},
    "dane": {"dane_reply": "dane"},
    "dane-only": {"dane_reply": "dane-only"},
    "strict": {"postfix_security_level": "dane-only"},
    "served-may": {"postfix_security_level": "may"},
}
QUICK = {"postfix_security_level": "dane", "dns_timeout": "1s", "dns_attempts": "2"}
PORTS = {name: 8461 + n for n, name in enumerate(VARIANTS)}


def routes(map_name):
    out = {name: {"smtp_tls_policy_maps": f"socketmap:inet:127.0.0.1:{port}:{map_name}"} for name, port in PORTS.items()}
    out["strict"]["smtp_tls_security_level"] = "dane-only"
    # Transports with a level of their own, which they name.
    for name, served, level in (("at-may", "default", "may"), ("at-encrypt", "served-may", "encrypt"), ("at-dane", "served-may", "dane")):
        out[name] = {"smtp_tls_policy_maps": f"socketmap:inet:127.0.0.1:{PORTS[served]}:{map_name}@{level}",
                     "smtp_tls_security_level": level}
    out["relay"] = {**out["default"], "next_hop": "[relay.signed]:587"}
    return out


class Precedence(DaneDelivery):
    """Not a test itself: the scene both Postfix releases play in."""

    map_name = "QUERY"

    @classmethod
    def setUpClass(cls):
        cls.routes = routes(cls.map_name)
        super().setUpClass()
        cls.daemons = {}
        for name, settings in VARIANTS.items():
            listen = {"listen": f"inet:127.0.0.1:{PORTS[name]}"}
            cls.daemons[name] = cls.world.daemon(name, **{**QUICK, **listen, **settings}).start()

    def reply(self, key, variant="default"):
        return self.daemons[variant].ask(key, self.map_name)

    def enforced(self, domain):
        """The daemon has a policy to enforce: what it says otherwise, it says because of DANE."""
        self.assertEqual(self.daemons["default"].json("--cache", domain)["mode"], "enforce")

    def test_mismatch(self):
        """N-01 a TLSA mismatch defers although MTA-STS would pass"""
        self.deferred("default", "mismatch.signed", "not verified")
        self.enforced("mismatch.signed")
        self.assertEqual(self.world.first.mails_to("mismatch.signed"), [])

    def test_match(self):
        """N-18 a TLSA match delivers over TLS that DANE proved, although no name and no authority fit"""
        self.verified("default", "match.signed")
        self.enforced("match.signed")

    def test_forged(self):
        """N-04 an unsigned MX with a stranger's TLSA does not displace an enforced policy"""
        self.deferred("default", "forged.unsigned", "not verified|server unavailable")
        self.assertEqual(self.world.stranger.mails_to("forged.unsigned"), [])
        self.assertTrue(self.reply("forged.unsigned").startswith("OK secure match=mx1.forged.unsigned"))

    def test_levels(self):
        """N-01 a transport that names its level gets what that level demands, not what main.cf's would"""
        self.verified("at-may", "absent.signed")
        self.verified("at-may", "unusable.signed")
        self.assertTrue(self.daemons["default"].ask("match.signed", f"{self.map_name}@may").startswith("OK secure "))
        self.deferred("at-may", "match.signed", "not verified")  # no authority vouches for it, and DANE does not count at may
        self.verified("at-dane", "match.signed")
        self.deferred("at-dane", "mismatch.signed", "not verified")
        status = self.daemons["served-may"].json("--status")
        seen = {each["name"]: each["dane_active"] for each in status["maps"]}
        self.assertEqual((status["dane_active"], seen[f"{self.map_name}@dane"]), (False, True))

    def test_testing(self):
        """Q-02 mode testing lets no transport at encrypt send in clear"""
        self.deferred("at-encrypt", "testing.signed", "TLS is required")
        self.assertEqual(self.world.clear.mails_to("testing.signed"), [])
        self.assertEqual(self.mail("served-may", "testing.signed", "sent").tls, None)

    def test_insecure(self):
        """N-04 an unsigned MX: MTA-STS decides, and its TLSA records do not"""
        self.verified("default", "insecure.unsigned")
        self.assertTrue(self.reply("insecure.unsigned").startswith("OK secure "))

    def test_absent(self):
        """N-05 no TLSA anywhere: MTA-STS decides"""
        self.verified("default", "absent.signed")
        self.assertTrue(self.reply("absent.signed").startswith("OK secure "))

    def test_dead_nxdomain(self):
        """N-02 one MX of three does not exist: mail goes to another"""
        self.verified("default", "dead-nxdomain.signed")

    def test_dead_servfail(self):
        """N-02 one MX of three is bogus: mail goes to another"""
        self.verified("default", "dead-servfail.signed")

    def test_dead_timeout(self):
        """N-02 one MX of three is never answered for: mail goes to another"""
        self.verified("default", "dead-timeout.signed")

    def test_lame(self):
        """N-02 one MX of two cannot be judged, no TLSA anywhere: mail goes to the other, proven by MTA-STS"""
        for domain, left, lame in (("lame-servfail.signed", "mx1", "lame.lame-servfail.signed"), ("lame-timeout.signed", "mx1", "mx.silent"),
                                   ("lame-tlsa.signed", "mx2", "mx1.lame-tlsa.signed")):
            with self.subTest(domain):
                self.verified("default", domain)
                self.assertTrue(self.reply(domain).startswith(f"OK secure match={left}.{domain} servername=hostname"))
                self.assertEqual(self.daemons["default"].log().count(f"next_hop={domain}, left_out={lame}, "), 1)
        self.assertEqual(self.world.private.mails_to("lame-tlsa.signed"), [])

    def test_broken(self):
        """N-02 one broken TLSA answer of two does not let mail out in clear at the other host"""
        self.deferred("default", "broken.signed", "TLS is required")
        self.enforced("broken.signed")
        self.assertEqual(self.world.clear.mails_to("broken.signed"), [])

    def test_unusable(self):
        """N-06, N-12 only unusable TLSA under an enforced policy: MTA-STS proves the host"""
        self.verified("default", "unusable.signed")
        self.assertTrue(self.reply("unusable.signed").startswith("OK secure "))

    def test_unusable_bare(self):
        """N-06, N-12 only unusable TLSA without a policy: TLS is mandatory, whichever dane_reply"""
        for variant in ("default", "dane", "dane-only"):
            with self.subTest(variant):
                self.assertNotIn(self.mail(variant, "bare-unusable.signed", "sent").tls, (None, "Verified"))
                self.deferred(variant, "bare-unusable-clear.signed", "TLS is required")

    def test_mixed(self):
        """N-14 a host without TLSA before one with: dane-only passes it over, dane does not"""
        second = self.world.second
        before = len(second.mails_to("mixed.signed"))
        self.verified("default", "mixed.signed")
        self.assertEqual(len(second.mails_to("mixed.signed")), before)
        self.assertNotEqual(self.mail("mixed-dane", "mixed.signed", "sent").tls, "Verified")
        self.assertEqual(len(second.mails_to("mixed.signed")), before + 1)

    def test_mixed_bare(self):
        """N-14 without a policy no host is passed over: dane_reply is dane at most"""
        for variant, reply in (("default", "NOTFOUND "), ("dane", "OK dane"), ("dane-only", "OK dane")):
            with self.subTest(variant):
                self.mail(variant, "bare-mixed.signed", "sent")
                self.assertEqual(self.reply("bare-mixed.signed", variant), reply)

    def test_dane_replies(self):
        """N-16 Postfix takes the words dane and dane-only, which come alone"""
        for variant in ("dane", "dane-only"):
            for domain in ("match.signed", "bare-match.signed"):
                with self.subTest(f"{variant} {domain}"):
                    self.verified(variant, domain)
                    self.assertEqual(self.reply(domain, variant), f"OK {variant}")
            self.deferred(variant, "mismatch.signed", "not verified")

    def test_mixed_reply(self):
        """N-16 so do those of a mixed domain"""
        self.assertEqual(self.reply("mixed.signed"), "OK dane-only")
        self.assertEqual(self.reply("mixed.signed", "mixed-dane"), "OK dane")

    def test_null(self):
        """M-12 a null MX: Postfix bounces, with an enforced policy too, and does not ask"""
        self.assertIn("5.1.0", self.mail("default", "null.signed", "bounced").log)
        self.assertNotIn("null.signed", self.daemons["default"].log())

    def test_implicit(self):
        """N-02, N-09 no MX: the domain itself is the host, with TLSA at port 25"""
        self.verified("default", "implicit.signed")
        self.assertEqual(self.reply("implicit.signed"), "NOTFOUND ")
        self.assertEqual(self.reply("implicit.signed", "dane-only"), "OK dane-only")

    def test_relay(self):
        """N-09 a smart host's TLSA is asked at its own port"""
        self.verified("relay", "anywhere.invalid")
        self.assertEqual(self.reply("[relay.signed]:587", "dane-only"), "OK dane-only")
        self.assertTrue(self.reply("[absent.signed]:587", "dane-only").startswith("OK secure "))

    def test_alias(self):
        """N-08b a signed alias of an unsigned host: TLSA is asked at the alias"""
        self.verified("default", "alias.signed")
        self.deferred("default", "alias-wrong.signed", "not verified")
        self.assertEqual(self.reply("alias-wrong.signed", "dane-only"), "OK dane-only")

    def test_expanded(self):
        """N-08 a signed alias of a signed host: TLSA at the host goes first"""
        self.verified("default", "expanded.signed")
        self.assertEqual(self.reply("expanded.signed", "dane-only"), "OK dane-only")

    def test_strict(self):
        """N-15 at level dane-only every reply is NOTFOUND, and Postfix's own level decides"""
        self.verified("strict", "match.signed")
        self.deferred("strict", "absent.signed", "TLSA|DANE")
        self.deferred("strict", "mismatch.signed", "not verified")
        for domain in ("match.signed", "absent.signed", "mixed.signed", "insecure.unsigned", "lost.signed"):
            self.assertEqual(self.reply(domain, "strict"), "NOTFOUND ", domain)


@needs_root
@unittest.skipUnless(postfix_instance.installed(), "no Postfix on this machine")
class SystemPostfix(Precedence):
    """Debian's Postfix of the machine, plain replies."""


@needs_root
@unittest.skipIf(debian13.missing(), debian13.missing())
class Debian13Postfix(Precedence):
    """Postfix 3.10 with the replies that carry attributes."""

    tree, map_name = debian13.TREE, "QUERYwithTLSRPT"


del DaneDelivery, Precedence  # the loader would run them
