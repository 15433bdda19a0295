"""People who are there at the start of the simulation, with residual stays and waits they already have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from flowsim.distributions import in_progress, quantile
from flowsim.people.blueprint import Blueprint
from flowsim.people.crowds import NO_PLACE
from flowsim.people.tables import IN_HOSPITAL, THERE, WAITING
from flowsim.ranks import Ranks
from flowsim.units import Floats, Ints

K = TypeVar("K")


@dataclass(frozen=True)
class AlreadyThere:
    """People of one route who are in a place at the start, or wait in it for another.

    `stay` is the whole stay in the place (days); `entered` and `asked` lie before the start, `asked`
    is NaN for those who do not wait yet. Those who wait in no place have no stay yet, and `place` is
    what they wait for. Who waits for a `team` has been ready since before the start; the tasks that come before
    that team's are done.
    """

    source: str
    entry: int
    place: int
    next_service: int | None  # what they wait for
    route: Ints
    stay: Floats | None
    entered: Floats
    asked: Floats
    team: int | None = None  # whose task they wait for

    @property
    def size(self) -> int:
        """How many people."""
        return int(self.route.size)


def already_there(plan: Blueprint, ranks: Ranks) -> Iterator[AlreadyThere]:
    """Everybody who is there at the start, service by service and route by route."""
    for number, name in enumerate(plan.offer.names):
        initial = plan.scenario.services[name].initial
        if initial.people:
            yield from _in_progress(plan, ranks, number, initial.people)
        if initial.waiting:
            yield from _waiting(plan, ranks, number, initial.waiting)
        if initial.waiting_in_hospital:
            yield from _in_hospital(plan, ranks, number, initial.waiting_in_hospital)


def _in_progress(plan: Blueprint, ranks: Ranks, place: int, count: int) -> Iterator[AlreadyThere]:
    """People in a place at a random moment of their stay; routes in proportion to people-days there."""
    name = plan.offer.names[place]
    source = THERE + name
    entries = plan.crowds.entries
    route_rank, length_rank, moment_rank, _ = ranks.blocks(source, count).T
    for route, chosen in _split(plan.crowds.there[name], route_rank):
        needs = plan.needs(0, entries[route], route, place)
        if needs.stay is None:
            continue
        total, elapsed = in_progress(needs.stay, length_rank[chosen], moment_rank[chosen])
        entered = plan.timeline.first_day - elapsed
        not_yet = np.full(chosen.size, np.nan)
        route_of = _number(plan, route, chosen.size)
        yield AlreadyThere(source, entries[route], place, None, route_of, total, entered, not_yet)


def _waiting(plan: Blueprint, ranks: Ranks, awaited: int, count: int) -> Iterator[AlreadyThere]:
    """People who wait for a service at the start, in the places that lead to it."""
    name = plan.offer.names[awaited]
    source = WAITING + name
    entries = plan.crowds.entries
    route_rank, waited_rank, stay_rank, _ = ranks.blocks(source, count).T
    waited_spec = plan.scenario.services[name].initial.waited
    waited = quantile(waited_spec, waited_rank) if waited_spec else np.zeros(count)
    for (route, place), chosen in _split(plan.crowds.waiting[name], route_rank):
        asked = plan.timeline.first_day - waited[chosen]
        route_of = _number(plan, route, chosen.size)
        if place == NO_PLACE:
            nowhere = np.full(chosen.size, np.nan)
            yield AlreadyThere(source, entries[route], awaited, None, route_of, None, nowhere, asked)
            continue
        stay = _whole_stay(plan, route, place, stay_rank[chosen])
        yield AlreadyThere(source, entries[route], place, awaited, route_of, stay, asked - stay, asked)


def _in_hospital(plan: Blueprint, ranks: Ranks, awaited: int, count: int) -> Iterator[AlreadyThere]:
    """People who are ready in hospital and wait for a place, or for the task of a team."""
    name = plan.offer.names[awaited]
    source = IN_HOSPITAL + name
    is_team = not plan.offer.is_place[awaited]
    route_rank, waited_rank, stay_rank, _ = ranks.blocks(source, count).T
    waited_spec = plan.scenario.services[name].initial.waited
    waited = quantile(waited_spec, waited_rank) if waited_spec else np.zeros(count)
    for (route, place), chosen in _split(plan.crowds.in_hospital[name], route_rank):
        ready = plan.timeline.first_day - waited[chosen]
        stay = _whole_stay(plan, route, place, stay_rank[chosen])
        yield AlreadyThere(
            source, plan.crowds.entries[route], place, None if is_team else awaited, _number(plan, route, chosen.size), stay,
            ready - stay, np.full(chosen.size, np.nan) if is_team else ready, awaited if is_team else None,
        )  # fmt: skip


def _whole_stay(plan: Blueprint, route: str, place: int, rank: Floats) -> Floats:
    spec = plan.needs(0, plan.crowds.entries[route], route, place).stay
    return quantile(spec, rank) if spec else np.zeros(rank.size)


def _split(weights: dict[K, float], rank: Floats) -> Iterator[tuple[K, Ints]]:
    """Deal people out over keys in proportion to weights, by rank."""
    keys = [k for k, w in weights.items() if w > 0]
    if not keys:
        return
    edges = np.cumsum([weights[k] for k in keys])
    which = np.minimum(np.searchsorted(edges / edges[-1], rank, side="right"), len(keys) - 1)
    for number, key in enumerate(keys):
        chosen = np.flatnonzero(which == number)
        if chosen.size:
            yield key, chosen


def _number(plan: Blueprint, route: str, count: int) -> Ints:
    return np.full(count, list(plan.scenario.routes).index(route), dtype=np.int64)
