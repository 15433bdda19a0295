"""The people of one replication: who arrives when, on which route, with which itinerary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowsim.people.blueprint import Blueprint
from flowsim.people.itineraries import TO_NEXT, TO_OTHERWISE, FirstVisit, ItineraryBuilder, Travellers
from flowsim.people.start import AlreadyThere, already_there
from flowsim.people.steps import NONE, Steps
from flowsim.ranks import Ranks
from flowsim.scenario.model import shares
from flowsim.units import Floats, Ints


@dataclass(frozen=True)
class People:
    """Everybody of one replication, numbered by arrival. Arrays have shape (people,); times in days.

    `index` is a person's place in their stream, which stays theirs in every scenario. `first_step`
    and `first_otherwise` are rows of `steps` for those who can be hindered (`hindered`), rows of
    `unhindered_steps` for the others, who never meet a limit. People who are there at the start
    have `entered` in the past, and `asked` too where they already wait for their next place.
    """

    streams: tuple[str, ...]
    routes: tuple[str, ...]
    arrives: Floats
    stream: Ints
    index: Ints
    needed_route: Ints
    route: Ints
    hindered: NDArray[np.bool_]
    first_step: Ints
    first_otherwise: Ints
    entered: Floats
    asked: Floats
    steps: Steps
    unhindered_steps: Steps

    def __len__(self) -> int:
        return int(self.arrives.size)


@dataclass(frozen=True)
class Group:
    """People of one source who begin at the same place, before they are numbered."""

    stream: str
    entry: int
    begins: int  # the place of the first step
    arrives: Floats
    version: Ints
    needed: Ints
    route: Ints
    entered: Floats
    asked: Floats
    first_visit: FirstVisit | None = None
    is_there: bool = False

    def __len__(self) -> int:
        return int(self.arrives.size)


def populate(plan: Blueprint, ranks: Ranks) -> People:
    """Draw nobody anew: look up from ranks who arrives and what each would need."""
    groups = [_arriving(plan, ranks, stream) for stream in plan.scenario.streams]
    groups += [_there(plan, there) for there in already_there(plan, ranks)]
    return _numbered(plan, groups, ranks)


def _there(plan: Blueprint, there: AlreadyThere) -> Group:
    """People of one route who are there at the start."""
    return Group(
        stream=there.source, entry=there.entry, begins=there.place,
        arrives=np.full(there.size, float(plan.timeline.first_day)),
        version=np.zeros(there.size, dtype=np.int64), needed=there.route, route=there.route,
        entered=there.entered, asked=there.asked, is_there=True,
        first_visit=None if there.stay is None else FirstVisit(there.stay, there.next_service),
    )  # fmt: skip


def _arriving(plan: Blueprint, ranks: Ranks, name: str) -> Group:
    """Everybody who arrives with a stream during warm-up and run."""
    demand = plan.demand[name]
    arrives = demand.arrivals(ranks.epochs(f"{name}/arrivals", demand.total))
    version = plan.timeline.version_of_day[np.floor(arrives).astype(np.int64) - plan.timeline.first_day]
    needed = _needed_routes(plan, ranks, name, version)
    nothing = np.full(arrives.size, np.nan)
    entry = plan.offer.number(plan.scenario.streams[name].enters)
    return Group(
        stream=name, entry=entry, begins=entry, arrives=arrives, version=version, needed=needed,
        route=_given_routes(plan, ranks, name, version, needed), entered=nothing, asked=nothing,
    )  # fmt: skip


def _needed_routes(plan: Blueprint, ranks: Ranks, stream: str, version: Ints) -> Ints:
    """The route that each person needs, by the shares of the day they arrive."""
    rank = ranks.uniform(f"{stream}/route", version.size)
    return _pick(rank, version, [_row(plan, v.streams[stream].routes) for v in plan.timeline.versions])


def _given_routes(plan: Blueprint, ranks: Ranks, stream: str, version: Ints, needed: Ints) -> Ints:
    """The route that each person is given: over-prescription moves some of those who need one to another."""
    given = needed.copy()
    rank = ranks.uniform(f"{stream}/given route", version.size)
    for number, route in enumerate(plan.scenario.routes):
        tables = [v.over_prescription.get(route, {route: 1.0}) for v in plan.timeline.versions]
        concerned = needed == number
        given[concerned] = _pick(rank[concerned], version[concerned], [_row(plan, table) for table in tables])
    return given


def _row(plan: Blueprint, table: Mapping[str, float | str]) -> Floats:
    """Shares of every route in the scenario's order."""
    given = shares(table)
    return np.array([given.get(route, 0.0) for route in plan.scenario.routes])


def _pick(rank: Floats, version: Ints, tables: list[Floats]) -> Ints:
    """The column that each rank falls into, by the table of its version."""
    cumulative = np.cumsum(np.stack(tables), axis=1)
    # A share of zero is never picked, not even by rounding at the top: the last column that has a share is.
    last = np.array([int(np.flatnonzero(table)[-1]) for table in tables])
    picked = (rank[:, None] >= cumulative[version]).sum(axis=1)
    column: Ints = np.minimum(picked, last[version]).astype(np.int64)
    return column


def _numbered(plan: Blueprint, groups: list[Group], ranks: Ranks) -> People:
    """Number everybody by arrival (then source, then place in it), and look their itineraries up."""
    streams = tuple(dict.fromkeys(g.stream for g in groups))
    by_name = {name: place for place, name in enumerate(sorted(streams))}
    arrives = np.concatenate([g.arrives for g in groups])
    source = np.concatenate([np.full(len(g), by_name[g.stream], dtype=np.int64) for g in groups])
    index = np.concatenate(_places_in_stream(groups))
    order = np.lexsort((index, source, arrives))
    number = np.empty_like(order)
    number[order] = np.arange(order.size)

    hindered = np.concatenate([_hindered(plan, g) for g in groups])
    tables = {kind: ItineraryBuilder(plan, ranks, order.size) for kind in (True, False)}
    offset = 0
    for group in groups:
        part = slice(offset, offset + len(group))
        for kind, builder in tables.items():
            chosen = np.flatnonzero(hindered[part] == kind)
            if chosen.size:
                _look_up(plan, builder, group, chosen, index[part], number[part], kind)
        offset += len(group)
    first = np.where(hindered[order][:, None], tables[True].first, tables[False].first)
    stream = np.concatenate([np.full(len(g), streams.index(g.stream), dtype=np.int64) for g in groups])
    return People(
        streams=streams, routes=tuple(plan.scenario.routes), arrives=arrives[order], stream=stream[order],
        index=index[order], needed_route=np.concatenate([g.needed for g in groups])[order],
        route=np.concatenate([g.route for g in groups])[order], hindered=hindered[order],
        first_step=first[:, TO_NEXT], first_otherwise=first[:, TO_OTHERWISE],
        entered=np.concatenate([g.entered for g in groups])[order],
        asked=np.concatenate([g.asked for g in groups])[order],
        steps=tables[True].steps(), unhindered_steps=tables[False].steps(),
    )  # fmt: skip


def _look_up(
    plan: Blueprint,
    builder: ItineraryBuilder,
    group: Group,
    chosen: Ints,
    index: Ints,
    number: Ints,
    hindered: bool,
) -> None:
    """Look up the itineraries of some of a group."""
    count = chosen.size
    travellers = Travellers(
        stream=group.stream, entry=group.entry, index=index[chosen], person=number[chosen],
        version=group.version[chosen], route=group.route[chosen],
        days_left=plan.timeline.last_day - group.arrives[chosen],
        service=np.full(count, group.begins, dtype=np.int64), parent=np.full(count, NONE, dtype=np.int64),
        link=np.full(count, TO_NEXT, dtype=np.int64),
        visits=np.zeros((count, len(plan.offer.names)), dtype=np.int64),
    )  # fmt: skip
    builder.add(travellers, group.first_visit, hindered)


def _hindered(plan: Blueprint, group: Group) -> NDArray[np.bool_]:
    """Which of a group can ever meet a limit; those there at the start always count as such."""
    if group.is_there:
        return np.ones(len(group), dtype=bool)
    by_route = np.array([plan.is_hindered(group.entry, route) for route in plan.scenario.routes])
    return np.asarray(by_route[group.route], dtype=bool)


def _places_in_stream(groups: list[Group]) -> list[Ints]:
    """Each person's place in their stream; several groups of one stream follow one another."""
    seen: dict[str, int] = {}
    places = []
    for group in groups:
        begin = seen.get(group.stream, 0)
        places.append(np.arange(begin, begin + len(group), dtype=np.int64))
        seen[group.stream] = begin + len(group)
    return places
