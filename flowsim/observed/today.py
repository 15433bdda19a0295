"""Counts of today: who is in hospital ready by what they wait for, caseloads and queues, as people can count them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from flowsim.errors import DataError
from flowsim.observed.cells import REASONS, Findings, Table, moment_of, number_of, shown
from flowsim.observed.daily import is_census, read_census
from flowsim.observed.discharges import is_discharges, read_discharges
from flowsim.observed.headers import table_in
from flowsim.observed.sheets import Handed, Sheet, read_sheets
from flowsim.scenario.words import printable
from flowsim.workbooks import Cell

COUNTS: Final = ("in_hospital", "delayed", "caseload", "waiting_elsewhere")
LONGEST_WAIT_DAYS: Final = 3_650


@dataclass(frozen=True)
class Count:
    """What was counted of one service or one reason; None where it was not. `where` names file and row for a complaint.

    `in_hospital`: people ready in hospital who wait for it. `delayed`: those of them who are officially counted, where that
    is what is known. `caseload`: everybody in the service, a hospital too, whether they are in the middle of their stay or ready
    and waiting to go on. `waiting_elsewhere`: people who wait for it outside hospital, most of them in another service.
    `waited_days`: how long those who wait have waited so far, on average.
    """

    what: str
    where: str
    in_hospital: int | None = None
    delayed: int | None = None
    caseload: int | None = None
    waiting_elsewhere: int | None = None
    waited_days: float | None = None


@dataclass(frozen=True)
class Today:
    """All counts of one day. `date` is the day that begins with them, where the file says so; `notes` what a reader should know."""

    counts: tuple[Count, ...]
    date: dt.date | None = None
    notes: tuple[str, ...] = ()


def is_today(header: tuple[str, ...]) -> bool:
    """Whether a header is that of counts of today."""
    return "what" in header and bool(set(COUNTS) & set(header))


def read_today(source: str | Path | Handed) -> Today:
    """Counts of one day: a table with `what` (a service, or a reason code) and some of in_hospital, delayed, caseload,
    waiting_elsewhere, waited_days and date; or a daily census by reason, whose last day is taken; or a list of discharges that
    also has those who have not left.

    A census is of the midnight that ends its day, so the run begins on the day after; so it does after the last date of a
    list. Raises DataError with every complaint.
    """
    found = Findings()
    for sheet in read_sheets(_file(source)):
        today = _known_in(sheet, found)
        if today is not None:
            return today
    words = "holds no counts of today: a column what (a service or a reason code) and some of"
    more = "a daily census (date, and a column for each reason); or a list of discharges with those who have not left"
    raise DataError([f"{printable(str(source))}: {words} {', '.join(COUNTS)}; {more}"])


def _file(source: str | Path | Handed) -> Path | Handed:
    return source if isinstance(source, Handed) else Path(source)


def holds_today(source: str | Path | Handed) -> bool:
    """Whether a file has a table that says who is there on a day. Raises DataError where it cannot be read."""
    return any(
        table_in(sheet, fits) is not None
        for sheet in read_sheets(_file(source))
        for fits in (is_today, is_discharges, is_census)
    )


def _known_in(sheet: Sheet, found: Findings) -> Today | None:
    """The counts of a sheet, whichever table it is; None where it is none of them."""
    if (table := table_in(sheet, is_today)) is not None:
        today = _from_counts(table, found)
        found.raise_if_any()
        return today
    # Before the census: a list of discharges may have a date and reasons too.
    if (table := table_in(sheet, is_discharges)) is not None:
        people = read_discharges(table, found)
        found.raise_if_any()
        return _from_discharges(people, sheet.where)
    if (table := table_in(sheet, is_census)) is not None:
        census = read_census(table, found)
        found.raise_if_any()
        return _from_census(census, sheet.where)
    return None


def _from_census(census: pd.DataFrame, where: str) -> Today:
    last = pd.DatetimeIndex(census.index)[-1]
    row = census.iloc[-1]
    counts = tuple(
        Count(code, f"{where}: {last:%Y-%m-%d}", delayed=int(row[code]))
        for code in REASONS
        if row.get(code, 0) > 0
    )
    return Today(counts, (last + pd.Timedelta(days=1)).date())


def _from_discharges(people: pd.DataFrame, where: str) -> Today:
    """Who is ready and has not left, by reason, and how long they have waited. Raises DataError where the list does not say."""
    there = people[people["left"].isna() & people["ready"].notna()]
    named = there[there["reason"] != ""]
    if not len(named):
        gone = people["left"].notna().all()
        what = "everybody in the list has left" if gone else "nobody there is ready and has a reason"
        wanted = "add those who have not left, with left empty and their reason, or give a daily census"
        raise DataError([f"{where}: {what}, so it does not say who waits today; {wanted}"])
    last = people[["admitted", "ready", "left"]].max().max().normalize()
    begins = last + pd.Timedelta(days=1)
    waited = (begins - named["ready"]) / pd.Timedelta(days=1)
    groups = waited.groupby(named["reason"])
    counts = tuple(
        Count(
            str(code),
            f"{where}: people who have not left",
            in_hospital=len(days),
            waited_days=float(days.mean()),
        )
        for code, days in groups
    )
    silent = len(there) - len(named)
    verb = "person is" if silent == 1 else "people are"
    notes = (f"{silent} {verb} ready and still there without a reason, and not counted.",) if silent else ()
    return Today(counts, begins.date(), notes)


def _from_counts(table: Table, found: Findings) -> Today:
    what_at, wait_at, date_at = table.position("what"), table.position("waited_days"), table.position("date")
    assert what_at is not None  # is_today
    places = {name: place for name in COUNTS if (place := table.position(name)) is not None}
    counts: dict[str, Count] = {}
    dates: set[dt.date] = set()
    for number, row in table.rows():
        what = str(row[what_at] or "").strip()
        if not what:
            found.wrong(table.where(number, what_at), "names neither a service nor a reason code")
            continue
        if what in counts:
            found.wrong(table.where(number, what_at), f"{shown(what)} is there for a second time")
        values: dict[str, int | None] = {}
        for name, place in places.items():
            values[name] = _whole(table, number, place, row[place], found)
        waited = None if wait_at is None else number_of(row[wait_at], blank=-1.0)
        if wait_at is not None and (waited is None or waited > LONGEST_WAIT_DAYS):
            found.wrong(
                table.where(number, wait_at), f"{shown(row[wait_at])} is no number of days from 0 to 3650"
            )
        if date_at is not None and row[date_at] is not None:
            date = moment_of(row[date_at])
            if date is None:
                found.wrong(
                    table.where(number, date_at), f"{shown(row[date_at])} is no date; write it as 2017-10-01"
                )
            else:
                dates.add(date.date())
        counts[what] = Count(
            what, table.where(number), waited_days=waited if waited and waited > 0 else None, **values
        )
    if len(dates) > 1:
        found.wrong(table.sheet.where, f"holds counts of {len(dates)} days; give those of one")
    if not counts and not found.complaints:
        found.wrong(table.sheet.where, "has a header but nothing under it")
    return Today(tuple(counts.values()), next(iter(dates), None))


def _whole(table: Table, number: int, place: int, cell: Cell, found: Findings) -> int | None:
    if cell is None:
        return None
    value = number_of(cell)
    if value is None or not value.is_integer():
        found.wrong(
            table.where(number, place), f"{shown(cell)} is no number of people, which is whole and 0 or more"
        )
        return None
    return int(value)
