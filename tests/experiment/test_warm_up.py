"""MSER-5 and the verdict on series whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from flowsim.experiment.warm_up import settled_after, warm_up_verdict
from flowsim.units import Floats


def noise(replications: int, days: int, memory: float = 0.9, sd: float = 15.0, seed: int = 7) -> Floats:
    """An autoregressive series: today is mostly yesterday, as a census is."""
    raw = np.random.default_rng(seed).normal(0, sd * np.sqrt(1 - memory**2), (replications, days + 300))
    return np.asarray(lfilter([1], [1, -memory], raw)[:, 300:], dtype=np.float64)


def climb(days: int, time_constant: float, level: float = 100.0) -> Floats:
    """From an empty start towards a plateau: 63 % of the way after one time constant."""
    return level * (1 - np.exp(-np.arange(days) / time_constant))


def test_a_step_is_cut_where_it_ends() -> None:
    series = np.concatenate([np.zeros(40), np.full(160, 100.0)])
    assert settled_after(series) == 40
    alternating = series + np.tile([1.0, -1.0], 100)
    assert settled_after(alternating) == 40


def test_a_level_series_needs_no_cut() -> None:
    assert settled_after(np.full(100, 42.0)) == 0
    assert settled_after(np.zeros(180)) == 0


def test_a_straight_climb_never_settles() -> None:
    assert settled_after(np.arange(200.0)) is None
    assert settled_after(np.arange(30.0)) is None


def test_mser_is_the_smallest_squared_standard_error() -> None:
    series = climb(150, 8) + noise(1, 150, memory=0.5, sd=4)[0]
    batches = series.reshape(30, 5).mean(axis=1)
    by_hand = [sum((b - batches[d:].mean()) ** 2 for b in batches[d:]) / (30 - d) ** 2 for d in range(23)]
    assert settled_after(series) == 5 * int(np.argmin(by_hand))


def test_days_beyond_the_last_whole_batch_are_left_out() -> None:
    series = np.concatenate([np.zeros(40), np.full(160, 100.0), [9000.0] * 4])
    assert settled_after(series) == 40


def test_too_few_days_cannot_tell() -> None:
    assert settled_after(np.zeros(29)) is None
    assert settled_after(np.zeros(0)) is None


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("memory", [0.5, 0.9, 0.97])
def test_a_warm_up_that_reaches_its_plateau_is_long_enough(memory: float, seed: int) -> None:
    series = climb(180, 10) + noise(50, 180, memory, seed=seed)
    verdict = warm_up_verdict(series)
    assert verdict.enough
    assert verdict.sentence.startswith("The warm-up of 180 days is long enough: the number delayed ")
    if verdict.settled_after_days is not None:
        # Three time constants, when 95 % is reached, with room for noise; at most half the series.
        assert 20 <= verdict.settled_after_days <= 90
        assert f"settles after about {verdict.settled_after_days} days." in verdict.sentence


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("days", [60, 180])
def test_slow_wavering_is_not_taken_for_a_climb(days: int, seed: int) -> None:
    verdict = warm_up_verdict(100 + noise(50, days, 0.97, seed=seed))
    assert verdict.enough, verdict.sentence


@pytest.mark.parametrize("seed", range(20))
def test_a_series_that_still_climbs_is_too_short(seed: int) -> None:
    for climbing in (climb(180, 100), 2.0 * np.arange(30)):
        days = climbing.size
        verdict = warm_up_verdict(climbing + noise(50, days, seed=seed))
        assert not verdict.enough
        assert verdict.settled_after_days is None
        assert f"The warm-up of {days} days is too short: the number delayed" in verdict.sentence
        assert f"Try at least {2 * days} days." in verdict.sentence


def test_weekends_do_not_pass_for_a_drift() -> None:
    week = np.array([0, 0, 0, 0, 0, 12.0, 20.0])
    verdict = warm_up_verdict(80 + np.tile(week, 26)[None, :180] + noise(50, 180))
    assert verdict.enough


def test_an_overloaded_service_is_told_what_may_be_the_matter() -> None:
    verdict = warm_up_verdict(0.5 * np.arange(365) + noise(20, 365))
    assert not verdict.enough
    assert "Try at least 730 days." in verdict.sentence
    assert "more people ask for a service than it can take on" in verdict.sentence
    longest = warm_up_verdict(0.5 * np.arange(3650) + noise(2, 3650))
    assert "Try" not in longest.sentence


def test_nobody_delayed_is_said_so() -> None:
    verdict = warm_up_verdict(np.zeros((10, 180)))
    assert verdict.enough
    assert verdict.sentence == "The warm-up of 180 days is long enough: nobody is delayed at any time in it."


def test_level_from_the_start_is_said_so() -> None:
    verdict = warm_up_verdict(np.full((3, 100), 40.0))
    assert verdict.settled_after_days == 0
    assert verdict.sentence.endswith("the number delayed is at its level from the start.")


@pytest.mark.parametrize(("days", "said"), [(1, "1 day is"), (14, "14 days is")])
def test_a_few_days_cannot_show_it(days: int, said: str) -> None:
    verdict = warm_up_verdict(np.zeros((10, days)))
    assert not verdict.enough
    assert f"The warm-up of {said} too short: so few days cannot show" in verdict.sentence
    assert "Try at least 60 days." in verdict.sentence


def test_one_replication_is_judged_with_care() -> None:
    verdict = warm_up_verdict(np.arange(100.0)[None, :])
    assert not verdict.enough
    assert "as far as one replication can show" in verdict.sentence


def test_no_warm_up_is_right_when_people_are_there() -> None:
    filled = warm_up_verdict(np.empty((5, 0)), people_at_start=True)
    assert filled.enough
    assert filled.settled_after_days is None
    empty = warm_up_verdict(np.empty((5, 0)))
    assert not empty.enough
    assert "nobody is there at the start" in empty.sentence
    assert "Try at least 180 days." in empty.sentence
