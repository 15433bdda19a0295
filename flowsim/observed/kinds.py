"""Which of the known tables a sheet is: told by its header, wherever among the first rows that stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flowsim.observed.cells import Table, plain_name
from flowsim.observed.daily import is_admissions, is_beds, is_census
from flowsim.observed.discharges import is_discharges
from flowsim.observed.dtoc_return import is_by_body, is_by_reason, is_extract
from flowsim.observed.monthly import is_areas, is_monthly
from flowsim.observed.sheets import Sheet

FIRST_ROWS: Final = 40

Fits = Callable[[tuple[str, ...]], bool]

# In this order: a list of discharges has reasons too, and a return by reason has a total.
KINDS: Final[dict[str, Fits]] = {
    "discharges": is_discharges,
    "extract": is_extract,
    "areas": is_areas,
    "monthly": is_monthly,
    "admissions": is_admissions,
    "beds": is_beds,
    "census": is_census,
    "by_body": is_by_body,
    "by_reason": is_by_reason,
}
WORDS: Final = {
    "discharges": "list of discharges (admitted, ready, left, route, reason)",
    "extract": "national return of delayed transfers, CSV extract",
    "areas": "days of delay by area, month and reason",
    "monthly": "days of delay by month (month, total, a column for each reason)",
    "admissions": "emergency admissions by month (period, type, admissions)",
    "beds": "beds by day (date, open, occupied)",
    "census": "people delayed by day (date, a column for each reason; or date, reason, people)",
    "by_body": "national return of delayed transfers, workbook, by responsible body",
    "by_reason": "national return of delayed transfers, workbook, by reason",
}


def table_in(sheet: Sheet, fits: Fits) -> Table | None:
    """The table of a sheet whose header fits; None where no header among the first rows does."""
    for number, row in enumerate(sheet.rows[:FIRST_ROWS], start=1):
        header = tuple(plain_name(cell) for cell in row)
        if sum(map(bool, header)) >= 2 and fits(header):
            return Table(sheet, header, number)
    return None


def kind_of(sheet: Sheet) -> tuple[str, Table] | None:
    """What a sheet is, and its table; None where it is none of the known ones."""
    for kind, fits in KINDS.items():
        table = table_in(sheet, fits)
        if table is not None:
            return kind, table
    return None
