"""Running scenarios: so many replications, or as many as a tight enough interval needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from flowsim.engine import AUTO, chosen_engine
from flowsim.errors import RunError, Stopped
from flowsim.experiment.cluster import Cluster, parcel
from flowsim.experiment.intervals import mean_interval, replications_needed
from flowsim.experiment.replicate import AsMet, Progress, Replicated, Study, ignore, replicate
from flowsim.experiment.worker import Outcome
from flowsim.results import Result
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline
from flowsim.units import Floats

FEWEST_FOR_AN_INTERVAL: Final = 10
MOST_REPLICATIONS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much to run, on what, and who hears of it.

    With `half_width` (people delayed) replications are added until the 95 % interval of every mean,
    or of every difference from the first scenario where there are several, is that tight, or
    `most` replications are reached. `census_only` leaves out all but the delayed and the excess. With a `cluster` the work is done there, `parcel` replications a job.
    With `met` replications need not meet the scenario as it is, but a variant of it. Each process may keep people, in `keep_people_bytes`.
    """

    replications: int | None = None
    seed: int | None = None
    engine: str = AUTO
    cores: int = 1
    executor: Executor | None = None
    parcel: int = 1
    cluster: Cluster | None = None
    keep_journeys: int = 0
    census_only: bool = False
    half_width: float | None = None
    most: int = MOST_REPLICATIONS
    on_done: Progress = ignore
    met: AsMet | None = None
    keep_people_bytes: int = 0

    def study(self, scenarios: tuple[Scenario, ...], first: int, last: int) -> Study:
        """What is to be run for replications `first` up to `last` (exclusive); the effort has nothing left open."""
        assert self.seed is not None
        return Study(
            scenarios, first, last, self.seed, self.engine,
            keep_journeys=self.keep_journeys, census_only=self.census_only, met=self.met, keep_people_bytes=self.keep_people_bytes,
        )  # fmt: skip


def run_together(scenarios: Sequence[Scenario], effort: Effort) -> list[Result]:
    """Run scenarios on the same draws; one Result each, in order.

    Seed and number of replications are the first scenario's unless the effort says otherwise. Raises
    ScenarioError or RunError in words, Stopped when Ctrl-C came before the first replication was done.
    """
    effort = _settled(scenarios, effort)
    for scenario in scenarios:
        build_timeline(scenario)  # complaints before any process is started
    effort = _on_cluster(tuple(scenarios), effort)
    begun = time.perf_counter()
    outcomes, stopped = _enough(tuple(scenarios), effort)
    if not outcomes:
        raise Stopped("stopped before the first replication was finished: there is nothing to show")
    seconds = time.perf_counter() - begun
    assert effort.seed is not None
    return [
        Result(
            scenario,
            tuple(o[n] for o in outcomes),
            effort.seed,
            effort.engine,
            seconds,
            stopped,
            *as_met(effort.met, scenario, len(outcomes)),
        )
        for n, scenario in enumerate(scenarios)
    ]


def as_met(met: AsMet | None, scenario: Scenario, replications: int) -> tuple[tuple[Scenario, ...], str]:
    """The scenario as each replication met it, and the words for it; nothing where all met the same."""
    if met is None:
        return (), ""
    return tuple(met(scenario, replication) for replication in range(replications)), met.words


def _settled(scenarios: Sequence[Scenario], effort: Effort) -> Effort:
    """The effort with nothing left open. Raises RunError where it asks for what cannot be."""
    run = scenarios[0].run
    settled = replace(
        effort,
        replications=run.replications if effort.replications is None else effort.replications,
        seed=run.seed if effort.seed is None else effort.seed,
        engine=chosen_engine(effort.engine),
    )
    for name in ("replications", "seed"):
        if not isinstance(getattr(settled, name), (int, np.integer)):
            raise RunError(f"{name} = {getattr(settled, name)!r}: must be a whole number")
    assert settled.replications is not None
    assert settled.seed is not None
    if settled.replications < 1:
        raise RunError(f"{settled.replications} replications cannot be run; ask for 1 or more")
    if settled.seed < 0:
        raise RunError(f"the seed is {settled.seed}, but must be 0 or more")
    if settled.half_width is not None and not settled.half_width > 0:
        raise RunError(f"a half-width of {settled.half_width:g} is never reached; ask for more than 0 people")
    return settled


def _on_cluster(scenarios: tuple[Scenario, ...], effort: Effort) -> Effort:
    """The effort with the cluster, if there is one, as its executor, and parcels that are worth sending."""
    if effort.cluster is None:
        return effort
    assert effort.seed is not None
    assert effort.replications is not None
    size = parcel(scenarios, effort.seed, effort.engine, effort.replications, effort.cluster.workers)
    return replace(effort, executor=effort.cluster.executor, parcel=size)


def _enough(scenarios: tuple[Scenario, ...], effort: Effort) -> tuple[list[tuple[Outcome, ...]], bool]:
    """Replications in rounds until there are enough; whether the user stopped it."""
    assert effort.replications is not None
    wanted = effort.replications
    if effort.half_width is not None:
        wanted = max(wanted, FEWEST_FOR_AN_INTERVAL)
    done: list[tuple[Outcome, ...]] = []
    while True:
        part = _round(scenarios, effort, len(done), wanted)
        done += part.outcomes
        if part.stopped or effort.half_width is None or len(done) >= effort.most:
            return done, part.stopped
        needed = _needed(scenarios, done, effort.half_width)
        if needed <= len(done):
            return done, False
        # The spread is itself an estimate: go most of the way, then look again.
        wanted = min(effort.most, max(len(done) + 2, int(len(done) + 0.8 * (needed - len(done)) + 1)))


def _round(scenarios: tuple[Scenario, ...], effort: Effort, first: int, last: int) -> Replicated:
    on_done: Callable[[int, int], None] = lambda done, total: effort.on_done(first + done, first + total)  # noqa: E731
    return replicate(
        effort.study(scenarios, first, last),
        cores=effort.cores,
        executor=effort.executor,
        parcel=effort.parcel,
        on_done=on_done,
    )


def _needed(scenarios: tuple[Scenario, ...], done: list[tuple[Outcome, ...]], half_width: float) -> int:
    """How many replications the loosest of the intervals in question needs."""
    levels = [np.array([o[n].measured.totals["delayed_mean"] for o in done]) for n in range(len(scenarios))]
    questions: list[Floats] = levels if len(levels) == 1 else [level - levels[0] for level in levels[1:]]
    needed = 0
    for values in questions:
        if mean_interval(values).half_width > half_width:
            needed = max(needed, replications_needed(values, half_width))
    return needed
