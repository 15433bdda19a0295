"""What adds up: the countings that all measures are made from, of everybody or of part of them."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

from flowsim.journeys import Journeys
from flowsim.measures.census import CensusCounts, count_census
from flowsim.measures.flow import FlowCounts, count_flow
from flowsim.measures.ground import Setting
from flowsim.measures.occupancy import OccupancyCounts, count_occupancy
from flowsim.measures.waits import WaitCounts, count_waits

T = TypeVar("T", CensusCounts, FlowCounts, OccupancyCounts)


class Counts(NamedTuple):
    """The countings of one replication."""

    census: CensusCounts
    flow: FlowCounts
    occupancy: OccupancyCounts
    waits: WaitCounts


def count(journeys: Journeys, setting: Setting) -> Counts:
    """Count what happened to the people of these journeys."""
    return Counts(
        census=count_census(journeys, setting),
        flow=count_flow(journeys, setting),
        occupancy=count_occupancy(journeys, setting),
        waits=count_waits(journeys, setting),
    )


def together(some: Counts, others: Counts) -> Counts:
    """The countings of some people and of others: of all of them. To the bit, for whole numbers and times on the grid add up exactly."""
    one, other = some.waits, others.waits
    return Counts(
        census=_sums(some.census, others.census),
        flow=_sums(some.flow, others.flow),
        occupancy=_sums(some.occupancy, others.occupancy),
        waits=WaitCounts(
            service=np.concatenate([one.service, other.service]),
            waited=np.concatenate([one.waited, other.waited]),
            left=one.left + other.left,
            ready_to_left=one.ready_to_left + other.ready_to_left,
        ),
    )


def _sums(some: T, others: T) -> T:
    return type(some)(*(one + other for one, other in zip(some, others, strict=True)))
