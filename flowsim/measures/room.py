"""Capacity in use: people in a service, each with the size of their route, falling over the stay."""

from __future__ import annotations

import numpy as np

from flowsim.counting import under_way
from flowsim.journeys import PLAN_B, STAY, WAIT_IN, Journeys
from flowsim.measures.ground import Setting
from flowsim.scenario.model import Size
from flowsim.scenario.sizes import levels, size_at
from flowsim.units import Floats, Ints, on_grid


def used(journeys: Journeys, setting: Setting, number: int, people: Floats) -> Floats:
    """Capacity of a service in use at the midnight that ends each day, shape (days,); `people` are those who are there."""
    sizes = setting.sizes[number]
    if sizes is None:
        return people
    rows = np.flatnonzero((journeys.service == number) & ~np.isnan(journeys.started))
    purpose, route = journeys.purpose[rows], journeys.who.route[journeys.person[rows]]
    needs_its_size = (purpose == STAY) | (purpose == PLAN_B)
    used = np.zeros(setting.days)
    for r, size in enumerate(sizes):
        for count, weight in _levels(journeys, setting, rows[needs_its_size & (route == r)], size):
            used += weight * count
    # Whoever only waits here for another place takes the room of one.
    waiting = rows[purpose == WAIT_IN]
    return used + _there(setting, journeys.started[waiting], journeys.left[waiting])


def _levels(journeys: Journeys, setting: Setting, rows: Ints, size: Size) -> list[tuple[Floats, float]]:
    """People at each level of a size that falls in equal steps over the stay, by day, and what one takes."""
    started, stay = journeys.started[rows], journeys.due[rows] - journeys.started[rows]
    left = np.where(np.isnan(journeys.left[rows]), np.inf, journeys.left[rows])
    steps = levels(size.start, size.end)
    edges = [started, *(started + on_grid(stay * k / steps) for k in range(1, steps)), left]
    return [(_there(setting, edges[k], edges[k + 1]), size_at(size.start, size.end, k)) for k in range(steps)]


def _there(setting: Setting, begin: Floats, end: Floats) -> Floats:
    """How many intervals are under way at the midnight that ends each day, shape (days,)."""
    one_key = np.zeros(begin.size, dtype=np.int64)
    total: Floats = under_way(begin, end, one_key, (1, setting.days), setting.first_day)[0]
    return total
