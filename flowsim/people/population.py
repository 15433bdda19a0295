"""The people of one replication: who arrives when, on which route, with which itinerary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsim.generators import key_of
from flowsim.people.blueprint import Blueprint
from flowsim.people.itineraries import Walkers, itineraries, unhindered_itineraries, ways_to_walk
from flowsim.people.start import AlreadyThere, already_there
from flowsim.people.steps import NONE, Steps
from flowsim.people.walk import Groups, Travellers
from flowsim.ranks import Ranks
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
    look_up_unhindered: Callable[[], Steps]

    @cached_property
    def unhindered_steps(self) -> Steps:
        """The itineraries of those who never meet a limit: most people, and looked up only when asked for."""
        return self.look_up_unhindered()

    def __len__(self) -> int:
        return int(self.arrives.size)


@dataclass(frozen=True)
class Group:
    """People of one source who begin at the same place, before they are numbered."""

    source: str
    entry: int  # where their routes begin
    begins: int  # the place of their first step
    first: int  # the place in the source of the first of them; the others follow
    size: int
    there: AlreadyThere | None = None  # of those who are there at the start


@dataclass(frozen=True)
class Crowd:
    """Everybody in the order of their numbers, as the lookup of itineraries wants them."""

    groups: tuple[Group, ...]
    arrives: Floats
    group: NDArray[np.int16]
    index: Ints
    needed: Ints
    route: Ints
    hindered: NDArray[np.bool_]


def populate(plan: Blueprint, ranks: Ranks) -> People:
    """Draw nobody anew: look up from ranks who arrives and what each would need."""
    groups = [_arriving(plan, ranks, stream) for stream in plan.scenario.streams]
    groups += _all_there(plan, ranks)
    streams = tuple(dict.fromkeys(group.source for group in groups))
    crowd = _crowd(plan, ranks, sorted(groups, key=lambda group: (group.source, group.first)))
    steps = itineraries(plan, ranks, _walkers(plan, crowd, hindered=True))
    first_step, first_otherwise = _first_rows(crowd, steps)
    return People(
        streams=streams, routes=tuple(plan.scenario.routes), arrives=crowd.arrives,
        stream=np.array([streams.index(g.source) for g in crowd.groups], dtype=np.int64)[crowd.group],
        index=crowd.index, needed_route=crowd.needed, route=crowd.route, hindered=crowd.hindered,
        first_step=first_step, first_otherwise=first_otherwise,
        entered=_of_those_there(plan, crowd, "entered"), asked=_of_those_there(plan, crowd, "asked"),
        steps=steps, look_up_unhindered=partial(_look_up_unhindered, plan, ranks, crowd),
    )  # fmt: skip


def _arriving(plan: Blueprint, ranks: Ranks, name: str) -> Group:
    """Everybody who arrives with a stream during warm-up and run."""
    entry = plan.offer.number(plan.scenario.streams[name].enters)
    return Group(name, entry, begins=entry, first=0, size=_epochs(plan, ranks, name).size)


def _epochs(plan: Blueprint, ranks: Ranks, name: str) -> Floats:
    return ranks.epochs(f"{name}/time of arrival", plan.demand[name].total)


def _all_there(plan: Blueprint, ranks: Ranks) -> list[Group]:
    """People who are there at the start, each group of one route."""
    groups: list[Group] = []
    seen: dict[str, int] = {}
    for there in already_there(plan.start, ranks):
        first = seen.get(there.source, 0)
        seen[there.source] = first + there.size
        party = there.party
        groups.append(Group(there.source, party.entry, party.place, first, there.size, there=there))
    return groups


def _crowd(plan: Blueprint, ranks: Ranks, groups: list[Group]) -> Crowd:
    """Everybody by arrival, then source, then place in it. The groups are sorted by source and place."""
    sizes = [group.size for group in groups]
    begins = np.cumsum([0, *sizes])
    count = int(begins[-1])
    arrives = np.empty(count)
    needed, given = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    hindered = []
    for group, begin in zip(groups, begins.tolist(), strict=False):
        end = begin + group.size
        if group.there is None:
            _arrive(plan, ranks, group, begin, arrives, needed, given)
            hindered.append(plan.hindered_routes[group.entry][given[begin:end]])
        else:
            arrives[begin:end] = plan.timeline.first_day
            needed[begin:end] = given[begin:end] = group.there.party.route
            # However short their way is, room for them has to be found at the start.
            hindered.append(np.ones(group.size, dtype=bool))
    # Each group ascends already, which this way of sorting makes use of; who is equal keeps their order.
    order = np.argsort(arrives, kind="stable")
    group_of = np.repeat(np.arange(len(groups), dtype=np.int16), sizes)[order]
    # A person's place in the source: where they stand here, less where the first of the source stands.
    offset = begins[:-1] - np.array([group.first for group in groups], dtype=np.int64)
    return Crowd(
        groups=tuple(groups),
        arrives=arrives[order],
        group=group_of,
        index=order - offset[group_of],
        needed=needed[order],
        route=given[order],
        hindered=np.concatenate(hindered)[order],
    )


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


def _of_those_there(plan: Blueprint, crowd: Crowd, name: str, person: Ints | None = None) -> Floats:
    """A column that has a meaning for those who are there at the start; NaN for everybody else.

    Of everybody, or of some people only, who include those and whose numbers ascend.
    """
    found = np.full(crowd.arrives.size if person is None else person.size, np.nan)
    there = [group.there for group in crowd.groups if group.there is not None]
    if there:
        # They come on the first day, before nearly everybody else, in the order of their groups.
        first = crowd.group[: np.searchsorted(crowd.arrives, plan.timeline.first_day, side="right")]
        is_there = np.array([group.there is not None for group in crowd.groups], dtype=bool)
        where = np.flatnonzero(is_there[first])
        values = [np.full(t.size, np.nan) if (v := getattr(t, name)) is None else v for t in there]
        found[where if person is None else np.searchsorted(person, where)] = np.concatenate(values)
    return found


def _walkers(plan: Blueprint, crowd: Crowd, hindered: bool) -> Walkers:
    """Those of a crowd who can be hindered, or those who cannot."""
    person = np.flatnonzero(crowd.hindered == hindered)
    sources = plan.tables.sources
    return Walkers(
        person=person,
        travellers=Travellers(
            index=crowd.index[person],
            group=crowd.group[person].astype(np.int64),
            version=_versions(plan, crowd.arrives[person]),
            route=crowd.route[person],
        ),
        groups=Groups(
            source=_by_group(crowd, lambda g: sources[g.source]),
            entry=_by_group(crowd, lambda g: g.entry),
            begins=_by_group(crowd, lambda g: g.begins),
            leads_to=_by_group(crowd, _leads_to),
            team=_by_group(
                crowd,
                lambda g: NONE if g.there is None or g.there.party.team is None else g.there.party.team,
            ),
            may_ask=_by_group(crowd, lambda g: int(g.there is None or g.there.stay is None)),
        ),
        settled_stay=_of_those_there(plan, crowd, "stay", person)
        if hindered
        else np.full(person.size, np.nan),
        days_left=plan.timeline.last_day - crowd.arrives[person],
    )


def _versions(plan: Blueprint, arrives: Floats) -> Ints:
    """The dated version that people's needs are read from: that of the day they arrive."""
    day = np.floor(arrives).astype(np.int64) - plan.timeline.first_day
    return plan.timeline.version_of_day[np.minimum(day, plan.timeline.version_of_day.size - 1)]


def _leads_to(group: Group) -> int:
    """Where the first step of a group leads if that is settled already, else NONE."""
    there = group.there
    return NONE if there is None or there.party.next_service is None else there.party.next_service


def _by_group(crowd: Crowd, read: Callable[[Group], int]) -> Any:
    return np.array([read(group) for group in crowd.groups], dtype=np.int64)


def _first_rows(crowd: Crowd, steps: Steps) -> tuple[Ints, Ints]:
    """The rows of everybody's first step, and of the one that plan B would lead to instead."""
    # Those who cannot be hindered begin with row 0, 1, 2… of their own table; the others are put right below.
    first_step = np.cumsum(~crowd.hindered, dtype=np.int64)
    first_step -= 1
    first_otherwise = np.full(crowd.arrives.size, NONE, dtype=np.int64)
    # Both are steps that no step comes before; the one that plan B leads to is written after the other.
    begins = np.flatnonzero(steps.number == 0)
    person = steps.person[begins]
    again = np.zeros(begins.size, dtype=bool)
    again[1:] = person[1:] == person[:-1]
    first_step[person[~again]] = begins[~again]
    first_otherwise[person[again]] = begins[again]
    return first_step, first_otherwise


def _look_up_unhindered(plan: Blueprint, ranks: Ranks, crowd: Crowd) -> Steps:
    """The itineraries of those who never meet a limit."""
    return unhindered_itineraries(plan, ranks, _walkers(plan, crowd, hindered=False))
