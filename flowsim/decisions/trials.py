"""Trials: the census of many plans on the same draws, kept small; what searches and attributions are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from flowsim.engine import AUTO, chosen_engine, runs_in_threads
from flowsim.errors import RunError, Stopped
from flowsim.experiment.replicate import AsMet, Progress, ignore
from flowsim.experiment.scatter import scattered
from flowsim.experiment.worker import Job, run_job
from flowsim.scenario.model import Scenario
from flowsim.units import Floats

# A plan as something that makes its scenario where it is run: building one takes as long as ten replications.
Maker = Callable[[], Scenario]
T = TypeVar("T")

# Plans that share the people of a replication, whose drawing takes as long as the rest of it. More would save little, and
# every worker keeps the timelines of all its plans.
PLANS_AT_ONCE: Final = 8
# So many replications are worth building the plan's scenario once more.
WORTH_BUILDING: Final = 24
DELAYED, EXCESS, WITHIN = 0, 1, 2


@dataclass(frozen=True)
class Trying:
    """How to run: seed, engine, cores or an executor, who hears of finished plans, and what replications meet if not the plan itself."""

    seed: int
    engine: str = AUTO
    cores: int = 1
    executor: Executor | None = None
    on_done: Progress = ignore
    met: AsMet | None = None


@dataclass(frozen=True)
class Trials:
    """What plans came to in each replication; every array has shape (plans, replications).

    `delayed` and `excess` are means of the midnight census over the run (people), `within` the share of its days
    that were at or under the scenario's target.
    """

    delayed: Floats
    excess: Floats
    within: Floats


@dataclass(frozen=True)
class Batch:
    """Some plans in some replications; everything a worker needs."""

    first: int
    makers: tuple[Maker, ...]
    replications: range
    seed: int
    engine: str
    met: AsMet | None = None


def run_batch(batch: Batch) -> Floats:
    """Delayed, excess and the share of days within target, shape (3, plans, replications)."""
    scenarios = tuple(make() for make in batch.makers)
    found = np.empty((3, len(scenarios), len(batch.replications)))
    for column, replication in enumerate(batch.replications):
        # One at a time, so that the daily numbers of few runs are held at once.
        meets = scenarios if batch.met is None else tuple(batch.met(s, replication) for s in scenarios)
        for outcome in run_job(Job(meets, (replication,), batch.seed, batch.engine, 0, census_only=True)):
            scenario, totals = scenarios[outcome.scenario], outcome.measured.totals
            within = 1 - totals["days_over_target"] / scenario.run.days
            found[:, outcome.scenario, column] = totals["delayed_mean"], totals["excess_mean"], within
    return found


def tried(makers: Sequence[Maker], replications: range, trying: Trying) -> Trials:
    """Every plan in the same replications: common random numbers. `on_done` hears of finished plans.

    Raises RunError or ScenarioError in words, and Stopped where the user stops it.
    """
    if len(replications) < 1:
        raise RunError(f"{len(replications)} replications cannot be run; ask for 1 or more")
    if trying.seed < 0:
        raise RunError(f"the seed is {trying.seed}, but must be 0 or more")
    engine = chosen_engine(trying.engine)
    width = _width(len(makers), len(replications), trying.cores)
    parts = _parts(-(-len(makers) // width), replications, trying.cores)
    batches = [
        Batch(first, tuple(makers[first : first + width]), part, trying.seed, engine, trying.met)
        for first in range(0, len(makers), width)
        for part in parts
    ]
    found = np.empty((3, len(makers), len(replications)))
    done = 0
    # Compiled code lets go of the interpreter's lock, so threads will do.
    threads = runs_in_threads(engine)
    work = scattered(run_batch, batches, cores=trying.cores, threads=threads, executor=trying.executor)
    for batch, values in stoppable(work):
        there = slice(
            batch.replications.start - replications.start, batch.replications.stop - replications.start
        )
        found[:, batch.first : batch.first + len(batch.makers), there] = values
        done += len(batch.makers) * len(batch.replications)
        trying.on_done(done // len(replications), len(makers))
    return Trials(found[DELAYED], found[EXCESS], found[WITHIN])


def stoppable(work: Iterator[T]) -> Iterator[T]:
    """Results as they come. Raises Stopped where the user presses Ctrl-C."""
    try:
        yield from work
    except KeyboardInterrupt:
        raise Stopped("stopped before all that the answer needs was run: there is nothing to show") from None


def _width(plans: int, replications: int, cores: int) -> int:
    """How many plans go together: as many as may, unless cores would be idle however the replications are cut."""
    pieces = max(1, replications // WORTH_BUILDING)
    groups = -(-cores // pieces)
    return max(1, min(PLANS_AT_ONCE, -(-plans // groups)))


def _parts(groups: int, replications: range, cores: int) -> list[range]:
    """The replications in one piece, or in several where few groups of plans would leave cores idle."""
    wanted = -(-2 * cores // groups) if cores > 1 and groups < 2 * cores else 1
    size = max(WORTH_BUILDING, -(-len(replications) // wanted))
    return [replications[i : i + size] for i in range(0, len(replications), size)]
