"""Flow: admissions, discharges and starts by weekday, care homes, and who is still at home after 91 days."""

from __future__ import annotations

import numpy as np

from flowsim.measures.counted import FlowCounts
from flowsim.measures.ground import Setting
from flowsim.units import WEEKDAYS, Floats


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
