"""When people arrive: a non-homogeneous Poisson process by time change.

Unit-rate epochs are pushed through the inverse of the cumulative expected number of arrivals, so
person i stays person i when demand changes (Çınlar, Introduction to Stochastic Processes, 1975).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flowsim.scenario.model import MonthTable, Stream, WeekTable
from flowsim.scenario.timeline import Timeline
from flowsim.units import MONTHS, WEEKDAYS, Floats, Ints

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
    by_hour = np.zeros((timeline.version_of_day.size, HOURS))
    months = _months(timeline)
    for sample, versions in _alike([scenario.streams[stream] for scenario in timeline.versions]):
        today = np.isin(timeline.version_of_day, versions)
        by_hour[today] = _hourly(sample, timeline.weekday[today], timeline.holiday[today], months[today])
    expected = np.concatenate([[0.0], np.cumsum(by_hour.ravel())])
    return Demand(timeline.first_day, expected)


def _alike(streams: list[Stream]) -> list[tuple[Stream, list[int]]]:
    """A stream for every different demand among those of the versions, with the versions that have it."""
    found: list[tuple[Stream, list[int]]] = []
    for version, stream in enumerate(streams):
        wanted = (stream.per_day, stream.weekday, stream.month, stream.hour)
        same = (own for s, own in found if (s.per_day, s.weekday, s.month, s.hour) == wanted)
        own = next(same, None)
        if own is None:
            found.append((stream, [version]))
        else:
            own.append(version)
    return found


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
    days = np.arange(timeline.first_day, timeline.last_day)
    months: Ints = (
        (np.datetime64(timeline.scenario.run.start) + days).astype("datetime64[M]").astype(np.int64)
    )
    return months % len(MONTHS)  # counted from January 1970
