"""Rehabilitation beds in Bristol, 2023: the queue of IPACS's node P2_B, day by day.

The figures are means of its own code over 40 seeds with their 95 % half-widths. Tolerance: both sides are
means of independent replications, so their difference has the half-width sqrt(theirs^2 + ours^2); taken at
99.9 %, since seven numbers and more are compared. Half a unit of the last printed digit is added.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import flowsim
from tests.verification import trial

# Long runs of the model, which other tests go through line by line: being counted would double their time.
pytestmark = pytest.mark.uncounted

HERE = Path(__file__).parent
REPLICATIONS = 80
# Day d is the average over (d, d + 1]: people waiting, and the 95 % half-width of that.
WAITING = {
    30: (0.0, 0.0),
    60: (9.8, 3.1),
    90: (30.9, 6.1),
    120: (51.8, 6.9),
    150: (67.2, 6.6),
    180: (90.0, 7.6),
}
MEAN_WAITING = (40.5, 4.6)  # days 30 to 180
OCCUPANCY = (99.9, 0.4)
OCCUPANCY_SHORTER = (62.9, 1.1)
FROM_95_TO_999 = float(stats.norm.ppf(0.9995) / stats.norm.ppf(0.975))
ROUNDING = 0.05


@cache
def result(name: str) -> flowsim.Result:
    return flowsim.run(HERE / f"{name}.toml", replications=REPLICATIONS, keep_journeys=REPLICATIONS)


@cache
def people(name: str, what: str) -> trial.Floats:
    """Time averages over each day of people waiting or in a bed, shape (replications, days)."""
    table = result(name).journeys
    begins, ends = ("asked", "started") if what == "waiting" else ("started", "left")
    found = np.zeros((REPLICATIONS, 181))
    for replication in range(REPLICATIONS):
        rows = table[table["replication"] == replication]
        begin = rows[begins].dropna()
        end = rows.loc[begin.index, ends].fillna(181.0).to_numpy()
        day = np.arange(181)
        overlap = np.minimum(end[:, None], day + 1) - np.maximum(begin.to_numpy()[:, None], day)
        found[replication] = np.maximum(overlap, 0).sum(axis=0)
    return found


def same(what: str, ours: trial.Floats, theirs: tuple[float, float]) -> None:
    value, half = trial.interval(ours)
    tolerance = math.hypot(half, FROM_95_TO_999 * theirs[1]) + ROUNDING
    trial.say(
        f"{what}: {value:.2f} +- {half:.2f}, published {theirs[0]} +- {theirs[1]}, tolerance {tolerance:.2f}"
    )
    assert abs(value - theirs[0]) <= tolerance


@pytest.mark.parametrize("day", WAITING)
def test_people_waiting_on_a_day(day: int) -> None:
    same(f"waiting, day {day}", people("bristol_rehabilitation", "waiting")[:, day], WAITING[day])


def test_people_waiting_over_days_30_to_180() -> None:
    same(
        "waiting, days 30-180", people("bristol_rehabilitation", "waiting")[:, 30:].mean(axis=1), MEAN_WAITING
    )


def test_beds_occupied() -> None:
    same("in bed, days 30-180", people("bristol_rehabilitation", "in")[:, 30:].mean(axis=1), OCCUPANCY)


def test_with_shorter_stays_nobody_waits() -> None:
    assert people("bristol_shorter_stays", "waiting").max() == 0
    same(
        "in bed, shorter stays", people("bristol_shorter_stays", "in")[:, 30:].mean(axis=1), OCCUPANCY_SHORTER
    )


def test_the_files_hold_the_published_stays() -> None:
    # A lognormal with mu = ln(median) and sigma = sqrt(2 (ln mean - mu)), written down by its mean and sd.
    for name, mean, median in (
        ("bristol_rehabilitation", 42.79, 34.0),
        ("bristol_shorter_stays", 21.0, 16.7),
    ):
        stay = flowsim.load(HERE / f"{name}.toml").services["rehabilitation"].stay
        assert stay is not None
        assert stay.mean == mean
        sigma2 = 2 * (math.log(mean) - math.log(median))
        assert stay.sd == pytest.approx(mean * math.sqrt(math.expm1(sigma2)), abs=1e-3)
