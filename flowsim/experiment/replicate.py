"""Many replications: in this process, in several, or on any executor; the same bytes whichever."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from flowsim.errors import RunError, Stopped
from flowsim.experiment.worker import Job, Outcome, let_the_parent_stop_us, run_job
from flowsim.scenario.model import Scenario

Progress = Callable[[int, int], None]
MOST_ATTEMPTS: Final = 3


@dataclass(frozen=True)
class Study:
    """What is to be run: every scenario, in replications `first` up to `last` (exclusive)."""

    scenarios: tuple[Scenario, ...]
    first: int
    last: int
    seed: int
    engine: str = "simpy"
    keep_journeys: int = 0

    def jobs(self) -> list[Job]:
        """One job a replication: its scenarios share their draws."""
        return [
            Job(self.scenarios, (k,), self.seed, self.engine, self.keep_journeys)
            for k in range(self.first, self.last)
        ]


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
    study: Study, *, cores: int = 1, executor: Executor | None = None, on_done: Progress = ignore
) -> Replicated:
    """Run a study. `on_done(done, total)` hears of every finished replication, all scenarios of it.

    On Ctrl-C, or when `on_done` raises Stopped, what is finished is returned, marked as stopped. Raises RunError when processes keep dying.
    """
    jobs = study.jobs()
    done: dict[int, list[Outcome]] = {}
    try:
        if executor is None and (cores <= 1 or len(jobs) <= 1):
            for job in jobs:
                done[job.replications[0]] = run_job(job)
                on_done(len(done), len(jobs))
        else:
            _run_elsewhere(jobs, done, cores, executor, on_done)
    except (KeyboardInterrupt, Stopped):
        return Replicated(_without_gaps(done, study), stopped=True)
    return Replicated(_without_gaps(done, study), stopped=False)


def _run_elsewhere(
    jobs: list[Job], done: dict[int, list[Outcome]], cores: int, executor: Executor | None, on_done: Progress
) -> None:
    """Run jobs on an executor; what a process that died had in hand is run again."""
    for _ in range(MOST_ATTEMPTS):
        missing = [job for job in jobs if job.replications[0] not in done]
        if not missing:
            return
        try:
            with _executor(executor, min(cores, len(missing))) as pool:
                futures = {pool.submit(run_job, job): job for job in missing}
                for future in _stoppable(futures):
                    done[futures[future].replications[0]] = future.result()
                    on_done(len(done), len(jobs))
        except BrokenProcessPool:
            continue
    if any(job.replications[0] not in done for job in jobs):
        raise RunError(
            f"processes of this run ended unexpectedly {MOST_ATTEMPTS} times, most likely for want of memory; "
            "try fewer cores, or fewer days"
        )


@contextmanager
def _executor(given: Executor | None, cores: int) -> Iterator[Executor]:
    """The executor that was given, or processes of our own, made alike on every system."""
    if given is not None:
        yield given
        return
    pool = ProcessPoolExecutor(
        cores, mp_context=multiprocessing.get_context("spawn"), initializer=let_the_parent_stop_us
    )
    try:
        yield pool
    finally:
        # Whatever has not begun never will; what has begun is ended where it stands.
        processes = list((getattr(pool, "_processes", None) or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _stoppable(
    futures: Sequence[Future[list[Outcome]]] | dict[Future[list[Outcome]], Job],
) -> Iterator[Future[list[Outcome]]]:
    """Futures as they finish; when the caller goes away the others are cancelled."""
    try:
        yield from as_completed(futures)
    finally:
        for future in futures:
            future.cancel()


def _without_gaps(done: dict[int, list[Outcome]], study: Study) -> tuple[tuple[Outcome, ...], ...]:
    """The finished replications from the first up to the first that is missing."""
    found = []
    for replication in range(study.first, study.last):
        if replication not in done:
            break
        found.append(tuple(done[replication]))
    return tuple(found)
