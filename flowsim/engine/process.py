"""The SimPy model: each person's way through hospital and onward care, told as a story.

The rules are those of the design, section 5; `rules` holds what every engine shares. All luck is in
the people: nothing here is random.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from functools import partial
from typing import Any

import numpy as np
import simpy

from flowsim.engine import rules
from flowsim.engine.log import ASKED, LEFT, OUTCOME, READY_AT, STARTED, Log, Row, StepLists
from flowsim.engine.service import Claim, Clock, Moment, Service, Wait
from flowsim.journeys import DONE, LEFT_WAITING, PLAN_B, STAY, TASK, UNWELL, WAIT_IN
from flowsim.people import NONE, People
from flowsim.scenario.offer import Alert, Offer
from flowsim.scenario.sizes import levels, size_at

Story = Generator[simpy.Event, Any, Any]


class Life:
    """Somebody's story under way: a process that begins within the event that brings the person.

    Nobody waits for its beginning or its end, for which a simpy.Process would make two events more.
    """

    __slots__ = ("story",)

    def __init__(self, story: Story, arrival: simpy.Event) -> None:
        self.story = story
        self.go_on(arrival)

    def go_on(self, event: simpy.Event) -> None:
        """Tell the story on from an event that has happened to the next that has not."""
        try:
            while event.processed:
                event = self.story.send(event.value)
        except StopIteration:
            return
        event.callbacks.append(self.go_on)


class Visit:
    """Somebody in a place: what they hold, when they are ready, and what still has to be done."""

    __slots__ = (
        "disturbed_at", "last_task", "leaves_after", "person", "ready", "refer_at", "relapse", "row", "service",
        "size", "step", "task", "timer", "wait",
    )  # fmt: skip

    def __init__(self, person: int, step: int, service: Service, row: Row, size: float) -> None:
        self.person = person
        self.step = step
        self.service = service
        self.row = row
        self.size = size
        self.ready = -math.inf
        self.refer_at = -math.inf
        self.task = self.last_task = 0
        self.relapse = 0
        self.disturbed_at = math.inf
        self.leaves_after = math.inf
        self.timer = math.inf  # when an event comes to see whether they still wait
        self.wait: Wait | None = None

    def stop_waiting(self, _: simpy.Event) -> None:
        """Something happens to a person: if they still wait in this place, they stop asking."""
        if self.wait is not None and self.wait.visit is self and not self.wait.over:
            self.wait.break_off()


class Model:
    """The services, the clock and everybody's story."""

    def __init__(self, people: People, offer: Offer, horizon: float) -> None:
        self.env = Clock(initial_time=offer.first_day)
        self.people = people
        self.offer = offer
        self.horizon = horizon
        self.log = Log()
        downstream = {service: place for place, service in enumerate(offer.downstream)}
        self.services = [Service(self.env, offer, n, downstream[n]) for n in range(len(offer.names))]
        self.do = StepLists(people.steps)
        self.alerts = list(offer.alerts)
        self.alerts_on = [False] * len(self.alerts)
        self.alerts_due = [math.inf] * len(self.alerts)
        # Who is in hospital, for the census that escalations are judged by; kept only where there are any.
        self.in_hospital: dict[int, Visit] = {}
        self.today = 0  # the index of the day in the tables of the offer

    def run(self) -> None:
        """Run to the horizon; what would happen at the horizon itself does not."""
        days = self.offer.opens.shape[1]
        self.env.process(self.midnights(days))
        for service in self.services:
            if (self.offer.opens[service.number] > 0).any():
                self.env.process(service.calendar(days))
        self.env.process(self.arrivals())
        self.env.run(until=self.horizon)

    # ---- the city ------------------------------------------------------------------------------

    def arrivals(self) -> Story:
        """Everybody who can meet a limit begins their story when they arrive."""
        hindered = np.flatnonzero(self.people.hindered)
        entered = self.people.entered[hindered].tolist()
        asked = self.people.asked[hindered].tolist()
        arrives = self.people.arrives[hindered].tolist()
        rows = list(zip(hindered.tolist(), arrives, entered, asked, strict=True))
        # Those who are there at the start hold their places before anybody asks for one.
        there = {
            p: self.already_in(p, was_in, waits) for p, _, was_in, waits in rows if not math.isnan(was_in)
        }
        for person, time, _, waits in rows:
            arrival = Moment(self.env, time, rules.order(rules.ARRIVES, person))
            yield arrival
            Life(self.life(person, there.get(person), waits), arrival)

    def midnights(self, days: int) -> Story:
        """Each midnight: take the census, judge the escalations, begin the day, take people on."""
        downstream = [self.services[n] for n in self.offer.downstream]
        for day in range(days):
            yield Moment(self.env, self.offer.first_day + day, rules.order(rules.MIDNIGHT, 0))
            self.today = day
            on = self.escalations(day)
            for service in downstream:
                service.begin_day(day, on)
            for service in downstream:
                if service.queue:
                    service.take_on()

    def escalations(self, day: int) -> list[Alert]:
        """The escalations in force after the census of this midnight (rule 13)."""
        if not self.alerts:
            return []
        census = self.delayed(day)
        for n, alert in enumerate(self.alerts):
            self.alerts_on[n], self.alerts_due[n] = rules.judged(
                self.alerts_on[n], self.alerts_due[n], census, alert.above, alert.below, alert.after_days, day
            )
        return [alert for alert, on in zip(self.alerts, self.alerts_on, strict=True) if on]

    def delayed(self, day: int) -> float:
        """The midnight census: people ready for long enough, by the share that counts of what they wait for."""
        share = self.offer.counted_share[:, max(day - 1, 0)].tolist()
        latest = self.env.now - self.offer.counted_after_days
        return float(sum(share[self.waits_for(v)] for v in self.in_hospital.values() if v.ready < latest))

    def waits_for(self, visit: Visit) -> int:
        """The service that keeps somebody: the team whose task is not done, else the next place."""
        if visit.task < visit.last_task:
            return self.do.task_team[visit.task]
        return self.do.service[self.do.next[visit.step]]

    # ---- a person's story ----------------------------------------------------------------------

    def life(self, person: int, visit: Visit | None, asked: float) -> Story:
        """One person's way from arrival (or from where they are at the start) to the end of care."""
        if visit is None:
            visit = yield from self.come_in(person, asked)
        elif not math.isnan(asked):
            visit = yield from self.move_on(visit, asked)
        while visit is not None:
            stays = yield from self.get_ready(visit)
            if not stays:
                self.leave_while_waiting(visit)
                return
            visit = yield from self.move_on(visit, math.nan)

    def come_in(self, person: int, asked: float) -> Story:
        """Arrive, and ask for the first place."""
        step, other = int(self.people.first_step[person]), int(self.people.first_otherwise[person])
        if math.isnan(asked):
            service, size = self.services[self.do.service[step]], self.do.size_start[step]
            if service.lets_in_at_once(size):
                return self.enter_at_once(person, step, service, size)
            asked = self.env.now
        wait = Wait(self.env, person, None)
        self.ask(wait, step, other, asked)
        claim = yield wait.calls[0]
        return self.enter(claim)

    def get_ready(self, visit: Visit) -> Story:
        """Stay until free to move: ready, and every task of this place done. False for who leaves another way."""
        while visit.task < visit.last_task:
            if visit.refer_at > self.env.now:
                yield self.at(visit.refer_at, rules.REFERRED, visit.person)
            stays = yield from self.have_task_done(visit)
            if not stays:
                return False
        if visit.ready > self.env.now:
            yield self.at(visit.ready, rules.READY, visit.person)
        return True

    def have_task_done(self, visit: Visit) -> Story:
        """Be referred to a team, wait for it, and have its task done, unless something comes in between."""
        task = visit.task
        team = self.services[self.do.task_team[task]]
        row = self.log.open(visit.person, self.do.number[visit.step], TASK, team.number, self.env.now)
        if team.lets_in_at_once(1.0):
            team.occupy(1.0)
        else:
            wait = Wait(self.env, visit.person, visit)
            priority = self.do.priority[visit.step]
            team.join(Claim(wait, team, NONE, TASK, row, 1.0), priority, self.env.now)
            claim = yield from self.be_called(wait, visit)
            if claim is None:
                return self.disturbed(visit)
        row[STARTED] = self.env.now
        visit.refer_at = -math.inf
        stays = yield from self.pass_time(visit, self.env.now + self.do.task_work[task])
        row[READY_AT] = row[LEFT] = self.env.now
        row[OUTCOME] = DONE if stays else LEFT_WAITING
        team.give_back(1.0)
        if stays:
            visit.task += 1
            if visit.refer_at > -math.inf:  # unwell in between: the next task has a new stay to wait for
                self.refer_from(visit, self.env.now)
        return stays

    def pass_time(self, visit: Visit, until: float) -> Story:
        """Let a task take its time, living through what happens to the person meanwhile."""
        while visit.disturbed_at < until:
            yield self.at(visit.disturbed_at, rules.DISTURBED, visit.person)
            if not self.disturbed(visit):
                return False
        yield self.at(until, rules.TASK_DONE, visit.person)
        return True

    def move_on(self, visit: Visit, asked: float) -> Story:
        """Wait for the next place and go there, or leave if there is none. Until then the present one is kept."""
        step = self.do.next[visit.step]
        if step == NONE:
            self.give_up(visit, self.do.exit[visit.step])
            return None
        service, size = self.services[self.do.service[step]], self.do.size_start[step]
        if math.isnan(asked):
            if service.lets_in_at_once(size):
                following = self.enter_at_once(visit.person, step, service, size)
                self.give_up(visit, service.number)
                return following
            asked = self.env.now
        wait = Wait(self.env, visit.person, visit)
        self.ask(wait, step, self.do.otherwise[visit.step], asked)
        while True:
            claim = yield from self.be_called(wait, visit)
            if claim is None:
                if self.disturbed(visit):
                    return visit
                self.leave_while_waiting(visit)
                return None
            following = self.enter(claim)
            self.give_up(visit, claim.service.number)
            if claim.purpose != WAIT_IN:
                return following
            wait.visit = visit = following

    # ---- queueing ------------------------------------------------------------------------------

    def ask(self, wait: Wait, step: int, other: int, asked: float) -> None:
        """Join the queue of a place, and those that go with it: where to wait (rule 9), plan B (rule 10)."""
        self.queue_for(wait, step, STAY, asked)
        if other != NONE and not wait.over:
            service = self.services[self.do.service[step]]
            due = asked + service.plan_b_after[self.today]
            if due < self.horizon:
                moment = self.at(max(due, self.env.now), rules.PLAN_B_DUE, wait.person)
                moment.callbacks.append(partial(self.ask_for_plan_b, wait, other))

    def ask_for_plan_b(self, wait: Wait, other: int, _: simpy.Event) -> None:
        """Still waiting when plan B is due: ask for the other place as well."""
        if not wait.over:
            self.queue_for(wait, other, PLAN_B, self.env.now)

    def queue_for(self, wait: Wait, step: int, purpose: int, asked: float) -> None:
        """Join one queue; somebody in hospital also joins the queues of the places where they may wait for it."""
        service = self.services[self.do.service[step]]
        self.join(wait, service, step, purpose, asked)
        for place in self.offer.wait_in[service.number]:
            shelter = self.services[place]
            if wait.is_called or wait.visit is None or not wait.visit.service.is_hospital:
                return
            if all(claim.service is not shelter for claim in wait.claims):
                self.join(wait, shelter, step, WAIT_IN, self.env.now)

    def join(self, wait: Wait, service: Service, step: int, purpose: int, asked: float) -> None:
        """Join the queue of one service."""
        size = 1.0 if purpose == WAIT_IN else self.do.size_start[step]
        row = self.log.open(wait.person, self.do.number[step], purpose, service.number, asked)
        service.join(Claim(wait, service, step, purpose, row, size), self.do.priority[step], asked)

    def be_called(self, wait: Wait, visit: Visit) -> Story:
        """Wait until a service calls; None where the person becomes unwell or leaves before that."""
        visit.wait = wait
        if visit.disturbed_at < self.horizon and visit.disturbed_at != visit.timer:
            visit.timer = visit.disturbed_at
            moment = self.at(visit.disturbed_at, rules.DISTURBED, visit.person)
            moment.callbacks.append(visit.stop_waiting)
        claim = yield wait.calls[0]
        del wait.calls[0]
        return claim

    # ---- getting in, and out -------------------------------------------------------------------

    def enter_at_once(self, person: int, step: int, service: Service, size: float) -> Visit:
        """Get into a place that nobody is waiting for."""
        service.occupy(size)
        row = self.log.open(person, self.do.number[step], STAY, service.number, self.env.now)
        return self.begin_stay(Visit(person, step, service, row, size), 0.0)

    def enter(self, claim: Claim) -> Visit:
        """Get into the place that has called: its room is already taken."""
        visit = Visit(claim.wait.person, claim.step, claim.service, claim.row, claim.size)
        if claim.purpose == WAIT_IN:
            visit.row[STARTED] = visit.row[READY_AT] = visit.ready = self.env.now
            return visit
        return self.begin_stay(visit, self.env.now - claim.row[ASKED])

    def already_in(self, person: int, entered: float, asked: float) -> Visit:
        """Be in a place when the simulation starts: the stay began before, and is over if they wait for another."""
        step = int(self.people.first_step[person])
        service, size = self.services[self.do.service[step]], self.do.size_start[step]
        row = self.log.open(person, self.do.number[step], STAY, service.number, entered)
        row[STARTED] = entered
        visit = Visit(person, step, service, row, size)
        service.in_use += size
        self.take_stay(visit, entered, entered + self.do.stay[step])
        if not math.isnan(asked):
            visit.task = visit.last_task
        return visit

    def begin_stay(self, visit: Visit, waited: float) -> Visit:
        """The stay begins: when it is over, and when the person is declared ready, is settled now (rule 2)."""
        now, step, service, day = self.env.now, visit.step, visit.service, self.today
        visit.row[STARTED] = now
        over = rules.stay_until(
            now, self.do.stay[step], service.stay_scale, service.per_day_waited[day], waited
        )
        self.take_stay(visit, now, self.declared(visit, over, self.do.decided_rank[step]))
        return visit

    def declared(self, visit: Visit, over: float, rank: float) -> float:
        """When somebody whose stay is over is declared ready."""
        day = math.floor(over) - self.offer.first_day
        return over + rules.declared_after(rank, visit.service.decided, day)

    def take_stay(self, visit: Visit, entered: float, ready: float) -> None:
        """Set out what this stay will hold: tasks, steps of a falling size, what may happen while waiting."""
        step = visit.step
        visit.row[READY_AT] = visit.ready = ready
        visit.task = self.do.first_task[step]
        visit.last_task = visit.task + self.do.tasks[step]
        self.refer_from(visit, entered)
        if visit.size != self.do.size_end[step]:
            self.shrink(visit, entered)
        if visit.service.is_hospital:
            visit.relapse = self.do.first_relapse[step]
            visit.leaves_after = self.do.leaves_after[step]
            self.expect_disturbance(visit)
            if self.alerts:
                self.in_hospital[visit.person] = visit

    def refer_from(self, visit: Visit, earliest: float) -> None:
        """The first task is referred a lead before the person is expected to be ready (rule 3)."""
        if visit.task < visit.last_task:
            lead = self.services[self.do.task_team[visit.task]].lead_days[self.today]
            visit.refer_at = max(earliest, visit.ready - lead)

    def shrink(self, visit: Visit, entered: float) -> None:
        """Room comes free in equal steps during the stay."""
        start, end = self.do.size_start[visit.step], self.do.size_end[visit.step]
        steps = levels(start, end)
        for level in range(1, steps):
            time = rules.part_of_stay(entered, visit.ready, level, steps)
            smaller = size_at(start, end, level)
            if time <= self.env.now:
                self.become_smaller(visit, smaller)
            elif time < self.horizon:
                moment = self.at(time, rules.SMALLER, visit.person)
                moment.callbacks.append(partial(self.become_smaller, visit, smaller))

    def become_smaller(self, visit: Visit, size: float, _: simpy.Event | None = None) -> None:
        """Give back part of the room."""
        freed, visit.size = visit.size - size, size
        visit.service.give_back(freed)

    def give_up(self, visit: Visit, outcome: int) -> None:
        """Leave a place; its room may admit somebody at this same instant (rule 5)."""
        visit.row[LEFT] = self.env.now
        visit.row[OUTCOME] = outcome
        if self.in_hospital.get(visit.person) is visit:
            del self.in_hospital[visit.person]
        visit.service.give_back(visit.size)

    # ---- while waiting in hospital (rule 11) -----------------------------------------------------

    def expect_disturbance(self, visit: Visit) -> None:
        """When the person will become unwell again or leave another way, if still in hospital by then."""
        step = visit.step
        waits_from = max(visit.ready, self.env.now)
        leaves = waits_from + visit.leaves_after
        number = visit.relapse - self.do.first_relapse[step]
        unwell = (
            waits_from + self.do.relapse_after[visit.relapse] if number < self.do.relapses[step] else math.inf
        )
        visit.disturbed_at = min(leaves, unwell)

    def disturbed(self, visit: Visit) -> bool:
        """Become unwell (a new stay) or leave another way; whether the person is still in hospital."""
        now = self.env.now
        waits_from = max(visit.ready, self.people.arrives[visit.person])
        if waits_from + visit.leaves_after <= now:
            return False
        relapse = visit.relapse
        visit.leaves_after -= now - waits_from
        visit.relapse += 1
        visit.row[LEFT] = now
        visit.row[OUTCOME] = UNWELL
        visit.row = self.log.open(visit.person, self.do.number[visit.step], STAY, visit.service.number, now)
        visit.row[STARTED] = now
        over = rules.stay_until(now, self.do.relapse_stay[relapse], visit.service.stay_scale, 0.0, 0.0)
        visit.ready = self.declared(visit, over, self.do.relapse_decided_rank[relapse])
        visit.row[READY_AT] = visit.ready
        self.refer_from(visit, now)
        self.expect_disturbance(visit)
        return True

    def leave_while_waiting(self, visit: Visit) -> None:
        """Die in hospital, or leave it another way, while waiting."""
        self.give_up(visit, LEFT_WAITING)

    # ---- the clock -------------------------------------------------------------------------------

    def at(self, time: float, kind: int, person: int) -> simpy.Event:
        """Wait for a time; what lies past the horizon is never reached."""
        if time >= self.horizon:
            return self.env.event()
        return Moment(self.env, time, rules.order(kind, person))
