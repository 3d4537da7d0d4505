"""kill -9 at random moments under load."""
import contextlib
import glob
import os
import socket
import time

import form
from daemon import ADDRESS
from rig import FaultTest
from waiting import until

KILLS = form.either(5, 100)   # of each of the two tests
GRACE = 0.1                   # seconds: what was answered earlier is stored
LATEST = 0.6                  # seconds after the daemon is at work again
POOL = 400                    # domains; the store is taken away when they are used up
FEWEST = 60
KNOWN = 20


class Kill(FaultTest):
    def setUp(self):
        super().setUp()
        self.pool = self.publish_all(f"{self._testMethodName.replace('_', '-')}.example", POOL)
        self.known, self.owed, self.kills = self.pool[:KNOWN], 0, 0
        self.died, self.stays = time.monotonic(), set()  # at the last kill: when, and what was owed

    def open_questions(self):
        return self.people.second_tries + self.new.second_tries

    def kill_and_look(self):
        """The database opens, and what was answered long enough ago is there."""
        used_up = self.new.left() < FEWEST
        if used_up:
            until(self.new.idle, "the last names to be answered")
        killed = time.monotonic()
        self.daemon.kill()
        dead = time.monotonic()
        answered = dict(self.new.answered)
        owed = {domain for domain, when in answered.items() if killed - when > GRACE and not self.by_the_last(domain)}
        # After make_all_new() it may have been killed before it made a store.
        lost = owed - (self.stored() if os.path.exists(self.daemon.store) else set())
        self.assertEqual({domain: round(killed - answered[domain], 3) for domain in lost}, {},
                         "answered so many seconds before the kill, and not stored")
        self.owed, self.kills = self.owed + len(owed), self.kills + 1
        for domain in answered.keys() - owed:  # may be lost
            del self.new.answered[domain]
        self.died, self.stays = dead, owed
        if used_up:
            self.make_all_new()
        return killed

    def by_the_last(self, domain):
        """An answer that was read only after the last kill, though given before: in its last moment."""
        return domain not in self.stays and self.new.tried[domain] < self.died

    def make_all_new(self):
        for path in glob.glob(f"{self.daemon.store}*"):
            os.unlink(path)
        self.new.answered.clear()
        self.stays = set()
        self.new.ask_for(self.pool[KNOWN:])

    def begin(self):
        self.launch()
        until(self.daemon.serves, self.daemon.log)
        self.learn(self.known)
        self.people, self.new = self.crowd(self.known, rate=2000), self.newcomers()
        self.new.ask_for(self.pool[KNOWN:])

    def end(self):
        self.assertGreater(self.owed, KILLS, "next to nothing was at stake")
        for words in ("replaced", "skipped", "lost", "failing"):
            self.assertEqual(self.lines("store", words), [])
        self.assertEqual(self.new.others, [])
        self.all_enforced(self.known)
        return self.people.stop()

    def test_with_a_passed_socket(self):
        """C-16 kill -9, listening socket inherited: nothing stored is lost, no question fails after its one retry"""
        random = form.randomness("kill, inherited")
        self.passed = self.enterContext(socket.create_server(ADDRESS, backlog=1024))
        self.launch = self.launch_with_socket
        self.begin()
        for _ in range(KILLS):
            time.sleep(random.uniform(0, LATEST))  # the moment of the kill, not a wait for something
            self.kill_and_look()
            self.launch()
            until(lambda: self.open_questions() == 0, self.daemon.log)
        tally = self.end()
        self.assert_all_right(tally)
        self.assertEqual(self.new.failures, [])
        self.assertGreater(tally.retried, 0, "no connection broke off")
        form.report(f"{self.kills} kills, {self.owed} policies owed, {tally.asked} questions of known names, "
                    f"{tally.retried} tried twice, {tally.failed} failed, slowest {tally.slowest:.2f} s")

    def launch_with_socket(self):
        number = self.passed.fileno()
        script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<&{number}'
        self.daemon.launch(command=["/bin/bash", "-c", script, *self.daemon.command()], pass_fds=(number,))

    def enterContext(self, manager):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(manager)

    def test_on_a_disk_that_syncs_slowly(self):
        """C-16 kill -9 while a sync goes on that takes a minute: what was answered meanwhile is stored"""
        faults = self.faulty()
        self.daemon.start(env=faults.env())
        self.learn(self.known[:1])
        self.caught_up()
        before = faults.syncs()
        faults.slow_syncs(60)
        self.learn(self.known)
        until(lambda: faults.syncs() > before, "the sync to begin")
        self.new = self.newcomers()
        asked = self.pool[KNOWN:POOL // 4]
        self.new.ask_for(asked)
        until(self.new.idle, self.daemon.log)
        until(lambda: time.monotonic() - max(self.new.answered.values()) > GRACE, "the grace to pass")
        self.kill_and_look()
        self.assertEqual(self.owed, len(asked))

    def test_with_its_own_socket(self):
        """C-16 kill -9 at any moment, also while it starts: nothing stored is lost, only those fail who ask while it is down"""
        random = form.randomness("kill, own")
        self.launch = self.daemon.launch
        self.begin()
        down = []
        for _ in range(KILLS):
            time.sleep(random.uniform(0, LATEST))
            killed = self.kill_and_look()
            for _ in range(random.randint(0, 1)):  # again while it starts
                self.launch()
                time.sleep(random.uniform(0, 0.1))
                self.kill_and_look()
            self.launch()
            until(self.daemon.serves, self.daemon.log)
            down.append((killed, time.monotonic()))
        tally = self.end()
        self.assertEqual(tally.wrong_replies, [])
        for failure in tally.failures + self.new.failures:
            self.assertTrue(any(begin <= failure.ended and failure.tried <= end for begin, end in down), failure)
        form.report(f"{self.kills} kills, {self.owed} policies owed, {tally.asked} questions of known names, "
                    f"{tally.failed} failed, all within {sum(end - begin for begin, end in down):.1f} s of being down")
