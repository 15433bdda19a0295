"""Replications: the same bytes on one core and on two, in any order, through deaths and Ctrl-C."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flowsim.errors import RunError
from flowsim.experiment import replicate as module
from flowsim.experiment.replicate import Replicated, Study, replicate
from flowsim.experiment.shelf import Shelf
from flowsim.experiment.worker import Job, Outcome, run_job
from tests.experiment.city import small_city


def as_bytes(found: Replicated) -> list[bytes]:
    return [pickle.dumps(outcome) for row in found.outcomes for outcome in row]


def study(replications: int = 4, engine: str = "simpy") -> Study:
    """The SimPy model runs in processes, which can die; the compiled engine in threads."""
    cities = (small_city(14, "few"), small_city(18, "more"))
    return Study(cities, 0, replications, seed=7, engine=engine, keep_journeys=2)


@pytest.mark.slow
def test_two_processes_give_the_same_bytes_as_one() -> None:
    assert as_bytes(replicate(study(), cores=2)) == as_bytes(replicate(study(), cores=1))


def test_any_executor_will_do_and_the_order_of_finishing_does_not_matter() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert as_bytes(replicate(study(), executor=pool)) == as_bytes(replicate(study()))


def test_a_replication_does_not_depend_on_those_before_it() -> None:
    alone = run_job(Job(study().scenarios, (3,), 7, "simpy", 0))
    together = run_job(Job(study().scenarios, (0, 1, 2, 3), 7, "simpy", 0))
    assert pickle.dumps(alone) == pickle.dumps(together[-2:])


def test_scenarios_run_together_as_they_do_alone() -> None:
    alone = replicate(Study((small_city(18, "more"),), 0, 3, seed=7))
    together = replicate(study(3))
    for (single,), (_, second) in zip(alone.outcomes, together.outcomes, strict=True):
        assert {k: v.tobytes() for k, v in single.measured.daily.items()} == {
            k: v.tobytes() for k, v in second.measured.daily.items()
        }


def test_progress_is_told_after_every_replication() -> None:
    heard: list[tuple[int, int]] = []
    replicate(study(), on_done=lambda done, total: heard.append((done, total)))
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_ctrl_c_keeps_what_is_finished() -> None:
    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    found = replicate(study(), on_done=stop)
    assert found.stopped
    assert [row[0].replication for row in found.outcomes] == [0, 1]


def test_ctrl_c_between_two_scenarios_of_a_replication_keeps_what_is_finished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put, puts = Shelf.put, iter(range(100))

    def put_or_stop(self: Shelf, outcome: Outcome) -> Outcome:
        if next(puts) == 5:  # the second scenario of the third replication
            raise KeyboardInterrupt
        return put(self, outcome)

    monkeypatch.setattr(Shelf, "put", put_or_stop)
    found = replicate(study())
    assert found.stopped
    assert [[one.replication for one in row] for row in found.outcomes] == [[0, 0], [1, 1]]


class Backwards(Executor):
    """Runs each job when it is submitted, but hands the last one over first and then is interrupted."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if args[0].replications[0] != 0:
            future.set_result(fn(*args, **kwargs))
        self.futures.append(future)
        return future


def test_stopped_early_no_replication_is_left_out_in_the_middle() -> None:
    def stop(done: int, _total: int) -> None:
        if done == 3:  # replications 1 to 3 are done, 0 is not
            raise KeyboardInterrupt

    found = replicate(study(), executor=Backwards(), on_done=stop)
    assert found.stopped
    assert found.outcomes == ()


def dies_once(job: Job) -> list[Any]:
    """Ends its process the first time it is asked for replication 1."""
    mark = Path(os.environ["FLOWSIM_TEST_MARK"])
    if job.replications == (1,) and not mark.exists():
        mark.touch()
        os._exit(1)
    return run_job(job)


def always_dies(_job: Job) -> list[Any]:
    os._exit(1)


@pytest.mark.slow
def test_a_process_that_dies_is_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLOWSIM_TEST_MARK", str(tmp_path / "died"))
    expected = as_bytes(replicate(study()))
    monkeypatch.setattr(module, "run_job", dies_once)
    assert as_bytes(replicate(study(), cores=2)) == expected
    assert (tmp_path / "died").exists()


@pytest.mark.slow
def test_processes_that_keep_dying_are_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_job", always_dies)
    with pytest.raises(RunError, match="ended unexpectedly 3 times"):
        replicate(study(2), cores=2)
