"""Looking itineraries up: the walk through the services by rank, and what its ranks come to in days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from flowsim.distributions import NO_BLEND, Together
from flowsim.loops import are_compiled
from flowsim.people import all_at_once
from flowsim.people.blueprint import Blueprint
from flowsim.people.steps import NONE, Steps
from flowsim.people.tables import Keys, Tables
from flowsim.people.walk import Chain, Groups, RelapseRows, Rows, TaskRows, Travellers
from flowsim.ranks import Ranks
from flowsim.units import Floats, Ints, on_grid


@dataclass(frozen=True)
class Walkers:
    """Those people whose itineraries are wanted. Arrays have shape (people,)."""

    person: Ints  # number among everybody, ascending
    travellers: Travellers
    groups: Groups
    days_left: Floats  # from their arrival to the horizon


class Way(NamedTuple):
    """Steps of itineraries as far as no length of a stay has a say in them. Arrays have shape (steps,).

    `need` is a row of `Needs`. Of people who never meet a limit the first steps are the first rows, in the order of people.
    """

    person: Ints
    number: Ints
    service: Ints
    need: Ints
    stay_rank: Floats
    decided_rank: Floats
    next: Ints
    exit: Ints


class Walk(NamedTuple):
    """The same of people who can be hindered, with plans B, tasks and relapses; those of relapses have shape (relapses,)."""

    way: Way
    otherwise: Ints
    leaves_after: Floats
    first_task: Ints
    tasks: Ints
    task: TaskRows
    relapse_step: Ints
    relapse_after: Floats
    relapse_stay_rank: Floats
    relapse_decided_rank: Floats


class Lengths(NamedTuple):
    """What the ranks of a walk come to in days."""

    stay: Floats  # shape (steps,)
    work: Floats  # shape (all tasks,)
    relapse_stay: Floats  # shape (all relapses,)


def walk(plan: Blueprint, ranks: Ranks, walkers: Walkers) -> Walk:
    """The itineraries of people who can be hindered, with tasks, plans B and relapses."""
    needs, keys = plan.tables.needs, plan.keys(ranks.seed)
    given = (walkers.travellers, walkers.groups, needs, keys, ranks.replication)
    rows, tasks = ways_to_walk().walked(*given)
    leaves_after = _leaves_after(plan.tables, rows)
    relapses = _relapses(plan.tables, keys, ranks, walkers, rows, leaves_after)
    return Walk(
        way=_way(walkers, rows), otherwise=rows.otherwise, leaves_after=leaves_after,
        first_task=rows.first_task, tasks=rows.tasks, task=tasks, relapse_step=relapses.step,
        relapse_after=_exponential(relapses.after_rank, needs.unwell_per_day[rows.need[relapses.step]]),
        relapse_stay_rank=relapses.stay_rank, relapse_decided_rank=relapses.decided_rank,
    )  # fmt: skip


def _way(walkers: Walkers, rows: Rows | Chain) -> Way:
    """The steps that a walk wrote, under the numbers that their people have among everybody."""
    person = walkers.person[rows.traveller]
    return Way(
        person, rows.number, rows.service, rows.need, rows.stay_rank, rows.decided_rank, rows.next, rows.exit
    )


def lengths(tables: Tables, walk: Walk, settled_stay: Floats) -> Lengths:
    """The stays and works of a walk; `settled_stay` are days of a first stay that is settled already, else NaN, by person."""
    settled = settled_stay[walk.way.person]
    is_settled = (walk.way.number == 0) & ~np.isnan(settled)
    stay, work, relapse_stay = _days(
        tables.quantiles,
        (np.where(is_settled, NO_BLEND, tables.needs.stay[walk.way.need]), walk.way.stay_rank),
        (walk.task.work, walk.task.rank),
        (tables.needs.unwell_stay[walk.way.need[walk.relapse_step]], walk.relapse_stay_rank),
    )
    return Lengths(np.where(is_settled, settled, stay), work, relapse_stay)


def itineraries(tables: Tables, walk: Walk, lengths: Lengths) -> Steps:
    """The table of steps of a walk."""
    way = walk.way
    relapses = np.bincount(walk.relapse_step, minlength=way.number.size).astype(np.int64)
    return Steps(
        person=way.person, number=way.number, service=way.service, stay=lengths.stay,
        decided_rank=way.decided_rank, size_start=tables.size_start[way.need],
        size_end=tables.size_end[way.need], priority=tables.priority[way.need], next=way.next,
        otherwise=walk.otherwise, exit=way.exit, leaves_after=walk.leaves_after, first_task=walk.first_task,
        tasks=walk.tasks, task_team=walk.task.team, task_work=lengths.work,
        first_relapse=np.cumsum(relapses) - relapses, relapses=relapses, relapse_after=walk.relapse_after,
        relapse_stay=lengths.relapse_stay, relapse_decided_rank=walk.relapse_decided_rank,
    )  # fmt: skip


def free_walk(plan: Blueprint, ranks: Ranks, walkers: Walkers) -> Way:
    """The itineraries of people who never meet a limit."""
    given = (walkers.travellers, walkers.groups, plan.tables.needs, plan.keys(ranks.seed), ranks.replication)
    return _way(walkers, ways_to_walk().walked_unhindered(*given))


def free_stays(tables: Tables, way: Way) -> Floats:
    """The stays of people who never meet a limit, in days, shape (steps,)."""
    return tables.quantiles.days(tables.needs.stay[way.need], way.stay_rank)


def free_itineraries(tables: Tables, way: Way, stay: Floats) -> Steps:
    """The table of steps of people who never meet a limit."""
    size, none = way.need.size, np.zeros(0, dtype=np.int64)
    nowhere, nothing = np.broadcast_to(np.int64(NONE), size), np.broadcast_to(np.int64(0), size)
    return Steps(
        person=way.person, number=way.number, service=way.service, stay=stay,
        decided_rank=way.decided_rank, size_start=tables.size_start[way.need],
        size_end=tables.size_end[way.need], priority=tables.priority[way.need], next=way.next,
        otherwise=nowhere, exit=way.exit, leaves_after=np.broadcast_to(np.inf, size), first_task=nothing,
        tasks=nothing, task_team=none, task_work=np.zeros(0), first_relapse=nothing, relapses=nothing,
        relapse_after=np.zeros(0), relapse_stay=np.zeros(0), relapse_decided_rank=np.zeros(0),
    )  # fmt: skip


def ways_to_walk() -> Any:
    """The module that looks people up: person by person where loops are compiled, else all at once."""
    if not are_compiled():
        return all_at_once
    from flowsim.people import one_by_one

    return one_by_one


def _leaves_after(tables: Tables, rows: Rows) -> Floats:
    """Days of waiting in hospital after which each person leaves another way, shape (steps,)."""
    rate = tables.needs.leaves_per_day[rows.need]
    found = np.full(rate.size, np.inf)
    may = np.flatnonzero(rate > 0)
    found[may] = _exponential(rows.leaves_rank[may], rate[may])
    return found


def _relapses(
    tables: Tables, keys: Keys, ranks: Ranks, walkers: Walkers, rows: Rows, leaves_after: Floats
) -> RelapseRows:
    """Relapses, in ranks, that the waiting before them does not rule out; some may still be impossible."""
    found: RelapseRows = ways_to_walk().relapses(
        walkers.travellers, walkers.groups, tables.needs, keys, ranks.replication, walkers.days_left, leaves_after,
        rows,
    )  # fmt: skip
    return found


def _days(quantiles: Together, *wanted: tuple[Ints, Floats]) -> list[Floats]:
    """What ranks come to in days, each by the distribution with its number, and all of them at once."""
    number = np.concatenate([numbers for numbers, _ in wanted])
    days = quantiles.days(number, np.concatenate([ranks for _, ranks in wanted]))
    return np.split(days, np.cumsum([ranks.size for _, ranks in wanted])[:-1])


def _exponential(ranks: Floats, rate: Floats) -> Floats:
    """Days until something happens that comes at a rate per day."""
    return on_grid(-np.log1p(-ranks) / rate)
