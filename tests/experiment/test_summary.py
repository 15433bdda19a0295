"""From replications to numbers by measure: what one of them lacks, and what most of them reach."""

from __future__ import annotations

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
