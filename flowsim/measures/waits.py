"""How long people wait: for each service, and from being ready to leaving hospital."""

from __future__ import annotations

import math

import numpy as np

from flowsim.counting import order_of
from flowsim.journeys import UNWELL, Journeys
from flowsim.measures.ground import Setting, Spells
from flowsim.units import Floats


def waits(journeys: Journeys, setting: Setting, ready: Spells) -> dict[str, float]:
    """Waits of those taken on during the run (days; share in [0, 1]), NaN where nobody was.

    For each service mean, median, 90th percentile and share within 24 hours; for each route the
    mean days from being ready to leaving hospital (`ready`, by `ready_in_hospital`).
    """
    limited = ~setting.offer.free
    rows = np.flatnonzero((journeys.started >= 0) & limited[journeys.service])
    rows = rows[order_of(journeys.service[rows], limited.size)]
    waited = journeys.started[rows] - journeys.asked[rows]
    ends = np.cumsum(np.bincount(journeys.service[rows], minlength=limited.size))
    found: dict[str, float] = {}
    for name, of_service, has_limit in zip(
        setting.offer.names, np.split(waited, ends[:-1]), limited, strict=True
    ):
        if has_limit:
            found |= _described(of_service, name)
    return found | _ready_to_left(journeys, ready)


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


def _ready_to_left(journeys: Journeys, ready: Spells) -> dict[str, float]:
    """Mean days from the end of acute care to leaving hospital, of those who left during the run, by route."""
    rows = np.flatnonzero((ready.end >= 0) & (journeys.outcome[ready.row] != UNWELL))
    route = journeys.who.route[journeys.person[ready.row[rows]]]
    names = journeys.who.routes
    people = np.bincount(route, minlength=len(names)).tolist()
    # Sums of times on the grid are exact in any order.
    days = np.bincount(route, ready.end[rows] - ready.begin[rows], minlength=len(names)).tolist()
    return {
        f"ready_to_left_{name}": total / count if count else np.nan
        for name, total, count in zip(names, days, people, strict=True)
    }
