"""People who never meet a limit, worked out with arrays (rule 14): the same times, without a queue in sight."""

from __future__ import annotations

import numpy as np

from flowsim.journeys import STAY
from flowsim.loops import are_compiled
from flowsim.people import NONE, People, Steps
from flowsim.scenario.offer import STAY_SCALE, Offer
from flowsim.units import Floats, Ints, on_grid

Table = dict[str, np.ndarray]


def journeys_of_unhindered(people: People, offer: Offer, horizon: float) -> list[Table]:
    """Their rows, in one table or several: of one person always in order. Each stay is over when they are ready."""
    return (
        _all_at_once(people, offer, horizon) if not are_compiled() else [_one_by_one(people, offer, horizon)]
    )


def _one_by_one(people: People, offer: Offer, horizon: float) -> Table:
    from flowsim.engine.unhindered_loop import lived

    steps = people.unhindered_steps
    *columns, rows = lived(
        people.hindered, people.first_step, people.arrives, steps.number, steps.service, steps.stay,
        steps.decided_rank, steps.next, steps.exit, offer.dated[STAY_SCALE], offer.decided, offer.decides_later,
        offer.first_day, horizon,
    )  # fmt: skip
    return _table(*(column[:rows] for column in columns))


def _all_at_once(people: People, offer: Offer, horizon: float) -> list[Table]:
    """One table for each depth of itinerary: everybody's first step, everybody's second, and so on; at least one."""
    person = np.flatnonzero(~people.hindered & (people.first_step != NONE))
    step, now = people.first_step[person], people.arrives[person]
    steps, tables = people.unhindered_steps, list[Table]()
    while step.size or not tables:
        ready = ready_after(steps, offer, step, now)
        follows = steps.next[step]
        outcome = np.where(follows == NONE, steps.exit[step], steps.service[follows])
        tables.append(_table(person, steps.number[step], steps.service[step], outcome, now, ready))
        goes_on = (follows != NONE) & (ready < horizon)
        person, step, now = person[goes_on], follows[goes_on], ready[goes_on]
    return tables


def _table(person: Ints, step: Ints, service: Ints, outcome: Ints, asked: Floats, ready: Floats) -> Table:
    return {
        "person": person, "step": step, "purpose": np.full(person.size, STAY, dtype=np.int64), "service": service,
        "asked": asked, "started": asked, "ready": ready, "left": ready, "outcome": outcome,
    }  # fmt: skip


def ready_after(steps: Steps, offer: Offer, step: Ints, now: Floats) -> Floats:
    """When stays that begin now, without a wait and in places that no escalation touches, are over (rule 2).

    `step` holds rows of `steps`; it, `now` (days) and what is returned have one shape. Being declared ready is part of it.
    """
    service, day = steps.service[step], np.floor(now).astype(np.int64) - offer.first_day
    over = now + on_grid(steps.stay[step] * offer.dated[STAY_SCALE][service, day])
    varies = offer.decides_later[service]
    ready = over.copy()
    ready[varies] += _declared_after(
        steps.decided_rank[step][varies],
        offer.decided,
        service[varies],
        np.floor(over[varies]).astype(np.int64) - offer.first_day,
    )
    return ready


def _declared_after(rank: Floats, chances: Floats, service: Ints, day: Ints) -> Floats:
    """`rules.declared_after` for many people at once, by the same arithmetic in the same order."""
    days = chances.shape[1]
    later = np.zeros(rank.size)
    undecided = np.ones(rank.size)
    waiting = np.flatnonzero(day < days)
    today = day.copy()
    while waiting.size:
        undecided[waiting] *= 1.0 - chances[service[waiting], today[waiting]]
        waiting = waiting[~(rank[waiting] < 1.0 - undecided[waiting])]
        later[waiting] += 1
        today[waiting] += 1
        waiting = waiting[today[waiting] < days]
    return later
