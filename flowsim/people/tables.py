"""What people need as flat tables of numbers: a row for each route, place and kind of version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from flowsim.distributions import NO_BLEND, Together, together
from flowsim.generators import key_of
from flowsim.people.needs import Lookup, Task, VisitNeeds
from flowsim.scenario.model import Distribution, Scenario
from flowsim.scenario.offer import Offer

NO_ROW: Final = -1
# Sources of people who are there at the start. No name of a stream has a space in it.
THERE: Final = "there at the start/"
WAITING: Final = "waiting at the start/"
IN_HOSPITAL: Final = "in hospital at the start, waiting for/"


class Needs(NamedTuple):
    """Columns of the table of needs; `row` says which row is whose. Every column is an array.

    `row` has an entry for each (version, route, service, whether the person entered there), the last
    changing fastest. The ways onward of a row are `ways` entries of `way_to` and `way_share` (cumulative
    shares) from `first_way`; its tasks likewise. A stay or work is a number in the list of
    distributions, or NO_BLEND.
    """

    row: Any
    stay: Any
    first_way: Any
    ways: Any
    first_task: Any
    tasks: Any
    varies_when_decided: Any
    leaves_per_day: Any
    unwell_per_day: Any
    unwell_stay: Any
    way_to: Any
    way_share: Any
    task_team: Any
    task_share: Any
    task_work: Any
    plan_b: Any  # by service
    routes: int
    services: int


class Keys(NamedTuple):
    """The keys of the generators under one seed: two numbers each, by source of people and service.

    `visit` and `unwell` have them at 2 (source x services + service), `task` at
    2 ((source x services + service) x services + team).
    """

    visit: Any
    unwell: Any
    task: Any


@dataclass(frozen=True)
class Tables:
    """Everything a walk through the services reads, and what its numbers stand for."""

    needs: Needs
    sources: dict[str, int]
    quantiles: Together  # of the distributions, by their numbers
    size_start: np.ndarray
    size_end: np.ndarray
    priority: np.ndarray


def tables_of(lookup: Lookup) -> Tables:
    """Lay a scenario's needs out flat: of every route, from wherever people can enter."""
    return _Layout(lookup).tables()


class _Layout:
    """Collects rows, and numbers the distributions that they name."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.scenario = lookup.timeline.scenario
        self.names = lookup.offer.names
        self.rows: list[VisitNeeds] = []
        self.spec_numbers: dict[Distribution, int] = {}

    def tables(self) -> Tables:
        """The finished tables."""
        row = self._rows()
        rows, tasks = self.rows, [task for needs in self.rows for task in needs.tasks]
        ways = np.array([needs.onward.size for needs in rows], dtype=np.int64)
        tasks_of = np.array([len(needs.tasks) for needs in rows], dtype=np.int64)
        tasked = self._tasks(tasks)  # before the stays, so that other stays do not give works other numbers
        columns: dict[str, np.ndarray] = {
            "row": row,
            "stay": self._specs([needs.stay for needs in rows]),
            "first_way": np.cumsum(ways) - ways,
            "ways": ways,
            "first_task": np.cumsum(tasks_of) - tasks_of,
            "tasks": tasks_of,
            "varies_when_decided": np.array([needs.varies_when_decided for needs in rows], dtype=np.int64),
            "leaves_per_day": np.array([needs.leaves_per_day for needs in rows], dtype=np.float64),
            "unwell_per_day": np.array([needs.unwell_per_day for needs in rows], dtype=np.float64),
            "unwell_stay": self._specs([needs.unwell_stay for needs in rows]),
            "way_to": np.concatenate([needs.onward for needs in rows]),
            "way_share": np.concatenate([needs.onward_share for needs in rows]),
            **tasked,
            "plan_b": self.lookup.plan_b,
        }
        return Tables(
            needs=Needs(
                **columns,
                routes=len(self.scenario.routes),
                services=len(self.names),
            ),
            sources=_sources(self.scenario),
            quantiles=together(tuple(self.spec_numbers)),
            size_start=np.array([needs.size.start for needs in rows], dtype=np.float64),
            size_end=np.array([needs.size.end for needs in rows], dtype=np.float64),
            priority=np.array([needs.priority for needs in rows], dtype=np.int64),
        )

    def _rows(self) -> np.ndarray:
        """Make the rows, and say which is whose: by version, route, service and whether it is the entry place."""
        shape = (len(self.lookup.timeline.versions), len(self.scenario.routes), len(self.names), 2)
        row = np.full(shape, NO_ROW, dtype=np.int64)
        routes = list(self.scenario.routes)
        for entry, route in sorted(self.lookup.used, key=lambda way: (way[0], routes.index(way[1]))):
            for service in sorted(self.lookup.reached(entry, route)):
                self._rows_of(
                    row[:, routes.index(route), service, int(service == entry)], entry, route, service
                )
        return row.ravel()

    def _rows_of(self, row: np.ndarray, entry: int, route: str, service: int) -> None:
        """The rows of one route at one place, one for each kind of version."""
        if row[0] != NO_ROW:
            return
        made = {}
        for kind in self.lookup.kinds:
            made[kind] = len(self.rows)
            self.rows.append(self.lookup.needs(kind, entry, route, service))
        row[:] = [made[kind] for kind in self.lookup.kind_of_version]

    def _specs(self, specs: list[Distribution | None]) -> np.ndarray:
        return np.array([self._spec(spec) for spec in specs], dtype=np.int64)

    def _spec(self, spec: Distribution | None) -> int:
        return NO_BLEND if spec is None else self.spec_numbers.setdefault(spec, len(self.spec_numbers))

    def _tasks(self, tasks: list[Task]) -> dict[str, np.ndarray]:
        return {
            "task_team": np.array([task.team for task in tasks], dtype=np.int64),
            "task_share": np.array([task.share for task in tasks], dtype=np.float64),
            "task_work": self._specs([task.work for task in tasks]),
        }


def _sources(scenario: Scenario) -> dict[str, int]:
    """Every source of people, numbered: streams, and who is there at the start of each service."""
    services = scenario.services
    there = [THERE + name for name, service in services.items() if service.initial.people]
    waiting = [WAITING + name for name, service in services.items() if service.initial.waiting]
    in_hospital = [IN_HOSPITAL + name for name, s in services.items() if s.initial.waiting_in_hospital]
    return {name: number for number, name in enumerate([*scenario.streams, *there, *waiting, *in_hospital])}


def keys_of(sources: dict[str, int], offer: Offer, seed: int) -> Keys:
    """The keys of all that is decided on a visit, such as "emergency/hospital", for every source and place.

    On a visit: how long the stay is, where they go next, on which day they are declared ready, when they
    leave another way. With each team, as in "emergency/hospital/allocation": whether the task is needed, and how
    long it takes. And "emergency/hospital/unwell again": after how long, for how long, on which day declared ready.
    """
    names, size = offer.names, len(offer.names)
    visit = np.zeros((len(sources), size, 2), dtype=np.uint64)
    unwell = np.zeros((len(sources), size, 2), dtype=np.uint64)
    task = np.zeros((len(sources), size, size, 2), dtype=np.uint64)
    places = np.flatnonzero(offer.is_place).tolist()
    teams = np.flatnonzero(~offer.is_place).tolist()
    for source, number in sources.items():
        for place in places:
            name = f"{source}/{names[place]}"
            visit[number, place] = key_of(seed, name)
            if offer.is_hospital[place]:
                unwell[number, place] = key_of(seed, f"{name}/unwell again")
            for team in teams:
                task[number, place, team] = key_of(seed, f"{name}/{names[team]}")
    return Keys(visit.ravel(), unwell.ravel(), task.ravel())
