"""What is counted day by day: people delayed by reason at midnight, beds; and admissions by month."""

from __future__ import annotations

from typing import Final

import pandas as pd

from flowsim.observed.cells import (
    REASONS,
    Findings,
    Table,
    moment_of,
    month_of,
    number_of,
    reason_code,
    shown,
)
from flowsim.workbooks import Cell

# The trust's daily situation reports, by what we call a column.
BED_COLUMNS: Final = {
    "ga_open": "open", "ga_occ": "occupied", "noro_closed": "closed_norovirus", "noro_closed_unocc": "closed_norovirus_empty",
    "cc_open": "critical_open", "cc_occ": "critical_occupied", "ae_att": "ae_diverts", "amb_delay30": "ambulance_over_30_minutes",
    "amb_delay60": "ambulance_over_60_minutes", "open": "open", "occupied": "occupied",
}  # fmt: skip
ADMISSION_COLUMNS: Final = ("admissions", "admissions_type_1", "attendances")
_PEOPLE: Final = ("people", "count", "patients", "delayed", "number")


def is_beds(header: tuple[str, ...]) -> bool:
    """Whether a header is that of beds open and occupied by day."""
    return "date" in header and ({"ga_open", "ga_occ"} <= set(header) or {"open", "occupied"} <= set(header))


def read_beds(table: Table, found: Findings) -> pd.DataFrame:
    """Beds open and occupied by day, and what else the source counts; empty cells are missing."""
    columns = {place: BED_COLUMNS[name] for place, name in enumerate(table.header) if name in BED_COLUMNS}
    needed = {"open", "occupied"}
    records: dict[pd.Timestamp, dict[str, float]] = {}
    for number, row, date in _dated(table, found, records):
        values = {}
        for place, name in columns.items():
            value = number_of(row[place], blank=None if name in needed else float("nan"))
            if value is None:
                found.wrong(
                    table.where(number, place),
                    f"{shown(row[place])} is no number of beds, which is 0 or more",
                )
            else:
                values[name] = value
        if values.get("occupied", 0) > 2 * values.get("open", float("inf")):
            found.wrong(
                table.where(number), f"{values['occupied']:g} beds occupied of {values['open']:g} open"
            )
        records[date] = values
    return _by_date(records)


def is_census(header: tuple[str, ...]) -> bool:
    """Whether a header is that of people delayed by day: a column for each reason, or a row for each."""
    return "date" in header and (_is_long(header) or any(reason_code(name) for name in header))


def _is_long(header: tuple[str, ...]) -> bool:
    return "reason" in header and any(name in header for name in _PEOPLE)


def read_census(table: Table, found: Findings) -> pd.DataFrame:
    """People delayed at midnight by reason code and in total, by day."""
    counts = _long_census(table, found) if _is_long(table.header) else _wide_census(table, found)
    census = _by_date(counts)
    reasons = [code for code in REASONS if code in census]
    if "total" not in census:
        census["total"] = census[reasons].sum(axis=1)
    return census[[*reasons, "total"]]


def _wide_census(table: Table, found: Findings) -> dict[pd.Timestamp, dict[str, float]]:
    headings = table.sheet.rows[table.header_row - 1]
    columns = {place: code for place, cell in enumerate(headings) if (code := reason_code(cell))}
    total_at = table.position("total")
    records: dict[pd.Timestamp, dict[str, float]] = {}
    for number, row, date in _dated(table, found, records):
        places = columns if total_at is None else {**columns, total_at: "total"}
        values = {}
        for place, name in places.items():
            value = number_of(row[place])
            if value is None or not value.is_integer():
                found.wrong(
                    table.where(number, place),
                    f"{shown(row[place])} is no number of people, which is whole and 0 or more",
                )
            else:
                values[name] = value
        added = sum(value for name, value in values.items() if name != "total")
        if len(values) == len(places) and added != values.get("total", added):
            found.wrong(
                table.where(number),
                f"the reasons add up to {added:g}, but the total says {values['total']:g}",
            )
        records[date] = values
    return records


def _long_census(table: Table, found: Findings) -> dict[pd.Timestamp, dict[str, float]]:
    date_at, reason_at = table.header.index("date"), table.header.index("reason")
    people_at = table.position(*_PEOPLE)
    assert people_at is not None  # _is_long
    records: dict[pd.Timestamp, dict[str, float]] = {}
    for number, row in table.rows():
        date, code, people = moment_of(row[date_at]), reason_code(row[reason_at]), number_of(row[people_at])
        if date is None:
            found.wrong(
                table.where(number, date_at), f"{shown(row[date_at])} is no date; write it as 2017-10-01"
            )
        if code is None:
            found.wrong(table.where(number, reason_at), f"{shown(row[reason_at])} is no national reason code")
        if people is None or not people.is_integer():
            found.wrong(
                table.where(number, people_at),
                f"{shown(row[people_at])} is no number of people, which is whole and 0 or more",
            )
        elif date is not None and code is not None:
            of_day = records.setdefault(date.normalize(), {})
            if code in of_day:
                found.wrong(
                    table.where(number), f"reason {code} of {date:%Y-%m-%d} is there for a second time"
                )
            of_day[code] = people
    # A reason that a day does not name had nobody.
    codes = {code for values in records.values() for code in values}
    return {date: {**dict.fromkeys(codes, 0.0), **values} for date, values in records.items()}


def _dated(
    table: Table, found: Findings, seen: dict[pd.Timestamp, dict[str, float]]
) -> list[tuple[int, tuple[Cell, ...], pd.Timestamp]]:
    """Rows with a date of their own; a complaint for the others."""
    place = table.header.index("date")
    kept, dates = [], set(seen)
    for number, row in table.rows():
        date = moment_of(row[place])
        if date is None:
            found.wrong(table.where(number, place), f"{shown(row[place])} is no date; write it as 2017-10-01")
        elif date.normalize() in dates:
            found.wrong(table.where(number, place), f"{date:%Y-%m-%d} is there for a second time")
        else:
            dates.add(date.normalize())
            kept.append((number, row, date.normalize()))
    return kept


def _by_date(records: dict[pd.Timestamp, dict[str, float]]) -> pd.DataFrame:
    index = pd.DatetimeIndex(sorted(records), name="date")
    return pd.DataFrame([records[date] for date in index], index=index)


def is_admissions(header: tuple[str, ...]) -> bool:
    """Whether a header is that of emergency admissions by month and type of A&E."""
    return {"period", "type", "admissions"} <= set(header)


def read_admissions(table: Table, found: Findings) -> pd.DataFrame:
    """Emergency admissions by month: all types, through a type 1 A&E, attendances, and admissions a day."""
    period_at, type_at, admitted_at = (table.header.index(name) for name in ("period", "type", "admissions"))
    attended_at = table.position("attendances")
    records: dict[pd.Timestamp, dict[str, float]] = {}
    for number, row in table.rows():
        month, admitted = month_of(row[period_at]), number_of(row[admitted_at])
        attended = 0.0 if attended_at is None else number_of(row[attended_at], blank=0.0)
        if month is None:
            found.wrong(
                table.where(number, period_at), f"{shown(row[period_at])} is no month; write it as 2017-10"
            )
        if admitted is None or attended is None:
            found.wrong(
                table.where(number), "admissions and attendances must be numbers, which are 0 or more"
            )
        elif month is not None:
            of_month = records.setdefault(month, dict.fromkeys(ADMISSION_COLUMNS, 0.0))
            of_month["admissions"] += admitted
            of_month["attendances"] += attended
            of_month["admissions_type_1"] += admitted if str(row[type_at]) == "1" else 0.0
    index = pd.DatetimeIndex(sorted(records), name="month")
    found_table = pd.DataFrame([records[month] for month in index], index=index)
    if len(index):
        found_table["per_day"] = found_table["admissions"] / index.days_in_month
    return found_table
