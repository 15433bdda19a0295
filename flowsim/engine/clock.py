"""SimPy's clock, which can be told times instead of delays, and keeps what lies ahead by days."""

from __future__ import annotations

import math
from bisect import insort
from collections import defaultdict, deque

import simpy
from simpy.core import EmptySchedule, Infinity
from simpy.events import NORMAL

from flowsim.engine import rules

Entry = tuple[float, int, int, simpy.Event]


class Clock(simpy.Environment):
    """SimPy's environment, with the same order of events and less work to keep it.

    SimPy keeps all that will ever happen in one heap. Here the events of each day wait in a list of their own,
    which is sorted when the day has come; and those that happen at once wait in a line.
    """

    now = 0.0  # an attribute, where SimPy has a property: everybody looks at it, all the time

    def __init__(self, first_day: int, horizon: float) -> None:
        super().__init__(initial_time=first_day)
        self.now = float(first_day)
        self.horizon = horizon
        self._tomorrow = first_day + 1
        self._later: defaultdict[int, list[Entry]] = defaultdict(list)
        self._day: list[Entry] = []  # today, sorted
        self._place = 0  # of the next event in it
        self._over: Entry = (-math.inf, 0, 0, simpy.Event(self))  # stands for what has happened
        self._at_once: deque[simpy.Event] = deque()

    def at(self, time: float, kind: int, number: int) -> Moment:
        """An event at a time (days), in the written order of simultaneous things; never, at or past the horizon."""
        moment = Moment(self)
        if time < self.horizon:
            entry = (time, rules.order(kind, number), next(self._eid), moment)
            if time < self._tomorrow:
                insort(self._day, entry, self._place)
            else:
                self._later[math.floor(time)].append(entry)
        return moment

    def schedule(self, event: simpy.Event, priority: int = NORMAL, delay: float = 0) -> None:
        """SimPy's own way to let an event happen."""
        if delay == 0 and priority == NORMAL:
            self._at_once.append(event)
        elif self.now + delay < self.horizon:
            entry = (self.now + delay, priority, next(self._eid), event)
            if entry[0] < self._tomorrow:
                insort(self._day, entry, self._place)
            else:
                self._later[math.floor(entry[0])].append(entry)

    def peek(self) -> float:
        """The time of the next event; infinity if there is none."""
        if self._at_once:
            return self.now
        if self._place < len(self._day):
            return self._day[self._place][0]
        return min(min(day)[0] for day in self._later.values()) if self._later else Infinity

    def run(self) -> None:  # type: ignore[override]
        """Let everything happen that lies before the horizon."""
        self._let_happen(math.inf)

    def step(self) -> None:
        """Let the next event happen. Raises EmptySchedule if there is none."""
        if not self._let_happen(1):
            raise EmptySchedule

    def _let_happen(self, most: float) -> bool:
        """Let so many events happen, or as many as there are; whether there were enough."""
        day, at_once = self._day, self._at_once
        while most > 0:
            place = self._place
            if at_once and not (place < len(day) and day[place] < (self.now, NORMAL + 1)):
                event = at_once.popleft()
            else:
                if place == len(day):
                    if not self._later:
                        return False
                    self._begin_next_day()
                    place = 0
                self.now, _, _, event = day[place]
                day[place] = (
                    self._over
                )  # what is over leaves the memory at once, while it is still near at hand
                self._place = place + 1
            callbacks = event.callbacks
            event.callbacks = None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
            if not event._ok and not event.defused:  # noqa: SLF001 - event.ok is a function: too slow here
                raise event._value  # noqa: SLF001 - what event.value would give, which mypy takes for None
            most -= 1
        return True

    def clear(self) -> None:
        """Forget all events, and with them everybody who waits for one."""
        self._day.clear()
        self._place = 0
        self._later.clear()
        self._at_once.clear()

    def _begin_next_day(self) -> None:
        """Go on to the next day on which something happens; there must be one."""
        day = self._day
        day.clear()
        while not day:
            day += self._later.pop(self._tomorrow, ())
            self._tomorrow += 1
        day.sort()
        self._place = 0


class Moment(simpy.Event):
    """An event at a time. It has succeeded from the start, with no value."""

    # Said once, because a person makes several of them.
    _ok = True
    _value = None

    def __init__(self, env: Clock) -> None:
        self.env = env
        self.callbacks = []
