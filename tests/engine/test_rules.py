"""The rules that engines share: pure arithmetic, so tried on numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.engine import rules
from flowsim.scenario.sizes import levels, size_at
from tests.generated import examples

KINDS = (
    rules.MIDNIGHT,
    rules.DISTURBED,
    rules.PLAN_B_DUE,
    rules.ARRIVES,
    rules.REFERRED,
    rules.TASK_DONE,
    rules.READY,
    rules.SMALLER,
    rules.OPENS,
)


def test_simultaneous_things_happen_by_kind_then_by_number() -> None:
    assert list(KINDS) == sorted(set(KINDS))
    assert rules.order(rules.ARRIVES, 10**9) < rules.order(rules.REFERRED, 0)
    assert rules.order(rules.READY, 3) < rules.order(rules.READY, 4)


def test_nothing_of_the_model_comes_before_what_simpy_does_at_once() -> None:
    """SimPy resumes stories with priorities 0 and 1: whoever is called acts before anything else of the instant."""
    assert min(rules.order(kind, 0) for kind in KINDS) > 1


@examples(100)
@given(st.integers(0, 80), st.integers(0, 800_000), st.integers(1, 60))
def test_fractions_of_a_start_are_met_over_weeks(quarters: int, first_day: int, weeks: int) -> None:
    """On one weekday, in any number of weeks on end, the sum is within one of the average; whole numbers are exact."""
    starts = quarters / 4
    taken = [rules.whole_starts(starts, first_day + 7 * week) for week in range(weeks)]
    assert all(math.floor(starts) <= t <= math.ceil(starts) for t in taken)
    assert abs(Fraction(sum(taken)) - Fraction(quarters, 4) * weeks) < 1


def test_the_weekdays_do_not_all_round_up_in_the_same_week() -> None:
    """Half a start on every day: three or four a week."""
    totals = {sum(rules.whole_starts(0.5, 7 * week + day) for day in range(7)) for week in range(52)}
    assert totals == {3, 4}


def test_no_limit_stays_no_limit() -> None:
    assert rules.whole_starts(math.inf, 5) == math.inf


@pytest.mark.parametrize(("rank", "later"), [(0.0, 0), (0.29, 0), (0.31, 1), (0.64, 1), (0.66, 2), (0.99, 2)])
def test_declared_ready_by_one_rank(rank: float, later: int) -> None:
    """Saturday 0.3, Sunday 0.5, Monday 1: by Saturday 0.3, by Sunday 0.65, by Monday everybody."""
    assert rules.declared_after(rank, [1.0, 0.3, 0.5, 1.0], 1) == later


def test_past_the_last_day_known_nobody_is_declared() -> None:
    assert rules.declared_after(0.5, [1.0, 0.0], 1) == 1
    assert rules.declared_after(0.5, [1.0, 0.0], 7) == 0


@pytest.mark.parametrize(
    ("start", "end", "sizes"),
    [
        (4, 1, [4, 3, 2, 1]),
        (1, 1, [1]),
        (2, 0, [2, 1, 0]),
        (1.5, 1, [1.5, 1]),
        (0, 0, [0]),
        (1, 2, [1]),
        (3.5, 1, [3.5, 2.25, 1]),
    ],
)
def test_a_size_falls_in_equal_steps(start: float, end: float, sizes: list[float]) -> None:
    assert [size_at(start, end, level) for level in range(levels(start, end))] == sizes


def judged_day_by_day(census: list[float], above: float, below: float, after_days: int) -> list[bool]:
    """Whether an escalation is on, day after day."""
    on, due, found = False, math.inf, []
    for day, delayed in enumerate(census):
        on, due = rules.judged(on, due, delayed, above, below, after_days, day)
        found.append(on)
    return found


def test_an_escalation_goes_on_above_and_off_below() -> None:
    census = [4.0, 5.0, 5.5, 5.0, 3.0, 2.5, 4.0, 6.0]
    assert judged_day_by_day(census, 5, 3, 0) == [False, False, True, True, True, False, False, True]


def test_it_waits_its_days_and_is_called_off_if_the_census_falls_first() -> None:
    assert judged_day_by_day([6.0, 4.0, 4.0, 4.0], 5, 3, 2) == [False, False, True, True]
    assert judged_day_by_day([6.0, 2.0, 4.0, 4.0], 5, 3, 2) == [False, False, False, False]


def test_a_stay_never_ends_before_it_begins() -> None:
    assert rules.stay_until(10.0, 4.0, 0.5, -1.0, 1.5) == 10.5
    assert rules.stay_until(10.0, 4.0, 0.5, -1.0, 9.0) == 10.0
    assert rules.stay_until(10.0, 4.0, 0.0, 0.5, 0.0) == 10.0
