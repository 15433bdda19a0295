"""What people wait for while they are ready in hospital: the excess, split by the service that keeps them there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowsim.compiling import HAS_NUMBA, compiled
from flowsim.counting import pairs
from flowsim.journeys import STAY, TASK, Journeys
from flowsim.measures.ground import Spells
from flowsim.units import Floats, Ints

Found = tuple[Ints, Floats, Floats, Floats]


@dataclass(frozen=True)
class Waits:
    """The excess split by what people wait for. Arrays have shape (waits,), times in days.

    `row` is the row of the awaited service; `ready` is when the person was ready, `begin` when they began to
    wait for it; an `end` that is NaN has not come by the horizon.
    """

    row: Ints
    ready: Floats
    begin: Floats
    end: Floats

    def counted_after(self, days: float) -> Spells:
        """Their part from so many days after being ready: there each moment of excess belongs to one wait."""
        later = np.maximum(self.begin, self.ready + days)
        return Spells(self.row, later, self.end).only(~(self.end <= later))


def waits_in_hospital(journeys: Journeys, ready: Spells) -> Waits:
    """What people wait for while ready in hospital: the task not done yet, or the next place of the itinerary.

    A task is done during the step itself; the next place is asked for by the step before it. `ready` are spells
    of `ready_in_hospital`. As with `flowsim.counting`, a loop for numba and arrays without it find the same.
    """
    return Waits(*(waits_by_loop if HAS_NUMBA else waits_by_arrays)(journeys, ready))


def waits_by_loop(journeys: Journeys, ready: Spells) -> Found:
    """`Waits`, person by person."""
    room = 3 * ready.row.size  # as a rule, two waits a spell
    while True:
        row, times = np.empty(room, dtype=np.int64), np.empty((3, room))
        count = _walk(
            journeys.person, journeys.step, journeys.purpose, journeys.asked, journeys.started, journeys.left,
            ready.row, ready.begin, ready.end, row, times, TASK, STAY,
        )  # fmt: skip
        if count <= room:
            return row[:count], times[0, :count], times[1, :count], times[2, :count]
        room = count


@compiled
def _walk(
    person: Ints, step: Ints, purpose: Ints, asked: Floats, started: Floats, left: Floats,
    ready_row: Ints, ready_begin: Floats, ready_end: Floats, row: Ints, times: Floats, task: int, stay: int,
) -> int:  # fmt: skip
    """Write down as many waits as there is room for in `row` and `times`; how many there are.

    Rows and spells are both in the order of person, so one walk along the two meets every pair.
    """
    count, first = 0, 0
    for r in range(person.size):
        if purpose[r] == task:
            during, until = step[r], left[r]
        elif purpose[r] == stay:
            during, until = step[r] - 1, left[r] if np.isnan(started[r]) else started[r]
        else:
            continue
        while first < ready_row.size and person[ready_row[first]] < person[r]:
            first += 1
        spell = first
        while spell < ready_row.size and person[ready_row[spell]] == person[r]:
            begin, end = max(asked[r], ready_begin[spell]), ready_end[spell]
            if np.isnan(end) or until < end:
                end = until
            if step[ready_row[spell]] == during and not end <= begin:
                if count < row.size:
                    row[count] = r
                    times[0, count], times[1, count], times[2, count] = ready_begin[spell], begin, end
                count += 1
            spell += 1
    return count


def waits_by_arrays(journeys: Journeys, ready: Spells) -> Found:
    """`Waits`, all at once."""
    is_task = journeys.purpose == TASK
    rows = np.flatnonzero(is_task | ((journeys.purpose == STAY) & (journeys.step > 0)))
    during = journeys.step[rows] - ~is_task[rows]
    wait, spell = pairs(journeys.person[rows], journeys.person[ready.row], journeys.who.route.size)
    started, left = journeys.started[rows], journeys.left[rows]
    until = np.where(is_task[rows] | np.isnan(started), left, started)
    begin = np.maximum(journeys.asked[rows][wait], ready.begin[spell])
    # NaN is later than everything: of two ends the earlier is the one that has come.
    end = np.fmin(until[wait], ready.end[spell])
    same_step = during[wait] == journeys.step[ready.row][spell]
    kept = np.flatnonzero(same_step & ~(end <= begin))
    return rows[wait[kept]], ready.begin[spell[kept]], begin[kept], end[kept]
