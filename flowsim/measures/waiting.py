"""What people wait for while they are ready in hospital: the excess, split by the service that keeps them there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowsim.counting import pairs
from flowsim.journeys import STAY, TASK, Journeys
from flowsim.measures.ground import Spells
from flowsim.units import Floats, Ints


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
    of `ready_in_hospital`.
    """
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
    return Waits(rows[wait[kept]], ready.begin[spell[kept]], begin[kept], end[kept])
