"""From replications to numbers by measure: what one of them lacks, how likely the target is kept, and what most of them reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import nan

import numpy as np
import pytest

from flowsim.experiment.run import Effort, run_together
from flowsim.experiment.summary import by_replication, summarise
from flowsim.experiment.worker import Outcome
from flowsim.measures.daily import Daily
from flowsim.measures.totals import Totals
from flowsim.scenario.edits import Plan
from flowsim.scenario.timeline import altered, build_timeline
from tests.experiment.city import small_city
from tests.experiment.written import TARGET, written_result


def test_a_number_that_a_replication_lacks_is_missing_there_and_moves_no_other() -> None:
    result = run_together([small_city()], Effort(replications=3))[0]
    first, second, third = result.outcomes
    lacking = {name: value for name, value in second.measured.totals.items() if name != "cost"}
    second = replace(second, measured=replace(second.measured, totals=Totals(lacking)))
    found = by_replication([first, second, third], result.timeline)
    assert np.isnan(found["cost"]).tolist() == [False, True, False]
    for name, values in by_replication(result.outcomes, result.timeline).items():
        if name != "cost":
            assert found[name].tobytes() == values.tobytes(), name


def from_days(days: list[int | None]) -> list[Outcome]:
    """Replications in which the target of 6 is met from a day on to the end of the four weeks and the four after them, or never."""
    result = run_together(
        [altered(small_city(), Plan(put={"run.days": 56}))], Effort(replications=len(days))
    )[0]
    found = []
    for outcome, day in zip(result.outcomes, days, strict=True):
        daily = dict(outcome.measured.daily)
        run = np.full(56, 7.0)
        run[56 if day is None else day :] = 6.0
        daily["delayed"] = np.concatenate([daily["delayed"][:-56], run])
        found.append(replace(outcome, measured=replace(outcome.measured, daily=Daily(daily))))
    return found


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([0, 5, 10, 15, 20], (10, 0, 20)),
        # Three of five get there: the middle one of all five is the last of them, and the slowest is none of them.
        ([0, None, 10, None, 20], (20, 0, nan)),
        ([0, None, None, None, 20], (nan, nan, nan)),
        ([None] * 5, (nan, nan, nan)),
    ],
)
def test_who_never_reaches_the_target_gets_there_later_than_all_others(
    days: list[int | None], expected: tuple[float, float, float]
) -> None:
    outcomes = from_days(days)
    timeline = build_timeline(altered(small_city(), Plan(put={"run.days": 56})))
    (row,) = (row for row in summarise(outcomes, timeline) if row.measure == "first_day_target_held")
    np.testing.assert_array_equal([row.interval.value, row.interval.low, row.interval.high], expected)


WEEKS = 8
DAYS = 7 * WEEKS
THURSDAYS = range(3, DAYS, 7)  # the run begins on a Monday


def met_on(days: Iterable[int], met: float = 5.0, missed: float = 9.0) -> list[float]:
    """One replication in which the target of 6 is met on these days and on no others."""
    chosen = set(days)
    return [met if day in chosen else missed for day in range(DAYS)]


ON_TARGET, JUST_OVER = met_on(range(DAYS), TARGET), met_on((), missed=TARGET + 0.001)


@pytest.mark.parametrize(
    ("replications", "day", "week", "mean", "four_weeks"),
    [
        # "At or under": to be exactly on the target is to keep it.
        ([ON_TARGET] * 4, 1, 1, 1, 1),
        ([JUST_OVER] * 4, 0, 0, 0, 0),
        ([ON_TARGET, JUST_OVER] * 2, 1 / 2, 1 / 2, 1 / 2, 1 / 2),
        ([ON_TARGET, JUST_OVER, ON_TARGET, ON_TARGET], 3 / 4, 3 / 4, 3 / 4, 3 / 4),
        # Four weeks are 28 days running, wherever they lie; of 27 there may be as many as you like. These mean 7, and 5.1.
        ([met_on(range(28))] * 4, 1 / 2, 1 / 2, 0, 1),
        ([met_on(range(10, 38))] * 4, 28 / DAYS, 1 / 2, 0, 1),
        ([met_on(range(DAYS - 28, DAYS))] * 4, 1 / 2, 1 / 2, 0, 1),
        ([met_on(range(10, 37))] * 4, 27 / DAYS, 1 / 2, 0, 0),
        ([met_on({*range(27), *range(28, 55)})] * 4, 54 / DAYS, 1, 1, 0),
        # The week's snapshot is Thursday's, whatever the other days are like.
        ([met_on(THURSDAYS)] * 4, 1 / 7, 1, 0, 0),
        ([met_on(set(range(DAYS)) - set(THURSDAYS))] * 4, 6 / 7, 0, 1, 0),
        ([met_on(THURSDAYS[:2])] * 4, 2 / DAYS, 2 / WEEKS, 0, 0),
        # A mean may be on the target while every other day is over it.
        ([met_on(range(0, DAYS, 2), 5, 7)] * 4, 1 / 2, 1 / 2, 1, 0),
        # Replications count alike, whether they keep it on some days or on none.
        ([met_on(range(28)), JUST_OVER, JUST_OVER, JUST_OVER], 1 / 8, 1 / 8, 0, 1 / 4),
    ],
)
def test_the_chances_of_keeping_the_target_are_those_counted_by_hand(
    replications: list[list[float]], day: float, week: float, mean: float, four_weeks: float
) -> None:
    result = written_result(*replications)
    chances = {
        "chance_day_at_or_under_target": day,
        "chance_week_at_or_under_target": week,
        "chance_mean_at_or_under_target": mean,
        "chance_target_held_four_weeks": four_weeks,
    }
    found = {row.measure: row for row in summarise(result.outcomes, result.timeline)}
    assert {name: found[name].interval.value for name in chances} == pytest.approx(chances)
    assert {found[name].unit for name in chances} == {"share"}


@pytest.mark.parametrize(
    ("kept", "low", "high"), [(0, 0, 0.490), (2, 0.150, 0.850), (3, 0.301, 0.954), (4, 0.510, 1)]
)
def test_chances_of_four_replications_have_the_interval_of_wilson(kept: int, low: float, high: float) -> None:
    """Of 95 %: as tables have it, to three places."""
    result = written_result(*[ON_TARGET] * kept, *[JUST_OVER] * (4 - kept))
    for chance in ("day_at_or_under_target", "week_at_or_under_target", "mean_at_or_under_target", "target_held_four_weeks"):  # fmt: skip
        interval = result.interval(f"chance_{chance}")
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.0005), chance


def test_of_a_run_without_a_thursday_no_chance_of_a_weeks_snapshot_is_told() -> None:
    assert "chance_week_at_or_under_target" in written_result([5.0] * 4).rows
    assert "chance_week_at_or_under_target" not in written_result([5.0] * 3).rows


def test_days_on_the_target_are_not_over_it() -> None:
    assert written_result(ON_TARGET).interval("days_over_target").value == 0
    assert written_result(met_on(range(10), TARGET, TARGET + 0.5)).interval("days_over_target").value == DAYS - 10  # fmt: skip
