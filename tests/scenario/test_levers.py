"""Levers move what they say, and nothing else."""

from __future__ import annotations

import pytest

import flowsim
from flowsim.errors import ScenarioError
from flowsim.scenario import bundled_names, fingerprint
from flowsim.scenario.levers import GROUPS, Lever, carried_over, levers_of, moved_in_words, with_levers
from flowsim.scenario.rewriting import differences

PLAN = flowsim.load("whole-plan")


@pytest.mark.parametrize("name", bundled_names())
def test_every_lever_stands_in_its_range_and_moves_something(name: str) -> None:
    scenario = flowsim.load(name)
    levers = levers_of(scenario)
    assert [lever.group for lever in levers] == sorted((lever.group for lever in levers), key=GROUPS.index)
    assert len({lever.key for lever in levers}) == len(levers)
    for lever in levers:
        assert lever.low <= lever.value <= lever.high, lever.key


@pytest.mark.uncounted  # the same lines for every lever
@pytest.mark.parametrize("lever", levers_of(PLAN), ids=lambda lever: lever.key)
def test_a_moved_lever_changes_its_own_part_only(lever: Lever) -> None:
    value = 0.0 if lever.on_off else lever.value + lever.step
    moved = with_levers(PLAN, {lever.key: value})
    assert fingerprint(moved) != fingerprint(PLAN)
    section = lever.key.split(".")[0]
    assert {path.split(".")[0] for path, _, _ in differences(moved, PLAN)} == {section}
    assert len(moved_in_words(PLAN, {lever.key: value})) == 1


def test_working_days_keep_their_proportions() -> None:
    small = with_levers(
        PLAN, {"services.stit.starts.working_days": 26.0, "services.stit.starts.weekend": 2.0}
    )
    starts = small.services["stit"].starts
    assert starts is not None
    assert (starts.mon, starts.fri, starts.sat, starts.sun) == (26, 26, 2, 2)


def test_a_lever_that_is_not_there_is_said_in_words() -> None:
    with pytest.raises(ScenarioError, match="no such lever"):
        with_levers(PLAN, {"services.stit.colour": 1.0})


def test_levers_go_along_to_another_scenario_that_has_them() -> None:
    old, new = flowsim.load("winter-pressure"), flowsim.load("sheffield-2016")
    other = next(lever for lever in levers_of(new) if lever.key == "services.stit.capacity")
    moved = {"services.stit.capacity": other.value + 5, "routes.stay": 1.1, "changes.0": 0.0}
    kept, left = carried_over(moved, old, new)
    assert kept == {"services.stit.capacity": other.value + 5, "routes.stay": 1.1}
    assert left == [old.changes[0].label]  # the first dated change of the other scenario is another one
    # What is moved to where the other scenario has it anyway is moved no more, and nothing is lost by it.
    assert carried_over({"services.stit.capacity": other.value}, old, new) == ({}, [])


def test_a_dated_change_goes_along_by_its_label() -> None:
    old, new = flowsim.load("winter-pressure"), flowsim.load("whole-plan")
    labels = [change.label for change in new.changes]
    moved = {f"changes.{number}": 0.0 for number in range(len(old.changes))}
    kept, left = carried_over(moved, old, new)
    assert left == []
    assert kept == {f"changes.{labels.index(change.label)}": 0.0 for change in old.changes}
