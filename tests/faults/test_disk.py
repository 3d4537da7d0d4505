"""A disk that is full, read-only or broken: answers go on, one warning, caught up afterwards."""
import errno
import itertools
import subprocess

import form
import namespace
import shims
from rig import FaultTest
from waiting import until

KNOWN = form.either(20, 200)
NEW = form.either(30, 300)


class Disk(FaultTest):
    def setUp(self):
        super().setUp()
        self.domains = self.publish_all(f"{self._testMethodName.replace('_', '-')}.example", KNOWN + NEW)
        self.known, self.new = self.domains[:KNOWN], self.domains[KNOWN:]

    def live_through(self, begin, end):
        """The fault comes, is told, costs nothing, goes, and is made up for."""
        self.learn(self.known)
        crowd = self.crowd(self.known, rate=2000)
        begin()
        self.learn(self.new)
        self.daemon.says("store: action=failing")
        self.assertEqual(self.status()["store"]["state"], "failing")
        end()
        self.caught_up()
        self.assert_all_right(crowd.stop())
        self.assert_told_once()
        self.daemon.kill()
        self.assertEqual(set(self.domains) - self.stored(), set())

    def assert_told_once(self):
        self.assertEqual(len(self.lines("warning: store: action=failing")), 1, self.daemon.log())
        self.assertEqual(len(self.lines("store: action=recovered")), 1, self.daemon.log())
        self.assertEqual(self.lines("error: "), [])

    def test_input_output_errors(self):
        """every write and sync fails with EIO for a while"""
        faults = self.faulty()
        self.daemon.start(env=faults.env())
        self.live_through(lambda: faults.disk(errno.EIO), lambda: faults.disk(0))
        self.assertGreater(faults.disk_refusals(), 0)

    def test_failed_syncs(self):
        """every sync fails with EIO for a while, and what the log has is lost: it is in the file by then"""
        faults = self.faulty()
        self.daemon.start(env=faults.env())
        self.learn(self.known)
        self.caught_up()
        faults.fail_syncs(errno.EIO)
        self.learn(self.new)
        self.daemon.says("store: action=failing")
        until(lambda: self.status()["store"]["pending"] == 0, self.daemon.log)
        faults.fail_syncs(0)
        self.caught_up()
        self.assert_told_once()
        self.daemon.kill()
        for log in self.daemon.store.parent.glob(f"{self.daemon.store.name}-*"):
            log.unlink()
        self.assertEqual(set(self.domains) - self.stored(), set())

    def assert_kept(self):
        """Nothing was set aside as broken, and all is there."""
        self.assertEqual(self.lines("action=replaced"), [])
        self.assertEqual([path.name for path in self.daemon.store.parent.glob("*.corrupt-*")], [])
        self.daemon.kill()
        self.assertEqual(set(self.domains) - self.stored(), set())

    def test_unreadable_at_the_start(self):
        """every read fails with EIO at the start: answers come from the network, and what is stored is kept and found"""
        faults = self.faulty()
        self.daemon.start(env=faults.env())
        self.learn(self.known)
        self.caught_up()
        self.daemon.kill()
        self.daemon.log_file.unlink()
        for domain in self.known[1:]:
            self.world.dns.silence(f"_mta-sts.{domain}", f"mta-sts.{domain}")
        faults.reads(errno.EIO)
        self.daemon.start(env=faults.env())
        self.learn([self.known[0], *self.new])
        self.assertGreater(faults.read_refusals(), 0)
        self.daemon.says("store: action=failing")
        faults.reads(0)
        until(lambda: self.status()["store"]["state"] == "ok", self.daemon.log, 90)
        self.all_enforced(self.domains)
        self.caught_up()
        for operation in ("read", "write"):
            self.assertEqual(len(self.lines("warning: store", f"operation={operation}")), 1, self.daemon.log())
        self.assert_kept()

    def test_unreadable_from_any_read_on(self):
        """reads fail with EIO from the first, the second, ... on: a good file is never taken for a broken one"""
        self.fail_reads(failing=shims.FOR_EVER)

    def test_any_read_fails_once(self):
        """the first read, the second, ... alone fails with EIO: a good file is never taken for a broken one"""
        self.fail_reads(failing=1)

    def fail_reads(self, failing):
        faults = self.faulty()
        self.daemon.start(env=faults.env())
        self.learn(self.domains)
        self.caught_up()
        refused = True
        for granted in itertools.count():
            self.assertEqual(self.daemon.stop(), 0)
            before = faults.read_refusals()
            faults.reads(errno.EIO, after=granted, failing=failing)
            self.daemon.start(env=faults.env())
            until(lambda: self.status()["store"]["state"] != "loading", self.daemon.log)
            refused, always = faults.read_refusals() > before, refused
            faults.reads(0)
            until(lambda: self.status()["store"]["state"] == "ok", self.daemon.log, 90)
            if not refused and not always:
                break
        self.assertGreater(granted, 3)
        self.caught_up()
        self.assert_kept()

    def small_disk(self):
        disk = self.daemon.directory / "disk"
        disk.mkdir()
        namespace.empty(disk, f"size={form.either('512k', '4m')}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)
        self.daemon.store = disk / "cache.db"
        self.daemon.write_config(cache=f"sqlite:{self.daemon.store}")
        return disk

    def test_full(self):
        """a small disk is filled to the last octet, and there is room again"""
        ballast = self.small_disk() / "ballast"
        self.daemon.start()

        def fill():
            with open(ballast, "wb", buffering=0) as filler, self.assertRaises(OSError):
                while True:
                    filler.write(b"x" * 4096)

        self.live_through(fill, ballast.unlink)

    def test_read_only_at_the_start(self):
        """a store on a read-only disk: its policies are known, new ones served, and written when they can be"""
        disk = self.small_disk()
        self.daemon.start()
        self.learn(self.known)
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.log_file.unlink()
        remount = ["mount", "-o", "remount,ro", disk]
        subprocess.run(remount, check=True, capture_output=True)
        for domain in self.known:
            self.world.dns.silence(f"_mta-sts.{domain}", f"mta-sts.{domain}")
        self.daemon.start()
        self.all_enforced(self.known)
        self.learn(self.new)
        self.daemon.says("store: action=failing")
        remount[2] = "remount,rw"
        subprocess.run(remount, check=True, capture_output=True)
        self.caught_up()
        self.assert_told_once()
        self.assertEqual(len(self.lines("warning: store: path=", "mounted read-only")), 1)
        self.daemon.kill()
        self.assertEqual(set(self.domains) - self.stored(), set())

    def test_errors_at_the_end(self):
        """SIGTERM while the disk fails: it ends all the same, in good time, with 0"""
        faults = self.faulty()
        self.daemon.start(env=faults.env())
        self.learn(self.known)
        self.caught_up()
        faults.disk(errno.EIO)
        self.learn(self.new)
        self.daemon.says("store: action=failing")
        self.assertEqual(self.daemon.stop(limit=15), 0)
        faults.disk(0)
        self.assertEqual(set(self.known) - self.stored(), set())

    def test_one_row_of_errors_after_another(self):
        """made read-only by the kernel, no quota left, broken: each failure is told once and made up for"""
        faults = self.faulty()
        self.daemon.start(env=faults.env())
        for failures, number in enumerate((errno.EROFS, errno.EDQUOT, errno.EIO), 1):
            faults.disk(number)
            self.learn(self.domains[:failures * 10])
            until(lambda count=failures: len(self.lines("store: action=failing")) == count, self.daemon.log)
            faults.disk(0)
            self.caught_up()
            self.assertEqual(len(self.lines("store: action=recovered")), failures)
        self.daemon.kill()
        self.assertEqual(set(self.domains[:30]) - self.stored(), set())
