"""What adds up: the countings that all measures are made from, of everybody or of part of them.

They are counted row by row in compiled loops (`counting_in_loops`) and all at once in numpy (`counting_at_once`), to the same bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np

from flowsim.journeys import Journeys
from flowsim.loops import are_compiled
from flowsim.measures import counting_at_once
from flowsim.measures.ground import Setting
from flowsim.measures.room import used
from flowsim.units import Floats, Ints


class CensusCounts(NamedTuple):
    """People ready in hospital and still there at the midnight that ends each day of warm-up and run."""

    excess: Floats  # shape (routes, days)
    waiting: Floats  # by what they wait for, shape (services, days)
    # Those ready for at least `counted_after_days`, by the share that is recorded of what they wait for.
    delayed: Floats  # by what they wait for, shape (services, days)
    delayed_by_route: Floats  # shape (routes, days)


class FlowCounts(NamedTuple):
    """People per day of warm-up and run, and those whom the 91st day judges."""

    starts: Floats  # with each service, shape (services, days)
    unwell: Floats  # whose stay in hospital is broken by becoming unwell again, shape (days,)
    discharges: Floats  # from hospital, shape (days,)
    judged: Floats  # 91 days after leaving hospital for care at home or in a bed: how many, and how many at home; shape (2,)


class OccupancyCounts(NamedTuple):
    """At the midnight that ends each day of warm-up and run, in each service; shape (services, days)."""

    people: Floats
    queue: Floats  # people asking for it
    blocked: Floats  # people there who are ready and cannot move on
    used: Floats  # capacity in use, in the service's own unit


class WaitCounts(NamedTuple):
    """The waits of those taken on during the run by services with a limit, and who left hospital during it."""

    service: Ints  # shape (waits,)
    waited: Floats  # days, shape (waits,)
    left: Floats  # people who left hospital, shape (routes,)
    ready_to_left: Floats  # days from being ready to leaving, of all of them together; shape (routes,)


T = TypeVar("T", FlowCounts, OccupancyCounts)


class CareCounts(NamedTuple):
    """All countings but the census of those who are ready: whoever leaves the moment they are ready is in these alone."""

    flow: FlowCounts
    occupancy: OccupancyCounts
    waits: WaitCounts


class Counts(NamedTuple):
    """The countings of one replication."""

    census: CensusCounts
    care: CareCounts


def count(journeys: Journeys, setting: Setting) -> Counts:
    """Count what happened to the people of these journeys."""
    return Counts(count_census(journeys, setting), count_care(journeys, setting))


def count_care(journeys: Journeys, setting: Setting) -> CareCounts:
    """Count all but those who are ready in hospital."""
    ways = _ways_to_count()
    people, queue, blocked = ways.occupancy(journeys, setting)
    taken = [used(journeys, setting, number, there) for number, there in enumerate(people)]
    return CareCounts(
        flow=FlowCounts(*ways.flow(journeys, setting)),
        occupancy=OccupancyCounts(people, queue, blocked, np.stack(taken)),
        waits=WaitCounts(*ways.waits(journeys, setting)),
    )


def count_census(journeys: Journeys, setting: Setting) -> CensusCounts:
    """Count those who are ready in hospital."""
    return CensusCounts(*_ways_to_count().census(journeys, setting))


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
