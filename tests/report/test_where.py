"""Where people wait agrees with the measures it is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowsim
from flowsim.decisions.bottlenecks import one_more_of_each, prices
from flowsim.errors import RunError
from flowsim.experiment.run import Effort, run_together
from flowsim.report.lives import bars, chosen_people, differences_in_wait, event_log, in_words
from flowsim.report.takeaway import csv_bytes, tables_of, workbook
from flowsim.report.where import (
    by_body,
    by_weekday,
    held_up,
    road,
    services_table,
    stages,
    straight_home_per_day,
)

SMALL = flowsim.load(Path(__file__).parents[1] / "pages" / "small.toml")
RESULT = flowsim.run(SMALL, replications=3, keep_journeys=3)


def test_who_is_held_up_in_hospital_is_the_excess() -> None:
    held = held_up(RESULT)
    in_hospital = held.loc[held["held_in"] == "Hospital", "people"].sum()
    assert in_hospital == pytest.approx(RESULT.interval("excess_mean").value)


def test_the_stages_add_up_to_the_excess() -> None:
    found = stages(RESULT)
    assert found["people"].sum() == pytest.approx(RESULT.interval("excess_mean").value)
    assert found["model"].sum() == pytest.approx(1)
    assert found["diagnostic"].sum() == pytest.approx(1)


def test_the_weekdays_have_the_mean_of_all_days() -> None:
    found = by_weekday(RESULT)
    assert found["value"].mean() == pytest.approx(RESULT.interval("delayed_mean").value)  # eight whole weeks


def test_the_road_brings_to_a_service_who_starts_there() -> None:
    moves = road(RESULT)
    to_stit = moves.loc[moves["destination"] == "STIT", "per_day"].sum()
    assert to_stit == pytest.approx(RESULT.per_replication["starts_stit_mean"].mean())


def test_everybody_who_leaves_hospital_is_on_the_road_or_goes_straight_home() -> None:
    moves = road(RESULT)
    out = moves.loc[moves["origin"] == "Hospital", "per_day"].sum()
    home = straight_home_per_day(RESULT)
    assert home > 0
    assert out + home == pytest.approx(RESULT.per_replication["discharges_mean"].mean(), rel=0.05)


def test_services_and_bodies() -> None:
    table = services_table(RESULT).set_index("service")
    assert list(table.index) == ["allocation", "stit"]
    assert 0 < table["use"].astype(float)["stit"] <= 1
    assert by_body(RESULT)["people"].sum() == 0  # the small scenario holds nobody responsible


def test_journeys_are_needed() -> None:
    with pytest.raises(RunError, match="no journeys were kept"):
        road(flowsim.run(SMALL, replications=1, keep_journeys=0))


def test_the_price_of_a_bottleneck_is_the_paired_difference() -> None:
    more = one_more_of_each(SMALL)
    assert [(one.service, one.what) for one in more] == [
        ("allocation", "one more start on each working day"),
        ("stit", "one more place"),
    ]
    base, *others = run_together([SMALL, *(one.scenario for one in more)], Effort(replications=6))
    found = prices(base, list(zip(more, others, strict=True))).set_index("service")
    expected = others[1].per_replication["delayed_mean"] - base.per_replication["delayed_mean"]
    assert found.loc["stit", "value"] == pytest.approx(expected.mean())
    low, value, high = (float(found[column]["stit"]) for column in ("low", "value", "high"))
    assert low < value < high


def test_the_same_people_in_two_scenarios() -> None:
    plan = one_more_of_each(SMALL)[1].scenario
    base, other = run_together([SMALL, plan], Effort(replications=1, keep_journeys=1))
    people = chosen_people(base, 12)
    assert len(people) == 12
    tables = [bars(base, people), bars(other, people)]
    for table in tables:
        assert (table["end"] > table["begin"]).all()
        for _, own in table.groupby(["stream", "person"]):
            # One place at a time: a phase begins where the last one ended.
            inside = own.sort_values("begin")
            assert np.allclose(inside["begin"].iloc[1:], inside["end"].iloc[:-1])
    waits = differences_in_wait(tables)
    assert len(waits) == 12
    assert "wait less with" in in_words(waits, [base.scenario.name, other.scenario.name])


def test_an_event_log_begins_and_ends_every_life() -> None:
    log = event_log(RESULT, 20, 7)
    for _, own in log.groupby("entity_id"):
        assert own["event"].iloc[0] == "arrival"
        assert own["event"].iloc[-1] == "depart"
        assert own["time"].is_monotonic_increasing
        assert own["time"].between(0, 7).all()


def test_text_in_a_workbook_is_no_formula() -> None:
    import io

    import openpyxl
    import pandas as pd

    evil = pd.DataFrame(
        {"=cmd()": ["=1+1", "@x", "+2", "-3", "http://example.org"], "number": [1.5, float("nan"), 2, 3, 4]}
    )
    sheet = openpyxl.load_workbook(io.BytesIO(workbook({"=Sheet[1]": evil}))).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)
    assert [sheet.cell(2, 1).value, sheet.cell(2, 2).value, sheet.cell(3, 2).value] == ["=1+1", 1.5, None]
    assert b"'=1+1" in csv_bytes(evil)


def test_the_tables_to_take_away_hold_the_summary() -> None:
    assert tables_of([RESULT])["Summary"].equals(RESULT.summary)
