"""Reading strangers' workbooks (XLSX, and XLS of Excel 97 to 2003): the cells of each sheet, within limits, each file refused in words and quickly.

Writing them is `flowsim.report.takeaway`'s business.
"""

from __future__ import annotations

import datetime as dt
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

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
# In an old workbook all sheets can be said to stand at one place: then the file is read once for each of them.
MOST_OLD_BYTES_READ: Final = 100_000_000
# How a file of Excel 97 to 2003 begins, and also a new one with a password: a file system in a file.
_OLD_OR_LOCKED: Final = b"\xd0\xcf\x11\xe0"
# What stands in that file system where a new workbook has a password.
_LOCKED_NEW: Final = "EncryptedPackage".encode("utf-16-le")
_SAVE_ANEW: Final = 'open it and save it anew as "Excel workbook (.xlsx)"'

# The name of a sheet, and its rows one after another.
_Sheet = tuple[str, Iterable[list[Cell]]]


def read_workbook(path: Path) -> dict[str, Rows]:
    """The rows of every sheet of a workbook, by the sheet's name, in its order.

    A cell holds what Excel showed when the file was saved: text, a number, a date, or None; formulas
    are never worked out. Empty cells at the end of a row, and empty rows at the end of a sheet, are
    left out. Raises ScenarioError where the file is no workbook or too large for one.
    """
    return workbook_in(read_bytes(path, MOST_BYTES, "a workbook"), printable(str(path)))


def workbook_in(data: bytes, name: str) -> dict[str, Rows]:
    """The same of the content of a file, which complaints call `name`."""
    read = _old_sheets if data[:4] == _OLD_OR_LOCKED else _new_sheets
    try:
        with warnings.catch_warnings():
            # They warn of what they do not know, such as a drop-down list; cells are all that is wanted.
            warnings.simplefilter("ignore")
            return _within_limits(read(data, name), name)
    except ScenarioError:
        raise
    except Exception:  # whatever a damaged file makes the reader stumble over
        raise _wrong(name, f"is damaged, or no workbook; {_SAVE_ANEW}") from None


def _new_sheets(data: bytes, name: str) -> Iterator[_Sheet]:
    """The sheets of an XLSX file."""
    _refuse_bombs(data, name)

    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    for sheet in book.worksheets:
        # What a file states as its size need not be true.
        sheet.reset_dimensions()
        yield sheet.title, (list(cells) for cells in sheet.iter_rows(values_only=True))


def _old_sheets(data: bytes, name: str) -> Iterator[_Sheet]:
    """The sheets of an XLS file, each read when its turn comes and let go after it."""
    if _LOCKED_NEW in data:
        raise _locked(name)

    import xlrd

    try:
        # It talks about what is odd in a file to standard output unless it is given another place.
        book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), on_demand=True, ragged_rows=True)
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise _locked(name) from None
        raise
    if book.nsheets * len(data) > MOST_OLD_BYTES_READ:
        raise _wrong(name, f"is too large for an old workbook of {book.nsheets} sheets; {_SAVE_ANEW}")
    for number, title in enumerate(book.sheet_names()):
        sheet = book.sheet_by_index(number)
        yield title, ([_old_cell(cell, book.datemode) for cell in row] for row in sheet.get_rows())
        book.unload_sheet(number)


def _old_cell(cell: Any, epoch: int) -> Cell:
    """A cell of an XLS file as an XLSX file would have given it."""
    import xlrd

    if cell.ctype == xlrd.XL_CELL_TEXT:
        return str(cell.value)
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        # The old format knows no whole numbers.
        value = float(cell.value)
        return int(value) if value.is_integer() else value
    if cell.ctype == xlrd.XL_CELL_DATE:
        moment: dt.datetime = xlrd.xldate_as_datetime(cell.value, epoch)
        return moment.time() if cell.value < 1 else moment
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#VALUE!"))
    return None


def _wrong(name: str, words: str) -> ScenarioError:
    return ScenarioError([f"{name}: {words}"])


def _locked(name: str) -> ScenarioError:
    return _wrong(name, "has a password; save it without one")


def _refuse_bombs(data: bytes, name: str) -> None:
    """Raise ScenarioError for what is no zip of a sensible size; nothing is unpacked for it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        raise _wrong(name, "is not a workbook (.xlsx); a text file with commas is a CSV file, and ends in .csv") from None  # fmt: skip
    # zipfile never unpacks more of a member than is stated here.
    if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_UNPACKED_BYTES:
        raise _wrong(name, f"is too large for a workbook: at most {MOST_UNPACKED_BYTES:,} bytes when unpacked")  # fmt: skip


def _within_limits(sheets: Iterable[_Sheet], name: str) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    room = MOST_CELLS
    for title, lines in sheets:
        if len(found) == MOST_SHEETS:
            raise _wrong(name, f"has more than {MOST_SHEETS} sheets")
        where = f"sheet {shortened(title)}"
        rows: Rows = []
        for number, cells in enumerate(lines, start=1):
            row = _trimmed(cells)
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
        found[title] = rows
    return found


def _trimmed(row: list[Cell]) -> list[Cell]:
    """A row without the empty cells at its end; blanks alone are empty."""
    cells = [None if isinstance(cell, str) and not cell.strip() else cell for cell in row]
    while cells and cells[-1] is None:
        cells.pop()
    return cells
