"""Bad input gets a clear error and loses nothing."""
import os
import shutil
import socket
import subprocess
import unittest

import namespace
from scene import WorldTest, needs_root
from waiting import until

CONFIG_ERROR = 78


class Configuration(WorldTest):
    def setUp(self):
        self.daemon = self.world.daemon(self._testMethodName)

    def refused(self, *flags, **settings):
        """-t and a start both end with 78; what -t said."""
        self.daemon.write_config(**settings)
        checked, started = self.daemon.run("-t", *flags), self.daemon.run(*flags, limit=20)
        for done in (checked, started):
            self.assertEqual(done.returncode, CONFIG_ERROR, f"{done.args}: {done.stdout}{done.stderr}")
        return checked.stderr + checked.stdout

    def line_of(self, name):
        lines = self.daemon.config.read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if line.startswith(name))

    def test_unknown_parameter(self):
        """an unknown parameter: 78, file, line and name"""
        said = self.refused(fetch_timout="60s")
        self.assertIn("fetch_timout", said)
        self.assertRegex(said, rf"tlspolicyd\.conf\D+{self.line_of('fetch_timout')}\b")

    def test_repeated_parameter(self):
        """a repeated parameter: 78 and its name"""
        with open(self.daemon.config, "a", encoding="utf-8") as config:
            config.write("dns_attempts = 2\ndns_attempts = 3\n")
        done = self.daemon.run("-t")
        self.assertEqual(done.returncode, CONFIG_ERROR)
        self.assertIn("dns_attempts", done.stderr + done.stdout)

    def test_out_of_range(self):
        """a value out of range: 78, the name and the value"""
        said = self.refused(fetch_concurrency="0")
        self.assertIn("fetch_concurrency", said)
        self.assertRegex(said, rf"tlspolicyd\.conf\D+{self.line_of('fetch_concurrency')}\b")

    def test_bad_values(self):
        """values of the wrong kind: 78 each"""
        for name, value in {"reply_timeout": "soon", "dns_attempts": "-1", "log_lookups": "maybe", "listen": "8461",
                            "resolver": "dns.example", "cache": "redis:x", "dane_reply": "strict",
                            "postfix_security_level": "best", "log_level": "loud"}.items():
            with self.subTest(name):
                done = self.daemon.run("-t", "-o", f"{name}={value}")
                self.assertEqual(done.returncode, CONFIG_ERROR, done.stderr)
                self.assertIn(name, done.stderr + done.stdout)

    def test_unknown_override(self):
        """-o with an unknown parameter, or without a value: 78"""
        for what in ("nonsense=1", "listen"):
            with self.subTest(what):
                self.assertIn(self.daemon.run("-t", "-o", what).returncode, (CONFIG_ERROR, 64))

    def test_missing_file(self):
        """a named configuration file that is not there: 78 and its name"""
        self.daemon.config.unlink()
        done = self.daemon.run("-t")
        self.assertEqual(done.returncode, CONFIG_ERROR)
        self.assertIn(str(self.daemon.config), done.stderr)

    def test_unreadable_file(self):
        """a configuration file that is a directory: 78 and its name"""
        self.daemon.config.unlink()
        self.daemon.config.mkdir()
        done = self.daemon.run("-t")
        self.assertEqual(done.returncode, CONFIG_ERROR)
        self.assertIn(str(self.daemon.config), done.stderr)

    def test_helpful_words(self):
        """a byte order mark, a comment behind a value, quotes, a unit in words, a misspelt name, an address twice: each its words"""
        for text, words in {"\ufefflog = stderr": "a UTF-8 byte order mark", "cache = memory: # note": "put it on a line of its own",
                            'fetch_timeout = "60s"': "quotes around the value; remove them", "reply_timeout = 5sec": "is written s",
                            "fetch_timout = 60s": "did you mean fetch_timeout",
                            "listen = inet:127.0.0.1:1 inet:127.0.0.1:1": "the address of an element before it"}.items():
            with self.subTest(text):
                self.daemon.config.write_text(text + "\n", encoding="utf-8")
                done = self.daemon.run("-t")
                self.assertEqual(done.returncode, CONFIG_ERROR)
                self.assertRegex(done.stderr, rf"error: {self.daemon.config}:1: .*{words}")
                self.assertNotIn("fatal", done.stderr)

    def test_what_a_start_would_refuse(self):
        """-t finds what a start would refuse: CA file, folders of control socket and pid file, a foreign address"""
        empty = self.daemon.directory / "empty.pem"
        empty.write_text("no certificate\n", encoding="ascii")
        good = dict(self.daemon.settings)
        for name, (value, words) in {
                "ca_file": (empty, "no usable PEM certificate"), "control_socket": ("/nonexistent/control", "its directory does not exist"),
                "pid_file": ("/nonexistent/pid", "create its directory"),
                "listen": ("inet:192.0.2.1:8461", "this host does not have that address")}.items():
            with self.subTest(name):
                self.daemon.settings = dict(good)
                self.daemon.write_config(**{name: value})
                checked, started = self.daemon.run("-t"), self.daemon.run(limit=20)
                self.assertEqual(checked.returncode, CONFIG_ERROR)
                self.assertRegex(checked.stderr, rf"error: {self.daemon.config}:{self.line_of(name)}: {name}: .*{words}")
                self.assertNotEqual(started.returncode, 0)
                self.assertIn(words, started.stderr)

    def test_check_beside_a_daemon(self):
        """-t beside a running daemon with the same settings: 0, and the daemon goes on"""
        self.daemon.write_config(pid_file=self.daemon.directory / "pid", listen=f"inet:127.0.0.1:8461 unix:{self.daemon.directory}/map")
        self.daemon.start()
        done = self.daemon.run("-t")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.daemon.ask("localhost"), "NOTFOUND ")
        self.assertEqual(self.daemon.stop(), 0)

    @needs_root
    def test_files_of_root(self):
        """-t by root reads CA files as the user the daemon becomes"""
        anchors = self.daemon.directory / "anchors.pem"
        anchors.write_text(self.world.ca.ca_file.read_text(encoding="ascii"), encoding="ascii")
        anchors.chmod(0o600)
        self.daemon.write_config(ca_file=anchors)
        self.assertEqual(self.daemon.run("-t").returncode, 0)
        self.assertIn("Permission denied", self.refused(user="nobody"))

    def test_warnings(self):
        """-t warns of what the daemon starts with all the same: 0"""
        self.daemon.write_config(listen="inet:0.0.0.0:8461", cache="sqlite:/nonexistent/cache.db")
        done = self.daemon.run("-t")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, rf"warning: {self.daemon.config}:{self.line_of('listen')}: listen: .* on all addresses of this host")
        self.assertRegex(done.stderr, rf"warning: {self.daemon.config}:{self.line_of('cache')}: cache: the folder /nonexistent does not exist")

    def test_missing_ca_file(self):
        """a ca_file that is not there: said at the start, with its name"""
        done = self.daemon.run("-o", "ca_file=/nonexistent/ca.pem", limit=20)
        self.assertEqual(done.returncode, CONFIG_ERROR, done.stderr)
        self.assertIn("-o: ca_file: /nonexistent/ca.pem", done.stderr)
        self.daemon.write_config(ca_file="/nonexistent/ca.pem")
        self.assertIn(f"{self.daemon.config}:{self.line_of('ca_file')}: ca_file: ", self.daemon.run("-t").stderr)

    def test_unhashed_ca_path(self):
        """a ca_path without hashed certificates: refused at the start and by -q, naming openssl rehash"""
        folder = self.daemon.directory / "authorities"
        folder.mkdir()
        shutil.copy(self.world.ca.ca_file, folder / "ca.pem")
        for flags in ((), ("-q", "a.example")):
            with self.subTest(flags):
                done = self.daemon.run("-o", f"ca_path={folder}", *flags, limit=20)
                self.assertEqual(done.returncode, CONFIG_ERROR, done.stderr)
                self.assertIn(f"openssl rehash {folder}", done.stderr)

    def test_unix_path_too_long(self):
        """a unix path longer than the system takes: 78 and the path"""
        path = str(self.daemon.directory / ("x" * 120))
        self.assertIn("x" * 20, self.refused(listen=f"unix:{path}"))

    def test_control_path_too_long(self):
        """a control socket path longer than the system takes: 78"""
        self.assertIn("control_socket", self.refused(control_socket=str(self.daemon.directory / ("x" * 120))))


class Occupied(WorldTest):
    """Addresses and paths somebody else has."""

    def setUp(self):
        self.daemon = self.world.daemon(self._testMethodName, listen="inet:127.0.0.1:8462")

    def refused(self):
        self.daemon.launch()
        code = self.daemon.process.wait(20)
        self.assertNotEqual(code, 0)
        return self.daemon.log()

    def test_port_in_use(self):
        """a port in use: an error that names it"""
        with socket.create_server(("127.0.0.1", 8462)):
            self.assertIn("127.0.0.1:8462", self.refused())

    @unittest.skipUnless(shutil.which("ip"), "no ip on this machine")
    def test_loopback_missing(self):
        """127.0.0.1 missing: told as the loopback interface, with its cure"""
        without = 'ip link set lo up && ip address del 127.0.0.1/8 dev lo && exec "$@"'
        self.daemon.launch(command=["unshare", "--net", "sh", "-c", without, "sh", *self.daemon.command()])
        self.assertNotEqual(self.daemon.process.wait(20), 0)
        self.assertIn("the loopback interface is down or lacks that address", self.daemon.log())

    def test_loopback_down(self):
        """a loopback interface that is down, where the kernel lets a socket listen and none connect: warned of"""
        command = ["unshare", "--net", *self.daemon.command()]
        done = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "warning: .*listen: inet:127.0.0.1:8462 cannot be reached from this host; .*ip link set lo up")
        self.daemon.launch(command=command)
        self.daemon.says("warning: listen: address=inet:127.0.0.1:8462, reason=\"cannot be reached from this host")
        self.assertEqual(self.daemon.stop(), 0)

    def test_unix_path_of_live_daemon(self):
        """a unix path a live daemon serves on: refused, and that daemon goes on serving"""
        path = f"unix:{self.world.directory}/live.sock"
        first = self.world.daemon("first", listen=path).start()
        self.daemon.write_config(listen=path)
        self.assertIn("live.sock", self.refused())
        self.assertEqual(first.ask("localhost"), "NOTFOUND ")
        first.stop()

    def test_control_socket_of_live_daemon(self):
        """a control socket of a live daemon: refused, and that daemon still answers there"""
        first = self.world.daemon("owner", listen="inet:127.0.0.1:8463").start()
        self.daemon.write_config(control_socket=str(first.control))
        self.assertRegex(self.refused(), f"control_socket: .*{first.control}")
        self.assertEqual(first.run("--status").returncode, 0)
        first.stop()

    def test_dead_socket(self):
        """a socket file nobody listens on is replaced"""
        path = self.daemon.directory / "dead.sock"
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        self.daemon.write_config(listen=f"unix:{path}")
        self.daemon.start()
        self.assertEqual(self.daemon.stop(), 0)

    def test_file_in_the_way(self):
        """a file that is no socket is left alone: refused with its name"""
        path = self.daemon.directory / "precious"
        path.write_text("data", encoding="ascii")
        self.daemon.write_config(listen=f"unix:{path}")
        self.assertIn("precious", self.refused())
        self.assertEqual(path.read_text(encoding="ascii"), "data")


class Crippled(WorldTest):
    """It serves, and says what is wrong."""

    def setUp(self):
        self.daemon = self.world.daemon(self._testMethodName)
        self.addCleanup(self.daemon.stop)

    def served(self, domain):
        self.world.publish(domain, f"mx1.{domain}")
        self.assertIn("secure", self.daemon.ask(domain))

    def cover(self, folder, options):
        namespace.empty(folder, options)
        self.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)

    @needs_root
    def test_read_only_store(self):
        """a store on a read-only file system: served from memory, said once"""
        disk = self.daemon.directory / "disk"
        disk.mkdir()
        self.cover(disk, "ro")
        self.daemon.write_config(cache=f"sqlite:{disk}/cache.db")
        self.daemon.start()
        self.served("memory.example")
        self.daemon.says(f"{disk}/cache.db")

    def test_store_without_directory(self):
        """a store in a directory that is not there: served, said"""
        self.daemon.write_config(cache=f"sqlite:{self.daemon.directory}/none/cache.db")
        self.daemon.start()
        self.served("nodir.example")
        self.daemon.says("none/cache.db")
        self.daemon.says(f"reason=the folder {self.daemon.directory}/none does not exist")

    def test_all_addresses(self):
        """listen on all addresses: served, warned of"""
        self.daemon.write_config(listen="inet:0.0.0.0:8461")
        self.daemon.start()
        self.daemon.says("warning: ")
        self.daemon.says("inet:0.0.0.0:8461 is on all addresses of this host")

    def test_corrupt_store(self):
        """C-16 a store that is no database: moved aside, reported, served"""
        self.daemon.store.write_bytes(b"this is no database" * 500)
        self.daemon.start()
        self.served("corrupt.example")
        self.daemon.says("error: store: action=replaced")
        aside = [path for path in self.daemon.directory.glob("cache.db*")
                 if path.read_bytes().startswith(b"this is no database")]
        self.assertTrue(aside and aside[0] != self.daemon.store, os.listdir(self.daemon.directory))

    @needs_root
    def test_full_disk(self):
        """a store on a full disk: served from memory, caught up when there is room"""
        disk = self.daemon.directory / "small"
        disk.mkdir()
        self.cover(disk, "size=256k")
        ballast = disk / "ballast"
        self.daemon.write_config(cache=f"sqlite:{disk}/cache.db")
        self.daemon.start()
        with open(ballast, "wb", buffering=0) as filler:
            with self.assertRaises(OSError):
                while True:
                    filler.write(b"x" * 4096)
        self.served("full.example")
        self.daemon.says("cache.db")
        ballast.unlink()
        self.served("room.example")
        until(lambda: self.daemon.json("--status")["store"]["pending"] == 0, "the store to catch up", limit=90)
        self.daemon.kill()
        self.assertEqual(self.daemon.run("--cache", "full.example").returncode, 0)

    def test_resolver_unreachable(self):
        """no resolver answers at the start: served, said"""
        self.daemon.write_config(resolver="127.0.0.77", dns_timeout="1s", dns_attempts="1")
        self.daemon.start()
        self.assertEqual(self.daemon.ask("d.example"), "NOTFOUND ")
        self.daemon.says("resolver")


