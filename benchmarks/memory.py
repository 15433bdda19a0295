"""Replications in a process of its own, and the memory they took: used by the other benchmarks."""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import argparse
import json
from typing import Any

from benchmarks.ground import SEED, blueprint_of, peak_of, scenario_of
from flowsim.experiment.replicate import Replicated, Study, replicate
from flowsim.scenario.model import Scenario


def main() -> None:
    """Run replications of a model and print their memory as JSON."""
    parser = argparse.ArgumentParser(description="memory of replications in this process")
    parser.add_argument("model", choices=("flowsim", "plain"))
    parser.add_argument("scenario")
    parser.add_argument("days", type=int)
    parser.add_argument("--engine", default="simpy")
    parser.add_argument("--replications", type=int, default=1)
    asked = parser.parse_args()
    scenario = scenario_of(asked.scenario, asked.days)
    if asked.model == "plain":
        from benchmarks.plain import run_plain
        from benchmarks.plain_ready import prepare_plain

        prepared = prepare_plain(blueprint_of(scenario))
        found = peak_of(lambda: run_plain(prepared, SEED))
    else:
        found = _of_flowsim(scenario, asked.engine, asked.replications)
    print(json.dumps(found))


def _of_flowsim(scenario: Scenario, engine: str, replications: int) -> dict[str, Any]:
    """A study as a run makes it; `results` is what it hands back, which has to grow with replications."""
    replicate(Study((scenario,), 0, 1, SEED + 1, engine))  # what is made once: code, and the scenario by day
    kept: list[Replicated] = []
    found = peak_of(lambda: kept.append(replicate(Study((scenario,), 0, replications, SEED, engine))))
    daily = [outcome.measured.daily for row in kept[0].outcomes for outcome in row]
    return {**found, "results": sum(table.nbytes for table in daily) / 1e6}


if __name__ == "__main__":
    main()
