"""What people of a route need at a place, looked up in the scenario as it stands on some days."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np

from flowsim.scenario.model import Distribution, Scenario, Size, shares
from flowsim.scenario.offer import Offer
from flowsim.scenario.timeline import Timeline
from flowsim.scenario.ways import visit
from flowsim.units import Floats, Ints, grid

# Where an itinerary leads when it leads to no service.
EXIT_CODES: Final = {"leave": -2, "died": -3, "elsewhere": -4}


@dataclass(frozen=True)
class Task:
    """A task on a person: which team, the share of people who need it, and how long it takes."""

    team: int
    share: float
    work: Distribution


@dataclass(frozen=True)
class VisitNeeds:
    """What people of one route need at one place, as it stands on some days."""

    stay: Distribution | None
    onward: Ints  # service numbers or exit codes, shape (ways,)
    onward_share: Floats  # cumulative shares, shape (ways,)
    tasks: tuple[Task, ...]
    size: Size
    priority: int
    varies_when_decided: bool
    leaves_per_day: float  # of those who wait in hospital; 0 elsewhere
    unwell_per_day: float
    unwell_stay: Distribution | None


@dataclass(frozen=True, eq=False)
class Lookup:
    """The needs of every route at every place, in every dated version; found when somebody asks for them first.

    Many versions differ only in what services offer; `kind_of_version` gives, for each version, the
    first one in which people need the same.
    """

    timeline: Timeline
    offer: Offer
    plan_b: Ints  # for each service the number of its plan B, or -1; shape (services,)
    kind_of_version: tuple[int, ...]
    _found: dict[tuple[int, bool, str, int], VisitNeeds] = field(default_factory=dict)
    _alike: dict[tuple[bool, str, int], list[tuple[tuple[object, ...], VisitNeeds]]] = field(
        default_factory=dict
    )

    def needs(self, version: int, entry: int, route: str, service: int) -> VisitNeeds:
        """The needs at a service of people on a route who entered at `entry`, in one dated version."""
        key = (self.kind_of_version[version], service == entry, route, service)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._look_up(*key)
        return found

    def _look_up(self, version: int, at_entry: bool, route: str, number: int) -> VisitNeeds:
        """The needs in one version: those of an earlier one where all that they are made of is the same there."""
        scenario, name = self.timeline.versions[version], self.offer.names[number]
        service, way = scenario.services[name], scenario.routes[route]
        made_of = (
            way.at.get(name), way.priority, (way.stay, way.next, way.tasks) if at_entry else None,
            service.stay, service.next, service.tasks, service.size, service.decided, scenario.while_waiting,
            [s.work for s in scenario.services.values()],
        )  # fmt: skip
        known = self._alike.setdefault((at_entry, route, number), [])
        # The last first: a version is as a rule like the one before it.
        found = next((needs for before, needs in reversed(known) if before == made_of), None)
        if found is None:
            found = self._worked_out(version, at_entry, route, number)
            known.append((made_of, found))
        return found

    def knowing(self, other: Lookup) -> Lookup:
        """The same with what another has found, where people need the same everywhere."""
        return replace(self, _found=other._found)

    def _worked_out(self, version: int, at_entry: bool, route: str, number: int) -> VisitNeeds:
        scenario = self.timeline.versions[version]
        name = self.offer.names[number]
        service = scenario.services[name]
        given = visit(scenario, name if at_entry else "", route, name)
        at = scenario.routes[route].at.get(name)
        table = {way: share for way, share in shares(given.onward).items() if share > 0}
        numbers = self._numbers
        rates = scenario.while_waiting
        in_hospital = bool(self.offer.is_hospital[number])
        return VisitNeeds(
            stay=given.stay,
            onward=np.array([numbers[way] for way in table], dtype=np.int64),
            onward_share=np.cumsum(list(table.values())),
            tasks=tuple(
                Task(numbers[team], share, work)
                for team, share in given.tasks.items()
                if share > 0 and (work := scenario.services[team].work) is not None
            ),
            size=Size(start=grid(given.size.start), end=grid(given.size.end)),
            priority=at.priority if at and at.priority is not None else scenario.routes[route].priority,
            varies_when_decided=any(chance < 1 for chance in service.decided.given().values()),
            leaves_per_day=rates.leaves_per_day if in_hospital else 0.0,
            unwell_per_day=rates.unwell_per_day if in_hospital else 0.0,
            unwell_stay=rates.unwell_stay or given.stay,
        )

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """The number of everything that an itinerary can lead to."""
        return {**{name: number for number, name in enumerate(self.offer.names)}, **EXIT_CODES}

    @cached_property
    def kinds(self) -> tuple[int, ...]:
        """The versions that differ in what people need."""
        return tuple(dict.fromkeys(self.kind_of_version))

    @cached_property
    def used(self) -> frozenset[tuple[int, str]]:
        """Every (place of entry, route) that anybody may be on, in any version."""
        found: set[tuple[int, str]] = set()
        for version in self.timeline.versions:
            for stream in version.streams.values():
                needed = set(stream.routes)
                given = needed.union(*(version.over_prescription.get(route, ()) for route in needed))
                found |= {(self.offer.number(stream.enters), route) for route in given}
        return frozenset(found)

    def reached(self, entry: int, route: str) -> set[int]:
        """Every place that somebody on the route may come to, in any version."""
        reached: set[int] = set()
        frontier = {entry}
        while frontier:
            service = frontier.pop()
            reached.add(service)
            for version in self.kinds:
                onward = self.needs(version, entry, route, service).onward
                frontier |= {int(s) for s in onward if s >= 0} - reached
            if self.plan_b[service] >= 0:
                frontier |= {int(self.plan_b[service])} - reached
        return reached


def plan_b_of(timeline: Timeline, offer: Offer, name: str) -> int:
    """The other place that people waiting for this one ask for; -1 where no version names one."""
    named = (version.services[name].otherwise for version in timeline.versions)
    return next((offer.number(other.service) for other in named if other), -1)


def kinds_of(versions: tuple[Scenario, ...]) -> tuple[int, ...]:
    """For each version, the first one in which people need the same."""
    kinds: list[int] = []
    different: list[tuple[int, list[object]]] = []
    for number, version in enumerate(versions):
        needs = _what_people_need(version)
        same = next((kind for kind, others in different if others == needs), number)
        if same == number:
            different.append((number, needs))
        kinds.append(same)
    return tuple(kinds)


def _what_people_need(version: Scenario) -> list[object]:
    """All of a scenario that says what people need, and nothing of what services offer."""
    services = [(s.stay, s.next, s.tasks, s.work, s.size, s.decided) for s in version.services.values()]
    return [services, version.routes, version.while_waiting]
