"""The resolver goes and comes back; the network is away for an hour."""
import contextlib
import itertools

import form
import namespace
from dns_server import DnsServer
from rig import FaultTest, enforced
from waiting import until

HOUR = 3600
TTL = 300    # of the records, as publish() has it
KNOWN = form.either(30, 300)
OUTAGES = form.either(2, 10)


class Network(FaultTest):
    def setUp(self):
        super().setUp()
        self.suffix = f"{self._testMethodName.replace('_', '-')}.example"
        self.known = self.publish_all(self.suffix, KNOWN)
        self.daemon.write_config(dns_timeout="1s", dns_attempts="1")

    def take_resolver_away(self):
        """What it was told to say is kept for its successor."""
        self.world.dns.stop()
        return self.world.dns

    def bring_resolver_back(self, gone):
        self.world.dns = DnsServer()
        self.world.dns._answers = gone._answers

    @contextlib.contextmanager
    def without_resolver(self):
        gone = self.take_resolver_away()
        try:
            yield
        finally:
            self.bring_resolver_back(gone)

    def test_resolver_restarts(self):
        """the resolver is restarted: cached policies hold, new names wait no longer than reply_timeout, then all is well"""
        self.daemon.start()
        self.learn(self.known)
        crowd = self.crowd(self.known, rate=2000)
        for number in range(OUTAGES):
            before, during, after = self.publish_all(f"n{number}.{self.suffix}", 3)
            self.learn([before])
            with self.without_resolver():
                self.all_enforced(self.known)
                self.assertEqual(self.daemon.ask(during), "NOTFOUND ")
            self.learn([after])
        self.assert_all_right(crowd.stop())

    @contextlib.contextmanager
    def without_interface(self):
        namespace.loopback(False)
        try:
            yield
        finally:
            namespace.loopback(True)

    def test_resolver_gone_for_an_hour(self):
        """the resolver is gone for an hour: cached policies are enforced throughout, also after a restart, and refreshed later"""
        self.live_an_hour(self.without_resolver)

    def test_network_gone_for_an_hour(self):
        """the same with the whole network gone; Postfix asks by a socket in the file system"""
        self.daemon.write_config(listen=f"unix:{self.daemon.directory}/socket")
        self.live_an_hour(self.without_interface)

    def live_an_hour(self, outage):
        faults = self.faulty()
        self.daemon.start(env=faults.env())
        self.learn(self.known)
        self.caught_up()
        with outage():
            for minute in range(0, 61, 5):
                faults.elapsed(minute * 60)
                self.all_enforced(self.known)
            self.assertEqual(self.daemon.ask(f"new.{self.suffix}"), "NOTFOUND ")
            self.assertEqual(self.daemon.stop(), 0)
            self.daemon.start(env=faults.env())
            self.all_enforced(self.known)
        before = {domain: self.world.dns.asked(f"_mta-sts.{domain}", "TXT") for domain in self.known}
        later = itertools.count(HOUR + TTL, 61)  # for a minute failures may be remembered

        def all_looked_up():
            faults.elapsed(next(later))
            self.all_enforced(self.known)
            return all(self.world.dns.asked(f"_mta-sts.{domain}", "TXT") > before[domain] for domain in self.known)

        until(all_looked_up, "a look-up for each")

    def test_started_without_network(self):
        """started while the network is gone: the first answer for a stored policy is right"""
        self.daemon.start()
        self.learn(self.known)
        self.caught_up()
        self.daemon.kill()
        with self.without_resolver():
            self.daemon.start()
            self.all_enforced(self.known)
            self.assertEqual(self.daemon.ask(f"nobody.{self.suffix}"), "NOTFOUND ")
        self.assertEqual(self.daemon.ask(self.known[0]), enforced(self.known[0]))
