"""Designs: what grids, Sobol' sequences and Latin hypercubes promise, and the words for what cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from flowsim.errors import FlowsimError
from flowsim.experiment.design import (
    Design,
    axis_from,
    design_of,
    overridden,
    table_of,
    try_points,
    values_at,
)
from flowsim.scenario.files import from_text
from flowsim.units import Floats
from tests.experiment.city import SMALL, small_city

CAPACITY = "services.stit.capacity"


def designed(*vary: str, kind: str = "grid", points: int | None = None) -> Design:
    return design_of(small_city(), tuple(axis_from(text) for text in vary), kind, points)


def table(*vary: str, kind: str = "grid", points: int | None = None, seed: int = 1) -> Floats:
    return table_of(designed(*vary, kind=kind, points=points), seed)


def test_a_grid_is_every_combination_once_the_last_axis_fastest() -> None:
    found = table(f"{CAPACITY}=10:20:5", "while_waiting.unwell_per_day=0:0.3:0.1")
    assert found.tolist() == [[c, u] for c in (10, 15, 20) for u in (0, 0.1, 0.2, 0.3)]


def test_steps_are_exact_decimals_and_stop_at_the_last_that_fits() -> None:
    assert table("while_waiting.leaves_per_day=0.1:0.75:0.2")[:, 0].tolist() == [0.1, 0.3, 0.5, 0.7]
    assert table(f"{CAPACITY}=5:5:1").tolist() == [[5.0]]


@pytest.mark.parametrize("kind", ["sobol", "lhs"])
def test_spread_points_lie_in_their_ranges_and_follow_the_seed(kind: str) -> None:
    vary = (f"{CAPACITY}=10:30", "services.stit.starts.mon=2:6", "services.stit.stay.mean=5:7")
    found = table(*vary, kind=kind, points=40)
    assert found.shape == (40, 3)
    assert (found >= [10, 2, 5]).all()
    assert (found <= [30, 6, 7]).all()
    assert np.array_equal(found, table(*vary, kind=kind, points=40))
    assert not np.array_equal(found, table(*vary, kind=kind, points=40, seed=2))


def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_axis() -> None:
    found = table(f"{CAPACITY}=0:50", "services.stit.starts.mon=10:60", kind="lhs", points=50)
    for column, low in zip(found.T, (0, 10), strict=True):
        assert sorted(np.floor(column - low)) == list(range(50))


@pytest.mark.parametrize("points", [1, 8, 64])
def test_a_sobol_design_of_a_power_of_two_is_balanced_in_every_dyadic_cell(points: int) -> None:
    found = table(f"{CAPACITY}=0:1", "services.stit.starts.mon=0:1", kind="sobol", points=points)
    across = 1
    while across <= points:
        cells = np.floor(found[:, 0] * across) * (points // across) + np.floor(
            found[:, 1] * (points // across)
        )
        assert sorted(cells) == list(range(points))
        across *= 2


def test_fewer_points_are_the_first_of_more() -> None:
    vary = (f"{CAPACITY}=10:30", "services.stit.starts.mon=2:6")
    fewer, more = (table(*vary, kind="sobol", points=n) for n in (5, 8))
    assert np.array_equal(fewer, more[:5])


@pytest.mark.parametrize(("kind", "points"), [("lhs", 60), ("sobol", 64)])
def test_each_level_of_a_stepped_axis_is_as_likely_as_the_others(kind: str, points: int) -> None:
    # People at the start are whole: 0, 1, 2, 3 without being asked for steps.
    levels, counts = np.unique(
        table("services.stit.initial.people=0:3", kind=kind, points=points), return_counts=True
    )
    assert levels.tolist() == [0, 1, 2, 3]
    assert counts.tolist() == [points // 4] * 4
    halves, counts = np.unique(table(f"{CAPACITY}=10:11.5:0.5", kind=kind, points=points), return_counts=True)
    assert halves.tolist() == [10, 10.5, 11, 11.5]
    assert counts.tolist() == [points // 4] * 4


def test_values_are_whole_where_the_scenario_has_whole_numbers() -> None:
    plan = designed("services.stit.initial.people=0:2:1", f"{CAPACITY}=10:12:1")
    values = values_at(small_city(), plan.paths, table_of(plan, 1)[-1])
    assert [(type(v), v) for v in values.values()] == [(int, 2), (float, 12.0)]


def test_weekdays_and_distributions_can_vary() -> None:
    for vary in (
        "services.stit.starts=2:6:2",
        "services.stit.starts.mon=2:6:2",
        "services.stit.stay.mean=5:7:1",
    ):
        plan = designed(vary)
        try_points(small_city(), plan, table_of(plan, 1))


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        (["services.stit.capacity"], "must be PATH=FROM:TO:STEP"),
        (["services.stit.capacity=5"], "must be PATH=FROM:TO:STEP"),
        (["=1:2:1"], "must be PATH=FROM:TO:STEP"),
        (["services.stit.capacity=a:9:1"], '"a" is not a number that can be used'),
        (["services.stit.capacity=nan:9:1"], '"nan" is not a number that can be used'),
        (["services.stit.capacity=1:inf:1"], '"inf" is not a number that can be used'),
        (["services.stit.capacity=1:9:1e-300"], "is not a number that can be used"),
        (["services.stit.capacity=9:1:1"], "goes from 9 down to 1; write the lower end first"),
        (["services.stit.capacity=1:9:0"], "the step is 0, but must be above 0"),
        (["services.stit.capacity=1:9:-1"], "the step is -1, but must be above 0"),
        (["services.stit.capacity=1:9"], "a grid needs a step"),
        (["services.stit.capacity=-1:9:1"], "-1 is out of range: it must be a number from 0 to"),
        (["services.stit.counted_share=0:1.2:0.1"], "1.2 is out of range: it must be a number from 0 to 1"),
        (["services.stit.initial.people=0:9:0.5"], "takes whole numbers only, and 0.5 is none"),
        (["services.stit.capacty=1:9:1"], 'did you mean "capacity"'),
        (["services.stitt.capacity=1:9:1"], 'did you mean "stit"'),
        (["services.stit.stay=1:9:1"], "vary one of its numbers, such as services.stit.stay.mean"),
        (["services.stit.label=1:9:1"], "is text in quotation marks; only numbers can vary"),
        (["services.stit=1:9:1"], "is a table; only numbers can vary"),
        (["run.days=10:20:1"], "period and draws are the same at every point"),
        (["services.stit.capacity=1:9:1"] * 2, "is named twice"),
        (["services.stit.starts=1:9:1", "services.stit.starts.mon=1:2:1"], "vary one of the two"),
        (["services.stit.capacity=0:1000000:1"], "1,000,001 points, but at most 1,000,000"),
        ([], "nothing varies"),
    ],
)  # fmt: skip
def test_what_cannot_vary_is_said_in_words(vary: list[str], words: str) -> None:
    def attempt() -> None:
        plan = designed(*vary)
        try_points(small_city(), plan, table_of(plan, 1))

    with pytest.raises(FlowsimError) as caught:
        attempt()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "points", "words"),
    [
        ("net", 5, 'no design "net"; choose one of: grid, sobol, lhs'),
        ("grid", 5, "--points is for sobol and lhs"),
        ("sobol", None, "needs --points"),
        ("lhs", 0, "0 points cannot be run"),
        ("lhs", 2_000_000, "at most 1,000,000"),
    ],
)
def test_designs_that_cannot_be_are_said_in_words(kind: str, points: int | None, words: str) -> None:
    with pytest.raises(FlowsimError, match=words):
        designed(f"{CAPACITY}=1:9:1", kind=kind, points=points)


def test_a_point_that_makes_no_sense_is_refused_though_each_end_of_the_axis_is_in_range() -> None:
    plan = designed("streams.emergency.routes.d2a_home=0.2:0.9:0.1")
    try_points(small_city(), plan, table_of(plan, 1))  # "rest" takes what is left
    stated = from_text(SMALL.replace("CAPACITY", "14").replace('"rest"', "0.6"), "stated")
    with pytest.raises(FlowsimError, match="add up to 1"):
        try_points(stated, plan, table_of(plan, 1))


def test_a_change_that_sets_the_same_number_is_named() -> None:
    text = SMALL.replace("CAPACITY", "14") + (
        '[[changes]]\nlabel = "Weekends"\nfrom = 2017-10-10\n'
        'set = { "services.stit.starts" = { sat = 3 }, "services.allocation.capacity" = 4 }\n'
    )
    scenario = from_text(text, "changing")
    vary = (
        "services.stit.starts.mon=1:2:1",
        "services.stit.starts.sat=1:2:1",
        "services.allocation.capacity=1:2:1",
    )
    plan = design_of(scenario, tuple(axis_from(v) for v in vary))
    assert [note.partition(" holds until")[0] for note in overridden(scenario, plan)] == [
        "services.stit.starts.sat",
        "services.allocation.capacity",
    ]
