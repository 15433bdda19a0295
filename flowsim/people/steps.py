"""Itineraries as flat tables: one row a step, one row a task, one row a relapse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flowsim.units import Floats, Ints

NONE: Final = -1


@dataclass(frozen=True)
class Steps:
    """The steps of many itineraries. Arrays have shape (steps,) unless said otherwise; times in days.

    `next` is the row of the following step, NONE where the person leaves (then `exit` says how);
    `otherwise` is the row of the step that plan B would lead to instead of `next`. The tasks of step
    k are rows `first_task[k]` up to `first_task[k] + tasks[k]`, in order; its relapses likewise.
    """

    person: Ints
    number: Ints  # how many steps of the itinerary come before this one
    service: Ints
    stay: Floats  # before the place's stay factor
    decided_rank: Floats  # against the chances of being declared ready; see Offer.decided
    size_start: Floats
    size_end: Floats
    priority: Ints
    next: Ints
    otherwise: Ints
    exit: Ints
    leaves_after: Floats  # days of waiting in hospital after which the person leaves another way
    first_task: Ints
    tasks: Ints
    task_team: Ints  # shape (all tasks,)
    task_work: Floats  # shape (all tasks,)
    first_relapse: Ints
    relapses: Ints
    relapse_after: Floats  # days from being ready until unwell again; shape (all relapses,)
    relapse_stay: Floats  # shape (all relapses,)
    relapse_decided_rank: Floats  # shape (all relapses,)

    def __len__(self) -> int:
        return int(self.person.size)
