"""Occupancy and queues of every service at midnight, and who is blocked from behind."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowsim.counting import under_way
from flowsim.journeys import PLAN_B, STAY, WAIT_IN, Journeys
from flowsim.loops import are_compiled
from flowsim.measures.ground import Setting, at_midnights, blocked, in_queue
from flowsim.scenario.model import Size
from flowsim.scenario.sizes import levels, size_at
from flowsim.units import Floats, Ints, on_grid


class OccupancyCounts(NamedTuple):
    """At the midnight that ends each day of warm-up and run, in each service; shape (services, days)."""

    people: Floats
    queue: Floats  # people asking for it
    blocked: Floats  # people there who are ready and cannot move on
    used: Floats  # capacity in use, in the service's own unit


def count_occupancy(journeys: Journeys, setting: Setting) -> OccupancyCounts:
    """Count who is where, and who queues for it."""
    if are_compiled():
        from flowsim.measures import counting_in_loops

        people, queue, stuck = counting_in_loops.occupancy(journeys, setting)
    else:
        people, queue, stuck = occupancy_by_arrays(journeys, setting)
    used = [_used(journeys, setting, number, people[number]) for number in range(len(people))]
    return OccupancyCounts(people, queue, stuck, np.stack(used))


def occupancy_by_arrays(journeys: Journeys, setting: Setting) -> tuple[Floats, Floats, Floats]:
    """The columns of `OccupancyCounts` but for the room that people take, all at once."""
    services, service = len(setting.offer.names), journeys.service
    stuck, queueing = blocked(journeys, setting), in_queue(journeys)
    return (
        under_way(journeys.started, journeys.left, service, (services, setting.days), setting.first_day),
        at_midnights(queueing, setting, service[queueing.row], services),
        at_midnights(stuck, setting, service[stuck.row], services),
    )


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


def _used(journeys: Journeys, setting: Setting, number: int, people: Floats) -> Floats:
    """Capacity in use: people there, each with the size of their route, falling over the stay."""
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
