"""The world of the DANE tests: a signed DNS, MX hosts with their TLSA records, a Postfix at level dane.

Each domain is one situation. Those not named bare enforce an MTA-STS policy that their MX hosts
satisfy, unless a comment says otherwise.
"""
import unittest

import namespace
import postfix_instance
import signed_dns
from scene import World, needs_network
from signed_dns import SignedDns
from smtp_sink import SmtpSink

needs_dnssec = unittest.skipIf(signed_dns.missing(), f"not installed: {signed_dns.missing()}")

RESOLV_CONF = "nameserver 127.0.0.1\noptions timeout:1 attempts:2 trust-ad\n"  # a name that hangs costs two seconds
WRONG = f"3 1 1 {'00' * 32}"  # matches no key

ENFORCED = """match.signed mismatch.signed dead-nxdomain.signed dead-servfail.signed dead-timeout.signed
    broken.signed unusable.signed mixed.signed implicit.signed relay.signed alias.signed alias-wrong.signed
    expanded.signed insecure.unsigned absent.signed lost.signed null.signed lame-servfail.signed lame-timeout.signed
    lame-tlsa.signed""".split()
BARE = """bare.signed bare-match.signed bare-unusable.signed bare-unusable-clear.signed bare-mixed.signed
    bare-insecure.unsigned bare-lost.signed""".split()


class DaneWorld(World):
    """Build what a test adds, then start(): the zones are signed once."""

    def __init__(self):
        super().__init__(SignedDns)
        names = [name for domain in ENFORCED + BARE for name in (domain, f"*.{domain}")]
        self.first, self.second, self.relay, self.stranger, self.private, self.clear = self.sinks = (
            SmtpSink("127.0.0.11", self.ca.issue(*names)),
            SmtpSink("127.0.0.12", self.ca.issue(*names)),
            SmtpSink("127.0.0.15", self.ca.issue(*names), port=587),
            SmtpSink("127.0.0.14", self.ca.issue("mx.stranger.signed")),
            SmtpSink("127.0.0.16", self.ca.issue("nobody.invalid", self_signed=True)),  # only DANE can prove it
            SmtpSink("127.0.0.13"),
        )
        for domain in ENFORCED:
            self.publish(domain, *self.covered(domain))
        self.publish("testing.signed", "*.testing.signed", mode="testing")
        self.hosts_of("testing.signed", (self.clear, None))
        self.enforce_and_bend()
        self.leave_bare()

    @staticmethod
    def covered(domain):
        """The mx lines of a domain's policy."""
        return ("mx1.forged.unsigned",) if domain == "forged.unsigned" else (f"*.{domain}", domain)

    def start(self):
        namespace.write_resolv_conf(RESOLV_CONF)
        self.dns.start()
        return self

    def close(self):
        namespace.write_resolv_conf(namespace.RESOLV_CONF)
        for sink in self.sinks:
            sink.stop()
        super().close()

    # The domains

    def host(self, name, sink, tlsa=None, port=25):
        self.dns.set(name, "A", sink.address)
        if tlsa is not None:
            self.dns.set(f"_{port}._tcp.{name}", "TLSA", tlsa)

    def hosts_of(self, domain, *hosts):
        """MX hosts in the order of preference: (sink, TLSA record or none)."""
        self.dns.set(domain, "MX", *(f"{10 * n} mx{n}.{domain}." for n in range(1, len(hosts) + 1)))
        for n, (sink, tlsa) in enumerate(hosts, 1):
            self.host(f"mx{n}.{domain}", sink, tlsa)

    def enforce_and_bend(self):
        first, right = self.first, self.first.tlsa()
        self.hosts_of("match.signed", (self.private, self.private.tlsa()))
        self.hosts_of("mismatch.signed", (first, WRONG))
        self.hosts_of("absent.signed", (first, None))
        self.hosts_of("insecure.unsigned", (first, right))
        self.hosts_of("unusable.signed", (first, first.tlsa(usage=0)))
        self.hosts_of("mixed.signed", (self.second, None), (first, right))
        self.hosts_of("broken.signed", (self.private, self.private.tlsa()), (self.clear, None))
        self.dns.break_signature("_25._tcp.mx1.broken.signed", "TLSA")
        self.hosts_of("lost.signed", (first, right))
        self.dns.break_signature("lost.signed", "MX")
        self.dns.set("null.signed", "MX", "0 .")
        self.host("implicit.signed", first, right)
        self.host("relay.signed", self.relay, self.relay.tlsa(), port=587)
        self.dns.set("_25._tcp.relay.signed", "TLSA", WRONG)
        self.forge()
        self.bury()
        self.cripple()
        self.alias()

    def forge(self):
        """The attacker's MX leads to a host of his with everything right; the policy names another."""
        self.publish("forged.unsigned", *self.covered("forged.unsigned"))
        self.dns.set("forged.unsigned", "MX", "10 mx.stranger.signed.")
        self.host("mx.stranger.signed", self.stranger, self.stranger.tlsa())

    def bury(self):
        """The best MX of three is dead, in one way or another."""
        for domain, dead in (("dead-nxdomain.signed", "none.dead-nxdomain.signed"),
                             ("dead-servfail.signed", "none.dead-servfail.signed"), ("dead-timeout.signed", "mx.silent")):
            self.hosts_of(domain, *[(self.first, self.first.tlsa())] * 2)
            self.dns.set(domain, "MX", f"5 {dead}.", f"10 mx1.{domain}.", f"20 mx2.{domain}.")
        self.dns.set("none.dead-servfail.signed", "A", self.first.address)
        self.dns.break_signature("none.dead-servfail.signed", "A")

    def cripple(self):
        """The best MX of two cannot be judged, and neither has TLSA records that were ever seen."""
        for domain, lame in (("lame-servfail.signed", "lame.lame-servfail.signed"), ("lame-timeout.signed", "mx.silent")):
            self.hosts_of(domain, (self.first, None))
            self.dns.set(domain, "MX", f"5 {lame}.", f"10 mx1.{domain}.")
        self.dns.set("lame.lame-servfail.signed", "A", self.first.address)
        self.dns.break_signature("lame.lame-servfail.signed", "A")
        self.hosts_of("lame-tlsa.signed", (self.private, self.private.tlsa()), (self.first, None))
        self.dns.break_signature("_25._tcp.mx1.lame-tlsa.signed", "TLSA")

    def alias(self):
        """MX hosts that are aliases: signed, of a host without signatures or with them."""
        self.host("shared.unsigned", self.first)
        self.host("shared.signed", self.first, self.first.tlsa())
        for domain, target, tlsa in (("alias.signed", "shared.unsigned", self.first.tlsa()),
                                     ("alias-wrong.signed", "shared.unsigned", WRONG),
                                     ("expanded.signed", "shared.signed", WRONG)):
            self.dns.set(domain, "MX", f"10 mx1.{domain}.")
            self.dns.set(f"mx1.{domain}", "CNAME", f"{target}.")
            self.dns.set(f"_25._tcp.mx1.{domain}", "TLSA", tlsa)

    def leave_bare(self):
        """Domains without MTA-STS."""
        first, right = self.first, self.first.tlsa()
        self.hosts_of("bare.signed", (first, None))
        self.hosts_of("bare-match.signed", (first, right))
        self.hosts_of("bare-unusable.signed", (first, first.tlsa(usage=0)))
        self.hosts_of("bare-unusable-clear.signed", (self.clear, first.tlsa(usage=0)))
        self.hosts_of("bare-mixed.signed", (self.second, None), (first, right))
        self.hosts_of("bare-insecure.unsigned", (first, right))
        self.hosts_of("bare-lost.signed", (first, right))
        self.dns.break_signature("bare-lost.signed", "MX")


@needs_network
@needs_dnssec
class DaneTest(unittest.TestCase):
    """One world for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.world = DaneWorld()
        cls.addClassCleanup(cls.world.close)
        cls.world.start()


class DaneDelivery(DaneTest):
    """A Postfix at level dane whose mail goes out by `routes`: name -> options of its smtp client."""

    tree, routes = "/", {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.tree != "/":
            postfix_instance.prepare_tree(cls.tree, cls.world.directory)
        cls.listeners, services = {}, []
        for n, (name, options) in enumerate(cls.routes.items()):
            cls.listeners[name] = f"127.0.0.1:{2525 + n}"
            services += postfix_instance.route(name, cls.listeners[name], **options)
        cls.sender = postfix_instance.sender(cls.world.directory / "sender", cls.tree, cls.world.ca.ca_file, "", services,
                                             smtp_tls_security_level="dane", smtp_dns_support_level="dnssec")
        cls.addClassCleanup(cls.sender.stop)
        cls.sender.start()

    def mail(self, route, domain, status):
        mail = self.sender.send(f"user@{domain}", self.listeners[route])
        self.assertEqual(mail.status, status, mail)
        return mail

    def verified(self, route, domain):
        """Sent, over TLS that Postfix found proven."""
        mail = self.mail(route, domain, "sent")
        self.assertEqual(mail.tls, "Verified", mail)
        return mail

    def deferred(self, route, domain, why):
        mail = self.mail(route, domain, "deferred")
        self.assertRegex(mail.reason, why, mail)
        return mail
