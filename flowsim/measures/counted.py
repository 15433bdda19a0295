"""What is counted: numbers from which all measures are made, and which add up over parts of the people."""

from __future__ import annotations

from typing import NamedTuple

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


class CareCounts(NamedTuple):
    """All countings but the census of those who are ready: whoever leaves the moment they are ready is in these alone."""

    flow: FlowCounts
    occupancy: OccupancyCounts
    waits: WaitCounts


class Counts(NamedTuple):
    """The countings of one replication."""

    census: CensusCounts
    care: CareCounts
