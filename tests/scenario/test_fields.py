"""The table of inputs, and where a scenario's figures come from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from flowsim.scenario import inputs, inputs_of
from flowsim.scenario.sources import source_in
from tests.cities import little_city, write


def table(path: Path) -> pd.DataFrame:
    return inputs_of(path).set_index("path")


def test_every_input_says_what_it_is() -> None:
    fields = inputs()
    assert all(f.label for f in fields)
    assert len({f.path for f in fields}) == len(fields)
    numbers = [f for f in fields if f.type in ("number", "whole number")]
    assert all(f.low is not None and f.high is not None for f in numbers)
    assert all(f.hint for f in numbers)
    assert all(f.unit for f in numbers if f.label not in ("Seed", "Priority"))


def test_inputs_by_path() -> None:
    by_path = {f.path: f for f in inputs()}
    capacity = by_path["services.*.capacity"]
    assert (capacity.label, capacity.unit, capacity.type, capacity.default) == (
        "Capacity",
        "capacity units",
        "number",
        None,
    )
    assert (capacity.low, capacity.high, capacity.group, capacity.required) == (0, 1e9, "services", False)
    assert by_path["services.*.kind"].choices == ("place", "team")
    assert by_path["services.*.starts"].type == "weekdays"
    assert by_path["routes.*.at.*.stay"].type == "distribution"
    assert by_path["streams.*.routes"].type == "shares"
    assert by_path["streams.*.per_day"].required
    assert by_path["changes.*.from"].type == "date"
    assert by_path["distribution.mean"].unit == "days"
    assert by_path["run.days"].default == 182
    assert "name" not in by_path


def test_the_comment_behind_a_figure_is_its_source(tmp_path: Path) -> None:
    rows = table(write(tmp_path, "x", little_city()))
    assert tuple(rows.loc["counting.adults", ["value", "source", "confidence"]]) == (
        100000,
        "Office for National Statistics, rounded",
        "H",
    )
    assert tuple(rows.loc["target.delayed", ["source", "confidence"]]) == (
        "assumption: as the city's, for its size",
        "assumption",
    )
    # A comment behind a table written on one line holds for everything in it.
    assert rows.loc["routes.d2a_home.stay.p90", "confidence"] == "tuned"
    assert rows.loc["routes.d2a_home.stay.p90", "label"] == "Stay: 90th percentile"
    assert rows.loc["streams.emergency.routes.d2a_home", "confidence"] == "L"
    assert tuple(rows.loc["streams.community.per_day", ["source", "confidence"]]) == ("", "")


def test_changes_are_described_by_what_they_alter(tmp_path: Path) -> None:
    rows = table(write(tmp_path, "x", little_city()))
    factor = rows.loc['changes[2].scale."streams.emergency.per_day"']
    assert tuple(factor[["value", "label", "unit"]]) == (1.1, "People per day", "factor")
    starts = rows.loc['changes[1].set."services.stit.starts".sat']
    assert tuple(starts[["value", "label", "unit"]]) == (4, "Starts, sat", "people per day")


def test_sources_are_inherited_until_a_figure_is_stated_again(tmp_path: Path) -> None:
    write(
        tmp_path,
        "base",
        little_city().replace("starts = { sat = 1, sun = 0 }", "starts = { sat = 1, sun = 0 } # rota (M)"),
    )
    rows = table(
        write(
            tmp_path,
            "derived",
            'base = "base"\n[target]\ndelayed = 20\n[services.stit]\ncapacity = 300 # a count (H)\n'
            "[services.ic_beds]\nstarts = { sat = 3 } # plan (L)\n"
            '[[changes]]\nlabel = "x"\nfrom = 2017-12-01\nadd = { "services.stit.capacity" = 5 } # assumption: a guess\n',
        )
    )
    assert rows.loc["counting.adults", "confidence"] == "H"
    assert tuple(rows.loc["target.delayed", ["value", "source"]]) == (20, "")
    assert tuple(rows.loc["services.stit.capacity", ["value", "source"]]) == (300, "a count")
    assert tuple(rows.loc["services.ic_beds.starts.sat", ["value", "source"]]) == (3, "plan")
    assert tuple(rows.loc["services.ic_beds.starts.sun", ["value", "source"]]) == (0, "rota")
    assert rows.loc['changes[3].add."services.stit.capacity"', "confidence"] == "assumption"
    assert rows.loc["changes[1].label", "value"] == "Seven-day pick-up by STIT"


def test_a_number_for_all_days_takes_the_place_of_a_table(tmp_path: Path) -> None:
    write(
        tmp_path,
        "base",
        little_city().replace("starts = { sat = 1, sun = 0 }", "starts = { sat = 1, sun = 0 } # rota (M)"),
    )
    rows = table(write(tmp_path, "derived", 'base = "base"\n[services.ic_beds]\nstarts = 2\n'))
    assert rows.loc["services.ic_beds.starts.sat", "value"] == 2
    assert rows.loc["services.ic_beds.starts.sat", "source"] == ""


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("King's Fund 2018 (M)", ("King's Fund 2018", "M")),
        ("assumption: nobody knows", ("assumption: nobody knows", "assumption")),
        ("Assumption (L)", ("Assumption (L)", "assumption")),
        ("tuned: to 134", ("tuned: to 134", "tuned")),
        ("a remark", ("a remark", "")),
        ("", ("", "")),
    ],
)
def test_a_comment_taken_apart(comment: str, expected: tuple[str, str]) -> None:
    assert source_in(comment) == expected
