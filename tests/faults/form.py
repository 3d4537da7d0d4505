"""Short or long: the ordinary run takes little of each, the long form the full figures."""
import os
import pathlib
import random

LONG = os.environ.get("TLSPOLICYD_FAULTS_FORM") == "long"
SEED = int(os.environ.get("TLSPOLICYD_FAULTS_SEED", "8461"))
BUILT = pathlib.Path(os.environ.get("TLSPOLICYD_FAULTS_BUILT", "build/tests/faults")).resolve()


def either(short, long):
    return long if LONG else short


def randomness(salt):
    """The same moments in every run of a seed; the seed is told so that a failure can be had again."""
    print(f"    seed {SEED} of {salt}", flush=True)
    return random.Random(f"{SEED} {salt}")


def report(text):
    """A figure of this run, for people and for RESULTS.md."""
    print(f"    {text}", flush=True)
