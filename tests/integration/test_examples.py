"""The main.cf examples are what their Postfix reads without a complaint."""
import pathlib
import re
import subprocess
import unittest

import debian13
import postfix_instance
from scene import WorldTest, needs_root

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "postfix-examples/main.cf"


class Examples(WorldTest):
    def settings(self, example, tree="/"):
        """What postconf makes of an example; a complaint fails the test."""
        config = self.world.directory / "examples" / example
        config.mkdir(parents=True)
        (config / "main.cf").write_text((EXAMPLES / example).read_text(encoding="utf-8"), encoding="utf-8")
        (config / "master.cf").write_text(postfix_instance.SERVICES, encoding="ascii")
        command = [] if tree == "/" else ["chroot", str(tree)]
        done = subprocess.run([*command, "postconf", "-c", config, "-n"], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return dict(re.findall(r"^(\w+) = (.*)$", done.stdout, re.M))

    def test_container(self):
        """the container leaves the level of Postfix to the map name, and its examples name one"""
        container = EXAMPLES.parent / "container"
        self.assertNotIn("postfix_security_level", (container / "Containerfile").read_text(encoding="utf-8"))
        maps = re.findall(r"socketmap:[^\s`]+", (container / "README.md").read_text(encoding="utf-8"))
        self.assertTrue(maps)
        for each in maps:
            self.assertRegex(each, "@[a-z-]+$")

    @unittest.skipUnless(postfix_instance.installed(), "no Postfix on this machine")
    def test_before_3_10(self):
        """M-10 the examples for older releases ask by QUERY and turn wide certificate wildcards off"""
        for example in sorted(path.name for path in EXAMPLES.glob("before-*")):
            with self.subTest(example):
                settings = self.settings(example)
                self.assertTrue(settings["smtp_tls_policy_maps"].endswith(":QUERY"), settings)
                self.assertEqual(settings["tls_wildcard_matches_multiple_labels"], "no")
                self.assertIn("smtp_tls_CAfile", settings)

    @unittest.skipUnless(postfix_instance.installed(), "no Postfix on this machine")
    def test_chroot(self):
        """the example for a chrooted client names a path below the queue directory"""
        maps = self.settings("chroot.cf")["smtp_tls_policy_maps"]
        self.assertRegex(maps, r"^socketmap:unix:[^/].*:QUERY")

    @needs_root
    @unittest.skipIf(debian13.missing(), debian13.missing())
    def test_since_3_10(self):
        """the examples for 3.10 ask by QUERYwithTLSRPT"""
        postfix_instance.prepare_tree(debian13.TREE, self.world.directory)
        for example in sorted(path.name for path in EXAMPLES.glob("3.10-*")):
            with self.subTest(example):
                settings = self.settings(example, debian13.TREE)
                self.assertTrue(settings["smtp_tls_policy_maps"].endswith(":QUERYwithTLSRPT"), settings)
