"""What Postfix at level dane makes of each answer, without our daemon: why the answers are what they are."""
import unittest

import dns.flags
import dns.rcode

import postfix_instance
import signed_dns
from dane_scene import DaneDelivery, DaneTest
from scene import needs_root


class SignedZones(DaneTest):
    """The resolver's side of the scene."""

    def seen(self, name, rdtype, address=signed_dns.VALIDATING, limit=5.0):
        reply = signed_dns.ask(address, name, rdtype, limit)
        return reply and f"{dns.rcode.to_text(reply.rcode())}{' AD' if reply.flags & dns.flags.AD else ''}"

    def test_states(self):
        """unbound finds each state of the scene: secure, secure denial, insecure, bogus, silent"""
        for name, rdtype, state in (
                (".", "NS", "NOERROR AD"),
                ("match.signed", "MX", "NOERROR AD"),
                ("_25._tcp.mx1.match.signed", "TLSA", "NOERROR AD"),
                ("_25._tcp.mx1.absent.signed", "TLSA", "NXDOMAIN AD"),
                ("none.dead-nxdomain.signed", "A", "NXDOMAIN AD"),
                ("implicit.signed", "MX", "NOERROR AD"),
                ("forged.unsigned", "MX", "NOERROR"),
                ("_25._tcp.mx.stranger.signed", "TLSA", "NOERROR AD"),
                ("mx1.alias.signed", "CNAME", "NOERROR AD"),
                ("mx1.alias.signed", "A", "NOERROR"),
                ("mx1.expanded.signed", "A", "NOERROR AD"),
                ("lost.signed", "MX", "SERVFAIL"),
                ("none.dead-servfail.signed", "A", "SERVFAIL"),
                ("_25._tcp.mx1.broken.signed", "TLSA", "SERVFAIL")):
            with self.subTest(f"{name} {rdtype}"):
                self.assertEqual(self.seen(name, rdtype), state)
        self.assertIsNone(self.seen("mx.silent", "A", limit=0.5))

    def test_oblivious(self):
        """the resolver without validator says the same without AD"""
        self.assertEqual(self.seen("match.signed", "MX", signed_dns.OBLIVIOUS), "NOERROR")
        self.assertEqual(self.seen("lost.signed", "MX", signed_dns.OBLIVIOUS), "NOERROR")


def answer(text):
    return {"smtp_tls_policy_maps": f"static:{{{text}}}"}


@needs_root
@unittest.skipUnless(postfix_instance.installed(), "no Postfix on this machine")
class Answers(DaneDelivery):
    """One route an answer. A test named "would" shows the damage that the right answer averts."""

    routes = {
        "notfound": {},
        "relay": {"next_hop": "[relay.signed]:587"},
        "dane": answer("dane"),
        "dane-only": answer("dane-only"),
        "secure": answer("secure match=hostname servername=hostname"),
        "forged": answer("secure match=mx1.forged.unsigned servername=hostname"),
    }

    def test_match(self):
        """a TLSA match delivers under NOTFOUND, dane and dane-only"""
        for route in ("notfound", "dane", "dane-only"):
            with self.subTest(route):
                self.verified(route, "match.signed")

    def test_mismatch(self):
        """a TLSA mismatch defers under NOTFOUND and dane; secure would deliver"""
        for route in ("notfound", "dane", "dane-only"):
            with self.subTest(route):
                self.deferred(route, "mismatch.signed", "not verified")
        self.verified("secure", "mismatch.signed")

    def test_forged(self):
        """secure keeps mail from a stranger that an unsigned MX names; NOTFOUND would deliver there"""
        self.deferred("forged", "forged.unsigned", "not verified")
        self.assertEqual(self.world.stranger.mails_to("forged.unsigned"), [])
        self.mail("notfound", "forged.unsigned", "sent")
        self.assertEqual(len(self.world.stranger.mails_to("forged.unsigned")), 1)

    def test_dead(self):
        """one dead MX of three: NOTFOUND, dane and dane-only all reach another"""
        for domain in ("dead-nxdomain.signed", "dead-servfail.signed", "dead-timeout.signed"):
            for route in ("notfound", "dane-only"):
                with self.subTest(f"{domain} {route}"):
                    self.verified(route, domain)

    def test_broken(self):
        """one broken TLSA answer of two: dane-only defers; NOTFOUND and dane would go in clear"""
        clear = self.world.clear
        self.deferred("dane-only", "broken.signed", "TLSA|DANE")
        self.assertEqual(clear.mails_to("broken.signed"), [])
        for n, route in enumerate(("notfound", "dane"), 1):
            self.mail(route, "broken.signed", "sent")
            self.assertEqual([mail.encrypted for mail in clear.mails_to("broken.signed")], [False] * n)

    def test_unusable(self):
        """TLSA records nobody can use: Postfix's own level becomes encrypt, dane-only defers"""
        self.assertNotIn(self.mail("notfound", "bare-unusable.signed", "sent").tls, (None, "Verified"))
        self.deferred("notfound", "bare-unusable-clear.signed", "TLS is required")
        self.deferred("dane-only", "bare-unusable.signed", "TLSA|DANE")
        self.verified("secure", "unusable.signed")

    def test_mixed(self):
        """a host without TLSA before one with: dane-only passes it over, dane takes it unverified"""
        self.verified("dane-only", "mixed.signed")
        self.assertEqual(self.world.second.mails_to("mixed.signed"), [])
        self.assertNotEqual(self.mail("dane", "mixed.signed", "sent").tls, "Verified")
        self.assertEqual(len(self.world.second.mails_to("mixed.signed")), 1)

    def test_null(self):
        """a null MX is bounced by Postfix itself, whatever the answer"""
        for route in ("notfound", "secure"):
            with self.subTest(route):
                self.assertIn("5.1.0", self.mail(route, "null.signed", "bounced").log)

    def test_implicit(self):
        """no MX: TLSA of the domain itself"""
        self.verified("dane-only", "implicit.signed")

    def test_relay(self):
        """a smart host's TLSA is asked at its port"""
        self.verified("relay", "anywhere.invalid")

    def test_aliases(self):
        """N-08b an alias of an unsigned host: TLSA at the alias; of a signed one: at its target first"""
        self.verified("dane-only", "alias.signed")
        self.deferred("notfound", "alias-wrong.signed", "not verified")
        self.verified("dane-only", "expanded.signed")

    def test_no_tlsa(self):
        """no TLSA: dane-only defers, secure is what proves the host"""
        self.deferred("dane-only", "absent.signed", "TLSA|DANE")
        self.verified("secure", "absent.signed")


del DaneDelivery, DaneTest  # the loader would run them
