"""Processes that stay from one run to the next, for a server: what they have in memory is there for the next run too."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final

from flowsim.experiment.worker import Job, let_the_parent_stop_us

# A job has at most so many replications, and begins with a multiple of it, where those who send it can choose.
STRETCH: Final = 5


class StayingProcesses(Executor):
    """Some processes, of which the same replications always fall to the same: there the people are that it kept.

    Where one of them has died, its jobs fail as a pool's would, and the next finds a new one in its place.
    """

    def __init__(self, processes: int) -> None:
        self._pools = [_one_process() for _ in range(processes)]

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """Have a job worked on by the process to which its replications fall."""
        job = given[0]
        assert isinstance(job, Job)
        place = job.replications[0] // STRETCH % len(self._pools)
        try:
            return self._pools[place].submit(work, *given, **named)
        except BrokenProcessPool:
            self._pools[place] = _one_process()
            return self._pools[place].submit(work, *given, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes."""
        for pool in self._pools:
            pool.shutdown(wait=wait, cancel_futures=cancel_futures)


def _one_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context("spawn"), initializer=let_the_parent_stop_us
    )
