"""Reading what people have: each kind of file as it is published, and what was known at a cut."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flowsim.observed import Observed, contents, read_observed
from flowsim.scenario.files import bundled_folder
from tests.observed.files import REASONS, extract, extract_rows, return_sheets, workbook, write


def monthly(observed: Observed) -> pd.DataFrame:
    assert observed.monthly is not None
    return observed.monthly


def test_the_figures_that_come_along() -> None:
    found = read_observed("sheffield")
    table = monthly(found)
    year = table["2016-04-01":"2017-03-01"]
    # Facts: 48,969 delayed days, 134.2 beds a day; by body 59.5, 23.8, 16.7 %.
    assert year["total_days"].sum() == 48_969
    assert year["total_days"].sum() / 365 == pytest.approx(134.2, abs=0.05)
    bodies = year[["days_nhs", "days_social_care", "days_both"]].sum() / 48_969
    assert bodies.round(3).tolist() == [0.595, 0.238, 0.167]
    assert table.loc["2017-03-01", "days_C"] == 1_317
    assert table.loc["2017-09-01", "per_day"] == pytest.approx(65.63, abs=0.01)
    assert found.daily_beds is not None
    assert found.daily_beds.loc["2016-12-24", "occupied"] == 1_173
    assert found.admissions is not None
    assert found.admissions.loc["2016-05-01", "admissions_type_1"] == 2_796
    assert all("Open Government Licence" in source for source in found.sources)
    assert next(what for what, _ in contents(found)) == "days of delay by month"


def test_what_was_known_at_a_cut() -> None:
    before = read_observed("sheffield").until("2017-03-12")
    assert monthly(before).index[-1] == pd.Timestamp("2017-02-01")
    assert before.daily_beds is not None
    assert before.daily_beds.index[-1] == pd.Timestamp("2017-03-11")
    assert monthly(read_observed("sheffield").until("2017-04-01")).index[-1] == pd.Timestamp("2017-03-01")


def test_what_people_did_after_a_cut_is_missing(tmp_path: Path) -> None:
    text = "admitted,ready,left\n2017-01-01,2017-01-05,2017-01-09\n2017-01-02,2017-01-08,2017-01-20\n2017-02-01,,\n"
    people = read_observed(write(tmp_path / "list.csv", text)).until("2017-01-09").discharges
    assert people is not None
    assert len(people) == 2
    assert people["left"].isna().all()
    assert people["ready"].notna().all()


@pytest.mark.parametrize("area", ["Sheffield", "SHEFFIELD", "999"])
def test_the_published_extract_is_summed_over_trusts(tmp_path: Path, area: str) -> None:
    rows = [*extract_rows("SHEFFIELD", "999"), *extract_rows("WILTSHIRE", "817", 7)]
    table = monthly(read_observed(write(tmp_path / "extract.csv", extract(rows)), area))
    assert table.index.tolist() == [pd.Timestamp("2016-10-01")]
    row = table.iloc[0]
    # Two trusts, two kinds of bed, two bodies with the same number each; A SUM, patients, is not days.
    assert row["days_E"] == 40 * 8
    assert row["total_days"] == sum(REASONS.values()) * 8
    assert row["days_nhs"] == row["days_social_care"] == row["total_days"] / 2
    assert row["days_acute"] == row["days_non_acute"] == row["total_days"] / 2
    assert row["days_both"] == 0
    assert row["per_day"] == pytest.approx(row["total_days"] / 31)


def test_a_financial_year_ends_in_march(tmp_path: Path) -> None:
    rows = [
        *extract_rows("SHEFFIELD", "999", month="MARCH"),
        *extract_rows("SHEFFIELD", "999", month="APRIL"),
    ]
    table = monthly(read_observed(write(tmp_path / "extract.csv", extract(rows))))
    assert [f"{m:%Y-%m}" for m in table.index] == ["2016-04", "2017-03"]


@pytest.mark.parametrize("month", ["October 2016", "Oct-16", pd.Timestamp("2016-10-01").to_pydatetime()])
def test_the_published_workbook(tmp_path: Path, month: object) -> None:
    path = workbook(tmp_path / "LA-Type-B-October-2016.xlsx", return_sheets(month))
    table = monthly(read_observed(path, "Sheffield"))
    row = table.loc["2016-10-01"]
    assert row["total_days"] == 85
    assert (row["days_A"], row["days_Dii"], row["days_I"]) == (20, 9, 1)
    # The group of bodies that adds up to the total, not the first one.
    assert (row["days_nhs"], row["days_social_care"], row["days_both"]) == (50, 25, 10)
    assert monthly(read_observed(path, "Wiltshire"))["total_days"].tolist() == [25]
    assert monthly(read_observed(path, "E06000054"))["total_days"].tolist() == [25]


def test_the_published_workbook_of_those_years(tmp_path: Path) -> None:
    new = workbook(tmp_path / "new.xlsx", return_sheets(pd.Timestamp("2016-10-01").to_pydatetime()))
    old = Path(__file__).parent / "old" / "return-october-2016.xls"
    for area in ("Sheffield", "E06000054"):
        pd.testing.assert_frame_equal(
            monthly(read_observed(old, area)), monthly(read_observed(new, area)), check_dtype=False
        )
    (tmp_path / "months").mkdir()
    shutil.copy(old, tmp_path / "months" / "October.XLS")
    assert monthly(read_observed(tmp_path / "months", "Sheffield"))["total_days"].tolist() == [85]


def test_a_folder_of_months_is_one_series(tmp_path: Path) -> None:
    for month in ("October 2016", "November 2016", "January 2017"):
        workbook(tmp_path / f"{month}.xlsx", return_sheets(month))
    found = read_observed(tmp_path, "Sheffield")
    assert [f"{m:%Y-%m}" for m in monthly(found).index] == ["2016-10", "2016-11", "2017-01"]
    assert any("2016-12" in note for note in found.notes)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_census_by_day(tmp_path: Path, ending: str) -> None:
    if ending == "csv":
        path = write(tmp_path / "c.csv", "Date;A;E;Total\n01/10/2017;20;30;50\n02/10/2017;21;29;50\n")
    else:
        first = pd.Timestamp("2017-10-01").to_pydatetime()
        rows: list[list[Any]] = [
            ["Census of the ward"],
            [],
            ["Date", "A) assessment", "E) care package"],
            [first, 20, 30],
            ["02/10/2017", 21, 29],
        ]
        path = workbook(tmp_path / "c.xlsx", {"Census": rows})
    census = read_observed(path).census
    assert census is not None
    assert census.loc["2017-10-02"].to_dict() == {"A": 21, "E": 29, "total": 50}


def test_a_census_with_a_row_for_each_reason(tmp_path: Path) -> None:
    text = "date,reason,people\n2017-10-01,A,4\n2017-10-01,Dii,3\n2017-10-02,A,5\n"
    census = read_observed(write(tmp_path / "c.csv", text)).census
    assert census is not None
    assert census["Dii"].tolist() == [3, 0]
    assert census["total"].tolist() == [7, 5]


def test_a_list_of_discharges(tmp_path: Path) -> None:
    text = (
        "Pseudonym,Admission date,Medically fit,Discharge date,Pathway,Delay reason\n"
        "a1,01/02/2017 10:30,05/02/2017 09:00,07/02/2017 15:00,home,\n"
        "a2,03/02/2017 22:00,10/02/2017 08:00,,D2A at home,E) Awaiting care package\n"
    )
    found = read_observed(write(tmp_path / "list.csv", text))
    people = found.discharges
    assert people is not None
    assert people["admitted"].tolist() == [pd.Timestamp("2017-02-01 10:30"), pd.Timestamp("2017-02-03 22:00")]
    assert people["left"].isna().tolist() == [False, True]
    assert people["reason"].tolist() == ["", "E"]
    assert any("1 of 2 people have not left" in note for note in found.notes)


def test_excel_on_windows_writes_its_own_letters(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes("Date,A,E – care package\n2017-10-01,1,2\n".encode("cp1252"))
    assert read_observed(path).census is not None


def test_what_is_exported_can_be_read_again(tmp_path: Path) -> None:
    table = monthly(read_observed("sheffield"))
    table.reset_index().to_csv(tmp_path / "again.csv", index=False)
    pd.testing.assert_frame_equal(monthly(read_observed(tmp_path / "again.csv")), table, check_dtype=False)


def test_every_file_that_comes_along_is_read_or_said_to_be_another(tmp_path: Path) -> None:
    folder = bundled_folder() / "observed"
    assert (
        monthly(read_observed(folder / "england_dtoc_by_reason.csv")).loc["2016-02-01", "total_days"]
        == 158_055
    )
    shutil.copytree(folder, tmp_path / "all")
    with pytest.raises(Exception, match="none of its tables is known") as problem:
        read_observed(tmp_path / "all")
    assert "sheffield_population.csv" in str(problem.value)
