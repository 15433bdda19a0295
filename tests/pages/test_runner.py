"""The runner: the same numbers as a plain run, shared, stopped, fair, and bounded."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import flowsim
from flowsim.decisions.plausible import Plausible, run_plausible
from flowsim.errors import Stopped
from flowsim.experiment.run import Effort
from flowsim.pages.runner import MOST_SESSIONS, Order, Runner, Standing
from flowsim.scenario.files import fingerprint
from flowsim.scenario.levers import with_levers

SMALL = flowsim.load(Path(__file__).parent / "small.toml")


@pytest.fixture
def runner() -> Iterator[Runner]:
    made = Runner(engine="simpy", cores=1)
    yield made
    made.close()


def until_done(runner: Runner, session: str, orders: list[Order], patience: float = 90) -> list[Standing]:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = runner.ask(session, orders)
        if all(s.finished for s in found):
            return found
        time.sleep(0.05)
    raise AssertionError("it took too long")


def plan(capacity: float) -> flowsim.Scenario:
    return with_levers(SMALL, {"services.stit.capacity": capacity})


def test_the_numbers_are_those_of_a_plain_run(runner: Runner) -> None:
    (found,) = until_done(runner, "a", [Order(SMALL, 5, 7)])
    assert found.result is not None
    assert found.result.summary.equals(flowsim.run(SMALL, replications=7, seed=5).summary)


def test_fewer_than_are_there_are_the_first_of_them(runner: Runner) -> None:
    until_done(runner, "a", [Order(SMALL, 5, 9)])
    (found,) = runner.ask("b", [Order(SMALL, 5, 4)])
    assert found.finished
    assert found.result is not None
    assert found.result.summary.equals(flowsim.run(SMALL, replications=4, seed=5).summary)


def test_a_plausible_set_is_met_as_on_the_command_line(runner: Runner) -> None:
    path = "services.stit.capacity"
    table = pd.DataFrame({path: [8.0, 20.0], "weight": 1.0, "discrepancy": 1.0})
    plausible = Plausible("small", (path,), table, fingerprint(SMALL))
    alone, met = until_done(runner, "a", [Order(SMALL, 5, 6), Order(SMALL, 5, 6, plausible=plausible)])
    assert alone.result is not None
    assert met.result is not None
    assert met.result.summary.equals(run_plausible(SMALL, plausible, 6, seed=5).summary)
    assert not met.result.summary.equals(alone.result.summary)
    (fewer,) = runner.ask("b", [Order(SMALL, 5, 4, plausible=plausible)])
    assert fewer.result is not None
    assert fewer.result.summary.equals(run_plausible(SMALL, plausible, 4, seed=5).summary)


def test_what_was_computed_is_not_computed_again(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    until_done(runner, "a", [Order(SMALL, 5, 4)])
    monkeypatch.setattr("flowsim.pages.runner.run_on", lambda *_: pytest.fail("computed again"))
    (found,) = runner.ask("b", [Order(SMALL, 5, 4)])
    assert found.finished
    assert found.result is not None


def test_a_visitor_sees_the_names_they_gave(runner: Runner) -> None:
    until_done(runner, "a", [Order(SMALL, 5, 3)])
    (found,) = runner.ask("b", [Order(SMALL.model_copy(update={"name": "other"}), 5, 3)])
    assert found.result is not None
    assert found.result.scenario.name == "other"


def test_who_leaves_stops_the_work_and_keeps_what_is_finished(runner: Runner) -> None:
    order = Order(SMALL, 5, 1_000)
    while not runner.ask("a", [order])[0].result:
        time.sleep(0.02)
    runner.leave("a")
    until_done(runner, "b", [Order(plan(30.0), 5, 1)])  # what was under way has ended when others are served
    before = runner.look(order).result
    until_done(runner, "b", [Order(plan(31.0), 5, 1)])
    after = runner.look(order).result
    assert before is not None
    assert after is not None
    assert before.replications == after.replications < 1_000


@pytest.mark.uncounted  # a quarter of a minute of what other tests do once
def test_twenty_sessions_at_once_none_fails_and_none_starves(runner: Runner) -> None:
    found: dict[int, list[Standing]] = {}
    finished_at: dict[int, float] = {}

    def visit(number: int) -> None:
        found[number] = until_done(
            runner, f"s{number}", [Order(SMALL, 5, 4), Order(plan(20.0 + number), 5, 4)], 100
        )
        finished_at[number] = time.monotonic()

    threads = [threading.Thread(target=visit, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    for number in (0, 7, 19):
        result = found[number][1].result
        assert result is not None
        assert result.scenario.services["stit"].capacity == 20 + number
        assert result.summary.equals(flowsim.run(plan(20.0 + number), replications=4, seed=5).summary)
    assert all(not s.problem for standings in found.values() for s in standings)


def test_sessions_take_turns(runner: Runner) -> None:
    long = Order(SMALL, 6, 2_000)
    runner.ask("greedy", [long])
    until_done(runner, "modest", [Order(SMALL, 7, 3)])
    assert not runner.ask("greedy", [long])[0].finished


def test_who_waits_hears_how_many_others_do(runner: Runner) -> None:
    runner.ask("a", [Order(SMALL, 6, 500)])
    assert runner.ask("b", [Order(SMALL, 7, 500)])[0].ahead == 1


def test_who_turns_to_something_else_at_the_last_moment_leaves_the_runner_at_work(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose, turned = Runner._choose, threading.Event()

    def choose_and_lose(self: Runner) -> object:
        chosen = choose(self)
        if chosen is not None and not turned.is_set():
            turned.set()
            self.ask("a", [])
        return chosen

    monkeypatch.setattr(Runner, "_choose", choose_and_lose)
    runner.ask("a", [Order(SMALL, 5, 500)])
    assert turned.wait(60)
    (found,) = until_done(runner, "b", [Order(plan(30.0), 5, 3)])
    assert found.result is not None


def test_who_comes_back_to_what_was_stopped_hears_what_is_there(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, stopped = Order(SMALL, 5, 50), threading.Event()

    def stop_in_the_middle(_scenario: object, _so_far: object, effort: Effort) -> None:
        effort.on_done(3, 50)
        stopped.set()
        raise Stopped("nobody waits for this any more")

    monkeypatch.setattr("flowsim.pages.runner.run_on", stop_in_the_middle)
    (first,) = runner.ask("a", [order])
    assert stopped.wait(60)
    monkeypatch.setattr(Runner, "_choose", lambda _self: None)
    end = time.monotonic() + 30
    while (now := runner.look(order)).done and time.monotonic() < end:
        time.sleep(0.01)
    assert (first.result, now.result, now.done, now.wanted) == (None, None, 0, 50)


def test_a_visitor_sees_the_labels_they_gave(runner: Runner) -> None:
    services = {**SMALL.services, "stit": SMALL.services["stit"].model_copy(update={"label": "Ours"})}
    until_done(runner, "a", [Order(SMALL, 5, 3)])
    (found,) = runner.ask("b", [Order(SMALL.model_copy(update={"services": services}), 5, 3)])
    assert found.result is not None
    assert found.result.scenario.services["stit"].label == "Ours"


def test_a_full_house_is_said_in_words(runner: Runner) -> None:
    for number in range(MOST_SESSIONS):
        runner.ask(f"s{number}", [])
    (refused,) = runner.ask("one more", [Order(SMALL, 5, 3)])
    assert "too many people" in refused.problem


def test_memory_is_bounded() -> None:
    runner = Runner(engine="simpy", cores=1, most_bytes=1)
    until_done(runner, "a", [Order(SMALL, 5, 2)])
    until_done(runner, "a", [Order(plan(30.0), 5, 2)])
    runner.ask("a", [])
    assert runner.look(Order(SMALL, 5, 2)).result is None
    runner.close()


def test_a_scenario_that_cannot_be_run_is_said_in_words(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise flowsim.RunError("it cannot be done")

    monkeypatch.setattr("flowsim.pages.runner.run_on", broken)
    (found,) = until_done(runner, "a", [Order(SMALL, 5, 3)])
    assert found.problem == "it cannot be done"
