"""The systemd units and the main.cf examples that go with their sockets."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

import namespace
import postfix_instance
import socketmap
from daemon import BINARY
from scene import WorldTest, needs_root
from service_manager import PROGRAM, UNITS, Manager, read_unit

EXAMPLES = UNITS.parent / "main.cf"
SYSTEM_UNITS = pathlib.Path("/lib/systemd/system")
CONFIG_ERROR = 78
USER = "nobody"  # in place of tlspolicyd
MX = "127.0.0.11"


class Units(unittest.TestCase):
    def test_restart(self):
        """no start limit: sockets stay open however often a start fails"""
        service = read_unit("tlspolicyd.service")
        self.assertEqual(service["Unit"]["StartLimitIntervalSec"], ["0"])
        self.assertEqual(service["Service"]["Restart"], ["on-failure"])

    @unittest.skipUnless(shutil.which("systemd-analyze") and SYSTEM_UNITS.exists(), "no systemd-analyze on this machine")
    def test_verify(self):
        """systemd-analyze verify has no complaint of the units as they are installed"""
        folder = tempfile.TemporaryDirectory(prefix="tlspolicyd-units.")
        self.addCleanup(folder.cleanup)
        root = pathlib.Path(folder.name)
        shutil.copytree(SYSTEM_UNITS, root / "usr/lib/systemd/system", symlinks=True)
        for link in ("bin", "lib"):
            (root / "usr" / link).mkdir(parents=True, exist_ok=True)
            (root / link).symlink_to(f"usr/{link}")
        for program in (PROGRAM, "/bin/kill"):
            target = root / program.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy("/bin/true", target)
        installed = root / "etc/systemd/system"
        installed.mkdir(parents=True)
        names = [shutil.copy(UNITS / name, installed) and name for name in ("tlspolicyd.service", "tlspolicyd.socket")]
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={root}", *names], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


class ActivatedTest(WorldTest):
    """Not a test itself. Started as by the units: with their sockets, as another user, on a bare system."""

    def setUp(self):
        for covered in ("/run", "/var/lib"):
            namespace.empty(covered, "mode=755")
            self.addCleanup(subprocess.run, ["umount", covered], check=True)
            (pathlib.Path(covered) / "tlspolicyd").mkdir()
            shutil.chown(pathlib.Path(covered) / "tlspolicyd", USER)
        self.program = self.world.directory / "tlspolicyd"
        shutil.copy(BINARY, self.program)
        self.daemon = self.world.daemon(self._testMethodName, listen=None, cache=None, control_socket=None)
        self.daemon.directory.chmod(0o755)

    def manager(self, **how):
        manager = Manager(self.program, self.daemon.config, self.daemon.log_file, user=USER, **how)
        self.addCleanup(manager.stop)
        return manager


@needs_root
class Start(ActivatedTest):
    def test_typo(self):
        """a typo: the start fails and says why, the sockets stay, and a question asked meanwhile is answered once it is mended"""
        self.daemon.write_config(fetch_timout="60s")
        manager, answers = self.manager(), []
        self.assertEqual(manager.start(), CONFIG_ERROR)
        self.assertIn("did you mean fetch_timeout?", self.daemon.log())
        asker = threading.Thread(target=lambda: answers.append(socketmap.ask("/run/tlspolicyd/socket", "localhost")))
        asker.start()
        self.assertEqual(manager.start(), CONFIG_ERROR)
        self.daemon.write_config(fetch_timout=None)
        self.assertEqual(manager.start(), 0)
        asker.join(20)
        self.assertEqual(answers, ["NOTFOUND "])

    def test_listen_is_ignored(self):
        """listen that names another socket: a warning at the start, and the start goes on; not for one that is passed"""
        elsewhere = "/nonexistent/socket"
        self.daemon.write_config(listen=f"unix:/run/tlspolicyd/socket unix:{elsewhere}")
        manager = self.manager()
        self.assertEqual(manager.start(), 0)
        self.assertEqual(socketmap.ask("/run/tlspolicyd/socket", "localhost"), "NOTFOUND ")
        warnings = [line for line in self.daemon.log().splitlines() if "warning: listen:" in line]
        self.assertEqual(len(warnings), 1, self.daemon.log())
        self.assertRegex(warnings[0], f"address=unix:{elsewhere}, result=ignored.*ListenStream=")


def policy_maps(example):
    """smtp_tls_policy_maps of an example."""
    text = (EXAMPLES / example).read_text(encoding="utf-8")
    return re.search(r"^smtp_tls_policy_maps = (.*)$", text, re.M)[1]


@needs_root
@unittest.skipUnless(postfix_instance.installed(), "no Postfix on this machine")
class Delivery(ActivatedTest):
    """Real Postfix at the sockets of the units, by the examples."""

    def sender(self, example, chroot):
        sender = postfix_instance.sender(
            self.world.directory / example, "/", self.world.ca.ca_file, policy_maps(example), default_transport="tried",
            services=("127.0.0.1:2525 inet n - n - - smtpd", f"tried unix - - {'y' if chroot else 'n'} - - smtp"))
        for name in ("resolv.conf", "hosts", "services", "nsswitch.conf"):
            (sender.directory / "queue/etc").mkdir(exist_ok=True)
            shutil.copyfile(f"/etc/{name}", sender.directory / "queue/etc" / name)
        self.addCleanup(sender.stop)
        return sender

    def setUp(self):
        super().setUp()
        domain = f"{self._testMethodName.replace('_', '-')}.example"
        self.recipient = f"user@{domain}"
        self.world.publish(domain, f"mx1.{domain}")
        self.world.mx(domain, mx1=MX)
        receiver = postfix_instance.receiver(self.world.directory / self._testMethodName / "receiver", "/", [
            postfix_instance.smtpd_service(MX, self.world.ca.issue(f"mx1.{domain}"))])
        self.addCleanup(receiver.stop)
        receiver.start()

    def assert_verified(self, sender):
        mail = sender.start().send(self.recipient)
        self.assertEqual((mail.status, mail.tls), ("sent", "Verified"), mail)

    def test_unix(self):
        """before-3.10-unix.cf: an smtp client without a chroot delivers with the units' socket"""
        self.assertEqual(self.manager().start(), 0)
        self.assert_verified(self.sender("before-3.10-unix.cf", chroot=False))

    def test_chroot(self):
        """chroot.cf: an smtp client in a chroot delivers with the socket of its drop-in, whatever listen says"""
        text = (EXAMPLES / "chroot.cf").read_text(encoding="utf-8")
        stream = re.search(r"^# +ListenStream=(/var/spool/postfix/.*)$", text, re.M)[1]
        self.assertIn(f"#ListenStream={stream}\n", (UNITS / "tlspolicyd.socket").read_text(encoding="utf-8"))
        self.daemon.write_config(listen=f"unix:{stream}")
        sender = self.sender("chroot.cf", chroot=True)
        queue = str(sender.directory / "queue")
        manager = self.manager(more_sockets=[stream], where=lambda path: path.replace("/var/spool/postfix", queue))
        self.assertEqual(manager.start(), 0, self.daemon.log())
        self.assert_verified(sender)
