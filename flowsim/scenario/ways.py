"""The ways through the services: what a route needs at each place, and how often people come there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from flowsim.scenario.model import EXITS, At, Distribution, Scenario, Size, shares

Table = Mapping[str, float | str]
T = TypeVar("T")
_NO_DIFFERENCE: Final = At()


@dataclass(frozen=True)
class Visit:
    """What people of one route need at one place: the route's word first, then the service's usual."""

    place: str
    stay: Distribution | None
    onward: Table
    tasks: Mapping[str, float]
    size: Size


def visit(scenario: Scenario, entry: str, route_name: str, place: str) -> Visit:
    """The needs at a place of people on a route whose stream enters at `entry`.

    What the route says `at` the place comes first, then what it says of its entry place, then the
    service's usual; without any `next`, people leave.
    """
    route, service = scenario.routes[route_name], scenario.services[place]
    at = route.at.get(place, _NO_DIFFERENCE)
    of_entry = route if place == entry else _NO_DIFFERENCE
    return Visit(
        place,
        stay=_first(at.stay, of_entry.stay, service.stay),
        onward=_first(at.next, of_entry.next, service.next) or {"leave": 1.0},
        tasks=_first(at.tasks, of_entry.tasks, service.tasks) or {},
        size=at.size or service.size,
    )


def _first(*given: T | None) -> T | None:
    return next((value for value in given if value is not None), None)


def ways(scenario: Scenario) -> Iterator[tuple[str, str, float]]:
    """Every (stream, route given, people per day), over-prescription taken into account."""
    for stream_name, stream in scenario.streams.items():
        given: dict[str, float] = {}
        for needed, share in shares(stream.routes).items():
            row = scenario.over_prescription.get(needed)
            for route, moved in (shares(row) if row else {needed: 1.0}).items():
                given[route] = given.get(route, 0.0) + share * moved
        for route, share in given.items():
            yield stream_name, route, stream.per_day * share


def reached(scenario: Scenario, entry: str, route: str, start: str | None = None) -> dict[str, Visit]:
    """The visits to every place that people on a route can come to, the entry place first.

    With `start`, those of somebody who comes to that place by plan B.
    """
    found: dict[str, Visit] = {}
    frontier = [start or entry]
    while frontier:
        place = frontier.pop(0)
        if place not in found and place in scenario.services:
            found[place] = visit(scenario, entry, route, place)
            frontier += [n for n, s in shares(found[place].onward).items() if s > 0 and n not in EXITS]
    return found


def visits_per_person(visits: Mapping[str, Visit]) -> dict[str, float] | None:
    """How often a person who enters at the first place comes to each; None where there is no way out.

    Solves v = a + v P, with P the shares of those who go from each place to each other.
    """
    names = list(visits)
    number = {name: i for i, name in enumerate(names)}
    onward = np.zeros((len(names), len(names)))
    for name, at in visits.items():
        for target, share in shares(at.onward).items():
            if target in number:
                onward[number[name], number[target]] += share
    if not _all_get_out(onward):
        return None
    arriving = np.zeros(len(names))
    arriving[0] = 1.0
    per_person = np.linalg.solve(np.eye(len(names)) - onward.T, arriving)
    return dict(zip(names, per_person.tolist(), strict=True))


def _all_get_out(onward: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> bool:
    """Whether an exit can be reached from every place."""
    # The tolerance is that of shares that add up to 1: less than that is no way out.
    out = onward.sum(axis=1) < 1 - 1e-6
    while True:
        wider = out | (onward[:, out] > 0).any(axis=1)
        if (wider == out).all():
            return bool(out.all())
        out = wider


def entries(scenario: Scenario) -> list[tuple[str, str]]:
    """Every (entry place, route) that people can be on."""
    return list(dict.fromkeys((scenario.streams[s].enters, r) for s, r, _ in ways(scenario)))
