"""Looking itineraries up: the walk through the services by rank, and what its ranks come to in days."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from flowsim.distributions import quantile
from flowsim.loops import are_compiled
from flowsim.people import all_at_once
from flowsim.people.blueprint import Blueprint
from flowsim.people.steps import Steps
from flowsim.people.tables import NO_ROW, Keys, Tables
from flowsim.people.walk import Groups, RelapseRows, Rows, TaskRows, Travellers
from flowsim.ranks import Ranks
from flowsim.scenario.model import Distribution
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
    rows, tasks = _walked(tables, keys, ranks, walkers, hindered=True)
    leaves_after = _leaves_after(tables, rows)
    relapses = _relapses(tables, keys, ranks, walkers, rows, leaves_after)
    needs = tables.needs
    settled = walkers.settled_stay[rows.traveller]
    is_settled = (rows.number == 0) & ~np.isnan(settled)
    stay, work, relapse_stay = _days(
        tables.specs,
        (np.where(is_settled, NO_ROW, needs.stay[rows.need]), rows.stay_rank),
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
    rows, _ = _walked(tables, plan.keys(ranks.seed), ranks, walkers, hindered=False)
    (stay,) = _days(tables.specs, (tables.needs.stay[rows.need], rows.stay_rank))
    return _steps(tables, walkers, rows, stay, np.full(stay.size, np.inf))


def _walked(
    tables: Tables, keys: Keys, ranks: Ranks, walkers: Walkers, hindered: bool
) -> tuple[Rows, TaskRows]:
    """Everybody's steps and tasks in ranks. Raises RunError where somebody's itinerary has no end."""
    given = (walkers.travellers, walkers.groups, tables.needs, keys, ranks.replication, hindered)
    if not are_compiled():
        return all_at_once.walked(*given)
    from flowsim.people import one_by_one

    return one_by_one.walked(*given)


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
    given = (
        walkers.travellers, walkers.groups, tables.needs, keys, ranks.replication, walkers.days_left, leaves_after, rows,
    )  # fmt: skip
    if not are_compiled():
        return all_at_once.relapses(*given)
    from flowsim.people import one_by_one

    return one_by_one.relapses(*given)


def _days(specs: tuple[Distribution, ...], *wanted: tuple[Ints, Floats]) -> list[Floats]:
    """What ranks come to in days, each by its distribution (a number in `specs`); without one 0."""
    # Numpy sorts numbers of 16 bits by counting them.
    narrow = np.int16 if len(specs) < 2**15 else np.int64
    spec = np.concatenate([numbers for numbers, _ in wanted]).astype(narrow)
    rank = np.concatenate([given for _, given in wanted])
    order = np.argsort(spec, kind="stable")
    in_order, ends = (
        rank[order],
        np.searchsorted(spec[order], np.arange(-1, len(specs), dtype=narrow), side="right"),
    )
    values = np.zeros(rank.size)
    for number, distribution in enumerate(specs):
        begin, end = ends[number], ends[number + 1]
        if begin < end:
            in_order[begin:end] = quantile(distribution, in_order[begin:end])
    in_order[: ends[0]] = 0.0
    values[order] = in_order
    return np.split(values, np.cumsum([given.size for _, given in wanted])[:-1])


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
