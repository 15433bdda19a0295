"""How long people wait: for each service, and from being ready to leaving hospital."""

from __future__ import annotations

import math

import numpy as np

from flowsim.counting import order_of
from flowsim.measures.counted import WaitCounts
from flowsim.measures.ground import Setting
from flowsim.units import Floats


def waits(counts: WaitCounts, setting: Setting) -> dict[str, float]:
    """Waits of those taken on during the run (days; share in [0, 1]), NaN where nobody was.

    For each service with a limit mean, median, 90th percentile and share within 24 hours; for each route the
    mean days from being ready to leaving hospital, of those who left during the run.
    """
    free = setting.offer.free
    by_service = counts.waited[order_of(counts.service, free.size)]
    ends = np.cumsum(np.bincount(counts.service, minlength=free.size)).tolist()
    begins = [0, *ends[:-1]]
    found: dict[str, float] = {}
    for name, begin, end, has_no_limit in zip(setting.offer.names, begins, ends, free, strict=True):
        if not has_no_limit:
            found |= _described(by_service[begin:end], name)
    for name, people, days in zip(
        setting.scenario.routes, counts.left.tolist(), counts.ready_to_left.tolist(), strict=True
    ):
        found[f"ready_to_left_{name}"] = days / people if people else np.nan
    return found


def _described(waited: Floats, name: str) -> dict[str, float]:
    """The waits for one service, which are put in order where they are."""
    people = waited.size
    # As np.mean does it, which takes longer to begin than this to end.
    mean = float(np.add.reduce(waited)) / people if people else math.nan
    waited.sort()
    within = int(waited.searchsorted(1.0, side="right")) / people if people else math.nan
    return {
        f"wait_mean_{name}": mean,
        f"wait_median_{name}": percentile(waited, 0.5),
        f"wait_p90_{name}": percentile(waited, 0.9),
        f"wait_within_24h_{name}": within,
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
