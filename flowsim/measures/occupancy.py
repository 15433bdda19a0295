"""Occupancy and queues of every service at midnight, and who is blocked from behind."""

from __future__ import annotations

import numpy as np

from flowsim.journeys import PLAN_B, STAY, TASK, Journeys
from flowsim.measures.ground import Setting, Spells, at_midnights, blocked, in_place, in_queue
from flowsim.scenario.model import Size
from flowsim.scenario.sizes import levels, size_at
from flowsim.units import Floats, on_grid


def occupancy(journeys: Journeys, setting: Setting) -> dict[str, Floats]:
    """People in, queueing for and blocked in each service at the midnight that ends each day.

    `in_` people there; `queue_` people asking for it; `blocked_` people there who are ready and
    cannot move on; `used_` capacity in use, in the service's own unit.
    """
    names = setting.offer.names
    inside, queueing, stuck = in_place(journeys), in_queue(journeys), blocked(journeys, setting)
    counted = {
        "in": at_midnights(inside, setting, journeys.service[inside.row], len(names)),
        "queue": at_midnights(queueing, setting, journeys.service[queueing.row], len(names)),
        "blocked": at_midnights(stuck, setting, journeys.service[stuck.row], len(names)),
    }
    found = {f"{what}_{name}": by[n] for what, by in counted.items() for n, name in enumerate(names)}
    hospital_or_team = setting.offer.is_hospital | ~setting.offer.is_place
    for number, name in enumerate(names):
        if hospital_or_team[number]:
            del found[f"blocked_{name}"]
        found[f"used_{name}"] = _used(journeys, setting, number, found[f"in_{name}"])
    return found


def _used(journeys: Journeys, setting: Setting, number: int, people: Floats) -> Floats:
    """Capacity in use: people there, each with the size of their route, falling over the stay."""
    name = setting.offer.names[number]
    service = setting.scenario.services[name]
    routes = [setting.scenario.routes[r].at.get(name) for r in journeys.who.routes]
    sizes = [(at.size if at else None) or service.size for at in routes]
    if all(size.start == size.end == 1 for size in sizes):
        return people
    here = (journeys.service == number) & ((journeys.purpose == STAY) | (journeys.purpose == PLAN_B))
    used = np.zeros(setting.days)
    route = journeys.who.route[journeys.person]
    for r, size in enumerate(sizes):
        rows = np.flatnonzero(here & (route == r) & ~np.isnan(journeys.started))
        for spell, weight in _levels(journeys, rows, size):
            one = np.zeros(spell.row.size, dtype=np.int64)
            used += weight * at_midnights(spell, setting, one, 1)[0]
    others = (journeys.service == number) & ~here & (journeys.purpose != TASK)
    inside = in_place(journeys)
    waiting = inside.only(others[inside.row])
    total: Floats = used + at_midnights(waiting, setting, np.zeros(waiting.row.size, dtype=np.int64), 1)[0]
    return total


def _levels(journeys: Journeys, rows: np.ndarray, size: Size) -> list[tuple[Spells, float]]:
    """The spells of people at each level of a size that falls in equal steps over the stay."""
    started, left = journeys.started[rows], journeys.left[rows]
    left = np.where(np.isnan(left), np.inf, left)
    over = journeys.due[rows]
    steps = levels(size.start, size.end)
    edges = [started]
    edges += [started + on_grid((over - started) * k / steps) for k in range(1, steps)]
    edges.append(left)
    weights = [size_at(size.start, size.end, k) for k in range(steps)]
    return [(Spells(rows, edges[k], edges[k + 1]), weights[k]) for k in range(steps)]
