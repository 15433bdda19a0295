"""How long people wait: for each service, and from being ready to leaving hospital."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from flowsim.counting import order_of
from flowsim.journeys import UNWELL, Journeys
from flowsim.loops import are_compiled
from flowsim.measures.ground import Setting, ready_in_hospital
from flowsim.units import Floats, Ints


class WaitCounts(NamedTuple):
    """The waits of those taken on during the run by services with a limit, and who left hospital during it."""

    service: Ints  # shape (waits,)
    waited: Floats  # days, shape (waits,)
    left: Floats  # people who left hospital, shape (routes,)
    ready_to_left: Floats  # days from being ready to leaving, of all of them together; shape (routes,)


def count_waits(journeys: Journeys, setting: Setting) -> WaitCounts:
    """Count waits, and those who leave hospital."""
    if not are_compiled():
        return waits_by_arrays(journeys, setting)
    from flowsim.measures import counting_in_loops

    return WaitCounts(*counting_in_loops.waits(journeys, setting))


def waits_by_arrays(journeys: Journeys, setting: Setting) -> WaitCounts:
    """The same, all at once."""
    ready = ready_in_hospital(journeys, setting)
    rows = np.flatnonzero((journeys.started >= 0) & ~setting.offer.free[journeys.service])
    gone = np.flatnonzero((ready.end >= 0) & (journeys.outcome[ready.row] != UNWELL))
    route = journeys.who.route[journeys.person[ready.row[gone]]]
    routes = len(journeys.who.routes)
    return WaitCounts(
        service=journeys.service[rows],
        waited=journeys.started[rows] - journeys.asked[rows],
        left=np.bincount(route, minlength=routes).astype(np.float64),
        # Sums of times on the grid are exact in any order.
        ready_to_left=np.bincount(route, ready.end[gone] - ready.begin[gone], minlength=routes).astype(
            np.float64
        ),
    )


def waits(counts: WaitCounts, setting: Setting) -> dict[str, float]:
    """Waits of those taken on during the run (days; share in [0, 1]), NaN where nobody was.

    For each service with a limit mean, median, 90th percentile and share within 24 hours; for each route the
    mean days from being ready to leaving hospital, of those who left during the run.
    """
    free = setting.offer.free
    ends = np.cumsum(np.bincount(counts.service, minlength=free.size))
    by_service = np.split(counts.waited[order_of(counts.service, free.size)], ends[:-1])
    found: dict[str, float] = {}
    for name, waited, has_no_limit in zip(setting.offer.names, by_service, free, strict=True):
        if not has_no_limit:
            found |= _described(waited, name)
    for name, people, days in zip(
        setting.scenario.routes, counts.left.tolist(), counts.ready_to_left.tolist(), strict=True
    ):
        found[f"ready_to_left_{name}"] = days / people if people else np.nan
    return found


def _described(waited: Floats, name: str) -> dict[str, float]:
    nobody = waited.size == 0
    ordered = np.sort(waited)
    return {
        f"wait_mean_{name}": np.nan if nobody else float(waited.mean()),
        f"wait_median_{name}": percentile(ordered, 0.5),
        f"wait_p90_{name}": percentile(ordered, 0.9),
        f"wait_within_24h_{name}": np.nan if nobody else float((waited <= 1.0).mean()),
    }


def percentile(ordered: Floats, share: float) -> float:
    """The value that a share of the others lie below, straight between neighbours; NaN where there is none.

    The same bits as np.percentile, which takes longer to begin than this to end. `ordered` is ascending.
    """
    if ordered.size == 0:
        return math.nan
    place = share * (ordered.size - 1)
    below = math.floor(place)
    low, high = float(ordered[below]), float(ordered[min(below + 1, ordered.size - 1)])
    part = place - below
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)
