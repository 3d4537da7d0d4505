"""Mail through real Postfix: what the daemon's words do to deliveries."""
import unittest

import debian13
import postfix_instance
from policy_server import policy
from scene import WorldTest, needs_root

# Listening addresses of the receiver and what it shows there.
GOOD, WRONG, CLEAR, OTHER, DEEP, SWAPPED = (f"127.0.0.{n}" for n in (11, 12, 13, 14, 15, 16))


class Delivery(WorldTest):
    """Not a test itself: the scene both Postfix releases play in."""

    tree, table = "/", "socketmap:inet:127.0.0.1:8461:QUERY"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        if cls.tree != "/":
            postfix_instance.prepare_tree(cls.tree, world.directory)
        cls.publish_all(world)
        issue = world.ca.issue
        cls.receiver = postfix_instance.receiver(world.directory / "receiver", cls.tree, [
            postfix_instance.smtpd_service(GOOD, issue("mx1.good.example", "mx1.dark.example", "mx1.braces.example",
                                                         "mx1.address.example", "mx1.addresses.example")),
            postfix_instance.smtpd_service(WRONG, issue("somebody.else.example")),
            postfix_instance.smtpd_service(CLEAR),
            postfix_instance.smtpd_service(OTHER, issue("mx9.outside.example")),
            postfix_instance.smtpd_service(DEEP, issue("a.b.deep.example")),
            postfix_instance.smtpd_service(SWAPPED, issue("mx2.swapped.example")),
        ])
        cls.sender = postfix_instance.sender(world.directory / "sender", cls.tree, world.ca.ca_file, cls.table)
        cls.daemon = world.daemon().start()
        for postfix in (cls.receiver, cls.sender):
            cls.addClassCleanup(postfix.stop)
            postfix.start()

    @classmethod
    def publish_all(cls, world):
        for name, address in {"good": GOOD, "wrong": WRONG, "clear": CLEAR, "dark": GOOD, "swapped": SWAPPED}.items():
            world.publish(f"{name}.example", f"mx1.{name}.example", f"mx2.{name}.example")
            world.mx(f"{name}.example", mx1=address)
        hostile = policy("mx1.braces.example", more=["note: } policy_type=no-policy-found {", "comma: a, b: c"])
        world.publish("braces.example", body=hostile)
        world.mx("braces.example", mx1=GOOD)
        for name, mx in {"address": ("mx1.address.example", "192.0.2.7", "010.001.002.003"),
                         "addresses": (GOOD, "192.0.2.7")}.items():
            world.publish(f"{name}.example", *mx)
            world.mx(f"{name}.example", mx1=GOOD)
        world.publish("outside.example", "mx1.outside.example")
        world.mx("outside.example", mx9=OTHER)
        world.publish("deep.example", "*.deep.example")
        world.mx("deep.example", a_b=DEEP)
        world.publish("testing.example", "mx1.testing.example", mode="testing")
        world.mx("testing.example", mx1=WRONG)
        world.mx("nopolicy.example", mx1=CLEAR)
        world.publish("broken.example", body=b"version: STSv1\nmode: enforce\nmax_age: never\n")
        world.mx("broken.example", mx1=CLEAR)

    def delivered(self, domain):
        mail = self.sender.send(f"user@{domain}")
        self.assertEqual(mail.status, "sent", mail)
        return mail

    def deferred(self, domain):
        mail = self.sender.send(f"user@{domain}")
        self.assertEqual(mail.status, "deferred", mail)
        return mail

    def test_enforced_right_certificate(self):
        """M-05 mail to an enforced domain with a right certificate arrives over Verified TLS"""
        self.assertEqual(self.delivered("good.example").tls, "Verified")

    def test_hostile_policy_text(self):
        """P-16 braces and commas in a policy's extension fields do not reach Postfix's parser"""
        self.assertEqual(self.delivered("braces.example").tls, "Verified")

    def test_address_among_patterns(self):
        """P-13 IP addresses among the mx lines do not hold up mail to the hosts that are named"""
        self.assertEqual(self.delivered("address.example").tls, "Verified")

    def test_addresses_only(self):
        """C-08 mail to a domain whose mx lines name no host is deferred"""
        self.assertIn("not verified", self.deferred("addresses.example").reason)

    def test_enforced_wrong_certificate(self):
        """C-08 mail to an enforced domain whose MX shows another name's certificate is deferred"""
        self.assertIn("not verified", self.deferred("wrong.example").reason)

    def test_enforced_no_starttls(self):
        """C-08 mail to an enforced domain whose MX has no STARTTLS is deferred"""
        self.assertIn("TLS is required", self.deferred("clear.example").reason)

    def test_enforced_mx_outside_policy(self):
        """M-01, C-08 mail to an MX the policy does not list is deferred"""
        self.assertRegex(self.deferred("outside.example").reason, "not verified|server unavailable")

    def test_testing_mode(self):
        """C-09 in testing mode mail reaches an MX with a wrong certificate"""
        self.assertNotEqual(self.delivered("testing.example").tls, "Verified")

    def test_no_policy(self):
        """mail to a domain without a policy goes as it always went"""
        self.delivered("nopolicy.example")

    def test_broken_policy(self):
        """F-24 a policy nobody can parse does not hold up mail"""
        self.delivered("broken.example")

    def test_dark_after_first_contact(self):
        """X-01, C-16 once seen, a policy holds when record and policy host go dark, also after kill -9"""
        world = self.world
        self.assertEqual(self.delivered("dark.example").tls, "Verified")
        world.dns.silence("_mta-sts.dark.example", "mta-sts.dark.example")
        world.hosts.forget("mta-sts.dark.example")
        self.assertEqual(self.delivered("dark.example").tls, "Verified")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.delivered("dark.example").tls, "Verified")
        world.mx("dark.example", mx1=CLEAR)  # what the attacker wanted
        self.assertIn("TLS is required", self.deferred("dark.example").reason)


@needs_root
@unittest.skipUnless(postfix_instance.installed(), "no Postfix on this machine")
class SystemPostfix(Delivery):
    """Debian's Postfix of the machine, plain replies."""


@needs_root
@unittest.skipIf(debian13.missing(), debian13.missing())
class Debian13Postfix(Delivery):
    """Postfix 3.10 with the attributes that make it check MX names itself."""

    tree, table = debian13.TREE, "socketmap:inet:127.0.0.1:8461:QUERYwithTLSRPT"

    def test_pattern_is_one_label(self):
        """M-09, M-02 Postfix 3.10 refuses an MX two labels below *.deep.example"""
        mail = self.deferred("deep.example")
        self.assertIn("a.b.deep.example", mail.log)

    def test_certificate_of_another_listed_mx(self):
        """M-04 a certificate for mx2 does not do for a session with mx1"""
        self.assertIn("not verified", self.deferred("swapped.example").reason)


del Delivery  # the loader would run it
