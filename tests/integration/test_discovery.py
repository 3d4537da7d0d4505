"""Discovery and fetch as name servers and policy hosts see them."""
import datetime
import itertools
import re
import socket
import ssl

import namespace
from certificates import Authority
from cryptography.x509.oid import ExtendedKeyUsageOID
from dns_server import DnsServer
from policy_server import PolicyServer, Site, policy
from scene import NOBODY, OLD_TLS_HOST, POLICY_HOST, WorldTest, needs_root
from waiting import until

HOUR = datetime.timedelta(hours=1)
NOT_FOUND = "NOTFOUND "


def secure(*names):
    return f"OK secure match={':'.join(names)} servername=hostname"


class Discovery(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon = cls.world.daemon(dns_timeout="1s").start()

    def publish(self, domain, **how):
        return self.world.publish(domain, f"mx1.{domain}", **how)

    def enforced(self, domain):
        self.assertEqual(self.daemon.ask(domain), secure(f"mx1.{domain}"))

    def visits(self, domain):
        return self.world.hosts.visits_of(f"mta-sts.{domain}")

    def test_request(self):
        """F-01, F-12, F-22 one GET for the well-known document, by SNI, without validators"""
        self.publish("request.example", headers=("Cache-Control: max-age=86400", 'ETag: "1"'))
        self.enforced("request.example")
        self.assertEqual(len(self.visits("request.example")), 1)
        line, *fields = self.visits("request.example")[0].request.rstrip().split("\r\n")
        self.assertEqual(line, "GET /.well-known/mta-sts.txt HTTP/1.1")
        fields = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
        self.assertEqual(fields["host"], "mta-sts.request.example")
        self.assertEqual(fields["accept-encoding"], "identity")
        self.assertIn("user-agent", fields)
        self.assertFalse({"if-none-match", "if-modified-since", "cookie", "authorization"} & set(fields))

    def test_late_family(self):
        """F-27 the family that DNS answers later joins the fetch, where the first has no route from here"""
        self.world.publish("late.example", "mx1.late.example", address=None)
        self.world.dns.set("mta-sts.late.example", "AAAA", "2001:db8::1")
        self.world.dns.set("mta-sts.late.example", "A", POLICY_HOST, delay=0.2)
        self.assertEqual(self.daemon.ask("late.example"), secure("mx1.late.example"))

    @needs_root
    def test_no_ipv6(self):
        """F-27 where IPv6 is switched off, an IPv6 address costs nothing and is no lack of ports"""
        self.world.publish("without6.example", "mx1.without6.example", address=NOBODY)
        self.world.dns.set("mta-sts.without6.example", "AAAA", "2001:db8::1")
        with namespace.no_ipv6():
            self.assertEqual(self.daemon.ask("without6.example"), NOT_FOUND)
        failed = until(lambda: re.search('domain=without6.example, action=absent, .*reason="?([a-z]+)', self.daemon.log()),
                       self.daemon.log)
        self.assertEqual(failed[1], "refused")

    def test_folded_header(self):
        """F-21 a header field over two lines, as nginx writes it, is read"""
        self.world.publish("folded.example", "mx1.folded.example", headers=("X-Long: a;\n  b;\r\n c",))
        self.assertEqual(self.daemon.ask("folded.example"), secure("mx1.folded.example"))

    def test_questions(self):
        """D-01, S-01, S-02 TXT is asked at _mta-sts under the domain and nowhere else"""
        self.publish("parent.example")
        self.enforced("parent.example")
        self.assertEqual(self.daemon.ask("sub.parent.example"), NOT_FOUND)
        self.assertEqual(self.world.dns.asked("_mta-sts.sub.parent.example", "TXT"), 1)
        self.assertEqual(self.world.dns.asked("_mta-sts.parent.example", "TXT"), 1)
        self.assertEqual(self.world.dns.asked("_mta-sts.example"), 0)

    def test_no_questions(self):
        """S-03, S-06, S-08 keys that are no domain cause no query"""
        self.daemon.ask("nothing.example")
        before = len(self.world.dns.queries)
        for key in (".parent.example", "192.0.2.1", "[192.0.2.1]", "[IPv6:2001:db8::1]", "[2001:db8::1]:25", "localhost", "",
                    "*", "under_score.example", "/var/spool/x", "a" * 64 + ".example", b"\xff.example", "a b.example"):
            with self.subTest(key):
                self.assertEqual(self.daemon.ask(key), NOT_FOUND)
        self.assertEqual(len(self.world.dns.queries), before)

    def test_alias(self):
        """D-10, D-21 a CNAME delegates the record only: host and certificate stay the domain's own"""
        self.publish("alias.example", txt=None)
        self.world.dns.set("_mta-sts.alias.example", "CNAME", "one.provider.example.")
        self.world.dns.set("one.provider.example", "CNAME", "two.provider.example.")
        self.world.dns.set("two.provider.example", "TXT", '"v=STSv1; id=1;"')
        self.enforced("alias.example")
        self.assertEqual(len(self.visits("alias.example")), 1)

    def test_alias_of_host(self):
        """F-07, F-22 the policy host may be a CNAME; its certificate must have its own name"""
        for domain, names, reply in (("hosted.example", ["mta-sts.hosted.example"], secure("mx1.hosted.example")),
                                     ("foreign.example", ["mta-sts.provider.example"], NOT_FOUND)):
            self.publish(domain, address=None, certificate=self.world.ca.issue(*names))
            self.world.dns.set(f"mta-sts.{domain}", "CNAME", "web.provider.example.")
            self.world.dns.set("web.provider.example", "A", POLICY_HOST)
            self.assertEqual(self.daemon.ask(domain), reply)

    def test_truncated_answer(self):
        """D-16 a truncated answer is asked for again over TCP"""
        self.publish("tcp.example", txt=None)
        self.world.dns.set("_mta-sts.tcp.example", "TXT", '"v=STSv1; id=1;"', truncate=True)
        self.enforced("tcp.example")
        asked = [query.transport for query in self.world.dns.queries if query.name == "_mta-sts.tcp.example"]
        self.assertEqual(asked, ["udp", "tcp"])

    def test_split_record(self):
        """D-09 the strings of one record are joined with nothing between"""
        self.publish("split.example", txt=None)
        self.world.dns.set("_mta-sts.split.example", "TXT", '"v=STSv1; i" "d=1;"')
        self.enforced("split.example")

    def test_certificates(self):
        """F-03 to F-08 which certificates of a policy host count"""
        issue = self.world.ca.issue
        stranger = Authority(self.world.directory / "stranger", "Stranger")
        host = "mta-sts.{}.example".format
        rows = {
            "whole-wildcard": ("*.whole-wildcard.example", {}, True),
            "short-wildcard": ("*.example", {}, False),
            "part-wildcard": ("mta-*.part-wildcard.example", {}, False),
            "deep-wildcard": (f"*.{host('deep-wildcard')}", {}, False),
            "parent-only": ("parent-only.example", {}, False),
            "expired": (host("expired"), {"begin": -48 * HOUR, "end": -HOUR}, False),
            "future": (host("future"), {"begin": HOUR}, False),
            "self-signed": (host("self-signed"), {"self_signed": True}, False),
            "client-only": (host("client-only"), {"usage": ExtendedKeyUsageOID.CLIENT_AUTH}, False),
        }
        for name, (subject, how, good) in rows.items():
            with self.subTest(name):
                domain = f"{name}.example"
                self.publish(domain, certificate=issue(subject, **how))
                self.assertEqual(self.daemon.ask(domain), secure(f"mx1.{domain}") if good else NOT_FOUND)
        for name, certificate in {"unknown-ca": stranger.issue(host("unknown-ca")),
                                  "only-cn": issue(common_name=host("only-cn"))}.items():
            with self.subTest(name):
                self.publish(f"{name}.example", certificate=certificate)
                self.assertEqual(self.daemon.ask(f"{name}.example"), NOT_FOUND)

    def test_tls_versions(self):
        """F-23 TLS 1.2 does, TLS 1.1 does not"""
        for version, address, good in ((ssl.TLSVersion.TLSv1_1, OLD_TLS_HOST, False),
                                       (ssl.TLSVersion.TLSv1_2, "127.0.0.4", True)):
            server = PolicyServer(address, newest=version)
            self.addCleanup(server.stop)
            domain = f"{version.name.lower().replace('_', '-')}.example"
            self.publish(domain, address=address)
            server.set(f"mta-sts.{domain}", Site(self.world.ca.issue(f"mta-sts.{domain}"), body=policy(f"mx1.{domain}")))
            self.assertEqual(self.daemon.ask(domain), secure(f"mx1.{domain}") if good else NOT_FOUND)

    def test_answers_that_are_no_policy(self):
        """F-10, F-11, F-13, F-17 other statuses, redirects, media types and cut bodies are failed fetches"""
        rows = {
            "created": {"status": "201 Created"}, "partial": {"status": "206 Partial Content"},
            "moved": {"status": "301 Moved", "headers": ("Location: https://mta-sts.request.example/",)},
            "error": {"status": "500 Oops"}, "html": {"content_type": "text/html"}, "untyped": {"content_type": None},
            "cut": {"length": 4000}, "zipped": {"headers": ("Content-Encoding: gzip",)},
        }
        for name, how in rows.items():
            with self.subTest(name):
                domain = self.publish(f"{name}.example", **how)
                self.assertEqual(self.daemon.ask(domain), NOT_FOUND)
                self.assertEqual(len(self.visits(domain)), 1)

    def test_never_in_clear(self):
        """F-02 where port 443 is closed nobody tries port 80"""
        with PlainListener(NOBODY) as plain:
            self.publish("clear.example", address=NOBODY)
            self.assertEqual(self.daemon.ask("clear.example"), NOT_FOUND)
            self.assertEqual(plain.visits(), 0)

    def test_dead_first_address(self):
        """F-27 a dead address costs no more than the start of the next"""
        self.publish("second.example", address=None)
        self.world.dns.set("mta-sts.second.example", "A", NOBODY, POLICY_HOST)
        self.enforced("second.example")

    def test_ipv6_only(self):
        """F-27 a policy host with nothing but an IPv6 address"""
        six = PolicyServer("::1")
        self.addCleanup(six.stop)
        self.publish("six.example", address=None)
        self.world.dns.set("mta-sts.six.example", "AAAA", "::1")
        six.set("mta-sts.six.example", Site(self.world.ca.issue("mta-sts.six.example"), body=policy("mx1.six.example")))
        self.enforced("six.example")

    def test_null_mx(self):
        """M-12, M-08 a null MX changes nothing for the daemon: it does not ask for MX, let alone filter it"""
        self.publish("null.example")
        self.world.dns.set("null.example", "MX", "0 .")
        self.enforced("null.example")
        self.assertEqual(self.world.dns.asked("null.example", "MX"), 0)

    def test_slow_host(self):
        """F-26 a slow policy host: answered in time, enforced when it is through"""
        self.publish("slow.example", delay=6.0)
        self.assertEqual(self.daemon.ask("slow.example"), NOT_FOUND)
        until(lambda: self.daemon.ask("slow.example") != NOT_FOUND, "the fetch to end")
        self.enforced("slow.example")
        self.assertEqual(len(self.visits("slow.example")), 1)


class PlainListener:
    """Port 80 of an address, counting who comes."""

    def __init__(self, address):
        self.address = address

    def __enter__(self):
        self.socket = socket.create_server((self.address, 80))
        self.socket.setblocking(False)
        return self

    def visits(self):
        try:
            self.socket.accept()[0].close()
            return 1
        except BlockingIOError:
            return 0

    def __exit__(self, *_):
        self.socket.close()


class Resolver(WorldTest):
    def test_resolv_conf_changes(self):
        """resolv.conf is read again when it changes"""
        daemon = self.world.daemon(resolver=None).start()
        self.addCleanup(daemon.stop)
        self.world.publish("first.example", "mx1.first.example")
        self.assertEqual(daemon.ask("first.example"), secure("mx1.first.example"))
        other = DnsServer("127.0.0.8")
        self.addCleanup(other.stop)
        self.addCleanup(namespace.write_resolv_conf, namespace.RESOLV_CONF)
        namespace.write_resolv_conf("nameserver 127.0.0.8\n")
        names = (f"n{number}.example" for number in itertools.count())
        until(lambda: daemon.ask(next(names)) and other.queries, "the daemon to ask the other resolver")

    @needs_root
    def test_no_ipv6(self):
        """where IPv6 is switched off, a resolver with an IPv6 address costs a question nothing and is no lack of ports"""
        self.world.publish("other.example", "mx1.other.example")
        with namespace.no_ipv6():
            daemon = self.world.daemon(resolver="2001:db8::53 127.0.0.1", dns_timeout="30s").start()
            self.addCleanup(daemon.stop)
            self.assertEqual(daemon.ask("other.example"), secure("mx1.other.example"))
        tries = daemon.json("--status")["counters"]["dns_tries"]
        self.assertGreater(tries["broken"], 0)
        self.assertNotIn("no_descriptor", tries)


@needs_root
class Defaults(WorldTest):
    """Default settings against hosts on what looks like the Internet."""

    def test_global_address(self):
        """F-27, F-32 dead IPv6 and a private address beside a live global one: enforced, the private one untouched"""
        namespace.add_address("11.0.0.2")
        hosts = PolicyServer("11.0.0.2")
        self.addCleanup(hosts.stop)
        daemon = self.world.daemon(allow_private_addresses=None).start()
        domain = self.world.publish("global.example", "mx1.global.example", address=None)
        self.world.dns.set("mta-sts.global.example", "A", POLICY_HOST, "11.0.0.2")
        self.world.dns.set("mta-sts.global.example", "AAAA", "2600::1")
        hosts.set("mta-sts.global.example", Site(self.world.ca.issue("mta-sts.global.example"), body=policy(f"mx1.{domain}")))
        self.assertEqual(daemon.ask(domain), secure(f"mx1.{domain}"))
        self.assertEqual(self.world.hosts.visits, [])

    def test_private_address(self):
        """F-32 a policy host on private addresses only: not connected to"""
        daemon = self.world.daemon("guarded", allow_private_addresses=None, listen="inet:127.0.0.1:8462").start()
        self.world.publish("inside.example", "mx1.inside.example")
        self.assertEqual(daemon.ask("inside.example"), NOT_FOUND)
        self.assertEqual(self.world.hosts.visits_of("mta-sts.inside.example"), [])

    def test_nat64(self):
        """F-32 a policy host behind the network's NAT64 prefix is judged by the IPv4 address in it"""
        self.world.dns.set("ipv4only.arpa", "AAAA", "fd00:64::c000:aa", "fd00:64::c000:ab")
        daemon = self.world.daemon("translated", allow_private_addresses=None, listen="inet:127.0.0.1:8464").start()
        until(lambda: "prefixes=fd00:64::/96" in daemon.log(), daemon.log)
        for domain, inner, reason in (("within.example", "7f00:2", "private_addresses"),
                                      ("without.example", "102:304", "unreachable")):
            self.world.publish(domain, f"mx1.{domain}", address=None)
            self.world.dns.set(f"mta-sts.{domain}", "AAAA", f"fd00:64::{inner}")
            self.assertEqual(daemon.ask(domain), NOT_FOUND)
            self.assertRegex(daemon.log(), rf'domain={domain},.* reason="?{reason}: ')

    def test_system_anchors(self):
        """X-06 an authority of our own is trusted only where the configuration names it"""
        daemon = self.world.daemon("anchors", ca_file=None, listen="inet:127.0.0.1:8463").start()
        self.world.publish("anchors.example", "mx1.anchors.example")
        self.assertEqual(daemon.ask("anchors.example"), NOT_FOUND)
