"""A person's story in the compiled engine: the twin of `engine/process.py`, cut where a person waits.

Where the SimPy model yields, a person here is left in a state; the event that they wait for tells the story on
from that state. Functions bear the names of those in `process.py`.
"""

from __future__ import annotations

import math
from typing import Final

from flowsim.compiling import inlined
from flowsim.engine import rules
from flowsim.engine.compiled.calendar import BROKEN_OFF, expect
from flowsim.engine.compiled.layout import NIL, World
from flowsim.engine.compiled.services import (
    break_off,
    forget,
    give_back,
    join,
    lets_in_at_once,
    new_claim,
    occupy,
    open_row,
    rules_order,
)
from flowsim.engine.compiled.tables import (
    arrivals,
    claims,
    decided_by_day,
    offers,
    persons,
    relapses,
    rows,
    service_of,
    services,
    shelters,
    steps,
    taper_first,
    taper_size,
    tasks,
    ward,
)
from flowsim.journeys import DONE, LEFT_WAITING, PLAN_B, STAY, UNWELL, WAIT_IN
from flowsim.journeys import TASK as TASK_PURPOSE

# Where a person's story stands: what they wait for.
COMES_IN: Final = 0  # to be called to their first place
IS_REFERRED: Final = 1  # the moment of being referred to a team
AWAITS_TEAM: Final = 2  # to be called by a team
HAS_TASK_DONE: Final = 3  # the end of a task
GETS_READY: Final = 4  # being ready
AWAITS_PLACE: Final = 5  # to be called to the next place
IS_GONE: Final = 6

# How a story goes on at this instant.
PAUSE: Final = 0
STAY_ON: Final = 1  # see what is still to be done here
MOVE_ON: Final = 2
ASK_FIRST: Final = 3  # they waited for their next place before the start

# The note of an event: that a person who waits is disturbed, or one who has a task done.
STOPS_WAITING: Final = 0
GOES_ON: Final = 1
LEVELS: Final = 2**20  # the note of a falling size holds the visit and the level

_stay_until = inlined(rules.stay_until)
_part_of_stay = inlined(rules.part_of_stay)
_declared_after = inlined(rules.declared_after)


@inlined
def arrive(c: World, p: int) -> int:
    """Begin the story, for who comes and for who has been there from the start."""
    if not math.isnan(arrivals(c, p).entered):
        return ASK_FIRST if not math.isnan(arrivals(c, p).asked) else STAY_ON
    return come_in(c, p)


@inlined
def come_in(c: World, p: int) -> int:
    """Arrive, and ask for the first place."""
    step = arrivals(c, p).first_step
    s, size, asked = service_of(steps(c, step)), steps(c, step).size_start, arrivals(c, p).asked
    if math.isnan(asked):
        if lets_in_at_once(c, s, size):
            enter_at_once(c, p, step)
            return STAY_ON
        asked = c.now
    persons(c, p).state = COMES_IN
    ask(c, p, step, arrivals(c, p).first_otherwise, asked, is_in_hospital=False)
    return PAUSE


@inlined
def stay_on(c: World, p: int) -> int:
    """Stay until free to move: ready, and every task of this place done."""
    if persons(c, p).task < persons(c, p).last_task:
        if persons(c, p).refer_at > c.now:
            persons(c, p).state = IS_REFERRED
            _at(c, persons(c, p).refer_at, rules.REFERRED, p, 0)
        else:
            be_referred(c, p)
        return PAUSE
    if persons(c, p).ready_at > c.now:
        if leaves_unnoticed(c, p):
            return PAUSE
        persons(c, p).state = GETS_READY
        _at(c, persons(c, p).ready_at, rules.READY, p, 0)
        return PAUSE
    return MOVE_ON


@inlined
def leaves_unnoticed(c: World, p: int) -> bool:
    """The end of care in a place that is never full: nothing follows from it, so it is written down beforehand."""
    s, step = service_of(persons(c, p)), persons(c, p).step
    if services(c, s).is_hospital or steps(c, step).next >= 0 or is_noticed(c, s, persons(c, p).ready_at):
        return False
    row = persons(c, p).row
    rows(c, row).left, rows(c, row).outcome = persons(c, p).ready_at, steps(c, step).next
    persons(c, p).state = IS_GONE
    return True


@inlined
def is_noticed(c: World, s: int, time: float) -> bool:
    """Whether giving back room at a time can make a difference to anybody.

    Not where there is always room; but at the instant of opening whoever looks at the queue first takes people on.
    """
    if not services(c, s).is_never_full:
        return True
    day = math.floor(time)
    return bool(day - c.first_day < c.days and time - day == offers(c, s, day - c.first_day).opens)


@inlined
def be_referred(c: World, p: int) -> None:
    """Be referred to a team, and wait for it unless it is free."""
    step, team = persons(c, p).step, tasks(c, persons(c, p).task).team
    row = open_row(c, p, step, TASK_PURPOSE, team, c.now)
    persons(c, p).task_row = row
    if lets_in_at_once(c, team, 1.0):
        occupy(c, team, 1.0)
        begin_task(c, p)
        return
    persons(c, p).state = AWAITS_TEAM
    begin_wait(c, p, NIL)
    join(c, new_claim(c, p, team, NIL, TASK_PURPOSE, row, 1.0), steps(c, step).priority, c.now)
    expect_to_be_called(c, p)


@inlined
def begin_task(c: World, p: int) -> None:
    """The team begins."""
    now = c.now
    rows(c, persons(c, p).task_row).started = now
    persons(c, p).refer_at = -math.inf
    persons(c, p).task_until = now + tasks(c, persons(c, p).task).work
    pass_time(c, p)


@inlined
def pass_time(c: World, p: int) -> None:
    """Let a task take its time, unless something happens to the person meanwhile."""
    persons(c, p).state = HAS_TASK_DONE
    if ends_last_task_unnoticed(c, p):
        return
    if persons(c, p).disturbed_at < persons(c, p).task_until:
        _at(c, persons(c, p).disturbed_at, rules.DISTURBED, p, 2 * persons(c, p).visit + GOES_ON)
    else:
        _at(c, persons(c, p).task_until, rules.TASK_DONE, p, 0)


@inlined
def ends_last_task_unnoticed(c: World, p: int) -> bool:
    """The last task, done before the person is ready by a team that is never full: likewise, what follows is being ready."""
    task, until = persons(c, p).task, persons(c, p).task_until
    if task + 1 != persons(c, p).last_task or until >= persons(c, p).ready_at:
        return False
    if is_noticed(c, tasks(c, task).team, until):
        return False
    row = persons(c, p).task_row
    rows(c, row).ready = rows(c, row).left = until
    rows(c, row).outcome = DONE
    persons(c, p).task = task + 1
    persons(c, p).state = GETS_READY
    _at(c, persons(c, p).ready_at, rules.READY, p, 0)
    return True


@inlined
def end_task(c: World, p: int, outcome: int) -> None:
    """The team is done with the person, or the person has left."""
    row, team = persons(c, p).task_row, tasks(c, persons(c, p).task).team
    rows(c, row).ready = rows(c, row).left = c.now
    rows(c, row).outcome = outcome
    give_back(c, team, 1.0)
    if outcome == DONE:
        persons(c, p).task += 1
        if persons(c, p).refer_at > -math.inf:  # unwell in between: the next task has a new stay to wait for
            refer_from(c, p, c.now)


@inlined
def move_on(c: World, p: int, asked: float) -> int:
    """Go to the next place, or wait for it, or leave if there is none. Until then the present one is kept."""
    here = persons(c, p).step
    step = steps(c, here).next
    if step < 0:
        leave(c, p, step)
        return PAUSE
    s = service_of(steps(c, step))
    if math.isnan(asked):
        if lets_in_at_once(c, s, steps(c, step).size_start):
            row, place, size, bed = (
                persons(c, p).row,
                service_of(persons(c, p)),
                persons(c, p).size,
                persons(c, p).bed,
            )
            enter_at_once(c, p, step)
            give_up(c, p, row, place, size, bed, s)
            return STAY_ON
        asked = c.now
    persons(c, p).state = AWAITS_PLACE
    ask(
        c,
        p,
        step,
        steps(c, here).otherwise,
        asked,
        is_in_hospital=services(c, service_of(persons(c, p))).is_hospital != 0,
    )
    expect_to_be_called(c, p)
    return PAUSE


# ---- queueing --------------------------------------------------------------------------------------


@inlined
def begin_wait(c: World, p: int, other: int) -> None:
    """A new wait, for a place or for a team."""
    persons(c, p).wait += 1
    persons(c, p).is_asking = 1
    persons(c, p).unheard = 0
    persons(c, p).otherwise = other
    persons(c, p).first_claim = persons(c, p).last_claim = NIL


@inlined
def ask(c: World, p: int, step: int, other: int, asked: float, is_in_hospital: bool) -> None:
    """Join the queue of a place, and those that go with it: where to wait (rule 9), plan B (rule 10)."""
    begin_wait(c, p, other)
    queue_for(c, p, step, STAY, asked, is_in_hospital)
    if other != NIL and persons(c, p).is_asking:
        due = asked + offers(c, service_of(steps(c, step)), c.today).plan_b_after
        if due < c.horizon:
            _at(c, max(due, c.now), rules.PLAN_B_DUE, p, persons(c, p).wait)


@inlined
def ask_for_plan_b(c: World, p: int, wait: int) -> None:
    """Still waiting when plan B is due: ask for the other place as well."""
    if persons(c, p).wait == wait and persons(c, p).is_asking:
        in_hospital = (
            persons(c, p).state == AWAITS_PLACE and services(c, service_of(persons(c, p))).is_hospital != 0
        )
        queue_for(c, p, persons(c, p).otherwise, PLAN_B, c.now, in_hospital)


@inlined
def queue_for(c: World, p: int, step: int, purpose: int, asked: float, is_in_hospital: bool) -> None:
    """Join one queue; somebody in hospital also joins the queues of the places where they may wait for it."""
    s = service_of(steps(c, step))
    row = open_row(c, p, step, purpose, s, asked)
    join(c, new_claim(c, p, s, step, purpose, row, steps(c, step).size_start), steps(c, step).priority, asked)
    for n in range(services(c, s).first_shelter, services(c, s).last_shelter):
        if persons(c, p).unheard > 0 or not is_in_hospital:
            return
        shelter = shelters(c, n).value
        if not _asks_for(c, p, shelter):
            row = open_row(c, p, step, WAIT_IN, shelter, c.now)
            join(c, new_claim(c, p, shelter, step, WAIT_IN, row, 1.0), steps(c, step).priority, c.now)


@inlined
def _asks_for(c: World, p: int, s: int) -> bool:
    """Whether somebody is in the queue of a service already."""
    claim = persons(c, p).first_claim
    while claim != NIL:
        if service_of(claims(c, claim)) == s:
            return True
        claim = claims(c, claim).next
    return False


@inlined
def expect_to_be_called(c: World, p: int) -> None:
    """Wait until a service calls; an event comes to see whether they still wait when something happens to them."""
    disturbed_at = persons(c, p).disturbed_at
    if disturbed_at < c.horizon and disturbed_at != persons(c, p).timer:
        persons(c, p).timer = disturbed_at
        _at(c, disturbed_at, rules.DISTURBED, p, 2 * persons(c, p).visit + STOPS_WAITING)


@inlined
def stop_waiting(c: World, p: int, visit: int) -> None:
    """Something happens to a person: if they still wait in this place, they stop asking."""
    if persons(c, p).visit == visit and persons(c, p).is_asking:
        break_off(c, p)


@inlined
def hear(c: World, p: int, claim: int) -> int:
    """A person hears a call: of a claim that was served, or that the wait is broken off."""
    persons(c, p).unheard -= 1
    state = persons(c, p).state
    if claim == BROKEN_OFF:
        return STAY_ON if is_still_there_when_disturbed(c, p) else leave_while_waiting(c, p)
    if state == AWAITS_TEAM:
        forget(c, claim)
        begin_task(c, p)
        return PAUSE
    if state == COMES_IN:
        enter(c, p, claim)
        forget(c, claim)
        return STAY_ON
    row, place, size, bed = (
        persons(c, p).row,
        service_of(persons(c, p)),
        persons(c, p).size,
        persons(c, p).bed,
    )
    enter(c, p, claim)
    purpose, s = claims(c, claim).purpose, service_of(claims(c, claim))
    forget(c, claim)
    give_up(c, p, row, place, size, bed, s)
    return PAUSE if purpose == WAIT_IN else STAY_ON


# ---- getting in, and out ---------------------------------------------------------------------------


@inlined
def new_visit(c: World, p: int, step: int, s: int, row: int, size: float) -> None:
    """Somebody in a place; what went before is given up by the caller."""
    persons(c, p).step, persons(c, p).service, persons(c, p).row = step, s, row
    persons(c, p).visit += 1
    persons(c, p).task = persons(c, p).last_task = 0
    persons(c, p).bed = NIL
    persons(c, p).size = size
    persons(c, p).refer_at = -math.inf
    persons(c, p).disturbed_at = persons(c, p).leaves_after = persons(c, p).timer = math.inf


@inlined
def enter_at_once(c: World, p: int, step: int) -> None:
    """Get into a place that nobody is waiting for."""
    s, size = service_of(steps(c, step)), steps(c, step).size_start
    occupy(c, s, size)
    row = open_row(c, p, step, STAY, s, c.now)
    new_visit(c, p, step, s, row, size)
    begin_stay(c, p, 0.0)


@inlined
def enter(c: World, p: int, claim: int) -> None:
    """Get into the place that has called: its room is already taken."""
    now, row, step, s = c.now, claims(c, claim).row, claims(c, claim).step, service_of(claims(c, claim))
    if claims(c, claim).purpose == WAIT_IN:
        new_visit(c, p, step, s, row, 1.0)
        rows(c, row).started = rows(c, row).ready = persons(c, p).ready_at = now
    else:
        new_visit(c, p, step, s, row, steps(c, step).size_start)
        begin_stay(c, p, now - rows(c, row).asked)


@inlined
def already_in(c: World, p: int) -> None:
    """Be in a place when the simulation starts: the stay began before, and is over if they wait for another."""
    step, entered = arrivals(c, p).first_step, arrivals(c, p).entered
    s, size = service_of(steps(c, step)), steps(c, step).size_start
    row = open_row(c, p, step, STAY, s, entered)
    rows(c, row).started = entered
    new_visit(c, p, step, s, row, size)
    occupy(c, s, size)
    take_stay(c, p, entered, entered + steps(c, step).stay)
    if not math.isnan(arrivals(c, p).asked):
        persons(c, p).task = persons(c, p).last_task


@inlined
def begin_stay(c: World, p: int, waited: float) -> None:
    """The stay begins: when it is over, and when the person is declared ready, is settled now (rule 2)."""
    now, step, s = c.now, persons(c, p).step, service_of(persons(c, p))
    rows(c, persons(c, p).row).started = now
    per_day_waited = offers(c, s, c.today).per_day_waited
    over = _stay_until(now, steps(c, step).stay, services(c, s).stay_scale, per_day_waited, waited)
    take_stay(c, p, now, _declared(c, s, over, steps(c, step).decided_rank))


@inlined
def _declared(c: World, s: int, over: float, rank: float) -> float:
    """When somebody whose stay is over is declared ready."""
    day = math.floor(over) - c.first_day
    return over + _declared_after(rank, decided_by_day(c, s), day)


@inlined
def take_stay(c: World, p: int, entered: float, ready: float) -> None:
    """Set out what this stay will hold: tasks, steps of a falling size, what may happen while waiting."""
    step, s = persons(c, p).step, service_of(persons(c, p))
    rows(c, persons(c, p).row).ready = persons(c, p).ready_at = ready
    persons(c, p).task = steps(c, step).first_task
    persons(c, p).last_task = steps(c, step).first_task + steps(c, step).tasks
    refer_from(c, p, entered)
    if steps(c, step).taper != NIL:
        shrink(c, p, entered)
    if services(c, s).is_hospital:
        persons(c, p).relapse = steps(c, step).first_relapse
        persons(c, p).leaves_after = steps(c, step).leaves_after
        expect_disturbance(c, p)
        if c.alerts:
            persons(c, p).bed = c.in_hospital
            ward(c, c.in_hospital).value = p
            c.in_hospital += 1


@inlined
def refer_from(c: World, p: int, earliest: float) -> None:
    """The first task is referred a lead before the person is expected to be ready (rule 3)."""
    task = persons(c, p).task
    if task < persons(c, p).last_task:
        lead = offers(c, tasks(c, task).team, c.today).lead_days
        persons(c, p).refer_at = max(earliest, persons(c, p).ready_at - lead)


@inlined
def shrink(c: World, p: int, entered: float) -> None:
    """Room comes free in equal steps during the stay."""
    taper = steps(c, persons(c, p).step).taper
    parts = taper_first(c, taper + 1).value - taper_first(c, taper).value
    for level in range(1, parts):
        time = _part_of_stay(entered, persons(c, p).ready_at, level, parts)
        if time <= c.now:
            become_smaller(c, p, level)
        else:
            _at(c, time, rules.SMALLER, p, persons(c, p).visit * LEVELS + level)


@inlined
def become_smaller(c: World, p: int, level: int) -> None:
    """Give back part of the room."""
    size = taper_size(c, taper_first(c, steps(c, persons(c, p).step).taper).value + level).value
    freed = persons(c, p).size - size
    persons(c, p).size = size
    give_back(c, service_of(persons(c, p)), freed)


@inlined
def give_up(c: World, p: int, row: int, s: int, size: float, bed: int, outcome: int) -> None:
    """Leave a place; its room may admit somebody at this same instant (rule 5)."""
    rows(c, row).left = c.now
    rows(c, row).outcome = outcome
    if bed != NIL:
        last = c.in_hospital - 1
        moved = ward(c, last).value
        if persons(c, p).bed != NIL and bed != last and moved == p:
            persons(c, p).bed = bed  # the person's own new bed is the one that moves
        elif moved != p:
            persons(c, moved).bed = bed
        ward(c, bed).value = moved
        c.in_hospital = last
    give_back(c, s, size)


@inlined
def leave(c: World, p: int, outcome: int) -> None:
    """Leave the present place for good."""
    row, s, size, bed = persons(c, p).row, service_of(persons(c, p)), persons(c, p).size, persons(c, p).bed
    persons(c, p).state = IS_GONE
    persons(c, p).bed = NIL
    persons(c, p).visit += 1
    give_up(c, p, row, s, size, bed, outcome)


# ---- while waiting in hospital (rule 11) -----------------------------------------------------------


@inlined
def expect_disturbance(c: World, p: int) -> None:
    """When the person will become unwell again or leave another way, if still in hospital by then."""
    step, relapse = persons(c, p).step, persons(c, p).relapse
    waits_from = max(persons(c, p).ready_at, c.now)
    leaves = waits_from + persons(c, p).leaves_after
    unwell = math.inf
    if relapse < steps(c, step).last_relapse:
        unwell = waits_from + relapses(c, relapse).after
    persons(c, p).disturbed_at = min(leaves, unwell)


@inlined
def is_still_there_when_disturbed(c: World, p: int) -> bool:
    """Become unwell (a new stay) or leave another way; whether the person is still in hospital."""
    now, step, s = c.now, persons(c, p).step, service_of(persons(c, p))
    waits_from = max(persons(c, p).ready_at, arrivals(c, p).arrives)
    if waits_from + persons(c, p).leaves_after <= now:
        return False
    relapse = persons(c, p).relapse
    persons(c, p).leaves_after -= now - waits_from
    persons(c, p).relapse = relapse + 1
    row = persons(c, p).row
    rows(c, row).left, rows(c, row).outcome = now, UNWELL
    row = open_row(c, p, step, STAY, s, now)
    persons(c, p).row = row
    rows(c, row).started = now
    over = _stay_until(now, relapses(c, relapse).stay, services(c, s).stay_scale, 0.0, 0.0)
    persons(c, p).ready_at = _declared(c, s, over, relapses(c, relapse).decided_rank)
    rows(c, row).ready = persons(c, p).ready_at
    refer_from(c, p, now)
    expect_disturbance(c, p)
    return True


@inlined
def leave_while_waiting(c: World, p: int) -> int:
    """Die in hospital, or leave it another way, while waiting."""
    leave(c, p, LEFT_WAITING)
    return PAUSE


@inlined
def live_through(c: World, p: int) -> None:
    """Something happens to a person whose task is being done: the task goes on, unless they leave."""
    if is_still_there_when_disturbed(c, p):
        pass_time(c, p)
    else:
        end_task(c, p, LEFT_WAITING)
        leave_while_waiting(c, p)


# ---- the clock -------------------------------------------------------------------------------------


@inlined
def _at(c: World, time: float, kind: int, p: int, note: int) -> None:
    expect(c, time, rules_order(kind, p), int(note))
