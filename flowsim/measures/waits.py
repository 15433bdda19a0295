"""How long people wait: for each service, and from being ready to leaving hospital."""

from __future__ import annotations

import numpy as np

from flowsim.journeys import UNWELL, Journeys
from flowsim.measures.ground import Setting, ready_in_hospital
from flowsim.units import Floats


def waits(journeys: Journeys, setting: Setting) -> dict[str, float]:
    """Waits of those taken on during the run (days; share in [0, 1]), NaN where nobody was.

    For each service mean, median, 90th percentile and share within 24 hours; for each route the
    mean days from being ready to leaving hospital.
    """
    counted = journeys.started >= 0
    waited = journeys.started - journeys.asked
    found: dict[str, float] = {}
    for number, name in enumerate(setting.offer.names):
        if setting.offer.free[number]:
            continue
        found |= _described(waited[counted & (journeys.service == number)], name)
    return found | _ready_to_left(journeys, setting)


def _described(waited: Floats, name: str) -> dict[str, float]:
    nobody = waited.size == 0
    median, p90 = (np.nan, np.nan) if nobody else np.percentile(waited, [50, 90])
    return {
        f"wait_mean_{name}": np.nan if nobody else float(waited.mean()),
        f"wait_median_{name}": float(median),
        f"wait_p90_{name}": float(p90),
        f"wait_within_24h_{name}": np.nan if nobody else float((waited <= 1.0).mean()),
    }


def _ready_to_left(journeys: Journeys, setting: Setting) -> dict[str, float]:
    """Mean days from the end of acute care to leaving hospital, of those who left during the run, by route."""
    ready = ready_in_hospital(journeys, setting)
    done = (ready.end >= 0) & np.isfinite(ready.end) & (journeys.outcome[ready.row] != UNWELL)
    ready = ready.only(done)
    route = journeys.who.route[journeys.person[ready.row]]
    days = ready.end - ready.begin
    return {
        f"ready_to_left_{name}": float(days[route == number].mean()) if (route == number).any() else np.nan
        for number, name in enumerate(journeys.who.routes)
    }
