"""Octets that are no questions, or nearly some: at random, and questions cut, flipped and spliced."""
import random

from crowd import question

LONGEST = 4096
DIGITS, PAYLOAD = 10, 32_768  # at most, of a netstring
QUESTIONS = [question(name) for name in ("x1.flood.invalid", "[192.0.2.1]:587", ".nothing", "a" * 300)]


class Noise:
    """The same for the same seed."""

    def __init__(self, seed=None):
        self.seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
        self._random = random.Random(self.seed)

    def next(self):
        return self._random.choice((self._octets, self._cut, self._flipped, self._spliced))()

    def _octets(self):
        return self._random.randbytes(self._random.randint(1, LONGEST))

    def _valid(self):
        return b"".join(self._random.choices(QUESTIONS, k=self._random.randint(1, 4)))

    def _cut(self):
        whole = self._valid()
        return whole[:self._random.randrange(1, len(whole))]

    def _flipped(self):
        octets = bytearray(self._valid())
        for _ in range(self._random.randint(1, 3)):
            octets[self._random.randrange(len(octets))] ^= 1 << self._random.randrange(8)
        return bytes(octets)

    def _spliced(self):
        return self._cut() + self._cut()[::self._random.choice((1, -1))]


def is_no_netstring(octets):
    """Whether the first of the frames that is none can be told by now."""
    at = 0
    while at < len(octets):
        digits, colon, _ = octets[at:at + DIGITS + 1].partition(b":")
        if not digits.isdigit() or int(digits) > PAYLOAD or (not colon and len(digits) > DIGITS):
            return True
        end = at + len(digits) + 1 + int(digits)
        if not colon or end >= len(octets):
            return False
        if octets[end:end + 1] != b",":
            return True
        at = end + 1
    return False
