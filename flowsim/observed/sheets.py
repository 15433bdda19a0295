"""What people bring as a file: a CSV file, or a workbook (`flowsim.workbooks`), as plain rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flowsim.errors import DataError, ScenarioError
from flowsim.scenario.safely import read_bytes, refuse_size, text_of
from flowsim.scenario.words import printable, shortened
from flowsim.workbooks import MOST_BYTES, Cell, workbook_in

MOST_CSV_BYTES: Final = 5_000_000
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 400
MOST_CELLS: Final = 4_000_000
# How a workbook begins: of today's kind, and of the old kind (.xls) or with a password.
WORKBOOKS: Final = (b"PK", b"\xd0\xcf")


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


@dataclass(frozen=True)
class Handed:
    """A file that somebody handed over in a browser. It may list people, so it stays in memory: no disk holds it."""

    name: str
    data: bytes

    def __str__(self) -> str:
        return self.name


def read_sheets(source: Path | Handed) -> tuple[Sheet, ...]:
    """The sheets of a workbook, or a CSV file as one. Told apart by what they hold, not by their names.

    Raises DataError in words: no such file, too large, a password, no CSV file, damaged.
    """
    name = printable(str(source))
    try:
        data = _content(source)
        if data[:2] in WORKBOOKS:
            return tuple(
                Sheet(name, title, tuple(tuple(map(_stripped, row)) for row in rows))
                for title, rows in workbook_in(data, name).items()
            )
    except ScenarioError as error:
        raise DataError(error.complaints) from None
    if len(data) > MOST_CSV_BYTES:
        size = f"{len(data):,} bytes; at most {MOST_CSV_BYTES:,} can be read"
        raise DataError([f"{name}: is too large for a CSV file: {size}"])
    return (Sheet(name, None, tuple(_csv_rows(_text(data, name), name))),)


def _content(source: Path | Handed) -> bytes:
    if isinstance(source, Path):
        return read_bytes(source, MOST_BYTES, "a table")
    refuse_size(len(source.data), MOST_BYTES, "a table", printable(source.name))
    return source.data


def _stripped(cell: Cell) -> Cell:
    return (cell.strip() or None) if isinstance(cell, str) else cell


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
