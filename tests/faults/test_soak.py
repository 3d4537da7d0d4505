"""Full load for long: memory is flat after the first minute."""
import itertools
import os
import time

import form
from load import Crowd
from rig import FaultTest, kilobytes
from waiting import until

DURATION = float(os.environ.get("TLSPOLICYD_SOAK", form.either(10, 1800)))  # seconds
WARM = form.either(4, 60)       # seconds until which memory may grow
ROOM = 1.03                     # afterwards: what the allocator and the kernel's pages round
SLACK = 1024                    # kB
ENTRIES = 5000                  # bound of the cache, so that it is full within the first minute
EVERY = form.either(1, 10)      # seconds between looks
LATEST = 1.0                    # seconds: the slowest answer from the cache


class Soak(FaultTest):
    def test_soak(self):
        """full load of known names, new policies and names without one: memory flat, every answer right"""
        known = self.publish_all("known.soak.example", form.either(50, 200))
        pool = self.publish_all("new.soak.example", form.either(100, 400))
        absent = {f"n{number}.absent.example": "NOTFOUND " for number in range(form.either(8, 20) * ENTRIES)}
        self.daemon.write_config(cache_max_entries=str(ENTRIES))
        self.daemon.start()
        self.learn(known)
        crowd = self.crowd(known, connections=50)
        strangers = self.strangers(absent)
        newcomers = self.newcomers(connections=1)
        sizes = []
        began = time.monotonic()
        while (age := time.monotonic() - began) < DURATION:
            if newcomers.idle():
                self.forget(pool[:20])
                newcomers.ask_for(pool)
            sizes.append((age, kilobytes(self.daemon.process.pid)))
            time.sleep(EVERY)  # the pace of looking
        until(newcomers.idle, "the last newcomers to be answered")
        newcomers.stop()
        nobody, everybody = strangers.stop(), crowd.stop()
        self.assert_all_right(everybody)
        self.assert_all_right(nobody)
        self.assertEqual((newcomers.others[:5], newcomers.failures[:5]), ([], []))
        self.assertEqual(set(newcomers.answered), set(pool))
        at_first = max(size for age, size in sizes if age <= WARM)
        later = [size for age, size in sizes if age > WARM]
        form.report(f"{DURATION:.0f} s, {everybody.asked} questions of known names ({everybody.asked / DURATION:.0f}/s), "
                    f"slowest {everybody.slowest * 1000:.0f} ms; {nobody.asked} of names without policy; "
                    f"{len(newcomers.answered)} new policies; resident {at_first} kB in the first {WARM} s, "
                    f"then {min(later)} to {max(later)} kB, {later[-1]} kB at the end")
        form.report("resident in kB at seconds: " +
                    " ".join(f"{age:.0f}:{size}" for age, size in itertools.islice(sizes, 0, None, max(1, len(sizes) // 20))))
        self.assertLessEqual(max(later), at_first * ROOM + SLACK)
        self.assertLess(everybody.slowest, LATEST)
        self.assertEqual(self.daemon.stop(), 0)

    def forget(self, domains):
        for domain in domains:
            self.daemon.run("--purge", domain)

    def strangers(self, names):
        crowd = Crowd(self.daemon.address(), names, 10, 400)
        self.addCleanup(crowd.quit)
        return crowd
