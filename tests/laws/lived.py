"""One replication of a scenario laid out for the laws: rows as plain values, and what was on offer each day.

Nothing here asks the engine what is right. What a service offers on a day is read from the scenario
again, and escalations are judged again from the census that the journeys show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from flowsim.engine.rules import whole_starts
from flowsim.journeys import STAY, TASK, TIMES, WHOLE, Journeys
from flowsim.measures import Measured, Setting, measure
from flowsim.people import People, populate, prepare
from flowsim.people.blueprint import Blueprint
from flowsim.ranks import Ranks
from flowsim.scenario.model import Escalation, Scenario, Service, WeekTable
from flowsim.scenario.timeline import Timeline, build_timeline
from flowsim.units import grid, time_of_day
from tests.generated import generated_scenario
from tests.twins.both import in_both_engines

NEVER = math.inf  # a missing time: later than everything


@dataclass(frozen=True)
class Row:
    """A row of the journeys; a time that is missing is NEVER."""

    number: int
    person: int
    step: int
    purpose: int
    service: int
    outcome: int
    asked: float
    started: float
    ready: float
    left: float

    @property
    def queued_until(self) -> float:
        """When the person stopped queueing: got in, or stopped asking."""
        return min(self.started, self.left)

    @property
    def has_started(self) -> bool:
        """Whether the person got in."""
        return self.started < NEVER

    def is_in(self, midnight: float) -> bool:
        """Whether the person is there at a midnight, which comes before all else of that instant."""
        return self.started < midnight <= self.left


@dataclass(frozen=True)
class Standing:
    """What one service offers on one day, escalations included."""

    capacity: float
    starts: float
    stay_scale: float
    opens: float
    closes: float
    lead_days: float
    per_day_waited: float
    plan_b_after: float
    counted_share: float

    def is_open(self, time: float) -> bool:
        """Whether people are taken on at this time of day."""
        return self.opens <= time % 1.0 < self.closes


@dataclass(frozen=True)
class Lived:
    """A replication: the scenario, its people, and their journeys."""

    plan: Blueprint
    people: People
    journeys: Journeys

    @property
    def scenario(self) -> Scenario:
        """The scenario."""
        return self.plan.scenario

    @property
    def timeline(self) -> Timeline:
        """The scenario day by day."""
        return self.plan.timeline

    @property
    def names(self) -> tuple[str, ...]:
        """The services."""
        return self.plan.offer.names

    @property
    def first_day(self) -> int:
        """The first day of the warm-up."""
        return self.timeline.first_day

    @property
    def horizon(self) -> float:
        """When everything stops."""
        return self.journeys.horizon

    @property
    def days(self) -> range:
        """Every day of warm-up and run."""
        return range(self.timeline.first_day, self.timeline.last_day)

    @cached_property
    def measured(self) -> Measured:
        """The measures."""
        return measure(self.journeys, self.setting)

    @cached_property
    def setting(self) -> Setting:
        """The scenario as the measures read it."""
        return Setting(self.timeline, self.plan.offer)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every row."""
        whole = [
            getattr(self.journeys, name).tolist()
            for name in ("person", "step", "purpose", "service", "outcome")
        ]
        times = [np.where(np.isnan(t), NEVER, t).tolist() for t in (getattr(self.journeys, n) for n in TIMES)]
        return tuple(Row(i, *values) for i, values in enumerate(zip(*whole, *times, strict=True)))

    @cached_property
    def of_person(self) -> dict[int, list[Row]]:
        """The rows of each person, in order."""
        found: dict[int, list[Row]] = {p: [] for p in range(len(self.people))}
        for row in self.rows:
            found[row.person].append(row)
        return found

    @cached_property
    def of_service(self) -> list[list[Row]]:
        """The rows of each service."""
        found: list[list[Row]] = [[] for _ in self.names]
        for row in self.rows:
            found[row.service].append(row)
        return found

    @cached_property
    def is_hospital(self) -> list[bool]:
        """Whether each service is a hospital."""
        services = self.scenario.services.items()
        return [
            s.kind == "place" and (s.setting == "hospital" or (n == "hospital" and not s.setting))
            for n, s in services
        ]

    def initial(self, row: Row) -> bool:
        """Whether this is the stay of somebody who was there at the start."""
        return row is self.of_person[row.person][0] and not math.isnan(self.people.entered[row.person])

    # ---- the census, and what it sets off -------------------------------------------------------

    def awaited(self, row: Row, midnight: float) -> int:
        """What keeps somebody who is ready in hospital: the task not done yet, else the next place."""
        tasks, places = [], []
        for other in self.of_person[row.person]:
            # Who is ready when the simulation starts asks for a task at that instant, and waits at that midnight.
            at_start = other.purpose == TASK and other.asked == midnight == self.first_day
            until = other.left if other.purpose == TASK else other.queued_until
            if at_start or other.asked < midnight <= until:
                if other.purpose == TASK and other.step == row.step:
                    tasks.append(other.service)
                elif other.purpose == STAY and other.step == row.step + 1:
                    places.append(other.service)
        found = tasks or places
        assert len(found) == 1, f"person {row.person} waits for {found} at midnight {midnight}"
        return found[0]

    def ready_at(self, midnight: float, counted_after_days: float) -> list[Row]:
        """Those in hospital at a midnight who have been ready for so long."""
        return [
            r for r in self.hospital_rows if r.is_in(midnight) and r.ready + counted_after_days < midnight
        ]

    @cached_property
    def hospital_rows(self) -> list[Row]:
        """Everybody's time in hospital."""
        return [r for r in self.rows if self.is_hospital[r.service] and r.purpose != TASK and r.has_started]

    @cached_property
    def delayed(self) -> list[tuple[tuple[Row, int, float], ...]]:
        """For the midnight that begins each day, then the horizon: who is delayed, by what, and what that counts."""
        after = grid(self.scenario.counting.counted_after_days)
        found = []
        for midnight in range(self.first_day, self.timeline.last_day + 1):
            before = self.timeline.on(max(midnight - 1, self.first_day))
            shares = [grid(s.counted_share) for s in before.services.values()]
            waits = [(r, self.awaited(r, midnight)) for r in self.ready_at(midnight, after)]
            found.append(tuple((r, service, shares[service]) for r, service in waits))
        return found

    @cached_property
    def alerts_on(self) -> list[list[Escalation]]:
        """The escalations in force on each day, judged again from the census (rule 13)."""
        escalations = self.scenario.escalations
        on, crossed = [False] * len(escalations), [NEVER] * len(escalations)
        found = []
        for day in range(len(self.days)):
            census = sum(weight for _, _, weight in self.delayed[day])
            for n, e in enumerate(escalations):
                if census < e.until_below:
                    on[n], crossed[n] = False, NEVER
                elif census > e.when_delayed_above and not on[n]:
                    crossed[n] = min(crossed[n], day)
                on[n] = on[n] or day >= crossed[n] + e.after_days
            found.append([e for n, e in enumerate(escalations) if on[n]])
        return found

    # ---- what is on offer --------------------------------------------------------------------------

    @cached_property
    def standings(self) -> list[list[Standing]]:
        """What each service offers on each day."""
        return [[self._standing(name, position) for position in range(len(self.days))] for name in self.names]

    def standing(self, service: int, time: float) -> Standing:
        """What a service offers at a time."""
        return self.standings[service][math.floor(time) - self.first_day]

    def _standing(self, name: str, position: int) -> Standing:
        day = self.days[position]
        service = self.timeline.on(day).services[name]
        numbers = {
            "capacity": NEVER if service.capacity is None else grid(service.capacity),
            "starts": self._of_day(service.starts, position),
            "stay_scale": service.stay_scale,
        }
        for escalation in self.alerts_on[position] if self.scenario.escalations else ():
            for quantity, value in tuple(numbers.items()):
                path = f"services.{name}.{quantity}"
                numbers[quantity] = self._escalated(escalation, path, value, position)
        capacity = numbers["capacity"]
        ordinal = self.scenario.run.start.toordinal() - 1 + day
        return Standing(
            capacity=capacity if math.isinf(capacity) else grid(capacity),
            starts=whole_starts(numbers["starts"], ordinal),
            stay_scale=numbers["stay_scale"],
            opens=time_of_day(service.opens),
            closes=time_of_day(service.closes),
            lead_days=grid(service.lead_days),
            per_day_waited=service.per_day_waited,
            plan_b_after=_plan_b_after(service),
            counted_share=service.counted_share,
        )

    def _of_day(self, table: WeekTable | None, position: int) -> float:
        if table is None:
            return NEVER
        found = table.on(int(self.timeline.weekday[position]), bool(self.timeline.holiday[position]))
        return NEVER if found is None else found

    def _escalated(self, escalation: Escalation, path: str, value: float, position: int) -> float:
        put = escalation.put.get(path)
        if put == "unlimited":
            value = NEVER
        elif isinstance(put, dict):
            day = self._of_day(WeekTable.model_validate(put), position)
            value = value if day == NEVER else day
        elif put is not None:
            value = float(put)
        if value == NEVER:
            return value
        return value * escalation.scale.get(path, 1.0) + escalation.add.get(path, 0.0)


def _plan_b_after(service: Service) -> float:
    return grid(service.otherwise.after_days) if service.otherwise else NEVER


def live(scenario: Scenario, seed: int = 1, replication: int = 0) -> Lived:
    """Run one replication, in both engines, which have to agree."""
    plan = prepare(build_timeline(scenario))
    people = populate(plan, Ranks(seed, replication))
    return Lived(plan, people, in_both_engines(people, plan.offer, float(scenario.run.days)))


@lru_cache(maxsize=64)
def lived(seed: int) -> Lived:
    """A replication of the generated scenario of a seed; several laws share it."""
    return live(generated_scenario(seed), seed=seed)


def same(one: Journeys, other: Journeys) -> bool:
    """Whether two journeys are the same to the last bit."""
    return all(getattr(one, n).tobytes() == getattr(other, n).tobytes() for n in (*WHOLE, *TIMES))
