"""Occupancy and queues of every service at midnight, and who is blocked from behind."""

from __future__ import annotations

from flowsim.measures.counted import OccupancyCounts
from flowsim.measures.ground import Setting
from flowsim.units import Floats


def occupancy(counts: OccupancyCounts, setting: Setting) -> dict[str, Floats]:
    """People in, queueing for and blocked in each service at the midnight that ends each day.

    `in_` people there; `queue_` people asking for it; `blocked_` people there who are ready and
    cannot move on; `used_` capacity in use, in the service's own unit.
    """
    names = setting.offer.names
    by_what = (("in", counts.people), ("queue", counts.queue), ("blocked", counts.blocked))
    found = {f"{what}_{name}": by[n] for what, by in by_what for n, name in enumerate(names)}
    hospital_or_team = setting.offer.is_hospital | ~setting.offer.is_place
    for number, name in enumerate(names):
        if hospital_or_team[number]:
            del found[f"blocked_{name}"]
        found[f"used_{name}"] = counts.used[number]
    return found
