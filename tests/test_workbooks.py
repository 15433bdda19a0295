"""Strangers' workbooks: what they hold is read as Excel shows it; what is no workbook is refused in words."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from flowsim.errors import ScenarioError
from flowsim.workbooks import read_workbook

# Made with xlwt, which writes the format of Excel 97 to 2003.
OLD = Path(__file__).parent / "observed" / "old"
SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
# Nine levels of ten: a thousand letters become 10^12.
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "'
    + b"x" * 1000
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, (b"&%c;" % (97 + i)) * 10) for i in range(9))
    + b"]>"
)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Answers"
    sheet["A1"], sheet["C3"], sheet["B2"], sheet["A5"] = "STIT", 2.5, dt.date(2017, 10, 1), "  "
    book.create_sheet("Empty")
    book.save(tmp_path / "good.xlsx")
    return tmp_path / "good.xlsx"


def altered(good: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """A workbook with one of its parts changed."""
    path = good.with_name("altered.xlsx")
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, change(data) if info.filename == member else data)
    return path


def test_cells_are_what_excel_shows(good: Path) -> None:
    assert read_workbook(good) == {
        "Answers": [["STIT"], [None, dt.datetime(2017, 10, 1)], [None, None, 2.5]],  # noqa: DTZ001
        "Empty": [],
    }


def _moved(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new)

    return change


def _sheet_of(text: bytes, head: bytes = b"") -> Callable[[bytes], bytes]:
    cell = b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + text + b"</t></is></c></row>"
    return lambda _: head + b"<worksheet " + NAMESPACE + b"><sheetData>" + cell + b"</sheetData></worksheet>"


@pytest.mark.parametrize(
    ("member", "change", "words"),
    [
        (SHEET, lambda data: data + b" " * 60_000_000, "too large for a workbook"),
        (SHEET, _moved(b'r="C3"', b'r="XFD3"'), "row 3: has more than 500 columns"),
        (SHEET, _moved(b'r="3"', b'r="1048576"'), "has more than 200,000 rows"),
        (SHEET, _moved(b'r="3"', b'r="99999999999"'), "has more than 200,000 rows"),
        (SHEET, lambda data: data[:200], "is damaged"),
        (SHEET, _moved(b"2.5", b"9" * 50_000), "is damaged"),
        (SHEET, _moved(b"<v>2.5", b"<v>" + b"<a>" * 50_000), "is damaged"),
        (SHEET, _sheet_of(b"&j;", LAUGHS), "is damaged"),
        ("xl/workbook.xml", lambda data: LAUGHS + _moved(b"<sheets>", b"<sheets>&j;")(data), "is damaged"),
        (
            SHEET,
            _sheet_of(b"&e;", b'<!DOCTYPE l [<!ENTITY e SYSTEM "file:///etc/hostname">]>'),
            "is damaged",
        ),
    ],
)
def test_a_hostile_workbook_is_refused(
    good: Path, member: str, change: Callable[[bytes], bytes], words: str
) -> None:
    with pytest.raises(ScenarioError, match=r"altered\.xlsx: .*" + words):
        read_workbook(altered(good, member, change))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not a workbook"),
        (b"month,total\n2016-04,3000\n", "a text file with commas is a CSV file"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "is damaged, or no workbook"),
        (b"PK\x05\x06" + bytes(18), "is damaged, or no workbook"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "other.xlsx").write_bytes(data)
    with pytest.raises(ScenarioError, match=words):
        read_workbook(tmp_path / "other.xlsx")


def test_cells_of_an_old_workbook_are_what_excel_shows() -> None:
    assert read_workbook(OLD / "cells.xls") == {
        "Cells": [
            ["STIT", 1, 2.5, True],
            [None, dt.datetime(2017, 10, 1), dt.time(8, 30), "#N/A"],  # noqa: DTZ001
        ],
        "Empty": [],
    }


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _renamed_stream(new: str) -> Callable[[bytes], bytes]:
    return _moved("Workbook".encode("utf-16-le"), new.encode("utf-16-le"))


def _with_password(data: bytes) -> bytes:
    """With the record that says that what follows is encrypted, where the code page was said."""
    at = data.index(b"\x42\x00\x02\x00")
    return data[:at] + b"\x2f\x00" + data[at + 2 :]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_cut, "is damaged, or no workbook"),
        (_renamed_stream("Wordbook"), "is damaged, or no workbook"),
        (_with_password, "has a password; save it without one"),
        (lambda data: data + "EncryptedPackage".encode("utf-16-le"), "has a password; save it without one"),
        (lambda data: data + bytes(20_000_000), "at most 20,000,000 can be read"),
    ],
)
def test_a_hostile_old_workbook_is_refused(
    tmp_path: Path, change: Callable[[bytes], bytes], words: str
) -> None:
    path = tmp_path / "altered.xls"
    path.write_bytes(change((OLD / "cells.xls").read_bytes()))
    with pytest.raises(ScenarioError, match=words):
        read_workbook(path)


def test_sheets_of_an_old_workbook_are_not_read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowsim.workbooks.MOST_OLD_BYTES_READ", 10_000)
    with pytest.raises(ScenarioError, match="too large for an old workbook of 2 sheets"):
        read_workbook(OLD / "cells.xls")


def test_a_workbook_is_told_by_what_it_holds_not_by_its_name(good: Path, tmp_path: Path) -> None:
    for source, name in ((good, "new.xls"), (OLD / "cells.xls", "old.xlsx")):
        (tmp_path / name).write_bytes(source.read_bytes())
        assert read_workbook(tmp_path / name) == read_workbook(source)


def test_a_missing_file_and_a_folder_are_said_in_words(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none.xlsx", "there is no such file"), (tmp_path, "is a folder")):
        with pytest.raises(ScenarioError, match=words):
            read_workbook(path)
