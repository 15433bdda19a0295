"""What a cell says: months, days, numbers and the national reason codes, as people and the NHS write them."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from flowsim.errors import DataError
from flowsim.observed.sheets import Sheet
from flowsim.scenario.words import printable, shortened
from flowsim.workbooks import Cell

# The national return's codes in its own order; O came in April 2017.
REASONS: Final = ("A", "B", "C", "Di", "Dii", "E", "F", "G", "H", "I", "O")
BODIES: Final = ("nhs", "social_care", "both")
MOST_COMPLAINTS: Final = 40
MOST_PEOPLE: Final = 10_000_000
EARLIEST: Final = dt.datetime(1990, 1, 1)  # noqa: DTZ001 -- calendar days have no zone
LATEST: Final = dt.datetime(2100, 1, 1)  # noqa: DTZ001

_CODE: Final = re.compile(r"(?:days_)?(dii|di|[abcefghio])(?:[).:\s_\-].*)?", re.IGNORECASE | re.DOTALL)
_WORDS: Final = (
    ("completion", "A"), ("public funding", "B"), ("non-acute", "C"), ("non acute", "C"), ("residential", "Di"), ("nursing", "Dii"),
    ("care package", "E"), ("equipment", "F"), ("choice", "G"), ("dispute", "H"), ("housing", "I"),
)  # fmt: skip
_BY_LOWER: Final = {code.lower(): code for code in REASONS}
_MONTHS: Final = {name.lower(): n for n, name in enumerate(calendar.month_name) if name}
_MONTHS_SHORT: Final = {name.lower(): n for n, name in enumerate(calendar.month_abbr) if name}
# Day before month, as in Britain; never month before day.
_DAY_FORMATS: Final = (
    "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%m/%y",
)  # fmt: skip
_TIME_FORMATS: Final = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S")


@dataclass
class Findings:
    """What is wrong with a file, and what its user should know; collected before anything is said."""

    complaints: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def wrong(self, where: str, words: str) -> None:
        """One more complaint."""
        self.complaints.append(f"{where}: {words}")

    def raise_if_any(self) -> None:
        """Raise DataError with all complaints, the first forty in full."""
        if self.complaints:
            more = len(self.complaints) - MOST_COMPLAINTS
            told = self.complaints[:MOST_COMPLAINTS]
            raise DataError([*told, f"... and {more} more complaints of this file"] if more > 0 else told)


@dataclass(frozen=True)
class Table:
    """The part of a sheet that is a table: its header by plain name, and the rows below it.

    `above` are the cells over the header, where the national files say what they are.
    """

    sheet: Sheet
    header: tuple[str, ...]
    header_row: int

    @property
    def above(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows over the header."""
        return self.sheet.rows[: self.header_row - 1]

    def rows(self) -> Iterator[tuple[int, tuple[Cell, ...]]]:
        """Number in the file and cells of every row that is not empty, as wide as the header."""
        width = len(self.header)
        for number, row in enumerate(self.sheet.rows[self.header_row :], start=self.header_row + 1):
            if any(cell is not None for cell in row):
                yield number, (*row, *[None] * (width - len(row)))[:width]

    def position(self, *names: str) -> int | None:
        """Where the first of these columns stands."""
        return next((self.header.index(name) for name in names if name in self.header), None)

    def where(self, row: int, column: int | str | None = None) -> str:
        """File, row and column, as a complaint names them."""
        if isinstance(column, int):
            column = str(self.sheet.rows[self.header_row - 1][column])
        return f"{self.sheet.where}: row {row}" + ("" if column is None else f", column {shortened(column)}")


def plain_name(cell: Cell) -> str:
    """A heading in small letters, with one underscore for whatever is neither letter nor digit."""
    return re.sub(r"[^a-z0-9]+", "_", str(cell).lower()).strip("_") if cell is not None else ""


def reason_code(cell: Cell) -> str | None:
    """The national reason code that a heading or a cell means: by its letter or its words; None where by neither."""
    if not isinstance(cell, str):
        return None
    found = _CODE.fullmatch(cell.strip())
    if found:
        return _BY_LOWER[found[1].lower()]
    words = cell.lower()
    return next((code for part, code in _WORDS if part in words), "O" if words == "other" else None)


def month_of(cell: Cell, year: Cell = None) -> pd.Timestamp | None:
    """The first day of a month: 2016-10, October 2016, Oct-16, a date, or OCTOBER with a financial year 2016-17."""
    if isinstance(cell, (dt.datetime, dt.date)):
        return _first(cell.year, cell.month)
    words = str(cell or "").strip().lower()
    plain = re.fullmatch(r"(\d{4})[-/](\d{1,2})(?:[-/]\d{1,2})?(?:[ t]00:00(?::00)?)?", words)
    if plain:
        return _first(int(plain[1]), int(plain[2]))
    named = re.fullmatch(r"(?:.*[^a-z])?([a-z]{3,9})[\s\-_']*(\d{4}|\d{2})?", words)
    month = named and (_MONTHS.get(named[1]) or _MONTHS_SHORT.get(named[1]))
    if not named or not month:
        return None
    if named[2]:
        return _first(int(named[2]) + (2000 if len(named[2]) == 2 else 0), month)
    financial = re.fullmatch(r"(\d{4})[-/](\d{2}|\d{4})", str(year or "").strip())
    if not financial:
        return None
    return _first(int(financial[1]) + (month < 4), month)


def _first(year: int, month: int) -> pd.Timestamp | None:
    if not (EARLIEST.year <= year < LATEST.year and 1 <= month <= 12):
        return None
    return pd.Timestamp(year=year, month=month, day=1)


def moment_of(cell: Cell) -> pd.Timestamp | None:
    """A day, with its time where one is given; None where it is none, or lies outside 1990 to 2099."""
    if isinstance(cell, dt.datetime):
        found = cell.replace(tzinfo=None)
    elif isinstance(cell, dt.date):
        found = dt.datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
    elif isinstance(cell, str):
        read = _from_text(cell.strip())
        if read is None:
            return None
        found = read
    else:
        return None
    return pd.Timestamp(found) if EARLIEST <= found < LATEST else None


def _from_text(text: str) -> dt.datetime | None:
    if len(text) > 40:
        return None
    for day in _DAY_FORMATS:
        for time in _TIME_FORMATS:
            try:
                return dt.datetime.strptime(text, day + time)  # noqa: DTZ007
            except ValueError:
                continue
    return None


def number_of(cell: Cell, *, blank: float | None = None) -> float | None:
    """A count from 0 to ten million, commas allowed; `blank` for what national files write for nothing; None where it is none."""
    if cell is None or (
        isinstance(cell, str) and cell.strip().lower() in ("", "-", "–", "na", "n/a", "#n/a")
    ):
        return blank
    if isinstance(cell, bool) or not isinstance(cell, (int, float, str)):
        return None
    try:
        value = float(cell.replace(",", "")) if isinstance(cell, str) else float(cell)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) and 0 <= value <= MOST_PEOPLE else None


def shown(cell: Cell) -> str:
    """A cell as a complaint quotes it."""
    if cell is None:
        return "nothing"
    return shortened(cell if isinstance(cell, (str, int, float, bool, dt.date, dt.datetime)) else str(cell))


def listed(names: Iterable[str]) -> str:
    """Names in words, without what could command a terminal."""
    return ", ".join(printable(name) for name in names)
