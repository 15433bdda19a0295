"""flowsim against other libraries on one network: do they agree, and how many times faster is which?

Run with `python -m benchmarks.others`. Ciw and salabim come with `pip install "flowsim[benchmarks]"`; R's simmer is
measured where Rscript finds it. What is not there is said. Exits with 1 where two do not agree.
"""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.ground import (
    DAYS,
    SEED,
    blueprint_of,
    interpreter,
    run_flowsim,
    scenario_of,
    seconds,
    spread,
    welch,
)
from benchmarks.network import FILE, HOSPITAL, Network, network_of
from benchmarks.plain import means, run_plain
from benchmarks.plain_ready import prepare_plain
from flowsim.engine import ENGINES
from flowsim.people import Blueprint

SCRIPT: Final = Path(__file__).with_name("with_simmer.R")
# What takes less is done several times a round: the clock's grain does not matter, and the means are known better.
ENOUGH_SECONDS: Final = 2.0
MOST_A_ROUND: Final = 100
TOGETHER: Final = 0.05  # chance that any two equal models seem to disagree

Means = dict[str, float]
Timed = tuple[float, Means]  # CPU seconds, means of the daily census


@dataclass
class Contender:
    """A library with the network in it: how to run replication k, and what came of the replications so far."""

    name: str
    run: Callable[[int], Timed]
    done: int = 0
    found: list[Means] = field(default_factory=list)
    rounds: list[float] = field(default_factory=list)  # CPU seconds a replication

    def run_round(self) -> None:
        """Some replications, at least one; their mean CPU time is one measurement."""
        spent: list[float] = []
        while not spent or (sum(spent) < ENOUGH_SECONDS and len(spent) < MOST_A_ROUND):
            took, result = self.run(self.done)
            self.done += 1
            spent.append(took)
            self.found.append(result)
        self.rounds.append(sum(spent) / len(spent))


def main(arguments: list[str] | None = None) -> int:
    """Measure, check, print; the exit code says whether all agree."""
    asked = _parser().parse_args(arguments)
    if asked.rounds < 2:
        print("an interval needs at least 2 rounds", file=sys.stderr)
        return 2
    plan = blueprint_of(scenario_of(str(FILE), asked.days))
    network = network_of(plan.scenario)
    contenders, absent = _contenders(plan, network, asked.leave_out)
    print(f"{FILE.name}, {network.warm_up_days} + {network.days} days, {interpreter()}")
    for why in absent:
        print(f"not measured: {why}")
    for number in range(asked.rounds):
        # Each round begins with another one, so that a busy spell of the machine does not always hit the same.
        for contender in contenders[number % len(contenders) :] + contenders[: number % len(contenders)]:
            contender.run_round()
    fine = _say_whether_they_agree(contenders)
    _say_ratios(contenders)
    return 0 if fine else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="flowsim against other libraries on one network")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--days", type=int, default=DAYS, help="days after the warm-up")
    parser.add_argument(
        "--leave-out", nargs="*", default=[], metavar="NAME", help="such as Ciw, which is slow"
    )
    return parser


# ---- who takes part ------------------------------------------------------------------------------


def _contenders(plan: Blueprint, network: Network, left_out: list[str]) -> tuple[list[Contender], list[str]]:
    """Those who can be measured here, and why others cannot."""
    found = [_flowsim(plan, network, engine) for engine in ENGINES]
    found += [_flowsim(plan, network, "compiled", census_only=True)] if "compiled" in ENGINES else []
    found.append(_plain(plan, network))
    absent = [] if "compiled" in ENGINES else ["flowsim/compiled: this flowsim has no such engine"]
    for name, module in (("salabim", "benchmarks.with_salabim"), ("Ciw", "benchmarks.with_ciw")):
        if find_spec(name.lower()) is None:
            absent.append(f'{name}: not installed; pip install "flowsim[benchmarks]" brings it')
        elif name not in left_out:
            found.append(_library(name, module, network))
    why_not = _why_no_simmer()
    if why_not:
        absent.append(f"simmer: {why_not}")
    else:
        found.append(_simmer(network))
    chosen = [contender for contender in found if contender.name not in left_out]
    return chosen, [*absent, *(f"{name}: left out" for name in left_out)]


def _limited(network: Network) -> list[str]:
    return ["delayed", *(f"in_{p.name}" for n, p in enumerate(network.places) if n != HOSPITAL)]


def _flowsim(plan: Blueprint, network: Network, engine: str, census_only: bool = False) -> Contender:
    first, names = -plan.timeline.first_day, ["delayed"] if census_only else _limited(network)

    def run(number: int) -> Timed:
        took, measured = seconds(lambda: run_flowsim(plan, number, engine=engine, census_only=census_only))
        return took, {name: float(measured.daily[name][first:].mean()) for name in names}

    run(0)  # what is compiled or prepared once is not to be measured
    return Contender(f"flowsim/{engine}{', census' if census_only else ''}", run)


def _plain(plan: Blueprint, network: Network) -> Contender:
    prepared = prepare_plain(plan)

    def run(number: int) -> Timed:
        took, city = seconds(lambda: run_plain(prepared, SEED + number))
        counted = means(city)
        return took, {name: counted[name] for name in _limited(network)}

    return Contender("plain SimPy", run)


def _library(name: str, module: str, network: Network) -> Contender:
    work: Callable[[Network, int], Means] = import_module(module).run
    return Contender(name, lambda number: seconds(lambda: work(network, SEED + number)))


def _why_no_simmer() -> str:
    """Why simmer cannot be measured; empty where it can."""
    if shutil.which("Rscript") is None:
        return "there is no Rscript; on Debian the package r-base-core brings it"
    asked = subprocess.run(["Rscript", "-e", "library(simmer)"], capture_output=True, check=False)
    return "R is there, but not its package simmer" if asked.returncode else ""


def _simmer(network: Network) -> Contender:
    """R's simmer in a process of its own, which tells the CPU seconds of the replication itself."""
    names = _limited(network)

    def run(number: int) -> Timed:
        with tempfile.TemporaryDirectory() as folder:
            places = Path(folder) / "places.csv"
            _write_places(network, places)
            numbers = (network.per_day, network.warm_up_days, network.days, SEED + number)
            command = ["Rscript", str(SCRIPT), str(places), *map(str, numbers)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        _, took, *found = map(float, done.stdout.split())
        return took, dict(zip(names, found, strict=True))

    return Contender("simmer", run)


def _write_places(network: Network, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "capacity", "mu", "sigma", *(f"to_{place.name}" for place in network.places)])
        for place in network.places:
            onward = [place.onward.get(to, 0.0) for to in range(len(network.places))]
            rows.writerow([place.name, place.capacity, place.mu, place.sigma, *onward])


# ---- do they agree, and how fast are they? -------------------------------------------------------


def _say_whether_they_agree(contenders: list[Contender]) -> bool:
    """Print the means side by side; whether each other agrees with flowsim within Welch's intervals.

    flowsim stands there with its quickest engine, of which there are the most replications. Its engines have the
    same draws, so between them nothing may differ at all.
    """
    base = next(c for c in reversed(contenders) if c.name in [f"flowsim/{engine}" for engine in ENGINES])
    others = [contender for contender in contenders if contender is not base]
    names = list(base.found[0])
    tests = len(names) * sum(not other.name.startswith("flowsim/") for other in others)
    level = 1 - TOGETHER / max(tests, 1)
    print(f"\nmean people at midnight; difference from {base.name} with {level:.2%} intervals")
    print(f"{base.name:26s}" + "".join(f"  {n} {np.mean([f[n] for f in base.found]):.1f}" for n in names))
    fine = True
    for other in others:
        said = []
        for name in [name for name in names if name in other.found[0]]:
            ours, theirs = (np.array([f[name] for f in c.found]) for c in (base, other))
            if other.name.startswith("flowsim/"):
                both = min(ours.size, theirs.size)
                difference, half = float(np.abs(ours[:both] - theirs[:both]).max()), 0.0
            else:
                difference, half = welch(theirs, ours, level)
            inside = abs(difference) <= half
            fine = fine and inside
            said.append(f"{name} {difference:+.1f} +- {half:.1f}{'' if inside else ' DISAGREES'}")
        print(f"{other.name:26s}  {'  '.join(said)}   ({other.done} replications)")
    print(f"All {'agree' if fine else 'do NOT agree'}.")
    return fine


def _say_ratios(contenders: list[Contender]) -> None:
    """Print how many times the CPU time of each engine of flowsim every other one takes, round by round."""
    print("\nCPU time of a whole replication: drawing, engine, daily census (flowsim: all its measures)")
    for base in [contender for contender in contenders if contender.name.startswith("flowsim/")]:
        print(f"times that of {base.name}, median (lowest to highest) of {len(base.rounds)} rounds")
        for other in contenders:
            if other is not base:
                ratios = [o / b for o, b in zip(other.rounds, base.rounds, strict=True)]
                print(f"  {other.name:26s}{spread(ratios)}")


if __name__ == "__main__":
    sys.exit(main())
