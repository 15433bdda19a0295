"""The SimPy model: each person's way through hospital and onward care, told as a story.

The rules are those of the design, section 5; `rules` holds what every engine shares. All luck is in
the people: nothing here is random.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Generator, Iterator
from functools import partial
from typing import Any

import numpy as np
import simpy

from flowsim.engine import rules
from flowsim.engine.clock import Clock
from flowsim.engine.escalations import Escalations
from flowsim.engine.log import ASKED, LEFT, OUTCOME, READY_AT, STARTED, Log, StepColumns, plain, whole
from flowsim.engine.service import Claim, Service, Visit, Wait
from flowsim.engine.unhindered import ready_after
from flowsim.journeys import DONE, LEFT_WAITING, PLAN_B, STAY, TASK, UNWELL, WAIT_IN
from flowsim.people import NONE, People
from flowsim.scenario.offer import Offer
from flowsim.scenario.sizes import levels, size_at

Story = Generator[simpy.Event, Any, Any]


class Life:
    """Somebody's story under way: a process that begins at once, and whose end nobody waits for.

    A simpy.Process would make an event for its beginning and another for its end.
    """

    __slots__ = ("story",)

    def __init__(self, story: Story) -> None:
        self.story = story
        for event in story:  # to the first event, if there is any
            event.callbacks.append(self)
            return

    def __call__(self, event: simpy.Event) -> None:
        """Tell the story on from an event that happens now to the next that has not."""
        try:
            following = self.story.send(event._value)  # noqa: SLF001 - event.value is a function: too slow here
        except StopIteration:
            return
        following.callbacks.append(self)


class Model:
    """The services, the clock and everybody's story."""

    def __init__(self, people: People, offer: Offer, horizon: float) -> None:
        self.env = Clock(offer.first_day, horizon)
        self.people = people
        self.offer = offer
        self.horizon = horizon
        self.log = Log()
        self.rows = self.log.numbers
        downstream = {service: place for place, service in enumerate(offer.downstream)}
        self.services = [
            Service(self.env, self.log, offer, n, downstream[n]) for n in range(len(offer.names))
        ]
        self.do = StepColumns(people.steps, np.array([s.is_never_full for s in self.services]))
        self.first_step = whole(people.first_step)
        self.first_otherwise = whole(people.first_otherwise)
        self.arrives = plain(people.arrives)
        self.asked = plain(people.asked)
        self.escalations = Escalations(self.env, self.rows, self.do, offer)
        # Who waits in hospital for something that will be disturbed on which day.
        self.disturbed_on: defaultdict[int, list[Visit]] = defaultdict(list)
        self.today = 0  # the index of the day in the tables of the offer

    def run(self) -> None:
        """Run to the horizon; what would happen at the horizon itself does not."""
        days = self.offer.opens.shape[1]
        Life(self.midnights(days))
        self.env.run()
        self.env.clear()
        for service in self.services:
            service.queue.clear()

    # ---- the city ------------------------------------------------------------------------------

    def midnights(self, days: int) -> Story:
        """Each midnight: take the census, judge the escalations, begin the day, take people on, expect arrivals."""
        downstream = [self.services[n] for n in self.offer.downstream]
        there = self.already_there()
        for day, arriving in enumerate(self.arrivals(days)):
            yield self.env.at(self.offer.first_day + day, rules.MIDNIGHT, 0)
            self.today = day
            on = self.escalations.in_force(day)
            for service in downstream:
                service.begin_day(day, on)
            for service in downstream:
                if service.queue:
                    service.take_on()
                    service.await_opening()
            self.disturbances(day)
            for person, ready in arriving:
                visit = there.pop(person, None) if math.isnan(ready) else self.stroll_in(person, ready)
                Life(self.life(person, visit))

    def arrivals(self, days: int) -> Iterator[Iterator[tuple[int, float]]]:
        """For each day everybody who arrives then and can meet a limit; on the first also who is there already.

        With each the time at which they will be ready if they stroll in, else NaN.
        """
        people = self.people
        hindered = np.flatnonzero(people.hindered)
        step = people.first_step[hindered]
        strolls = (
            self.offer.free[people.steps.service[step]]
            & np.isnan(people.entered[hindered])
            & np.isnan(people.asked[hindered])
        )
        ready = np.full(hindered.size, np.nan)
        arrives = people.arrives[hindered]
        ready[strolls] = ready_after(people.steps, self.offer, step[strolls], arrives[strolls])
        begins = np.searchsorted(arrives, self.offer.first_day + np.arange(1, days))
        of_day = zip(np.split(hindered, begins), np.split(ready, begins), strict=True)
        return (zip(who.tolist(), when.tolist(), strict=True) for who, when in of_day)

    def already_there(self) -> dict[int, Visit]:
        """Those who are there at the start hold their places before anybody asks for one."""
        entered = self.people.entered
        there = np.flatnonzero(self.people.hindered & ~np.isnan(entered))
        return {
            p: self.already_in(p, was_in)
            for p, was_in in zip(there.tolist(), entered[there].tolist(), strict=True)
        }

    # ---- a person's story ----------------------------------------------------------------------

    def life(self, person: int, visit: Visit | None) -> Story:
        """One person's way from arrival (or from where they are at the start) to the end of care."""
        if visit is None or self.acts_on_arrival(visit):
            yield self.env.at(self.arrives[person], rules.ARRIVES, person)
            visit = yield from self.come_in(person, visit)
        while visit is not None and not self.leaves_unnoticed(visit):
            while visit.task < visit.last_task:
                stays = yield from self.have_task_done(visit)
                if not stays:
                    self.leave_while_waiting(visit)
                    return
            if visit.ready > self.env.now:
                yield self.env.at(visit.ready, rules.READY, person)
            if self.do.next[visit.step] == NONE:
                self.give_up(visit, self.do.exit[visit.step])
                return
            visit = self.walk_on(visit) or (yield from self.wait_and_move(visit, self.env.now))

    def come_in(self, person: int, visit: Visit | None) -> Story:
        """Get into the first place; whoever is in it at the start may already wait for the next."""
        asked = self.asked[person]
        waits = not math.isnan(asked)
        if visit is not None:
            return (yield from self.wait_and_move(visit, asked)) if waits else visit
        step, now = self.first_step[person], self.env.now
        service, size = self.services[self.do.service[step]], self.do.size_start[step]
        if not waits and service.lets_in_at_once(size):
            return self.enter_at_once(person, step, service, size, now)
        wait = Wait(self.env, person, None)
        self.ask(wait, step, self.first_otherwise[person], asked if waits else now)
        claim = yield wait.calls[0]
        wait.heard()
        return self.enter(claim)

    def have_task_done(self, visit: Visit) -> Story:
        """Be referred to a team, wait for it, and have the next task done. False for who leaves before that."""
        if visit.refer_at > self.env.now:
            yield self.env.at(visit.refer_at, rules.REFERRED, visit.person)
        task, now = visit.task, self.env.now
        team = self.services[self.do.task_team[task]]
        row = self.log.open(visit.person, self.do.number[visit.step], TASK, team.number, now)
        if team.lets_in_at_once(1.0):
            team.occupy(1.0)
        else:
            wait = Wait(self.env, visit.person, visit)
            team.join(Claim(wait, team, NONE, TASK, row, 1.0), self.do.priority[visit.step], now)
            self.break_off_when_disturbed(wait, visit)
            claim = yield wait.calls[0]
            wait.heard()
            if claim is None:
                return self.disturbed(visit)
            now = self.env.now
        self.rows[row + STARTED] = now
        visit.refer_at = -math.inf
        over = now + self.do.task_work[task]
        stays = visit.disturbed_at >= over or (yield from self.live_through(visit, over))
        if stays and self.ends_unnoticed(visit, team, over):
            self.end_task(row, over, DONE)
            visit.task += 1
            return True
        if stays:
            yield self.env.at(over, rules.TASK_DONE, visit.person)
            visit.task += 1
        self.end_task(row, self.env.now, DONE if stays else LEFT_WAITING)
        team.give_back(1.0)
        if stays and visit.refer_at > -math.inf:
            # Unwell in between: the next task has a new stay to wait for.
            self.refer_from(visit, self.env.now)
        return stays

    def end_task(self, row: int, now: float, outcome: int) -> None:
        """Note the end of a team's work on somebody."""
        self.rows[row + READY_AT] = self.rows[row + LEFT] = now
        self.rows[row + OUTCOME] = outcome

    def ends_unnoticed(self, visit: Visit, team: Service, over: float) -> bool:
        """Whether nothing depends on when a task is over: the last one, before the person is ready (rule 14)."""
        return (
            team.is_never_full
            and visit.task + 1 == visit.last_task
            and over < visit.ready
            and over < self.horizon
            and not team.opens_at(over)
        )

    def live_through(self, visit: Visit, until: float) -> Story:
        """What happens to the person while a task takes its time; whether they are still in hospital then."""
        while visit.disturbed_at < until:
            yield self.env.at(visit.disturbed_at, rules.DISTURBED, visit.person)
            if not self.disturbed(visit):
                return False
        return True

    def wait_and_move(self, visit: Visit, asked: float) -> Story:
        """Wait for the next place and go there. Until then the present one is kept."""
        wait = Wait(self.env, visit.person, visit)
        self.ask(wait, self.do.next[visit.step], self.do.otherwise[visit.step], asked)
        while True:
            self.break_off_when_disturbed(wait, visit)
            claim = yield wait.calls[0]
            wait.heard()
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
                moment = self.env.at(max(due, self.env.now), rules.PLAN_B_DUE, wait.person)
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

    def break_off_when_disturbed(self, wait: Wait, visit: Visit) -> None:
        """The wait is broken off when the person becomes unwell or leaves before they are called."""
        visit.wait = wait
        time = visit.disturbed_at
        if time < self.horizon and time != visit.timer:
            visit.timer = time
            day = math.floor(time) - self.offer.first_day
            if day > self.today:
                self.disturbed_on[day].append(visit)
            else:
                self.set_timer(visit)

    def set_timer(self, visit: Visit) -> None:
        """See at the time of the disturbance whether they still wait."""
        moment = self.env.at(visit.timer, rules.DISTURBED, visit.person)
        moment.callbacks.append(visit.stop_waiting)

    def disturbances(self, day: int) -> None:
        """Set the timers of a day; most people have been called by then."""
        for visit in self.disturbed_on.pop(day, ()):
            if visit.wait is None:
                visit.timer = math.inf
            else:
                self.set_timer(visit)

    # ---- getting in, and out -------------------------------------------------------------------

    def stroll_in(self, person: int, ready: float) -> Visit:
        """Settle on the morning of the day how somebody gets into a place that has room for all, whenever they come."""
        step, arrives = self.first_step[person], self.arrives[person]
        service, size = self.services[self.do.service[step]], self.do.size_start[step]
        service.occupy(size)
        row = self.log.open(person, self.do.number[step], STAY, service.number, arrives)
        self.rows[row + STARTED] = arrives
        visit = Visit(person, step, service, row, size)
        self.take_stay(visit, arrives, ready)
        return visit

    def acts_on_arrival(self, visit: Visit) -> bool:
        """Whether somebody who is in a place does anything on arrival that others may notice."""
        first = visit.refer_at if visit.task < visit.last_task else visit.ready
        return first <= self.arrives[visit.person] or not math.isnan(self.asked[visit.person])

    def walk_on(self, visit: Visit) -> Visit | None:
        """Go to the next place if nobody is waiting for it and it lets the person in."""
        step = self.do.next[visit.step]
        service, size = self.services[self.do.service[step]], self.do.size_start[step]
        if not service.lets_in_at_once(size):
            return None
        following = self.enter_at_once(visit.person, step, service, size, self.env.now)
        self.give_up(visit, service.number)
        return following

    def enter_at_once(self, person: int, step: int, service: Service, size: float, now: float) -> Visit:
        """Get into a place that nobody is waiting for."""
        service.occupy(size)
        row = self.log.open(person, self.do.number[step], STAY, service.number, now)
        visit = Visit(person, step, service, row, size)
        self.begin_stay(visit, now, 0.0)
        return visit

    def enter(self, claim: Claim) -> Visit:
        """Get into the place that has called: its room is already taken."""
        now = self.env.now
        visit = Visit(claim.wait.person, claim.step, claim.service, claim.row, claim.size)
        if claim.purpose == WAIT_IN:
            self.rows[visit.row + STARTED] = self.rows[visit.row + READY_AT] = visit.ready = now
        else:
            self.begin_stay(visit, now, now - self.rows[visit.row + ASKED])
        return visit

    def already_in(self, person: int, entered: float) -> Visit:
        """Be in a place when the simulation starts: the stay began before, and is over if they wait for another."""
        step = self.first_step[person]
        service, size = self.services[self.do.service[step]], self.do.size_start[step]
        row = self.log.open(person, self.do.number[step], STAY, service.number, entered)
        self.rows[row + STARTED] = entered
        visit = Visit(person, step, service, row, size)
        service.in_use += size
        self.take_stay(visit, entered, entered + self.do.stay[step])
        if not math.isnan(self.asked[person]):
            visit.task = visit.last_task
        return visit

    def begin_stay(self, visit: Visit, now: float, waited: float) -> None:
        """The stay begins: when it is over, and when the person is declared ready, is settled now (rule 2)."""
        step, service = visit.step, visit.service
        self.rows[visit.row + STARTED] = now
        per_day = service.per_day_waited[self.today] if waited else 0.0
        over = rules.stay_until(now, self.do.stay[step], service.stay_scale, per_day, waited)
        self.take_stay(visit, now, self.declared(visit, over, self.do.decided_rank[step]))

    def declared(self, visit: Visit, over: float, rank: float) -> float:
        """When somebody whose stay is over is declared ready."""
        if visit.service.decides_at_once:
            return over
        day = math.floor(over) - self.offer.first_day
        return over + rules.declared_after(rank, visit.service.decided, day)

    def take_stay(self, visit: Visit, entered: float, ready: float) -> None:
        """Set out what this stay will hold: tasks, steps of a falling size, what may happen while waiting."""
        step = visit.step
        self.rows[visit.row + READY_AT] = visit.ready = ready
        if self.do.tasks[step]:
            visit.task = self.do.first_task[step]
            visit.last_task = visit.task + self.do.tasks[step]
            self.refer_from(visit, entered)
        if visit.size != self.do.size_end[step]:
            self.shrink(visit, entered)
        if visit.service.is_hospital:
            visit.relapse = self.do.first_relapse[step]
            visit.leaves_after = self.do.leaves_after[step]
            self.expect_disturbance(visit)
            if self.escalations.alerts:
                self.escalations.expect(visit)

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
                moment = self.env.at(time, rules.SMALLER, visit.person)
                moment.callbacks.append(partial(self.become_smaller, visit, smaller))

    def become_smaller(self, visit: Visit, size: float, _: simpy.Event | None = None) -> None:
        """Give back part of the room, unless the person left at this instant: then all of it has been given back."""
        if not math.isnan(self.rows[visit.row + LEFT]):
            return
        freed, visit.size = visit.size - size, size
        visit.service.give_back(freed)

    def give_up(self, visit: Visit, outcome: int) -> None:
        """Leave a place; its room may admit somebody at this same instant (rule 5)."""
        self.rows[visit.row + LEFT] = self.env.now
        self.rows[visit.row + OUTCOME] = outcome
        if visit.service.is_hospital:
            self.escalations.forget(visit)
        visit.service.give_back(visit.size)

    # ---- while waiting in hospital (rule 11) -----------------------------------------------------

    def expect_disturbance(self, visit: Visit) -> None:
        """When the person will become unwell again or leave another way, if still in hospital by then."""
        step = visit.step
        comes_after = visit.leaves_after
        if visit.relapse - self.do.first_relapse[step] < self.do.relapses[step]:
            comes_after = min(comes_after, self.do.relapse_after[visit.relapse])
        visit.disturbed_at = max(visit.ready, self.env.now) + comes_after

    def disturbed(self, visit: Visit) -> bool:
        """Become unwell (a new stay) or leave another way; whether the person is still in hospital."""
        now = self.env.now
        waits_from = max(visit.ready, self.arrives[visit.person])
        if waits_from + visit.leaves_after <= now:
            return False
        relapse = visit.relapse
        visit.leaves_after -= now - waits_from
        visit.relapse += 1
        self.rows[visit.row + LEFT] = now
        self.rows[visit.row + OUTCOME] = UNWELL
        visit.row = self.log.open(visit.person, self.do.number[visit.step], STAY, visit.service.number, now)
        self.rows[visit.row + STARTED] = now
        over = rules.stay_until(now, self.do.relapse_stay[relapse], visit.service.stay_scale, 0.0, 0.0)
        visit.ready = self.declared(visit, over, self.do.relapse_decided_rank[relapse])
        self.rows[visit.row + READY_AT] = visit.ready
        self.refer_from(visit, now)
        self.expect_disturbance(visit)
        if self.escalations.alerts:
            self.escalations.expect(visit)
        return True

    def leaves_unnoticed(self, visit: Visit) -> bool:
        """Whether nobody's wait can depend on when somebody leaves; then it is noted now (rule 14).

        It is their last place, it is never full, and nothing more happens to them there.
        """
        ready = visit.ready
        if not self.do.ends_care[visit.step] or ready <= self.env.now or visit.service.opens_at(ready):
            return False
        self.rows[visit.row + LEFT] = ready
        self.rows[visit.row + OUTCOME] = self.do.exit[visit.step]
        return True

    def leave_while_waiting(self, visit: Visit) -> None:
        """Die in hospital, or leave it another way, while waiting."""
        self.give_up(visit, LEFT_WAITING)
