"""The rules that concern one person, told again from what they need (rules 1 to 5 and 9 to 11).

A story is followed row by row: at every turn what must have been asked for, when, and what must have
come of it. Whatever remains unread at the end should not have been written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from flowsim.journeys import DONE, LEFT_WAITING, OPEN, PLAN_B, STAY, TASK, UNWELL, WAIT_IN, WITHDRAWN
from flowsim.people import NONE
from flowsim.units import grid
from tests.laws.lived import NEVER, Lived, Row


class BrokenLawError(AssertionError):
    """A story that the rules do not allow."""


@dataclass(frozen=True)
class Claim:
    """What stands behind a row: its step, and for a stay when it began and was to be over at first."""

    step: int
    purpose: int
    entered: float = NEVER
    ready: float = NEVER


@dataclass
class Segment:
    """A stay up to its end or to becoming unwell, when the next segment begins."""

    row: Row
    step: int
    begins: float
    ready: float
    tasks_done: int = 0
    relapses: int = 0
    leaves_after: float = NEVER
    running: Row | None = None  # a task that was going on when this segment began
    asked: float = NEVER  # when the next place was asked for, if before the start
    first: Claim = field(default_factory=lambda: Claim(NONE, STAY))

    @property
    def disturbed(self) -> bool:
        """Whether it ended by becoming unwell or leaving another way."""
        return self.row.outcome in (UNWELL, LEFT_WAITING)


class Teller:
    """Follows the story of one person; `claims` says what stands behind each row."""

    def __init__(self, lived: Lived, person: int) -> None:
        self.lived = lived
        self.person = person
        self.steps = lived.people.steps if lived.people.hindered[person] else lived.people.unhindered_steps
        self.unread = {r.number: r for r in lived.of_person[person]}
        self.claims: dict[int, Claim] = {}
        self.was_there = not math.isnan(lived.people.entered[person])

    # ---- reading rows -------------------------------------------------------------------------------

    def demand(self, truth: bool, words: str) -> None:
        """A thing that the rules say."""
        if not truth:
            rows = "\n  ".join(str(r) for r in self.lived.of_person[self.person])
            raise BrokenLawError(f"person {self.person}: {words}\n  {rows}")

    def find(self, purpose: int, service: int, asked: float, step: int) -> Row | None:
        """The unread row of somebody who asked a service at a time, for a step of the itinerary."""
        for row in self.unread.values():
            if (row.purpose, row.service, row.asked, row.step) == (
                purpose,
                service,
                asked,
                int(self.steps.number[step]),
            ):
                return row
        return None

    def read(self, row: Row | None, claim: Claim, words: str) -> Row:
        """Take a row as told."""
        self.demand(row is not None, f"no row for {words}")
        assert row is not None
        self.demand(row.number in self.unread, f"read twice: {words}")
        self.demand(row.step == int(self.steps.number[claim.step]), f"another step number: {words}")
        del self.unread[row.number]
        self.claims[row.number] = claim
        return row

    def service_of(self, step: int) -> int:
        """Where a step leads."""
        return int(self.steps.service[step])

    # ---- the story ------------------------------------------------------------------------------------

    def tell(self) -> None:
        """The whole of it."""
        segment = self.already_there() if self.was_there else self.arrive()
        while segment is not None:
            segment = self.stay(segment)
        self.demand(not self.unread, f"rows that nothing explains: {list(self.unread.values())}")

    def arrive(self) -> Segment | None:
        """Ask for the first place (rule 1)."""
        people, p = self.lived.people, self.person
        arrives = float(people.arrives[p])
        asked = float(people.asked[p]) if not math.isnan(people.asked[p]) else arrives
        got = self.wait(int(people.first_step[p]), int(people.first_otherwise[p]), asked, arrives, None)
        return self.enter(got) if got else None

    def already_there(self) -> Segment:
        """Be there at the start, with a residual stay."""
        people, p = self.lived.people, self.person
        step, entered = int(people.first_step[p]), float(people.entered[p])
        row = self.find(STAY, self.service_of(step), entered, step)
        ready = entered + float(self.steps.stay[step])
        claim = Claim(step, STAY, entered, ready)
        row = self.read(row, claim, "being there at the start")
        self.demand(row.started == entered, "in it since another time")
        asked = float(people.asked[p])
        segment = Segment(row, step, entered, ready, leaves_after=self.leaves_after(step), first=claim)
        if not math.isnan(asked):
            segment.tasks_done, segment.asked = int(self.steps.tasks[step]), asked
        return segment

    def leaves_after(self, step: int) -> float:
        """Days of waiting in hospital after which the person leaves another way."""
        return (
            float(self.steps.leaves_after[step]) if self.lived.is_hospital[self.service_of(step)] else NEVER
        )

    def enter(self, row: Row) -> Segment:
        """A stay begins (rule 2)."""
        step = self.claims[row.number].step
        offer = self.lived.standing(row.service, row.started)
        days = grid(float(self.steps.stay[step]) * offer.stay_scale)
        if row.started > row.asked:
            days += grid(offer.per_day_waited * (row.started - row.asked))
        ready = self.declared(row.service, row.started + max(0.0, days), float(self.steps.decided_rank[step]))
        claim = Claim(step, row.purpose, row.started, ready)
        self.claims[row.number] = claim
        return Segment(row, step, row.started, ready, leaves_after=self.leaves_after(step), first=claim)

    def declared(self, service: int, over: float, rank: float) -> float:
        """The first day on which the person is declared ready, by one rank for all days."""
        still = 1.0
        time = over
        while time < self.lived.horizon:
            day = math.floor(time)
            position = day - self.lived.first_day
            table = self.lived.timeline.on(day).services[self.lived.names[service]].decided
            weekday, holiday = (
                int(self.lived.timeline.weekday[position]),
                bool(self.lived.timeline.holiday[position]),
            )
            chance = table.on(weekday, holiday)
            still *= 1.0 - (1.0 if chance is None else chance)
            if rank < 1.0 - still:
                return time
            time += 1.0
        return time

    # ---- a stay --------------------------------------------------------------------------------------

    def stay(self, s: Segment) -> Segment | None:
        """Everything up to the end of a segment; the next one if there is one."""
        self.demand(s.row.ready == self.seen(s.ready), f"ready at {s.row.ready}, not {s.ready}")
        disturbed_at, kind = self.disturbance(s)
        if s.disturbed:
            self.demand(s.row.left == disturbed_at, f"disturbed at {s.row.left}, not {disturbed_at}")
            self.demand(s.row.outcome == kind, "disturbed in another way")
        else:
            self.demand(
                min(s.row.left, self.lived.horizon) <= disturbed_at, f"not disturbed at {disturbed_at}"
            )
        all_done = self.have_tasks_done(s)
        got = self.move_on(s, all_done) if all_done < NEVER else None
        if s.row.outcome == UNWELL:
            return self.unwell(s)
        if s.row.outcome == LEFT_WAITING or got is None:
            return None
        return self.enter(got)

    def seen(self, time: float) -> float:
        """A time as the journeys show it: what lies at or past the horizon has not happened (rule 15)."""
        return time if time < self.lived.horizon else NEVER

    def disturbance(self, s: Segment) -> tuple[float, int]:
        """When the person becomes unwell or leaves if still in hospital by then (rule 11)."""
        waits_from = self.waits_from(s)
        leaves = waits_from + s.leaves_after
        unwell = NEVER
        if self.lived.is_hospital[s.row.service] and s.relapses < int(self.steps.relapses[s.step]):
            unwell = waits_from + float(
                self.steps.relapse_after[self.steps.first_relapse[s.step] + s.relapses]
            )
        return (leaves, LEFT_WAITING) if leaves <= unwell else (unwell, UNWELL)

    def waits_from(self, s: Segment) -> float:
        """When the wait in hospital that can be disturbed begins: not before the simulation does."""
        return max(s.ready, float(self.lived.people.arrives[self.person]))

    def unwell(self, s: Segment) -> Segment:
        """A new stay, tasks done stay done (rule 11)."""
        now, service = s.row.left, s.row.service
        number = int(self.steps.first_relapse[s.step]) + s.relapses
        days = grid(float(self.steps.relapse_stay[number]) * self.lived.standing(service, now).stay_scale)
        ready = self.declared(service, now + days, float(self.steps.relapse_decided_rank[number]))
        row = self.read(self.find(STAY, service, now, s.step), s.first, "the new stay of somebody unwell")
        self.demand(row.started == now, "a new stay that does not begin at once")
        return replace(
            s, row=row, begins=now, ready=ready, relapses=s.relapses + 1, asked=NEVER,
            leaves_after=s.leaves_after - (now - self.waits_from(s)),
        )  # fmt: skip

    def have_tasks_done(self, s: Segment) -> float:
        """Follow the tasks of a segment, one after another (rule 3); when all are done, NEVER if they are not."""
        first, count = int(self.steps.first_task[s.step]), int(self.steps.tasks[s.step])
        done = s.begins
        if s.running is not None:
            done = self.task_ends(s, s.running, float(self.steps.task_work[first + s.tasks_done]))
            if done == NEVER:
                return NEVER
            s.tasks_done += 1
        asked = (
            max(self.referral(s, max(s.begins, done), first), self.lived.first_day)
            if s.tasks_done < count
            else NEVER
        )
        while s.tasks_done < count:
            if asked >= self.lived.horizon:
                return NEVER
            team = int(self.steps.task_team[first + s.tasks_done])
            row = self.read(
                self.find(TASK, team, asked, s.step), Claim(s.step, TASK), f"task {s.tasks_done} at {asked}"
            )
            done = self.task(s, row, float(self.steps.task_work[first + s.tasks_done]))
            if done == NEVER:
                return NEVER
            s.tasks_done += 1
            asked = done
        return max(done, s.ready)

    def referral(self, s: Segment, earliest: float, first: int) -> float:
        """When the first task of a segment is referred."""
        team = int(self.steps.task_team[first + s.tasks_done])
        lead = self.lived.standing(team, max(earliest, self.lived.first_day)).lead_days
        return max(earliest, s.ready - lead)

    def task(self, s: Segment, row: Row, work: float) -> float:
        """One task from its referral; when it is done, NEVER if this segment does not see that."""
        if row.has_started:
            return self.task_ends(s, row, work)
        if row.left == NEVER:
            self.demand(s.row.left == NEVER, "gone without the task")
        else:
            self.demand(s.disturbed and row.left == s.row.left, "stopped waiting for a team for no reason")
            self.demand(row.outcome == WITHDRAWN, "left a team's queue in another way")
        return NEVER

    def task_ends(self, s: Segment, row: Row, work: float) -> float:
        """When a task that has been started is done. Its team's room is held while it works."""
        ends = row.started + work
        if s.row.outcome == LEFT_WAITING and s.row.left < ends:
            self.demand(
                row.left == row.ready == s.row.left and row.outcome == LEFT_WAITING,
                "task outlives the person",
            )
            return NEVER
        if s.row.outcome == UNWELL and s.row.left < ends:
            s.running = row
            return NEVER
        self.demand(row.left == row.ready == self.seen(ends), f"task done at {row.left}, not {ends}")
        self.demand(row.outcome == (DONE if row.left < NEVER else OPEN), "task ended in another way")
        if ends >= self.lived.horizon:
            self.demand(s.row.outcome == OPEN, "gone before the task was done")
            return NEVER
        self.demand(s.row.left >= ends, "gone before the task was done")
        s.running = None
        return ends

    def move_on(self, s: Segment, free: float) -> Row | None:
        """Free to move: leave, or ask for the next place and keep this one until it is there (rule 4)."""
        if free >= self.lived.horizon or (s.disturbed and s.row.left < free):
            self.demand(s.disturbed or s.row.left == NEVER, "left before being free to move")
            return None
        step = int(self.steps.next[s.step])
        if step == NONE:
            self.demand(s.row.left == free, f"left at {s.row.left}, not when free at {free}")
            self.demand(s.row.outcome == int(self.steps.exit[s.step]), "left in another way")
            return None
        now = max(free, self.lived.first_day)
        if s.disturbed and s.row.left == now and self.find(STAY, self.service_of(step), now, step) is None:
            return None  # disturbed at the very instant, before asking
        return self.wait(step, int(self.steps.otherwise[s.step]), min(free, s.asked), now, s)

    # ---- a wait --------------------------------------------------------------------------------------

    def wait(self, step: int, other: int, asked: float, now: float, s: Segment | None) -> Row | None:
        """From asking for a place to getting in somewhere; the row of that place, None if it never comes."""
        main = self.read(
            self.find(STAY, self.service_of(step), asked, step), Claim(step, STAY), f"asking at {asked}"
        )
        due = (
            max(asked + self.lived.standing(main.service, now).plan_b_after, now) if other != NONE else NEVER
        )
        second = (
            self.find(PLAN_B, self.service_of(other), due, other)
            if other != NONE and due < self.lived.horizon
            else None
        )
        ends = self.wait_ends(s, main, second)
        if second is not None:
            self.read(second, Claim(other, PLAN_B), "plan B")
            self.demand(due <= ends, "plan B after the wait was over")
        else:
            self.demand(due >= min(ends, self.lived.horizon), f"no plan B though due at {due}")
        shelters = self.shelters(s, main, second, now, due, step, other)
        claims = [main, *([second] if second else [])]
        got = next((r for r in claims if r.has_started), None)
        for row in claims:
            if row is not got and ends < NEVER:
                self.demand(
                    row.left == ends and row.outcome == WITHDRAWN, "still asks though the wait is over"
                )
        self.follow_shelters(s, shelters, got, ends)
        return got

    def wait_ends(self, s: Segment | None, main: Row, second: Row | None) -> float:
        """When the wait is over: in the place, in the other place, or broken off."""
        starts = [r.started for r in (main, second) if r is not None and r.has_started]
        self.demand(len(starts) <= 1, "got into both")
        if starts:
            return starts[0]
        return s.row.left if s is not None and s.disturbed else NEVER

    def shelters(
        self, s: Segment | None, main: Row, second: Row | None, now: float, due: float, step: int, other: int
    ) -> list[Row]:
        """The rows of places to wait in, each of which must have been asked for in time (rule 9)."""
        found: list[Row] = []
        if s is None or not self.lived.is_hospital[s.row.service]:
            return found
        for service, behind, when in (
            (main.service, step, now),
            (second.service if second else NONE, other, due),
        ):
            if service == NONE or s.row.left < when:
                continue
            for place in self.lived.plan.offer.wait_in[service]:
                row = self.find(WAIT_IN, place, when, behind)
                if row is not None:
                    found.append(self.read(row, Claim(behind, WAIT_IN), "a place to wait in"))
                elif (
                    s.row.left > when
                    and min(main.queued_until, second.queued_until if second else NEVER) > when
                ):
                    asks = [r.service for r in (*found, main, second) if r is not None]
                    self.demand(place in asks, f"does not ask for {self.lived.names[place]} to wait in")
        return found

    def follow_shelters(self, s: Segment | None, rows: list[Row], got: Row | None, ends: float) -> None:
        """Where the person is while they wait, and that they give up one place for the other (rule 5)."""
        inside = [r for r in rows if r.has_started]
        self.demand(len(inside) <= 1, "waits in two places")
        for row in rows:
            if row not in inside:
                over = inside[0].started if inside else ends
                self.demand(row.left == over, "still asks for a place to wait in")
                self.demand(
                    row.outcome == (WITHDRAWN if over < NEVER else OPEN), "left its queue in another way"
                )
        here = s.row if s else None
        for row in [*inside, *([got] if got else [])]:
            if here is not None:
                self.demand(
                    here.left == row.started, "gave up a place at another time than getting into the next"
                )
                self.demand(here.outcome == row.service, "went elsewhere than it says")
            if row.purpose == WAIT_IN:
                self.demand(row.ready == row.started, "waits in a place, but is not ready")
            here = row
        if here is not None and got is None and not (s is not None and here is s.row and s.disturbed):
            self.demand(here.left == NEVER and here.outcome == OPEN, "gone, nobody knows where to")


def stories(lived: Lived) -> dict[int, Claim]:
    """Follow everybody's story; what stands behind each row. Raises BrokenLawError."""
    claims: dict[int, Claim] = {}
    for person in range(len(lived.people)):
        teller = Teller(lived, person)
        teller.tell()
        claims |= teller.claims
    return claims


def two_places_at_once(lived: Lived) -> Iterator[str]:
    """Nobody is in two places, and nobody who has arrived is nowhere unless queueing for the first place."""
    for person, rows in lived.of_person.items():
        held = sorted((r.started, r.left) for r in rows if r.purpose != TASK and r.has_started)
        for (_, left), (started, _) in pairwise(held):
            if left != started:
                yield f"person {person} leaves at {left} and starts at {started}"
