"""Flow: admissions, discharges and starts by weekday, care homes, and who is still at home after 91 days."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowsim.journeys import EXITS, TASK, UNWELL, Journeys
from flowsim.measures.ground import Setting, pairs
from flowsim.units import WEEKDAYS, Floats, Ints

STILL_AT_HOME_DAYS = 91.0
LEAVE = next(code for code, name in EXITS.items() if name == "leave")


def daily_flow(journeys: Journeys, setting: Setting) -> dict[str, Floats]:
    """People per day: admitted to hospital, discharged from it, and started by each service."""
    hospital = setting.offer.is_hospital[journeys.service] & (journeys.purpose != TASK)
    gone = hospital & (journeys.outcome != UNWELL) & ~np.isnan(journeys.started)
    found = {
        "admissions": _per_day(journeys.started[hospital & _is_admission(journeys)], setting),
        "discharges": _per_day(journeys.left[gone], setting),
    }
    for number, name in enumerate(setting.offer.names):
        if not setting.offer.is_hospital[number]:
            found[f"starts_{name}"] = _per_day(journeys.started[journeys.service == number], setting)
    return found


def flow(journeys: Journeys, setting: Setting, daily: dict[str, Floats]) -> dict[str, float]:
    """Per replication: means by weekday (people per day), care-home admissions a year, share still at home."""
    run = slice(-setting.first_day, None)
    weekday = setting.timeline.weekday[run]
    found: dict[str, float] = {}
    for name, per_day in daily.items():
        if name == "discharges" or name.startswith("starts_"):
            for number, day in enumerate(WEEKDAYS):
                today = per_day[run][weekday == number]
                found[f"{name}_on_{day}"] = float(today.mean()) if today.size else np.nan
    homes = [n for n, s in zip(setting.offer.names, setting.settings, strict=True) if s == "care_home"]
    if homes:
        admitted = sum(daily[f"starts_{n}"][run].mean() for n in homes)
        found["care_home_admissions"] = float(admitted) * 365.0
    found["still_at_home"] = still_at_home(journeys, setting)
    return found


def still_at_home(journeys: Journeys, setting: Setting) -> float:
    """Share at home 91 days after leaving hospital for care at home or in a bed; NaN if nobody can be judged.

    Judged are those whose 91st day lies in the run. The official indicator (ASCOF 2B) counts people
    of 65 and over; the model knows no ages.
    """
    care = np.isin(np.array(setting.settings), ("home", "bed")) & setting.offer.is_place
    left = setting.offer.is_hospital[journeys.service] & (journeys.outcome >= 0)
    left &= care[np.maximum(journeys.outcome, 0)] & (journeys.left + STILL_AT_HOME_DAYS < journeys.horizon)
    left &= journeys.left + STILL_AT_HOME_DAYS >= 0
    rows = np.flatnonzero(left)
    if rows.size == 0:
        return np.nan
    return float(
        _at_home(journeys, setting, journeys.person[rows], journeys.left[rows] + STILL_AT_HOME_DAYS).mean()
    )


def _at_home(journeys: Journeys, setting: Setting, person: Ints, time: Floats) -> NDArray[np.bool_]:
    """Whether each person is at home at a time: in care there, or having left for home."""
    stays = np.flatnonzero((journeys.purpose != TASK) & ~np.isnan(journeys.started))
    who, stay = pairs(person, journeys.person[stays])
    stay = stays[stay]
    left = np.where(np.isnan(journeys.left[stay]), np.inf, journeys.left[stay])
    here = (journeys.started[stay] <= time[who]) & (time[who] < left)
    at_home = np.array([s == "home" for s in setting.settings]) & setting.offer.is_place
    went_home = (journeys.outcome[stay] == LEAVE) & (left <= time[who])
    found = np.zeros(person.size, dtype=bool)
    found[who[(here & at_home[journeys.service[stay]]) | went_home]] = True
    return found


def _is_admission(journeys: Journeys) -> NDArray[np.bool_]:
    """Rows that begin a hospital stay, not those that go on with one after becoming unwell again."""
    unwell = np.flatnonzero(journeys.outcome == UNWELL)
    broken, row = pairs(journeys.person[unwell], journeys.person)
    goes_on = journeys.left[unwell[broken]] == journeys.started[row]
    admission = np.ones(len(journeys), dtype=bool)
    admission[row[goes_on]] = False
    return admission


def _per_day(times: Floats, setting: Setting) -> Floats:
    known = times[~np.isnan(times)]
    day = np.floor(known).astype(np.int64) - setting.first_day
    return np.bincount(day[day >= 0], minlength=setting.days)[: setting.days].astype(float)
