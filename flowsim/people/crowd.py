"""Who comes: the people of one replication in the order of their arrival, with the routes they need and are given."""

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
    """People in the order of their numbers, as the lookup of itineraries wants them. Arrays have shape (people,)."""

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


def crowd_of(plan: Blueprint, ranks: Ranks, there: list[Dealt], hindered_only: bool = False) -> Crowd:
    """Everybody by arrival, then source, then place in it; `there` as of `there_at_the_start`.

    With `hindered_only` without those who can never meet a limit.
    """
    groups = [_arriving(plan, ranks, stream) for stream in plan.scenario.streams]
    groups += _all_there(there)
    groups.sort(key=lambda group: (group.source, group.first))
    return _in_order(plan, ranks, groups, hindered_only)


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


def _in_order(plan: Blueprint, ranks: Ranks, groups: list[Group], hindered_only: bool) -> Crowd:
    """The people of groups that are sorted by source and place, in the order of their numbers."""
    begins = np.cumsum([0, *(group.size for group in groups)])
    ends, count = begins[1:].copy(), int(begins[-1])
    arrives = np.empty(count)
    index, needed, given = (np.empty(count, dtype=np.int64) for _ in range(3))
    # However short the way of those who are there is, room for them has to be found at the start.
    is_hindered = np.ones((len(groups), len(plan.scenario.routes)), dtype=bool)
    for number, (group, begin) in enumerate(zip(groups, begins.tolist(), strict=False)):
        own = slice(begin, begin + group.size)
        if group.there is None:
            is_hindered[number] = plan.hindered_routes[group.entry]
            wanted = is_hindered[number] if hindered_only else np.ones_like(is_hindered[number])
            columns = (arrives[own], index[own], needed[own], given[own])
            ends[number] = begin + _arrive(plan, ranks, group, wanted, *columns)
        else:
            arrives[own], index[own] = (
                plan.timeline.first_day,
                np.arange(group.first, group.first + group.size),
            )
            needed[own] = given[own] = group.there.party.route
    in_order = ways_to_walk().in_order(begins[:-1], ends, is_hindered, arrives, index, needed, given)
    return Crowd(tuple(groups), *in_order)


def _arrive(
    plan: Blueprint, ranks: Ranks, group: Group, wanted: NDArray[np.bool_], arrives: Floats, index: Ints,
    needed: Ints, given: Ints,
) -> int:  # fmt: skip
    """Write the people of a stream on wanted routes into the columns, and how many they are."""
    demand = plan.demand[group.source]
    key = np.array(key_of(ranks.seed, f"{group.source}/which route"), dtype=np.uint64)
    asked = (
        _epochs(plan, ranks, group.source), demand.expected, demand.first_day, plan.timeline.version_of_day,
        plan.dealing[group.source], tuple(key), ranks.replication, wanted, arrives, index, needed, given,
    )  # fmt: skip
    written: int = ways_to_walk().arrive(*asked)
    return written
