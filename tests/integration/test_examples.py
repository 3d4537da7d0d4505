"""postfix-examples/main.cf: what they say, and that Postfix takes them."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "postfix-examples/main.cf"


class Examples(unittest.TestCase):
    def test_old_wildcards(self):
        """M-10 the examples for Postfix before 3.10 name the parameter for wildcards of 3.5 and older"""
        old = list(EXAMPLES.glob("before-3.10-*.cf"))
        self.assertEqual(len(old), 2)
        for path in old:
            with self.subTest(path.name):
                self.assertIn("#tls_wildcard_matches_multiple_labels = no\n", path.read_text(encoding="ascii"))

    @unittest.skipUnless(shutil.which("postconf"), "no Postfix here")
    def test_postfix_reads_them(self):
        """each example of main.cf: postconf knows every parameter in it"""
        for path in EXAMPLES.glob("*.cf"):
            with self.subTest(path.name), tempfile.TemporaryDirectory() as directory:
                shutil.copy(path, f"{directory}/main.cf")
                pathlib.Path(directory, "master.cf").touch()
                done = subprocess.run(["postconf", "-c", directory, "-n"], capture_output=True, text=True, timeout=20,
                                      check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertRegex(done.stdout, r"(?m)^smtp_tls_policy_maps = socketmap:\S+:QUERY(withTLSRPT)?$")
