"""SIGHUP without end, SIGTERM in the midst of it all."""
import signal
import threading
import time

import form
import socketmap
from load import Crowd
from rig import FaultTest, enforced, kilobytes
from waiting import until

HANG_UPS = form.either(200, 6000)     # one every 10 ms
EVERY = 0.01
GROWTH = 8 * 1024                     # kB that the storm may cost
OS_ERROR = 71                         # EX_OSERR
SLOW = 1.5                            # seconds a policy host takes
TERMINATIONS = form.either(2, 30)


class Signals(FaultTest):
    def setUp(self):
        super().setUp()
        self.suffix = f"{self._testMethodName.replace('_', '-')}.example"
        self.known = self.publish_all(self.suffix, 50)

    def hang_up_often(self):
        for _ in range(HANG_UPS):
            self.daemon.hang_up()
            time.sleep(EVERY)  # the very rate that is asked for

    def test_hang_up_every_10_ms(self):
        """SIGHUP every 10 ms under load, with the system's trust anchors: no question fails, nothing piles up"""
        self.daemon.write_config(ca_file=None)
        self.daemon.start()
        with_ours = self.daemon.settings | {"ca_file": str(self.world.ca.ca_file)}
        self.daemon.write_config(**with_ours)
        self.daemon.hang_up()
        self.daemon.says("reload: result=done")
        self.learn(self.known)
        self.daemon.write_config(ca_file=None)
        crowd = self.crowd(self.known, rate=2000)
        before = kilobytes(self.daemon.process.pid)
        self.hang_up_often()
        grown = kilobytes(self.daemon.process.pid) - before
        tally = crowd.stop()
        self.assert_all_right(tally)
        self.daemon.write_config(**with_ours)
        asked = time.monotonic()
        self.daemon.hang_up()
        domain, = self.publish_all(f"after.{self.suffix}", 1)
        names = (f"n{number}.{domain}" for number in range(10**6))

        def trusts_ours():
            name = next(names)
            self.world.publish(name, f"mx1.{name}")
            return self.daemon.ask(name) == enforced(name)

        until(trusts_ours, self.daemon.log)
        form.report(f"{HANG_UPS} times SIGHUP, {len(self.lines('reload: result=done'))} reloads, {tally.asked} questions, "
                    f"slowest {tally.slowest * 1000:.0f} ms, {grown} kB more, "
                    f"the last one in force after {time.monotonic() - asked:.2f} s")
        self.assertLess(grown, GROWTH)

    def test_terminate_under_load(self):
        """SIGTERM under load: what was asked before it is answered, exit 0"""
        random = form.randomness("terminate")
        for mode, connections in (("once", 100), ("fresh", 100)) * TERMINATIONS:
            with self.subTest(mode=mode):
                self.daemon.start()
                self.learn(self.known)
                crowd = Crowd(self.daemon.address(), {domain: enforced(domain) for domain in self.known},
                              connections, 0, mode)
                self.addCleanup(crowd.quit)
                time.sleep(random.uniform(0.1, 0.4))
                terminated = time.monotonic()
                code = self.daemon.stop()
                tally = crowd.stop()
                self.assertEqual(code, 0)
                self.assertEqual(tally.wrong_replies, [])
                # Who finds nobody listening was late: it asked nothing.
                cut = [failure for failure in tally.failures
                       if failure.tried < terminated and "refused" not in failure.why]
                self.assertEqual(cut, [], f"{len(cut)} of {tally.asked}")

    def test_terminate_while_names_are_learned(self):
        """SIGTERM while first contacts are under way: they are answered with their policy, which is stored"""
        slow = self.publish_all(f"slow.{self.suffix}", 20, delay=SLOW)
        self.daemon.start()
        clients = [socketmap.Client(self.daemon.address()) for _ in slow]
        for client, domain in zip(clients, slow):
            client.send(domain)
        until(lambda: all(self.world.hosts.visits_of(f"mta-sts.{domain}") for domain in slow), "the fetches to begin")
        self.daemon.process.send_signal(signal.SIGTERM)
        for client, domain in zip(clients, slow):
            self.assertEqual(client.receive(), enforced(domain))
            self.assertIsNone(client.receive())
            client.close()
        self.assertEqual(self.daemon.process.wait(20), 0)
        self.assertEqual(set(slow) - self.stored(), set())

    def test_terminate_with_a_long_row_of_questions(self):
        """SIGTERM when a client has sent a thousand questions at once: each gets its answer"""
        questions = 1000
        self.daemon.start()
        self.learn(self.known)
        with socketmap.Client(self.daemon.address()) as client:
            row = b"".join(b"%d:QUERY %s," % (6 + len(domain), domain.encode())
                           for domain in self.known * (questions // len(self.known)))
            sender = threading.Thread(target=client.stream.sendall, args=(row,))
            sender.start()
            sender.join()
            self.daemon.process.send_signal(signal.SIGTERM)
            for domain in self.known * (questions // len(self.known)):
                self.assertEqual(client.receive(), enforced(domain))
        self.assertEqual(self.daemon.process.wait(20), 0)

    def test_terminate_while_a_sync_goes_on(self):
        """SIGTERM while a sync takes a minute: said, over in some seconds, and all that was learned is there"""
        faults = self.faulty()
        self.daemon.start(env=faults.env())
        self.learn(self.known[:1])
        self.caught_up()
        faults.slow_syncs(60)
        self.learn(self.known)
        began = time.monotonic()
        self.daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.process.wait(20), OS_ERROR)
        self.assertLess(time.monotonic() - began, 15)
        self.daemon.says("did not sync")
        self.assertEqual(set(self.known) - self.stored(), set())

    def test_terminate_with_a_disk_that_hangs(self):
        """SIGTERM while the disk takes nothing: answered all the same, said, and over in some seconds"""
        faults = self.faulty()
        self.daemon.start(env=faults.env())
        self.learn(self.known)
        faults.hang_disk()
        self.learn(self.publish_all(f"new.{self.suffix}", 5))
        began = time.monotonic()
        self.daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.process.wait(20), OS_ERROR)
        self.assertLess(time.monotonic() - began, 15)
        self.daemon.says("look at the disk")
        faults.disk(0)
        self.daemon.start()
        self.assertEqual({self.daemon.ask(domain) for domain in self.known}, {enforced(domain) for domain in self.known})
