"""What the daemon may cost: memory after the start, time of a cached answer."""
import pathlib
import re
import statistics
import time
import unittest

import socketmap
from scene import WorldTest

SYSTEM_ANCHORS = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
RESIDENT, ANONYMOUS = 16 * 1024, 6 * 1024  # kB
CACHED_ANSWER = 0.001                       # seconds


class Budget(WorldTest):
    @unittest.skipUnless(SYSTEM_ANCHORS.exists(), "no system trust anchors on this machine")
    def test_memory(self):
        """after start with the system's trust anchors: 16 MB resident, 6 MB anonymous"""
        daemon = self.world.daemon("memory", ca_file=None).start()
        self.addCleanup(daemon.stop)
        status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text(encoding="ascii")
        size = {name: int(value) for name, value in re.findall(r"^(VmRSS|RssAnon):\s+(\d+) kB", status, re.M)}
        self.assertLessEqual(size["VmRSS"], RESIDENT)
        self.assertLessEqual(size["RssAnon"], ANONYMOUS)

    def test_cached_answer(self):
        """a cached answer comes within a millisecond (median of 2000)"""
        daemon = self.world.daemon("speed").start()
        self.addCleanup(daemon.stop)
        self.world.publish("fast.example", "mx1.fast.example")
        daemon.ask("fast.example")
        times = []
        with socketmap.Client(daemon.address()) as client:
            for _ in range(2000):
                began = time.perf_counter()
                self.assertTrue(client.ask("fast.example").startswith("OK secure"))
                times.append(time.perf_counter() - began)
        self.assertLess(statistics.median(times), CACHED_ANSWER)
