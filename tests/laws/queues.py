"""The rules that concern one service: room, starts, opening times, and whose turn it is (rules 5 to 8)."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flowsim.journeys import STAY, TASK, UNWELL, WAIT_IN
from flowsim.people import Steps
from flowsim.units import grid
from tests.laws.lived import NEVER, Lived, Row, Standing
from tests.laws.stories import Claim


@dataclass(frozen=True)
class Turn:
    """A row in one service's queue: its order, and what the person takes."""

    row: Row
    key: tuple[int, float, int, int]
    size: float
    asked: float

    def waits_at(self, time: float) -> bool:
        """Whether the person still queues when everything of this instant has happened."""
        return self.asked <= time < self.row.queued_until


@dataclass(frozen=True)
class Desk:
    """One service as it looks from its door."""

    lived: Lived
    number: int
    claims: dict[int, Claim]

    @property
    def rows(self) -> list[Row]:
        """Everybody who dealt with it."""
        return self.lived.of_service[self.number]

    @property
    def name(self) -> str:
        """Its name."""
        return self.lived.names[self.number]

    def standing(self, time: float) -> Standing:
        """What it offers at a time."""
        return self.lived.standing(self.number, time)

    def is_request(self, row: Row) -> bool:
        """Whether somebody asked to get in: not so where they were already, at the start or before being unwell."""
        is_relapse = row.purpose == STAY and self.claims[row.number].entered < row.started < NEVER
        return not is_relapse and not self.lived.initial(row)

    @cached_property
    def entries(self) -> dict[float, list[Row]]:
        """Who got in when, without those who were there at the start."""
        found: dict[float, list[Row]] = {}
        for row in self.rows:
            if row.has_started and self.is_request(row):
                found.setdefault(row.started, []).append(row)
        return found

    @cached_property
    def turns(self) -> list[Turn]:
        """Everybody's turn, in the order of rule 7."""
        first = float(self.lived.first_day)
        found = []
        for row in self.rows:
            claim = self.claims[row.number]
            if self.is_request(row):
                key = (int(self.steps(row).priority[claim.step]), row.asked, row.person, row.purpose)
                found.append(Turn(row, key, self.size(row), max(row.asked, first)))
        return sorted(found, key=lambda turn: turn.key)

    def steps(self, row: Row) -> Steps:
        """The table in which this person's steps are."""
        people = self.lived.people
        return people.steps if people.hindered[row.person] else people.unhindered_steps

    def size(self, row: Row) -> float:
        """What somebody takes when they get in."""
        if row.purpose in (TASK, WAIT_IN):
            return 1.0
        return float(self.steps(row).size_start[self.claims[row.number].step])

    def alterations(self, row: Row) -> Iterator[tuple[float, float]]:
        """How the room that a row holds changes over time: (time, difference)."""
        if not row.has_started:
            return
        claim, size = self.claims[row.number], self.size(row)
        is_stay = row.purpose not in (TASK, WAIT_IN)
        if not is_stay or claim.entered == row.started:
            yield row.started, size
        if is_stay:
            end = float(self.steps(row).size_end[claim.step])
            if claim.entered == row.started:
                yield from falls(claim.entered, claim.ready, size, end)
            size = end
        if row.left < NEVER and row.outcome != UNWELL:
            yield row.left, -size

    @cached_property
    def in_use(self) -> tuple[list[float], list[float]]:
        """Room in use from each time on."""
        change: defaultdict[float, float] = defaultdict(float)
        for row in self.rows:
            for time, difference in self.alterations(row):
                change[time] += difference
        times, levels, level = sorted(change), [], 0.0
        for time in times:
            level += change[time]
            levels.append(level)
        return times, levels

    def in_use_after(self, time: float) -> float:
        """Room in use when everything of an instant has happened."""
        times, levels = self.in_use
        at = bisect_right(times, time) - 1
        return levels[at] if at >= 0 else 0.0

    def in_use_before(self, time: float) -> float:
        """Room in use just before anything of an instant happens."""
        times, levels = self.in_use
        at = bisect_left(times, time) - 1
        return levels[at] if at >= 0 else 0.0

    @cached_property
    def instants(self) -> list[float]:
        """Every time at which something about this service can change."""
        times = set(self.in_use[0])
        times |= {t for r in self.rows for t in (r.asked, r.queued_until)}
        times |= {float(day) for day in self.lived.days}
        times |= {day + self.standing(day).opens for day in self.lived.days}
        return sorted(t for t in times if self.lived.first_day <= t < self.lived.horizon)


def falls(entered: float, ready: float, start: float, end: float) -> Iterator[tuple[float, float]]:
    """A size that falls in equal steps over a stay: one for each whole unit that it falls."""
    if end >= start:
        return
    steps = max(1, round(start - end))
    before = start
    for k in range(1, steps + 1):
        now = grid(start + (end - start) * k / steps)
        yield entered + grid((ready - entered) * k / (steps + 1)), now - before
        before = now


def desks(lived: Lived, claims: dict[int, Claim]) -> list[Desk]:
    """Every service that can make people wait."""
    return [Desk(lived, n, claims) for n in range(len(lived.names)) if not lived.plan.offer.free[n]]


def no_entry_without_room(desk: Desk) -> Iterator[str]:
    """Nobody gets in where there is no room for them after it (rule 8)."""
    for time in desk.entries:
        if desk.in_use_after(time) > desk.standing(time).capacity:
            yield f"{desk.name}: {desk.in_use_after(time)} in use after an entry at {time}, {desk.standing(time)}"


def only_while_open(desk: Desk) -> Iterator[str]:
    """Nobody gets in before it opens, or once it has closed (rule 6)."""
    for time in desk.entries:
        if not desk.standing(time).is_open(time):
            yield f"{desk.name}: somebody gets in at {time}, {desk.standing(time)}"


def no_more_starts_than_the_days(desk: Desk) -> Iterator[str]:
    """Never more people taken on in a day than the day's number (rule 6)."""
    for day, taken in _by_day(desk).items():
        if taken > desk.standing(day).starts:
            yield f"{desk.name}: {taken} starts on day {day}, {desk.standing(day)}"


def _by_day(desk: Desk) -> Counter[int]:
    return Counter(math.floor(r.started) for rows in desk.entries.values() for r in rows)


def nobody_waits_needlessly(desk: Desk) -> Iterator[str]:
    """Open, starts left, room for the head of the queue (for anybody, where they may pass): nobody waits (rule 6)."""
    starts = sorted(t for t, rows in desk.entries.items() for _ in rows)
    may_pass = desk.lived.scenario.services[desk.name].skip
    for time in desk.instants:
        offer = desk.standing(time)
        taken = bisect_right(starts, time) - bisect_right(starts, math.nextafter(math.floor(time), -NEVER))
        if not offer.is_open(time) or taken >= offer.starts:
            continue
        queue = [turn for turn in desk.turns if turn.waits_at(time)]
        for turn in queue if may_pass else queue[:1]:
            if desk.in_use_after(time) + turn.size <= offer.capacity:
                yield f"{desk.name}: {turn} waits at {time} with {desk.in_use_after(time)} in use, {offer}"


def nobody_is_passed(desk: Desk) -> Iterator[str]:
    """First come, first served among equals; where people may pass, only by being smaller (rule 7).

    Those who wait at the start are called in turn as they come in; their first instant is left out.
    """
    may_pass = desk.lived.scenario.services[desk.name].skip
    for later in desk.turns:
        time = later.row.started
        if time in {NEVER, desk.lived.first_day}:
            continue
        for earlier in desk.turns:
            if earlier.key >= later.key:
                break
            if (
                earlier.asked < time
                and earlier.waits_at(time)
                and not (may_pass and later.size < earlier.size)
            ):
                yield f"{desk.name}: {later} passes {earlier}"


def used_is_what_people_take(desk: Desk) -> Iterator[str]:
    """The measure of capacity in use, against everybody's size at each midnight."""
    measured = desk.lived.measured.daily[f"used_{desk.name}"].tolist()
    again = [desk.in_use_before(day + 1) for day in desk.lived.days]
    if any(abs(a - b) > 1e-6 for a, b in zip(measured, again, strict=True)):
        yield f"{desk.name}: {measured} in use, by hand {again}"


def waits_add_up(desk: Desk) -> Iterator[str]:
    """Little's law on the sample path, exactly: the area under the queue is the sum of the waits, in any window."""
    first, last = float(desk.lived.first_day), desk.lived.horizon
    for begin, end in ((first, last), (first + 3.25, last - 2.5), (0.0, last / 2)):
        waits = sum(
            _ticks(min(t.row.queued_until, end)) - _ticks(max(t.asked, begin))
            for t in _queueing(desk, begin, end)
        )
        if waits != _area(desk, begin, end):
            yield f"{desk.name}: waits of {waits} ticks, area {_area(desk, begin, end)}"


def _queueing(desk: Desk, begin: float, end: float) -> list[Turn]:
    return [t for t in desk.turns if t.asked < end and t.row.queued_until > begin]


def _area(desk: Desk, begin: float, end: float) -> int:
    """The integral of the queue's length, step by step."""
    change: Counter[float] = Counter()
    for turn in _queueing(desk, begin, end):
        change[max(turn.asked, begin)] += 1
        change[min(turn.row.queued_until, end)] -= 1
    area = length = 0
    before = begin
    for time in sorted(change):
        area += length * (_ticks(time) - _ticks(before))
        length += change[time]
        before = time
    return area


def _ticks(time: float) -> int:
    """A time in whole steps of the grid; it must be one."""
    ticks = time * 2.0**32
    assert ticks.is_integer(), f"{time} is not on the grid"
    return int(ticks)


LAWS_OF_A_DESK = (
    no_entry_without_room,
    only_while_open,
    no_more_starts_than_the_days,
    nobody_waits_needlessly,
    nobody_is_passed,
    used_is_what_people_take,
    waits_add_up,
)
