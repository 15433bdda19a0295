"""Flow: admissions, discharges and starts by weekday, care homes, and who is still at home after 91 days."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowsim.counting import pairs
from flowsim.journeys import TASK, UNWELL, Journeys
from flowsim.loops import are_compiled
from flowsim.measures.ground import LEAVE, STILL_AT_HOME_DAYS, Setting, per_day
from flowsim.units import WEEKDAYS, Floats, Ints


class FlowCounts(NamedTuple):
    """People per day of warm-up and run, and those whom the 91st day judges."""

    starts: Floats  # with each service, shape (services, days)
    unwell: Floats  # whose stay in hospital is broken by becoming unwell again, shape (days,)
    discharges: Floats  # from hospital, shape (days,)
    judged: Floats  # 91 days after leaving hospital for care at home or in a bed: how many, and how many at home; shape (2,)


def count_flow(journeys: Journeys, setting: Setting) -> FlowCounts:
    """Count who comes, starts and goes."""
    if not are_compiled():
        return flow_by_arrays(journeys, setting)
    from flowsim.measures import counting_in_loops

    return FlowCounts(*counting_in_loops.flow(journeys, setting))


def flow_by_arrays(journeys: Journeys, setting: Setting) -> FlowCounts:
    """The same, all at once."""
    starts = per_day(journeys.started, setting, journeys.service, len(setting.offer.names))
    is_unwell = journeys.outcome == UNWELL
    is_discharge = setting.offer.is_hospital[journeys.service] & ~is_unwell & ~np.isnan(journeys.started)
    return FlowCounts(
        starts=starts,
        unwell=_all_per_day(journeys.left[np.flatnonzero(is_unwell)], setting),
        discharges=_all_per_day(journeys.left[np.flatnonzero(is_discharge)], setting),
        judged=_still_at_home(journeys, setting),
    )


def daily_flow(counts: FlowCounts, setting: Setting) -> dict[str, Floats]:
    """People per day: admitted to hospital, discharged from it, and started by each service."""
    hospital = setting.offer.is_hospital
    found = {
        # A stay that is broken by becoming unwell goes on at once in another row: that is no admission.
        "admissions": counts.starts[hospital].sum(axis=0) - counts.unwell,
        "discharges": counts.discharges,
    }
    for number, name in enumerate(setting.offer.names):
        if not hospital[number]:
            found[f"starts_{name}"] = counts.starts[number]
    return found


def flow(counts: FlowCounts, setting: Setting, daily: dict[str, Floats]) -> dict[str, float]:
    """Per replication: means by weekday (people per day), care-home admissions a year, share still at home.

    The share is NaN if nobody can be judged. The official indicator (ASCOF 2B) counts people of 65 and over; the model
    knows no ages.
    """
    names = [name for name in daily if name == "discharges" or name.startswith("starts_")]
    found = _by_weekday(setting, {name: daily[name] for name in names})
    homes = [n for n, s in zip(setting.offer.names, setting.settings, strict=True) if s == "care_home"]
    if homes:
        admitted = sum(daily[f"starts_{n}"][setting.run].mean() for n in homes)
        found["care_home_admissions"] = float(admitted) * 365.0
    people, at_home = counts.judged.tolist()
    found["still_at_home"] = at_home / people if people else np.nan
    return found


def _by_weekday(setting: Setting, daily: dict[str, Floats]) -> dict[str, float]:
    """The mean of each daily measure on each day of the week; NaN where the run has no such day."""
    weekday = setting.timeline.weekday[setting.run]
    # One row a day of the week, with ones on its days: a product adds the whole numbers up without rounding.
    is_day = np.arange(len(WEEKDAYS))[:, None] == weekday
    sums = np.stack([values[setting.run] for values in daily.values()]) @ is_day.T.astype(np.float64)
    days = is_day.sum(axis=1).tolist()
    return {
        f"{name}_on_{day}": total / count if count else np.nan
        for name, totals in zip(daily, sums.tolist(), strict=True)
        for day, total, count in zip(WEEKDAYS, totals, days, strict=True)
    }


def _still_at_home(journeys: Journeys, setting: Setting) -> Floats:
    """How many leave hospital for care at home or in a bed with their 91st day in the run, and how many are at home then."""
    rows = np.flatnonzero(journeys.outcome >= 0)
    goes_home_or_to_bed = setting.places_in("home", "bed")[journeys.outcome[rows]]
    rows = rows[goes_home_or_to_bed & setting.offer.is_hospital[journeys.service[rows]]]
    judged_at = journeys.left[rows] + STILL_AT_HOME_DAYS
    in_the_run = (judged_at >= 0) & (judged_at < journeys.horizon)
    rows, judged_at = rows[in_the_run], judged_at[in_the_run]
    at_home = _at_home(journeys, setting, journeys.person[rows], judged_at)
    return np.array([rows.size, np.count_nonzero(at_home)], dtype=np.float64)


def _at_home(journeys: Journeys, setting: Setting, person: Ints, time: Floats) -> NDArray[np.bool_]:
    """Whether each person is at home at a time: in care there, or having left for home."""
    home = setting.places_in("home")[journeys.service]
    went_home = journeys.outcome == LEAVE
    # Rows that have something to say: a task has not, nor has a place that is no home and led to none.
    rows = np.flatnonzero((home | went_home) & (journeys.purpose != TASK))
    who, stay = pairs(person, journeys.person[rows], journeys.who.route.size)
    row, time = rows[stay], time[who]
    has_left = journeys.left[row] <= time
    is_there = home[row] & (journeys.started[row] <= time) & ~has_left
    is_home = is_there | (went_home[row] & has_left)
    found = np.zeros(person.size, dtype=bool)
    found[who[is_home]] = True
    return found


def _all_per_day(times: Floats, setting: Setting) -> Floats:
    """How many of these events there are on each day, shape (days,)."""
    total: Floats = per_day(times, setting, np.zeros(times.size, dtype=np.int64), 1)[0]
    return total
