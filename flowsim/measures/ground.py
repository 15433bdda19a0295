"""What the measures stand on: the journeys of one replication, and the scenario they happened in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flowsim.journeys import STAY, TASK, WAIT_IN, Journeys
from flowsim.scenario.model import Scenario, setting_of
from flowsim.scenario.offer import Offer
from flowsim.scenario.timeline import Timeline
from flowsim.units import Floats, Ints


@dataclass(frozen=True)
class Setting:
    """A scenario as the measures read it."""

    timeline: Timeline
    offer: Offer

    @property
    def scenario(self) -> Scenario:
        """The scenario itself."""
        return self.timeline.scenario

    @property
    def first_day(self) -> int:
        """The first day of the warm-up."""
        return self.timeline.first_day

    @property
    def days(self) -> int:
        """Days of warm-up and run together."""
        return int(self.timeline.weekday.size)

    @cached_property
    def settings(self) -> tuple[str, ...]:
        """Where a person in each service is: hospital, bed, home, care_home or waiting."""
        services = self.scenario.services
        return tuple(setting_of(name, services[name]) for name in self.offer.names)


@dataclass(frozen=True)
class Spells:
    """Intervals (begin, end] of people, by row of the journeys. Arrays have shape (spells,)."""

    row: Ints
    begin: Floats
    end: Floats

    def only(self, chosen: NDArray[np.bool_]) -> Spells:
        """Some of them."""
        return Spells(self.row[chosen], self.begin[chosen], self.end[chosen])


def spells(journeys: Journeys, rows: NDArray[np.bool_], begin: Floats, end: Floats) -> Spells:
    """Intervals of the chosen rows that have begun; one without an end lasts to the horizon and beyond."""
    row = np.flatnonzero(rows & ~np.isnan(begin))
    ends = np.where(np.isnan(end[row]), np.inf, end[row])
    return Spells(row, begin[row], ends)


def in_place(journeys: Journeys) -> Spells:
    """Everybody's time in every place and with every team."""
    return spells(journeys, np.ones(len(journeys), dtype=bool), journeys.started, journeys.left)


def in_queue(journeys: Journeys) -> Spells:
    """Everybody's time in every queue, plan B and places to wait in included."""
    until = np.where(np.isnan(journeys.started), journeys.left, journeys.started)
    return spells(journeys, np.ones(len(journeys), dtype=bool), journeys.asked, until)


def ready_in_hospital(journeys: Journeys, setting: Setting) -> Spells:
    """The excess: from being ready to leaving hospital or becoming unwell again."""
    here = (journeys.purpose != TASK) & setting.offer.is_hospital[journeys.service]
    return spells(journeys, here, journeys.ready, journeys.left)


def blocked(journeys: Journeys, setting: Setting) -> Spells:
    """People who are ready in a place that is no hospital and still hold it."""
    places = setting.offer.is_place & ~setting.offer.is_hospital
    waiting = np.array([s == "waiting" for s in setting.settings])
    here = (journeys.purpose != TASK) & (journeys.purpose != WAIT_IN) & (places & ~waiting)[journeys.service]
    return spells(journeys, here, journeys.ready, journeys.left)


def waits_in_hospital(journeys: Journeys, setting: Setting, counted_after_days: float) -> Spells:
    """The excess split by what people wait for: the row of each spell is that of the awaited service.

    From `counted_after_days` after being ready, each moment of excess belongs to exactly one wait:
    the task that is not done yet, or the next place of the itinerary.
    """
    ready = ready_in_hospital(journeys, setting)
    tasks = np.flatnonzero(journeys.purpose == TASK)
    places = np.flatnonzero(journeys.purpose == STAY)
    # A task is done during the step itself; the next place is asked for by the step before it.
    waits = np.concatenate([tasks, places])
    during = np.concatenate([_key(journeys, tasks, 0), _key(journeys, places, -1)])
    until = np.concatenate([journeys.left[tasks], _until_in(journeys, places)])
    until = np.where(np.isnan(until), np.inf, until)
    wait, spell = pairs(during, _key(journeys, ready.row, 0))
    begin = np.maximum(journeys.asked[waits[wait]], ready.begin[spell] + counted_after_days)
    end = np.minimum(until[wait], ready.end[spell])
    overlaps = end > begin
    return Spells(waits[wait][overlaps], begin[overlaps], end[overlaps])


def _until_in(journeys: Journeys, rows: Ints) -> Floats:
    started = journeys.started[rows]
    return np.where(np.isnan(started), journeys.left[rows], started)


def _key(journeys: Journeys, rows: Ints, earlier: int) -> Ints:
    """One number for a person's step."""
    return journeys.person[rows] * 1_000 + journeys.step[rows] + earlier


def pairs(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Positions (i, j) with left[i] == right[j], every such pair once."""
    order = np.argsort(right, kind="stable")
    first = np.searchsorted(right[order], left, side="left")
    count = np.searchsorted(right[order], left, side="right") - first
    i = np.repeat(np.arange(left.size), count)
    within = np.arange(i.size) - np.repeat(np.cumsum(count) - count, count)
    return i, order[np.repeat(first, count) + within]


def at_midnights(
    spells_: Spells, setting: Setting, key: Ints, keys: int, weight: Floats | None = None
) -> Floats:
    """How many spells are under way at the midnight that ends each day, by key; shape (keys, days).

    The midnight comes before whatever else happens at that instant: a spell (begin, end] counts.
    """
    width = setting.days + 1
    begin = np.clip(np.floor(spells_.begin) - setting.first_day, 0, setting.days)
    end = np.clip(np.floor(np.minimum(spells_.end, 1e9)) - setting.first_day, 0, setting.days)
    cell = key * width
    change = np.bincount((cell + begin).astype(np.int64), weight, minlength=keys * width) - np.bincount(
        (cell + end).astype(np.int64), weight, minlength=keys * width
    )
    return np.cumsum(change.reshape(keys, width), axis=1)[:, :-1]
