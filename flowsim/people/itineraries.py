"""Looking itineraries up: the walk through the services by rank, and what its ranks come to in days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flowsim.distributions import NO_BLEND, Together
from flowsim.loops import are_compiled
from flowsim.people import all_at_once
from flowsim.people.blueprint import Blueprint
from flowsim.people.steps import NONE, Steps
from flowsim.people.tables import Keys, Tables
from flowsim.people.walk import Groups, RelapseRows, Rows, Travellers
from flowsim.ranks import Ranks
from flowsim.units import Floats, Ints, on_grid


@dataclass(frozen=True)
class Walkers:
    """Those people whose itineraries are wanted. Arrays have shape (people,)."""

    person: Ints  # number among everybody, ascending
    travellers: Travellers
    groups: Groups
    settled_stay: Floats  # days of a first stay that is settled already, else NaN
    days_left: Floats  # from their arrival to the horizon


def itineraries(plan: Blueprint, ranks: Ranks, walkers: Walkers) -> Steps:
    """The itineraries of people who can be hindered, with tasks, plans B and relapses."""
    tables, keys = plan.tables, plan.keys(ranks.seed)
    given = (walkers.travellers, walkers.groups, tables.needs, keys, ranks.replication)
    rows, tasks = ways_to_walk().walked(*given)
    leaves_after = _leaves_after(tables, rows)
    relapses = _relapses(tables, keys, ranks, walkers, rows, leaves_after)
    needs = tables.needs
    settled = walkers.settled_stay[rows.traveller]
    is_settled = (rows.number == 0) & ~np.isnan(settled)
    stay, work, relapse_stay = _days(
        tables.quantiles,
        (np.where(is_settled, NO_BLEND, needs.stay[rows.need]), rows.stay_rank),
        (tasks.work, tasks.rank),
        (needs.unwell_stay[rows.need[relapses.step]], relapses.stay_rank),
    )
    count = np.bincount(relapses.step, minlength=stay.size).astype(np.int64)
    return replace(
        _steps(tables, walkers, rows, np.where(is_settled, settled, stay), leaves_after),
        task_team=tasks.team,
        task_work=work,
        first_relapse=np.cumsum(count) - count,
        relapses=count,
        relapse_after=_exponential(relapses.after_rank, needs.unwell_per_day[rows.need[relapses.step]]),
        relapse_stay=relapse_stay,
        relapse_decided_rank=relapses.decided_rank,
    )


def unhindered_itineraries(plan: Blueprint, ranks: Ranks, walkers: Walkers) -> Steps:
    """The itineraries of people who never meet a limit: the first steps are the first rows, in their order."""
    tables = plan.tables
    given = (walkers.travellers, walkers.groups, tables.needs, plan.keys(ranks.seed), ranks.replication)
    chain = ways_to_walk().walked_unhindered(*given)
    size, none = chain.need.size, np.zeros(0, dtype=np.int64)
    nowhere, nothing = np.broadcast_to(np.int64(NONE), size), np.broadcast_to(np.int64(0), size)
    return Steps(
        person=walkers.person[chain.traveller], number=chain.number, service=chain.service,
        stay=tables.quantiles.days(tables.needs.stay[chain.need], chain.stay_rank),
        decided_rank=chain.decided_rank, size_start=tables.size_start[chain.need],
        size_end=tables.size_end[chain.need], priority=tables.priority[chain.need], next=chain.next,
        otherwise=nowhere, exit=chain.exit, leaves_after=np.broadcast_to(np.inf, size), first_task=nothing,
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


def _steps(tables: Tables, walkers: Walkers, rows: Rows, stay: Floats, leaves_after: Floats) -> Steps:
    """The table of steps, as yet without tasks and relapses."""
    nothing = np.zeros(0)
    return Steps(
        person=walkers.person[rows.traveller], number=rows.number, service=rows.service, stay=stay,
        decided_rank=rows.decided_rank, size_start=tables.size_start[rows.need],
        size_end=tables.size_end[rows.need], priority=tables.priority[rows.need], next=rows.next,
        otherwise=rows.otherwise, exit=rows.exit, leaves_after=leaves_after, first_task=rows.first_task,
        tasks=rows.tasks, task_team=np.zeros(0, dtype=np.int64), task_work=nothing,
        first_relapse=np.zeros_like(rows.number), relapses=np.zeros_like(rows.number),
        relapse_after=nothing, relapse_stay=nothing, relapse_decided_rank=nothing,
    )  # fmt: skip


def _exponential(ranks: Floats, rate: Floats) -> Floats:
    """Days until something happens that comes at a rate per day."""
    return on_grid(-np.log1p(-ranks) / rate)
