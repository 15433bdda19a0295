"""Unlimited room: M/G/infinity, whose census is Poisson whatever the stays, from the first day if it begins so.

Eick, Massey and Whitt 1993 ("The physics of the Mt/G/infinity queue", Operations Research 41, 731-742);
Little 1961; Cox 1962 ("Renewal Theory") for the length bias of stays in progress.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy import integrate, stats

import flowsim
from tests.verification import trial

PER_DAY = 12.0
STAY = 5.0
# One mean, four shapes: the mix has a tail, the lognormal a longer one.
SHAPES = {
    "fixed": f"{STAY}",
    "exponential": f'{{ dist = "exponential", mean = {STAY} }}',
    "lognormal": f"{{ mean = {STAY}, sd = 8 }}",
    "mixture": '{ dist = "mixture", parts = [ { weight = 3, of = 1 }, { weight = 1, of = { dist = "gamma", mean = 17, sd = 9 } } ] }',
}


def ward(stay: str, capacity: str = "unlimited", days: int = 1000) -> str:
    return f"""
title = "An unlimited ward"
[run]
start = 2018-01-01
days = {days}
warm_up_days = 365
[streams.emergency]
label = "Emergency admissions"
per_day = {PER_DAY}
enters = "ward"
routes = {{ stays = 1.0 }}
[routes.stays]
label = "Stays"
[services.ward]
kind = "place"
capacity = {capacity if capacity != "unlimited" else '"unlimited"'}
stay = {stay}
"""


@pytest.mark.parametrize("shape", SHAPES)
def test_census_is_poisson_whatever_the_stays(shape: str) -> None:
    found = trial.by_day(trial.ran(ward(SHAPES[shape]), 20), "in_ward")
    census = PER_DAY * STAY
    trial.agree(f"census, {shape}", found.mean(axis=1), census, within=0.03)
    # Around the known mean: unbiased for the variance, which for Poisson is the mean.
    trial.agree(f"variance, {shape}", ((found - census) ** 2).mean(axis=1), census, within=0.20)
    above = stats.poisson.sf(70, census)
    trial.agree(f"P(more than 70), {shape}", (found > 70).mean(axis=1), float(above), within=0.35)


def test_the_engine_agrees_with_the_shortcut_for_unlimited_services() -> None:
    # A million places are never full, but people with a limit in their way go through the engine.
    shortcut = trial.ran(ward(SHAPES["lognormal"], days=200), 2)
    engine = trial.ran(ward(SHAPES["lognormal"], "1_000_000", days=200), 2)
    assert np.array_equal(trial.by_day(shortcut, "in_ward"), trial.by_day(engine, "in_ward"))
    assert len(shortcut.journeys) > 2 * 200 * PER_DAY
    for time in ("asked", "started", "ready", "left"):
        assert np.array_equal(shortcut.journeys[time], engine.journeys[time], equal_nan=True), time


def test_census_by_weekday_follows_demand_with_a_lag() -> None:
    """E N(t) = integral of lambda(t - u) P(S > u) du (Eick, Massey and Whitt 1993, theorem 1), here by weekday."""
    weights = [1.6, 1.3, 1.1, 1.0, 1.0, 0.6, 0.4]
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    stay, per_day = 1.5, 40.0
    text = f"""
title = "Demand by weekday"
[run]
start = 2018-05-29
days = 84
warm_up_days = 20
[streams.emergency]
label = "Emergency admissions"
per_day = {per_day}
enters = "ward"
routes = {{ stays = 1.0 }}
weekday = {{ {", ".join(f"{d} = {w}" for d, w in zip(days, weights, strict=True))}, holiday = {weights[0]} }}
[routes.stays]
label = "Stays"
[services.ward]
kind = "place"
stay = {{ dist = "exponential", mean = {stay} }}
"""
    # The only bank holiday of these weeks but for those of the warm-up is Monday, 27 August, which is a Monday here.
    found = trial.by_day(trial.ran(text, 40), "in_ward")
    rate = per_day * np.array(weights) / np.mean(weights)
    kept = 1.0 - math.exp(-1.0 / stay)
    for weekday in range(7):
        # Whoever came on a day d days back, at rate(d), is still there with the integral of exp(-u / stay) over it.
        exact = sum(rate[(weekday - back) % 7] * stay * kept * math.exp(-back / stay) for back in range(60))
        midnights = found[:, [d for d in range(84) if (d + 1) % 7 == weekday]]
        trial.agree(f"census, {days[weekday]}", midnights.mean(axis=1), exact, within=0.06)


LONG_BEFORE_THE_END = 240

TAPER = """
title = "A caseload whose members need less and less"
[run]
start = 2018-01-01
days = 300
warm_up_days = 120
[streams.referrals]
label = "Referrals"
per_day = 8
enters = "team_at_home"
routes = { reablement = 1.0 }
[routes.reablement]
label = "Reablement"
[services.team_at_home]
kind = "place"
unit = "visits per day"
capacity = 118
size = { start = 4, end = 1 }
stay = { mean = 5, sd = 3 }
"""


@cache
def tapering() -> flowsim.Result:
    return trial.ran(TAPER, 24)


def test_capacity_in_use_is_arrivals_times_stay_times_mean_size() -> None:
    """H = lambda G (Brumelle 1971, Little's law with weights): 4, 3, 2 and 1 visits for a quarter of the stay each."""
    used = trial.by_day(tapering(), "used_team_at_home")[:, :LONG_BEFORE_THE_END]
    trial.agree("visits per day", used.mean(axis=1), 8 * 5 * (4 + 3 + 2 + 1) / 4, within=0.03)
    # The limit is felt, and kept: people waited, and never was more in use than there is.
    assert (trial.by_day(tapering(), "queue_team_at_home") > 0).mean() > 0.05
    assert used.max() <= 118


def test_the_end_of_the_run_does_not_show_in_the_capacity_in_use() -> None:
    # Who needs how much on a day is settled long before; that the stay ends past the horizon alters nothing.
    assert trial.by_day(tapering(), "used_team_at_home").max() <= 118


INITIAL = """
title = "Begun in the middle of things"
[run]
start = 2018-01-01
days = 60
warm_up_days = 0
[streams.referrals]
label = "Referrals"
per_day = 10
enters = "caseload"
routes = { reablement = 1.0 }
[routes.reablement]
label = "Reablement"
[services.caseload]
kind = "place"
stay = { mean = 20, sd = 25 }
initial = { people = 200 }
"""


def test_people_there_at_the_start_keep_the_census_where_it_was() -> None:
    """Stays in progress are longer than most, and have P(S > u) / E[S] for the density of what is left (Cox 1962).

    So each of the 200 is gone by day t with the chance G(t) = integral of P(S > u) du / E[S], and newcomers
    make up for it, 10 x 20 x G(t) people: the mean stays at 200 on every day.
    """
    found = trial.by_day(trial.ran(INITIAL, 60), "in_caseload")
    for first, last in ((0, 3), (3, 10), (10, 30), (30, 60)):
        trial.agree(f"census, days {first} to {last}", found[:, first:last].mean(axis=1), 200, within=0.04)
    # Poisson on top of binomial: the variance of day t is 200 (1 - G) G + 200 G.
    sigma2 = math.log1p((25 / 20) ** 2)
    stay = stats.lognorm(s=math.sqrt(sigma2), scale=20 * math.exp(-sigma2 / 2))
    gone = integrate.quad(stay.sf, 0, 10)[0] / 20
    spread = 200 * (1 - gone) * gone + 200 * gone
    trial.agree("variance, day 10", (found[:, 9] - 200) ** 2, spread, within=0.8)
