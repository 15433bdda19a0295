"""The people of one replication: who arrives when, on which route, with which itinerary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsim.compiling import for_loops
from flowsim.people.blueprint import Blueprint
from flowsim.people.itineraries import Walkers, itineraries, unhindered_itineraries
from flowsim.people.routes import routes_of
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
    """People of one source who begin at the same place, before they are numbered. Arrays: shape (people,)."""

    source: str
    entry: int  # where their routes begin
    begins: int  # the place of their first step
    first: int  # the place in the source of the first of them; the others follow
    arrives: Floats  # ascending
    version: Ints
    needed: Ints
    route: Ints
    hindered: NDArray[np.bool_]
    there: AlreadyThere | None = None

    def __len__(self) -> int:
        return int(self.arrives.size)


def populate(plan: Blueprint, ranks: Ranks) -> People:
    """Draw nobody anew: look up from ranks who arrives and what each would need."""
    groups = [_arriving(plan, ranks, stream) for stream in plan.scenario.streams]
    groups += _all_there(plan, ranks)
    return _numbered(plan, groups, ranks)


def _arriving(plan: Blueprint, ranks: Ranks, name: str) -> Group:
    """Everybody who arrives with a stream during warm-up and run."""
    demand, timeline = plan.demand[name], plan.timeline
    arrives = demand.arrivals(ranks.epochs(f"{name}/time of arrival", demand.total))
    version = timeline.version_of_day[np.floor(arrives).astype(np.int64) - timeline.first_day]
    needed, route = routes_of(plan.dealing[name], ranks, name, version)
    entry = plan.offer.number(plan.scenario.streams[name].enters)
    return Group(
        source=name, entry=entry, begins=entry, first=0, arrives=arrives, version=version, needed=needed,
        route=route, hindered=plan.hindered_routes[entry][route],
    )  # fmt: skip


def _all_there(plan: Blueprint, ranks: Ranks) -> list[Group]:
    """People who are there at the start, each group of one route; they always count as hindered."""
    groups: list[Group] = []
    seen: dict[str, int] = {}
    for there in already_there(plan, ranks):
        first = seen.get(there.source, 0)
        seen[there.source] = first + there.size
        groups.append(
            Group(
                source=there.source, entry=there.entry, begins=there.place, first=first,
                arrives=np.full(there.size, float(plan.timeline.first_day)),
                version=np.zeros(there.size, dtype=np.int64), needed=there.route, route=there.route,
                hindered=np.ones(there.size, dtype=bool), there=there,
            )  # fmt: skip
        )
    return groups


@dataclass(frozen=True)
class Crowd:
    """Everybody as the lookup of itineraries wants them, in the order of their numbers."""

    groups: tuple[Group, ...]
    arrives: Floats
    group: Ints
    index: Ints
    version: Ints
    route: Ints
    hindered: NDArray[np.bool_]


def _numbered(plan: Blueprint, groups: list[Group], ranks: Ranks) -> People:
    """Number everybody by arrival (then source, then place in it), and look their itineraries up."""
    streams = tuple(dict.fromkeys(group.source for group in groups))
    crowd, order = _crowd(groups)
    needed = np.concatenate([group.needed for group in crowd.groups])[order]
    steps = itineraries(plan, ranks, _walkers(plan, crowd, hindered=True))
    first_step, first_otherwise = _first_rows(crowd, steps)
    return People(
        streams=streams, routes=tuple(plan.scenario.routes), arrives=crowd.arrives,
        stream=np.array([streams.index(g.source) for g in crowd.groups], dtype=np.int64)[crowd.group],
        index=crowd.index, needed_route=needed, route=crowd.route, hindered=crowd.hindered,
        first_step=first_step, first_otherwise=first_otherwise,
        entered=_of_those_there(plan, crowd, "entered"), asked=_of_those_there(plan, crowd, "asked"), steps=steps,
        look_up_unhindered=partial(_look_up_unhindered, plan, ranks, crowd),
    )  # fmt: skip


def _crowd(groups: list[Group]) -> tuple[Crowd, Ints]:
    """Everybody by arrival, then source, then place in it; and where they stand in the sorted groups."""
    groups = sorted(groups, key=lambda group: (group.source, group.first))
    arrives = np.concatenate([group.arrives for group in groups])
    # Each group ascends already, which this way of sorting makes use of; who is equal keeps their order.
    order = np.argsort(arrives, kind="stable")
    sizes = [len(group) for group in groups]
    crowd = Crowd(
        groups=tuple(groups),
        arrives=arrives[order],
        group=np.repeat(np.arange(len(groups), dtype=np.int64), sizes)[order],
        index=np.concatenate([np.arange(g.first, g.first + len(g), dtype=np.int64) for g in groups])[order],
        version=np.concatenate([group.version for group in groups])[order],
        route=np.concatenate([group.route for group in groups])[order],
        hindered=np.concatenate([group.hindered for group in groups])[order],
    )
    return crowd, order


def _of_those_there(plan: Blueprint, crowd: Crowd, name: str) -> Floats:
    """A column that has a meaning for those who are there at the start; NaN for everybody else."""
    found = np.full(crowd.arrives.size, np.nan)
    there = [group.there for group in crowd.groups if group.there is not None]
    if there:
        # They come on the first day, before nearly everybody else, in the order of their groups.
        first = crowd.group[: np.searchsorted(crowd.arrives, plan.timeline.first_day, side="right")]
        is_there = np.array([group.there is not None for group in crowd.groups], dtype=bool)
        values = [np.full(t.size, np.nan) if (v := getattr(t, name)) is None else v for t in there]
        found[: first.size][is_there[first]] = np.concatenate(values)
    return found


def _walkers(plan: Blueprint, crowd: Crowd, hindered: bool) -> Walkers:
    """Those of a crowd who can be hindered, or those who cannot."""
    person = np.flatnonzero(crowd.hindered == hindered)
    sources = plan.tables.sources
    return Walkers(
        person=person,
        travellers=Travellers(
            *(for_loops(column[person]) for column in (crowd.index, crowd.group, crowd.version, crowd.route))
        ),
        groups=Groups(
            source=_by_group(crowd, lambda g: sources[g.source]),
            entry=_by_group(crowd, lambda g: g.entry),
            begins=_by_group(crowd, lambda g: g.begins),
            leads_to=_by_group(crowd, lambda g: NONE if g.there is None else g.there.leads_to),
            may_ask=_by_group(crowd, lambda g: int(g.there is None or g.there.stay is None)),
        ),
        settled_stay=_of_those_there(plan, crowd, "stay")[person],
        days_left=plan.timeline.last_day - crowd.arrives[person],
    )


def _by_group(crowd: Crowd, read: Callable[[Group], int]) -> Any:
    return for_loops(np.array([read(group) for group in crowd.groups], dtype=np.int64))


def _first_rows(crowd: Crowd, steps: Steps) -> tuple[Ints, Ints]:
    """The rows of everybody's first step, and of the one that plan B would lead to instead."""
    first_step = np.full(crowd.arrives.size, NONE, dtype=np.int64)
    first_otherwise = first_step.copy()
    first_step[~crowd.hindered] = np.arange(crowd.arrives.size - np.count_nonzero(crowd.hindered))
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
