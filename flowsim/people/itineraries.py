"""Looking itineraries up from ranks, one depth of all itineraries at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from flowsim.distributions import quantile
from flowsim.errors import RunError
from flowsim.people.blueprint import Blueprint, VisitNeeds
from flowsim.people.steps import NONE, Steps
from flowsim.ranks import Ranks
from flowsim.units import Floats, Ints, on_grid

MOST_STEPS: Final = 200
LEAVES: Final = -2  # the exit code of "leave"
TO_NEXT: Final = 0
TO_OTHERWISE: Final = 1
ARRAYS: Final = ("index", "person", "version", "route", "days_left", "service", "parent", "link", "visits")


@dataclass(frozen=True)
class Travellers:
    """People of one stream who are about to make a step. Arrays have shape (people,)."""

    stream: str
    entry: int  # the place where the routes of these people begin
    index: Ints  # place in the stream: which number of each decision is theirs
    person: Ints
    version: Ints  # dated version of the scenario that their needs are read from
    route: Ints
    days_left: Floats  # from their arrival to the horizon
    service: Ints  # where the step leads
    parent: Ints  # row of the step before, NONE for the first
    link: Ints  # TO_NEXT or TO_OTHERWISE
    visits: Ints  # how often each service came before; shape (people, services)
    number: int = 0

    def only(self, chosen: Any) -> Travellers:
        """Some of them."""
        return replace(self, **{a: getattr(self, a)[chosen] for a in ARRAYS})


@dataclass(frozen=True)
class FirstVisit:
    """What is already settled of the first step of people who are there at the start."""

    stay: Floats
    next_service: int | None


class ItineraryBuilder:
    """Grows the table of steps from groups of people; `first` and `first_otherwise` by person."""

    def __init__(self, plan: Blueprint, ranks: Ranks, people: int) -> None:
        self.plan = plan
        self.ranks = ranks
        self.route_names = tuple(plan.scenario.routes)
        self.first = np.full((people, 2), NONE, dtype=np.int64)
        self._columns: dict[str, list[np.ndarray]] = {}
        self._links: list[tuple[Ints, Ints, Ints]] = []
        self._tasks: list[tuple[Ints, Ints, Ints, Floats]] = []
        self._relapses: list[tuple[Ints, Ints, Floats, Floats, Floats]] = []
        self._rows = 0

    def add(
        self, travellers: Travellers, first_visit: FirstVisit | None = None, hindered: bool = True
    ) -> None:
        """Look up the whole itineraries of people who are about to make their first step."""
        frontier = travellers
        if hindered and first_visit is None:
            frontier = self._with_plan_b(travellers)
        while frontier.person.size:
            if frontier.number >= MOST_STEPS:
                raise RunError(
                    f"somebody's itinerary has more than {MOST_STEPS} steps: `next` sends people round and round"
                )
            followers = [
                self._visit(group, first_visit, hindered) for group in _by_service_and_visit(frontier)
            ]
            frontier = _together(followers)
            first_visit = None

    def steps(self) -> Steps:
        """The finished table."""
        columns = {k: np.concatenate(v) for k, v in self._columns.items()} if self._rows else _no_rows()
        follow = np.full((self._rows, 2), NONE, dtype=np.int64)
        for parent, link, row in self._links:
            follow[parent, link] = row
        return Steps(
            **columns,
            next=follow[:, TO_NEXT],
            otherwise=follow[:, TO_OTHERWISE],
            **self._task_table(),
            **self._relapse_table(),
        )

    def _visit(self, group: Travellers, first_visit: FirstVisit | None, hindered: bool) -> Travellers:
        """Write one step of each person of a group (one service, one visit number); say who goes on where."""
        row = self._rows + np.arange(group.person.size)
        self._rows += group.person.size
        self._link(group, row)
        service = int(group.service[0])
        draw = _Draws(
            self.ranks,
            group,
            f"{group.stream}/{self.plan.offer.names[service]}/{int(group.visits[0, service])}",
        )
        stay = np.zeros(row.size)
        onward = np.full(row.size, LEAVES, dtype=np.int64)
        size = np.ones((row.size, 2))
        priority = np.zeros(row.size, dtype=np.int64)
        decided_rank = np.zeros(row.size)
        for chosen, needs in self._kinds_of_needs(group, service):
            if first_visit is None and needs.stay is not None:
                stay[chosen] = quantile(needs.stay, draw.ranks("stay")[chosen])
            onward[chosen] = _choose(needs, draw, chosen)
            size[chosen] = needs.size.start, needs.size.end
            priority[chosen] = needs.priority
            if needs.varies_when_decided:
                decided_rank[chosen] = draw.ranks("decided")[chosen]
            if needs.tasks and hindered:
                self._tasks_of(row, chosen, needs, draw)
        if first_visit is not None:
            stay = first_visit.stay
            if first_visit.next_service is not None:
                onward[:] = first_visit.next_service
        leaves_after = (
            self._while_waiting(row, group, service, draw) if hindered else np.full(row.size, np.inf)
        )
        self._write(
            person=group.person, number=np.full(row.size, group.number), service=group.service, stay=stay,
            decided_rank=decided_rank, size_start=size[:, 0], size_end=size[:, 1], priority=priority,
            exit=np.where(onward < 0, onward, NONE), leaves_after=leaves_after,
        )  # fmt: skip
        return self._followers(group, row, onward, hindered)

    def _followers(self, group: Travellers, row: Ints, onward: Ints, hindered: bool) -> Travellers:
        goes_on = onward >= 0
        visits = group.visits[goes_on].copy()
        visits[np.arange(visits.shape[0]), group.service[goes_on]] += 1
        following = replace(
            group.only(goes_on),
            service=onward[goes_on],
            parent=row[goes_on],
            link=np.full(visits.shape[0], TO_NEXT, dtype=np.int64),
            visits=visits,
            number=group.number + 1,
        )
        return self._with_plan_b(following) if hindered else following

    def _with_plan_b(self, travellers: Travellers) -> Travellers:
        """The same people, and once more those whose next place has a plan B, on their way to that."""
        other = self.plan.plan_b[travellers.service]
        may = other >= 0
        if not may.any():
            return travellers
        second = replace(
            travellers.only(may),
            service=other[may],
            link=np.full(int(may.sum()), TO_OTHERWISE, dtype=np.int64),
        )
        return _together([travellers, second])

    def _kinds_of_needs(self, group: Travellers, service: int) -> Iterator[tuple[Any, VisitNeeds]]:
        """The group in parts that share their needs: one route, one dated version."""
        kind = group.version * len(self.route_names) + group.route
        kinds = np.unique(kind) if (kind != kind[0]).any() else kind[:1]
        for k in kinds:
            version, route = divmod(int(k), len(self.route_names))
            needs = self.plan.needs(version, group.entry, self.route_names[route], service)
            yield (slice(None) if kinds.size == 1 else kind == k), needs

    def _tasks_of(self, row: Ints, chosen: Any, needs: VisitNeeds, draw: _Draws) -> None:
        for order, task in enumerate(needs.tasks):
            name = self.plan.offer.names[task.team]
            who = np.zeros(row.size, dtype=bool)
            who[chosen] = True
            if task.share < 1:
                who &= draw.ranks(f"{name}/needed") < task.share
            work = quantile(task.work, draw.ranks(f"{name}/work")[who])
            self._tasks.append((row[who], np.full(work.size, order), np.full(work.size, task.team), work))

    def _while_waiting(self, row: Ints, group: Travellers, service: int, draw: _Draws) -> Floats:
        """Write the relapses that could still happen before the horizon; return when people leave another way."""
        leaves_after = np.full(row.size, np.inf)
        if not self.plan.offer.is_hospital[service]:
            return leaves_after
        for chosen, needs in self._kinds_of_needs(group, service):
            version = int(group.version[chosen][0])
            rates = self.plan.timeline.versions[version].while_waiting
            if rates.leaves_per_day > 0:
                leaves_after[chosen] = _exponential(draw.ranks("leaves")[chosen], rates.leaves_per_day)
            if rates.unwell_per_day > 0:
                stay = rates.unwell_stay or needs.stay
                self._relapses_of(np.arange(row.size)[chosen], row, group, rates.unwell_per_day, stay, draw)
        return leaves_after

    def _relapses_of(
        self, who: Ints, row: Ints, group: Travellers, rate: float, stay: Any, draw: _Draws
    ) -> None:
        """Relapse after relapse, for those whose waiting up to it could fit in before the horizon."""
        waited = np.zeros(who.size)
        order = 0
        while who.size:
            after = _exponential(draw.ranks_of(who, f"unwell/{order}"), rate)
            waited = waited + after
            possible = waited < group.days_left[who]
            who, waited, after = who[possible], waited[possible], after[possible]
            days = quantile(stay, draw.ranks_of(who, f"unwell/{order}/stay"))
            decided = draw.ranks_of(who, f"unwell/{order}/decided")
            self._relapses.append((row[who], np.full(who.size, order), after, days, decided))
            order += 1

    def _link(self, group: Travellers, row: Ints) -> None:
        if group.number == 0:
            self.first[group.person, group.link] = row
        else:
            self._links.append((group.parent, group.link, row))

    def _write(self, **columns: np.ndarray) -> None:
        for name, values in columns.items():
            self._columns.setdefault(name, []).append(values)

    def _task_table(self) -> dict[str, np.ndarray]:
        row, order, team, work = _concatenated(self._tasks, 4)
        by_step = np.lexsort((order, row))
        first, count = _ranges(row.astype(np.int64), self._rows)
        return {
            "first_task": first,
            "tasks": count,
            "task_team": team[by_step].astype(np.int64),
            "task_work": work[by_step],
        }

    def _relapse_table(self) -> dict[str, np.ndarray]:
        row, order, after, stay, decided = _concatenated(self._relapses, 5)
        by_step = np.lexsort((order, row))
        first, count = _ranges(row.astype(np.int64), self._rows)
        return {
            "first_relapse": first,
            "relapses": count,
            "relapse_after": after[by_step],
            "relapse_stay": stay[by_step],
            "relapse_decided_rank": decided[by_step],
        }


class _Draws:
    """The ranks of one group at one visit, by the name of the decision."""

    def __init__(self, ranks: Ranks, group: Travellers, name: str) -> None:
        self._ranks = ranks
        self._index = group.index
        self._name = name
        self._taken: dict[str, Floats] = {}

    def ranks(self, decision: str) -> Floats:
        taken = self._taken.get(decision)
        if taken is None:
            taken = self._ranks.of(f"{self._name}/{decision}", self._index)
            self._taken[decision] = taken
        return taken

    def ranks_of(self, who: Ints, decision: str) -> Floats:
        """Those of some of the group only."""
        return self._ranks.of(f"{self._name}/{decision}", self._index[who])


def _choose(needs: VisitNeeds, draw: _Draws, chosen: Any) -> Any:
    """Where each goes next; no rank is spent where there is one way only."""
    if needs.onward.size == 1:
        return needs.onward[0]
    way = np.searchsorted(needs.onward_share, draw.ranks("next")[chosen], side="right")
    return needs.onward[np.minimum(way, needs.onward.size - 1)]


def _exponential(ranks: Floats, rate: float) -> Floats:
    return on_grid(-np.log1p(-ranks) / rate)


def _by_service_and_visit(travellers: Travellers) -> Iterator[Travellers]:
    """Groups that share the names of their decisions."""
    visit = travellers.visits[np.arange(travellers.person.size), travellers.service]
    kind = travellers.service * MOST_STEPS + visit
    if (kind == kind[0]).all():
        yield travellers
        return
    for k in np.unique(kind):
        yield travellers.only(kind == k)


def _together(groups: list[Travellers]) -> Travellers:
    """Groups of one stream and depth as one."""
    if len(groups) == 1:
        return groups[0]
    joined: dict[str, Any] = {a: np.concatenate([getattr(g, a) for g in groups]) for a in ARRAYS}
    return replace(groups[0], **joined)


def _concatenated(blocks: list[Any], columns: int) -> list[np.ndarray]:
    if not blocks:
        return [np.zeros(0) for _ in range(columns)]
    return [np.concatenate([block[c] for block in blocks]) for c in range(columns)]


def _ranges(row: Ints, rows: int) -> tuple[Ints, Ints]:
    """Where each step's entries begin in a table sorted by step, and how many there are."""
    count = np.bincount(row, minlength=rows).astype(np.int64)
    return np.cumsum(count) - count, count


def _no_rows() -> dict[str, np.ndarray]:
    whole = ("person", "number", "service", "priority", "exit")
    real = ("stay", "decided_rank", "size_start", "size_end", "leaves_after")
    return {**{n: np.zeros(0, dtype=np.int64) for n in whole}, **{n: np.zeros(0) for n in real}}
