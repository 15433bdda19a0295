"""A service in the SimPy model: its calendar, its room and its queue."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Generator
from heapq import heappush
from typing import TYPE_CHECKING

import simpy

from flowsim.engine import rules
from flowsim.engine.log import LEFT, OUTCOME, Row
from flowsim.journeys import WAIT_IN, WITHDRAWN
from flowsim.scenario.offer import CAPACITY, STARTS, STAY_SCALE, Alert, Offer
from flowsim.units import grid

if TYPE_CHECKING:
    from flowsim.engine.process import Visit


class Clock(simpy.Environment):
    """SimPy's clock, which can also be told the time of an event instead of the delay until it."""

    def expect(self, event: simpy.Event, time: float, order: int) -> None:
        """Let an event happen at a time (days), in its order among all that happens then."""
        heappush(self._queue, (time, order, next(self._eid), event))  # type: ignore[misc]


class Moment(simpy.Event):
    """An event at a time, in the written order of simultaneous things."""

    # It has succeeded from the start, with no value: said once, because a person makes several of them.
    _ok = True
    _value = None
    _defused = False

    def __init__(self, env: Clock, time: float, order: int) -> None:
        self.env = env
        self.callbacks = []
        env.expect(self, time, order)


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
        self.calls = [env.event()]
        self.over = False

    @property
    def is_called(self) -> bool:
        """Whether there is something that the person has not heard yet."""
        return self.calls[0].triggered

    def call(self, claim: Claim) -> None:
        """A service takes the person on. A place to wait in costs them no turn elsewhere (rule 9)."""
        self.claims.remove(claim)
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

    def break_off(self) -> None:
        """The person stops waiting for any of it."""
        self.over = True
        for claim in list(self.claims):
            self.claims.remove(claim)
            claim.withdraw()
        self.calls[-1].succeed(None)


class Claim:
    """One person's place in one queue."""

    __slots__ = ("purpose", "row", "service", "size", "step", "turn", "wait")

    def __init__(self, wait: Wait, service: Service, step: int, purpose: int, row: Row, size: float) -> None:
        self.wait = wait
        self.service = service
        self.step = step
        self.purpose = purpose
        self.row = row
        self.size = size
        self.turn = (0, 0.0, 0)  # in the queue: priority, time of joining, person

    def __lt__(self, other: Claim) -> bool:
        """One person may ask for one place twice, to stay and to wait in: the stay comes first."""
        return self.purpose < other.purpose

    def withdraw(self) -> None:
        """Leave the queue without having been served."""
        self.row[LEFT] = self.service.env.now
        self.row[OUTCOME] = WITHDRAWN
        self.service.leave_queue(self)


class Service:
    """A place or a team. Takes people on while open, with starts left and room (rules 6 to 8)."""

    def __init__(self, env: Clock, offer: Offer, number: int, downstream: int) -> None:
        self.env = env
        self.number = number
        self.downstream = downstream
        self.free = bool(offer.free[number])
        self.skip = bool(offer.skip[number])
        self.is_hospital = bool(offer.is_hospital[number])
        self.queue: list[tuple[int, float, int, Claim]] = []
        self.in_use = 0.0
        self.taken_today = 0
        self.capacity = self.starts = self.stay_scale = self.opens = self.closes = 0.0
        self.first_day = offer.first_day
        self._first_ordinal = offer.first_ordinal
        self._dated = offer.dated[:, number, :].tolist()
        self._opens: list[float] = offer.opens[number].tolist()
        self._closes: list[float] = offer.closes[number].tolist()
        self.decided: list[float] = offer.decided[number].tolist()
        self.lead_days: list[float] = offer.lead_days[number].tolist()
        self.per_day_waited: list[float] = offer.per_day_waited[number].tolist()
        self.plan_b_after: list[float] = offer.plan_b_after[number].tolist()

    def begin_day(self, day: int, alerts_on: list[Alert]) -> None:
        """Take over the capacity, starts and stay factor of a day (an index), escalations included."""
        today = [quantity[day] for quantity in self._dated]
        for alert in alerts_on:
            for effect in alert.effects:
                if effect.service == self.number:
                    put = float(effect.put[day])
                    base = today[effect.quantity] if math.isnan(put) else put
                    today[effect.quantity] = base if math.isinf(base) else base * effect.scale + effect.add
        self.capacity = today[CAPACITY] if math.isinf(today[CAPACITY]) else grid(today[CAPACITY])
        self.starts = rules.whole_starts(today[STARTS], self._first_ordinal + day)
        self.stay_scale = today[STAY_SCALE]
        self.opens, self.closes = self._opens[day], self._closes[day]
        self.taken_today = 0

    def calendar(self, days: int) -> Generator[simpy.Event, None, None]:
        """Every day at opening time, see who can be taken on."""
        for day in range(days):
            time = self.first_day + day + self._opens[day]
            if time > self.env.now:
                yield Moment(self.env, time, rules.order(rules.OPENS, self.downstream))
                self.take_on()

    def can_take(self, size: float) -> bool:
        """Whether it is open, has a start left today, and has room for somebody of this size."""
        if self.free:
            return True
        if self.in_use + size > self.capacity or self.taken_today >= self.starts:
            return False
        time_of_day = self.env.now % 1.0
        return self.opens <= time_of_day < self.closes

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

    def join(self, claim: Claim, priority: int, joined: float) -> None:
        """Somebody joins the queue: ordered by priority, time of joining and person number (rule 7)."""
        claim.turn = priority, joined, claim.wait.person
        insort(self.queue, (*claim.turn, claim))
        claim.wait.claims.append(claim)
        self.take_on()

    def leave_queue(self, claim: Claim) -> None:
        """Somebody stops queueing. If they were holding up others, those are looked at in a moment."""
        at = bisect_left(self.queue, claim.turn)
        while self.queue[at][3] is not claim:
            at += 1
        del self.queue[at]
        if at == 0 and self.queue and self.can_take(self.queue[0][3].size):
            look_again = self.env.event()
            look_again.callbacks.append(lambda _: self.take_on())
            look_again.succeed()

    def take_on(self) -> None:
        """Call people in from the queue, head first; nobody passes unless the service says so."""
        at = 0
        while at < len(self.queue):
            claim = self.queue[at][3]
            if self.can_take(claim.size):
                del self.queue[at]
                self.occupy(claim.size)
                claim.wait.call(claim)
                at = 0
            elif self.skip:
                at += 1
            else:
                return
