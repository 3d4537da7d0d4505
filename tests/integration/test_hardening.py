"""What a flaw could still be used for: the binary as it was built, the process as it serves."""
import os
import pathlib
import platform
import pwd
import re
import shutil
import stat
import subprocess
import unittest

import namespace
from daemon import BINARY, must_be_confined
from scene import WorldTest, needs_root
from waiting import until

NONE = "0000000000000000"
ROOT_KEEPS = "0000000000000003"  # CAP_CHOWN, CAP_DAC_OVERRIDE: a store of another user
MOST_PROCESSES = ("512", "512")
THREADS = 4  # at least: answer loop, fetch loop, store, postconf
# The landmark a probed stack allocation leaves: "or %0 to the top of the stack", "store zero".
PROBE = {"x86_64": bytes.fromhex("48830c2400"), "aarch64": bytes.fromhex("ff0302f9")}
# What a function begins with that may be called by address: endbr64; paciasp.
LANDING = {"x86_64": bytes.fromhex("f30f1efa"), "aarch64": bytes.fromhex("3f2303d5")}


def readelf(*flags):
    return subprocess.run(["readelf", "-W", *flags, BINARY], capture_output=True, text=True, check=True).stdout


@unittest.skipUnless(shutil.which("readelf"), "no readelf on this machine")
class Binary(unittest.TestCase):
    def test_position(self):
        """the program is loaded at an address nobody knows beforehand"""
        self.assertRegex(readelf("-h"), r"Type:\s+DYN")
        self.assertRegex(readelf("-d"), r"FLAGS_1\).*\bPIE\b")

    def test_relocations(self):
        """full RELRO: all is bound at the start, then read-only"""
        self.assertIn("GNU_RELRO", readelf("-l"))
        dynamic = readelf("-d")
        self.assertRegex(dynamic, r"BIND_NOW|FLAGS_1\).*\bNOW\b")
        self.assertNotRegex(dynamic, r"TEXTREL|RPATH|RUNPATH")

    def test_segments(self):
        """nothing is both writable and executable, the stack is not executable"""
        flags = dict(re.findall(r"^\s+(GNU_STACK)\s.*\s(RW.?)\s+0x", readelf("-l"), re.M))
        self.assertEqual(flags.get("GNU_STACK", "").strip(), "RW")
        self.assertNotRegex(readelf("-l"), r"(?m)^\s+LOAD\s.*\sRWE\s")

    def test_checks(self):
        """stack protector, fortified C library calls, assertions of the C++ library"""
        symbols = readelf("--dyn-syms")
        self.assertIn("__stack_chk_fail", symbols)
        self.assertRegex(symbols, r"UND __\w+_chk@")
        self.assertIn("__glibcxx_assert_fail", symbols)

    def test_control_flow(self):
        """functions are marked for control-flow protection by the processor"""
        landing = LANDING.get(platform.machine())
        if landing is None:
            self.skipTest("this processor has none")
        main = re.search(r"\s([0-9a-f]+)\s+\d+\s+FUNC\s.*\smain$", readelf("-s"), re.M)
        self.assertIsNotNone(main, "the binary is stripped")
        text, offset = self.text()
        self.assertEqual(text[int(main[1], 16) - offset:][:len(landing)], landing)

    def test_stack_clash(self):
        """large stack frames are probed page by page"""
        probe = PROBE.get(platform.machine())
        if probe is None:
            self.skipTest("unknown code")
        self.assertIn(probe, self.text()[0])

    @staticmethod
    def text():
        """The code, and the address where it begins."""
        section = re.search(r"\s\.text\s+PROGBITS\s+(\w+)\s+(\w+)\s+(\w+)", readelf("-S"))
        address, begin, size = (int(number, 16) for number in section.groups())
        return pathlib.Path(BINARY).read_bytes()[begin:begin + size], address


def statuses(pid):
    """What the kernel says of each thread: {"CapEff": "..."} and so on."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text(encoding="ascii").splitlines()
        yield dict(re.split(r":\s*", line, maxsplit=1) for line in lines)


def limits(pid, what):
    """(soft, hard)"""
    text = pathlib.Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
    return re.search(rf"^Max {what}\s+(\w+)\s+(\w+)", text, re.M).groups()


def children(pid):
    return [int(child) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text(encoding="ascii").split()]


class Process(WorldTest):
    def setUp(self):
        self.daemon = self.world.daemon(self._testMethodName)
        self.daemon.directory.chmod(0o777)
        self.addCleanup(self.daemon.stop)

    def serve(self, domain, process=None, **settings):
        """A daemon that has learned something, so that all its threads have begun."""
        self.world.publish(domain, f"mx1.{domain}")
        self.daemon.write_config(**settings)
        self.daemon.start(**(process or {}))
        self.assertIn("secure", self.daemon.ask(domain))

    def assert_capabilities(self, pid, held):
        for status in statuses(pid):
            self.assertEqual({name: status[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")},
                             {"CapEff": held, "CapPrm": held, "CapInh": NONE, "CapAmb": NONE, "CapBnd": NONE})

    def test_confined(self):
        """every thread is under the filter and can gain no rights; no core, a bound on processes"""
        self.serve("confined.example")
        pid = self.daemon.process.pid
        threads = list(statuses(pid))
        self.assertGreaterEqual(len(threads), THREADS)
        for status in threads:
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), status["Name"])
        self.assertEqual(limits(pid, "core file size"), ("0", "0"))
        self.assertEqual(limits(pid, "processes"), MOST_PROCESSES)

    def runner(self):
        """The pid of the daemon's one child, which has become what it is to be."""
        (runner,) = children(self.daemon.process.pid)
        until(lambda: next(statuses(runner))["Seccomp"] == "2", "the runner to confine itself, which it does last")
        return runner

    def assert_is(self, pid, account, threads):
        """Real, effective, saved and file system's ids of each thread, and its groups, are that account's."""
        seen = list(statuses(pid))
        self.assertGreaterEqual(len(seen), threads)
        groups = set(os.getgrouplist(account.pw_name, account.pw_gid))
        for status in seen:
            self.assertEqual(status["Uid"].split(), [str(account.pw_uid)] * 4, status["Name"])
            self.assertEqual(status["Gid"].split(), [str(account.pw_gid)] * 4, status["Name"])
            self.assertEqual({int(group) for group in status["Groups"].split()}, groups, status["Name"])

    @needs_root
    def test_identity(self):
        """user = nobody: each thread of daemon and runner is nobody, with nobody's groups and none of those it was started with"""
        nobody = pwd.getpwnam("nobody")
        self.serve("identity.example", {"extra_groups": [0, 4, 27]}, user="nobody")
        self.assert_is(self.daemon.process.pid, nobody, THREADS)
        self.assert_is(self.runner(), nobody, 1)

    @needs_root
    def test_capabilities(self):
        """user = nobody: no capability in any set"""
        self.serve("capless.example", user="nobody", listen="inet:127.0.0.1:85")
        self.assert_capabilities(self.daemon.process.pid, NONE)

    @needs_root
    def test_capabilities_of_root(self):
        """root without user: what it needs for the files of others, and nothing else"""
        self.serve("root.example")
        self.assert_capabilities(self.daemon.process.pid, ROOT_KEEPS)

    @needs_root
    def test_control_socket(self):
        """user = nobody: the control socket is nobody's, in any folder, and nobody can use it"""
        folder = self.daemon.directory / "of-root"
        folder.mkdir(mode=0o755)
        binary = self.world.directory / "tlspolicyd-of-nobody"
        shutil.copy(BINARY, binary)
        self.serve("control.example", user="nobody", control_socket=folder / "control")
        seen = (folder / "control").stat()
        self.assertEqual((seen.st_uid, stat.S_IMODE(seen.st_mode)), (pwd.getpwnam("nobody").pw_uid, 0o600))
        done = subprocess.run([binary, "-c", self.daemon.config, "--status"], user="nobody", capture_output=True, text=True,
                              timeout=20, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    @needs_root
    def test_runner(self):
        """the one process that may run a program has no rights and no socket of the daemon"""
        self.serve("runner.example", user="nobody")
        runner = self.runner()
        self.assert_capabilities(runner, NONE)
        (status,) = statuses(runner)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(limits(runner, "processes"), MOST_PROCESSES)
        self.assertEqual({number.name for number in pathlib.Path(f"/proc/{runner}/fd").iterdir()}, {"0", "1", "2", "3"})
        self.daemon.kill()
        until(lambda: not pathlib.Path(f"/proc/{runner}/exe").exists(), "the runner to end with the daemon")

    def test_store_files(self):
        """the store's files are their owner's alone while the daemon lives, whatever its umask"""
        self.serve("files.example", {"umask": 0})
        files = sorted(self.daemon.directory.glob("cache.db*"))
        self.assertEqual([file.name for file in files], ["cache.db", "cache.db-lock", "cache.db-shm", "cache.db-wal"])
        for file in files:
            self.assertEqual(oct(file.stat().st_mode), oct(stat.S_IFREG | 0o600), file.name)

    def level(self):
        return self.daemon.json("--status")["postfix_security_level"]

    @needs_root
    def test_reload_after_the_drop(self):
        """after the drop a reload starts threads, reads CA files, asks postconf, logs to syslog"""
        postconf = self.daemon.directory / "postconf"
        postconf.write_text("#!/bin/sh\necho encrypt\necho\n", encoding="ascii")
        postconf.chmod(0o755)
        self.daemon.write_config(user="nobody")
        self.daemon.start(env={**os.environ, "PATH": f"{self.daemon.directory}:{os.environ['PATH']}"})
        anchors = self.daemon.directory / "anchors.pem"
        shutil.copy(self.world.ca.ca_file, anchors)
        self.daemon.write_config(postfix_security_level="auto", fetch_threads=5, ca_file=anchors)
        self.daemon.hang_up()
        until(lambda: self.level() == "encrypt", self.daemon.log)
        self.assertEqual(sum(status["Name"] == "fetch" for status in statuses(self.daemon.process.pid)), 5)
        self.world.publish("reloaded.example", "mx1.reloaded.example")
        self.assertIn("secure", self.daemon.ask("reloaded.example"))
        self.daemon.write_config(log="syslog", postfix_security_level="may")
        self.daemon.hang_up()
        until(lambda: self.level() == "may", "the second reload")
        self.assertEqual(self.daemon.stop(), 0)

    @needs_root
    def test_foreign_folder(self):
        """a folder where the user may not write is told with its cure, and serving goes on"""
        folder = self.daemon.directory / "roots"
        folder.mkdir(mode=0o755)
        self.serve("foreign.example", user="nobody", cache=f"sqlite:{folder}/cache.db")
        self.daemon.says("reason=user nobody may not write in")
        self.daemon.says("cure=give that folder and the files in it to nobody")


class Query(WorldTest):
    """-q while it waits for an answer."""

    DOMAIN = "waits.example"

    def setUp(self):
        self.daemon = self.world.daemon(self._testMethodName)
        self.world.publish(self.DOMAIN, f"mx1.{self.DOMAIN}", delay=8.0)
        self.addCleanup(self.stop)
        self.query = None

    def stop(self):
        if self.query is not None:
            self.query.kill()
            self.query.communicate()

    def ask(self, command=(), **settings):
        """Once it fetches, what the kernel says of each of its threads."""
        self.daemon.write_config(**settings)
        self.query = subprocess.Popen([*command, *self.daemon.command("-q", self.DOMAIN)], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        seen = len(self.world.hosts.visits_of(f"mta-sts.{self.DOMAIN}"))
        until(lambda: len(self.world.hosts.visits_of(f"mta-sts.{self.DOMAIN}")) > seen or self.query.poll() is not None, "the fetch")
        self.assertIsNone(self.query.poll())
        pid = self.query.pid if not command else children(self.query.pid)[0]
        return list(statuses(pid))

    def assert_confined(self, threads, uid):
        self.assertGreater(len(threads), 1)
        for status in threads:
            self.assertEqual(status["Uid"].split(), [str(uid)] * 4, status["Name"])
            self.assertEqual((status["NoNewPrivs"], status["CapEff"], status["CapPrm"]), ("1", NONE, NONE), status["Name"])
            if must_be_confined():
                self.assertEqual(status["Seccomp"], "2", status["Name"])

    @needs_root
    def test_nobody(self):
        """-q by root: nobody, without capabilities, under the filter, with none of root's groups"""
        threads = self.ask()
        self.assert_confined(threads, pwd.getpwnam("nobody").pw_uid)
        self.assertNotIn("0", threads[0]["Groups"].split())

    @needs_root
    def test_user(self):
        """-q by root with user set: that user"""
        self.assert_confined(self.ask(user="daemon"), pwd.getpwnam("daemon").pw_uid)

    @needs_root
    def test_of_a_user(self):
        """-q by a user: under the filter as it is"""
        binary = self.world.directory / "tlspolicyd"
        shutil.copy(BINARY, binary)
        self.daemon.directory.chmod(0o755)
        self.daemon.command = lambda *flags: [str(binary), "-c", str(self.daemon.config), *flags]
        nobody = pwd.getpwnam("nobody")
        self.assert_confined(self.ask(["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups",
                                       "sh", "-c", '"$@"; exit $?', "sh"]), nobody.pw_uid)

    def test_only_one_user(self):
        """-q by a root that cannot change users: the filter alone, and one line on stderr"""
        self.assert_confined(self.ask(["unshare", "--user", "--map-root-user", "--fork"] if namespace.is_root() else []), 0)
        self.query.kill()
        told = self.query.communicate()[1].splitlines()
        self.assertEqual(len(told), 1, told)
        self.assertRegex(told[0], "tlspolicyd: warning: -q goes on as root: cannot become user nobody")

    @needs_root
    def test_files_of_root(self):
        """-q by root reads a CA file that only root can read, and asks postconf, before it gives root up"""
        anchors = self.daemon.directory / "anchors.pem"
        shutil.copy(self.world.ca.ca_file, anchors)
        anchors.chmod(0o600)
        asked = self.daemon.directory / "asked"
        postconf = self.daemon.directory / "postconf"
        postconf.write_text(f"#!/bin/sh\nid -u >{asked}\necho may\necho\n", encoding="ascii")
        postconf.chmod(0o755)
        self.world.publish("read.example", "mx1.read.example")
        self.world.mx("read.example", mx1="127.0.0.11")
        self.daemon.write_config(ca_file=anchors, postfix_security_level="auto")
        done = self.daemon.run("-q", "read.example", env={**os.environ, "PATH": f"{self.daemon.directory}:{os.environ['PATH']}"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("OK secure match=mx1.read.example", done.stdout)
        self.assertEqual(asked.read_text(encoding="ascii").strip(), "0")


class Takeover(WorldTest):
    @needs_root
    def test_store_of_root(self):
        """user set after a run as root: folder and store of the defaults are handed over, the policies stay"""
        for covered in ("/run", "/var/lib"):
            namespace.empty(covered, "mode=755")
            self.addCleanup(subprocess.run, ["umount", covered], check=True)
        self.world.publish("taken.example", "mx1.taken.example")
        daemon = self.world.daemon("takeover", cache=None, control_socket=None).start()
        self.assertIn("secure", daemon.ask("taken.example"))
        daemon.stop()
        store = pathlib.Path("/var/lib/tlspolicyd/cache.db")
        self.assertEqual((store.owner(), store.parent.owner()), ("root", "root"))
        self.world.dns.silence("_mta-sts.taken.example", "mta-sts.taken.example")
        daemon.write_config(user="nobody")
        daemon.start()
        self.assertIn("secure", daemon.ask("taken.example"))
        self.assertEqual((store.owner(), store.parent.owner()), ("nobody", "nobody"))
        self.world.publish("more.example", "mx1.more.example")
        self.assertIn("secure", daemon.ask("more.example"))
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual({entry["domain"] for entry in daemon.json("--cache")}, {"taken.example", "more.example"})
