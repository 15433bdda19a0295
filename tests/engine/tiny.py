"""Tiny cities whose people are written down one by one, so that every answer can be worked out by hand.

    city = City({"hospital": {}, "stit": {"capacity": 1}})
    told = city.lives(someone(0, stay("hospital", 2), stay("stit", 5)))
    assert told.stay(0, "stit") == (2.0, 7.0)

Days count from a Monday, the first day; nothing is drawn.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from flowsim.journeys import OUTCOMES, Journeys
from flowsim.measures import Measured, Setting, measure
from flowsim.people import NONE, People, Steps
from flowsim.scenario.model import Scenario
from flowsim.scenario.offer import build_offer
from flowsim.scenario.timeline import build_timeline
from tests.twins.both import in_both_engines

MONDAY = dt.date(2018, 1, 8)
LEAVES = -2


@dataclass(frozen=True)
class Stay:
    """One step of an itinerary."""

    service: str
    days: float
    tasks: tuple[tuple[str, float], ...] = ()
    size: tuple[float, float] = (1.0, 1.0)
    priority: int = 0
    decided_rank: float = 0.0
    leaves_after: float = math.inf
    unwell: tuple[tuple[float, float], ...] = ()  # (days of waiting, new stay)
    otherwise: tuple[Stay, ...] = ()  # what follows instead of the next step if plan B comes first


@dataclass(frozen=True)
class Someone:
    """A person: when they come, and what they will need."""

    arrives: float
    steps: tuple[Stay, ...]
    entered: float = math.nan
    asked: float = math.nan


def stay(service: str, days: float, *, size: float | tuple[float, float] = 1.0, **details: Any) -> Stay:
    """A step; `size` may be one number."""
    return Stay(service, float(days), size=size if isinstance(size, tuple) else (size, size), **details)


def someone(arrives: float, *steps: Stay, **details: Any) -> Someone:
    """A person who arrives."""
    return Someone(float(arrives), steps, **details)


def changed(day: int, **edits: dict[str, Any]) -> dict[str, Any]:
    """A dated change for `City.more`."""
    return {"changes": [{"label": "c", "from": MONDAY + dt.timedelta(days=day), **edits}]}


@dataclass(frozen=True)
class Told:
    """What happened, by person (in the order in which they were written down) and service."""

    journeys: Journeys
    names: tuple[str, ...]
    measured: Measured

    def rows(self, person: int, service: str) -> list[tuple[float, float, float, float, str]]:
        """(asked, started, ready, left, then) of every dealing of a person with a service."""
        j = self.journeys
        chosen = np.flatnonzero((j.person == person) & (j.service == self.names.index(service)))
        return [self._row(i) for i in chosen.tolist()]

    def _row(self, i: int) -> tuple[float, float, float, float, str]:
        j = self.journeys
        outcome = int(j.outcome[i])
        times = (float(j.asked[i]), float(j.started[i]), float(j.ready[i]), float(j.left[i]))
        return (*times, self.names[outcome] if outcome >= 0 else OUTCOMES[outcome])

    def stay(self, person: int, service: str) -> tuple[float, float]:
        """(started, left) of somebody's one dealing with a service."""
        (row,) = self.rows(person, service)
        return row[1], row[3]

    def started(self, service: str) -> list[float]:
        """When each person got in, in the order of persons; NaN for those who did not."""
        j = self.journeys
        return j.started[j.service == self.names.index(service)].tolist()

    def delayed(self) -> list[float]:
        """The census at the midnight that ends each day."""
        return self.measured.daily["delayed"].tolist()


@dataclass
class City:
    """Services by name, as in a scenario file; what is left out is filled in."""

    services: dict[str, dict[str, Any]]
    days: int = 30
    more: dict[str, Any] = field(default_factory=dict)

    def scenario(self) -> Scenario:
        """A valid scenario around the services; its stream is so thin that nobody comes."""
        services = {}
        for name, service in self.services.items():
            kind = service.get("kind", "place")
            usual = {"work": 1} if kind == "team" else {"stay": 1}
            services[name] = {"kind": kind, **usual, **service}
        first = next(iter(services))
        document = {
            "title": "Tiny",
            "run": {"start": MONDAY, "days": self.days, "warm_up_days": 0},
            "streams": {"s": {"label": "s", "per_day": 0, "enters": first, "routes": {"r": 1.0}}},
            "routes": {"r": {"label": "r", "next": {"leave": 1.0}}},
            "services": services,
        }
        return Scenario.model_validate(document | self.more)

    def lives(self, *people: Someone) -> Told:
        """Run these people through the city, in both engines, which have to agree."""
        timeline = build_timeline(self.scenario())
        offer = build_offer(timeline)
        journeys = in_both_engines(written_down(people, offer.names), offer, float(self.days))
        return Told(journeys, offer.names, measure(journeys, Setting(timeline, offer)))

    def with_(self, name: str, **changed: Any) -> City:
        """The same city with one service changed."""
        return replace(self, services=self.services | {name: self.services[name] | changed})


def written_down(people: tuple[Someone, ...], names: tuple[str, ...]) -> People:
    """The tables that an engine reads. People must be given in the order of their arrival."""
    book = _Book(names)
    first = [book.write(person, number) for number, person in enumerate(people)]
    count = len(people)
    zero = np.zeros(count, dtype=np.int64)
    assert sorted(p.arrives for p in people) == [p.arrives for p in people], "write people down by arrival"
    return People(
        streams=("s",), routes=("r",), arrives=np.array([p.arrives for p in people]), stream=zero,
        index=np.arange(count), needed_route=zero, route=zero, hindered=np.ones(count, dtype=bool),
        first_step=np.array(first, dtype=np.int64),
        first_otherwise=np.full(count, NONE, dtype=np.int64),
        entered=np.array([p.entered for p in people]), asked=np.array([p.asked for p in people]),
        steps=book.steps(), look_up_unhindered=_Book(names).steps,
    )  # fmt: skip


class _Book:
    """Collects steps into the columns of `Steps`."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.rows: list[dict[str, Any]] = []
        self.tasks: list[tuple[str, float]] = []
        self.unwell: list[tuple[float, float]] = []

    def write(self, person: Someone, number: int) -> int:
        """Write an itinerary and its plans B; the row with which it begins."""
        return self._itinerary(person.steps, number, 0)

    def _itinerary(self, steps: tuple[Stay, ...], person: int, depth: int) -> int:
        if not steps:
            return NONE
        here, *rest = steps
        at = len(self.rows)
        row = {
            "person": person, "number": depth, "service": self.names.index(here.service), "stay": here.days,
            "decided_rank": here.decided_rank, "size_start": here.size[0], "size_end": here.size[1],
            "priority": here.priority, "leaves_after": here.leaves_after,
            "first_task": len(self.tasks), "tasks": len(here.tasks),
            "first_relapse": len(self.unwell), "relapses": len(here.unwell),
        }  # fmt: skip
        self.rows.append(row)
        self.tasks += here.tasks
        self.unwell += here.unwell
        row["next"] = self._itinerary(tuple(rest), person, depth + 1)
        row["otherwise"] = self._itinerary(here.otherwise, person, depth + 1)
        row["exit"] = NONE if rest else LEAVES
        return at

    def steps(self) -> Steps:
        """The finished table."""
        whole = (
            "person", "number", "service", "priority", "next", "otherwise", "exit", "first_task", "tasks",
            "first_relapse", "relapses",
        )  # fmt: skip
        real = ("stay", "decided_rank", "size_start", "size_end", "leaves_after")
        columns: dict[str, Any] = {n: np.array([r[n] for r in self.rows], dtype=np.int64) for n in whole}
        columns |= {n: np.array([r[n] for r in self.rows], dtype=float) for n in real}
        return Steps(
            **columns,
            task_team=np.array([self.names.index(t) for t, _ in self.tasks], dtype=np.int64),
            task_work=np.array([w for _, w in self.tasks], dtype=float),
            relapse_after=np.array([a for a, _ in self.unwell], dtype=float),
            relapse_stay=np.array([d for _, d in self.unwell], dtype=float),
            relapse_decided_rank=np.zeros(len(self.unwell)),
        )
