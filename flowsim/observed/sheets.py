"""What people bring as a file: a CSV file or a workbook as plain rows, refused in words where it could do harm."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flowsim.errors import DataError, ScenarioError
from flowsim.scenario.safely import read_bytes, text_of
from flowsim.scenario.words import printable, shortened

MOST_CSV_BYTES: Final = 5_000_000
MOST_WORKBOOK_BYTES: Final = 20_000_000
MOST_UNPACKED_BYTES: Final = 50_000_000
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 400
MOST_CELLS: Final = 4_000_000
MOST_SHEETS: Final = 60
# How old workbooks (.xls) begin: no library that we use reads them.
OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
# Names inside an XML file that stand for other text can be made to grow without end; no spreadsheet writes them.
XML_BOMB: Final = b"<!DOCTYPE"

Cell = str | int | float | bool | dt.datetime | dt.date | dt.time | None


@dataclass(frozen=True)
class Sheet:
    """Rows of cells as they stand in a file; text is stripped, empty cells are None."""

    file: str
    name: str | None
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def where(self) -> str:
        """The file, and the sheet of a workbook, as a complaint names them."""
        return self.file if self.name is None else f"{self.file}, sheet {shortened(self.name)}"


def read_sheets(path: Path) -> tuple[Sheet, ...]:
    """The sheets of a workbook, or a CSV file as one. Told apart by what they hold, not by their names.

    Raises DataError in words: no such file, too large, an old workbook, no CSV file, damaged.
    """
    name = printable(str(path))
    try:
        data = read_bytes(path, MOST_WORKBOOK_BYTES, "a table")
    except ScenarioError as error:
        raise DataError(error.complaints) from None
    if data[:4] == OLD_WORKBOOK:
        raise DataError(
            [
                f"{name}: is a workbook of the old kind (.xls) or locked by a password; open it and save it as .xlsx"
            ]
        )
    if data[:2] == b"PK":
        return _workbook(data, name)
    if len(data) > MOST_CSV_BYTES:
        size = f"{len(data):,} bytes; at most {MOST_CSV_BYTES:,} can be read"
        raise DataError([f"{name}: is too large for a CSV file: {size}"])
    return (Sheet(name, None, tuple(_csv_rows(_text(data, name), name))),)


def _text(data: bytes, name: str) -> str:
    """A CSV file as text: UTF-8, else what Excel on Windows writes. Raises DataError where it is neither."""
    try:
        return text_of(data, name)
    except ScenarioError as error:
        if b"\0" not in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            try:
                return data.decode("cp1252")
            except UnicodeDecodeError:
                pass
        raise DataError(error.complaints) from None


def _csv_rows(text: str, name: str) -> Iterator[tuple[Cell, ...]]:
    first = text[:4_000]
    divider = max(",;\t", key=first.count)
    cells = 0
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=divider), start=1):
            cells += len(row)
            _refuse_excess(number, len(row), cells, name)
            yield tuple(cell.strip() or None for cell in row)
    except csv.Error as error:
        raise DataError([f"{name}: is not a CSV file: {error}"]) from None


def _refuse_excess(row: int, columns: int, cells: int, where: str) -> None:
    if row > MOST_ROWS:
        raise DataError([f"{where}: has more than {MOST_ROWS:,} rows"])
    if columns > MOST_COLUMNS:
        raise DataError([f"{where}: row {row} has {columns:,} columns; at most {MOST_COLUMNS} can be read"])
    if cells > MOST_CELLS:
        raise DataError([f"{where}: has more than {MOST_CELLS:,} cells"])


def _workbook(data: bytes, name: str) -> tuple[Sheet, ...]:
    _refuse_bombs(data, name)
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        _refuse_many_sheets(len(visible), name)
        return tuple(Sheet(name, sheet.title, tuple(_sheet_rows(sheet, name))) for sheet in visible)
    except DataError:
        raise
    except Exception as problem:  # whatever a damaged workbook makes its reader stumble over
        raise DataError(
            [
                f"{name}: is not a workbook that can be read ({type(problem).__name__}); save it again as .xlsx or CSV"
            ]
        ) from None


def _refuse_many_sheets(sheets: int, name: str) -> None:
    if sheets > MOST_SHEETS:
        raise DataError([f"{name}: has {sheets} sheets; at most {MOST_SHEETS} can be read"])


def _refuse_bombs(data: bytes, name: str) -> None:
    """Raise DataError for a workbook that unpacks to too much, or holds what only an attack would."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > MOST_UNPACKED_BYTES:
                size = f"{unpacked:,} bytes; at most {MOST_UNPACKED_BYTES:,} can be read"
                raise DataError([f"{name}: is too large when it is unpacked: {size}"])
            for member in members:
                if member.filename.endswith((".xml", ".rels")) and XML_BOMB in packed.read(member):
                    raise DataError(
                        [f"{name}: holds names for text inside its XML, which no spreadsheet writes"]
                    )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise DataError([f"{name}: is damaged, or locked by a password; open it and save it again"]) from None


def _sheet_rows(sheet: Any, name: str) -> Iterator[tuple[Cell, ...]]:
    # What a sheet says of its own size may be wrong, or a trap.
    sheet.reset_dimensions()
    where = f"{name}, sheet {shortened(sheet.title)}"
    cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells += len(row)
        _refuse_excess(number, len(row), cells, where)
        yield tuple((cell.strip() or None) if isinstance(cell, str) else cell for cell in row)
