"""What people wait for while they are ready in hospital, person by person: a loop for numba to compile."""

from __future__ import annotations

import numpy as np

from flowsim.compiling import compiled
from flowsim.journeys import STAY, TASK, Journeys
from flowsim.measures.ground import Spells
from flowsim.units import Floats, Ints

# Of every wait: the row, when the person was ready, and when the wait began and ended.
Found = tuple[Ints, Floats, Floats, Floats]


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
