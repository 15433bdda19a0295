"""Whole experiments on the compiled engine: what is spent around it, the second core, and a study of many plans.

Run with `python -m benchmarks.experiments`. Absolute times are of this machine and this minute; the ratios are of one run.
"""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import flowsim
from benchmarks.ground import DAYS, SEED, blueprint_of, interpreter, scenario_of, seconds, spread
from flowsim.engine import chosen_engine, simulate, simulate_unhindered
from flowsim.people import populate
from flowsim.ranks import Ranks
from flowsim.scenario.files import to_toml
from flowsim.scenario.levers import with_levers
from flowsim.scenario.model import Scenario

PLANS: Final = 10
REPLICATIONS_OF_A_STUDY: Final = 30
SAMPLE: Final = 40  # replications drawn and simulated alone, to hold a whole run against


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    asked = _parser().parse_args(arguments)
    scenario = scenario_of(asked.scenario)
    print(f"{asked.scenario}, {scenario.run.warm_up_days} + {DAYS} days, engine compiled, {interpreter()}\n")
    chosen_engine("compiled")
    flowsim.run(scenario, replications=4, keep_journeys=0)  # what is compiled once is not to be measured
    _say_what_is_around(scenario, asked.replications, asked.rounds)
    _say_second_core(scenario, asked.rounds)
    plans = [scenario.model_copy(update={"name": "base"}), *(_plan(scenario, k) for k in range(1, PLANS))]
    _say_study(plans, asked.rounds)
    _say_study_at_the_shell(plans, asked.rounds)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="whole experiments on the compiled engine")
    parser.add_argument("--scenario", default="sheffield-2017", help="a bundled name, or a path")
    parser.add_argument("--replications", type=int, default=200, help="of the whole run")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    return parser


def _plan(scenario: Scenario, number: int) -> Scenario:
    """A plan that differs in what a service offers: its people are those of the base."""
    return with_levers(scenario, {"services.stit.capacity": 200 + 5 * number}, name=f"plan-{number}")


def _say_what_is_around(scenario: Scenario, replications: int, rounds: int) -> None:
    """A whole run, its tables in hand, against drawing and simulating as many people and nothing else."""
    plan = blueprint_of(scenario)

    def bare() -> None:
        for number in range(SAMPLE):
            people = populate(plan, Ranks(SEED, number))
            simulate(people, plan.offer, float(scenario.run.days), "compiled", hindered_only=True)
            simulate_unhindered(people, plan.offer, float(scenario.run.days))

    def whole() -> None:
        result = flowsim.run(scenario, replications=replications, keep_journeys=0)
        assert len(result.daily) == replications * DAYS
        assert len(result.summary)

    ratios = []
    for _ in range(rounds):
        alone = seconds(bare)[0] / SAMPLE
        ratios.append(seconds(whole)[0] / replications / alone)
    print(f"a run of {replications}, tables in hand / drawing and engine, CPU time: {spread(ratios)}")


def _say_second_core(scenario: Scenario, rounds: int) -> None:
    def run_on(cores: int) -> float:
        return _elapsed(lambda: flowsim.run(scenario, replications=SAMPLE, cores=cores, keep_journeys=0))

    speeds = [run_on(1) / run_on(2) for _ in range(rounds)]
    print(f"two cores, times as fast as one: {spread(speeds)}")


def _say_study(plans: list[Scenario], rounds: int) -> None:
    flowsim.compare(plans, replications=2)
    times = [
        _elapsed(lambda: flowsim.compare(plans, replications=REPLICATIONS_OF_A_STUDY, cores=2))
        for _ in range(rounds)
    ]
    print(
        f"{REPLICATIONS_OF_A_STUDY} replications of {len(plans)} plans on two cores, warm: {spread(times)} s"
    )


def _say_study_at_the_shell(plans: list[Scenario], rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{plan.name}.toml" for plan in plans]
        for file, plan in zip(files, plans, strict=True):
            file.write_text(to_toml(plan), encoding="utf-8")
        command = [sys.executable, "-m", "flowsim", "compare", *map(str, files)]
        command += ["--replications", str(REPLICATIONS_OF_A_STUDY), "--cores", "2"]
        # Python keeps what it has compiled of a package that is installed, whatever is set here.
        settings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        again = [
            _elapsed(lambda: subprocess.run(command, check=True, capture_output=True, env=settings))
            for _ in range(1 + rounds)
        ]
        times = again[1:]  # the first compiles it
    print(f"the same from the shell: {spread(times)} s")


def _elapsed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
