"""What a load must have seen to count: anything else ends the measurement."""

PACE = 0.95   # of the rate that was meant: the rest is the last answers' own time
STORM = 0.9   # the same for first contacts, which take longer


def checked(reading, what):
    if reading["wrong"] or reading["lost"]:
        raise RuntimeError(f"{what}: {reading['wrong']} wrong and {reading['lost']} lost of {reading['answers']}")
    return reading


def complete(reading, count, what):
    """Each of so many names was answered, and rightly."""
    if reading["answers"] != count:
        raise RuntimeError(f"{what}: {reading['answers']} answers about {count} names")
    return checked(reading, what)


def kept_pace(reading, rate, what, share=PACE):
    """So many questions a second were really asked and answered."""
    if reading["rate"] < share * rate:
        raise RuntimeError(f"{what}: {reading['rate']:.0f} a second where {rate} were meant")
    return checked(reading, what)


def all_fetched(reading, count, what):
    """Of the bare client."""
    if reading["good"] != count:
        raise RuntimeError(f"{what}: {reading['good']} documents of {count}")
    return reading


def fetched(status, count, what):
    """The daemon fetched so many policies, and nothing in vain."""
    if status["fetches"] != ({"ok": count} if count else {}):
        raise RuntimeError(f"{what}: fetches {status['fetches']} where {count} were due")
