"""flowsim against a plainly written SimPy model of the same scenario: do they agree, and which is faster?

Run with `python -m benchmarks.engines`. Exits with 1 if the two do not agree, and with 2 if the
scenario uses what the plain model does not have.
"""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np

from benchmarks.ground import (
    DAYS,
    blueprint_of,
    interpreter,
    megabytes_of,
    run_flowsim,
    scenario_of,
    seconds,
    spread,
    welch,
)
from benchmarks.plain import means, run_plain
from benchmarks.plain_ready import NotInThePlainModel, Prepared, prepare_plain
from flowsim.errors import FlowsimError
from flowsim.measures import Measured


@dataclass(frozen=True)
class Replication:
    """One replication of both models: what they found, and CPU seconds."""

    plain: dict[str, float]
    flowsim: dict[str, float]
    plain_seconds: float
    flowsim_seconds: float


def main(arguments: list[str] | None = None) -> int:
    """Compare, print, and say by the exit code whether the models agree."""
    asked = _parser().parse_args(arguments)
    if asked.replications < 2:
        print("an interval needs at least 2 replications", file=sys.stderr)
        return 2
    try:
        prepared = prepare_plain(blueprint_of(scenario_of(asked.scenario, asked.days)))
    except (NotInThePlainModel, FlowsimError) as wrong:
        print(f"{asked.scenario}: {wrong}", file=sys.stderr)
        return 2
    print(f"{asked.scenario}, {-prepared.plan.timeline.first_day} + {asked.days} days, {interpreter()}\n")
    done = [_replicate(prepared, number) for number in range(asked.replications)]
    agree = _say_whether_they_agree(done)
    _say_how_fast(done)
    if asked.memory:
        _say_how_much_memory(asked.scenario, asked.days)
    return 0 if agree else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="flowsim against a plainly written SimPy model")
    parser.add_argument("--scenario", default="sheffield-2017", help="a bundled name, or a path")
    parser.add_argument("--replications", type=int, default=6, help="replications of each model")
    parser.add_argument("--days", type=int, default=DAYS, help="days after the warm-up")
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="leave memory out")
    return parser


def _replicate(prepared: Prepared, number: int) -> Replication:
    """One replication of each model, one after the other; every second time the other one goes first."""
    times: dict[str, float] = {}
    found: dict[str, dict[str, float]] = {}
    for model in ("plain", "flowsim") if number % 2 == 0 else ("flowsim", "plain"):
        if model == "plain":
            times[model], city = seconds(lambda: run_plain(prepared, number))
            found[model] = means(city)
        else:
            times[model], measured = seconds(lambda: run_flowsim(prepared.plan, number))
            found[model] = _means_of(measured, prepared)
    return Replication(found["plain"], found["flowsim"], times["plain"], times["flowsim"])


def _means_of(measured: Measured, prepared: Prepared) -> dict[str, float]:
    first = -prepared.plan.timeline.first_day
    names = ["delayed", *(f"in_{name}" for name in prepared.plan.offer.names)]
    return {name: float(measured.daily[name][first:].mean()) for name in names}


# ---- do they agree? ------------------------------------------------------------------------------


def _say_whether_they_agree(done: list[Replication]) -> bool:
    """Print the means side by side; whether zero lies in the interval of every difference.

    Welch's interval for independent replications; together the intervals hold at 95 % (Bonferroni).
    """
    names = list(done[0].flowsim)
    level = 1 - 0.05 / len(names)
    print(f"{'mean people at midnight':27s}{'plain':>10s}{'flowsim':>10s}   difference, {level:.2%} interval")
    agree = True
    for name in names:
        plain = np.array([r.plain[name] for r in done])
        ours = np.array([r.flowsim[name] for r in done])
        difference, half = welch(ours, plain, level)
        inside = abs(difference) <= half
        agree = agree and inside
        said = "" if inside else "   THEY DISAGREE"
        print(f"{name:27s}{plain.mean():10.2f}{ours.mean():10.2f}   {difference:+8.2f} +- {half:.2f}{said}")
    print(f"\nThe two models {'agree' if agree else 'do NOT agree'} over {len(done)} replications.\n")
    return agree


# ---- how fast, how much --------------------------------------------------------------------------


def _say_how_fast(done: list[Replication]) -> None:
    ratios = spread([r.plain_seconds / r.flowsim_seconds for r in done])
    print("A whole replication: drawing, engine, daily census (flowsim: all its measures), CPU time")
    print(f"plain / flowsim, median (lowest to highest) of {len(done)} pairs: {ratios}\n")


def _say_how_much_memory(scenario: str, days: int) -> None:
    print("Peak memory of one replication in a process of its own, MB")
    for model in ("plain", "flowsim"):
        found = megabytes_of(model, scenario, days)
        print(
            f"{model:8s}{found['itself']:7.0f} the replication itself; {found['peak']:.0f} the process, libraries included ({found['how']})"
        )


if __name__ == "__main__":
    sys.exit(main())
