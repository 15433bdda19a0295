"""What happens next: a calendar of coming events, and what is to happen at this same instant.

Events far ahead lie unsorted in slots of three quarters of an hour; when a slot begins, its events go into a small heap. Events
are ordered by time, then by the written order of `rules`, then by their note.
"""

from __future__ import annotations

import math
from typing import Final

from flowsim.compiling import compiled, inlined
from flowsim.engine.compiled.layout import NIL, SLOTS_PER_DAY, World
from flowsim.engine.compiled.tables import (
    calls,
    fetch_person,
    fetch_row,
    fetch_step,
    later,
    persons,
    slot_first,
    soon,
)

# The number within an order of `rules`: of a person, as a rule.
NUMBERS: Final = 2**40 - 1
# What a call brings to a person, besides the number of a claim that was served.
BROKEN_OFF: Final = -1
# A "call" to a service: look at your queue again.
LOOK_AGAIN: Final = -2


@compiled
def expect(c: World, time: float, order: int, note: int) -> None:
    """Let an event happen at a time (days); what lies at or past the horizon is never reached."""
    if time >= c.horizon:
        return
    slot = math.floor((time - c.first_day) * SLOTS_PER_DAY)
    if slot <= c.slot:
        _put_soon(c, time, order, note)
        return
    at = c.later_free
    if at != NIL:
        c.later_free = later(c, at).next
    elif c.later_used < c.events_room:
        at = c.later_used
        c.later_used += 1
    else:
        c.is_full = 1
        return
    later(c, at).time, later(c, at).order, later(c, at).note = time, order, note
    later(c, at).next = slot_first(c, slot).value
    slot_first(c, slot).value = at


@inlined
def begin_slot(c: World, slot: int) -> None:
    """The events of a slot come soon."""
    c.slot = slot
    at = slot_first(c, slot).value
    while at != NIL:
        _put_soon(c, later(c, at).time, later(c, at).order, later(c, at).note)
        fetch_person(c, later(c, at).order & NUMBERS)
        following = later(c, at).next
        later(c, at).next = c.later_free
        c.later_free = at
        at = following
    _fetch_ahead(c)


@inlined
def _fetch_ahead(c: World) -> None:
    """Have all that the coming events will look at fetched at once: one by one takes longer than the events do."""
    for n in range(c.soon_events):
        p = soon(c, n).order & NUMBERS
        if p < c.people:  # the number of a service that opens may be larger
            step = persons(c, p).step
            fetch_step(c, step)
            fetch_step(c, step + 1)  # as a rule, where they go next
            fetch_row(c, persons(c, p).row)


@inlined
def _put_soon(c: World, time: float, order: int, note: int) -> None:
    """Into the heap: each event comes no later than the two below it."""
    at = c.soon_events
    if at >= c.events_room:
        c.is_full = 1
        return
    c.soon_events = at + 1
    while at > 0:
        above = (at - 1) >> 1
        if not _comes_before(c, time, order, note, above):
            break
        _move(c, above, at)
        at = above
    soon(c, at).time, soon(c, at).order, soon(c, at).note = time, order, note


@inlined
def take_next(c: World) -> None:
    """Take the first event out of the heap; the caller has read it."""
    last = c.soon_events - 1
    c.soon_events = last
    if last == 0:
        return
    time, order, note = soon(c, last).time, soon(c, last).order, soon(c, last).note
    at, below = 0, 1
    while below < last:
        other = below + 1
        if other < last and _comes_before(
            c, soon(c, other).time, soon(c, other).order, soon(c, other).note, below
        ):
            below = other
        if _comes_before(c, time, order, note, below):
            break
        _move(c, below, at)
        at, below = below, 2 * below + 1
    soon(c, at).time, soon(c, at).order, soon(c, at).note = time, order, note


@inlined
def _comes_before(c: World, time: float, order: int, note: int, other: int) -> bool:
    if time != soon(c, other).time:
        return bool(time < soon(c, other).time)
    if order != soon(c, other).order:
        return bool(order < soon(c, other).order)
    return bool(note < soon(c, other).note)


@inlined
def _move(c: World, at: int, to: int) -> None:
    soon(c, to).time, soon(c, to).order, soon(c, to).note = (
        soon(c, at).time,
        soon(c, at).order,
        soon(c, at).note,
    )


@inlined
def call(c: World, whom: int, what: int) -> None:
    """At this same instant, before anything else: tell a person of a claim, or a service to look again."""
    at = c.calls_up_to
    if at - c.calls_from >= c.calls:
        c.is_full = 1
        return
    place = at & (c.calls - 1)  # a ring whose length is a power of two
    calls(c, place).whom, calls(c, place).what = whom, what
    c.calls_up_to = at + 1
