"""A plainly written SimPy model of the same thing, as a good textbook would have it.

A process for every admission, also for those who just go home; `simpy.PriorityResource` or `Container`
for room; a `Container` of starts that is filled again each day; numbers drawn on the way, one at a
time; a list of dicts of what happened; a census each midnight. It reads the same scenario, laid out
day by day, as flowsim does. What it does not model it refuses, in words: a comparison in which one
model does less would be worthless.

Only who is there at the very start is taken from flowsim itself, so that both models begin alike.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import simpy

from benchmarks.plain_draws import Choice, Draw, sampler
from benchmarks.plain_ready import NotInThePlainModel, Prepared, has_starts, is_escalated
from flowsim.people.start import Party, dealt_out, in_days
from flowsim.ranks import Ranks
from flowsim.scenario.model import EXITS, shares
from flowsim.scenario.offer import CAPACITY, STARTS, STAY_SCALE, Alert, Offer
from flowsim.scenario.ways import visit as needs_of

Story = Generator[simpy.Event, Any, Any]
Row = dict[str, Any]

NO_LIMIT: Final = 1e9
FIRST: Final = -10_000  # a SimPy priority: before whoever else asks


# ---- services ------------------------------------------------------------------------------------


class Service:
    """A place or a team: its room, and the starts it has left today."""

    def __init__(self, env: simpy.Environment, offer: Offer, number: int, sizes_are_one: bool) -> None:
        self.env = env
        self.name = offer.names[number]
        self.number = number
        self.is_hospital = bool(offer.is_hospital[number])
        self.inside = 0
        self.first_day = offer.first_day
        self.dated: list[list[float]] = offer.dated[:, number].tolist()
        self.opens: list[float] = offer.opens[number].tolist()
        self.closes: list[float] = offer.closes[number].tolist()
        self.decided: list[float] = offer.decided[number].tolist()
        self.lead_days: list[float] = offer.lead_days[number].tolist()
        self.per_day_waited: list[float] = offer.per_day_waited[number].tolist()
        self.counted_share: list[float] = offer.counted_share[number].tolist()
        self.stay_scale = self.dated[STAY_SCALE][0]
        self.starts_today = 0.0
        self.over = [0.0] * 7
        self.capacity = self.dated[CAPACITY][0]
        self.too_many = 0.0  # room that is still held although capacity has fallen
        self.room = self._make_room(offer, sizes_are_one)
        self.starts: simpy.Container | None = None
        if has_starts(offer, number):
            self.starts = simpy.Container(env)
            env.process(self.open_and_close())

    def _make_room(
        self, offer: Offer, sizes_are_one: bool
    ) -> simpy.PriorityResource | simpy.Container | None:
        if math.isinf(self.capacity):
            return None
        varies = len(set(self.dated[CAPACITY])) > 1 or is_escalated(offer, self.number, CAPACITY)
        # A resource where one person is one place; a container where room is counted in other units, or varies.
        if sizes_are_one and not varies and self.capacity >= 1 and self.capacity == int(self.capacity):
            return simpy.PriorityResource(self.env, int(self.capacity))
        return simpy.Container(self.env, init=self.capacity)

    def begin_day(self, day: int, alerts_on: list[Alert]) -> None:
        """Take over the numbers of a day, escalations included."""
        today = [quantity[day] for quantity in self.dated]
        for effect in (
            effect for alert in alerts_on for effect in alert.effects if effect.service == self.number
        ):
            put = effect.put[day]
            base = today[effect.quantity] if math.isnan(put) else float(put)
            today[effect.quantity] = base * effect.scale + effect.add
        self.stay_scale = today[STAY_SCALE]
        self.starts_today = min(today[STARTS], NO_LIMIT)
        if today[CAPACITY] != self.capacity:
            self.change_capacity(today[CAPACITY])

    def change_capacity(self, capacity: float) -> None:
        """More room is there at once; less comes about as people leave."""
        assert isinstance(self.room, simpy.Container)
        more, self.capacity = capacity - self.capacity, capacity
        if more > 0:
            self.give_back(more)
        else:
            idle = min(self.room.level, -more)
            if idle:
                self.room.get(idle)
            self.too_many += -more - idle

    def open_and_close(self) -> Story:
        """Starts come back each day at opening time; what is left when it closes is lost."""
        assert self.starts is not None
        for day, (opens, closes) in enumerate(zip(self.opens, self.closes, strict=True)):
            midnight = self.first_day + day
            yield self.env.timeout(max(midnight + opens - self.env.now, 0.0))
            self.lose_starts()
            # Of 8.5 starts, 8 come in one week and 9 in the next.
            exact = self.starts_today + self.over[day % 7]
            self.over[day % 7] = exact % 1
            if exact >= 1:
                self.starts.put(math.floor(exact))
            yield self.env.timeout(midnight + closes - self.env.now)
            self.lose_starts()

    def lose_starts(self) -> None:
        """Starts that nobody used are gone."""
        if self.starts is not None and self.starts.level:
            self.starts.get(self.starts.level)

    def leave(self, grip: Any) -> None:
        """Somebody leaves."""
        self.inside -= 1
        self.give_back(grip)

    def give_back(self, grip: Any) -> None:
        """Give back a place in the resource, or a size in the container."""
        if isinstance(self.room, simpy.PriorityResource):
            self.room.release(grip)
        elif self.room is not None:
            lost = min(self.too_many, grip)
            self.too_many -= lost
            if grip > lost:
                self.room.put(grip - lost)

    def today(self) -> int:
        """The index of the day in the tables."""
        return math.floor(self.env.now) - self.first_day


# ---- people --------------------------------------------------------------------------------------


def _has_come(event: simpy.Event) -> bool:
    """Whether what was waited for has happened."""
    return event.triggered


@dataclass
class Needs:
    """What people of one route need at one place."""

    stay: Draw
    onward: Choice
    tasks: list[tuple[str, float, Draw]]
    size_start: float
    size_end: float
    priority: int


@dataclass
class Person:
    """Somebody who needs care; `version` is the dated version of the scenario on the day they came."""

    number: int
    version: int
    route: str
    entry: str


@dataclass
class Shelter:
    """A place where somebody may wait for another, asked for in the meantime."""

    service: Service
    request: Any
    grip: Any


@dataclass
class Visit:
    """A person in a place. The grip is the request, or the size, that holds the room."""

    person: Person
    service: Service
    needs: Needs
    grip: Any
    row: Row
    ready: float = 0.0
    refer_at: float = 0.0
    disturbed_at: float = math.inf
    tasks: list[tuple[str, float]] = field(default_factory=list)
    waits_for: str = ""
    shelter: Shelter | None = None


class City:
    """The whole model: services, people, their log, and the daily census."""

    def __init__(self, prepared: Prepared, seed: int) -> None:
        plan = prepared.plan
        self.plan = plan
        self.rates = prepared.rates
        self.offer = plan.offer
        self.versions = plan.timeline.versions
        self.version_of_day: list[int] = plan.timeline.version_of_day.tolist()
        self.first_day = plan.timeline.first_day
        self.horizon = plan.timeline.last_day
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.env = simpy.Environment(initial_time=self.first_day)
        self.env.process(self.midnights())
        self.services = {
            name: Service(self.env, self.offer, number, self._sizes_are_one(name))
            for number, name in enumerate(self.offer.names)
        }
        self.log: list[Row] = []
        self.census: list[dict[str, float]] = []
        self.in_hospital: dict[int, Visit] = {}
        self.people = 0
        self.alerts_on: list[Alert] = []
        self.alerts_due: dict[int, int] = {}
        unwell = [version.while_waiting.unwell_stay for version in self.versions]
        self.unwell_stays = [None if spec is None else sampler(spec, self.rng) for spec in unwell]
        self._needs: dict[tuple[int, str, str, str], Needs] = {}

    def _sizes_are_one(self, name: str) -> bool:
        """Whether everybody takes one place of a service, on every route."""
        sizes = [version.services[name].size for version in self.versions]
        sizes += [
            r.at[name].size or sizes[0] for v in self.versions for r in v.routes.values() if name in r.at
        ]
        return all(size.start == size.end == 1 for size in sizes)

    def run(self) -> None:
        """Run to the horizon, and count once more at the last midnight."""
        self.begin_with_those_already_there()
        for name in self.plan.scenario.streams:
            self.env.process(self.arrivals(name))
        self.env.run(until=self.horizon)
        self.count()

    # ---- arrivals ----

    def arrivals(self, name: str) -> Story:
        """A Poisson process whose rate changes by the hour, by thinning (Lewis and Shedler 1979)."""
        rates = self.rates[name]
        highest = max(rates)
        streams = [version.streams[name] for version in self.versions]
        routes = [Choice(shares(stream.routes), self.rng) for stream in streams]
        given = [
            {needed: Choice(shares(row), self.rng) for needed, row in version.over_prescription.items()}
            for version in self.versions
        ]
        time = float(self.first_day)
        while True:
            time += self.rng.exponential(1 / highest)
            if time >= self.horizon:
                return
            if self.rng.random() * highest >= rates[int((time - self.first_day) * 24)]:
                continue
            yield self.env.timeout(time - self.env.now)
            version = self.version_of_day[self.today()]
            route = routes[version].draw()
            if route in given[version]:
                route = given[version][route].draw()
            self.env.process(self.life(self.newcomer(version, route, streams[version].enters)))

    def newcomer(self, version: int, route: str, entry: str) -> Person:
        """The next person."""
        self.people += 1
        return Person(self.people, version, route, entry)

    def begin_with_those_already_there(self) -> None:
        """People in places, then those who wait, in the order of their asking."""
        stories: list[tuple[float, Story]] = []
        there = dealt_out(self.plan.start, Ranks(self.seed, 0))
        parties = [some.party for some in there for _ in range(some.size)]
        for party, *began in zip(
            parties, *map(np.ndarray.tolist, in_days(self.plan.start, there)), strict=True
        ):
            stories.append(self._begin(party, *began))
        for _, story in sorted(stories, key=lambda begun: begun[0]):
            self.env.process(story)

    def _begin(self, party: Party, entered: float, asked: float, stay: float) -> tuple[float, Story]:
        names, routes = self.offer.names, list(self.plan.scenario.routes)
        person, place = self.newcomer(0, routes[party.route], names[party.entry]), names[party.place]
        if math.isnan(stay):
            return asked, self.life(person, begins=place, asked=asked)
        visit = self.already_in(person, place, entered, stay)
        if party.next_service is None:
            return -math.inf, self.life(person, visit)
        return asked, self.life_from_queue(visit, names[party.next_service], asked)

    def already_in(self, person: Person, place: str, entered: float, stay: float) -> Visit:
        """A person whose stay began before the simulation did."""
        service, needs = self.services[place], self.needs(person, place)
        grip: Any = needs.size_start
        if isinstance(service.room, simpy.PriorityResource):
            grip = service.room.request(priority=FIRST)
        elif service.room is not None:
            service.room.get(grip)
        visit = Visit(person, service, needs, grip, self.write(person, place, entered))
        visit.row["started"] = entered
        service.inside += 1
        self.begin(visit, entered, entered + stay)
        return visit

    # ---- a person's story ----

    def life(
        self, person: Person, visit: Visit | None = None, begins: str = "", asked: float | None = None
    ) -> Story:
        """From arrival to the end of care."""
        if visit is None:
            visit = yield from self.go_to(begins or person.entry, person, None, asked)
        while visit is not None:
            stays = yield from self.get_ready(visit)
            if not stays:
                self.leave(visit, "left while waiting")
                return
            visit = yield from self.move_on(visit, visit.needs.onward.draw(), None)

    def life_from_queue(self, visit: Visit, following: str, asked: float) -> Story:
        """As `life`, of somebody who waits for their next place when the simulation starts."""
        visit.tasks = []
        after = yield from self.move_on(visit, following, asked)
        if after is not None:
            yield from self.life(after.person, after)

    def get_ready(self, visit: Visit) -> Story:
        """Stay until ready and all tasks are done; False for who leaves another way."""
        while visit.tasks:
            if visit.refer_at > self.env.now:
                yield self.env.timeout(visit.refer_at - self.env.now)
            stays = yield from self.have_task_done(visit)
            if not stays:
                return False
        if visit.ready > self.env.now:
            yield self.env.timeout(visit.ready - self.env.now)
        return True

    def have_task_done(self, visit: Visit) -> Story:
        """Ask the team, wait for it, and have the task done; what comes in between may break that off."""
        name, work = visit.tasks[0]
        visit.waits_for = name
        team = self.services[name]
        row = self.write(visit.person, name, self.env.now)
        grip = yield from self.get_into(team, 1.0, visit.needs.priority, visit)
        if grip is None:
            row["left"] = self.env.now
            return self.disturbed(visit)
        team.inside += 1
        row["started"] = self.env.now
        visit.refer_at = -math.inf
        stays = yield from self.pass_time(visit, self.env.now + work)
        row["left"] = self.env.now
        team.leave(grip)
        if stays:
            visit.tasks.pop(0)
        return stays

    def pass_time(self, visit: Visit, until: float) -> Story:
        """Let time pass, with what happens to the person meanwhile; False for who leaves another way."""
        while visit.disturbed_at < until:
            yield self.env.timeout(visit.disturbed_at - self.env.now)
            if not self.disturbed(visit):
                return False
        yield self.env.timeout(until - self.env.now)
        return True

    def move_on(self, visit: Visit, following: str, asked: float | None) -> Story:
        """Go to the next place when there is room, keeping the present one until then; or leave."""
        if following in EXITS:
            self.leave(visit, following)
            return None
        visit.waits_for = following
        while True:
            after = yield from self.go_to(following, visit.person, visit, asked)
            if after is not None:
                self.leave(visit, following)
                return after
            # Unwell again: a new stay, and then the same place is asked for once more.
            asked = None
            stays = self.disturbed(visit) and (yield from self.get_ready(visit))
            if not stays:
                self.leave(visit, "left while waiting")
                return None

    def go_to(self, place: str, person: Person, present: Visit | None, asked: float | None) -> Story:
        """Ask for a place, wait, and begin the stay there; None for who is disturbed before that."""
        service, needs = self.services[place], self.needs(person, place)
        asked = self.env.now if asked is None else asked
        row = self.write(person, place, asked)
        grip = yield from self.get_into(service, needs.size_start, needs.priority, present)
        if grip is None:
            row["left"] = self.env.now
            return None
        service.inside += 1
        now = row["started"] = self.env.now
        visit = Visit(person, service, needs, grip, row)
        longer = service.per_day_waited[self.today()] * (now - asked)
        stay = max(needs.stay() * service.stay_scale + longer, 0.0)
        self.begin(visit, now, self.declared_ready(service, now + stay))
        return visit

    # ---- waiting ----

    def get_into(self, service: Service, size: float, priority: int, present: Visit | None) -> Story:
        """Wait for room and for a start; returns what holds the room, or None if disturbed before that."""
        grip: Any = 0.0
        if isinstance(service.room, simpy.PriorityResource):
            grip = request = service.room.request(priority=priority)
            granted = yield from self.granted(request, service, present)
            if not granted:
                request.cancel()
                return None
        elif service.room is not None:
            get = service.room.get(size)
            grip = size
            granted = yield from self.granted(get, service, present)
            if not granted:
                get.cancel()
                return None
        if service.starts is not None:
            start = service.starts.get(1)
            granted = yield from self.granted(start, service, present)
            if not granted:
                start.cancel()
                service.give_back(grip)
                return None
        if present is not None and present.shelter is not None:
            self.give_shelter_back(present)
        return grip

    def granted(self, event: simpy.Event, service: Service, present: Visit | None) -> Story:
        """Wait for an event, but no longer than until the person is disturbed; move to a shelter meanwhile."""
        if present is None or event.triggered:
            yield event
            return True
        self.ask_for_shelter(service, present)
        while not _has_come(event):
            waits: list[simpy.Event] = [event]
            if present.disturbed_at < self.horizon:
                waits.append(self.env.timeout(max(present.disturbed_at - self.env.now, 0.0)))
            if present.shelter is not None:
                waits.append(present.shelter.request)
            yield self.env.any_of(waits) if len(waits) > 1 else event
            if not _has_come(event) and not self.moves_to_shelter(present):
                return False
        return True

    def moves_to_shelter(self, present: Visit) -> bool:
        """Whether there is a place to wait in, to which the person then moves; if not, it is asked for no more."""
        if present.shelter is None:
            return False
        if present.shelter.request.triggered:
            self.move_to_shelter(present)
            return True
        self.give_shelter_back(present)
        return False

    def ask_for_shelter(self, service: Service, present: Visit) -> None:
        """Somebody in hospital may wait elsewhere for some services."""
        if present.shelter is not None or not present.service.is_hospital:
            return
        for number in self.offer.wait_in[service.number]:
            shelter = self.services[self.offer.names[number]]
            if isinstance(shelter.room, simpy.PriorityResource):
                request = shelter.room.request(priority=present.needs.priority)
                present.shelter = Shelter(shelter, request, request)
            elif shelter.room is not None:
                present.shelter = Shelter(shelter, shelter.room.get(1), 1.0)

    def give_shelter_back(self, present: Visit) -> None:
        """The place to wait in is not wanted any more."""
        shelter, present.shelter = present.shelter, None
        assert shelter is not None
        if shelter.request.triggered:
            shelter.service.give_back(shelter.grip)
        else:
            shelter.request.cancel()

    def move_to_shelter(self, visit: Visit) -> None:
        """Leave hospital for a place to wait in; the turn in the queue is kept."""
        shelter, visit.shelter = visit.shelter, None
        assert shelter is not None
        self.leave(visit, shelter.service.name)
        visit.service, visit.grip = shelter.service, shelter.grip
        visit.service.inside += 1
        visit.disturbed_at = math.inf
        visit.row = self.write(visit.person, visit.service.name, self.env.now)
        visit.row["started"] = visit.row["ready"] = visit.ready = self.env.now

    # ---- stays ----

    def begin(self, visit: Visit, entered: float, ready: float) -> None:
        """What a stay will hold: its end, its tasks, a falling size, what may happen while waiting."""
        needs = visit.needs
        visit.row["ready"] = visit.ready = ready
        visit.tasks = [
            (team, work()) for team, share, work in needs.tasks if share >= 1 or self.rng.random() < share
        ]
        self.refer_from(visit, entered)
        if needs.size_end < needs.size_start:
            self.env.process(self.shrink(visit, entered))
        if visit.service.is_hospital:
            self.in_hospital[visit.person.number] = visit
            self.expect_disturbance(visit)

    def refer_from(self, visit: Visit, earliest: float) -> None:
        """The first task is asked for somewhat before the person is ready."""
        if visit.tasks:
            visit.waits_for = visit.tasks[0][0]
            lead = self.services[visit.waits_for].lead_days[self.today()]
            visit.refer_at = max(earliest, visit.ready - lead)

    def shrink(self, visit: Visit, entered: float) -> Story:
        """Give room back in equal steps during the stay."""
        start, end = visit.needs.size_start, visit.needs.size_end
        steps = max(1, round(start - end)) + 1
        for level in range(1, steps):
            time = entered + (visit.ready - entered) * level / steps
            if time > self.env.now:
                yield self.env.timeout(time - self.env.now)
            smaller = start + (end - start) * level / (steps - 1)
            visit.service.give_back(visit.grip - smaller)
            visit.grip = smaller

    def declared_ready(self, service: Service, over: float) -> float:
        """The stay is over; on each day from then there is a chance of being declared ready."""
        while over < self.horizon:
            chance = service.decided[math.floor(over) - self.first_day]
            if chance >= 1 or self.rng.random() < chance:
                break
            over += 1
        return over

    def leave(self, visit: Visit, outcome: str) -> None:
        """Leave a place."""
        visit.row["left"], visit.row["outcome"] = self.env.now, outcome
        visit.service.leave(visit.grip)
        # Somebody who goes from hospital to hospital has a new visit there already.
        if visit.service.is_hospital and self.in_hospital.get(visit.person.number) is visit:
            del self.in_hospital[visit.person.number]

    # ---- while waiting in hospital ----

    def expect_disturbance(self, visit: Visit) -> None:
        """Draw when a person who waits in hospital becomes unwell or leaves another way."""
        rates = self.versions[visit.person.version].while_waiting
        rate = rates.unwell_per_day + rates.leaves_per_day
        if rate > 0:
            visit.disturbed_at = max(visit.ready, self.env.now) + self.rng.exponential(1 / rate)

    def disturbed(self, visit: Visit) -> bool:
        """Leave another way (False), or become unwell: a new stay."""
        rates = self.versions[visit.person.version].while_waiting
        if self.rng.random() * (rates.unwell_per_day + rates.leaves_per_day) < rates.leaves_per_day:
            return False
        now = self.env.now
        visit.row["left"], visit.row["outcome"] = now, "unwell again"
        stay = self.unwell_stay(visit) * visit.service.stay_scale
        visit.row = self.write(visit.person, visit.service.name, now)
        visit.row["started"] = now
        visit.row["ready"] = visit.ready = self.declared_ready(visit.service, now + stay)
        self.refer_from(visit, now)
        self.expect_disturbance(visit)
        return True

    def unwell_stay(self, visit: Visit) -> float:
        """The new stay of somebody who has become unwell."""
        draw = self.unwell_stays[visit.person.version]
        return visit.needs.stay() if draw is None else draw()

    # ---- midnight ----

    def midnights(self) -> Story:
        """Each midnight: the census, the escalations, and the numbers of the new day."""
        # Made before anything else, so that of all that happens at a midnight the census comes first: it still
        # counts somebody whose stay of whole days ends at that instant.
        days = [self.env.timeout(day) for day in range(self.horizon - self.first_day)]
        for day, midnight in enumerate(days):
            yield midnight
            if day:
                self.count()
                self.escalate(day)
            for service in self.services.values():
                service.begin_day(day, self.alerts_on)

    def escalate(self, day: int) -> None:
        """Switch escalations on and off by the census."""
        census = self.census[-1]["delayed"]
        for number, alert in enumerate(self.offer.alerts):
            if census < alert.below:
                self.alerts_due.pop(number, None)
            elif census > alert.above:
                self.alerts_due.setdefault(number, day + alert.after_days)
        self.alerts_on = [self.offer.alerts[n] for n in sorted(self.alerts_due) if self.alerts_due[n] <= day]

    def count(self) -> None:
        """How many are delayed, and how many are in each service."""
        now = self.env.now
        yesterday = math.ceil(now) - 1 - self.first_day
        latest = now - self.offer.counted_after_days
        delayed = 0.0
        for visit in self.in_hospital.values():
            if visit.ready < latest:
                delayed += self.services[visit.waits_for].counted_share[yesterday]
        inside = {f"in_{name}": float(service.inside) for name, service in self.services.items()}
        self.census.append({"day": now - 1, "delayed": delayed, **inside})

    # ---- what is looked up, and written down ----

    def write(self, person: Person, service: str, asked: float) -> Row:
        """A new line of the log."""
        row = {
            "person": person.number, "route": person.route, "service": service, "asked": asked,
            "started": None, "ready": None, "left": None, "outcome": "",
        }  # fmt: skip
        self.log.append(row)
        return row

    def today(self) -> int:
        """The index of the day in the tables."""
        return math.floor(self.env.now) - self.first_day

    def needs(self, person: Person, place: str) -> Needs:
        """What a person needs at a place, looked up once for each route."""
        key = (person.version, person.entry, person.route, place)
        found = self._needs.get(key)
        if found is None:
            found = self._needs[key] = self._look_up(*key)
        return found

    def _look_up(self, version: int, entry: str, route: str, place: str) -> Needs:
        scenario = self.versions[version]
        given = needs_of(scenario, entry, route, place)
        at = scenario.routes[route].at.get(place)
        priority = at.priority if at and at.priority is not None else scenario.routes[route].priority
        if isinstance(self.services[place].room, simpy.Container) and priority:
            raise NotInThePlainModel(
                f"the plain model does not have: priorities where room is a container ({place})"
            )
        tasks = []
        for team, share in given.tasks.items():
            work = scenario.services[team].work
            if work is not None and share > 0:
                tasks.append((team, share, sampler(work, self.rng)))
        stay = sampler(given.stay, self.rng) if given.stay else float
        onward = Choice(shares(given.onward), self.rng)
        return Needs(stay, onward, tasks, given.size.start, given.size.end, priority)


def run_plain(prepared: Prepared, seed: int) -> City:
    """One replication of the plain model."""
    city = City(prepared, seed)
    city.run()
    return city


def means(city: City) -> dict[str, float]:
    """Mean of every column of the daily census over the run, warm-up left out."""
    counted = [row for row in city.census if row["day"] >= 0]
    return {name: sum(row[name] for row in counted) / len(counted) for name in counted[0] if name != "day"}
