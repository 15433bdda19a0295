"""Arrivals and the walk, everybody at the same time: numpy on flat tables, for where nothing is compiled.

The same as `flowsim.people.one_by_one` to the last bit, as a test says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowsim.generators import Four, blocks, numbers
from flowsim.people.arrivals import HOURS
from flowsim.people.routes import Dealing
from flowsim.people.steps import NONE
from flowsim.people.tables import Keys, Needs
from flowsim.people.walk import (
    A_MOMENT,
    MOST_STEPS,
    ROOM,
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
from flowsim.units import Floats, Ints, on_grid

Bools = NDArray[np.bool_]

# ---- arrivals --------------------------------------------------------------------------------------


def arrive(
    epochs: Floats,
    expected: Floats,
    first_day: int,
    version_of_day: Ints,
    dealt: Dealing,
    key: tuple[int, int],
    replication: int,
    wanted: Bools,
    arrives: Floats,
    index: Ints,
    needed: Ints,
    given: Ints,
) -> int:
    """Write when the people of a stream arrive (days, on the grid), their place in it, the routes they need and are given.

    Epochs ascend and lie below the last number expected. Person i takes the numbers 2 i (for the route needed)
    and 2 i + 1 (for the route given) of the generator with this key. Only those on wanted routes are
    written down, one after the other; returns how many there are.
    """
    in_hour = np.diff(np.searchsorted(epochs, expected))
    hour = np.repeat(np.arange(in_hour.size), in_hour)
    part = (epochs - expected[hour]) / np.diff(expected)[hour]
    time = on_grid(first_day + (hour + part) / HOURS)
    time += 0.0  # rounding gives -0 too, which a loop does not know
    # The last moment of the last day may be rounded up to midnight.
    day = np.floor(time).astype(np.int64) - first_day
    today = version_of_day[np.minimum(day, version_of_day.size - 1)]
    needed_rank, given_rank = numbers(key, replication, 2 * epochs.size).reshape(-1, 2).T
    need = _columns_of(dealt.needed, today * dealt.routes, dealt.needed_last[today], needed_rank)
    row = today * dealt.routes + need
    route = _columns_of(dealt.given, row * dealt.routes, dealt.given_last[row], given_rank)
    chosen = np.flatnonzero(wanted[route])
    for column, values in ((arrives, time), (index, np.arange(time.size)), (needed, need), (given, route)):
        column[: chosen.size] = values[chosen]
    return int(chosen.size)


def _columns_of(cumulative: Floats, begin: Ints, last: Ints, rank: Floats) -> Ints:
    """The columns of rows of cumulative shares that ranks fall into; a row's first entry is at `begin`."""
    return _climbed(cumulative, begin, begin + last, rank) - begin


def _climbed(cumulative: Floats, begin: Ints, last: Ints, rank: Floats) -> Ints:
    """For each rank the first entry from `begin` whose cumulative share is above it, or `last`."""
    at = begin.copy()
    still = np.flatnonzero(at < last)
    while still.size:
        still = still[rank[still] >= cumulative[at[still]]]
        at[still] += 1
        still = still[at[still] < last[still]]
    return at


def in_order(
    begins: Ints, ends: Ints, is_hindered: Bools, arrives: Floats, index: Ints, needed: Ints, given: Ints
) -> tuple[Floats, NDArray[np.int16], Ints, Ints, Ints, Bools]:
    """People by arrival, those who arrive together by group: when, of which group, their place in its source, the routes, and whether they can be hindered.

    Group g has the entries from `begins[g]` to before `ends[g]`, ascending; `is_hindered` has shape (groups, routes).
    """
    sizes = ends - begins
    entry = np.repeat(begins - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
    # Each group ascends already, which this way of sorting makes use of; who is equal keeps their order.
    order = np.argsort(arrives[entry], kind="stable")
    group = np.repeat(np.arange(begins.size, dtype=np.int16), sizes)[order]
    entry = entry[order]
    route = given[entry]
    return arrives[entry], group, index[entry], needed[entry], route, is_hindered[group, route]


def chosen(
    hindered: bool, is_hindered: Bools, arrives: Floats, group: NDArray[np.int16], index: Ints, route: Ints,
    version_of_day: Ints, first_day: int, last_day: int,
) -> tuple[Ints, Travellers, Floats]:  # fmt: skip
    """Those who can be hindered, or those who cannot: their numbers among all, themselves, days from arrival to the horizon.

    Needs are read from the dated version of the day on which somebody arrives.
    """
    person = np.flatnonzero(is_hindered == hindered)
    day = np.minimum(np.floor(arrives[person]).astype(np.int64) - first_day, version_of_day.size - 1)
    people = Travellers(index[person], group[person].astype(np.int64), version_of_day[day], route[person])
    return person, people, last_day - arrives[person]


# ---- the walk --------------------------------------------------------------------------------------


def walked(
    people: Travellers, groups: Groups, needs: Needs, keys: Keys, replication: int
) -> tuple[Rows, TaskRows]:
    """The steps and tasks, in ranks, of people who can be hindered. Raises RunError where an itinerary has no end."""
    walk = _Walk(people, groups, needs, keys, replication)
    return walk.with_tasks(walk.rows())


def walked_unhindered(
    people: Travellers, groups: Groups, needs: Needs, keys: Keys, replication: int
) -> Chain:
    """The steps, in ranks, of people who never meet a limit. Raises RunError where an itinerary has no end."""
    who, service = np.arange(people.index.size), groups.begins[people.group]
    been: list[Ints] = []  # where those who are still on their way have been, step by step
    steps: list[Chain] = []
    while who.size:
        if len(steps) >= MOST_STEPS:
            raise without_end()
        group = people.group[who]
        kind = people.version[who] * needs.routes + people.route[who]
        need = needs.row[2 * (kind * needs.services + service) + (service == groups.entry[group])]
        visit = np.zeros_like(who)
        for before in been:
            visit += before == service
        place = groups.source[group] * needs.services + service
        stay, way, decided, _ = _ranks(keys, place, people.index[who], replication, visit, bool(steps))
        onward = _onward(needs, need, way)
        decided = np.where(needs.varies_when_decided[need] > 0, decided, 0.0)
        number, nowhere = np.full_like(who, len(steps)), np.full_like(who, NONE)
        exit_code = np.where(onward < 0, onward, NONE)
        steps.append(Chain(who, number, service, need, stay, decided, nowhere, exit_code))
        on = np.flatnonzero(onward >= 0)
        been = [before[on] for before in (*been, service)]
        who, service = who[on], onward[on]
    return _chained(steps) if steps else room_for(Chain, 0)


def _chained(steps: list[Chain]) -> Chain:
    """Everybody's first step, then what follows, person by person, each leading to the next."""
    if len(steps) == 1:
        return steps[0]
    first, rest = steps[0], Chain(*(np.concatenate(column) for column in zip(*steps[1:], strict=True)))
    rest = rows_of(rest, np.argsort(rest.traveller, kind="stable"))
    begins = np.flatnonzero(rest.number == 1)
    row = first.number.size + np.arange(rest.number.size)
    first.next[rest.traveller[begins]] = row[begins]
    rest.next[:] = np.where(rest.exit == NONE, row + 1, NONE)
    return Chain(*(np.concatenate(pair) for pair in zip(first, rest, strict=True)))


def _onward(needs: Needs, need: Ints, rank: Floats) -> Ints:
    """Where ranks lead: the first way whose cumulative share is above each."""
    first = needs.first_way[need]
    onward: Ints = needs.way_to[_climbed(needs.way_share, first, first + needs.ways[need] - 1, rank)]
    return onward


def _ranks(keys: Keys, place: Ints, index: Ints, replication: int, visit: Ints, later: bool) -> Four:
    """Four ranks of some people for a visit to a place each; of their first step, or of a `later` one."""
    if later:
        return blocks(keys.visit[2 * place], keys.visit[2 * place + 1], index, replication, visit)
    # Of a whole stream, numbers come fastest one after another.
    found = np.empty((place.size, 4))
    for one in np.flatnonzero(np.bincount(place)).tolist():
        here = np.flatnonzero(place == one)
        key, up_to = (keys.visit[2 * one], keys.visit[2 * one + 1]), int(index[here].max()) + 1
        found[here] = numbers(key, replication, 4 * up_to).reshape(-1, 4)[index[here]]
    stay, way, decided, leaves = found.T
    return stay, way, decided, leaves


class _Ahead:
    """For everybody a stack of the places that their itinerary still has to come to; rows are its heights."""

    def __init__(self, people: int) -> None:
        self.height = np.zeros(people, dtype=np.int64)
        self.places = np.zeros((3, 1, people), dtype=np.int64)  # service, parent, link

    def put(self, who: Ints, service: Ints, parent: Ints, link: int) -> None:
        """Put a place on top of some people's stacks."""
        height = self.height[who]
        if height.max(initial=0) == self.places.shape[1]:
            self.places = np.concatenate([self.places, np.zeros_like(self.places)], axis=1)
        self.places[:, height, who] = service, parent, np.full_like(service, link)
        self.height[who] += 1

    def take(self, who: Ints) -> tuple[Ints, Ints, Ints]:
        """Take the topmost place of some people's stacks."""
        self.height[who] -= 1
        service, parent, link = self.places[:, self.height[who], who]
        return service, parent, link


class _Walk:
    """Everybody takes one step at a time, all together; who has come to the end is left out."""

    def __init__(
        self, people: Travellers, groups: Groups, needs: Needs, keys: Keys, replication: int
    ) -> None:
        self.people, self.groups, self.needs, self.keys = people, groups, needs, keys
        self.replication = replication
        self.source, self.entry = groups.source[people.group], groups.entry[people.group]
        self.kind = people.version * needs.routes + people.route
        self.written = room_for(Rows, int(ROOM * people.index.size) + 64)
        self.used = 0

    def rows(self) -> Rows:
        """The steps, as yet without tasks."""
        ahead, begins = _Ahead(self.people.index.size), self.groups.begins[self.people.group]
        asks = np.flatnonzero(self.groups.may_ask[self.people.group])
        self._look_ahead(ahead, np.arange(begins.size), begins, np.full(begins.size, NONE), asks)
        while (who := np.flatnonzero(ahead.height)).size:
            self._step(ahead, who)
        return self._in_order()

    def _look_ahead(self, ahead: _Ahead, who: Ints, service: Ints, parent: Ints, asks: Ints) -> None:
        """Note a place that some people will come to, and below it the one that plan B leads to for those who ask."""
        other = self.needs.plan_b[service[asks]]
        named = other >= 0
        ahead.put(who[asks[named]], other[named], parent[asks[named]], TO_OTHERWISE)
        ahead.put(who, service, parent, TO_NEXT)

    def _step(self, ahead: _Ahead, who: Ints) -> None:
        """Write down the next step of some people, and look where it leads."""
        people, groups, needs = self.people, self.groups, self.needs
        service, parent, link = ahead.take(who)
        number = np.where(parent == NONE, 0, self.written.number[parent] + 1)
        if number.max() >= MOST_STEPS:
            raise without_end()
        need = needs.row[2 * (self.kind[who] * needs.services + service) + (service == self.entry[who])]
        visit = self._visits_before(parent, service)
        stay, way, decided, leaves = _ranks(
            self.keys, self._place(who, service), people.index[who], self.replication, visit, self.used > 0
        )
        onward = _onward(needs, need, way)
        settled = groups.leads_to[people.group[who]]
        onward = np.where((number == 0) & (settled != NONE), settled, onward)
        at = self._write(
            traveller=who, number=number, service=service, need=need, parent=parent, visit=visit, stay_rank=stay,
            decided_rank=np.where(needs.varies_when_decided[need] > 0, decided, 0.0), leaves_rank=leaves,
            next=NONE, otherwise=NONE, exit=np.where(onward < 0, onward, NONE), first_task=0, tasks=0,
        )  # fmt: skip
        follows = parent != NONE
        for column, kind in ((self.written.next, TO_NEXT), (self.written.otherwise, TO_OTHERWISE)):
            here = follows & (link == kind)
            column[parent[here]] = at[here]
        on = np.flatnonzero(onward >= 0)
        self._look_ahead(ahead, who[on], onward[on], at[on], np.arange(on.size))

    def _place(self, who: Ints, service: Ints) -> Ints:
        place: Ints = self.source[who] * self.needs.services + service
        return place

    def _visits_before(self, parent: Ints, service: Ints) -> Ints:
        """How often itineraries have come to a service before, steps back to the first being looked at."""
        visits = np.zeros_like(service)
        step, here = parent, np.arange(parent.size)
        while (further := np.flatnonzero(step != NONE)).size:
            step, here = step[further], here[further]
            visits[here] += self.written.service[step] == service[here]
            step = self.written.parent[step]
        return visits

    def _write(self, **columns: Ints | Floats | int) -> Ints:
        """Write steps into the next rows; which they are."""
        begin, self.used = self.used, self.used + np.size(columns["traveller"])
        if self.used > self.written.number.size:
            self.written = extended(self.written, begin, 2 * self.used)
        for name, values in columns.items():
            getattr(self.written, name)[begin : self.used] = values
        return np.arange(begin, self.used)

    def _in_order(self) -> Rows:
        """The steps in the order of people, and everybody's in the order in which they are met."""
        rows = rows_of(self.written, slice(self.used))
        order = np.argsort(rows.traveller, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        sorted_rows = rows_of(rows, order)
        for column in (sorted_rows.parent, sorted_rows.next, sorted_rows.otherwise):
            is_row = column != NONE
            column[is_row] = place[column[is_row]]
        return sorted_rows

    # ---- tasks and relapses ----

    def with_tasks(self, rows: Rows) -> tuple[Rows, TaskRows]:
        """The steps with their tasks, in ranks: those that are needed, step by step."""
        needs, step, task, is_awaited = self.needs, *self._possible_tasks(rows)
        team, who = needs.task_team[task], rows.traveller[step]
        key = 2 * (self._place(who, rows.service[step]) * needs.services + team)
        needed, work, _, _ = blocks(
            self.keys.task[key], self.keys.task[key + 1], self.people.index[who], self.replication, rows.visit[step]
        )  # fmt: skip
        share = needs.task_share[task]
        kept = np.flatnonzero(is_awaited | (share >= 1.0) | (needed < share))
        tasks = np.bincount(step[kept], minlength=rows.need.size).astype(np.int64)
        return (
            rows._replace(tasks=tasks, first_task=np.cumsum(tasks) - tasks),
            TaskRows(team[kept], needs.task_work[task[kept]], work[kept]),
        )

    def _possible_tasks(self, rows: Rows) -> tuple[Ints, Ints, np.ndarray]:
        """Steps and the tasks that may have to be done in each; and whether the person waits for it at the start.

        Whoever waits for a team at the start has the tasks before it behind them.
        """
        count = self.needs.tasks[rows.need]
        step = np.repeat(np.arange(count.size), count)
        nth = np.arange(step.size) - (np.cumsum(count) - count)[step]
        task = self.needs.first_task[rows.need][step] + nth
        awaited = np.where(rows.number == 0, self.groups.team[self.people.group[rows.traveller]], NONE)
        matches = np.flatnonzero(awaited[step] == self.needs.task_team[task])
        first = np.where(awaited == NONE, 0, count)
        np.minimum.at(first, step[matches], nth[matches])
        to_do = np.flatnonzero(nth >= first[step])
        is_awaited = (awaited[step] != NONE) & (nth == first[step])
        return step[to_do], task[to_do], is_awaited[to_do]


def relapses(
    people: Travellers, groups: Groups, needs: Needs, keys: Keys, replication: int, days_left: Floats,
    leaves_after: Floats, rows: Rows,
) -> RelapseRows:  # fmt: skip
    """Relapses, in ranks, that the waiting before them does not rule out; some may still be impossible.

    A bit more or less in a logarithm decides nothing: who is let in by A_MOMENT alone has none that can happen.
    """
    rate = needs.unwell_per_day[rows.need]
    step = np.flatnonzero(rate > 0.0)
    longest = np.minimum(leaves_after, days_left[rows.traveller]) + A_MOMENT
    place = groups.source[people.group[rows.traveller]] * needs.services + rows.service
    waited = np.zeros(step.size)
    found: list[RelapseRows] = [room_for(RelapseRows, 0)]
    while step.size:
        who, key = rows.traveller[step], 2 * place[step]
        after, stay, decided, _ = blocks(
            keys.unwell[key], keys.unwell[key + 1], people.index[who], replication, rows.visit[step],
            len(found) - 1,
        )  # fmt: skip
        waited -= np.log1p(-after) / rate[step]
        fits = np.flatnonzero(~(waited > longest[step]))
        step, waited = step[fits], waited[fits]
        found.append(RelapseRows(step, after[fits], stay[fits], decided[fits]))
    every = RelapseRows(*(np.concatenate(column) for column in zip(*found, strict=True)))
    return rows_of(every, np.argsort(every.step, kind="stable"))
