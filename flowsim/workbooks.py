"""Reading strangers' workbooks (XLSX): the cells of each sheet, within limits, each file refused in words and quickly.

Writing them is `flowsim.report.takeaway`'s business.
"""

from __future__ import annotations

import datetime as dt
import io
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from flowsim.errors import ScenarioError
from flowsim.scenario.safely import read_bytes
from flowsim.scenario.words import printable, shortened

Cell = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None
Rows = list[list[Cell]]

# The national return as a workbook has some 200 KB; what unpacks to more than this is a bomb.
MOST_BYTES: Final = 20_000_000
MOST_UNPACKED_BYTES: Final = 50_000_000
MOST_MEMBERS: Final = 1_000
MOST_SHEETS: Final = 100
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 500
MOST_CELLS: Final = 2_000_000
# How files begin that people take for workbooks: Excel 97 to 2003, or any file with a password.
_OLD_OR_LOCKED: Final = b"\xd0\xcf\x11\xe0"


def read_workbook(path: Path) -> dict[str, Rows]:
    """The rows of every sheet of a workbook, by the sheet's name, in its order.

    A cell holds what Excel showed when the file was saved: text, a number, a date, or None; formulas
    are never worked out. Empty cells at the end of a row, and empty rows at the end of a sheet, are
    left out. Raises ScenarioError where the file is no workbook or too large for one.
    """
    name = printable(str(path))
    data = read_bytes(path, MOST_BYTES, "a workbook")
    _refuse_bombs(data, name)

    import openpyxl

    try:
        with warnings.catch_warnings():
            # It warns of what it does not know, such as a drop-down list; cells are all that is wanted.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            return _sheets(book.worksheets, name)
    except ScenarioError:
        raise
    except Exception:  # whatever a damaged file makes the reader stumble over
        raise _wrong(name, 'is damaged, or no workbook; open it and save it anew as "Excel workbook (.xlsx)"') from None  # fmt: skip


def _wrong(name: str, words: str) -> ScenarioError:
    return ScenarioError([f"{name}: {words}"])


def _refuse_bombs(data: bytes, name: str) -> None:
    """Raise ScenarioError for what is no zip of a sensible size; nothing is unpacked for it."""
    if data[:4] == _OLD_OR_LOCKED:
        raise _wrong(name, 'is an old Excel file or has a password; save it as "Excel workbook (.xlsx)" without one')  # fmt: skip
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        raise _wrong(name, "is not a workbook (.xlsx); a text file with commas is a CSV file, and ends in .csv") from None  # fmt: skip
    # zipfile never unpacks more of a member than is stated here.
    if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_UNPACKED_BYTES:
        raise _wrong(name, f"is too large for a workbook: at most {MOST_UNPACKED_BYTES:,} bytes when unpacked")  # fmt: skip


def _sheets(sheets: Iterable[object], name: str) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    room = MOST_CELLS
    for sheet in sheets:
        if len(found) == MOST_SHEETS:
            raise _wrong(name, f"has more than {MOST_SHEETS} sheets")
        where = f"sheet {shortened(sheet.title)}"  # type: ignore[attr-defined]
        rows: Rows = []
        # What a file states as its size need not be true.
        sheet.reset_dimensions()  # type: ignore[attr-defined]
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):  # type: ignore[attr-defined]
            row = _trimmed(list(cells))
            room -= len(row)
            if number > MOST_ROWS:
                raise _wrong(name, f"{where}: has more than {MOST_ROWS:,} rows")
            if len(row) > MOST_COLUMNS:
                raise _wrong(name, f"{where}, row {number}: has more than {MOST_COLUMNS} columns")
            if room < 0:
                raise _wrong(name, f"has more than {MOST_CELLS:,} cells")
            rows.append(row)
        while rows and not rows[-1]:
            rows.pop()
        found[sheet.title] = rows  # type: ignore[attr-defined]
    return found


def _trimmed(row: list[Cell]) -> list[Cell]:
    """A row without the empty cells at its end; blanks alone are empty."""
    cells = [None if isinstance(cell, str) and not cell.strip() else cell for cell in row]
    while cells and cells[-1] is None:
        cells.pop()
    return cells
