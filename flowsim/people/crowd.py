"""Who comes: everybody of one replication in the order of their arrival, with the routes they need and are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowsim.generators import key_of
from flowsim.people.blueprint import Blueprint
from flowsim.people.itineraries import ways_to_walk
from flowsim.people.start import Dealt, dealt_out
from flowsim.ranks import Ranks
from flowsim.units import Floats, Ints


@dataclass(frozen=True)
class Group:
    """People of one source who begin at the same place, before they are numbered."""

    source: str
    entry: int  # where their routes begin
    begins: int  # the place of their first step
    first: int  # the place in the source of the first of them; the others follow
    size: int
    there: Dealt | None = None  # of those who are there at the start


class Crowd(NamedTuple):
    """Everybody in the order of their numbers, as the lookup of itineraries wants them. Arrays have shape (people,)."""

    groups: tuple[Group, ...]
    arrives: Floats
    group: NDArray[np.int16]
    index: Any  # place in their source, whole numbers
    needed: Ints
    route: Ints
    hindered: NDArray[np.bool_]


def there_at_the_start(plan: Blueprint, ranks: Ranks) -> list[Dealt]:
    """Those who are there at the start, in the order of their numbers."""
    return sorted(dealt_out(plan.start, ranks), key=lambda some: some.source.name)


def crowd_of(plan: Blueprint, ranks: Ranks, there: list[Dealt]) -> Crowd:
    """Everybody by arrival, then source, then place in it; `there` as of `there_at_the_start`."""
    groups = [_arriving(plan, ranks, stream) for stream in plan.scenario.streams]
    groups += _all_there(there)
    return _in_order(plan, ranks, sorted(groups, key=lambda group: (group.source, group.first)))


def _arriving(plan: Blueprint, ranks: Ranks, name: str) -> Group:
    """Everybody who arrives with a stream during warm-up and run."""
    entry = plan.offer.number(plan.scenario.streams[name].enters)
    return Group(name, entry, begins=entry, first=0, size=_epochs(plan, ranks, name).size)


def _epochs(plan: Blueprint, ranks: Ranks, name: str) -> Floats:
    return ranks.epochs(f"{name}/time of arrival", plan.demand[name].total)


def _all_there(there: list[Dealt]) -> list[Group]:
    """People who are there at the start, each group of one route."""
    groups: list[Group] = []
    seen: dict[str, int] = {}
    for some in there:
        source, party = some.source.name, some.party
        first = seen.get(source, 0)
        seen[source] = first + some.size
        groups.append(Group(source, party.entry, party.place, first, some.size, there=some))
    return groups


def _in_order(plan: Blueprint, ranks: Ranks, groups: list[Group]) -> Crowd:
    """Everybody of groups that are sorted by source and place, in the order of their numbers."""
    begins = np.cumsum([0, *(group.size for group in groups)])
    count = int(begins[-1])
    arrives = np.empty(count)
    needed, given = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    # However short the way of those who are there is, room for them has to be found at the start.
    is_hindered = np.ones((len(groups), len(plan.scenario.routes)), dtype=bool)
    for number, (group, begin) in enumerate(zip(groups, begins.tolist(), strict=False)):
        if group.there is None:
            _arrive(plan, ranks, group, begin, arrives, needed, given)
            is_hindered[number] = plan.hindered_routes[group.entry]
        else:
            end = begin + group.size
            arrives[begin:end] = plan.timeline.first_day
            needed[begin:end] = given[begin:end] = group.there.party.route
    first = np.array([group.first for group in groups], dtype=np.int64)
    in_order = ways_to_walk().in_order(begins, first, is_hindered, arrives, needed, given)
    return Crowd(tuple(groups), *in_order)


def _arrive(
    plan: Blueprint, ranks: Ranks, group: Group, begin: int, arrives: Floats, needed: Ints, given: Ints
) -> None:
    """Write the people of a stream into the columns, from `begin`."""
    demand = plan.demand[group.source]
    key = np.array(key_of(ranks.seed, f"{group.source}/which route"), dtype=np.uint64)
    wanted = (
        _epochs(plan, ranks, group.source), demand.expected, demand.first_day, plan.timeline.version_of_day,
        plan.dealing[group.source], tuple(key), ranks.replication, begin, arrives, needed, given,
    )  # fmt: skip
    ways_to_walk().arrive(*wanted)
