"""Arrivals and the walk, person by person: loops on flat tables for numba to compile.

A loop knows no names and no distributions: it reads the numbers of `flowsim.people.tables` and writes ranks, which are
turned into days afterwards, many at a time. `flowsim.people.all_at_once` does the same without numba, and a test holds the
two to the same bytes.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowsim.compiling import compiled
from flowsim.people.arrivals import HOURS
from flowsim.people.routes import Dealing
from flowsim.people.steps import NONE
from flowsim.people.tables import Keys, Needs
from flowsim.people.walk import (
    A_MOMENT,
    MOST_STEPS,
    ROOM,
    ROOM_UNHINDERED,
    TO_NEXT,
    TO_OTHERWISE,
    Chain,
    Groups,
    RelapseRows,
    Rows,
    TaskRows,
    Travellers,
    extended,
    room_for,
    rows_of,
    without_end,
)
from flowsim.philox import block
from flowsim.units import GRID_PER_DAY, Floats, Ints

Bools = NDArray[np.bool_]

# How a walk ended.
DONE: Final = 0
NO_ROOM: Final = 1  # in the columns: go on from the person it got to, with more
TOO_LONG: Final = 2  # somebody's itinerary has more than MOST_STEPS steps


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


@compiled
def column_of(cumulative: Any, begin: int, last: int, rank: float) -> int:
    """The column of a row of cumulative shares that a rank falls into; the row's first entry is at `begin`."""
    column = 0
    while column < last and rank >= cumulative[begin + column]:
        column += 1
    return column


@compiled
def arrive(
    epochs: Any,
    expected: Any,
    first_day: int,
    version_of_day: Any,
    dealt: Dealing,
    key: tuple[int, int],
    replication: int,
    wanted: Any,
    arrives: Any,
    index: Any,
    needed: Any,
    given: Any,
) -> int:
    """Write when the people of a stream arrive (days, on the grid), their place in it, the routes they need and are given.

    Epochs ascend and lie below the last number expected. Person i takes the numbers 2 i (for the route needed)
    and 2 i + 1 (for the route given) of the generator with this key: half a block. Only those on wanted
    routes are written down, one after the other; returns how many there are.
    """
    key_0, key_1 = key
    hour, last_day, written = 0, len(version_of_day) - 1, 0
    needed_rank, given_rank, next_needed, next_given = 0.0, 0.0, 0.0, 0.0
    for person in range(len(epochs)):
        while expected[hour + 1] <= epochs[person]:
            hour += 1
        part = (epochs[person] - expected[hour]) / (expected[hour + 1] - expected[hour])
        time = first_day + (hour + part) / HOURS
        time = round(time * GRID_PER_DAY) / GRID_PER_DAY
        # The last moment of the last day may be rounded up to midnight.
        today = version_of_day[min(math.floor(time) - first_day, last_day)]
        if person % 2:
            needed_rank, given_rank = next_needed, next_given
        else:
            needed_rank, given_rank, next_needed, next_given = block(
                key_0, key_1, person // 2, replication, 0, 0
            )
        need = column_of(dealt.needed, today * dealt.routes, dealt.needed_last[today], needed_rank)
        row = today * dealt.routes + need
        route = column_of(dealt.given, row * dealt.routes, dealt.given_last[row], given_rank)
        if wanted[route]:
            arrives[written], index[written], needed[written], given[written] = time, person, need, route
            written += 1
    return written


def in_order(
    begins: Ints, ends: Ints, is_hindered: Bools, arrives: Floats, index: Ints, needed: Ints, given: Ints
) -> tuple[Floats, NDArray[np.int16], Ints, Ints, Ints, Bools]:
    """As `all_at_once.in_order`."""
    count = int((ends - begins).sum())
    found = (
        np.empty(count), np.empty(count, dtype=np.int16), np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64),
        np.empty(count, dtype=np.int64), np.empty(count, dtype=bool),
    )  # fmt: skip
    _merge(begins, ends, is_hindered, arrives, index, needed, given, *found)
    return found


@compiled
def _merge(
    begins: Ints, ends: Ints, is_hindered: Bools, arrives: Floats, index: Ints, needed: Ints, given: Ints, when: Floats,
    of_group: NDArray[np.int16], place: Ints, need: Ints, route: Ints, hindered: Bools,
) -> None:  # fmt: skip
    """Of all groups, whose next person arrives first is the next."""
    at = begins.copy()
    waiting = np.arange(begins.size)  # the groups of which there is anybody left, in order
    left = 0
    for group in range(begins.size):
        if at[group] < ends[group]:
            waiting[left] = group
            left += 1
    for person in range(when.size):
        nearest = 0
        for other in range(1, left):
            if arrives[at[waiting[other]]] < arrives[at[waiting[nearest]]]:
                nearest = other
        group = waiting[nearest]
        row = at[group]
        when[person], of_group[person], place[person] = arrives[row], group, index[row]
        need[person], route[person] = needed[row], given[row]
        hindered[person] = is_hindered[group, given[row]]
        at[group] = row + 1
        if row + 1 == ends[group]:
            left -= 1
            for other in range(nearest, left):
                waiting[other] = waiting[other + 1]


def chosen(
    hindered: bool, is_hindered: Bools, arrives: Floats, group: NDArray[np.int16], index: Ints, route: Ints,
    version_of_day: Ints, first_day: int, last_day: int,
) -> tuple[Ints, Travellers, Floats]:  # fmt: skip
    """As `all_at_once.chosen`."""
    count = int(np.count_nonzero(is_hindered == hindered))
    person, people, days_left = np.empty(count, dtype=np.int64), room_for(Travellers, count), np.empty(count)
    _choose(
        hindered, is_hindered, arrives, group, index, route, version_of_day, first_day, last_day, person, people,
        days_left,
    )  # fmt: skip
    return person, people, days_left


@compiled
def _choose(
    hindered: bool, is_hindered: Bools, arrives: Floats, group: NDArray[np.int16], index: Ints, route: Ints,
    version_of_day: Ints, first_day: int, last_day: int, person: Ints, people: Travellers, days_left: Floats,
) -> None:  # fmt: skip
    found = 0
    for p in range(is_hindered.size):
        if is_hindered[p] == hindered:
            day = min(math.floor(arrives[p]) - first_day, version_of_day.size - 1)
            people.index[found], people.group[found] = index[p], group[p]
            people.version[found], people.route[found] = version_of_day[day], route[p]
            person[found], days_left[found] = p, last_day - arrives[p]
            found += 1


def walked(
    people: Travellers, groups: Groups, needs: Needs, keys: Keys, replication: int
) -> tuple[Rows, TaskRows]:
    """The steps and tasks, in ranks, of people who can be hindered. Raises RunError where an itinerary has no end."""
    count = len(people.index)
    rows, tasks = room_for(Rows, int(ROOM * count) + 64), room_for(TaskRows, int(ROOM * count) + 64)
    ahead = room_for(Ahead, MOST_AHEAD)
    far = Progress(0, 0, 0, DONE)
    while True:
        far = _walk(people, groups, needs, keys, replication, far, rows, tasks, ahead)
        if far.ended == DONE:
            return rows_of(rows, slice(far.rows)), rows_of(tasks, slice(far.tasks))
        if far.ended == TOO_LONG:
            raise without_end()
        rows = extended(rows, far.rows, 2 * len(rows.need) + MOST_STEPS)
        tasks = extended(tasks, far.tasks, 2 * len(tasks.team) + MOST_STEPS)


@compiled
def _walk(  # noqa: C901 - handing the tables on to a part of it takes longer than all it does
    people: Travellers,
    groups: Groups,
    needs: Needs,
    keys: Keys,
    replication: int,
    begun: Progress,
    rows: Rows,
    task_rows: TaskRows,
    ahead: Ahead,
) -> Progress:
    """Look up the itineraries of people, from where `begun` says, and say how far the room sufficed."""
    row, task = begun.rows, begun.tasks
    for who in range(begun.travellers, len(people.index)):
        group, index = people.group[who], people.index[who]
        source, entry = groups.source[group], groups.entry[group]
        kind = people.version[who] * needs.routes + people.route[who]
        row_before, task_before = row, task
        other = needs.plan_b[groups.begins[group]] if groups.may_ask[group] else NONE
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
            at = row
            row += 1
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
            done_before = groups.team[group] if number == 0 else NONE
            for given in range(needs.first_task[need], needs.first_task[need] + needs.tasks[need]):
                waits_for_it = needs.task_team[given] == done_before
                if waits_for_it:
                    done_before = NONE
                if done_before != NONE:
                    continue
                key = 2 * (place * needs.services + needs.task_team[given])
                needed, work, _, _ = block(keys.task[key], keys.task[key + 1], index, replication, visit, 0)
                if waits_for_it or needs.task_share[given] >= 1.0 or needed < needs.task_share[given]:
                    task_rows.team[task] = needs.task_team[given]
                    task_rows.work[task] = needs.task_work[given]
                    task_rows.rank[task] = work
                    task += 1
            rows.tasks[at] = task - rows.first_task[at]
            if onward >= 0:
                waiting = _look_ahead(ahead, waiting, onward, needs.plan_b[onward], at)
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


def walked_unhindered(
    people: Travellers, groups: Groups, needs: Needs, keys: Keys, replication: int
) -> Chain:
    """The steps, in ranks, of people who never meet a limit. Raises RunError where an itinerary has no end."""
    count = len(people.index)
    chain = room_for(Chain, int(ROOM_UNHINDERED * count) + 64)
    far = Progress(0, count, 0, DONE)
    while True:
        far = _walk_unhindered(people, groups, needs, keys, replication, far, chain)
        if far.ended == DONE:
            return rows_of(chain, slice(far.rows))
        if far.ended == TOO_LONG:
            raise without_end()
        chain = extended(chain, far.rows, 2 * len(chain.need) + MOST_STEPS)


@compiled
def _walk_unhindered(
    people: Travellers,
    groups: Groups,
    needs: Needs,
    keys: Keys,
    replication: int,
    begun: Progress,
    chain: Chain,
) -> Progress:
    """As `_walk`, with one step after the other and nothing else."""
    row = begun.rows
    for who in range(begun.travellers, len(people.index)):
        group, index = people.group[who], people.index[who]
        source, entry = groups.source[group], groups.entry[group]
        kind = people.version[who] * needs.routes + people.route[who]
        row_before = row
        at, number, service = who, 0, groups.begins[group]
        while True:
            need = needs.row[2 * (kind * needs.services + service) + (1 if service == entry else 0)]
            visit, before = 0, who
            for _ in range(number):
                visit += chain.service[before] == service
                before = chain.next[before]
            place = source * needs.services + service
            stay, way, decided, _ = block(
                keys.visit[2 * place], keys.visit[2 * place + 1], index, replication, visit, 0
            )
            onward = _way(needs.way_to, needs.way_share, needs.first_way[need], needs.ways[need], way)
            chain.traveller[at], chain.number[at], chain.service[at], chain.need[at] = (
                who,
                number,
                service,
                need,
            )
            chain.stay_rank[at] = stay
            chain.decided_rank[at] = decided if needs.varies_when_decided[need] else 0.0
            chain.next[at], chain.exit[at] = NONE, NONE
            if onward < 0:
                chain.exit[at] = onward
                break
            number += 1
            if number >= MOST_STEPS:
                return Progress(who, row_before, 0, TOO_LONG)
            if row == len(chain.number):
                return Progress(who, row_before, 0, NO_ROOM)
            chain.next[at] = row
            at, service = row, onward
            row += 1
    return Progress(len(people.index), row, 0, DONE)


def relapses(
    people: Travellers, groups: Groups, needs: Needs, keys: Keys, replication: int, days_left: Floats,
    leaves_after: Floats, rows: Rows,
) -> RelapseRows:  # fmt: skip
    """Relapses, in ranks, that the waiting before them does not rule out; some may still be impossible."""
    found = room_for(RelapseRows, rows.need.size + 64)
    step = used = 0
    while True:
        step, used = _relapse(
            people, groups, needs, keys, replication, days_left, leaves_after, rows, step, used, found
        )
        if step == rows.need.size:
            return rows_of(found, slice(used))
        found = extended(found, used, 2 * len(found.step))


@compiled
def _relapse(
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
