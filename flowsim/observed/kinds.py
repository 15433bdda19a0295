"""Which of the known tables a sheet is: told by its header."""

from __future__ import annotations

from typing import Final

from flowsim.observed.cells import Table
from flowsim.observed.daily import is_admissions, is_beds, is_census
from flowsim.observed.discharges import is_discharges
from flowsim.observed.dtoc_return import is_by_body, is_by_reason, is_extract
from flowsim.observed.headers import Fits, table_in
from flowsim.observed.monthly import is_areas, is_monthly
from flowsim.observed.sheets import Sheet

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


def kind_of(sheet: Sheet) -> tuple[str, Table] | None:
    """What a sheet is, and its table; None where it is none of the known ones."""
    for kind, fits in KINDS.items():
        table = table_in(sheet, fits)
        if table is not None:
            return kind, table
    return None
