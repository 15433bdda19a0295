"""Running on: more replications for a result that is there, so that nothing is computed twice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from flowsim.errors import Stopped
from flowsim.experiment.replicate import replicate
from flowsim.experiment.run import Effort, as_met
from flowsim.results import Result
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline


def run_on(scenario: Scenario, so_far: Result | None, effort: Effort) -> Result:
    """The result with so many replications (`effort.replications`) in all; those it has stay as they are.

    The numbers are those of `run_together` with as many replications at once; whoever wants them tight, or done on a cluster,
    asks that. Raises ScenarioError or RunError in words, Stopped where nothing was finished before somebody stopped it.
    """
    assert effort.half_width is None
    assert effort.cluster is None
    assert effort.replications is not None
    assert effort.seed is not None
    done = so_far.outcomes if so_far else ()
    if len(done) >= effort.replications and so_far:
        return so_far
    build_timeline(scenario)
    begun = time.perf_counter()
    more = replicate(
        effort.study((scenario,), len(done), effort.replications),
        cores=effort.cores,
        executor=effort.executor,
        parcel=effort.parcel,
        on_done=effort.on_done,
    )
    outcomes = (*done, *(one for (one,) in more.outcomes))
    if not outcomes:
        raise Stopped("stopped before the first replication was finished: there is nothing to show")
    seconds = time.perf_counter() - begun + (so_far.seconds if so_far else 0.0)
    met = as_met(effort.met, scenario, len(outcomes))
    return Result(scenario, outcomes, effort.seed, effort.engine, seconds, more.stopped, *met)


def evened(results: Sequence[Result]) -> list[Result]:
    """Results cut to the replications that all of them have, so that they can be paired."""
    fewest = min(result.replications for result in results)
    return [
        r if r.replications == fewest else replace(r, outcomes=r.outcomes[:fewest], met=r.met[:fewest])
        for r in results
    ]
