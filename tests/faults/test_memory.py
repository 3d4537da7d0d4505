"""Memory that runs out: one line, an exit code, and nothing stored is lost."""
import itertools
import resource

import form
import socketmap
from rig import FaultTest, kilobytes
from waiting import until

EXIT = 71            # EX_OSERR
LAST_WORDS = "tlspolicyd: error: out of memory"
MOMENTS = form.either(10, 200)
ROOM = 2 << 20       # octets beyond what is in use
SMALL_ROOM = 400_000  # octets, at most; the moment depends on it
AT_START = 1_500_000  # octets in all: more than a start needs
PILE = 60            # questions a connection may have waiting are 64


class Memory(FaultTest):
    def setUp(self):
        super().setUp()
        self.domains = self.publish_all(f"{self._testMethodName.replace('_', '-')}.example", 100)
        self.names = (f"{'n' * 60}.{number}.nobody.example" for number in itertools.count())
        self.faults = self.faulty()

    def ask_in_heaps(self):
        """Questions for a name that is known and many that are not; nobody waits for the replies."""
        clients = []
        try:
            for _ in range(50):
                clients.append(socketmap.Client(self.daemon.address(), 5))
                for name in (self.domains[0], *itertools.islice(self.names, PILE)):
                    clients[-1].send(name)
            clients[-1].receive()
        except OSError:
            pass
        for client in clients:
            client.close()

    def ask_until_it_ends(self, limit=60):
        def ended():
            self.ask_in_heaps()
            return self.daemon.process.poll() is not None

        until(ended, self.daemon.log, limit)

    def assert_ended_well(self, since=""):
        said = self.daemon.log().removeprefix(since)
        self.assertEqual(self.daemon.process.returncode, EXIT, said)
        self.assertTrue(said.splitlines()[-1].startswith(LAST_WORDS), said)
        self.assertEqual(said.count("out of memory"), 1, said)
        for words in ("panic", "terminate called", "Unexpected error", "Assertion"):
            self.assertNotIn(words, said)

    def test_limit(self):
        """the limit of memory is reached under load: one line, exit, and a restart has all that was stored"""
        self.daemon.start()
        self.learn(self.domains)
        self.caught_up()
        limit = 1024 * kilobytes(self.daemon.process.pid, "VmData") + ROOM
        resource.prlimit(self.daemon.process.pid, resource.RLIMIT_DATA, (limit, limit))
        self.ask_until_it_ends()
        self.assert_ended_well()
        self.assertEqual(set(self.domains) - self.stored(), set())
        self.daemon.start()
        self.all_enforced(self.domains)

    def test_at_any_moment(self):
        """memory runs out at a random moment: always the one line and the code, never a crash, and all is in the store"""
        random = form.randomness("memory")
        self.daemon.start(env=self.faults.env())
        self.learn(self.domains[:50])
        self.caught_up()
        self.daemon.stop()
        for moment in range(MOMENTS):
            self.faults.heap(None)
            self.faults.started_anew()
            before = self.daemon.log()
            self.daemon.start(env=self.faults.env())
            room = random.randint(1, SMALL_ROOM)
            with self.subTest(moment=moment, room=room):
                self.faults.heap(room)
                self.ask_until_it_ends()
                self.assert_ended_well(before)
        self.faults.heap(None)
        self.assertEqual(set(self.domains[:50]) - self.stored(), set())

    def test_at_the_start(self):
        """memory runs out while the daemon starts: it ends with a code and an error line, never by a signal"""
        random = form.randomness("memory at start")
        codes = set()
        for moment in range(MOMENTS):
            room = random.randint(150_000, AT_START)
            with self.subTest(moment=moment, room=room):
                before = self.daemon.log()
                self.faults.heap(None)
                self.faults.started_anew()
                self.faults.heap(room)
                self.daemon.launch(env=self.faults.env())
                self.ask_until_it_ends()
                said = self.daemon.log().removeprefix(before)
                codes.add(self.daemon.process.returncode)
                self.assertGreater(self.daemon.process.returncode, 0, said)
                self.assertTrue(said.splitlines()[-1].startswith("tlspolicyd: error: "), said)
        form.report(f"codes {sorted(codes)}")
