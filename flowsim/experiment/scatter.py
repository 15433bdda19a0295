"""Jobs for several cores or for any executor: results as they come, and what died with a worker done again."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from flowsim.errors import RunError
from flowsim.experiment.cluster import deaths
from flowsim.experiment.worker import let_the_parent_stop_us

J = TypeVar("J")
R = TypeVar("R")

MOST_ATTEMPTS: Final = 3


def scattered(
    work: Callable[[J], R],
    jobs: Sequence[J],
    *,
    cores: int = 1,
    threads: bool = False,
    executor: Executor | None = None,
) -> Iterator[tuple[J, R]]:
    """Every job with what `work` makes of it, in the order in which they finish.

    One core and no executor: here, one after the other. Else on the executor, or on threads or processes
    of our own; `work` must then be a function of a module. Whoever stops listening stops the work: what has
    not begun never will. Raises RunError where workers keep dying, and whatever `work` raises.
    """
    if executor is None and (cores <= 1 or len(jobs) <= 1):
        for job in jobs:
            yield job, work(job)
        return
    missing = dict(enumerate(jobs))
    for _ in range(MOST_ATTEMPTS):
        try:
            with _pool(executor, min(cores, len(missing)), threads) as pool:
                futures = {pool.submit(work, job): number for number, job in missing.items()}
                for future in _stoppable(futures):
                    result = future.result()
                    yield missing.pop(futures[future]), result
        except deaths():
            continue
        if not missing:
            return
    raise RunError(
        f"processes of this run ended unexpectedly {MOST_ATTEMPTS} times, most likely for want of memory; "
        "try fewer cores, or fewer days"
    )


@contextmanager
def _pool(given: Executor | None, cores: int, threads: bool) -> Iterator[Executor]:
    """The executor that was given, or one of our own that ends with us."""
    if given is not None:
        yield given
        return
    if threads:
        pool = ThreadPoolExecutor(cores)
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return
    with _processes(cores) as processes:
        yield processes


@contextmanager
def _processes(cores: int) -> Iterator[Executor]:
    """Processes of our own, made alike on every system."""
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


def _stoppable(futures: Iterable[Future[Any]]) -> Iterator[Future[Any]]:
    """Futures as they finish; when the caller goes away the others are cancelled."""
    try:
        yield from as_completed(futures)
    finally:
        for future in futures:
            future.cancel()
