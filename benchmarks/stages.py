"""Where the time of a flowsim run goes, and how it grows with days, people and replications, for one engine.

Run with `python -m benchmarks.stages --engine simpy`, or another engine. Exits with 1 where growth is
far from linear or memory grows with the number of replications.
"""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import argparse
import cProfile
import pstats
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
from flowsim.engine import ENGINES, simulate, simulate_unhindered
from flowsim.engine.compiled.kernel import run
from flowsim.engine.compiled.layout import lay_out
from flowsim.experiment.worker import Outcome
from flowsim.measures import Setting, count, count_care, measured, together
from flowsim.memory import keep_freed_memory
from flowsim.people import Blueprint, populate
from flowsim.ranks import Ranks
from flowsim.results import Result
from flowsim.scenario.edits import document_of
from flowsim.scenario.model import Scenario

MOST_MEGABYTES: Final = 150  # for one replication of the SimPy model, with all that is imported
FIRST: Final = 3  # replications that are not measured
MOST_GROWTH: Final = 1.2  # CPU time per person at the largest size against the smallest
MOST_GROWTH_OF_CALLS: Final = 1.05
MOST_GROWTH_OF_MEMORY_MEGABYTES: Final = 20  # besides the daily results, at the most replications


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether all is as it should be."""
    asked = _parser().parse_args(arguments)
    scenario = scenario_of(asked.scenario)
    print(
        f"{asked.scenario}, {scenario.run.warm_up_days} + {DAYS} days, engine {asked.engine}, {interpreter()}\n"
    )
    keep_freed_memory()  # as whoever runs replications does
    run_flowsim(blueprint_of(scenario), 0, engine=asked.engine)  # what is compiled once is not to be measured
    _say_stages(scenario, asked.engine, asked.repeats)
    _say_events(scenario, asked.engine, asked.times, asked.repeats)
    fine = [
        _say_growth("days", {n: _longer(scenario, n) for n in asked.times}, asked.engine, asked.repeats),
        _say_growth("people", {n: _busier(scenario, n) for n in asked.times}, asked.engine, asked.repeats),
        _say_calls({n: _busier(scenario, n) for n in asked.times}, asked.engine),
        _say_memory(asked.scenario, asked.engine, asked.replications),
    ]
    return 0 if all(fine) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Where the time of a flowsim run goes")
    parser.add_argument("--scenario", default="sheffield-2017", help="a bundled name, or a path")
    parser.add_argument("--engine", default="simpy", choices=list(ENGINES), help="which engine")
    parser.add_argument("--repeats", type=int, default=3, help="how often everything is measured")
    parser.add_argument(
        "--times", type=int, nargs="+", default=[1, 3, 10], help="years, and sizes of the city"
    )
    parser.add_argument("--replications", type=int, nargs="+", default=[1, 10, 50], help="for memory")
    return parser


# ---- stages --------------------------------------------------------------------------------------


def _say_stages(scenario: Scenario, engine: str, repeats: int) -> None:
    runs = [_stages(scenario, engine, number) for number in range(repeats)]
    middle = {stage: median([run[stage] for run in runs]) for stage in runs[0]}
    total = sum(middle.values())
    print(f"{'stage':24s}{'CPU ms':>12s}{'share':>8s}   (median of {repeats})")
    for stage, value in middle.items():
        print(f"{stage:24s}{1000 * value:12.1f}{value / total:8.1%}")
    print("The preparation is made once for all replications, and the results are gathered once.\n")


def _stages(scenario: Scenario, engine: str, number: int) -> dict[str, float]:
    """CPU seconds of every stage of one replication."""
    # A copy, so that nothing is found in a cache.
    fresh = scenario.model_copy()
    took: dict[str, float] = {}
    took["prepare"], plan = seconds(lambda: blueprint_of(fresh))
    took["draw and populate"], people = seconds(lambda: populate(plan, Ranks(SEED, number)))
    days = float(scenario.run.days)
    took["engine"], hindered = seconds(lambda: simulate(people, plan.offer, days, engine, hindered_only=True))
    took["the unhindered"], others = seconds(lambda: simulate_unhindered(people, plan.offer, days))
    setting = Setting(plan.timeline, plan.offer)
    took["measures"], found = seconds(
        lambda: measured(together(count(hindered, setting), count_care(others, setting)), setting)
    )
    outcome = Outcome(0, 0, found, None)
    took["results"], _ = seconds(lambda: _tables(Result(scenario, (outcome,), SEED, engine, 0.0, False)))
    return took


def _tables(result: Result) -> int:
    return len(result.daily) + len(result.summary)


# ---- events ------------------------------------------------------------------------------------------


def _say_events(scenario: Scenario, engine: str, times: list[int], repeats: int) -> None:
    """What an event costs in the compiled engine at each size of the city: in its loop alone, and with laying out its tables."""
    if engine != "compiled":
        return
    print("compiled engine, ns an event: its loop, and with laying out its tables")
    for size in times:
        plan = blueprint_of(_busier(scenario, size))
        # The first fetch memory from the system that later ones find.
        costs = [_nanoseconds_an_event(plan, number) for number in range(FIRST + repeats)][FIRST:]
        loop, whole = (spread([cost[n] for cost in costs]) for n in (0, 1))
        print(f"  people x {size}: {loop}; {whole}")
    print()


def _nanoseconds_an_event(plan: Blueprint, number: int) -> tuple[float, float]:
    people, horizon = populate(plan, Ranks(SEED, number)), float(plan.scenario.run.days)
    laying_out, city = seconds(lambda: lay_out(people, plan.offer, horizon, 1))
    looping, _ = seconds(lambda: run(city.world))
    if city.is_full:
        raise AssertionError("a list of the engine was too short: not all of it was measured")
    return 1e9 * looping / city.events, 1e9 * (looping + laying_out) / city.events


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


def _say_growth(what: str, scenarios: dict[int, Scenario], engine: str, repeats: int) -> bool:
    """Cost per person as the scenario grows; whether it stays nearly the same."""
    plans = {times: blueprint_of(scenario) for times, scenario in scenarios.items()}
    costs: dict[int, list[float]] = {times: [] for times in plans}
    for number in range(repeats):
        for times, plan in plans.items():
            costs[times].append(_cost_per_person(plan, engine, number))
    smallest = costs[min(costs)]
    print(f"CPU time per person as {what} grow, against times {min(costs)}: median (lowest to highest)")
    for times, cost in costs.items():
        print(f"  {what} x {times}: {spread([c / first for c, first in zip(cost, smallest, strict=True)])}")
    largest = spread([c / first for c, first in zip(costs[max(costs)], smallest, strict=True)])
    fine = largest.middle <= MOST_GROWTH
    print(f"{'nearly linear' if fine else 'NOT linear'} (at most {MOST_GROWTH:g} is asked for)\n")
    return fine


def _cost_per_person(plan: Blueprint, engine: str, number: int) -> float:
    people = sum(demand.total for demand in plan.demand.values())
    return seconds(lambda: run_flowsim(plan, number, engine=engine))[0] / people


def _say_calls(scenarios: dict[int, Scenario], engine: str) -> bool:
    """Calls of functions per person in the SimPy model as the city grows; whether they stay the same.

    They can be counted where times swing: what time grows besides is memory that lies farther away.
    """
    if engine != "simpy":
        return True
    calls = {times: _calls_per_person(blueprint_of(scenario)) for times, scenario in scenarios.items()}
    smallest, largest = calls[min(calls)], calls[max(calls)]
    print("Calls of functions per person who can meet a limit, as people grow")
    for times, number in calls.items():
        print(f"  people x {times}: {number:.1f}, {number / smallest:.3f} times as many")
    fine = largest <= MOST_GROWTH_OF_CALLS * smallest
    print(f"{'linear' if fine else 'NOT linear'} (at most {MOST_GROWTH_OF_CALLS:g} is asked for)\n")
    return fine


def _calls_per_person(plan: Blueprint) -> float:
    people = populate(plan, Ranks(SEED, 0))
    watched = cProfile.Profile()
    watched.runcall(simulate, people, plan.offer, float(plan.scenario.run.days), "simpy")
    # pstats.Stats.total_calls: every call of every function, those within others too.
    return int(vars(pstats.Stats(watched))["total_calls"]) / int(people.hindered.sum())


# ---- memory --------------------------------------------------------------------------------------


def _say_memory(scenario: str, engine: str, replications: list[int]) -> bool:
    """Peak memory of studies of so many replications; whether it grows besides the results handed back."""
    found = {n: megabytes_of("flowsim", scenario, engine=engine, replications=n) for n in replications}
    print("Peak memory in a process of its own, MB")
    for number, used in found.items():
        results = used["results"]
        print(
            f"  {number:5d} replications: {used['itself']:.0f} themselves, {used['peak']:.0f} the process, {results:.0f} daily results"
        )
    first, last = found[min(found)], found[max(found)]
    more = last["peak"] - last["results"] - (first["peak"] - first["results"])
    fine, limit = bool(more <= MOST_GROWTH_OF_MEMORY_MEGABYTES), ""
    if engine == "simpy":  # numba and what it has compiled take 110 MB by themselves
        fine, limit = (
            fine and bool(first["peak"] < MOST_MEGABYTES),
            f"{MOST_MEGABYTES} for {min(found)}, and ",
        )
    print(
        f"({first['how']}; {'fine' if fine else 'TOO MUCH'}: at most {limit}{MOST_GROWTH_OF_MEMORY_MEGABYTES} more "
        "for the most, daily results left out)"
    )
    return fine


if __name__ == "__main__":
    sys.exit(main())
