"""Who comes when: a Poisson process whose rate follows month, weekday, bank holiday and hour.

Pearson 1900 for the chi-square tests, all at 99.9 %; Fisher 1950 for the index of dispersion; Çınlar 1975
("Introduction to Stochastic Processes") for the change of time.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

import flowsim
from tests.verification import trial

REPLICATIONS = 3
PER_DAY = 60.0
WEEKDAY = {"mon": 1.3, "tue": 1.1, "wed": 1.05, "thu": 1.0, "fri": 1.1, "sat": 0.8, "sun": 0.65}
MONTH = {"jan": 1.25, "feb": 1.1, "jul": 0.9, "aug": 0.8}
HOUR = [3, 2, 2, 1, 1, 2, 3, 5, 8, 12, 14, 14, 13, 12, 12, 11, 11, 10, 10, 9, 8, 7, 5, 4]
# England's bank holidays of 2018, which count as Sundays unless said otherwise.
HOLIDAYS = [(1, 1), (3, 30), (4, 2), (5, 7), (5, 28), (8, 27), (12, 25), (12, 26)]
DATES = [dt.date(2018, 1, 1) + dt.timedelta(days=d) for d in range(365)]


def city(per_day: float) -> str:
    return f"""
title = "A year of arrivals"
[run]
start = 2018-01-01
days = 365
warm_up_days = 0
[streams.emergency]
label = "Emergency admissions"
per_day = {per_day}
enters = "hospital"
weekday = {{ {", ".join(f"{k} = {v}" for k, v in WEEKDAY.items())} }}
month = {{ {", ".join(f"{k} = {v}" for k, v in MONTH.items())} }}
hour = {HOUR}
routes = {{ home = 0.8, step_down = 0.2 }}
[routes.home]
label = "Home"
stay = {{ mean = 4, sd = 6 }}
[routes.step_down]
label = "Step-down"
stay = {{ mean = 12, sd = 9 }}
next = {{ beds = 1.0 }}
[services.hospital]
kind = "place"
[services.beds]
kind = "place"
capacity = 400
stay = {{ mean = 20, sd = 15 }}
"""


@cache
def result() -> flowsim.Result:
    return trial.ran(city(PER_DAY), REPLICATIONS)


@cache
def arrivals() -> pd.DataFrame:
    """When everybody came: replication, day and hour."""
    table = result().journeys
    table = table[table["step"] == 0]
    day = np.floor(table["asked"]).astype(int)
    hour = np.floor((table["asked"] - day) * 24).astype(int)
    return pd.DataFrame({"replication": table["replication"], "day": day, "hour": hour})


def expected_per_day() -> trial.Floats:
    """People expected on each day of 2018: weights are relative to the mean over the week and over the year."""
    week = np.array(list(WEEKDAY.values())) / np.mean(list(WEEKDAY.values()))
    year = [MONTH.get(f"{dt.date(2018, m, 1):%b}".lower(), 1.0) for m in range(1, 13)]
    year = np.array(year) / np.mean(year)
    kind = [6 if (d.month, d.day) in HOLIDAYS else d.weekday() for d in DATES]
    found: trial.Floats = PER_DAY * week[kind] * year[[d.month - 1 for d in DATES]]
    return found


def fits(observed: trial.Floats, expected: trial.Floats) -> None:
    """Counts of a Poisson process: the sum of (O - E)^2 / E is chi-square with one degree of freedom for each."""
    chi2 = float(((observed - expected) ** 2 / expected).sum())
    most = float(stats.chi2.ppf(trial.LEVEL, expected.size))
    trial.say(f"chi-square {chi2:.1f}, at most {most:.1f} ({expected.size} counts)")
    assert chi2 <= most


def per_day() -> trial.Floats:
    """Arrivals on each day in each replication, shape (replications, 365)."""
    counts = pd.crosstab(arrivals()["replication"], arrivals()["day"]).reindex(
        columns=range(365), fill_value=0
    )
    found: trial.Floats = counts.to_numpy(dtype=float)
    return found


def by(groups: list[int], values: trial.Floats) -> trial.Floats:
    found: trial.Floats = np.bincount(groups, weights=values).astype(float)
    return found


def test_counts_by_month() -> None:
    months = [d.month - 1 for d in DATES]
    fits(by(months, per_day().sum(axis=0)), REPLICATIONS * by(months, expected_per_day()))


def test_counts_by_weekday_and_bank_holiday() -> None:
    kinds = [7 if (d.month, d.day) in HOLIDAYS else d.weekday() for d in DATES]
    fits(by(kinds, per_day().sum(axis=0)), REPLICATIONS * by(kinds, expected_per_day()))


def test_counts_by_hour() -> None:
    total = REPLICATIONS * expected_per_day().sum()
    observed = np.bincount(arrivals()["hour"], minlength=24).astype(float)
    fits(observed, total * np.array(HOUR) / sum(HOUR))


def test_days_are_no_more_and_no_less_uneven_than_a_poisson_process() -> None:
    """Index of dispersion (Fisher 1950): both tails, for arrivals that are too regular are wrong as well."""
    expected = expected_per_day()
    chi2 = float(((per_day() - expected) ** 2 / expected).sum())
    low, high = (float(stats.chi2.ppf(p, REPLICATIONS * 365)) for p in trial.TAILS)
    trial.say(f"dispersion {chi2:.0f}, from {low:.0f} to {high:.0f}")
    assert low <= chi2 <= high


def test_within_an_hour_arrivals_are_uniform() -> None:
    asked = result().journeys.query("step == 0")["asked"].to_numpy()
    assert stats.kstest((asked * 24) % 1.0, "uniform").pvalue > 1 - trial.LEVEL


def test_shares_of_routes() -> None:
    first = result().journeys.query("step == 0")
    home = int((first["route"] == "home").sum())
    assert stats.binomtest(home, len(first), 0.8).pvalue > 1 - trial.LEVEL


def test_person_i_stays_person_i_under_five_per_cent_more_demand() -> None:
    """The same route, stay and turn; only the clock runs faster: 1.05 Lambda(new time) = Lambda(old time)."""
    more = trial.ran(city(1.05 * PER_DAY), 1).journeys.query("step == 0").set_index("person").sort_index()
    base = result().journeys.query("step == 0 and replication == 0").set_index("person").sort_index()
    assert 1.03 < len(more) / len(base) < 1.07
    more = more.loc[base.index]
    assert (more["route"].astype(str) == base["route"].astype(str)).all()
    stayed, stays = (base["ready"] - base["asked"]).dropna(), (more["ready"] - more["asked"]).dropna()
    both = stayed.index.intersection(stays.index)
    assert len(both) > 0.9 * len(base)
    assert np.array_equal(stayed[both], stays[both])
    assert (more["asked"] <= base["asked"]).all()
    gap = 1.05 * _people_by(more["asked"].to_numpy()) - _people_by(base["asked"].to_numpy())
    assert np.abs(gap).max() < 1e-4


def _people_by(times: trial.Floats) -> trial.Floats:
    """Lambda: people expected by each time, the rate being constant within an hour."""
    hourly = (expected_per_day()[:, None] * np.array(HOUR) / sum(HOUR)).ravel()
    found: trial.Floats = np.interp(
        times, np.arange(hourly.size + 1) / 24, np.concatenate([[0], np.cumsum(hourly)])
    )
    return found
