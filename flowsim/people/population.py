"""The people of one replication: who arrives when, on which route, with which itinerary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowsim.people.blueprint import Blueprint
from flowsim.people.crowd import Crowd, Group, crowd_of, there_at_the_start
from flowsim.people.itineraries import (
    Lengths,
    Walk,
    Walkers,
    Way,
    free_itineraries,
    free_stays,
    free_walk,
    itineraries,
    lengths,
    walk,
    ways_to_walk,
)
from flowsim.people.start import Began, Dealt, in_days
from flowsim.people.steps import NONE, Steps
from flowsim.people.walk import Groups
from flowsim.ranks import Ranks
from flowsim.units import Floats, Ints


@dataclass(frozen=True, eq=False)
class People:
    """Everybody of one replication, or all who can be hindered, numbered by arrival. Arrays have shape (people,); times in days.

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


class Drawn(NamedTuple):
    """Everybody of one replication in ranks: all but how long stays are, which is what most often differs between plans.

    `free_walk` is of those who never meet a limit.
    """

    crowd: Crowd
    walk: Walk
    free_walk: Way


class Lasting(NamedTuple):
    """How long everybody's stays are, and since when those who are there at the start have been: what ranks come to in days."""

    entered: Floats  # shape (people,)
    asked: Floats  # shape (people,)
    lengths: Lengths
    free_stays: Floats  # shape (steps,)


def populate(plan: Blueprint, ranks: Ranks, *, hindered_only: bool = False) -> People:
    """Draw nobody anew: look up from ranks who arrives and what each would need.

    With `hindered_only` the others are left out, and nobody but them is numbered: all that a census of the delayed needs.
    """
    there = there_at_the_start(plan, ranks)
    crowd, walked = _walked(plan, ranks, there, hindered_only)
    entered, asked, found = _lasting(plan, crowd, walked, there)
    look_up = partial(_look_up_free, plan, ranks, crowd)
    return _people(plan, crowd, itineraries(plan.tables, walked, found), entered, asked, look_up)


def drawn(plan: Blueprint, ranks: Ranks, there: list[Dealt]) -> Drawn:
    """Everybody in ranks: the same for all plans with the same `Blueprint.same_walk` and the same people there."""
    crowd, walked = _walked(plan, ranks, there)
    return Drawn(crowd, walked, free_walk(plan, ranks, _walkers(plan, crowd, hindered=False)))


def lasting(plan: Blueprint, drawn: Drawn, there: list[Dealt]) -> Lasting:
    """How long their stays are in a plan."""
    entered, asked, found = _lasting(plan, drawn.crowd, drawn.walk, there)
    return Lasting(entered, asked, found, free_stays(plan.tables, drawn.free_walk))


def people_of(plan: Blueprint, drawn: Drawn, lasting: Lasting) -> People:
    """The people that `populate` would find."""
    steps = itineraries(plan.tables, drawn.walk, lasting.lengths)
    look_up = partial(free_itineraries, plan.tables, drawn.free_walk, lasting.free_stays)
    return _people(plan, drawn.crowd, steps, lasting.entered, lasting.asked, look_up)


def _walked(
    plan: Blueprint, ranks: Ranks, there: list[Dealt], hindered_only: bool = False
) -> tuple[Crowd, Walk]:
    """Who comes, and the itineraries of those who can be hindered, in ranks."""
    crowd = crowd_of(plan, ranks, there, hindered_only)
    return crowd, walk(plan, ranks, _walkers(plan, crowd, hindered=True))


def _lasting(
    plan: Blueprint, crowd: Crowd, walked: Walk, there: list[Dealt]
) -> tuple[Floats, Floats, Lengths]:
    """Since when those who are there have been and have asked, and the lengths of those who can be hindered."""
    entered, asked, settled = _of_those_there(plan, crowd, in_days(plan.start, there))
    return entered, asked, lengths(plan.tables, walked, settled)


def _people(
    plan: Blueprint,
    crowd: Crowd,
    steps: Steps,
    entered: Floats,
    asked: Floats,
    look_up_unhindered: Callable[[], Steps],
) -> People:
    named, here = (
        (*plan.scenario.streams, *(s.name for s in plan.start.sources)),
        {g.source for g in crowd.groups},
    )
    streams = tuple(name for name in dict.fromkeys(named) if name in here)
    first_step, first_otherwise = _first_rows(crowd, steps)
    return People(
        streams=streams, routes=tuple(plan.scenario.routes), arrives=crowd.arrives,
        stream=np.array([streams.index(g.source) for g in crowd.groups], dtype=np.int64)[crowd.group],
        index=crowd.index, needed_route=crowd.needed, route=crowd.route, hindered=crowd.hindered,
        first_step=first_step, first_otherwise=first_otherwise, entered=entered, asked=asked,
        steps=steps, look_up_unhindered=look_up_unhindered,
    )  # fmt: skip


def _of_those_there(plan: Blueprint, crowd: Crowd, began: Began) -> Began:
    """The columns of those who are there at the start, NaN for everybody else."""
    # They come on the first day, before nearly everybody else, in the order of their groups.
    first = crowd.group[: np.searchsorted(crowd.arrives, plan.timeline.first_day, side="right")]
    is_there = np.array([group.there is not None for group in crowd.groups], dtype=bool)
    rows = np.flatnonzero(is_there[first])
    found = np.full((len(began), crowd.arrives.size), np.nan)
    for column, values in zip(found, began, strict=True):
        column[rows] = values
    return Began(*found)


def _walkers(plan: Blueprint, crowd: Crowd, hindered: bool) -> Walkers:
    """Those of a crowd who can be hindered, or those who cannot."""
    sources, timeline = plan.tables.sources, plan.timeline
    person, travellers, days_left = ways_to_walk().chosen(
        hindered, crowd.hindered, crowd.arrives, crowd.group, crowd.index, crowd.route, timeline.version_of_day,
        timeline.first_day, timeline.last_day,
    )  # fmt: skip
    return Walkers(
        person=person,
        travellers=travellers,
        groups=Groups(
            source=_by_group(crowd, lambda g: sources[g.source]),
            entry=_by_group(crowd, lambda g: g.entry),
            begins=_by_group(crowd, lambda g: g.begins),
            leads_to=_by_group(crowd, _leads_to),
            team=_by_group(
                crowd,
                lambda g: NONE if g.there is None or g.there.party.team is None else g.there.party.team,
            ),
            may_ask=_by_group(crowd, lambda g: int(g.there is None or g.there.may_ask)),
        ),
        days_left=days_left,
    )


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


def _look_up_free(plan: Blueprint, ranks: Ranks, crowd: Crowd) -> Steps:
    """The itineraries of those who never meet a limit."""
    walked = free_walk(plan, ranks, _walkers(plan, crowd, hindered=False))
    return free_itineraries(plan.tables, walked, free_stays(plan.tables, walked))
