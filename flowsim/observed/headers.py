"""The table of a sheet begins at its header, wherever among the first rows that stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flowsim.observed.cells import Table, plain_name
from flowsim.observed.sheets import Sheet

FIRST_ROWS: Final = 40

Fits = Callable[[tuple[str, ...]], bool]


def table_in(sheet: Sheet, fits: Fits) -> Table | None:
    """The table of a sheet whose header fits; None where no header among the first rows does."""
    for number, row in enumerate(sheet.rows[:FIRST_ROWS], start=1):
        header = tuple(plain_name(cell) for cell in row)
        if sum(map(bool, header)) >= 2 and fits(header):
            return Table(sheet, header, number)
    return None
