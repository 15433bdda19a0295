"""The compiled engine is the SimPy model's twin: every time of every person, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from typer.testing import CliRunner

import flowsim
from flowsim.cli.app import app
from flowsim.compiling import HAS_NUMBA
from flowsim.engine import compiled, simulate
from flowsim.engine import run as door
from flowsim.engine.compiled.layout import lay_out
from flowsim.errors import RunError
from flowsim.experiment.replicate import Study, replicate
from flowsim.experiment.verify import compared, people_who_differ, verify
from flowsim.people import populate, prepare
from flowsim.ranks import Ranks
from flowsim.scenario.files import bundled_names
from flowsim.scenario.generated import generated_scenario
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline
from tests.generated import examples, scenarios

pytestmark = [
    pytest.mark.skipif(not HAS_NUMBA, reason="there is no numba, so there is no twin"),
    pytest.mark.uncounted,  # the model runs for minutes, and other tests go through it line by line
]


@pytest.mark.parametrize("name", bundled_names())
def test_the_engines_agree_on_every_bundled_scenario(name: str) -> None:
    verdicts = list(verify(flowsim.load(name), range(2)))
    assert [v.differences for v in verdicts] == [0, 0]
    assert all(v.people > 5_000 for v in verdicts), "hardly anybody was compared"


def test_the_engines_agree_on_made_up_scenarios_full_of_ties() -> None:
    verdicts = [v for seed in range(150) for v in verify(generated_scenario(seed), range(2), seed=seed)]
    assert sum(v.differences for v in verdicts) == 0
    assert sum(v.people for v in verdicts) > 30_000


@given(scenarios())
@examples(40)
def test_the_engines_agree_on_whatever_hypothesis_thinks_of(scenario: Scenario) -> None:
    assert all(v.differences == 0 for v in verify(scenario, range(1)))


def test_lists_that_turn_out_too_short_are_made_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine begins again with more room; nothing of the first try is left in the result."""
    plan = prepare(build_timeline(flowsim.load("sheffield-2017")))
    people = populate(plan, Ranks(5, 0))
    horizon = float(plan.scenario.run.days)
    tries = []

    def tight(*arguments: Any) -> Any:
        city = lay_out(*arguments)
        tries.append(city)
        city.world["rows_room"] = city.world["rows_room"] // 6 * arguments[-1]
        return city

    usual = simulate(people, plan.offer, horizon, "compiled")
    monkeypatch.setattr("flowsim.engine.compiled.kernel.lay_out", tight)
    again = simulate(people, plan.offer, horizon, "compiled")
    assert len(tries) > 1
    assert tries[0].is_full
    assert not people_who_differ(usual, again).size
    assert len(usual) == len(again)


def test_one_core_and_two_give_the_same_bytes_in_either_engine() -> None:
    """Threads for the one, processes for the other; measures and journeys."""
    scenarios_ = (generated_scenario(2), generated_scenario(5))
    found = [
        replicate(Study(scenarios_, 0, 4, seed=9, engine=engine, keep_journeys=1), cores=cores)
        for engine in ("compiled", "simpy")
        for cores in (1, 2)
    ]
    for other in found[1:]:
        for one, two in zip(found[0].outcomes, other.outcomes, strict=True):
            for a, b in zip(one, two, strict=True):
                assert a.measured.totals.keys() == b.measured.totals.keys()
                assert np.array_equal(
                    list(a.measured.totals.values()), list(b.measured.totals.values()), equal_nan=True
                )
                assert all(np.array_equal(a.measured.daily[n], b.measured.daily[n]) for n in a.measured.daily)
                if a.journeys is not None and b.journeys is not None:
                    assert not people_who_differ(a.journeys, b.journeys).size


# ---- a twin that is not one is found out ---------------------------------------------------------------


def wrong_twin(monkeypatch: pytest.MonkeyPatch, spoil: Any) -> None:
    """Have the compiled engine write something else in its rows."""

    def rows_of_hindered(*arguments: Any) -> Any:
        table, events = right(*arguments)
        table = {name: values.copy() for name, values in table.items()}
        spoil(table)
        return table, events

    right = compiled.rows_of_hindered
    monkeypatch.setattr(compiled, "rows_of_hindered", rows_of_hindered)


def one_time_a_hair_later(table: dict[str, np.ndarray]) -> None:
    row = np.flatnonzero(~np.isnan(table["left"]))[3]
    table["left"][row] += 2.0**-32


def one_row_missing(table: dict[str, np.ndarray]) -> None:
    for name in table:
        table[name] = table[name][:-1]


def one_other_service(table: dict[str, np.ndarray]) -> None:
    table["service"][0] += 1


@pytest.mark.parametrize("spoil", [one_time_a_hair_later, one_row_missing, one_other_service])
def test_the_smallest_difference_is_found_and_shown(monkeypatch: pytest.MonkeyPatch, spoil: Any) -> None:
    plan = prepare(build_timeline(generated_scenario(3)))
    assert compared(plan, 0, 1).differences == 0
    wrong_twin(monkeypatch, spoil)
    verdict = compared(plan, 0, 1)
    assert verdict.differences == 1
    assert verdict.first is not None
    assert verdict.first.model != verdict.first.twin


def test_verify_ends_with_1_and_both_journeys_at_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_twin(monkeypatch, one_time_a_hair_later)
    done = CliRunner().invoke(app, ["verify", "--generated", "3"])
    assert done.exit_code == 1
    assert "SimPy model" in done.output
    assert "compiled engine" in done.output
    assert "0 differences" not in done.output


def test_verify_says_what_it_compared() -> None:
    done = CliRunner().invoke(app, ["verify", "sheffield-2017", "-n", "1"])
    assert done.exit_code == 0, done.output
    assert "sheffield-2017: 1 replications" in done.output
    assert "0 differences: the engines agree to the last bit" in done.output


# ---- without numba ---------------------------------------------------------------------------------------


def test_without_numba_the_simpy_model_runs_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "compile_loops", lambda: "no module named numba")
    assert door.chosen_engine("auto") == "simpy"
    assert "no module named numba" in (door.what_to_expect("auto") or "")
    with pytest.raises(RunError, match="needs numba"):
        door.chosen_engine("compiled")


def test_an_engine_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(RunError, match='no engine "simpi"; choose one of: auto, simpy, compiled'):
        door.chosen_engine("simpi")


def test_hindered_only_leaves_out_nobody_who_is_delayed() -> None:
    plan = prepare(build_timeline(flowsim.load("sheffield-2017")))
    people = populate(plan, Ranks(1, 0))
    horizon = float(plan.scenario.run.days)
    everybody = simulate(people, plan.offer, horizon, "compiled")
    hindered = simulate(people, plan.offer, horizon, "compiled", hindered_only=True)
    left_out = ~people.hindered[everybody.person]
    assert 0 < len(hindered) == len(everybody) - left_out.sum()
    assert (everybody.ready[left_out & ~np.isnan(everybody.left)] == everybody.left[left_out & ~np.isnan(everybody.left)]).all()  # fmt: skip
    assert replace(hindered, who=everybody.who).horizon == horizon
