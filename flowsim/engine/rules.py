"""What the engines share: the order of simultaneous things, whole starts, being declared ready, escalations.

Written once, in plain arithmetic on numbers, so that every engine gives the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from flowsim.units import GRID_PER_DAY

# The order of things that happen at one instant. Whoever gets into a place at an instant gives up
# the old one before anything else of that instant; within a kind, the lower number goes first
# (a person's number, or a service's place in the downstream order).
MIDNIGHT: Final = 2  # census, escalations, the new day's capacity and starts
DISTURBED: Final = 3  # somebody waiting in hospital becomes unwell or leaves
PLAN_B_DUE: Final = 4  # somebody asks for another place as well
ARRIVES: Final = 5
REFERRED: Final = 6  # to a team
TASK_DONE: Final = 7
READY: Final = 8
SMALLER: Final = 9  # a person's size falls by a step
OPENS: Final = 10  # a service opens

_NUMBERS: Final = 2**40


def order(kind: int, number: int) -> int:
    """The rank of something among all that happens at the same instant."""
    return kind * _NUMBERS + number


def whole_starts(starts: float, day: int) -> float:
    """People that can be taken on on a day (days counted from a Monday in the distant past).

    Between whole numbers the average is met: 8.5 is 8 in one week and 9 in the next. Each weekday
    changes over at another point, so that a week's total varies as little as it can.
    """
    if math.isinf(starts):
        return starts
    week, weekday = divmod(day, 7)
    shift = weekday / 7
    return math.floor(starts * (week + 1) + shift) - math.floor(starts * week + shift)


def declared_after(rank: float, chances: Sequence[float], day: int) -> int:
    """How many days later somebody is declared ready whose stay ends on a day (an index into chances).

    Each day decides with its own chance; one rank serves all days: it falls short of the chance
    that it has been decided by then. Past the last day known it is never: the number of days to it.
    """
    undecided = 1.0
    last = len(chances)
    for later in range(day, last):
        undecided *= 1.0 - chances[later]
        if rank < 1.0 - undecided:
            return later - day
    return max(last - day, 0)


def judged(
    is_on: bool, due: float, census: float, above: float, below: float, after_days: int, day: int
) -> tuple[bool, float]:
    """An escalation after a midnight census: whether it is on, and the day on which it is due (inf if not).

    Above the upper level it takes effect `after_days` later, unless the census has fallen below the
    lower level by then; below the lower level it ends at once.
    """
    if census < below:
        return False, math.inf
    if not is_on and census > above and math.isinf(due):
        due = float(day + after_days)
    return is_on or day >= due, due


def stay_until(entered: float, stay: float, scale: float, per_day_waited: float, waited: float) -> float:
    """When a stay that begins now is over (rule 2): never before it begins."""
    days = round(stay * scale * GRID_PER_DAY) / GRID_PER_DAY
    if waited != 0.0:
        days += round(per_day_waited * waited * GRID_PER_DAY) / GRID_PER_DAY
    return entered + max(days, 0.0)


def part_of_stay(entered: float, ready: float, part: int, parts: int) -> float:
    """The time at which some of the equal parts of a stay are over."""
    return entered + round((ready - entered) * part / parts * GRID_PER_DAY) / GRID_PER_DAY
