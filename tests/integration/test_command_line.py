"""Every flag of the contract: what it prints where, and its exit code."""
import os
import pathlib
import re
import shutil
import subprocess

from daemon import BINARY
from scene import WorldTest, needs_root
from waiting import until

OK, ABSENT, USAGE, NOT_A_DOMAIN, UNAVAILABLE, TEMPORARY, NO_PERMISSION, CONFIG = 0, 1, 64, 65, 69, 75, 77, 78


class Flags(WorldTest):
    """Without a running daemon."""

    def setUp(self):
        self.daemon = self.world.daemon(self._testMethodName)

    def exits(self, code, *flags):
        done = self.daemon.run(*flags)
        self.assertEqual(done.returncode, code, f"{flags}: {done.stdout}{done.stderr}")
        return done

    def test_version(self):
        """-V and --version: the version, 0"""
        for flag in ("-V", "--version"):
            self.assertRegex(self.exits(OK, flag).stdout, r"tlspolicyd \d+\.\d+")

    def test_help(self):
        """-h and --help: every flag, on stdout, 0"""
        for flag in ("-h", "--help"):
            text = self.exits(OK, flag).stdout
            for word in ("--config", "-o", "--test-config", "-d", "-n", "--query", "--cache", "--purge", "--purge-all",
                         "--status", "--json", "-v", "--version"):
                self.assertIn(word, text)
            self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_usage(self):
        """anything else: usage on stderr, 64"""
        for flags in (["--nonsense"], ["-x"], ["-q"], ["--purge"], ["stray"], ["-c"], ["-o"], ["--status", "stray"]):
            with self.subTest(flags):
                # "-c" would swallow what follows, so the test's own -c stands behind
                done = subprocess.run([BINARY, *flags], capture_output=True, text=True, timeout=20, check=False)
                self.assertEqual(done.returncode, USAGE, done.stdout + done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertRegex(done.stderr, r"(?i)usage|--help")
        self.assertIn("--json goes with -q, --cache or --status", self.exits(USAGE, "--json", "-t").stderr)

    def test_defaults(self):
        """-d: every parameter with its default, readable as a configuration file"""
        text = self.exits(OK, "-d").stdout
        self.assertIn("listen = inet:127.0.0.1:8461", text)
        self.assertIn("max_reply_size = 100000", text)
        self.daemon.config.write_text(text, encoding="utf-8")
        self.exits(OK, "-t")
        self.assertEqual(self.exits(OK, "-n").stdout, "")

    def test_settings(self):
        """-n: what differs from the defaults, -o included"""
        text = self.exits(OK, "-o", "dns_attempts=2", "-n").stdout
        self.assertIn("dns_attempts = 2", text)
        self.assertIn("resolver = 127.0.0.1", text)
        self.assertNotIn("max_connections", text)

    def test_check(self):
        """-t and --test-config: 0 for a good file"""
        self.exits(OK, "-t")
        self.exits(OK, "--test-config")

    def test_default_file_may_be_absent(self):
        """without -c: the default file may be absent"""
        if pathlib.Path("/etc/tlspolicyd/tlspolicyd.conf").exists():
            self.skipTest("this machine has a configuration of its own")
        done = subprocess.run([BINARY, "-n"], capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual((done.returncode, done.stdout), (OK, ""), done.stderr)

    def test_query_codes(self):
        """-q and --query: 0 verdict, 65 no domain, 75 temporary failure"""
        self.world.dns.set("_mta-sts.temporary.example", "TXT", rcode="SERVFAIL")
        self.exits(OK, "-q", "nothing.example")
        self.exits(OK, "--query", "nothing.example")
        self.exits(NOT_A_DOMAIN, "-q", "192.0.2.1")
        self.exits(TEMPORARY, "-q", "temporary.example")

    def test_nobody_there(self):
        """--status, --cache, --purge with neither daemon nor store: 69"""
        for flags in (["--status"], ["--status", "--json"], ["--cache"], ["--cache", "d.example"]):
            self.assertTrue(self.exits(UNAVAILABLE, *flags).stderr)
        self.assertFalse(self.daemon.store.exists())

    def test_cache_from_store(self):
        """--cache without a daemon reads the store, read-only, and creates no file"""
        self.world.publish("stored.example", "mx1.stored.example")
        self.daemon.start()
        self.assertIn("secure", self.daemon.ask("stored.example"))
        self.assertEqual(self.daemon.stop(), 0)
        before = sorted(os.listdir(self.daemon.directory))
        self.assertIn("stored.example", self.exits(OK, "--cache").stdout)
        self.assertIn("mx1.stored.example", self.exits(OK, "--cache", "stored.example").stdout)
        self.exits(ABSENT, "--cache", "other.example")
        self.assertEqual(sorted(os.listdir(self.daemon.directory)), before)

    @needs_root
    def test_purge_from_store(self):
        """--purge without a daemon forgets in the store and keeps the store's owner"""
        self.world.publish("purged.example", "mx1.purged.example")
        self.daemon.start()
        self.daemon.ask("purged.example")
        self.daemon.stop()
        self.give_store("nobody")
        self.exits(ABSENT, "--purge", "other.example")
        self.exits(OK, "--purge", "purged.example")
        self.exits(ABSENT, "--cache", "purged.example")
        self.exits(OK, "--purge-all")
        owners = {path.owner() for path in self.daemon.directory.glob("cache.db*")}
        self.assertEqual(owners, {"nobody"})

    def give_store(self, user):
        for path in (self.daemon.directory, *self.daemon.directory.glob("cache.db*")):
            shutil.chown(path, user)

    @needs_root
    def test_purge_by_root(self):
        """--purge by root without a daemon: as the owner of the store's folder, through no link, into no other's file"""
        self.world.publish("kept.example", "mx1.kept.example")
        self.daemon.start()
        self.daemon.ask("kept.example")
        self.daemon.stop()
        store, target = self.daemon.store, self.daemon.directory / "secret.db"
        self.give_store("nobody")

        def refused(words):
            content = store.read_bytes()
            for flags in (["--purge", "kept.example"], ["--purge-all"]):
                self.assertIn(words, self.exits(UNAVAILABLE, *flags).stderr)
            self.assertEqual(store.read_bytes(), content)

        store.chmod(0o400)  # stops its owner, but not root
        refused("not writable")
        store.chmod(0o600)
        shutil.chown(store, "root")
        refused("belongs to user root")
        store.rename(target)
        store.symlink_to(target)
        refused("symbolic link")
        store.unlink()
        store.touch()
        shutil.chown(store, "nobody")
        refused("is empty")
        target.rename(store)
        self.give_store("nobody")
        self.exits(OK, "--purge", "kept.example")

    @needs_root
    def test_control_socket_refuses(self):
        """somebody without rights on the control socket: 77"""
        binary = self.world.directory / "tlspolicyd"
        shutil.copy(BINARY, binary)
        self.daemon.directory.chmod(0o755)
        self.daemon.start()
        for flag in ("--cache", "--status"):
            done = subprocess.run([binary, "-c", self.daemon.config, flag], user="nobody", capture_output=True, text=True,
                                  timeout=20, check=False)
            self.assertEqual(done.returncode, NO_PERMISSION, done.stderr)
        self.daemon.stop()


class Running(WorldTest):
    """--cache, --purge, --status against a running daemon."""

    ENTRY = {"domain", "verdict", "mode", "id", "mx", "max_age", "fetched", "expires", "checked", "last_asked", "dane",
             "reply", "failure"}
    STATUS = {"version", "started", "uptime", "pid", "listen", "postfix_security_level", "dane_active", "maps", "resolver", "cache",
              "connections", "lookups", "fetches", "refresh", "store", "counters"}
    LONG = "a-rather-long-name-for-a-domain." * 3 + "example"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon = cls.world.daemon().start()
        for domain, how in {"enforced.example": {}, "tested.example": {"mode": "testing"},
                            "off.example": {"mode": "none"}, cls.LONG: {}}.items():
            cls.world.publish(domain, f"mx1.{domain}", **how)
            cls.daemon.ask(domain)
        cls.daemon.ask("absent.example")

    def test_table(self):
        """--cache: a table no wider than 80 columns"""
        text = self.daemon.run("--cache").stdout
        self.assertLessEqual(max(map(len, text.splitlines())), 80, text)
        for word in ("enforced.example", "tested.example", "off.example", "enforce", "testing", "none"):
            self.assertIn(word, text)

    def test_one_entry(self):
        """--cache DOMAIN: one entry in full; case and root dot do not matter"""
        for name in ("enforced.example", "Enforced.Example", "enforced.example."):
            done = self.daemon.run("--cache", name)
            self.assertEqual(done.returncode, OK)
            self.assertIn("mx1.enforced.example", done.stdout)
        self.assertEqual(self.daemon.run("--cache", "unknown.example").returncode, ABSENT)

    def test_json_entries(self):
        """--cache --json: an array of entries of the fixed shape"""
        entries = {entry["domain"]: entry for entry in self.daemon.json("--cache")}
        enforced = entries["enforced.example"]
        self.assertEqual(set(enforced), self.ENTRY)
        self.assertEqual((enforced["verdict"], enforced["mode"], enforced["id"], enforced["mx"], enforced["max_age"]),
                         ("secure", "enforce", "1", ["mx1.enforced.example"], 604800))
        for key in ("fetched", "expires", "checked", "last_asked"):
            self.assertRegex(enforced[key], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(enforced["reply"], "OK secure match=mx1.enforced.example servername=hostname")
        self.assertIsNone(enforced["dane"])
        self.assertIsNone(enforced["failure"])
        self.assertEqual((entries["tested.example"]["verdict"], entries["tested.example"]["mode"]), ("none", "testing"))

    def test_json_one_entry(self):
        """--cache DOMAIN --json: one object; a remembered absence has nulls"""
        entry = self.daemon.json("--cache", "absent.example")
        self.assertEqual(set(entry), self.ENTRY)
        self.assertEqual([entry[key] for key in ("verdict", "mode", "id", "mx", "max_age", "fetched")],
                         ["none", None, None, None, None, None])

    def test_status(self):
        """--status: 0, version and counters within 80 columns"""
        done = self.daemon.run("--status")
        self.assertEqual(done.returncode, OK)
        self.assertIn(str(self.daemon.process.pid), done.stdout)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80, done.stdout)
        for counters in ("dns +.*found", "txt +.*found", "reply +.*secure", "requests +socketmap [1-9]"):
            self.assertRegex(done.stdout, f"(?m)^{counters}")

    def test_status_json(self):
        """--status --json: the fixed shape"""
        status = self.daemon.json("--status")
        self.assertEqual(set(status), self.STATUS)
        self.assertEqual(status["pid"], self.daemon.process.pid)
        self.assertEqual(status["listen"], ["inet:127.0.0.1:8461"])
        self.assertEqual(set(status["resolver"]), {"addresses", "validates"})
        self.assertEqual(set(status["cache"]), {"entries", "by_mode", "bytes"})
        self.assertEqual(set(status["refresh"]), {"due", "failing"})
        self.assertEqual(set(status["store"]), {"state", "pending"})
        self.assertEqual((status["counters"]["reply"], status["counters"]["fetch"]), (status["lookups"], status["fetches"]))
        self.assertGreater(status["counters"]["requests"]["socketmap"], 0)
        self.assertGreaterEqual(status["cache"]["by_mode"]["enforce"], 2)
        self.assertRegex(status["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_rights(self):
        """the control socket has mode 0600"""
        self.assertEqual(self.daemon.control.stat().st_mode & 0o777, 0o600)

    def test_verbose(self):
        """-v: more log than without"""
        self.assertTrue(re.search(r"(?i)debug|<7>", self.world.daemon("verbose", listen="inet:127.0.0.1:8465")
                                  .start("-v").log()))


class Purge(WorldTest):
    def setUp(self):
        self.daemon = self.world.daemon(self._testMethodName).start()
        self.addCleanup(self.daemon.stop)
        for domain in ("one.example", "two.example"):
            self.world.publish(domain, f"mx1.{domain}")
            self.assertIn("secure", self.daemon.ask(domain))

    def restart(self):
        until(lambda: self.daemon.json("--status")["store"]["pending"] == 0, "the store to have it all")
        self.daemon.kill()
        self.daemon.start()

    def test_purge(self):
        """--purge DOMAIN: forgotten in memory and store, 0; absent, 1"""
        self.assertEqual(self.daemon.run("--purge", "one.example").returncode, OK)
        self.assertEqual(self.daemon.run("--purge", "one.example").returncode, ABSENT)
        self.restart()
        self.assertEqual([entry["domain"] for entry in self.daemon.json("--cache")], ["two.example"])

    def test_purge_all(self):
        """--purge-all: everything is forgotten, also after a restart"""
        self.assertEqual(self.daemon.run("--purge-all").returncode, OK)
        self.assertEqual(self.daemon.json("--cache"), [])
        self.restart()
        self.assertEqual(self.daemon.json("--cache"), [])
