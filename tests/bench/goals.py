"""What is to be reached, judged by the figures of the tables as they are written there."""
import dataclasses
import operator
import typing

from tables import cells, number

HOLDS = {"at least": operator.ge, "at most": operator.le, "more than": operator.gt}
OURS = "tlspolicyd"
TWO, ONE, NOBODY = (f"{OURS}, two fetch threads", f"{OURS}, one fetch thread", f"{OURS}, no policy")
MOST, LEAST = "1 000 000", "1 000"


@dataclasses.dataclass(frozen=True)
class Goal:
    text: str
    part: str
    value: typing.Callable  # of the part's cells
    relation: str
    bound: typing.Any       # a number, or a function like `value`
    ratio: bool = False     # means something in a short run, too

    def judge(self, found, tolerance=1.0):
        """(value, bound, verdict); a row or column that is not there has been renamed or not measured."""
        try:
            bound = self.bound(found) if callable(self.bound) else self.bound
            value = self.value(found)
        except KeyError:
            return None, None if callable(self.bound) else self.bound, "not measured"
        limit = bound * tolerance if self.relation == "at most" else bound / tolerance
        if HOLDS[self.relation](value, limit):
            return value, bound, "reached"
        return value, bound, f"missed by {number(100 * abs(value - bound) / bound)} percent"


def cell(row, column):
    return lambda found: found[row, column]


def quotient(above, below, column):
    return lambda found: found[above, column] / found[below, column]


def above_idle(row):
    """Milliseconds."""
    return lambda found: (found[row, "p99 µs"] - found["idle", "p99 µs"]) / 1000


def answers(connections):
    row = f"{connections} connections: {OURS}"
    where = f"beside the bare responder, {connections} connections"
    yield Goal(f"answers/s {where}", "answers", cell(row, "rate / bare"), "at least", 0.9, True)
    yield Goal(f"p99 {where}", "answers", cell(row, "p99 / bare"), "at most", 1.3, True)


def growth(kind):
    return Goal(f"answers/s at 10^6 {kind} beside 10^3, each by its ratio to the bare responder", "growth",
                quotient(f"{MOST} {kind}", f"{LEAST} {kind}", "rate / bare"), "at least", 0.9)


def contact(part, title):
    for row in (TWO, ONE):
        threads = row.partition(", ")[2]
        yield Goal(f"{title}, {threads}: processor time beside the bare client", part,
                   cell(row, "processor / bare client"), "at most", 1.1, True)
    yield Goal(f"{title}: domains/s with two fetch threads beside one", part,
               quotient(TWO, ONE, "domains/s"), "more than", 1, True)
    yield Goal(f"{title}: domains/s without a policy, or the name server's own", part, cell(NOBODY, "domains/s"),
               "at least", lambda found: min(10_000, found["name server alone", "domains/s"]))


def octets(kind, bound):
    return Goal(f"octets of each of 10^6 {kind}", "growth", cell(f"{MOST} {kind}", "octets an entry"), "at most", bound)


def reach(row, limit, right=None, each=None):
    if right is not None:
        yield Goal(f"{row}: percent answered rightly by reply_timeout", "reach", cell(row, "right by reply_timeout %"), "at least", right)
    yield Goal(f"{row}: all known, s", "reach", cell(row, "all known s"), "at most", limit)
    if each is not None:
        yield Goal(f"{row}: questions a name", "reach", cell(row, "questions a name"), "at most", each)


REACH = [*reach("unbound, 4 000 names", 8, 95, 1.1), *reach("unbound, 8 000 names", 16), *reach("unbound, 4 000 names, half of them silent", 10),
         *reach("dnsmasq, 1 000 names", 10), *reach("no limits, 1.2 s, 4 000 names", 10, None, 1.1),
         Goal("100 000 names over 4 096 connections: rate beside the name server's own", "reach", cell(OURS, "rate / name server"), "at least", 0.8),
         Goal("100 000 names over 4 096 connections: MB", "reach", cell(OURS, "MB"), "at most", 100)]
GOALS = [*answers(50), *answers(200), growth("policies"), growth("absences"),
         *contact("contact", "first contact"), *contact("dane", "first contact, DANE active"), *REACH,
         Goal("warm p99 under a storm of first contacts, ms above idle", "storm",
              above_idle("200 first contacts a second"), "at most", 2),
         Goal("warm p99 while a listing streams, ms above idle", "listing",
              above_idle("while a listing streams"), "at most", 2),
         octets("absences", 250), octets("policies", 700),
         Goal("slowest first answer after exec with 10^6 entries stored, ms", "restart",
              cell(f"{MOST} entries stored", "slowest ms"), "at most", 200)]


def judged(sections, tolerance=1.0, ratios_alone=False):
    """Of each goal whose part is there: the goal, value, bound, verdict."""
    found = {part: cells(text) for part, text in sections.items()}
    for goal in GOALS:
        if goal.part in found and (goal.ratio or not ratios_alone):
            yield goal, *goal.judge(found[goal.part], tolerance)


def table(sections):
    lines = ["| goal | | measured | |", "|---|---:|---:|---|"]
    for goal, value, bound, verdict in judged({**dict.fromkeys((goal.part for goal in GOALS), ""), **sections}):
        lines.append(f"| {goal.text} | {goal.relation} {number(bound)} | {number(value)} | {verdict} |")
    return "\n".join(lines) + "\n"


def missed(sections, **how):
    """Lines for people about what was not reached."""
    for goal, value, bound, verdict in judged(sections, **how):
        if verdict != "reached":
            yield f"{goal.text}: {goal.relation} {number(bound)}, measured {number(value)}: {verdict}"
