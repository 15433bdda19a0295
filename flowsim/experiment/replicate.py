"""Many replications: in this process, in several, or on any executor; the same bytes whichever."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from flowsim.engine import AUTO, runs_in_threads
from flowsim.errors import Stopped
from flowsim.experiment.scatter import scattered
from flowsim.experiment.shelf import Shelf
from flowsim.experiment.worker import Job, Outcome, run_job
from flowsim.scenario.model import Scenario

Progress = Callable[[int, int], None]


class AsMet(Protocol):
    """The scenario as a replication meets it, where they do not all meet the same; `words` say of what it tells."""

    @property
    def words(self) -> str: ...
    def __call__(self, scenario: Scenario, replication: int) -> Scenario: ...


@dataclass(frozen=True)
class Study:
    """What is to be run: every scenario, in replications `first` up to `last` (exclusive); as `met`, if it is given."""

    scenarios: tuple[Scenario, ...]
    first: int
    last: int
    seed: int
    engine: str = AUTO
    keep_journeys: int = 0
    census_only: bool = False
    met: AsMet | None = None
    keep_people_bytes: int = 0

    def jobs(self, parcel: int = 1) -> list[Job]:
        """Jobs of so many replications each; the scenarios of a replication share their draws."""
        replications = range(self.first, self.last)
        # Replications that do not meet the same scenario do not travel together.
        step = parcel if self.met is None else 1
        return [
            Job(
                self._met_by(replications[i]),
                tuple(replications[i : i + step]),
                self.seed,
                self.engine,
                self.keep_journeys,
                self.census_only,
                self.keep_people_bytes,
            )
            for i in range(0, len(replications), step)
        ]

    def _met_by(self, replication: int) -> tuple[Scenario, ...]:
        if self.met is None:
            return self.scenarios
        return tuple(self.met(scenario, replication) for scenario in self.scenarios)


@dataclass(frozen=True)
class Replicated:
    """What came of a study: for each replication in order, the outcome of each scenario in order.

    Stopped early, it holds the replications without a gap from the first: leaving out those that
    take longest would leave out the worst winters.
    """

    outcomes: tuple[tuple[Outcome, ...], ...]
    stopped: bool


def ignore(_done: int, _total: int) -> None:
    """Nobody listens."""


def cores_here() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def replicate(
    study: Study,
    *,
    cores: int = 1,
    executor: Executor | None = None,
    parcel: int = 1,
    on_done: Progress = ignore,
) -> Replicated:
    """Run a study. `on_done(done, total)` hears of finished replications, all scenarios of each.

    `parcel` replications travel together, for an executor where each job costs something. On Ctrl-C, or
    when `on_done` raises Stopped, what is finished is returned, marked as stopped. Raises RunError when
    workers keep dying.
    """
    done: dict[int, list[Outcome]] = {}
    # One for each scenario: whoever keeps the result of one plan does not keep those of the others.
    shelves = [Shelf(study.last - study.first) for _ in study.scenarios]
    try:
        threads = runs_in_threads(study.engine)
        jobs = study.jobs(parcel)
        for _, outcomes in scattered(run_job, jobs, cores=cores, threads=threads, executor=executor):
            rows: dict[int, list[Outcome]] = {}
            for outcome in outcomes:
                rows.setdefault(outcome.replication, []).append(shelves[outcome.scenario].put(outcome))
            done |= rows  # whole ones only, whenever somebody stops
            on_done(len(done), study.last - study.first)
    except (KeyboardInterrupt, Stopped):
        return Replicated(_by_themselves(_without_gaps(done, study)), stopped=True)
    return Replicated(_without_gaps(done, study), stopped=False)


def _by_themselves(outcomes: tuple[tuple[Outcome, ...], ...]) -> tuple[tuple[Outcome, ...], ...]:
    """The same on shelves of just their size, for room was made for all that might have come."""
    shelves = [Shelf(len(outcomes)) for _ in outcomes[0]] if outcomes else []
    return tuple(tuple(shelf.put(one) for shelf, one in zip(shelves, row, strict=True)) for row in outcomes)


def _without_gaps(done: dict[int, list[Outcome]], study: Study) -> tuple[tuple[Outcome, ...], ...]:
    """The finished replications from the first up to the first that is missing."""
    found = []
    for replication in range(study.first, study.last):
        if replication not in done:
            break
        found.append(tuple(done[replication]))
    return tuple(found)
