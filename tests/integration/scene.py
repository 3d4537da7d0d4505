"""What the tests share: a world of one resolver, policy hosts and a daemon, and its skips."""
import pathlib
import shutil
import tempfile
import unittest

import namespace
from certificates import Authority
from daemon import Daemon
from dns_server import DnsServer
from policy_server import PolicyServer, Site, policy

POLICY_HOST = "127.0.0.2"
OLD_TLS_HOST = "127.0.0.3"
NOBODY = "127.0.0.99"  # nothing listens there

needs_network = unittest.skipUnless(namespace.ready(), namespace.REFUSED)
needs_root = unittest.skipUnless(namespace.is_root(), namespace.NO_ROOT if namespace.ready() else namespace.REFUSED)


class World:
    """DNS, policy hosts and a certification authority in a directory that goes at the end."""

    def __init__(self, make_dns=lambda directory: DnsServer()):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="tlspolicyd-test."))
        self.directory.chmod(0o755)  # Postfix's own users walk through it
        self.ca = Authority(self.directory / "ca")
        self.dns = make_dns(self.directory / "dns")
        self.hosts = PolicyServer(POLICY_HOST)
        self.daemons = []

    def close(self):
        for daemon in self.daemons:
            daemon.stop()
        self.hosts.stop()
        self.dns.stop()
        shutil.rmtree(self.directory)

    def daemon(self, name="daemon", **settings):
        """Not started yet; stopped at the end whatever happens."""
        daemon = Daemon(self.directory / name, **{"ca_file": str(self.ca.ca_file), **settings})
        self.daemons.append(daemon)
        return daemon

    def publish(self, domain, *mx, txt="v=STSv1; id=1;", address=POLICY_HOST, mode="enforce", max_age=604800,
                certificate=None, body=None, ttl=300, **site):
        """A domain with record, policy host and document; every part can be bent."""
        host = f"mta-sts.{domain}"
        if txt is not None:
            records = [txt] if isinstance(txt, str) else txt
            self.dns.set(f"_mta-sts.{domain}", "TXT", *(f'"{record}"' for record in records), ttl=ttl)
        if address is not None:
            self.dns.set(host, "A", address)
        self.dns.set(domain, "A", NOBODY)
        self.hosts.set(host, Site(certificate or self.ca.issue(host),
                                  body=policy(*mx, mode=mode, max_age=max_age) if body is None else body, **site))
        return domain

    def mx(self, domain, **hosts):
        """mx("d.example", mx1="127.0.0.11"): names below the domain and their addresses."""
        names = {f"{label.replace('_', '.')}.{domain}": address for label, address in hosts.items()}
        self.dns.set(domain, "MX", *(f"{10 * (n + 1)} {name}." for n, name in enumerate(names)))
        for name, address in names.items():
            self.dns.set(name, "A", address)


@needs_network
class WorldTest(unittest.TestCase):
    """One world for all tests of a class; each test uses domains of its own."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
