"""What the tests of faults share: many domains, daemons whose clock or disk is ours, crowds."""
import itertools
import pathlib

import scene
import socketmap
from load import Crowd, Newcomers
from shims import Faults
from waiting import until

NAMES_IN_A_CERTIFICATE = 100


def enforced(domain):
    """The reply for a domain published by publish_all()."""
    return f"OK secure match=mx1.{domain} servername=hostname"


def kilobytes(pid, field="VmRSS"):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(f"{field}:")))


class FaultTest(scene.WorldTest):
    """A test's daemon, domains, and what asks it; all end with the test."""

    def setUp(self):
        self.daemon = self.world.daemon(self._testMethodName)
        self.addCleanup(self._end_daemon)

    def _end_daemon(self):
        if self.daemon.process is not None:
            self.daemon.kill()

    def faulty(self):
        """The daemon's clocks, disk and memory are ours once it is started with env=faults.env()."""
        faults = Faults(self.daemon.directory)
        self.addCleanup(faults.disk, 0)
        return faults

    def publish_all(self, suffix, count, **how):
        """count enforced domains below suffix."""
        domains = [f"d{number}.{suffix}" for number in range(count)]
        names = iter(domains)
        while some := list(itertools.islice(names, NAMES_IN_A_CERTIFICATE)):
            shared = self.world.ca.issue(*(f"mta-sts.{domain}" for domain in some))
            for domain in some:
                self.world.publish(domain, f"mx1.{domain}", certificate=shared, **how)
        return domains

    def learn(self, domains):
        with socketmap.Client(self.daemon.address()) as client:
            for domain in domains:
                self.assertEqual(client.ask(domain), enforced(domain))

    def all_enforced(self, domains):
        self.learn(domains)

    def crowd(self, domains, **how):
        """Asks for these domains, each of which must be enforced in every reply."""
        crowd = Crowd(self.daemon.address(), {domain: enforced(domain) for domain in domains}, **how)
        self.addCleanup(crowd.quit)
        return crowd

    def newcomers(self, **how):
        newcomers = Newcomers(self.daemon.address(), enforced, **how)
        self.addCleanup(newcomers.stop)
        return newcomers

    def status(self):
        return self.daemon.json("--status")

    def stored(self):
        """The domains that the store holds; the daemon must not run."""
        return {entry["domain"] for entry in self.daemon.json("--cache")}

    def caught_up(self, limit=90):
        until(lambda: self.status()["store"] == {"pending": 0, "state": "ok"},
              lambda: f"the store to catch up: {self.daemon.log()}", limit)

    def lines(self, *words):
        """Lines of the log with all these words."""
        return [line for line in self.daemon.log().splitlines() if all(word in line for word in words)]

    def assert_all_right(self, tally):
        self.assertEqual(tally.wrong_replies, [])
        self.assertEqual([failure.why for failure in tally.failures[:5]], [])
        self.assertGreater(tally.asked, 0)
