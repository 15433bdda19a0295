"""A service in the compiled engine: its day, its room and its queue (the twin of `engine/service.py`)."""

from __future__ import annotations

import math

from flowsim.compiling import compiled, inlined
from flowsim.engine import rules
from flowsim.engine.compiled.calendar import BROKEN_OFF, LOOK_AGAIN, call, expect
from flowsim.engine.compiled.layout import NIL, World
from flowsim.engine.compiled.tables import (
    AHEAD,
    alerts,
    claims,
    effects,
    fetch_row,
    offers,
    persons,
    put,
    rows,
    service_of,
    services,
    steps,
)
from flowsim.journeys import OPEN, WAIT_IN, WITHDRAWN
from flowsim.scenario.offer import CAPACITY, STARTS
from flowsim.units import GRID_PER_DAY

_whole_starts = inlined(rules.whole_starts)


# ---- the log ---------------------------------------------------------------------------------------


@inlined
def open_row(c: World, person: int, step: int, purpose: int, service: int, asked: float) -> int:
    """Begin a row: somebody asks for a service."""
    row = c.rows
    if row >= c.rows_room:
        c.is_full = 1
        return 0
    c.rows = row + 1
    fetch_row(c, row + AHEAD)
    rows(c, row).person, rows(c, row).step = person, steps(c, step).number
    rows(c, row).purpose, rows(c, row).service, rows(c, row).outcome = purpose, service, OPEN
    rows(c, row).asked = asked
    rows(c, row).started = rows(c, row).ready = rows(c, row).left = math.nan
    return int(row)


# ---- its day ---------------------------------------------------------------------------------------


@inlined
def begin_day(c: World, s: int) -> None:
    """Take over the capacity, starts and stay factor of today, escalations in force included."""
    day = c.today
    capacity, starts, scale = (
        offers(c, s, day).capacity,
        offers(c, s, day).starts,
        offers(c, s, day).stay_scale,
    )
    for e in range(c.effects):
        if effects(c, e).service == s and alerts(c, effects(c, e).alert).is_on:
            quantity = effects(c, e).quantity
            if quantity == CAPACITY:
                capacity = _escalated(c, e, capacity, day)
            elif quantity == STARTS:
                starts = _escalated(c, e, starts, day)
            else:
                scale = _escalated(c, e, scale, day)
    if not math.isinf(capacity):
        capacity = round(capacity * GRID_PER_DAY) / GRID_PER_DAY
    services(c, s).capacity = capacity
    services(c, s).starts = _whole_starts(starts, c.first_ordinal + day)
    services(c, s).stay_scale = scale
    services(c, s).opens, services(c, s).closes = offers(c, s, day).opens, offers(c, s, day).closes
    services(c, s).taken_today = 0.0
    services(c, s).opening_is_due = 0


@inlined
def _escalated(c: World, e: int, usual: float, day: int) -> float:
    """What an escalation makes of a number: (put or usual) x scale + add."""
    base = put(c, e, day).value
    if math.isnan(base):
        base = usual
    if not math.isinf(base):
        base = base * effects(c, e).scale + effects(c, e).add
    return float(base)


# ---- its room --------------------------------------------------------------------------------------


@inlined
def can_take(c: World, s: int, size: float) -> bool:
    """Whether it is open, has a start left today, and has room for somebody of this size."""
    if services(c, s).is_free:
        return True
    if services(c, s).in_use + size > services(c, s).capacity:
        return False
    if services(c, s).taken_today >= services(c, s).starts:
        return False
    time_of_day = c.now - math.floor(c.now)
    return bool(services(c, s).opens <= time_of_day < services(c, s).closes)


@inlined
def lets_in_at_once(c: World, s: int, size: float) -> bool:
    """Whether somebody who comes now gets in without queueing."""
    return services(c, s).head == NIL and can_take(c, s, size)


@inlined
def occupy(c: World, s: int, size: float) -> None:
    """Somebody gets in."""
    services(c, s).in_use += size
    services(c, s).taken_today += 1.0


@inlined
def give_back(c: World, s: int, size: float) -> None:
    """Room comes free; whoever is next may have it at this same instant."""
    services(c, s).in_use -= size
    take_on(c, s)


# ---- its queue -------------------------------------------------------------------------------------


@inlined
def new_claim(c: World, person: int, s: int, step: int, purpose: int, row: int, size: float) -> int:
    """One person's place in one queue."""
    claim = c.claim_free
    if claim != NIL:
        c.claim_free = claims(c, claim).next
    else:
        claim = c.claim_used
        c.claim_used += 1
    claims(c, claim).person, claims(c, claim).service, claims(c, claim).step = person, s, step
    claims(c, claim).purpose, claims(c, claim).row = purpose, row
    claims(c, claim).size = size
    return int(claim)


@inlined
def forget(c: World, claim: int) -> None:
    """A claim that nobody will look at again."""
    claims(c, claim).next = c.claim_free
    c.claim_free = claim


@compiled
def _join(c: World, claim: int, priority: int, joined: float) -> None:
    """Somebody joins the queue: ordered by priority, time of joining, person and purpose (rule 7)."""
    s, person = service_of(claims(c, claim)), claims(c, claim).person
    claims(c, claim).priority, claims(c, claim).joined = priority, joined
    ahead = services(c, s).tail
    while ahead != NIL and _goes_before(c, claim, ahead):
        ahead = claims(c, ahead).ahead
    behind = services(c, s).head if ahead == NIL else claims(c, ahead).behind
    _link(c, s, ahead, claim)
    _link(c, s, claim, behind)
    last = persons(c, person).last_claim
    if last == NIL:
        persons(c, person).first_claim = claim
    else:
        claims(c, last).next = claim
    persons(c, person).last_claim = claim
    claims(c, claim).next = NIL


@inlined
def take_on(c: World, s: int) -> None:
    """Call people in from the queue, if there is anybody who can be."""
    head = services(c, s).head
    if head != NIL and (can_take(c, s, claims(c, head).size) or services(c, s).may_pass):
        _take_on_now(c, s)


@inlined
def _goes_before(c: World, one: int, other: int) -> bool:
    """Whether one claim comes before another in a queue."""
    if claims(c, one).priority != claims(c, other).priority:
        return bool(claims(c, one).priority < claims(c, other).priority)
    if claims(c, one).joined != claims(c, other).joined:
        return bool(claims(c, one).joined < claims(c, other).joined)
    if claims(c, one).person != claims(c, other).person:
        return bool(claims(c, one).person < claims(c, other).person)
    return bool(claims(c, one).purpose < claims(c, other).purpose)


@inlined
def _link(c: World, s: int, ahead: int, behind: int) -> None:
    """Let one claim stand directly behind another; NIL stands for the ends of the queue."""
    if ahead == NIL:
        services(c, s).head = behind
    else:
        claims(c, ahead).behind = behind
    if behind == NIL:
        services(c, s).tail = ahead
    else:
        claims(c, behind).ahead = ahead


@inlined
def _step_out(c: World, claim: int) -> None:
    """Out of the queue, and off the list of what the person asks for."""
    _link(c, service_of(claims(c, claim)), claims(c, claim).ahead, claims(c, claim).behind)
    person, before = claims(c, claim).person, NIL
    at = persons(c, person).first_claim
    while at != claim:
        before, at = at, claims(c, at).next
    following = claims(c, claim).next
    if before == NIL:
        persons(c, person).first_claim = following
    else:
        claims(c, before).next = following
    if following == NIL:
        persons(c, person).last_claim = before


@compiled
def _take_on_now(c: World, s: int) -> None:
    """Call people in from the queue, head first; nobody passes unless the service says so."""
    claim = services(c, s).head
    while claim != NIL:
        if can_take(c, s, claims(c, claim).size):
            occupy(c, s, claims(c, claim).size)
            _call(c, claim)
            claim = services(c, s).head
        elif services(c, s).may_pass:
            claim = claims(c, claim).behind
        else:
            return


@inlined
def _call(c: World, claim: int) -> None:
    """A service takes the person on. A place to wait in costs them no turn elsewhere (rule 9)."""
    _step_out(c, claim)
    person, purpose = claims(c, claim).person, claims(c, claim).purpose
    other = persons(c, person).first_claim
    while other != NIL:
        following = claims(c, other).next
        if purpose != WAIT_IN or claims(c, other).purpose == WAIT_IN:
            _withdraw(c, other)
        other = following
    if purpose != WAIT_IN:
        persons(c, person).is_asking = 0
    persons(c, person).unheard += 1
    call(c, person, claim)


@inlined
def _withdraw(c: World, claim: int) -> None:
    """Leave the queue without having been served. If they held up others, those are looked at in a moment."""
    s, row = service_of(claims(c, claim)), claims(c, claim).row
    rows(c, row).left, rows(c, row).outcome = c.now, WITHDRAWN
    was_head = services(c, s).head == claim
    _step_out(c, claim)
    forget(c, claim)
    head = services(c, s).head
    if was_head and head != NIL and can_take(c, s, claims(c, head).size):
        call(c, s, LOOK_AGAIN)


@compiled
def break_off(c: World, person: int) -> None:
    """The person stops waiting for any of it."""
    persons(c, person).is_asking = 0
    claim = persons(c, person).first_claim
    while claim != NIL:
        following = claims(c, claim).next
        _withdraw(c, claim)
        claim = following
    persons(c, person).unheard += 1
    call(c, person, BROKEN_OFF)


# ---- with the calendar -----------------------------------------------------------------------------


@inlined
def join(c: World, claim: int, priority: int, joined: float) -> None:
    """Somebody joins a queue."""
    s = service_of(claims(c, claim))
    _join(c, claim, priority, joined)
    take_on(c, s)
    _expect_opening(c, s)


@inlined
def look_at_queue(c: World, s: int) -> None:
    """A new day: take people on, and expect the opening if some must wait for it."""
    take_on(c, s)
    _expect_opening(c, s)


@inlined
def _expect_opening(c: World, s: int) -> None:
    """A queue before opening time is looked at when the service opens; without a queue nobody would notice."""
    if services(c, s).head == NIL or services(c, s).opening_is_due:
        return
    opening = c.first_day + c.today + services(c, s).opens
    if opening > c.now:
        services(c, s).opening_is_due = 1
        expect(c, opening, rules_order(rules.OPENS, services(c, s).downstream), s)


@inlined
def rules_order(kind: int, number: int) -> int:
    """`rules.order`, for compiled code."""
    return (kind << 40) + number
