"""The national monthly return of delayed transfers of care, as NHS England published it.

Two forms. The extract is a CSV file with a few lines above its header and a row for each trust, local authority, kind of
bed and reason: `Year` (2016-17), `Period Name` (OCTOBER), `Local Authority Code`, `Local Authority Name`, `Acute Or Non
Acute Description`, `Reason For Delay` (A_COMPLETION_ASSESSMENT), and for each responsible body `... A SUM`, patients at
the month's snapshot, and `... B SUM`, days of delay in the month. The workbook "Total Delayed Days Local Authority" has
on one sheet a row for each local authority with a column for each reason, on another one columns for each body, with
the period and what is counted in lines above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from flowsim.observed.cells import (
    BODIES,
    Findings,
    Table,
    month_of,
    number_of,
    plain_name,
    reason_code,
    shown,
)
from flowsim.observed.monthly import SLACK_DAYS, Row, check_sums, chosen_area
from flowsim.workbooks import Cell

FEWEST_REASONS: Final = 6
_AREA_NAMES: Final = ("local_authority_name", "la_name", "name")
_AREA_CODES: Final = ("local_authority_code", "la_code", "ons_geography", "code", "ons_code")


def is_extract(header: tuple[str, ...]) -> bool:
    """Whether a header is that of the published CSV extract."""
    return "reason_for_delay" in header and bool(
        {"local_authority_name", "local_authority_code"} & set(header)
    )


def is_by_reason(header: tuple[str, ...]) -> bool:
    """Whether a header is that of the workbook's sheet of local authorities by reason."""
    return _has_areas(header) and len({reason_code(name) for name in header} - {None}) >= FEWEST_REASONS


def is_by_body(header: tuple[str, ...]) -> bool:
    """Whether a header is that of the workbook's sheet of local authorities by responsible body."""
    return _has_areas(header) and set(BODIES) <= set(header)


def _has_areas(header: tuple[str, ...]) -> bool:
    return any(name in header for name in _AREA_NAMES)


def _areas(table: Table, row: Sequence[object]) -> tuple[str, ...]:
    """The names and codes by which a row's area is known."""
    places = [table.header.index(name) for name in (*_AREA_NAMES, *_AREA_CODES) if name in table.header]
    return tuple(str(row[place]) for place in places if row[place] is not None)


def read_extract(table: Table, area: str | None, found: Findings) -> dict[pd.Timestamp, Row]:
    """Days of delay by month, summed over trusts. `area` names a local authority, by name or code."""
    days_of = {body: _days_column(table, body) for body in BODIES}
    lacking = [body for body, place in days_of.items() if place is None]
    period_at = table.position("period_name", "period", "month")
    if lacking or period_at is None:
        what = [
            *(f"{body.replace('_', ' ')} B SUM" for body in lacking),
            *(["Period Name"] if period_at is None else []),
        ]
        found.wrong(table.where(table.header_row), f"has no column {', '.join(what)}")
        return {}
    year_at, bed_at = (
        table.position("year"),
        table.position("acute_or_non_acute_description", "acute_or_non_acute"),
    )
    reason_at = table.header.index("reason_for_delay")
    rows = [(number, row) for number, row in table.rows() if _areas(table, row)]
    wanted = chosen_area({_areas(table, row) for _, row in rows}, area, table, found)
    months: dict[pd.Timestamp, dict[str, float]] = {}
    for number, row in rows if wanted else ():
        if _areas(table, row) not in (wanted or ()):
            continue
        month = month_of(row[period_at], row[year_at] if year_at is not None else None)
        code = reason_code(row[reason_at])
        if month is None:
            found.wrong(
                table.where(number, period_at), f"{shown(row[period_at])} is no month of a financial year"
            )
        if code is None:
            found.wrong(table.where(number, reason_at), f"{shown(row[reason_at])} is no national reason code")
        days = {
            body: _days(table, number, row, place, found)
            for body, place in days_of.items()
            if place is not None
        }
        if month is not None and code is not None:
            bed = (
                None
                if bed_at is None
                else "non_acute"
                if plain_name(row[bed_at]).startswith("non")
                else "acute"
            )
            _add(months.setdefault(month, {}), days, code, bed)
    return dict(months)


def _days(table: Table, number: int, row: Sequence[Cell], place: int, found: Findings) -> float:
    """A cell as days; nothing, and a complaint, where it is none."""
    value = number_of(row[place], blank=0.0)
    if value is None:
        found.wrong(
            table.where(number, place), f"{shown(row[place])} is no number of days, which is 0 or more"
        )
    return value or 0.0


def _add(month: dict[str, float], days: dict[str, float], code: str, bed: str | None) -> None:
    """Add the days of one row to its reason, its bodies, its kind of bed and the total of its month."""
    for body, value in days.items():
        for name in (code, body, bed):
            if name is not None:
                month[f"days_{name}"] = month.get(f"days_{name}", 0.0) + value
        month["total_days"] = month.get("total_days", 0.0) + value


def _days_column(table: Table, body: str) -> int | None:
    """Where an extract has the days of a body: B is days, A would be patients at the snapshot."""
    return table.position(f"{body}_b_sum", f"{body}_b", f"{body}_delayed_days")


def month_above(table: Table) -> pd.Timestamp | None:
    """The period that stands over a sheet's table: the first cell that is a month."""
    for row in table.above:
        for cell in row:
            words = str(cell or "")
            month = month_of(cell) if len(words) < 40 else None
            if month is not None and not re.search(
                r"publi|revis", " ".join(str(c or "") for c in row), re.IGNORECASE
            ):
                return month
    return None


def read_by_reason(table: Table, area: str | None, found: Findings) -> dict[pd.Timestamp, Row]:
    """Days of delay of one month by reason, for one local authority."""
    return _read_wide(table, area, found, dict(_reason_columns(table)))


def _reason_columns(table: Table) -> Iterator[tuple[int, str]]:
    for place, heading in enumerate(table.header):
        code = reason_code(table.sheet.rows[table.header_row - 1][place])
        if heading == "total":
            yield place, "total_days"
        elif code and heading not in (*_AREA_NAMES, *_AREA_CODES):
            yield place, f"days_{code}"


def _read_wide(
    table: Table, area: str | None, found: Findings, columns: dict[int, str]
) -> dict[pd.Timestamp, Row]:
    words = " ".join(str(cell) for row in table.above for cell in row if cell is not None).lower()
    if "number of patients" in words and "days" not in words:
        found.wrong(
            table.sheet.where,
            "counts patients at the month's snapshot, not days; take the file of total delayed days",
        )
        return {}
    month = month_above(table)
    if month is None:
        found.wrong(table.sheet.where, "names no month over its table, such as October 2016")
        return {}
    rows = [(number, row) for number, row in table.rows() if _areas(table, row)]
    wanted = chosen_area({_areas(table, row) for _, row in rows}, area, table, found)
    values: dict[str, float] = {}
    for number, row in rows if wanted else ():
        if _areas(table, row) not in (wanted or ()):
            continue
        if values:
            found.wrong(table.where(number), "this area is there for a second time")
        for place, name in columns.items():
            value = number_of(row[place], blank=0.0)
            if value is None:
                found.wrong(
                    table.where(number, place),
                    f"{shown(row[place])} is no number of days, which is 0 or more",
                )
            else:
                values[name] = value
        check_sums(values, month, table.where(number), found)
    return {month: values} if values else {}


def read_by_body(
    table: Table, area: str | None, found: Findings, totals: dict[pd.Timestamp, Row]
) -> dict[pd.Timestamp, Row]:
    """Days of delay of one month by responsible body, for one local authority.

    The sheet may have the bodies several times over (acute, non-acute, all): those are taken that add up to the total by
    reason of the same month in `totals`, and where none do, that is a complaint.
    """
    header = table.header
    groups = [
        tuple(_after(header, body, start) for body in BODIES)
        for start, name in enumerate(header)
        if name == BODIES[0]
    ]
    month = month_above(table)
    known = totals.get(month, {}).get("total_days") if month is not None else None
    readings = []
    for group in groups:
        if None not in group:
            columns = {
                place: f"days_{body}" for place, body in zip(group, BODIES, strict=True) if place is not None
            }
            own = Findings()
            readings.append((_read_wide(table, area, own, columns), own))
    whole = [reading for reading, own in readings if not own.complaints]
    if not whole:
        found.complaints += readings[0][1].complaints if readings else []
        return {}
    if known is None and len(whole) == 1:
        return whole[0]
    for reading in whole:
        if known is not None and any(abs(sum(v.values()) - known) <= SLACK_DAYS for v in reading.values()):
            return reading
    found.wrong(
        table.sheet.where,
        "no group of NHS, Social Care and Both adds up to the total by reason of that month",
    )
    return {}


def _after(header: tuple[str, ...], name: str, start: int) -> int | None:
    return header.index(name, start) if name in header[start : start + 4] else None
