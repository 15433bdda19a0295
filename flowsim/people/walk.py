"""The walk: everybody's way through the services by their ranks, as compiled loops on flat tables.

A loop here knows no names and no distributions: it reads the numbers of `flowsim.people.tables` and writes
ranks, which are turned into days afterwards, many at a time. Without numba the same functions run as they
stand, on lists.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from flowsim.compiling import blank, compiled
from flowsim.generators import block
from flowsim.people.steps import NONE
from flowsim.people.tables import Keys, Needs

T = TypeVar("T")

MOST_STEPS: Final = 200
LEAVES: Final = -2  # the exit code of "leave"
TO_NEXT: Final = 0
TO_OTHERWISE: Final = 1

# How a walk ended.
DONE: Final = 0
NO_ROOM: Final = 1  # in the columns: go on from the person it got to, with more
TOO_LONG: Final = 2  # somebody's itinerary has more than MOST_STEPS steps

# Waits are not rounded to the grid here: a little more is let in than can happen.
A_MOMENT: Final = 1e-6


class Travellers(NamedTuple):
    """People about to be walked through the services; each column has an entry a person."""

    index: Any  # place in the source: which block of each generator is theirs
    group: Any
    version: Any
    route: Any


class Groups(NamedTuple):
    """People of one source who begin at one place; each column has an entry a group."""

    source: Any
    entry: Any  # the place where their routes begin
    begins: Any  # the place of their first step
    leads_to: Any  # where that step leads, if that is settled already; else NONE
    team: Any  # whose task in that step they wait for, those before it being done; else NONE
    may_ask: Any  # whether they ask for their first place, and so may turn to plan B; else they are in it


class Rows(NamedTuple):
    """Columns of steps as the walk writes them; a step comes before those it leads to."""

    traveller: Any  # an entry of Travellers
    number: Any
    service: Any
    need: Any  # a row of Needs
    parent: Any  # the step that leads here, or NONE
    visit: Any
    stay_rank: Any
    decided_rank: Any
    leaves_rank: Any
    next: Any
    otherwise: Any
    exit: Any
    first_task: Any
    tasks: Any


class TaskRows(NamedTuple):
    """Columns of tasks as the walk writes them."""

    team: Any
    work: Any
    rank: Any


class RelapseRows(NamedTuple):
    """Columns of relapses, those of one step in order."""

    step: Any
    after_rank: Any
    stay_rank: Any
    decided_rank: Any


class Ahead(NamedTuple):
    """A stack of the places that an itinerary still has to come to."""

    service: Any
    parent: Any
    link: Any


# Each step takes one place from the stack and puts at most two on it.
MOST_AHEAD: Final = MOST_STEPS + 2


class Progress(NamedTuple):
    """How far a walk has come, and how it ended."""

    travellers: int
    rows: int
    tasks: int
    ended: int


_RANKS: Final = ("stay_rank", "decided_rank", "leaves_rank", "rank", "after_rank")


def room_for(kind: type[T], size: int) -> T:
    """Columns of some kind with room for so many rows."""
    columns: Any = kind  # each of these is a NamedTuple
    made: T = columns(*(blank(size, float if name in _RANKS else int) for name in columns._fields))
    return made


def extended(table: T, used: int, size: int) -> T:
    """The same columns with room for more rows."""
    longer: Any = room_for(type(table), size)
    columns: Any = table
    for old, new in zip(columns, longer, strict=True):
        new[:used] = old[:used]
    made: T = longer
    return made


def as_arrays(table: T, used: int) -> T:
    """The rows in use, as arrays."""
    columns: Any = table
    made: T = type(columns)(
        *(
            np.asarray(column[:used], dtype=np.float64 if name in _RANKS else np.int64)
            for name, column in zip(columns._fields, columns, strict=True)
        )
    )
    return made


@compiled
def walk(  # noqa: C901 - handing the tables on to a part of it takes longer than all it does
    people: Travellers,
    groups: Groups,
    needs: Needs,
    keys: Keys,
    replication: int,
    hindered: bool,
    begun: Progress,
    rows: Rows,
    task_rows: TaskRows,
    ahead: Ahead,
) -> Progress:
    """Look up the itineraries of people, from where `begun` says, and say how far the room sufficed.

    Of those who cannot be hindered the first steps are rows 0, 1, 2… in the order of people, whatever
    follows comes after them; they have no tasks and no plan B, for they never wait.
    """
    row, task = begun.rows, begun.tasks
    for who in range(begun.travellers, len(people.index)):
        group, index = people.group[who], people.index[who]
        source, entry = groups.source[group], groups.entry[group]
        kind = people.version[who] * needs.routes + people.route[who]
        row_before, task_before = row, task
        other = needs.plan_b[groups.begins[group]] if hindered and groups.may_ask[group] else NONE
        waiting = _look_ahead(ahead, 0, groups.begins[group], other, NONE)
        while waiting:
            waiting -= 1
            service, parent, link = ahead.service[waiting], ahead.parent[waiting], ahead.link[waiting]
            number = 0 if parent == NONE else rows.number[parent] + 1
            need = needs.row[2 * (kind * needs.services + service) + (1 if service == entry else 0)]
            if number >= MOST_STEPS:
                return Progress(who, row_before, task_before, TOO_LONG)
            if row == len(rows.number) or task + needs.tasks[need] > len(task_rows.team):
                return Progress(who, row_before, task_before, NO_ROOM)
            if hindered or number > 0:
                at = row
                row += 1
            else:
                at = who
            visit = _visits_before(rows.service, rows.parent, parent, service)
            place = source * needs.services + service
            stay, way, decided, leaves = block(
                keys.visit[2 * place], keys.visit[2 * place + 1], index, replication, visit, 0
            )
            onward = _way(needs.way_to, needs.way_share, needs.first_way[need], needs.ways[need], way)
            if number == 0 and groups.leads_to[group] != NONE:
                onward = groups.leads_to[group]
            rows.traveller[at] = who
            rows.number[at] = number
            rows.service[at] = service
            rows.need[at] = need
            rows.parent[at] = parent
            rows.visit[at] = visit
            rows.stay_rank[at] = stay
            rows.decided_rank[at] = decided if needs.varies_when_decided[need] else 0.0
            rows.leaves_rank[at] = leaves
            rows.next[at] = NONE
            rows.otherwise[at] = NONE
            rows.exit[at] = onward if onward < 0 else NONE
            rows.first_task[at] = task
            if parent != NONE:
                if link == TO_NEXT:
                    rows.next[parent] = at
                else:
                    rows.otherwise[parent] = at
            if hindered:
                done_before = groups.team[group] if number == 0 else NONE
                for given in range(needs.first_task[need], needs.first_task[need] + needs.tasks[need]):
                    waits_for_it = needs.task_team[given] == done_before
                    if waits_for_it:
                        done_before = NONE
                    if done_before != NONE:
                        continue
                    key = 2 * (place * needs.services + needs.task_team[given])
                    needed, work, _, _ = block(
                        keys.task[key], keys.task[key + 1], index, replication, visit, 0
                    )
                    if waits_for_it or needs.task_share[given] >= 1.0 or needed < needs.task_share[given]:
                        task_rows.team[task] = needs.task_team[given]
                        task_rows.work[task] = needs.task_work[given]
                        task_rows.rank[task] = work
                        task += 1
            rows.tasks[at] = task - rows.first_task[at]
            if onward >= 0:
                other = needs.plan_b[onward] if hindered else NONE
                waiting = _look_ahead(ahead, waiting, onward, other, at)
    return Progress(len(people.index), row, task, DONE)


@compiled
def _look_ahead(ahead: Ahead, waiting: int, service: int, other: int, parent: int) -> int:
    """Put a place that somebody will come to on the stack, and the one that plan B leads to below it."""
    if other >= 0:
        ahead.service[waiting], ahead.parent[waiting], ahead.link[waiting] = other, parent, TO_OTHERWISE
        waiting += 1
    ahead.service[waiting], ahead.parent[waiting], ahead.link[waiting] = service, parent, TO_NEXT
    return waiting + 1


@compiled
def _visits_before(services: Any, parents: Any, step: int, service: int) -> int:
    """How often an itinerary has come to a service, up to a step and that included."""
    visits = 0
    while step != NONE:
        if services[step] == service:
            visits += 1
        step = parents[step]
    return visits


@compiled
def _way(way_to: Any, way_share: Any, first: int, ways: int, rank: float) -> int:
    """Where a rank leads: the first way whose cumulative share is above it."""
    way = first
    while way < first + ways - 1 and rank >= way_share[way]:
        way += 1
    onward: int = way_to[way]
    return onward


@compiled
def relapse(
    people: Travellers,
    groups: Groups,
    needs: Needs,
    keys: Keys,
    replication: int,
    days_left: Any,
    leaves_after: Any,
    rows: Rows,
    begin: int,
    used: int,
    relapses: RelapseRows,
) -> tuple[int, int]:
    """Write relapse after relapse of the steps from `begin`: those whose waiting up to it could fit in.

    That is before the horizon, and before the person leaves another way. What else keeps a relapse from
    happening (the stays in between) would cut few more. Returns the step it got to and the rows in
    use; a step for whose relapses there is no room is not begun.
    """
    written = used
    for step in range(begin, len(rows.need)):
        rate = needs.unwell_per_day[rows.need[step]]
        if rate <= 0.0:
            continue
        who = rows.traveller[step]
        key = 2 * (groups.source[people.group[who]] * needs.services + rows.service[step])
        longest = min(leaves_after[step], days_left[who]) + A_MOMENT
        waited, order, before = 0.0, 0, written
        while True:
            after, stay, decided, _ = block(
                keys.unwell[key],
                keys.unwell[key + 1],
                people.index[who],
                replication,
                rows.visit[step],
                order,
            )
            waited -= math.log1p(-after) / rate
            if waited > longest:
                break
            if written == len(relapses.step):
                return step, before
            relapses.step[written] = step
            relapses.after_rank[written] = after
            relapses.stay_rank[written] = stay
            relapses.decided_rank[written] = decided
            written += 1
            order += 1
    return len(rows.need), written
