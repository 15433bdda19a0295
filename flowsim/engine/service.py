"""A service in the SimPy model: its calendar, its room, its queue, and who holds or wants a place in it."""

from __future__ import annotations

import math
from bisect import bisect_left, insort

import numpy as np
import simpy

from flowsim.engine import rules
from flowsim.engine.clock import Clock
from flowsim.engine.log import LEFT, OUTCOME, Log, plain
from flowsim.journeys import WAIT_IN, WITHDRAWN
from flowsim.scenario.offer import CAPACITY, Alert, Offer
from flowsim.units import grid


class Wait:
    """One person's wait for their next place, in one queue or several.

    `calls` are the events that the person still has to hear, the last of them yet to come. Each brings
    the claim that was served, or None if the wait was broken off.
    """

    __slots__ = ("calls", "claims", "over", "person", "visit")

    def __init__(self, env: Clock, person: int, visit: Visit | None) -> None:
        self.person = person
        self.visit = visit
        self.claims: list[Claim] = []
        self.calls = [simpy.Event(env)]
        self.over = False

    @property
    def is_called(self) -> bool:
        """Whether there is something that the person has not heard yet."""
        return self.calls[0].triggered

    def call(self, claim: Claim) -> None:
        """A service takes the person on. A place to wait in costs them no turn elsewhere (rule 9)."""
        self.claims.remove(claim)
        if self.claims:
            for other in list(self.claims):
                if claim.purpose != WAIT_IN or other.purpose == WAIT_IN:
                    self.claims.remove(other)
                    other.withdraw()
        call = self.calls[-1]
        if claim.purpose == WAIT_IN:
            self.calls.append(call.env.event())
        else:
            self.over = True
        call.succeed(claim)

    def heard(self) -> None:
        """The person has heard a call. Nothing holds on to what is over, so that it leaves the memory at once."""
        del self.calls[0]
        if self.visit is not None:
            self.visit.wait = None

    def break_off(self) -> None:
        """The person stops waiting for any of it."""
        self.over = True
        for claim in list(self.claims):
            self.claims.remove(claim)
            claim.withdraw()
        self.calls[-1].succeed(None)


Turn = tuple[int, float, int, "Claim"]


class Claim:
    """One person's place in one queue."""

    __slots__ = ("joined", "priority", "purpose", "row", "service", "size", "step", "wait")

    def __init__(self, wait: Wait, service: Service, step: int, purpose: int, row: int, size: float) -> None:
        self.wait = wait
        self.service = service
        self.step = step
        self.purpose = purpose
        self.row = row
        self.size = size
        self.priority: int  # these two from when it has joined the queue
        self.joined: float

    @property
    def turn(self) -> Turn:
        """Where it belongs in the queue (rule 7). Not kept, because it would hold the claim, and the claim it."""
        return self.priority, self.joined, self.wait.person, self

    def __lt__(self, other: Claim) -> bool:
        """One person may ask for one place twice, to stay and to wait in: the stay comes first."""
        return self.purpose < other.purpose

    def withdraw(self) -> None:
        """Leave the queue without having been served."""
        service = self.service
        service.log.numbers[self.row + LEFT] = service.env.now
        service.log.numbers[self.row + OUTCOME] = WITHDRAWN
        service.leave_queue(self)


class Visit:
    """Somebody in a place: what they hold, when they are ready, and what still has to be done."""

    __slots__ = (
        "disturbed_at", "last_task", "leaves_after", "person", "ready", "refer_at", "relapse", "row", "service",
        "size", "step", "task", "timer", "wait",
    )  # fmt: skip

    def __init__(self, person: int, step: int, service: Service, row: int, size: float) -> None:
        self.person = person
        self.step = step
        self.service = service
        self.row = row
        self.size = size
        self.ready: float
        self.leaves_after: float  # days of waiting; of those in hospital
        self.relapse: int  # the next one; of those in hospital
        self.task = self.last_task = 0
        self.refer_at = -math.inf
        self.disturbed_at = math.inf
        self.timer = math.inf  # when an event comes to see whether they still wait
        self.wait: Wait | None = None

    def stop_waiting(self, _: simpy.Event) -> None:
        """Something happens to a person: if they still wait in this place, they stop asking."""
        if self.wait is not None and self.wait.visit is self and not self.wait.over:
            self.wait.break_off()


class Service:
    """A place or a team. Takes people on while open, with starts left and room (rules 6 to 8)."""

    def __init__(self, env: Clock, log: Log, offer: Offer, number: int, downstream: int) -> None:
        self.env = env
        self.log = log
        self.number = number
        self.downstream = downstream
        self.free = bool(offer.free[number])
        self.skip = bool(offer.skip[number])
        self.is_hospital = bool(offer.is_hospital[number])
        self.queue: list[Turn] = []
        self.in_use = 0.0
        self.taken_today = 0
        self.capacity = self.starts = self.stay_scale = self.opens = self.closes = 0.0
        self.opening = -math.inf  # of today
        self.first_day = offer.first_day
        self._first_ordinal = offer.first_ordinal
        self._dated = [plain(quantity[number]) for quantity in offer.dated]
        self._opens = plain(offer.opens[number])
        self._closes = plain(offer.closes[number])
        self._awaited = -math.inf  # the last opening that somebody waits or waited for
        self.decided = plain(offer.decided[number])
        self.decides_at_once = bool((offer.decided[number] >= 1).all())
        self.lead_days = plain(offer.lead_days[number])
        self.per_day_waited = plain(offer.per_day_waited[number])
        self.plan_b_after = plain(offer.plan_b_after[number])
        # Room that comes free here is nobody's gain, except at the instant of opening.
        self.is_never_full = not self.is_hospital and never_full(offer, number)
        self._opening_times = frozenset(self._opens)

    # ---- the calendar ----------------------------------------------------------------------------

    def begin_day(self, day: int, alerts_on: list[Alert]) -> None:
        """Take over the capacity, starts and stay factor of a day (an index), escalations included."""
        today = [quantity[day] for quantity in self._dated]
        for alert in alerts_on:
            for effect in alert.effects:
                if effect.service == self.number:
                    put = float(effect.put[day])
                    base = today[effect.quantity] if math.isnan(put) else put
                    today[effect.quantity] = base if math.isinf(base) else base * effect.scale + effect.add
        capacity, starts, self.stay_scale = today
        self.capacity = capacity if capacity == math.inf else grid(capacity)
        self.starts = rules.whole_starts(starts, self._first_ordinal + day)
        self.opens, self.closes = self._opens[day], self._closes[day]
        self.taken_today = 0
        self.opening = self.first_day + day + self.opens

    def await_opening(self) -> None:
        """Somebody queues: if it opens later today, see then who can be taken on."""
        if self.env.now < self.opening != self._awaited:
            self._awaited = self.opening
            moment = self.env.at(self.opening, rules.OPENS, self.downstream)
            moment.callbacks.append(lambda _: self.take_on())

    def opens_at(self, time: float) -> bool:
        """Whether a time (days) is the time of day at which it opens, on whatever day."""
        return time % 1.0 in self._opening_times

    # ---- room and starts -------------------------------------------------------------------------

    def can_take(self, size: float) -> bool:
        """Whether it is open, has a start left today, and has room for somebody of this size."""
        if self.free:
            return True
        if self.in_use + size > self.capacity or self.taken_today >= self.starts:
            return False
        return self.opens <= self.env.now % 1.0 < self.closes

    def lets_in_at_once(self, size: float) -> bool:
        """Whether somebody who comes now gets in without queueing."""
        return not self.queue and self.can_take(size)

    def occupy(self, size: float) -> None:
        """Somebody gets in."""
        self.in_use += size
        self.taken_today += 1

    def give_back(self, size: float) -> None:
        """Room comes free; whoever is next may have it at this same instant."""
        self.in_use -= size
        if self.queue:
            self.take_on()

    # ---- the queue -------------------------------------------------------------------------------

    def join(self, claim: Claim, priority: int, joined: float) -> None:
        """Somebody joins the queue: ordered by priority, time of joining and person number (rule 7)."""
        wait, queue = claim.wait, self.queue
        claim.priority, claim.joined = priority, joined
        turn = claim.turn
        if not queue or queue[-1] < turn:
            queue.append(turn)
        else:
            insort(queue, turn)
        wait.claims.append(claim)
        if self.env.now < self.opening:
            self.await_opening()
        self.take_on()

    def leave_queue(self, claim: Claim) -> None:
        """Somebody stops queueing. If they were holding up others, those are looked at in a moment."""
        at = bisect_left(self.queue, claim.turn)
        del self.queue[at]
        if at == 0 and self.queue and self.can_take(self.queue[0][3].size):
            look_again = self.env.event()
            look_again.callbacks.append(lambda _: self.take_on())
            look_again.succeed()

    def take_on(self) -> None:
        """Call people in from the queue, head first; nobody passes unless the service says so."""
        queue, at = self.queue, 0
        while at < len(queue) and self.taken_today < self.starts:
            claim = queue[at][3]
            if self.can_take(claim.size):
                del queue[at]
                self.occupy(claim.size)
                claim.wait.call(claim)
                at = 0
            elif self.skip:
                at += 1
            else:
                return


def never_full(offer: Offer, number: int) -> bool:
    """Whether a service has room for everybody on every day, whatever the escalations."""
    changes = [(effect.service, effect.quantity) for alert in offer.alerts for effect in alert.effects]
    return bool(np.isinf(offer.dated[CAPACITY, number]).all()) and (number, CAPACITY) not in changes
