"""Time and its grid, and how shares are written: days as floats from midnight of a scenario's start date.

Every time and duration is rounded to a grid of 2^-32 day (0.02 ms) when it is drawn or
multiplied. Sums and differences of grid numbers below 2^20 days are then exact in doubles,
so two engines that add in a different order still agree to the last bit.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GRID_PER_DAY: Final = float(2**32)

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def on_grid(days: Floats) -> Floats:
    """Round times or durations (days, any shape) to the grid of 2^-32 day."""
    rounded: Floats = np.rint(days * GRID_PER_DAY) / GRID_PER_DAY
    return rounded


def grid(days: float) -> float:
    """Round one time or duration (days) to the grid: the same bits as `on_grid`."""
    return round(days * GRID_PER_DAY) / GRID_PER_DAY


def time_of_day(text: str) -> float:
    """Turn "08:00" into days after midnight. Raises ValueError where it is not HH:MM, 00:00 to 24:00."""
    hours, colon, minutes = text.partition(":")
    if not (colon and len(text) == 5 and hours.isdecimal() and minutes.isdecimal()):
        raise ValueError(f'"{text}" is not a time of day such as "08:00"')
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > 1440:
        raise ValueError(f'"{text}" is not a time of day from "00:00" to "24:00"')
    return grid(total / 1440)


def in_percent(share: float) -> str:
    """A share as everything here writes it: 90 %."""
    return f"{100 * share:.0f} %"


def date_of(start: dt.date, day: int) -> dt.date:
    """The date of a day number; day 0 is the start date, warm-up days are negative."""
    return start + dt.timedelta(days=day)
