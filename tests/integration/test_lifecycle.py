"""Signals, restarts, passed sockets: what an operator and systemd do to the daemon."""
import itertools
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time

import namespace
import socketmap
from certificates import Authority
from scene import WorldTest, needs_root
from waiting import until


class Lifecycle(WorldTest):
    def setUp(self):
        self.daemon = self.world.daemon(self._testMethodName)
        self.addCleanup(self.daemon.stop)

    def test_reload_good_file(self):
        """SIGHUP with a good file: the new settings hold, the cache stays"""
        self.world.publish("kept.example", "mx1.kept.example")
        self.daemon.start()
        self.daemon.ask("kept.example")
        self.assertNotIn("policy_type", self.daemon.ask("kept.example", "OTHER"))
        self.daemon.write_config(tlsrpt_map_name="OTHER")
        self.daemon.hang_up()
        until(lambda: "policy_type=sts" in self.daemon.ask("kept.example", "OTHER"), self.daemon.log)
        self.assertEqual(len(self.world.hosts.visits_of("mta-sts.kept.example")), 1)

    def test_reload_broken_file(self):
        """SIGHUP with a broken file: said with file and parameter, the old settings hold"""
        self.daemon.start()
        self.daemon.write_config(fetch_concurrency="none", tlsrpt_map_name="OTHER")
        self.daemon.hang_up()
        self.daemon.says("fetch_concurrency")
        self.assertEqual(self.daemon.ask("localhost"), "NOTFOUND ")

    def test_reload_what_needs_a_restart(self):
        """SIGHUP with another listen: said that it needs a restart"""
        self.daemon.start()
        changed = dict(self.daemon.settings)
        self.daemon.write_config(listen="inet:127.0.0.1:8499")
        self.daemon.hang_up()
        self.daemon.says("restart")
        self.daemon.settings = changed
        self.assertEqual(self.daemon.ask("localhost"), "NOTFOUND ")

    def test_new_trust_anchors(self):
        """SIGHUP reads the CA file again"""
        other = Authority(self.daemon.directory / "other", "Other Root")
        anchors = self.daemon.directory / "anchors.pem"
        shutil.copy(self.world.ca.ca_file, anchors)
        self.daemon.write_config(ca_file=str(anchors))
        self.daemon.start()
        shutil.copy(other.ca_file, anchors)
        self.daemon.hang_up()
        names = (f"n{number}.anchors.example" for number in itertools.count())

        def trusted():
            domain = next(names)
            self.world.publish(domain, f"mx1.{domain}", certificate=other.issue(f"mta-sts.{domain}"))
            return self.daemon.ask(domain).startswith("OK secure")

        until(trusted, self.daemon.log)

    def test_terminate(self):
        """SIGTERM and an idle connection: exit 0 at once, sockets gone"""
        self.daemon.write_config(listen=f"unix:{self.daemon.directory}/map.sock")
        self.daemon.start()
        with socketmap.Client(self.daemon.address()) as idle:
            idle.ask("localhost")
            self.assertEqual(self.daemon.stop(), 0)
            self.assertIsNone(idle.receive())
        self.assertFalse(pathlib.Path(self.daemon.address()).exists())
        self.assertFalse(self.daemon.control.exists())

    def test_drain(self):
        """SIGTERM while a question waits: it is answered or its connection closed, exit 0"""
        self.world.publish("slow.example", "mx1.slow.example", delay=2.0)
        self.daemon.start()
        with socketmap.Client(self.daemon.address()) as client:
            client.send("slow.example")
            until(lambda: self.world.hosts.visits_of("mta-sts.slow.example"), "the fetch to begin")
            self.assertEqual(self.daemon.stop(), 0)
            self.assertIn(client.receive(), (None, "NOTFOUND ", "OK secure match=mx1.slow.example servername=hostname"))

    def test_interrupt(self):
        """SIGINT ends it like SIGTERM"""
        self.daemon.start()
        self.daemon.process.send_signal(2)
        self.assertEqual(self.daemon.process.wait(20), 0)

    def test_kill_loses_nothing_old(self):
        """C-16 kill -9 loses nothing that was answered more than 100 ms before"""
        domains = [f"d{number}.kill.example" for number in range(150)]
        shared = self.world.ca.issue("*.kill.example", *(f"mta-sts.{domain}" for domain in domains))
        for domain in domains:
            self.world.publish(domain, f"mx1.{domain}", certificate=shared)
        self.daemon.start()
        answered = {}
        for domain in domains:
            self.assertIn("secure", self.daemon.ask(domain))
            answered[domain] = time.monotonic()
        killed = time.monotonic()
        self.daemon.kill()
        stored = {entry["domain"] for entry in self.daemon.json("--cache")}
        owed = {domain for domain, when in answered.items() if killed - when > 0.1}
        self.assertTrue(owed, "the machine was too fast for this test")
        self.assertEqual(owed - stored, set())

    def test_right_from_the_first_moment(self):
        """C-16 a restarted daemon knows its policies in its very first answer, the network being dark"""
        domains = [f"d{number}.first.example" for number in range(50)]
        shared = self.world.ca.issue(*(f"mta-sts.{domain}" for domain in domains))
        for domain in domains:
            self.world.publish(domain, f"mx1.{domain}", certificate=shared)
        self.daemon.start()
        for domain in domains:
            self.daemon.ask(domain)
        self.daemon.stop()
        for domain in domains:
            self.world.dns.silence(f"_mta-sts.{domain}", f"mta-sts.{domain}")
        self.daemon.launch()
        stream = until(self._connected, self.daemon.log)
        stream.close()
        with socketmap.Client(self.daemon.address()) as client:
            for domain in reversed(domains):
                self.assertEqual(client.ask(domain), f"OK secure match=mx1.{domain} servername=hostname")

    def test_two_daemons(self):
        """two daemons on one store: the second only reads, says so, and writes once the first has ended; nothing is lost"""
        first, second = self.daemon, self.world.daemon(
            "second", cache=f"sqlite:{self.daemon.store}", listen="inet:127.0.0.1:8471")
        names = [f"{name}.rolling.example" for name in ("before", "first", "second", "after")]
        shared = self.world.ca.issue(*(f"mta-sts.{name}" for name in names))
        for name in names:
            self.world.publish(name, f"mx1.{name}", certificate=shared)
        before, by_first, by_second, after = names
        first.start()
        self.assertIn("secure", first.ask(before))
        until(lambda: first.json("--status")["store"]["pending"] == 0, first.log)
        second.start()
        second.says("warning: store: action=read-only")
        self.assertEqual(second.json("--status")["store"]["state"], "read-only")
        self.assertIn("another tlspolicyd writes it", second.run("--status").stdout)
        self.assertIn("secure", second.ask(by_second))
        self.assertIn("secure", first.ask(by_first))
        self.assertEqual(first.stop(), 0)
        until(lambda: second.json("--status")["store"] == {"state": "ok", "pending": 0}, second.log)
        self.assertIn("secure", second.ask(after))
        until(lambda: second.json("--status")["store"]["pending"] == 0, second.log)
        second.kill()
        self.assertEqual({entry["domain"] for entry in second.json("--cache")}, set(names))
        for domain in names:
            self.world.dns.silence(f"_mta-sts.{domain}", f"mta-sts.{domain}")
        second.start()
        for domain in names:
            self.assertIn("secure", second.ask(domain))

    def test_purge_beside_a_daemon(self):
        """--purge takes no store from a daemon that it cannot reach"""
        self.world.publish("held.example", "mx1.held.example")
        self.daemon.start()
        self.assertIn("secure", self.daemon.ask("held.example"))
        until(lambda: self.daemon.json("--status")["store"]["pending"] == 0, self.daemon.log)
        done = self.daemon.run("-o", f"control_socket={self.daemon.directory}/none", "--purge", "held.example")
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn("another tlspolicyd", done.stderr)
        self.daemon.kill()
        self.assertEqual(self.daemon.run("--cache", "held.example").returncode, 0)

    def _connected(self):
        try:
            return socketmap.connect(self.daemon.address())
        except OSError:
            return None

    def test_passed_sockets(self):
        """sockets passed by systemd are used instead of listen"""
        path = str(self.daemon.directory / "passed.sock")
        with socket.socket(socket.AF_UNIX) as passed:
            passed.bind(path)
            passed.listen(128)
            number = passed.fileno()
            script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<&{number}'
            self.daemon.launch(command=["/bin/sh", "-c", script, *self.daemon.command()], pass_fds=(number,))
            self.assertEqual(socketmap.ask(path, "localhost"), "NOTFOUND ")
            with self.assertRaises(OSError):
                socketmap.ask(("127.0.0.1", 8461), "localhost")
            self.assertEqual(self.daemon.stop(), 0)
            self.assertTrue(os.path.exists(path), "a passed socket is not ours to remove")

    def test_unix_socket_rights(self):
        """unix sockets get socket_mode"""
        path = self.daemon.directory / "map.sock"
        self.daemon.write_config(listen=f"unix:{path}", socket_mode="0660")
        self.daemon.start()
        self.assertEqual(path.stat().st_mode & 0o777, 0o660)

    def test_several_listeners(self):
        """inet and unix listeners serve side by side"""
        path = self.daemon.directory / "map.sock"
        self.daemon.write_config(listen=f"inet:127.0.0.1:8461, unix:{path} inet:[::1]:8461")
        self.daemon.start()
        for address in (("127.0.0.1", 8461), str(path)):
            self.assertEqual(socketmap.ask(address, "localhost"), "NOTFOUND ")
        with socket.create_connection(("::1", 8461), timeout=10) as stream:
            stream.sendall(b"15:QUERY localhost,")
            self.assertEqual(stream.recv(100), b"9:NOTFOUND ,")

    def test_pid_file(self):
        """pid_file holds the process id and goes with the daemon"""
        path = self.daemon.directory / "pid"
        self.daemon.write_config(pid_file=str(path))
        self.daemon.start()
        self.assertEqual(path.read_text(encoding="ascii").strip(), str(self.daemon.process.pid))
        self.daemon.stop()
        self.assertFalse(path.exists())

    @needs_root
    def test_drops_privileges(self):
        """user = nobody: bound as root, stores as nobody"""
        self.daemon.directory.chmod(0o777)
        self.daemon.write_config(user="nobody", listen="inet:127.0.0.1:84")
        self.world.publish("dropped.example", "mx1.dropped.example")
        self.daemon.start()
        self.assertIn("secure", self.daemon.ask("dropped.example"))
        self.assertEqual(self.daemon.run("--status").returncode, 0)
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(self.daemon.store.owner(), "nobody")

    @needs_root
    def test_root_is_warned(self):
        """started as root without user: a warning"""
        self.daemon.start()
        self.daemon.says("user")

    def test_out_of_descriptors(self):
        """running out of descriptors pauses accepting, and recovers"""
        script = 'ulimit -n 40; exec "$0" "$@"'
        self.daemon.launch(command=["/bin/sh", "-c", script, *self.daemon.command()])
        until(self.daemon.serves, self.daemon.log)
        held = []
        for _ in range(60):  # the backlog takes those the daemon cannot
            held.append(socketmap.connect(self.daemon.address()))
        for stream in held:
            stream.close()
        self.assertEqual(self.daemon.ask("localhost"), "NOTFOUND ")

    def test_joined_questions(self):
        """C-18 fifty askers of one new domain cause one fetch"""
        self.world.publish("joined.example", "mx1.joined.example", delay=0.3)
        self.daemon.start()
        replies = []

        def ask():
            replies.append(self.daemon.ask("joined.example"))

        askers = [threading.Thread(target=ask) for _ in range(50)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        self.assertEqual(set(replies), {"OK secure match=mx1.joined.example servername=hostname"})
        self.assertEqual(len(self.world.hosts.visits_of("mta-sts.joined.example")), 1)
        self.assertEqual(self.world.dns.asked("_mta-sts.joined.example", "TXT"), 1)


class Defaults(WorldTest):
    @needs_root
    def test_folders(self):
        """root on a bare system: the folders of the defaults are made, for the user that will use them"""
        for covered in ("/run", "/var/lib"):
            namespace.empty(covered, "mode=755")
            self.addCleanup(subprocess.run, ["umount", covered], check=True)
        daemon = self.world.daemon("bare", cache=None, control_socket=None, user="nobody")
        self.world.publish("bare.example", "mx1.bare.example")
        daemon.start()
        self.assertIn("secure", daemon.ask("bare.example"))
        self.assertEqual(daemon.run("--status").returncode, 0)
        for folder in ("/run/tlspolicyd", "/var/lib/tlspolicyd"):
            self.assertEqual(pathlib.Path(folder).owner(), "nobody")
        self.assertEqual(daemon.stop(), 0)
