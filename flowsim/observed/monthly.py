"""Days of delay by month: a table of months, a table of areas and months, and what holds among their columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from flowsim.errors import DataError
from flowsim.observed.cells import (
    BODIES,
    REASONS,
    Findings,
    Table,
    month_of,
    number_of,
    plain_name,
    reason_code,
    shown,
)
from flowsim.observed.headers import table_in
from flowsim.observed.sheets import read_sheets
from flowsim.scenario.model import Scenario
from flowsim.scenario.safely import beside
from flowsim.scenario.words import nearest, printable, shortened

KINDS_OF_BED: Final = ("acute", "non_acute")
# Rounding of what was added up before it was published.
SLACK_DAYS: Final = 0.5
MOST_PEOPLE_A_DAY_OFF: Final = 0.1

Row = Mapping[str, float]
# How somebody at a terminal says which area.
WITH_OPTION: Final = "with --area NAME or CODE"


def is_monthly(header: tuple[str, ...]) -> bool:
    """Whether a header is that of a table of months."""
    return "month" in header and bool({"total", "total_days"} & set(header))


def read_monthly(table: Table, found: Findings) -> dict[pd.Timestamp, Row]:
    """Days of delay by month from a table with `month`, `total` and a column for each reason and body there is."""
    names = {
        place: name for place, heading in enumerate(table.header) if (name := _column(table, place, heading))
    }
    month_at = table.position("month")
    assert month_at is not None  # is_monthly
    months: dict[pd.Timestamp, Row] = {}
    for number, row in table.rows():
        month = month_of(row[month_at])
        if month is None:
            found.wrong(
                table.where(number, month_at), f"{shown(row[month_at])} is no month; write it as 2017-10"
            )
        values = {}
        for place, name in names.items():
            value = number_of(row[place])
            if value is None:
                found.wrong(
                    table.where(number, place),
                    f"{shown(row[place])} is no number of days, which is 0 or more",
                )
            else:
                values[name] = value
        if month is None:
            continue
        if month in months:
            found.wrong(table.where(number, month_at), f"the month {month:%Y-%m} is there for a second time")
        months[month] = values
        if len(values) == len(names):
            check_sums(values, month, table.where(number), found)
    if not months and not found.complaints:
        found.wrong(table.sheet.where, "has a header but no months under it")
    return months


def _column(table: Table, place: int, heading: str) -> str | None:
    """What a column of a table of months is called in ours; None for the month itself and what we do not know."""
    known = heading.removeprefix("days_")
    if heading in ("total", "total_days"):
        return "total_days"
    if known in (*BODIES, *KINDS_OF_BED):
        return f"days_{known}"
    if heading in ("delayed_per_day", "per_day"):
        return "per_day"
    code = reason_code(table.sheet.rows[table.header_row - 1][place])
    return f"days_{code}" if code else None


def check_sums(values: Row, month: pd.Timestamp, where: str, found: Findings) -> None:
    """Complain where the parts of a month do not add up to its total."""
    total = values.get("total_days")
    if total is None:
        return
    days = month.days_in_month
    for what, parts in (("reasons", REASONS), ("responsible bodies", BODIES), ("kinds of bed", KINDS_OF_BED)):
        names = [f"days_{part}" for part in parts if f"days_{part}" in values]
        # Ten reasons are the whole; some of them can only be too many.
        is_whole = len(names) >= (10 if parts is REASONS else len(parts))
        added = sum(values[name] for name in names)
        if added - total > SLACK_DAYS or (is_whole and total - added > SLACK_DAYS):
            found.wrong(where, f"the {what} add up to {added:,.0f} days, but the total says {total:,.0f}")
    stated = values.get("per_day")
    if stated is not None and abs(stated - total / days) > MOST_PEOPLE_A_DAY_OFF:
        found.wrong(where, f"{stated:g} people a day do not fit {total:,.0f} days in a month of {days}")


def is_areas(header: tuple[str, ...]) -> bool:
    """Whether a header is that of a table with a row an area, month and reason."""
    return {"period", "area", "reason", "delayed_days"} <= set(header)


def read_areas(table: Table, area: str | None, found: Findings) -> dict[pd.Timestamp, Row]:
    """Days of delay by month from a table with `period`, `area`, `reason`, `delayed_days`."""
    places = [table.header.index(name) for name in ("period", "area", "reason", "delayed_days")]
    rows = list(table.rows())
    wanted = chosen_area({(str(row[places[1]]),) for _, row in rows}, area, table, found)
    months: dict[pd.Timestamp, dict[str, float]] = {}
    for number, row in rows:
        period, where_, reason, days = (row[place] for place in places)
        if wanted is None or (str(where_),) not in wanted:
            continue
        month, value = month_of(period), number_of(days)
        code = "total" if str(reason).lower() == "total" else reason_code(reason)
        for cell, read, place, should in (
            (period, month, places[0], "no month; write it as 2017-10"), (reason, code, places[2], "no national reason code"),
            (days, value, places[3], "no number of days, which is 0 or more"),
        ):  # fmt: skip
            if read is None:
                found.wrong(table.where(number, place), f"{shown(cell)} is {should}")
        if month is not None and code is not None and value is not None:
            name = "total_days" if code == "total" else f"days_{code}"
            if name in months.setdefault(month, {}):
                found.wrong(table.where(number), f"the month {month:%Y-%m} has this reason for a second time")
            months[month][name] = value
    for month, values in months.items():
        check_sums(values, month, f"{table.sheet.where}: {month:%Y-%m}", found)
    return dict(months)


def chosen_area(
    areas: set[tuple[str, ...]], area: str | None, table: Table, found: Findings
) -> set[tuple[str, ...]] | None:
    """Of areas, each known by one or more names or codes, those that are meant. None after a complaint.

    Of several areas one has to be named; never the first, never the largest.
    """
    if area is None:
        if len(areas) == 1:
            return areas
        some = sorted({max(names, key=len) for names in areas})[:3]
        found.wrong(
            table.sheet.where,
            f"holds {len(areas)} areas ({', '.join(printable(a) for a in some)} ...); say which {WITH_OPTION}",
        )
        return None
    wanted = area_name(area)
    meant = {names for names in areas if wanted in {area_name(name) for name in names}}
    if not meant:
        known = [name for names in areas for name in names]
        found.wrong(table.sheet.where, f"has no area {shortened(area)}; {nearest(area, known)}")
        return None
    return meant


def area_name(text: str) -> str:
    """An area's name or code without what one file writes and another does not: case, and UA for unitary authority."""
    return plain_name(text).removesuffix("_ua").removesuffix("_mcd")


def monthly_table(months: Mapping[pd.Timestamp, Row], found: Findings, where: str) -> pd.DataFrame:
    """The table of `Observed.monthly`, in order of months; a note where months are missing between them."""
    index = pd.DatetimeIndex(sorted(months), name="month")
    table = pd.DataFrame([months[month] for month in index], index=index)
    reasons = [name for code in REASONS if (name := f"days_{code}") in table]
    if "total_days" not in table:
        table["total_days"] = table[reasons].sum(axis=1)
    table["per_day"] = table["total_days"] / index.days_in_month
    others = [name for part in (*BODIES, *KINDS_OF_BED) if (name := f"days_{part}") in table]
    missing = pd.date_range(index.min(), index.max(), freq="MS").difference(index)
    if len(missing):
        found.notes.append(f"{where}: has no figures for {', '.join(f'{m:%Y-%m}' for m in missing[:12])}")
    ordered = table[[*reasons, "total_days", *others, "per_day"]]
    if ordered.isna().to_numpy().any():
        found.notes.append(f"{where}: some months lack a reason or a body that others have")
    return ordered


def observed_monthly(scenario: Scenario) -> pd.DataFrame | None:
    """The official months that a scenario names (`counting.observed`), as `Observed.monthly`.

    None where it names no file, or none is at hand. Raises DataError in words where the file cannot be read.
    """
    file = scenario.counting.observed
    if file is None or scenario.folder is None:
        return None
    source = beside(Path(scenario.folder), file, scenario.file, "counting.observed")
    where = f"{scenario.file}: counting.observed = {shortened(file)}"
    found = Findings()
    table = table_in(read_sheets(source)[0], is_monthly)
    if table is None:
        raise DataError([f"{where}: has no columns month and total"])
    months = read_monthly(table, found)
    found.raise_if_any()
    return monthly_table(months, found, where)
