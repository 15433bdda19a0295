"""When people arrive: a non-homogeneous Poisson process by time change.

Unit-rate epochs are pushed through the inverse of the cumulative expected number of arrivals, so
person i stays person i when demand changes (Çınlar, Introduction to Stochastic Processes, 1975).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from flowsim.compiling import compiled
from flowsim.generators import block
from flowsim.people.routes import Dealing, column_of
from flowsim.scenario.model import MonthTable, Stream, WeekTable
from flowsim.scenario.timeline import Timeline
from flowsim.units import GRID_PER_DAY, MONTHS, WEEKDAYS, Floats, Ints, date_of

HOURS: Final = 24


@dataclass(frozen=True)
class Demand:
    """Expected arrivals of one stream: `expected[k]` people in the first k hours from `first_day`."""

    first_day: int
    expected: Floats

    @property
    def total(self) -> float:
        """Expected people over warm-up and run."""
        return float(self.expected[-1])


def demand(timeline: Timeline, stream: str) -> Demand:
    """The cumulative expected number of arrivals of a stream, with every change in force."""
    days = np.arange(timeline.first_day, timeline.last_day)
    by_hour = np.zeros((days.size, HOURS))
    months = _months(timeline)
    for version, scenario in enumerate(timeline.versions):
        today = timeline.version_of_day == version
        by_hour[today] = _hourly(
            scenario.streams[stream], timeline.weekday[today], timeline.holiday[today], months[today]
        )
    expected = np.concatenate([[0.0], np.cumsum(by_hour.ravel())])
    return Demand(timeline.first_day, expected)


def _hourly(stream: Stream, weekday: Ints, holiday: np.ndarray, month: Ints) -> Floats:
    """Expected arrivals in every hour, shape (days, 24)."""
    week = _relative_week(stream.weekday)
    of_day = np.where(holiday, week[7], week[weekday]) * _relative_year(stream.month)[month]
    hour = np.asarray(stream.hour, dtype=float)
    hourly: Floats = stream.per_day * of_day[:, None] * (hour / hour.sum())[None, :]
    return hourly


def _relative_week(table: WeekTable) -> Floats:
    """Weights of Monday to Sunday with mean 1, then that of a bank holiday, shape (8,)."""
    week = np.array([getattr(table, day) if getattr(table, day) is not None else 1.0 for day in WEEKDAYS])
    holiday = table.holiday if table.holiday is not None else week[6]
    relative: Floats = np.append(week, holiday) / week.mean()
    return relative


def _relative_year(table: MonthTable) -> Floats:
    """Weights of January to December with mean 1, shape (12,)."""
    year = np.array([getattr(table, month) for month in MONTHS])
    relative: Floats = year / year.mean()
    return relative


def _months(timeline: Timeline) -> Ints:
    """The month of every day, 0 is January."""
    start = timeline.scenario.run.start
    return np.array(
        [date_of(start, day).month - 1 for day in range(timeline.first_day, timeline.last_day)],
        dtype=np.int64,
    )


@compiled
def arrive(
    epochs: Any,
    expected: Any,
    first_day: int,
    version_of_day: Any,
    dealt: Dealing,
    key: tuple[int, int],
    replication: int,
    begin: int,
    arrives: Any,
    needed: Any,
    given: Any,
) -> None:
    """Write when the people of a stream arrive (days, on the grid), the routes they need and are given.

    Epochs ascend and lie below the last number expected. Person i, whose entries are at `begin + i`, takes
    the numbers 2 i (for the route needed) and 2 i + 1 (for the route given) of the generator with this
    key: half a block.
    """
    key_0, key_1 = key
    hour, last_day = 0, len(version_of_day) - 1
    needed_rank, given_rank, next_needed, next_given = 0.0, 0.0, 0.0, 0.0
    for person in range(len(epochs)):
        while expected[hour + 1] <= epochs[person]:
            hour += 1
        part = (epochs[person] - expected[hour]) / (expected[hour + 1] - expected[hour])
        time = first_day + (hour + part) / HOURS
        time = round(time * GRID_PER_DAY) / GRID_PER_DAY
        arrives[begin + person] = time
        # The last moment of the last day may be rounded up to midnight.
        today = version_of_day[min(math.floor(time) - first_day, last_day)]
        if person % 2:
            needed_rank, given_rank = next_needed, next_given
        else:
            needed_rank, given_rank, next_needed, next_given = block(
                key_0, key_1, person // 2, replication, 0, 0
            )
        need = column_of(dealt.needed, today * dealt.routes, dealt.needed_last[today], needed_rank)
        row = today * dealt.routes + need
        needed[begin + person] = need
        given[begin + person] = column_of(dealt.given, row * dealt.routes, dealt.given_last[row], given_rank)
