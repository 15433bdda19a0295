"""What a scenario says of people's needs, prepared once and read for every replication."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flowsim.people.arrivals import Demand, demand
from flowsim.scenario.model import Distribution, Scenario, Size, setting_of, shares
from flowsim.scenario.offer import Offer, build_offer
from flowsim.scenario.timeline import Timeline
from flowsim.units import Floats, Ints, grid

# Where an itinerary leads when it leads to no service.
EXIT_CODES = {"leave": -2, "died": -3, "elsewhere": -4}


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


@dataclass(frozen=True)
class Blueprint:
    """A scenario prepared for drawing people: demand by stream, needs by route and place."""

    scenario: Scenario
    timeline: Timeline
    offer: Offer
    demand: dict[str, Demand]
    plan_b: Ints  # for each service the number of its plan B, or -1; shape (services,)
    _needs: dict[tuple[int, bool, str, int], VisitNeeds] = field(default_factory=dict)

    def needs(self, version: int, entry: int, route: str, service: int) -> VisitNeeds:
        """The needs at a service of people on a route who entered at `entry`, in one dated version."""
        key = (version, service == entry, route, service)
        found = self._needs.get(key)
        if found is None:
            found = self._needs[key] = self._look_up(*key)
        return found

    def _look_up(self, version: int, at_entry: bool, route_name: str, number: int) -> VisitNeeds:
        scenario = self.timeline.versions[version]
        name = self.offer.names[number]
        service, route = scenario.services[name], scenario.routes[route_name]
        at = route.at.get(name)
        # What the route says of this place comes first, then of its entry place, then the service's usual.
        stay = (at.stay if at else None) or (route.stay if at_entry else None) or service.stay
        onward = _first_given(at.next if at else None, route.next if at_entry else None, service.next) or {
            "leave": 1.0
        }
        tasks = _first_given(at.tasks if at else None, route.tasks if at_entry else None, service.tasks) or {}
        numbers = {**{n: i for i, n in enumerate(self.offer.names)}, **EXIT_CODES}
        table = {k: v for k, v in shares(onward).items() if v > 0}
        decided = service.decided.given()
        return VisitNeeds(
            stay=stay,
            onward=np.array([numbers[n] for n in table], dtype=np.int64),
            onward_share=np.cumsum(list(table.values())),
            tasks=tuple(
                Task(numbers[team], share, work)
                for team, share in tasks.items()
                if share > 0 and (work := scenario.services[team].work) is not None
            ),
            size=_on_grid((at.size if at else None) or service.size),
            priority=at.priority if at and at.priority is not None else route.priority,
            varies_when_decided=any(value < 1 for value in decided.values()),
        )

    def is_hindered(self, stream_entry: int, route: str) -> bool:
        """Whether anybody on this route can ever have to queue, wait or be disturbed while waiting."""
        reached = self._reached(stream_entry, route)
        if any(not self.offer.free[s] for s in reached):
            return True
        for version in range(len(self.timeline.versions)):
            for service in reached:
                needs = self.needs(version, stream_entry, route, service)
                if needs.tasks or needs.size.start != needs.size.end:
                    return True
        return False

    def _reached(self, entry: int, route: str) -> set[int]:
        """Every place that somebody on the route may come to, in any version."""
        reached: set[int] = set()
        frontier = {entry}
        while frontier:
            service = frontier.pop()
            reached.add(service)
            for version in range(len(self.timeline.versions)):
                onward = self.needs(version, entry, route, service).onward
                frontier |= {int(s) for s in onward if s >= 0} - reached
            if self.plan_b[service] >= 0:
                frontier |= {int(self.plan_b[service])} - reached
        return reached

    @property
    def hospitals(self) -> tuple[int, ...]:
        """Service numbers of the hospitals."""
        services = self.scenario.services
        return tuple(i for i, n in enumerate(self.offer.names) if setting_of(n, services[n]) == "hospital")


def prepare(timeline: Timeline) -> Blueprint:
    """Prepare a scenario for drawing people."""
    scenario = timeline.scenario
    offer = build_offer(timeline)
    return Blueprint(
        scenario=scenario,
        timeline=timeline,
        offer=offer,
        demand={name: demand(timeline, name) for name in scenario.streams},
        plan_b=np.array([_plan_b(timeline, offer, name) for name in offer.names], dtype=np.int64),
    )


def _plan_b(timeline: Timeline, offer: Offer, name: str) -> int:
    """The other place that people waiting for this one ask for; -1 where no version names one."""
    named = (version.services[name].otherwise for version in timeline.versions)
    return next((offer.number(other.service) for other in named if other), -1)


def _first_given(*tables: dict[str, Any] | None) -> dict[str, Any] | None:
    return next((t for t in tables if t is not None), None)


def _on_grid(size: Size) -> Size:
    return Size(start=grid(size.start), end=grid(size.end))
