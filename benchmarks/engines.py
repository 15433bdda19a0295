"""flowsim's engines against a plainly written SimPy model of the same scenario: do they agree, and which is how fast?

Run with `python -m benchmarks.engines`. Exits with 1 if the two do not agree, and with 2 if the
scenario uses what the plain model does not have.
"""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from benchmarks.ground import (
    DAYS,
    SEED,
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
from flowsim.engine import simulate
from flowsim.errors import FlowsimError
from flowsim.loops import compile_loops
from flowsim.measures import Measured
from flowsim.people import populate
from flowsim.ranks import Ranks

PLAIN: Final = "plain"
CENSUS: Final = "flowsim/compiled, census only"
ENGINES: Final = ("simpy",) if compile_loops() else ("simpy", "compiled")  # without numba there is only one
# How often each is run a round: what takes milliseconds is not measured by one of them.
TIMES: Final = {PLAIN: 1, "flowsim/simpy": 1} | (
    {"flowsim/compiled": 10, CENSUS: 10} if "compiled" in ENGINES else {}
)
PAIRS: Final = tuple(
    (slow, fast) for slow in (PLAIN, "flowsim/simpy") for fast in list(TIMES)[1:] if slow != fast
)


@dataclass(frozen=True)
class Round:
    """One replication of every model: what plain and flowsim found, and the CPU seconds of each.

    `alone` are those of flowsim's engines by themselves, on people who have been drawn.
    """

    plain: dict[str, float]
    flowsim: dict[str, float]
    seconds: dict[str, float]
    alone: dict[str, float]


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
    for model in list(TIMES)[1:]:
        _work(model, prepared, 0)()  # what is compiled once is not to be measured
    done = [_round(prepared, number) for number in range(asked.replications)]
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


def _round(prepared: Prepared, number: int) -> Round:
    """One replication of each model, one after the other; each round begins with another one."""
    order = list(TIMES)[number % len(TIMES) :] + list(TIMES)[: number % len(TIMES)]
    took: dict[str, float] = {}
    found: dict[str, dict[str, float]] = {}
    for model in order:
        work = _work(model, prepared, number)
        runs = [seconds(work) for _ in range(TIMES[model])]
        took[model], found[model] = sum(time for time, _ in runs) / len(runs), runs[0][1]
    simpy = found["flowsim/simpy"]
    others = [found[model] for model in TIMES if model != PLAIN]
    if any(other[name] != simpy[name] for other in others for name in other):
        raise AssertionError(f"the engines of flowsim differ in replication {number}")
    return Round(found[PLAIN], simpy, took, {engine: _alone(engine, prepared, number) for engine in ENGINES})


def _alone(engine: str, prepared: Prepared, number: int) -> float:
    """CPU seconds from people, drawn anew each time, to their journeys."""
    plan, took = prepared.plan, 0.0
    times = TIMES[f"flowsim/{engine}"]
    for _ in range(times):
        people = populate(plan, Ranks(SEED, number), hindered_only=True)
        horizon = float(plan.scenario.run.days)
        took += seconds(partial(simulate, people, plan.offer, horizon, engine, hindered_only=True))[0]
    return took / times


def _work(model: str, prepared: Prepared, number: int) -> Callable[[], dict[str, float]]:
    """One replication of a model, to the means of its daily census."""
    if model == PLAIN:
        return lambda: means(run_plain(prepared, number))
    engine, lean = ("compiled", True) if model == CENSUS else (model.removeprefix("flowsim/"), False)
    return lambda: _means_of(run_flowsim(prepared.plan, number, engine=engine, census_only=lean), prepared)


def _means_of(measured: Measured, prepared: Prepared) -> dict[str, float]:
    first = -prepared.plan.timeline.first_day
    names = ["delayed", *(f"in_{name}" for name in prepared.plan.offer.names)]
    return {name: float(measured.daily[name][first:].mean()) for name in names if name in measured.daily}


# ---- do they agree? ------------------------------------------------------------------------------


def _say_whether_they_agree(done: list[Round]) -> bool:
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


def _say_how_fast(done: list[Round]) -> None:
    print(
        "A whole replication: drawing, engine, daily census (flowsim: all its measures, if not said otherwise), CPU time"
    )
    print(f"median (lowest to highest) of {len(done)} rounds")
    for slow, fast in PAIRS:
        print(f"  {slow} / {fast}: {spread([one.seconds[slow] / one.seconds[fast] for one in done])}")
    if "compiled" in ENGINES:
        alone = spread([one.alone["simpy"] / one.alone["compiled"] for one in done])
        print(f"flowsim's engines by themselves, from people to journeys: simpy / compiled: {alone}")
    print()


def _say_how_much_memory(scenario: str, days: int) -> None:
    print("Peak memory of one replication in a process of its own, MB")
    for model in ("plain", "flowsim"):
        found = megabytes_of(model, scenario, days)
        print(
            f"{model:8s}{found['itself']:7.0f} the replication itself; {found['peak']:.0f} the process, libraries included ({found['how']})"
        )


if __name__ == "__main__":
    sys.exit(main())
