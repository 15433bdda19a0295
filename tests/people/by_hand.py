"""One person's arrival and itinerary looked up by hand: from numpy's generators and the scenario's own tables.

Slow and plain, a second telling of `flowsim.people` that shares neither its loops nor its tables.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate

import numpy as np

from flowsim.distributions import quantile
from flowsim.generators import generator
from flowsim.people import NONE, Steps
from flowsim.scenario.model import Distribution, Scenario, setting_of, shares
from flowsim.scenario.timeline import Timeline
from flowsim.scenario.ways import visit
from flowsim.units import grid


@dataclass
class Stop:
    """One step of an itinerary, and the two that may follow."""

    place: str
    stay: float
    decided_rank: float
    tasks: list[tuple[str, float]]
    leaves_after: float
    relapses: list[tuple[float, float, float]]
    leaves: str = ""
    following: Stop | None = None
    otherwise: Stop | None = None


@dataclass
class Draws:
    """Ranks of one replication by the names of what they decide."""

    seed: int
    replication: int
    _kept: dict[tuple[str, int, int], np.ndarray] = field(default_factory=dict)

    def block(self, name: str, index: int, visit_number: int = 0, order: int = 0) -> list[float]:
        """The four numbers of somebody: the index-th block of a generator."""
        key = (name, visit_number, order)
        if key not in self._kept or len(self._kept[key]) <= index:
            source = generator(self.seed, self.replication, name, visit_number, order)
            self._kept[key] = source.random((2 * index + 50, 4))
        found: list[float] = self._kept[key][index].tolist()
        return found


@dataclass
class Person:
    """Somebody of a stream, as the scenario stood on the day they came."""

    stream: str
    index: int
    arrives: float
    route: str
    scenario: Scenario
    timeline: Timeline
    draws: Draws

    def itinerary(self) -> tuple[Stop, Stop | None]:
        """The first step, and the one that plan B leads to instead."""
        entry = self.scenario.streams[self.stream].enters
        return self._stop(entry, []), self._plan_b(entry, [])

    def _stop(self, place: str, before: list[str]) -> Stop:
        entry, scenario = self.scenario.streams[self.stream].enters, self.scenario
        needs = visit(scenario, entry, self.route, place)
        times, name = before.count(place), f"{self.stream}/{place}"
        stay, way, decided, leaves = self.draws.block(name, self.index, times)
        service = scenario.services[place]
        varies = any(chance < 1 for chance in service.decided.given().values())
        stop = Stop(
            place=place,
            stay=days(needs.stay, stay),
            decided_rank=decided if varies else 0.0,
            tasks=list(self._tasks(place, needs.tasks, times)),
            leaves_after=math.inf,
            relapses=[],
        )
        if setting_of(place, service) == "hospital" and service.kind == "place":
            rates = scenario.while_waiting
            if rates.leaves_per_day > 0:
                stop.leaves_after = grid(-math.log1p(-leaves) / rates.leaves_per_day)
            if rates.unwell_per_day > 0:
                stop.relapses = self._relapses(stop, rates.unwell_stay or needs.stay, times)
        target = column(shares(needs.onward), way)
        if target in scenario.services:
            stop.following = self._stop(target, [*before, place])
            stop.otherwise = self._plan_b(target, [*before, place])
        else:
            stop.leaves = target
        return stop

    def _plan_b(self, place: str, before: list[str]) -> Stop | None:
        named = [version.services[place].otherwise for version in self.timeline.versions]
        other = next((plan for plan in named if plan is not None), None)
        return self._stop(other.service, before) if other is not None else None

    def _tasks(self, place: str, tasks: Mapping[str, float], times: int) -> list[tuple[str, float]]:
        found = []
        for team, share in tasks.items():
            needed, work, *_ = self.draws.block(f"{self.stream}/{place}/{team}", self.index, times)
            if needed < share:
                found.append((team, days(self.scenario.services[team].work, work)))
        return found

    def _relapses(
        self, stop: Stop, spec: Distribution | None, times: int
    ) -> list[tuple[float, float, float]]:
        """As long as the waiting up to a relapse fits in before the horizon and before leaving another way."""
        longest = min(stop.leaves_after, self.timeline.last_day - self.arrives)
        waited = 0.0
        found: list[tuple[float, float, float]] = []
        rate = self.scenario.while_waiting.unwell_per_day
        while True:
            name = f"{self.stream}/{stop.place}/unwell again"
            after, stay, decided, _ = self.draws.block(name, self.index, times, len(found))
            waited += grid(-math.log1p(-after) / rate)
            if waited >= longest:
                return found
            found.append((grid(-math.log1p(-after) / rate), days(spec, stay), decided))


@cache
def days(spec: Distribution | None, rank: float) -> float:
    """What a rank comes to."""
    return float(quantile(spec, np.array([rank]))[0]) if spec is not None else 0.0


def column(table: Mapping[str, float], rank: float) -> str:
    """The name in whose part of [0, 1) a rank falls."""
    names = [name for name, share in table.items() if share > 0]
    reached = accumulate(table[name] for name in names)
    return next((name for name, upto in zip(names, reached, strict=True) if rank < upto), names[-1])


def written(steps: Steps, names: tuple[str, ...], row: int, exits: Mapping[int, str]) -> Stop | None:
    """An itinerary as the tables have it, in the same words."""
    if row == NONE:
        return None
    tasks = slice(int(steps.first_task[row]), int(steps.first_task[row] + steps.tasks[row]))
    relapses = slice(int(steps.first_relapse[row]), int(steps.first_relapse[row] + steps.relapses[row]))
    columns = (steps.relapse_after, steps.relapse_stay, steps.relapse_decided_rank)
    return Stop(
        place=names[int(steps.service[row])],
        stay=float(steps.stay[row]),
        decided_rank=float(steps.decided_rank[row]),
        tasks=[
            (names[team], work)
            for team, work in zip(
                steps.task_team[tasks].tolist(), steps.task_work[tasks].tolist(), strict=True
            )
        ],
        leaves_after=float(steps.leaves_after[row]),
        relapses=list(zip(*(column[relapses].tolist() for column in columns), strict=True)),
        leaves=exits.get(int(steps.exit[row]), ""),
        following=written(steps, names, int(steps.next[row]), exits),
        otherwise=written(steps, names, int(steps.otherwise[row]), exits),
    )
