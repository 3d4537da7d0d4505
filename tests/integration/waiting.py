"""Waiting for a condition, never for time: each wait ends as soon as it is true."""
import time

LIMIT = 20.0  # seconds; only a broken run gets there
PAUSE = 0.01


class TooLate(AssertionError):
    pass


def until(condition, what, limit=LIMIT):
    """Returns the first true value of condition(); raises TooLate, naming `what`, at the limit."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TooLate(f"after {limit} s still waiting: {what() if callable(what) else what}")
        time.sleep(PAUSE)
