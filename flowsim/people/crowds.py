"""How those who are there at the start are spread over routes and places: as in a steady state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flowsim.distributions import mean
from flowsim.people.needs import Lookup
from flowsim.scenario.flows import flows
from flowsim.scenario.ways import ways

# The place of somebody who waits for a service without being in one.
NO_PLACE: Final = -1
PerDay = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Crowds:
    """Weights by service: `there` by route, `waiting` by route and the place they wait in (or NO_PLACE).

    `in_hospital` is as `waiting`, of hospitals alone, and of teams by how many people need their task there;
    where it is said how many wait in hospital, `waiting` is of the other places.

    Only services that have anybody at the start are in these tables. `entries` says where each route that is
    in use begins (of the stream that brings most people a day on it).
    """

    entries: dict[str, int]
    there: dict[str, dict[str, float]]
    waiting: dict[str, dict[tuple[str, int], float]]
    in_hospital: dict[str, dict[tuple[str, int], float]]


def crowds_of(lookup: Lookup) -> Crowds:
    """Work the weights out from the scenario as it stands on the first day."""
    services = lookup.timeline.scenario.services
    there = [name for name, service in services.items() if service.initial.people]
    waiting = [name for name, service in services.items() if service.initial.waiting]
    in_hospital = [name for name, service in services.items() if service.initial.waiting_in_hospital]
    entries = _entries(lookup)
    per_day = flows(lookup.timeline.versions[0]) if there or waiting or in_hospital else {}
    return Crowds(
        entries=entries,
        there={name: _there(lookup, entries, per_day, name) for name in there},
        waiting={name: _elsewhere(lookup, entries, per_day, name) for name in waiting},
        in_hospital={name: _in_hospital(lookup, entries, per_day, name) for name in in_hospital},
    )


def _entries(lookup: Lookup) -> dict[str, int]:
    scenario = lookup.timeline.versions[0]
    used = sorted(ways(scenario), key=lambda way: (way[2], way[0]))
    begins = {route: lookup.offer.number(scenario.streams[stream].enters) for stream, route, _ in used}
    # By name, so that whom a rank falls on does not depend on the order of the file.
    return {route: begins[route] for route in sorted(begins)}


def _there(lookup: Lookup, entries: dict[str, int], per_day: PerDay, name: str) -> dict[str, float]:
    """People-days a day in a service, by route."""
    place = lookup.offer.number(name)
    found = {}
    for (route, service), people in sorted(per_day.items()):
        if service == name and route in entries:
            stay = lookup.needs(0, entries[route], route, place).stay
            found[route] = people * (mean(stay) if stay else 0.0)
    return found


def _waiting(
    lookup: Lookup, entries: dict[str, int], per_day: PerDay, name: str
) -> dict[tuple[str, int], float]:
    """How many people a day come to a service, by route and by the place from which they come."""
    offer = lookup.offer
    awaited = offer.number(name)
    places = sorted(np.flatnonzero(offer.is_place).tolist(), key=lambda number: offer.names[number])
    found: dict[tuple[str, int], float] = {}
    for route, entry in entries.items():
        total = per_day.get((route, name), 0.0)
        for place in places:
            here = per_day.get((route, offer.names[place]), 0.0)
            if here > 0:
                needs = lookup.needs(0, entry, route, place)
                share = np.diff(needs.onward_share, prepend=0.0)[needs.onward == awaited].sum()
                found[route, place] = here * float(share)
        directly = total - sum(weight for (r, _), weight in found.items() if r == route)
        found[route, NO_PLACE] = directly if directly > 1e-9 * max(total, 1.0) else 0.0
    return found


def _elsewhere(
    lookup: Lookup, entries: dict[str, int], per_day: PerDay, name: str
) -> dict[tuple[str, int], float]:
    """As `_waiting`, without hospitals where those who wait in hospital are counted by themselves."""
    found = _waiting(lookup, entries, per_day, name)
    if lookup.timeline.scenario.services[name].initial.waiting_in_hospital is None:
        return found
    return {key: w for key, w in found.items() if key[1] == NO_PLACE or not lookup.offer.is_hospital[key[1]]}


def _in_hospital(
    lookup: Lookup, entries: dict[str, int], per_day: PerDay, name: str
) -> dict[tuple[str, int], float]:
    """How many people a day come to wait for a service in a hospital, by route and hospital."""
    offer, awaited = lookup.offer, lookup.offer.number(name)
    if offer.is_place[awaited]:
        waiting = _waiting(lookup, entries, per_day, name)
        return {key: weight for key, weight in waiting.items() if key[1] >= 0 and offer.is_hospital[key[1]]}
    found: dict[tuple[str, int], float] = {}
    for route, entry in entries.items():
        for place in np.flatnonzero(offer.is_hospital).tolist():
            here = per_day.get((route, offer.names[place]), 0.0)
            tasks = lookup.needs(0, entry, route, place).tasks if here > 0 else ()
            found[route, place] = here * sum(task.share for task in tasks if task.team == awaited)
    return found
