"""One replication in a process of its own, and the memory it took: used by the other benchmarks."""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import json
import sys

from benchmarks.ground import SEED, blueprint_of, peak_of, run_flowsim, scenario_of


def main(model: str, scenario: str, days: str) -> None:
    """Run one replication of a model and print its memory as JSON."""
    plan = blueprint_of(scenario_of(scenario, int(days)))
    if model == "plain":
        from benchmarks.plain import prepare_plain, run_plain

        prepared = prepare_plain(plan)
        found = peak_of(lambda: run_plain(prepared, SEED))
    else:
        found = peak_of(lambda: run_flowsim(plan, 0))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
