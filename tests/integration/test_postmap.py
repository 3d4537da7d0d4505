"""Postfix's own client asks: postmap -q over inet and unix."""
import subprocess
import unittest

import postfix_instance
from scene import WorldTest


@unittest.skipUnless(postfix_instance.installed(), "no Postfix on this machine")
class Postmap(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = cls.world.directory / "map.sock"
        cls.daemon = cls.world.daemon(listen=f"inet:127.0.0.1:8461, unix:{cls.path}").start()
        cls.config = cls.world.directory / "postfix"
        cls.config.mkdir()
        (cls.config / "main.cf").write_text("compatibility_level = 3.6\n", encoding="ascii")
        cls.world.publish("d.example", "mx1.d.example", "*.mx.d.example")
        cls.world.publish("xn--bcher-kva.example", "mx1.xn--bcher-kva.example")

    def postmap(self, key, name="QUERY", endpoint="inet:127.0.0.1:8461", **options):
        return subprocess.run(["postmap", "-c", self.config, "-q", key, f"socketmap:{endpoint}:{name}"],
                              capture_output=True, text=True, timeout=60, check=False, **options)

    def test_policy(self):
        """an enforced domain over inet and unix"""
        for endpoint in ("inet:127.0.0.1:8461", f"unix:{self.path}"):
            done = self.postmap("d.example", endpoint=endpoint)
            self.assertEqual((done.returncode, done.stdout.strip()),
                             (0, "secure match=mx1.d.example:.mx.d.example servername=hostname"), done.stderr)

    def test_attributes(self):
        """the TLSRPT name gets the attributes of Postfix 3.10"""
        said = self.postmap("d.example", "QUERYwithTLSRPT").stdout
        for word in ("policy_type=sts", "policy_domain=d.example", "mx_host_pattern=mx1.d.example",
                     "mx_host_pattern=*.mx.d.example", "policy_string"):
            self.assertIn(word, said)

    def test_not_found(self):
        """no policy: exit 1 and silence, as postmap has it for a missing key"""
        for key in ("nothing.example", ".d.example", "[192.0.2.1]", "192.0.2.1", "sub.d.example", "localhost"):
            done = self.postmap(key)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", ""), key)

    def test_forms_of_a_key(self):
        """C-17, S-04, S-05, S-07 case, root dot, smart hosts and U-labels share one entry"""
        for key in ("D.Example", "d.example.", "[d.example]:587", "d.example:25", "[d.example]"):
            self.assertIn("secure match=mx1.d.example", self.postmap(key).stdout, key)
        for key in ("bücher.example", "xn--bcher-kva.example"):
            self.assertIn("secure match=mx1.xn--bcher-kva.example", self.postmap(key).stdout, key)
        self.assertEqual(len(self.world.hosts.visits_of("mta-sts.d.example")), 1)
        self.assertEqual(len(self.world.hosts.visits_of("mta-sts.xn--bcher-kva.example")), 1)

    def test_many_keys(self):
        """many keys over one connection"""
        keys = "".join(f"{name}\n" for name in ["d.example", "none.example"] * 200)
        done = self.postmap("-", input=keys)
        self.assertEqual(done.stdout.count("secure match=mx1.d.example"), 200)
