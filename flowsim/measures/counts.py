"""Counting what all measures are made from, of everybody or of part of them.

They are counted row by row in compiled loops (`counting_in_loops`) and all at once in numpy (`counting_at_once`), to the same bytes.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from flowsim.journeys import Journeys
from flowsim.loops import are_compiled
from flowsim.measures import counting_at_once
from flowsim.measures.counted import CareCounts, CensusCounts, Counts, FlowCounts, OccupancyCounts, WaitCounts
from flowsim.measures.ground import Setting
from flowsim.measures.room import used

T = TypeVar("T", FlowCounts, OccupancyCounts)


def count(journeys: Journeys, setting: Setting) -> Counts:
    """Count what happened to the people of these journeys."""
    return Counts(count_census(journeys, setting), count_care(journeys, setting))


def count_care(journeys: Journeys, setting: Setting) -> CareCounts:
    """Count what happened, but for the census of those who are ready in hospital."""
    flow, (people, queue, blocked), waits = _ways_to_count().care(journeys, setting)
    taken = [used(journeys, setting, number, there) for number, there in enumerate(people)]
    return CareCounts(flow, OccupancyCounts(people, queue, blocked, np.stack(taken)), waits)


def count_census(journeys: Journeys, setting: Setting) -> CensusCounts:
    """Count those who are ready in hospital."""
    found: CensusCounts = _ways_to_count().census(journeys, setting)
    return found


def _ways_to_count() -> Any:
    """The module that counts: in loops where those are compiled, else all at once."""
    if not are_compiled():
        return counting_at_once
    from flowsim.measures import counting_in_loops

    return counting_in_loops


def together(hindered: Counts, others: CareCounts) -> Counts:
    """The countings of everybody, from those of who can be hindered and of the others, whom no midnight finds ready.

    To the bit, for whole numbers and times on the grid add up exactly.
    """
    some, one, other = hindered.care, hindered.care.waits, others.waits
    return Counts(
        hindered.census,
        CareCounts(
            flow=_sums(some.flow, others.flow),
            occupancy=_sums(some.occupancy, others.occupancy),
            waits=WaitCounts(
                service=np.concatenate([one.service, other.service]),
                waited=np.concatenate([one.waited, other.waited]),
                left=one.left + other.left,
                ready_to_left=one.ready_to_left + other.ready_to_left,
            ),
        ),
    )


def _sums(some: T, others: T) -> T:
    return type(some)(*(one + other for one, other in zip(some, others, strict=True)))
