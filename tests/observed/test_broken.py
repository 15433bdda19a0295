"""Files that cannot be used: each refused in words that name file, row and column, and nothing else happens."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import pytest

from flowsim.errors import DataError
from flowsim.observed import read_observed
from flowsim.observed.today import read_today
from tests.observed.files import extract, extract_rows, return_sheets, workbook, write

MONTHS = "month,A,B,C,Di,Dii,E,F,G,H,I,total,nhs,social_care,both\n2017-10,1,1,1,1,1,1,1,1,1,1,10,5,4,1\n"
CENSUS = "date,A,E,total\n2017-10-01,1,2,3\n"
LIST = "admitted,ready,left,reason\n2017-01-01,2017-01-03,2017-01-05,A\n"


def complaints(path: Path | str, area: str | None = None) -> tuple[str, ...]:
    with pytest.raises(DataError) as problem:
        read_observed(path, area)
    return problem.value.complaints


BROKEN = {
    "no month": (MONTHS.replace("2017-10,", "soon,"), 'row 2, column "month"', '"soon" is no month'),
    "a month twice": (MONTHS + MONTHS.splitlines()[1] + "\n", 'row 3, column "month"', "2017-10 is there for a second time"),
    "a number that is none": (MONTHS.replace("10,1,1,", "10,1,many,"), 'row 2, column "B"', '"many" is no number of days'),
    "a negative number": (MONTHS.replace("10,1,1,", "10,1,-4,"), 'row 2, column "B"', '"-4" is no number of days'),
    "not a number": (MONTHS.replace("10,1,1,", "10,1,nan,"), 'row 2, column "B"', '"nan" is no number of days'),
    "infinite": (MONTHS.replace("10,1,1,", "10,1,1e999,"), 'row 2, column "B"', '"1e999" is no number of days'),
    "an empty cell": (MONTHS.replace("10,1,1,", "10,1,,"), 'row 2, column "B"', "nothing is no number of days"),
    "reasons do not add up": (MONTHS.replace(",10,5,4,1", ",12,7,4,1"), "row 2", "the reasons add up to 10 days, but the total says 12"),
    "some of the reasons are more than the total": ("month,total,A,E\n2017-08,100,1000,2000\n", "row 2", "the reasons add up to 3,000 days, but the total says 100"),
    "bodies do not add up": (MONTHS.replace(",5,4,1", ",5,4,3"), "row 2", "the responsible bodies add up to 12 days"),
    "no months": (MONTHS.splitlines()[0] + "\n", "file.csv", "has a header but no months under it"),
    "census: no date": (CENSUS.replace("2017-10-01", "10/13/2017"), 'row 2, column "date"', '"10/13/2017" is no date'),
    "census: part of a person": (CENSUS.replace(",1,2,3", ",1.5,2,3"), 'row 2, column "A"', '"1.5" is no number of people'),
    "census: total": (CENSUS.replace(",1,2,3", ",1,2,9"), "row 2", "the reasons add up to 3, but the total says 9"),
    "census: a day twice": (CENSUS + "01/10/2017,1,2,3\n", "row 3", "2017-10-01 is there for a second time"),
    "census: year 1017": (CENSUS.replace("2017-10", "1017-10"), 'row 2, column "date"', "is no date"),
    "list: wrong order": (LIST.replace("2017-01-05", "2017-01-02"), "row 2", "left on 2017-01-02, before ready on 2017-01-03"),
    "list: no admission": (LIST.replace("\n2017-01-01", "\n"), 'row 2, column "admitted"', "nothing is no date"),
    "list: month before day": (LIST.replace("2017-01-05", "01/15/2017"), 'row 2, column "left"', "is no date; write it as 2017-10-01 or 01/10/2017"),
    "list: no reason of ours": (LIST.replace(",A", ",Z"), 'row 2, column "reason"', '"Z" is no national reason code'),
    "list: eleven years": (LIST.replace("2017-01-05", "2028-01-05"), "row 2", "more than ten years after ready"),
    "list: names": (LIST.replace("reason", "Surname"), "row 1", 'would say who somebody is: column Surname'),
    "list: NHS numbers": (LIST.replace("reason", "spell").replace(",A", ",943 476 5919"), 'row 2, column "spell"', "valid NHS number"),
    "beds: more than there are": ("date,open,occupied\n2017-01-01,10,99\n", "row 2", "99 beds occupied of 10 open"),
    "nothing known": ("a,b\n1,2\n", "file.csv", "none of its tables is known; it begins with: a, b"),
    "empty": ("\n", "file.csv", "is empty"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_and_its_sentence(tmp_path: Path, name: str) -> None:
    text, where, words = BROKEN[name]
    told = complaints(write(tmp_path / "file.csv", text))
    assert any(where in one and words in one for one in told), told
    assert all("file.csv" in one for one in told)


def test_all_complaints_at_once(tmp_path: Path) -> None:
    text = "month,A,total\nsoon,1,1\n2017-10,x,1\n2017-11,1,-1\n"
    assert len(complaints(write(tmp_path / "file.csv", text))) == 3
    many = "month,A,total\n" + "soon,1,1\n" * 100
    told = complaints(write(tmp_path / "file.csv", many))
    assert len(told) == 41
    assert "60 more" in told[-1]


def test_the_complaints_of_every_file_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "one.csv", BROKEN["no month"][0])
    write(tmp_path / "two.csv", BROKEN["census: total"][0])
    told = complaints(tmp_path)
    assert any("one.csv" in one for one in told)
    assert any("two.csv" in one for one in told)


def test_one_month_in_two_files(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        write(tmp_path / name, MONTHS)
    (told,) = complaints(tmp_path)
    assert "two.csv" in told
    assert "2017-10, which another table has as well" in told


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (None, "holds 2 areas (SHEFFIELD, WILTSHIRE ...); say which with --area"),
        ("Sheffeld", 'has no area "Sheffeld"'),
    ],
)
def test_an_area_has_to_be_named(tmp_path: Path, area: str | None, words: str) -> None:
    rows = [*extract_rows("SHEFFIELD", "999"), *extract_rows("WILTSHIRE", "817")]
    (told,) = complaints(write(tmp_path / "extract.csv", extract(rows)), area)
    assert words in told


def test_an_extract_without_days_or_with_an_odd_month(tmp_path: Path) -> None:
    rows = extract_rows("SHEFFIELD", "999")
    patients = extract(rows).replace("NHS B SUM", "NHS snapshot")
    assert "has no column nhs B SUM" in complaints(write(tmp_path / "a.csv", patients))[0]
    told = complaints(write(tmp_path / "b.csv", extract([rows[0].replace("OCTOBER", "OCTOBRE")])))
    assert 'row 5, column "Period Name": "OCTOBRE" is no month of a financial year' in told[0]
    told = complaints(write(tmp_path / "c.csv", extract([rows[0].replace("A_COMPLETION", "Z_COMPLET")])))
    assert "is no national reason code" in told[0]


def test_a_workbook_of_patients_or_without_a_month(tmp_path: Path) -> None:
    sheets = return_sheets()
    for rows in sheets.values():
        for row in rows:
            row[:] = [
                "Number of patients on the last Thursday" if "Delayed Days" in str(c) else c for c in row
            ]
    assert (
        "counts patients at the month's snapshot, not days"
        in complaints(workbook(tmp_path / "a.xlsx", sheets), "Sheffield")[0]
    )
    told = complaints(workbook(tmp_path / "b.xlsx", return_sheets("last autumn")), "Sheffield")
    assert "names no month over its table" in told[0]


def test_bodies_that_fit_no_total(tmp_path: Path) -> None:
    sheets = return_sheets()
    sheets["LA - by responsible org"][-2][7] = 51
    (told,) = complaints(workbook(tmp_path / "a.xlsx", sheets), "Sheffield")
    assert "no group of NHS, Social Care and Both adds up to the total" in told


# Hostile files


def test_a_workbook_that_unpacks_to_far_more_than_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w") as member,
    ):
        for _ in range(64):
            member.write(b"0" * 2**20)
    assert path.stat().st_size < 1_000_000
    tracemalloc.start()
    (told,) = complaints(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "is too large for a workbook: at most 50,000,000 bytes when unpacked" in told
    assert peak < 40_000_000


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "is damaged, or no workbook"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 600, "is not a workbook (.xlsx)"),
        ("a.csv", "date,A\n".encode("utf-16"), "UTF-16"),
        ("a.csv", b"date,A\n\0\0\0", "zero bytes"),
        ("a.csv", b"date,A\n" + b"2017-10-01,1\n" * 200_001, "more than 200,000 rows"),
        ("a.csv", b"x" * 5_000_001, "is too large for a CSV file"),
        ("a.csv", b"," * 500, "has 501 columns; at most 400"),
        ("a.csv", b'date,A\n"' + b"x" * 140_000 + b'"\n', "is not a CSV file"),
    ],
)
def test_a_hostile_file_and_its_sentence(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert words in complaints(path)[0]


def test_a_cell_far_down_does_not_fill_the_memory(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"] = "date"
    book.active["B1048576"] = 1
    book.save(tmp_path / "a.xlsx")
    assert "more than 200,000 rows" in complaints(tmp_path / "a.xlsx")[0]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere.csv", "there is no such file"),
        ("sheffeld", 'did you mean "sheffield"'),
        ("nul.csv", "is the name of a device"),
    ],
)
def test_there_is_no_such_thing(
    source: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in complaints(source)[0]


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "holds no CSV file and no workbook" in complaints(tmp_path)[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what,in_hospital\nE,some\n", 'row 2, column "in_hospital": "some" is no number of people'),
        ("what,in_hospital\nE,4\nE,5\n", 'row 3, column "what": "E" is there for a second time'),
        ("what,in_hospital\n,4\n", "names neither a service nor a reason code"),
        ("what,in_hospital,waited_days\nE,4,-2\n", 'column "waited_days": "-2" is no number of days'),
        ("what,in_hospital,date\nE,4,2017-10-01\nA,4,2017-10-02\n", "holds counts of 2 days"),
        ("what,in_hospital\n", "has a header but nothing under it"),
        ("what,people\nE,4\n", "holds no counts of today"),
    ],
)
def test_counts_of_today_that_are_none(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError) as problem:
        read_today(write(tmp_path / "today.csv", text))
    assert words in str(problem.value)
