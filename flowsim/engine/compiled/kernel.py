"""The compiled engine's loop: midnights, arrivals and the calendar, in one order of time."""

from __future__ import annotations

from typing import Final

import numpy as np

from flowsim.compiling import compiled, inlined, is_on_disk
from flowsim.engine import rules
from flowsim.engine.compiled.calendar import LOOK_AGAIN, NUMBERS, begin_slot, take_next
from flowsim.engine.compiled.layout import SLOTS_PER_DAY, Table, World, lay_out
from flowsim.engine.compiled.services import begin_day, look_at_queue, rules_order, take_on
from flowsim.engine.compiled.story import (
    GOES_ON,
    LEVELS,
    MOVE_ON,
    PAUSE,
    STAY_ON,
    already_in,
    arrive,
    ask_for_plan_b,
    be_referred,
    become_smaller,
    end_task,
    hear,
    live_through,
    move_on,
    stay_on,
    stop_waiting,
)
from flowsim.engine.compiled.tables import (
    AHEAD,
    alerts,
    arrivals,
    calls,
    downstream,
    fetch_person,
    fetch_step,
    offers,
    persons,
    soon,
    steps,
    tasks,
    ward,
)
from flowsim.journeys import COLUMNS, DONE
from flowsim.people import People
from flowsim.scenario.offer import Offer

# What may happen besides the kinds of `rules`, in `tell`.
CALLED: Final = -1
ARRIVING: Final = -2
_judged = inlined(rules.judged)


def rows_of_hindered(people: People, offer: Offer, horizon: float) -> tuple[dict[str, np.ndarray], int]:
    """The rows of everybody who can be hindered, in the order in which they were opened, and how many events it took."""
    roominess = 1
    city = lay_out(people, offer, horizon, roominess)
    run(city.world)
    while city.is_full:
        roominess *= 2
        city = lay_out(people, offer, horizon, roominess)
        run(city.world)
    rows = city.rows
    return {name: rows[name] for name in COLUMNS} | {"person": city.who[rows["person"]]}, city.events


def is_ready() -> bool:
    """Whether the engine has been compiled on this computer, so that it starts at once."""
    return is_on_disk(run)


@compiled
def run(world: Table) -> None:
    """Run to the horizon; what would happen at the horizon itself does not."""
    c = world[0]
    for p in range(c.people):
        if not np.isnan(
            arrivals(c, p).entered
        ):  # there at the start: they hold their places before anybody asks for one
            already_in(c, p)
    for slot in range(c.days * SLOTS_PER_DAY):
        if slot % SLOTS_PER_DAY == 0:
            midnight(c, slot // SLOTS_PER_DAY)
        begin_slot(c, slot)
        live_through_slot(c, c.first_day + (slot + 1) / SLOTS_PER_DAY)
        if c.is_full:
            return


@inlined
def live_through_slot(c: World, end: float) -> None:
    """All that happens in a slot, one thing after another."""
    while not c.is_full:
        coming = c.coming
        is_event = c.soon_events > 0
        is_arrival = coming < c.people and arrivals(c, coming).arrives < end
        if is_event and is_arrival:
            is_arrival = arrives_first(c, coming)
        if c.calls_from < c.calls_up_to:
            place = c.calls_from & (c.calls - 1)
            c.calls_from += 1
            p, how = calls(c, place).whom, CALLED
            note = calls(c, place).what
        elif is_arrival:
            p, how, note = coming, ARRIVING, 0
            c.coming = coming + 1
            if coming + AHEAD < c.people:
                fetch_person(c, coming + AHEAD)
                fetch_step(c, arrivals(c, coming + AHEAD).first_step)
            c.now = arrivals(c, p).arrives
        elif is_event:
            order, note = soon(c, 0).order, soon(c, 0).note
            p, how = order & NUMBERS, order >> 40
            c.now = soon(c, 0).time
            take_next(c)
        else:
            break
        c.events += 1
        tell(c, p, how, note)


@inlined
def arrives_first(c: World, coming: int) -> bool:
    """Whether the next to arrive comes before the first event of the calendar."""
    if arrivals(c, coming).arrives != soon(c, 0).time:
        return bool(arrivals(c, coming).arrives < soon(c, 0).time)
    return bool(rules_order(rules.ARRIVES, coming) < soon(c, 0).order)


@inlined
def tell(c: World, p: int, how: int, note: int) -> None:
    """One thing happens; tell the story of the person whom it concerns until they have to wait for something."""
    if how == CALLED:
        if note == LOOK_AGAIN:
            take_on(c, p)
            how = PAUSE
        else:
            how = hear(c, p, note)
    elif how == ARRIVING:
        how = arrive(c, p)
    else:
        how = happen(c, how, p, note)
    while how != PAUSE:
        if how == STAY_ON:
            how = stay_on(c, p)
        else:
            how = move_on(c, p, np.nan if how == MOVE_ON else arrivals(c, p).asked)


@inlined
def happen(c: World, kind: int, p: int, note: int) -> int:
    """One event; how the story of the person whom it concerns goes on."""
    if kind == rules.READY:
        return MOVE_ON
    if kind == rules.TASK_DONE:
        end_task(c, p, DONE)
        return STAY_ON
    if kind == rules.REFERRED:
        be_referred(c, p)
    elif kind == rules.DISTURBED:
        if note & 1 == GOES_ON:
            live_through(c, p)
        else:
            stop_waiting(c, p, note >> 1)
    elif kind == rules.OPENS:
        take_on(c, note)
    elif kind == rules.SMALLER:
        if persons(c, p).visit == note // LEVELS:
            become_smaller(c, p, note % LEVELS)
    else:
        ask_for_plan_b(c, p, note)
    return PAUSE


@compiled
def midnight(c: World, day: int) -> None:
    """Take the census, judge the escalations, begin the day, take people on."""
    c.now = c.first_day + day
    c.today = day
    if c.alerts:
        judge_escalations(c, day)
    for n in range(c.services):
        begin_day(c, downstream(c, n).value)
    for n in range(c.services):
        look_at_queue(c, downstream(c, n).value)
    c.events += 1


@inlined
def judge_escalations(c: World, day: int) -> None:
    """The escalations in force after the census of this midnight (rule 13)."""
    census = delayed(c, day)
    for n in range(c.alerts):
        above, below, after_days = alerts(c, n).above, alerts(c, n).below, alerts(c, n).after_days
        is_on, due = alerts(c, n).is_on != 0, alerts(c, n).due
        is_on, due = _judged(is_on, due, census, above, below, after_days, day)
        alerts(c, n).is_on, alerts(c, n).due = int(is_on), due


@inlined
def delayed(c: World, day: int) -> float:
    """The midnight census: people ready for long enough, by the share that counts of what they wait for."""
    yesterday = max(day - 1, 0)
    latest = c.now - c.counted_after_days
    census = 0.0
    for n in range(c.in_hospital):
        p = ward(c, n).value
        if persons(c, p).ready_at < latest:
            if persons(c, p).task < persons(c, p).last_task:
                awaited = tasks(c, persons(c, p).task).team
            else:
                awaited = steps(c, steps(c, persons(c, p).step).next).service
            census += offers(c, awaited, yesterday).counted_share
    return census
