"""Intervals against scipy.stats, and whether they cover what they should."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from flowsim.experiment.intervals import (
    Interval,
    can_call,
    mean_interval,
    paired_interval,
    percentile_band,
    replications_needed,
    wilson_interval,
)

VALUES = np.array([51.2, 48.9, 63.0, 44.1, 57.7, 60.2])


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_mean_interval_is_students(level: float) -> None:
    found = mean_interval(VALUES, level)
    theirs = stats.ttest_1samp(VALUES, 0).confidence_interval(level)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)
    assert found.value == pytest.approx(VALUES.mean())
    assert found.half_width == pytest.approx((theirs.high - theirs.low) / 2)


def test_one_replication_has_no_interval_and_none_has_no_mean() -> None:
    one = mean_interval(np.array([7.0]))
    assert one.value == 7.0
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert math.isnan(one.half_width)
    assert not can_call(one)
    assert math.isnan(mean_interval(np.array([])).value)
    assert not can_call(mean_interval(np.array([1.0, math.nan])))


def test_mean_intervals_cover_in_nineteen_of_twenty_cases() -> None:
    rng = np.random.default_rng(1908)
    hits = 0
    for _ in range(4000):
        found = mean_interval(rng.normal(50, 12, 8))
        hits += found.low <= 50 <= found.high
    # Four standard errors of a share of 0.95 over 4,000 trials.
    assert hits / 4000 == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 4000))


@pytest.mark.parametrize(("successes", "trials"), [(0, 50), (1, 50), (37, 50), (50, 50), (3, 7), (1, 1)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_interval_is_scipys(successes: int, trials: int, level: float) -> None:
    found = wilson_interval(successes, trials, level)
    theirs = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-12)
    assert found.value == successes / trials


@given(trials=st.integers(1, 500), share=st.floats(0, 1))
def test_wilson_interval_stays_between_nought_and_one(trials: int, share: float) -> None:
    found = wilson_interval(share * trials, trials)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


@pytest.mark.parametrize("truth", [0.05, 0.5, 0.9])
def test_wilson_intervals_cover_about_as_often_as_they_say(truth: float) -> None:
    draws = np.random.default_rng(1927).binomial(50, truth, 4000)
    found = [wilson_interval(int(d), 50) for d in draws]
    covered = np.mean([i.low <= truth <= i.high for i in found])
    # Counts are whole, so coverage moves in steps about 0.95 (Brown, Cai and DasGupta 2001).
    assert 0.92 < covered < 0.985


def test_shares_of_days_are_covered_at_least_as_often() -> None:
    # 200 days a replication, anything but independent: a level per replication decides most of them.
    rng = np.random.default_rng(50)
    shares = rng.beta(0.9, 0.6, (2000, 40))
    found = [wilson_interval(float(row.sum()), 40) for row in shares]
    assert np.mean([i.low <= 0.6 <= i.high for i in found]) > 0.95


def test_wilson_interval_of_nothing_and_of_the_impossible() -> None:
    nothing = wilson_interval(0, 0)
    assert math.isnan(nothing.value)
    assert (nothing.low, nothing.high) == (0, 1)
    for successes in (-1, 6, math.nan):
        with pytest.raises(ValueError, match="in 5 trials are not possible"):
            wilson_interval(successes, 5)


def test_pairing_takes_out_what_both_share() -> None:
    rng = np.random.default_rng(3)
    base = rng.normal(100, 20, 30)
    plan = base - 3 + rng.normal(0, 1, 30)
    paired = paired_interval(plan, base)
    theirs = stats.ttest_rel(plan, base).confidence_interval(0.95)
    assert (paired.low, paired.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)
    assert can_call(paired)
    assert paired.half_width < mean_interval(plan).half_width / 10
    with pytest.raises(ValueError, match="30 replications cannot be paired with 29"):
        paired_interval(plan, base[1:])


@pytest.mark.parametrize(
    ("interval", "called"),
    [
        (Interval(2, 1, 3), True),
        (Interval(-2, -3, -1), True),
        (Interval(0.5, -1, 2), False),
        (Interval(1, 0, 2), False),
        (Interval(0, 0, 0), False),
    ],
)
def test_a_difference_is_called_when_zero_is_left_out(interval: Interval, called: bool) -> None:
    assert can_call(interval) is called


def test_percentile_band_is_day_by_day() -> None:
    daily = np.arange(101.0)[:, None] + np.array([0.0, 1000.0])
    low, high = percentile_band(daily)
    assert low.tolist() == [5, 1005]
    assert high.tolist() == [95, 1095]
    low, high = percentile_band(daily, 25, 50)
    assert (low[0], high[0]) == (25, 50)


@pytest.mark.parametrize("wanted", [20.0, 8.0, 3.0, 0.5, 0.01])
def test_replications_needed_is_the_first_number_that_is_enough(wanted: float) -> None:
    needed = replications_needed(VALUES, wanted)
    spread = VALUES.std(ddof=1)

    def half(i: int) -> float:
        return float(stats.t.ppf(0.975, i - 1)) * float(spread) / math.sqrt(i)

    assert half(needed) <= wanted
    assert needed == len(VALUES) or half(needed - 1) > wanted


def test_replications_needed_says_why_it_cannot_say() -> None:
    assert replications_needed(np.array([4.0, 4.0]), 0.1) == 2
    with pytest.raises(ValueError, match="fewer than two"):
        replications_needed(np.array([4.0]), 0.1)
    with pytest.raises(ValueError, match="more than 0"):
        replications_needed(VALUES, 0)
    with pytest.raises(ValueError, match="missing"):
        replications_needed(np.array([4.0, math.nan]), 1)
