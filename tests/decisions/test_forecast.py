"""Forecasts: scores against closed forms, paths set to what is known, and what a forecast says of itself."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import flowsim
from flowsim.decisions.ensemble import LACK, Conditioned, Ensemble, condition, kish
from flowsim.decisions.forecast import Forecast, forecast
from flowsim.decisions.prior import prior_set, prior_spreads
from flowsim.decisions.rivals import LAST, LAST_YEAR, SERIES, Outlook, rival
from flowsim.decisions.scores import band, crps, crps_normal, weighted_quantiles
from flowsim.errors import RunError
from flowsim.experiment.run import Effort, run_together
from flowsim.observed import Observed
from flowsim.observed.today import Count, Today
from flowsim.scenario import Scenario, from_text
from tests.cities import little_city

# Scores


def by_integral(distribution: Any, seen: float) -> float:
    """The score by its definition: the integral of (F(x) - 1{x >= seen})^2."""
    below, _ = integrate.quad(lambda x: distribution.cdf(x) ** 2, -np.inf, seen)
    above, _ = integrate.quad(lambda x: distribution.sf(x) ** 2, seen, np.inf)
    return float(below + above)


@pytest.mark.parametrize("seen", [-1.0, 3.0, 12.0])
def test_the_score_of_a_normal_forecast(seen: float) -> None:
    normal = stats.norm(4, 2.5)
    assert crps_normal(4, 2.5, seen) == pytest.approx(by_integral(normal, seen), rel=1e-6)
    sample = normal.ppf((np.arange(20_000) + 0.5) / 20_000)
    assert crps(sample, seen) == pytest.approx(crps_normal(4, 2.5, seen), rel=1e-3)
    assert crps_normal(4, 0, seen) == abs(4 - seen)


@pytest.mark.parametrize("seen", [20.0, 90.0, 400.0])
def test_the_score_of_a_lognormal_forecast(seen: float) -> None:
    outlook = Outlook(np.log(100), 0.3, logs=True)
    assert outlook.crps(seen) == pytest.approx(by_integral(stats.lognorm(0.3, scale=100), seen), rel=1e-6)


def test_small_samples_by_hand() -> None:
    assert crps(np.array([3.0]), 5.0) == 2.0
    # E|X - 1| = 1, and of two equal values 0 and 2 E|X - X'| = 1.
    assert crps(np.array([0.0, 2.0]), 1.0) == pytest.approx(0.5)
    # Weights are as good as repeated values.
    once = crps(np.array([0.0, 2.0]), 1.5, np.array([1.0, 3.0]))
    assert once == pytest.approx(crps(np.array([0.0, 2.0, 2.0, 2.0]), 1.5))
    direct = np.array([1.0, 4.0, 9.0, 2.0])
    expected = np.abs(direct - 3).mean() - np.abs(direct[:, None] - direct).mean() / 2
    assert crps(direct, 3.0) == pytest.approx(expected)


def test_weighted_quantiles() -> None:
    values = np.arange(101.0)
    assert weighted_quantiles(values, np.ones(101), [0.05, 0.5, 0.95]).tolist() == pytest.approx(
        [4.55, 50, 95.45]
    )
    heavy = np.where(values < 10, 1.0, 1e-9)
    assert weighted_quantiles(values, heavy, [0.5])[0] == pytest.approx(4.5)
    low, high = band(np.stack([values, 2 * values], axis=1), np.ones(101), 0.5)
    assert (high - low).tolist() == pytest.approx([50.5, 101])


# Rivals


def months(values: list[float], first: str = "2016-01-01") -> pd.Series:
    return pd.Series(values, index=pd.date_range(first, periods=len(values), freq="MS"))


def test_naive_forecasts_say_what_their_names_say() -> None:
    known = months([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130])
    last = rival(LAST, known, 2)
    assert last is not None
    # Two months apart the series was always 20 off.
    assert (last.mean, last.sd) == (130, 20)
    year = rival(LAST_YEAR, known, 1)
    assert year is not None
    assert year.mean == 20
    assert rival(LAST_YEAR, known[:5], 1) is None


def test_exponential_smoothing_of_a_level_is_that_level() -> None:
    noise = np.random.default_rng(2).normal(0, 0.05, 60)
    found = rival(SERIES, months((100 * np.exp(noise)).tolist()), 3)
    assert found is not None
    assert found.point == pytest.approx(100, rel=0.05)
    low, high = found.band(0.9)
    assert 0.8 * 2 * 1.645 * 5 < high - low < 1.6 * 2 * 1.645 * 5
    assert rival(SERIES, months([1, 2, 3]), 1) is None


# Paths conditioned on months


def paths(levels: np.ndarray, days: int = 180, seed: int = 3) -> Ensemble:
    """Made-up paths: each a level of its own in two groups, with chance from day to day."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(0, 1, (levels.size, days)).cumsum(axis=1) * 0.2
    first = np.maximum(levels[:, None] * 0.4 + noise, 0)
    return Ensemble(dt.date(2017, 1, 1), ("A", "E"), (first, np.maximum(levels[:, None] * 0.6 - noise, 0)))


def seen(months_of: dict[str, float], share: float = 0.4) -> Observed:
    index = pd.DatetimeIndex(list(months_of), name="month")
    days = np.array(list(months_of.values())) * index.days_in_month
    table = pd.DataFrame(
        {"days_A": share * days, "days_E": (1 - share) * days, "total_days": days}, index=index
    )
    return Observed(monthly=table.assign(per_day=table["total_days"] / index.days_in_month))


def test_paths_like_what_was_seen_count_more() -> None:
    levels = np.linspace(40, 160, 200)
    known = seen({"2017-01-01": 60, "2017-02-01": 60, "2017-03-01": 60})
    found = condition(paths(levels), known, dt.date(2017, 4, 1), seed=1)
    assert found.months == 3
    assert found.effective >= 30
    assert found.weights @ levels == pytest.approx(60, abs=12)
    assert found.weights[levels > 110].sum() < 0.05
    assert found.weights.sum() == pytest.approx(1)


def test_a_forecast_begins_where_the_last_month_left_off_and_goes_back_to_its_own_level() -> None:
    levels = np.full(400, 100.0)
    known = seen({"2017-01-01": 70, "2017-02-01": 70, "2017-03-01": 70})
    fixed = condition(paths(levels), known, dt.date(2017, 4, 1), seed=1, persistence=1.0)
    fading = condition(paths(levels), known, dt.date(2017, 4, 1), seed=1, persistence=0.3)
    assert np.median(fixed.total[:, 0]) == pytest.approx(70, rel=0.03)
    assert np.median(fixed.total[:, -1]) == pytest.approx(70, rel=0.06)
    assert np.median(fading.total[:, 0]) == pytest.approx(70 * (100 / 70) ** 0.4, rel=0.1)
    assert np.median(fading.total[:, -1]) == pytest.approx(100, rel=0.06)


def test_what_the_model_lacks_is_found() -> None:
    levels = np.full(200, 100.0)
    off = condition(
        paths(levels),
        seen({"2017-01-01": 80, "2017-02-01": 125, "2017-03-01": 80}),
        dt.date(2017, 4, 1),
        seed=1,
    )
    right = condition(
        paths(levels),
        seen({"2017-01-01": 100, "2017-02-01": 100, "2017-03-01": 100}),
        dt.date(2017, 4, 1),
        seed=1,
    )
    assert off.lack == pytest.approx(np.log(1.25), rel=0.05)
    assert right.lack == LACK[0]
    late = slice(-30, None)
    assert off.total[:, late].std() > 2 * right.total[:, late].std()


def test_nothing_later_than_the_cut_is_used() -> None:
    ensemble = paths(np.linspace(40, 160, 100))
    known = {"2017-01-01": 60.0, "2017-02-01": 60.0}
    before = condition(ensemble, seen(known), dt.date(2017, 3, 1), seed=1)
    after = condition(
        ensemble, seen({**known, "2017-03-01": 150, "2017-04-01": 150}), dt.date(2017, 3, 1), seed=1
    )
    assert (before.weights == after.weights).all()
    assert (before.total == after.total).all()


def test_months_without_reasons_will_do() -> None:
    known = seen({"2017-01-01": 60, "2017-02-01": 60, "2017-03-01": 60})
    assert known.monthly is not None
    total = Observed(monthly=known.monthly[["total_days", "per_day"]])
    found = condition(paths(np.full(100, 100.0)), total, dt.date(2017, 4, 1), seed=1, persistence=1.0)
    assert np.median(found.total[:, 0]) == pytest.approx(60, rel=0.05)


def test_the_effective_number() -> None:
    assert kish(np.full(8, 1 / 8)) == pytest.approx(8)
    assert kish(np.array([1.0, 0, 0])) == 1


# A whole forecast


@cache
def city() -> Scenario:
    return from_text(little_city(), "city")


@cache
def plain() -> Forecast:
    return forecast(city(), weeks=6, paths=40, seed=9)


def test_assumed_ranges_are_of_what_the_level_hangs_on() -> None:
    spreads = prior_spreads(city())
    assert {"streams.emergency.per_day*", "services.allocation.work*", "services.stit.capacity*"} <= set(
        spreads
    )
    members = prior_set(city(), 5)
    for name, spread in spreads.items():
        factors = members.table[name]
        assert factors.mean() == pytest.approx(1, abs=spread / 3)
        assert factors.std() == pytest.approx(spread, rel=0.35)


def test_a_forecast_is_the_scenarios_own_where_nothing_is_known() -> None:
    found = plain()
    assert found.paths.months == 0
    assert "the level is the scenario's own" in found.method
    own = flowsim.run(city(), replications=40, seed=9).by_day("delayed")[:, :42].mean()
    assert found.daily["mean"].mean() == pytest.approx(own, rel=0.35)


def test_tables_agree_with_the_paths() -> None:
    found = plain()
    assert len(found.daily) == 42
    assert len(found.weekly) == 6
    assert (
        (found.daily[["low90", "low50", "median", "high50", "high90"]].diff(axis=1).iloc[:, 1:] >= 0)
        .all()
        .all()
    )
    first = found.paths.total[:, :7].mean(axis=1)
    week = found.weekly.iloc[0]
    assert week["mean"] == pytest.approx(first.mean())
    assert week["chance"] == pytest.approx((first <= found.target).mean())
    assert week["chance_low"] <= week["chance"] <= week["chance_high"]
    assert found.daily["date"].iloc[0] == pd.Timestamp(city().run.start)
    assert [f"{m:%Y-%m}" for m in found.monthly["month"]] == [
        f"{m:%Y-%m}"
        for m in pd.date_range(found.daily["date"].iloc[0], found.daily["date"].iloc[-1], freq="MS")
        if m + pd.offsets.MonthEnd() <= found.daily["date"].iloc[-1]
    ]


def test_the_day_on_which_the_target_is_met() -> None:
    found = plain()
    # Three paths that fall one after another; the last one too late for four weeks.
    falls = np.maximum(np.linspace(30, -10, 80)[None, :] + np.array([0.0, 2.0, 9.0])[:, None], 0)
    dates = pd.date_range("2018-01-01", periods=80)
    paths_of = Conditioned(dates, falls, np.full(3, 1 / 3), 0.0, 1.0, 3.0, 0)
    easy = Forecast(found.scenario, found.plausible, paths_of, 1, "simpy", "")
    assert easy.target == 12
    median, low, _ = easy.held_from() or (None, None, None)
    first_met = [int(np.flatnonzero(path <= 12)[0]) for path in falls]
    assert easy.target_days[:2].tolist() == first_met[:2]
    assert np.isnan(easy.target_days[2])
    assert easy.chance_held == pytest.approx(2 / 3)
    assert (median, low) == (dates[first_met[1]], dates[first_met[0]])
    assert easy.stays_from(0.9) == dates[first_met[2]]
    far = Conditioned(dates, falls + 100, paths_of.weights, 0.0, 1.0, 3.0, 0)
    never = Forecast(found.scenario, found.plausible, far, 1, "simpy", "")
    assert never.held_from() is None
    assert never.chance_held == 0
    assert never.stays_from(0.5) is None
    assert never.stays_until(0.5) is None
    assert easy.stays_until(0.9) is None


def test_from_counts_of_today() -> None:
    counts = Today(
        (Count("A", "t", in_hospital=9), Count("stit", "t", in_hospital=12, caseload=70)),
        dt.date(2018, 1, 14),
    )
    found = forecast(city(), today=counts, weeks=2, paths=24, seed=9)
    assert found.daily["date"].iloc[0] == pd.Timestamp("2018-01-14")
    assert found.day_0 is not None
    assert found.day_0["people"].sum() == 21
    # On the first midnight most of them are still there: routes are not allocated on a Sunday.
    assert found.daily["mean"].iloc[0] > 0.6 * found.day_0["delayed"].sum()
    assert "from the counts given, without a warm-up" in found.method


@pytest.mark.parametrize("times", [0.05, 40.0])
def test_months_of_another_place_are_refused(times: float) -> None:
    base = city()
    delayed = run_together([base], Effort(replications=2))[0].per_replication["delayed_mean"].mean()
    seen = pd.Series(times * delayed, index=pd.date_range(base.run.start, periods=3, freq="MS", name="month"))
    with pytest.raises(RunError, match="they are of another city"):
        forecast(base, Observed(monthly=pd.DataFrame({"per_day": seen})), weeks=2, paths=20)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"weeks": 0}, "0 weeks cannot be forecast"),
        ({"start": dt.date(2001, 1, 1)}, "begins on"),
        ({"persistence": 2.0}, "a persistence of 2 is none"),
        ({"today": Today(()), "observed": Observed()}, "not both"),
        (
            {"today": Today((), dt.date(2017, 10, 2)), "start": dt.date(2017, 11, 1)},
            "the counts are of 2017-10-02",
        ),
    ],
)
def test_what_cannot_be_forecast(arguments: dict, words: str) -> None:
    with pytest.raises(RunError, match=words):
        forecast(city(), paths=20, **arguments)
