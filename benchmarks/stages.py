"""Where the time of a flowsim run goes, and how it grows with days and with people.

Run with `python -m benchmarks.stages`. Exits with 1 where growth is far from linear or one
replication takes more memory than it may.
"""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import argparse
import sys
from statistics import median
from typing import Final

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
)
from flowsim.engine import simulate
from flowsim.experiment.worker import Outcome
from flowsim.measures import Setting, measure
from flowsim.people import Blueprint, populate
from flowsim.ranks import Ranks
from flowsim.results import Result
from flowsim.scenario.edits import document_of
from flowsim.scenario.model import Scenario

MOST_MEGABYTES: Final = 150
MOST_GROWTH: Final = 1.5  # cost per person at the largest size against the smallest
TIMES: Final = (1, 2, 4)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether all is as it should be."""
    asked = _parser().parse_args(arguments)
    scenario = scenario_of(asked.scenario)
    print(f"{asked.scenario}, {scenario.run.warm_up_days} + {DAYS} days, {interpreter()}\n")
    _say_stages(scenario, asked.repeats)
    fine = [
        _say_growth("days", [_longer(scenario, times) for times in TIMES], asked.repeats),
        _say_growth("people", [_busier(scenario, times) for times in TIMES], asked.repeats),
        _say_memory(asked.scenario),
    ]
    return 0 if all(fine) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Where the time of a flowsim run goes")
    parser.add_argument("--scenario", default="sheffield-2017", help="a bundled name, or a path")
    parser.add_argument("--repeats", type=int, default=3, help="how often everything is measured")
    return parser


# ---- stages --------------------------------------------------------------------------------------


def _say_stages(scenario: Scenario, repeats: int) -> None:
    runs = [_stages(scenario, number) for number in range(repeats)]
    middle = {stage: median([run[stage] for run in runs]) for stage in runs[0]}
    total = sum(middle.values())
    print(f"{'stage':24s}{'CPU seconds':>12s}{'share':>8s}   (median of {repeats})")
    for stage, value in middle.items():
        print(f"{stage:24s}{value:12.3f}{value / total:8.1%}")
    print("The preparation is made once for all replications, and the results are gathered once.\n")


def _stages(scenario: Scenario, number: int) -> dict[str, float]:
    """CPU seconds of every stage of one replication."""
    # A copy, so that nothing is found in a cache.
    fresh = scenario.model_copy()
    took: dict[str, float] = {}
    took["prepare"], plan = seconds(lambda: blueprint_of(fresh))
    took["draw and populate"], people = seconds(lambda: populate(plan, Ranks(SEED, number)))
    days = float(scenario.run.days)
    took["engine"], journeys = seconds(lambda: simulate(people, plan.offer, days))
    took["measures"], measured = seconds(lambda: measure(journeys, Setting(plan.timeline, plan.offer)))
    outcome = Outcome(0, 0, measured, None)
    took["results"], _ = seconds(lambda: _tables(Result(scenario, (outcome,), SEED, "simpy", 0.0, False)))
    return took


def _tables(result: Result) -> int:
    return len(result.daily) + len(result.summary)


# ---- growth --------------------------------------------------------------------------------------


def _longer(scenario: Scenario, times: int) -> Scenario:
    return scenario.model_copy(update={"run": scenario.run.model_copy(update={"days": DAYS * times})})


def _busier(scenario: Scenario, times: int) -> Scenario:
    """The same city, so many times as large: people, capacities, starts, and who is there at the start."""
    document = document_of(scenario)
    for stream in document["streams"].values():
        stream["per_day"] *= times
    for service in document["services"].values():
        _enlarge(service, times)
    # Levels of the census that belong to the smaller city.
    document["escalations"] = []
    document["changes"] = []
    return Scenario.model_validate(document)


def _enlarge(service: dict[str, object], times: int) -> None:
    for quantity in ("capacity", "people", "waiting"):
        table = service if quantity == "capacity" else service.get("initial")
        if isinstance(table, dict) and isinstance(value := table.get(quantity), (int, float)):
            table[quantity] = value * times
    starts = service.get("starts")
    if isinstance(starts, dict):
        service["starts"] = {day: n * times for day, n in starts.items() if n is not None}


def _say_growth(what: str, scenarios: list[Scenario], repeats: int) -> bool:
    """Cost per person as the scenario grows; whether it stays nearly the same."""
    plans = [blueprint_of(scenario) for scenario in scenarios]
    costs: list[list[float]] = [[] for _ in plans]
    for number in range(repeats):
        for position, plan in enumerate(plans):
            costs[position].append(_cost_per_person(plan, number))
    print(f"CPU time per person as {what} grow, against times 1: median (lowest to highest)")
    growth = [spread([cost / first for cost, first in zip(c, costs[0], strict=True)]) for c in costs]
    for times, ratio in zip(TIMES, growth, strict=True):
        print(f"  {what} x {times}: {ratio}")
    fine = growth[-1].middle <= MOST_GROWTH
    print(f"{'nearly linear' if fine else 'NOT linear'} (at most {MOST_GROWTH:g} is asked for)\n")
    return fine


def _cost_per_person(plan: Blueprint, number: int) -> float:
    people = sum(demand.total for demand in plan.demand.values())
    return seconds(lambda: run_flowsim(plan, number))[0] / people


# ---- memory --------------------------------------------------------------------------------------


def _say_memory(scenario: str) -> bool:
    found = megabytes_of("flowsim", scenario)
    fine = bool(found["peak"] < MOST_MEGABYTES)
    grown = found["peak"] - found["before"]
    print(
        f"Peak memory of one replication: {found['peak']:.0f} MB, {grown:.0f} of it for the replication itself"
    )
    print(f"({found['how']}; {'fine' if fine else 'TOO MUCH'}, at most {MOST_MEGABYTES} is asked for)")
    return fine


if __name__ == "__main__":
    sys.exit(main())
