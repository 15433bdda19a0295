"""People who never meet a limit, worked out with arrays (rule 14): the same times, without a queue in sight."""

from __future__ import annotations

import numpy as np

from flowsim.journeys import STAY
from flowsim.people import NONE, People, Steps
from flowsim.scenario.offer import STAY_SCALE, Offer
from flowsim.units import Floats, Ints, on_grid

Table = dict[str, np.ndarray]


def journeys_of_unhindered(people: People, offer: Offer, horizon: float) -> list[Table]:
    """One table for each depth of itinerary: everybody's first step, everybody's second, and so on."""
    person = np.flatnonzero(~people.hindered & (people.first_step != NONE))
    step, now = people.first_step[person], people.arrives[person]
    tables: list[Table] = []
    while step.size:
        ready = ready_after(people.unhindered_steps, offer, step, now)
        follows = people.unhindered_steps.next[step]
        service = people.unhindered_steps.service
        tables.append(
            {
                "person": person,
                "step": people.unhindered_steps.number[step],
                "purpose": np.full(step.size, STAY, dtype=np.int64),
                "service": service[step],
                "asked": now,
                "started": now,
                "ready": ready,
                "left": ready,
                "outcome": np.where(follows == NONE, people.unhindered_steps.exit[step], service[follows]),
            }
        )
        goes_on = (follows != NONE) & (ready < horizon)
        person, step, now = person[goes_on], follows[goes_on], ready[goes_on]
    return tables


def ready_after(steps: Steps, offer: Offer, step: Ints, now: Floats) -> Floats:
    """When stays that begin now, without a wait and in places that no escalation touches, are over (rule 2).

    `step` holds rows of `steps`; it, `now` (days) and what is returned have one shape. Being declared ready is part of it.
    """
    service, day = steps.service[step], np.floor(now).astype(np.int64) - offer.first_day
    over = now + on_grid(steps.stay[step] * offer.dated[STAY_SCALE][service, day])
    varies = np.any(offer.decided < 1, axis=1)[service]
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
