"""Longer work of a server, one piece at a time: asked for by pages, done in the background on half of the cores.

The runner works off replications in short slices; a search, a roster or a split is one piece of work that tells how far it has come.
Whoever asked first goes first; what two sessions want is done once; what nobody looks at any more is stopped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from flowsim.errors import FlowsimError, Stopped
from flowsim.experiment.replicate import Progress, cores_here

FORGOTTEN_AFTER_SECONDS: Final = 30.0
MOST_KEPT: Final = 12
MOST_WAITING: Final = 40

Work = Callable[[Progress], Any]


@dataclass(frozen=True)
class Stand:
    """How a piece of work stands. `result` may be there although it was stopped: the best so far."""

    result: Any = None
    done: int = 0
    total: int = 0
    ahead: int = 0
    problem: str = ""
    stopped: bool = False
    finished: bool = False


@dataclass
class _Job:
    """One piece of work, and who waits for it."""

    work: Work
    asked: dict[str, float] = field(default_factory=dict)
    stop: bool = False
    done: int = 0
    total: int = 0
    result: Any = None
    problem: str = ""
    finished: bool = False


class Jobs:
    """One background thread that works off what sessions ask for. Safe to call from any thread."""

    def __init__(self) -> None:
        self.cores = max(1, cores_here() // 2)
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="flowsim jobs", daemon=True)
        self._thread.start()

    def ask(self, session: str, key: str, work: Work) -> Stand:
        """Ask for a piece of work, and hear how it stands. A session wants one at a time; what it wanted before is dropped."""
        with self._lock:
            now = time.monotonic()
            for other, job in self._jobs.items():
                if other != key:
                    job.asked.pop(session, None)
            waiting = [job for job in self._jobs.values() if not job.finished]
            if key not in self._jobs and len(waiting) >= MOST_WAITING:
                return Stand(problem="too many people are asking this server at present; please try again in a minute", finished=True)  # fmt: skip
            job = self._jobs.setdefault(key, _Job(work))
            job.asked[session] = now
            self._forget()
            ahead = 0 if job.finished else waiting.index(job) if job in waiting else len(waiting)
        self._work.set()
        return self._stand(job, ahead)

    def look(self, key: str) -> Stand | None:
        """How a piece of work stands, without asking for it; None where there is none."""
        with self._lock:
            job = self._jobs.get(key)
        return None if job is None else self._stand(job, 0)

    def stop(self, key: str) -> None:
        """Stop a piece of work for everybody who waits for it."""
        with self._lock:
            if key in self._jobs:
                self._jobs[key].stop = True

    def again(self, key: str) -> None:
        """Forget what came of a piece of work that was stopped or failed, so that it can be asked for again."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.finished and (job.stop or job.problem):
                del self._jobs[key]

    def close(self) -> None:
        """Stop working, for good."""
        self._closed = True
        self._work.set()
        self._thread.join(timeout=30)

    def _stand(self, job: _Job, ahead: int) -> Stand:
        return Stand(job.result, job.done, job.total, ahead, job.problem, job.stop, job.finished)

    def _forget(self) -> None:
        """Forget who has closed the page; keep only so many results that nobody looks at. The lock is held."""
        now = time.monotonic()
        for job in self._jobs.values():
            for name in [n for n, when in job.asked.items() if now - when > FORGOTTEN_AFTER_SECONDS]:
                del job.asked[name]
        finished = [key for key, job in self._jobs.items() if job.finished and not job.asked]
        for key in finished[:-MOST_KEPT]:
            del self._jobs[key]

    def _loop(self) -> None:
        while not self._closed:
            with self._lock:
                self._forget()
                for key in [k for k, j in self._jobs.items() if not j.finished and not j.asked]:
                    del self._jobs[key]
                job = next((j for j in self._jobs.values() if not j.finished), None)
            if job is None:
                self._work.wait(timeout=1.0)
                self._work.clear()
            else:
                self._do(job)

    def _do(self, job: _Job) -> None:
        def on_done(done: int, total: int) -> None:
            job.done, job.total = done, total
            with self._lock:
                self._forget()
            if self._closed or job.stop or not job.asked:
                raise Stopped("stopped before there was anything to show")

        try:
            job.result = job.work(on_done)
        except Stopped as stopped:
            # For somebody who stopped it there is a word; what nobody wants any more is forgotten.
            job.problem = "" if job.stop else str(stopped)
            job.stop = True
        except FlowsimError as error:
            job.problem = str(error)
        except Exception:
            logging.getLogger(__name__).exception("a piece of work failed")
            job.problem = (
                "Something went wrong inside flowsim; this is a fault of the program, not of your input."
            )
        job.finished = True
