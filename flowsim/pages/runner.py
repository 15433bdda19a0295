"""The one runner of a server: runs what pages ask for in the background, fairly, and keeps what it found.

Pages never compute: they `ask` again and again, each time with everything they still want, and get what is there by
now. Work goes in short slices, in turn from session to session, so nobody starves; what two sessions want is
done once; what nobody asks for any more is dropped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from flowsim.decisions.plausible import Met, Plausible
from flowsim.engine import AUTO, chosen_engine
from flowsim.errors import FlowsimError, Stopped
from flowsim.experiment.replicate import Progress, cores_here
from flowsim.experiment.run import Effort
from flowsim.experiment.run_on import run_on
from flowsim.experiment.staying import STRETCH, StayingProcesses
from flowsim.results import Result
from flowsim.scenario.files import fingerprint, identity
from flowsim.scenario.model import Scenario

# Long enough for a plan of the usual 50 replications, so that most answers come whole, one after the other, not all at the end.
SLICE_SECONDS: Final = 2.5
# A page that has not asked for so long has been closed.
FORGOTTEN_AFTER_SECONDS: Final = 30.0
# As much work as travels together, so that on its way costs little and a page hears of it often enough.
PARCEL_SECONDS: Final = 0.2
MOST_BYTES: Final = 400_000_000
# Of people, for those who move one capacity after another: some 50 replications of half a year take 120 MB.
MOST_BYTES_OF_PEOPLE: Final = 240_000_000
MOST_SESSIONS: Final = 60
MOST_ORDERS: Final = 24
MOST_REPLICATIONS: Final = 2_000

Key = tuple[str, int, str, int, str]


@dataclass(frozen=True)
class Order:
    """What a page wants: a scenario in so many replications of a seed, with some journeys kept; with a set, each meets a member."""

    scenario: Scenario
    seed: int
    replications: int
    keep_journeys: int = 0
    plausible: Plausible | None = None

    def key(self, engine: str) -> Key:
        """What tells it from another: everything that affects results but the number of replications."""
        mark = self.plausible.mark if self.plausible else ""
        return self._fingerprint, self.seed, engine, self.keep_journeys, mark

    @cached_property
    def _fingerprint(self) -> str:
        """Pages look again and again, and it takes a millisecond."""
        return fingerprint(self.scenario)

    @cached_property
    def identity(self) -> str:
        """What tells apart two that have the same results, but not the same names."""
        return identity(self.scenario)


@dataclass(frozen=True)
class Standing:
    """How an order stands: what is there, how much is done, who goes first, and what went wrong."""

    result: Result | None
    done: int
    wanted: int
    ahead: int = 0
    problem: str = ""

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to wait for."""
        return bool(self.problem) or self.done >= self.wanted


@dataclass
class _Task:
    """One scenario with what has been computed of it."""

    scenario: Scenario
    seed: int
    keep_journeys: int
    met: Met | None = None
    result: Result | None = None
    under_way: int = 0
    problem: str = ""
    size: int = 0
    seconds_each: float = 1.0
    views: dict[tuple[str, int], Result] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return self.result.replications if self.result else 0


@dataclass
class _Session:
    """What one session wants, in its order, and when it last asked."""

    orders: list[tuple[Key, int]] = field(default_factory=list)
    asked: float = 0.0


class Runner:
    """One background thread that works off what sessions ask for. Safe to call from any thread."""

    def __init__(
        self, engine: str | None = None, cores: int | None = None, most_bytes: int = MOST_BYTES
    ) -> None:
        self.engine = chosen_engine(engine or AUTO)
        self._cores = cores or cores_here()
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._news = threading.Condition()
        self._tasks: OrderedDict[Key, _Task] = OrderedDict()
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._executor: Executor | None = None
        self._pace = 1.0  # seconds a replication, as the last slice took: what a new task is likely to take
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="flowsim runner", daemon=True)
        self._thread.start()

    def ask(self, session: str, orders: Sequence[Order]) -> list[Standing]:
        """Say everything a session wants now, in order of urgency; what it wanted before and does not name is dropped."""
        if len(orders) > MOST_ORDERS:
            return [_refused(o, f"at most {MOST_ORDERS} scenarios at a time, please") for o in orders]
        keyed = [(order.key(self.engine), order) for order in orders]
        with self._lock:
            self._forget()
            if session not in self._sessions and len(self._sessions) >= MOST_SESSIONS:
                return [_refused(o, "too many people are using this server at present; please try again in a minute") for o in orders]  # fmt: skip
            mine = self._sessions.setdefault(session, _Session())
            mine.asked = time.monotonic()
            mine.orders = [(key, min(order.replications, MOST_REPLICATIONS)) for key, order in keyed]
            for key, order in keyed:
                met = Met(order.plausible) if order.plausible else None
                fresh = _Task(order.scenario, order.seed, order.keep_journeys, met, seconds_each=self._pace)
                self._tasks.setdefault(key, fresh)
                self._tasks.move_to_end(key)
            standings = [self._standing(session, key, order) for key, order in keyed]
            self._evict()
        self._work.set()
        return standings

    def look(self, order: Order) -> Standing:
        """What is there of an order, without asking for any more of it."""
        with self._lock:
            key = order.key(self.engine)
            if key not in self._tasks:
                return Standing(None, 0, order.replications)
            return self._standing("", key, order)

    def wait_for_news(self, seconds: float) -> None:
        """Wait until more of anything is there, at most so long."""
        with self._news:
            self._news.wait(seconds)

    def leave(self, session: str) -> None:
        """Drop everything that a session wants; what is under way only for it stops. What was finished is kept."""
        with self._lock:
            self._sessions.pop(session, None)

    def close(self) -> None:
        """Stop working, for good."""
        self._closed = True
        self._work.set()
        self._thread.join(timeout=30)
        if self._executor:
            self._executor.shutdown(wait=False, cancel_futures=True)

    # What a page hears. The lock is held.

    def _standing(self, session: str, key: Key, order: Order) -> Standing:
        task = self._tasks[key]
        wanted = min(order.replications, MOST_REPLICATIONS)
        done = min(max(task.done, task.under_way), wanted)
        waiting = [n for n, s in self._sessions.items() if n != session and self._open(s) is not None]
        if task.done < wanted and done == wanted:
            done = task.done  # a slice that is finished but not yet stored
        return Standing(self._view(task, order, wanted), done, wanted, len(waiting), task.problem)

    def _view(self, task: _Task, order: Order, wanted: int) -> Result | None:
        """The result under the names of whoever asks: another may call the same thing otherwise."""
        if task.result is None:
            return None
        name = (order.identity, wanted)
        if name not in task.views:
            if len(task.views) > 8:
                task.views.clear()
            found = replace(task.result, scenario=order.scenario, stopped=False)
            # Exactly as many as were asked for: the same numbers as the command line's, whoever ran it further.
            task.views[name] = replace(found, outcomes=found.outcomes[:wanted], met=found.met[:wanted])
        return task.views[name]

    # Housekeeping. The lock is held.

    def _forget(self) -> None:
        now = time.monotonic()
        for name in [n for n, s in self._sessions.items() if now - s.asked > FORGOTTEN_AFTER_SECONDS]:
            del self._sessions[name]

    def _evict(self) -> None:
        """Let go of what was asked for longest ago, until the rest fits; never of what somebody wants now."""
        wanted = {key for s in self._sessions.values() for key, _ in s.orders}
        total = sum(task.size for task in self._tasks.values())
        for key in [k for k in self._tasks if k not in wanted]:
            size = self._tasks[key].size
            if size == 0 or total > self._most_bytes:
                total -= size
                del self._tasks[key]

    def _open(self, session: _Session) -> tuple[Key, int] | None:
        """What of a session's wishes to go on with: the one with least done, so that a first look at all comes soon."""
        waiting = [
            (key, wanted)
            for key, wanted in session.orders
            if (task := self._tasks.get(key)) is not None and not task.problem and task.done < wanted
        ]
        return min(waiting, key=lambda one: self._tasks[one[0]].done, default=None)

    # The work

    def _loop(self) -> None:
        while not self._closed:
            chosen = self._choose()
            if chosen is None:
                self._work.wait(timeout=1.0)
                self._work.clear()
            else:
                self._slice(*chosen)
                with self._news:
                    self._news.notify_all()

    def _choose(self) -> tuple[Key, _Task, int] | None:
        """The next thing to do: sessions take turns."""
        with self._lock:
            self._forget()
            for name, session in list(self._sessions.items()):
                found = self._open(session)
                if found is not None:
                    self._sessions.move_to_end(name)
                    key, wanted = found
                    return key, self._tasks[key], wanted
        return None

    def _slice(self, key: Key, task: _Task, wanted: int) -> None:
        """Run a task on for a slice of time; nobody may want it any more by now."""
        first = task.done
        more = max(self._cores, int(SLICE_SECONDS / task.seconds_each))
        goal = min(wanted, first + more)

        def on_done(done: int, _total: int) -> None:
            task.under_way = done + first
            if self._closed or not self._is_wanted(key):
                raise Stopped("nobody waits for this any more")

        begun = time.perf_counter()
        try:
            result = run_on(task.scenario, task.result, self._effort(task, goal, on_done))
        except Stopped:
            task.under_way = 0
        except FlowsimError as error:
            task.problem = str(error)
            self._executor = None
        except Exception:  # whatever it is, the next visitor's work goes on
            if not threading.main_thread().is_alive():  # the server is ending, and took its processes along
                self._closed = True
                return
            logging.getLogger(__name__).exception("a run failed")
            task.problem = (
                "Something went wrong inside flowsim; this is a fault of the program, not of your input."
            )
            self._executor = None
        else:
            with self._lock:
                task.result, task.views, task.size = result, {}, _bytes(result)
                task.under_way = 0
                seconds = time.perf_counter() - begun
                self._pace = task.seconds_each = max(seconds / max(1, result.replications - first), 1e-3)

    def _effort(self, task: _Task, goal: int, on_done: Progress) -> Effort:
        """How to run a task on to so many replications."""
        return Effort(
            replications=goal,
            seed=task.seed,
            engine=self.engine,
            cores=self._cores,
            executor=self._pool(),
            keep_journeys=task.keep_journeys,
            on_done=on_done,
            met=task.met,
            parcel=max(1, min(STRETCH, int(PARCEL_SECONDS / task.seconds_each))),
            keep_people_bytes=MOST_BYTES_OF_PEOPLE // self._cores,
        )

    def _is_wanted(self, key: Key) -> bool:
        with self._lock:
            return any(key == k for s in self._sessions.values() for k, _ in s.orders)

    def _pool(self) -> Executor | None:
        """Processes, which leave this one to the pages; nothing for a single core."""
        if self._cores == 1:
            return None
        if self._executor is None:
            self._executor = StayingProcesses(self._cores)
        return self._executor


def _refused(order: Order, words: str) -> Standing:
    return Standing(None, 0, order.replications, problem=words)


def _bytes(result: Result) -> int:
    """About how much memory a result holds."""
    total = 0
    for outcome in result.outcomes:
        total += outcome.measured.daily.nbytes
        if outcome.journeys is not None:
            total += 10 * outcome.journeys.asked.nbytes
    return total
