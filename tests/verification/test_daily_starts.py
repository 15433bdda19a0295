"""So many starts a day: a queue in discrete time, its Markov chain from midnight to midnight solved exactly.

Bailey 1954 ("On queueing processes with bulk service", Journal of the Royal Statistical Society B 16,
80-87): X' = max(X + A - n, 0) and variations on it, with Poisson arrivals.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.verification import formulas as theory
from tests.verification import trial

PER_DAY, STARTS, MOST = 4.0, 5, 120
# Nobody comes between eight and nine, so that what is open for that hour takes on those who are there.
HOUR = [1.0] * 8 + [0.0] + [1.0] * 15
BEFORE = PER_DAY * 8 / 23  # people before eight o'clock
AFTER = PER_DAY * 15 / 23
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def team(starts: str, closes: str, days: int = 980) -> str:
    # From 3 January 2017 no bank holiday falls on a weekend before 26 December 2020.
    return f"""
title = "So many starts a day"
[run]
start = 2017-05-01
days = {days}
warm_up_days = 84
[streams.referrals]
label = "Referrals"
per_day = {PER_DAY}
enters = "stit"
hour = {HOUR}
routes = {{ reablement = 1.0 }}
[routes.reablement]
label = "Reablement"
[services.stit]
kind = "place"
starts = {starts}
opens = "08:00"
closes = "{closes}"
stay = {{ mean = 20, sd = 10 }}
"""


def poisson(mean: float, to: int = MOST) -> trial.Floats:
    found: trial.Floats = stats.poisson.pmf(np.arange(to + 1), mean)
    return found


def served_then_arrivals(before: trial.Floats, after: trial.Floats, starts: int) -> trial.Floats:
    """Transitions of X' = max(X + before - starts, 0) + after, queues above MOST lumped there."""
    step = np.zeros((MOST + 1, MOST + 1))
    for x in range(MOST + 1):
        left = np.zeros(MOST + 1)
        for came, p in enumerate(before):
            left[min(max(x + came - starts, 0), MOST)] += p
        spread = np.convolve(left, after)
        step[x] = spread[: MOST + 1]
        step[x, MOST] += spread[MOST + 1 :].sum()
    found: trial.Floats = step / step.sum(axis=1, keepdims=True)
    return found


NOBODY = np.array([1.0])


@pytest.mark.parametrize(
    ("closes", "before", "after"),
    # Open for an hour: whoever comes later waits for the next day. Open all day: starts left over are theirs.
    [("09:00", poisson(BEFORE), poisson(AFTER)), ("24:00", poisson(PER_DAY), NOBODY)],
    ids=["an hour", "all day"],
)
def test_queue_at_midnight(closes: str, before: trial.Floats, after: trial.Floats) -> None:
    exact = theory.stationary(served_then_arrivals(before, after, STARTS))
    found = trial.ran(team(str(STARTS), closes), 16)
    queue = trial.by_day(found, "queue_stit")
    trial.agree(
        f"queue, closes {closes}", queue.mean(axis=1), float(exact @ np.arange(MOST + 1)), within=0.15
    )
    for most in (1, 3, 8):
        share = (queue <= most).mean(axis=1)
        trial.agree(
            f"P(queue <= {most}), closes {closes}", share, float(exact[: most + 1].sum()), within=0.15
        )
    started = trial.by_day(found, "starts_stit")
    assert started.max() == STARTS
    assert started[queue > 0].min() >= (STARTS if closes == "24:00" else 0)


def test_queue_by_weekday_when_nobody_starts_at_weekends() -> None:
    """Seven starts a day from Monday to Friday: the chain of a week, Sunday to Sunday, then day by day."""
    starts = "{ mon = 7, tue = 7, wed = 7, thu = 7, fri = 7, sat = 0, sun = 0, holiday = 7 }"
    week = [served_then_arrivals(poisson(PER_DAY), NOBODY, 0 if d >= 5 else 7) for d in range(7)]
    sunday = theory.stationary(np.linalg.multi_dot(week))
    queue = trial.by_day(trial.ran(team(starts, "24:00"), 16), "queue_stit")  # 1 May 2017 is a Monday
    state = sunday
    for number, day in enumerate(WEEKDAYS):
        state = state @ week[number]
        exact = float(state @ np.arange(MOST + 1))
        trial.agree(f"queue, {day}", queue[:, number::7].mean(axis=1), exact, within=0.30)


def test_three_and_a_half_starts_are_three_and_four_in_turn() -> None:
    found = trial.ran(team("3.5", "24:00", days=196), 2)
    started = trial.by_day(found, "starts_stit")[:, 28:]  # more come than can start: the queue never empties
    assert set(np.unique(started)) == {3.0, 4.0}
    assert started.sum(axis=1).tolist() == [3.5 * 168] * 2
