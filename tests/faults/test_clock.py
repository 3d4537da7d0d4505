"""A wall clock that steps: no policy ends early or lives longer, in this life or the next."""
import contextlib

from certificates import DAY
from rig import FaultTest, enforced
from waiting import until

HOUR, A_DAY = 3600, 86400
LIFE = 2 * A_DAY  # max_age


class Clock(FaultTest):
    """The daemon sees two clocks: `elapsed` seconds have truly passed, and the wall is `ahead` of that."""

    def setUp(self):
        super().setUp()
        self.faults = self.faulty()
        self.elapsed = self.ahead = 0
        self.domain = f"{self._testMethodName.replace('_', '-')}.example"
        host = f"mta-sts.{self.domain}"
        self.world.publish(self.domain, f"mx1.{self.domain}", max_age=LIFE,
                           certificate=self.world.ca.issue(host, begin=-20 * DAY, end=20 * DAY))
        self.start()
        self.learn([self.domain])
        self.caught_up()

    def start(self):
        self.daemon.start(env=self.faults.env())

    def restart(self):
        self.assertEqual(self.daemon.stop(), 0)
        self.start()

    def go_dark(self):
        self.world.dns.silence(f"_mta-sts.{self.domain}")
        self.world.dns.set(f"mta-sts.{self.domain}", "A", rcode="NXDOMAIN")
        self.world.dns.set(f"_mta-sts.{self.domain}", "TXT", rcode="NXDOMAIN")

    def pass_time(self, seconds=0, step=0):
        """The daemon's timers notice at the next turn of its loop, which a question brings."""
        self.elapsed, self.ahead = self.elapsed + seconds, self.ahead + step
        self.faults.elapsed(self.elapsed)
        self.faults.wall(self.elapsed + self.ahead)
        try:
            self.daemon.ask(".turn")
        except ConnectionResetError:  # it seemed to have kept silent for long: Postfix tries once more, too
            self.daemon.ask(".turn")

    def step(self, by):
        """The wall clock is set, and the daemon has noticed."""
        before = len(self.lines("clock: action=stepped"))
        self.pass_time(step=by)
        self.pass_time(61)
        until(lambda: self.daemon.ask(".turn") and len(self.lines("clock: action=stepped")) > before, self.daemon.log)
        self.caught_up()

    def holds(self):
        self.assertEqual(self.daemon.ask(self.domain), enforced(self.domain))

    def has_ended(self):
        until(lambda: self.daemon.ask(self.domain) == "NOTFOUND ", lambda: f"the end of it: {self.daemon.log()}")

    def lives_as_published(self):
        """To the last minutes of its life and no longer."""
        self.holds()
        self.pass_time(LIFE - self.elapsed - 2 * 60)
        self.holds()
        self.pass_time(4 * 60)
        self.has_ended()

    def test_a_day_ahead(self):
        """C-19 the wall clock steps a day ahead while the daemon runs"""
        self.go_dark()
        self.pass_time(step=A_DAY)
        self.lives_as_published()

    def test_a_day_back(self):
        """C-19 the wall clock steps a day back while the daemon runs"""
        self.go_dark()
        self.pass_time(step=-A_DAY)
        self.lives_as_published()

    def test_a_day_ahead_and_a_restart(self):
        """C-19 the wall clock steps a day ahead, then the daemon is started again"""
        self.go_dark()
        self.step(A_DAY)
        self.restart()
        self.lives_as_published()

    def test_a_day_back_and_a_restart(self):
        """C-19 the wall clock steps a day back, then the daemon is started again"""
        self.go_dark()
        self.step(-A_DAY)
        self.restart()
        self.lives_as_published()

    def test_there_and_back(self):
        """C-19 the wall clock steps both ways in turn, with restarts between"""
        self.go_dark()
        for by in (A_DAY, -A_DAY, -A_DAY):
            self.step(by)
            self.restart()
            self.holds()
        self.lives_as_published()

    def test_behind_at_the_start(self):
        """C-19 the clock is behind at the start and set right within the hour: the lifetime is not renewed"""
        self.go_dark()
        self.assertEqual(self.daemon.stop(), 0)
        with contextlib.suppress(OSError):
            self.pass_time(LIFE + HOUR, step=-LIFE - HOUR)
        self.start()
        self.holds()
        self.step(LIFE + HOUR)
        self.has_ended()

    def test_started_in_a_far_future(self):
        """C-19 a start while the wall clock is wrong by years loses no policy: it counts again once the clock is right"""
        self.go_dark()
        self.assertEqual(self.daemon.stop(), 0)
        with contextlib.suppress(OSError):
            self.pass_time(step=5000 * A_DAY)
        self.start()
        self.daemon.ask(self.domain)
        self.step(-5000 * A_DAY)
        until(lambda: self.daemon.ask(self.domain) == enforced(self.domain), self.daemon.log)
        self.lives_as_published()

    def test_restarted_twice_in_a_far_future(self):
        """C-19 also where the daemon is started more than once before the clock is right"""
        self.go_dark()
        self.assertEqual(self.daemon.stop(), 0)
        with contextlib.suppress(OSError):
            self.pass_time(step=5000 * A_DAY)
        for _ in range(2):
            self.start()
            self.daemon.ask(self.domain)
            self.assertEqual(self.daemon.stop(), 0)
        with contextlib.suppress(OSError):
            self.pass_time(step=-5000 * A_DAY)
        self.start()
        self.lives_as_published()
