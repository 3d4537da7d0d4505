"""What the pieces of an answer cost by themselves: Catch2's BENCHMARKs in micro.cc."""
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ET

import rig as rigs
from tables import Samples, Table, number

SOURCE = pathlib.Path(__file__).resolve().parent / "micro.cc"


def wanted():
    return re.findall(r'BENCHMARK\("([^"]+)"\)', SOURCE.read_text(encoding="utf-8"))


def one_round(samples):
    done = subprocess.run([rigs.program("micro"), "-r", "xml"], capture_output=True, text=True, timeout=rigs.PATIENCE, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"micro: exit {done.returncode}: {done.stdout}{done.stderr}")
    seen = {result.get("name"): result for result in ET.fromstring(done.stdout).iter("BenchmarkResults")}
    if list(seen) != wanted():
        raise RuntimeError(f"micro measured {list(seen)}, micro.cc has {wanted()}")
    for name, result in seen.items():
        samples.add(name, mean=float(result.find("mean").get("value")),
                    deviation=float(result.find("standardDeviation").get("value")))


def micro(_rig, rounds):
    samples = Samples()
    for _ in range(rounds):
        one_round(samples)
    table = Table("Pieces", ["mean ns", "standard deviation ns"], note="By Catch2's BENCHMARK, 100 samples a round.")
    for name in wanted():
        table.add(name, number(samples.median(name, "mean")), number(samples.median(name, "deviation")))
    return [table]
