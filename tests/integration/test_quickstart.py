"""postfix-examples/quickstart, as README says it."""
import pathlib
import shutil
import subprocess
import unittest

import namespace
from policy_server import PolicyServer, Site, policy
from scene import WorldTest, needs_root

TOP = pathlib.Path(__file__).resolve().parents[2]
POSTFIX = pathlib.Path("/etc/postfix")
ANCHORS = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


class Quickstart(WorldTest):
    def run_it(self, *domains):
        done = subprocess.run([TOP / "postfix-examples/quickstart", *domains], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=500, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("Nothing is left running", done.stdout)
        self.assertFalse([link for link in pathlib.Path("/proc").glob("[0-9]*/exe") if self._is_daemon(link)])
        return done.stdout

    @staticmethod
    def _is_daemon(link):
        try:
            return link.resolve().name == "tlspolicyd"
        except OSError:
            return False

    def test_offline(self):
        """without the Internet: the demonstration, and it says so"""
        self.world.dns.set("_mta-sts.gmail.com", "TXT", rcode="SERVFAIL")
        said = self.run_it()
        self.assertIn("No way to the Internet", said)
        self.assertIn("secure match=mx1.enforce.example:.backup.enforce.example servername=hostname", said)
        for word in ("testing.example", "broken.example", "without.example", "enforced"):
            self.assertIn(word, said)

    @unittest.skipUnless(POSTFIX.exists() and shutil.which("postmap"), "no Postfix on this machine")
    def test_postfix_without_main_cf(self):
        """Postfix has no main.cf: the commands shown work all the same, and it says what makes one"""
        namespace.empty(POSTFIX, "mode=755")
        self.addCleanup(subprocess.run, ["umount", POSTFIX], check=True)
        said = self.run_it()
        self.assertRegex(said, r"(?m)^\$ postmap -c /\S+ -q \S+ socketmap:")
        self.assertIn("dpkg-reconfigure postfix", said)

    @unittest.skipUnless(pathlib.Path("/usr/sbin/postconf").exists(), "no Postfix on this machine")
    def test_map_name(self):
        """the line for main.cf has the map name for the release of Postfix that is there"""
        postconf = self.world.directory / "postconf"
        postconf.touch(mode=0o755)
        namespace.bind(postconf, "/usr/sbin/postconf")
        self.addCleanup(subprocess.run, ["umount", "/usr/sbin/postconf"], check=True)
        for release, name in {"3.10.5": "QUERYwithTLSRPT", "3.9.1": "QUERY"}.items():
            with self.subTest(release):
                postconf.write_text(f"#!/bin/sh\necho mail_version = {release}\n", encoding="ascii")
                self.assertRegex(self.run_it(), rf"(?m)^smtp_tls_policy_maps = .*:{name}\n\(for the Postfix that is here, mail_version = {release};")

    @needs_root
    @unittest.skipUnless(ANCHORS.exists() and shutil.which("ip"), "no system trust anchors or no ip here")
    def test_online(self):
        """with something like the Internet: public addresses, the system's trust anchors, default settings"""
        namespace.add_address("11.0.0.1")
        namespace.bind(self.world.ca.ca_file, ANCHORS)
        self.addCleanup(subprocess.run, ["umount", ANCHORS], check=True)
        hosts = PolicyServer("11.0.0.1")
        self.addCleanup(hosts.stop)
        for domain in ("enforced.invalid", "second.invalid"):
            self.world.publish(domain, address="11.0.0.1")
            hosts.set(f"mta-sts.{domain}", Site(self.world.ca.issue(f"mta-sts.{domain}"), body=policy(f"mx1.{domain}")))
            self.world.mx(domain, mx1="127.0.0.11")
        said = self.run_it("enforced.invalid", "second.invalid", "nothing.invalid")
        self.assertNotIn("No way to the Internet", said)
        self.assertIn("secure match=mx1.enforced.invalid servername=hostname", said)
        self.assertIn("secure match=mx1.second.invalid servername=hostname", said)
