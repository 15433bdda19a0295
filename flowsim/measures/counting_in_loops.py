"""The countings of the measures, row by row: loops for numba to compile, the twins of `counting_at_once`.

A journeys table is in the order of person, so that whatever concerns one of them lies close together. Here a row of counts is
a day, and a column a key.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from flowsim.compiling import compiled, inlined
from flowsim.counting_loops import add_interval, sum_up
from flowsim.journeys import STAY, TASK, UNWELL, WAIT_IN, Journeys
from flowsim.measures.counted import CensusCounts, FlowCounts, WaitCounts
from flowsim.measures.ground import LEAVE, STILL_AT_HOME_DAYS, Setting
from flowsim.units import Floats, Ints

Bools = NDArray[np.bool_]


def census(journeys: Journeys, setting: Setting) -> CensusCounts:
    """Those who are ready in hospital."""
    routes, services = len(journeys.who.routes), len(setting.offer.names)
    after_days, share = setting.offer.counted_after_days, setting.offer.counted_share
    excess = np.zeros((setting.days, routes))
    waiting = np.zeros((setting.days, routes * services))
    counted = np.zeros_like(waiting) if after_days > 0 else waiting
    _census(
        journeys.person, journeys.step, journeys.purpose, journeys.service, journeys.asked, journeys.started,
        journeys.ready, journeys.left, journeys.who.route, setting.offer.is_hospital, after_days, setting.first_day,
        services, excess, waiting, counted,
    )  # fmt: skip
    people_waiting, delayed = np.zeros((2, setting.days, services))
    delayed_by_route = np.zeros((setting.days, routes))
    _add_up(waiting, counted, share, people_waiting, delayed, delayed_by_route)
    return CensusCounts(_by_key(excess), _by_key(people_waiting), _by_key(delayed), _by_key(delayed_by_route))


def care(
    journeys: Journeys, setting: Setting
) -> tuple[FlowCounts, tuple[Floats, Floats, Floats], WaitCounts]:
    """What `CareCounts` holds, but for the room that people take."""
    offer, services = setting.offer, len(setting.offer.names)
    starts, gone, judged = np.zeros((setting.days, services)), np.zeros((setting.days, 2)), np.zeros(2)
    people, queue, blocked = np.zeros((3, setting.days, services))
    service, waited = np.empty(len(journeys), dtype=np.int64), np.empty(len(journeys))
    left, ready_to_left = np.zeros((2, len(journeys.who.routes)))
    found = _care(
        journeys.person, journeys.purpose, journeys.service, journeys.asked, journeys.started, journeys.ready,
        journeys.left, journeys.outcome, journeys.who.route, offer.free, offer.is_hospital, setting.places_in("home"),
        setting.places_in("home", "bed"), setting.can_be_blocked, journeys.horizon, setting.first_day, starts, gone,
        judged, people, queue, blocked, service, waited, left, ready_to_left,
    )  # fmt: skip
    unwell, discharges = _by_key(gone)
    return (
        FlowCounts(_by_key(starts), unwell, discharges, judged),
        (_by_key(people), _by_key(queue), _by_key(blocked)),
        WaitCounts(service[:found].copy(), waited[:found].copy(), left, ready_to_left),
    )


def _by_key(counts: Floats) -> Floats:
    """Counts by day as counts by key, shape (keys, days)."""
    return np.ascontiguousarray(counts.T)


@inlined
def _first_row(person: Ints, row: int) -> int:
    """The first row of the person of a row."""
    while row > 0 and person[row - 1] == person[row]:
        row -= 1
    return row


@inlined
def _on(counts: Floats, key: int, time: float, first_day: int) -> None:
    """One more on the day of an event; NaN has not happened."""
    if first_day <= time < first_day + counts.shape[0]:
        counts[math.floor(time) - first_day, key] += 1.0


@compiled
def _census(
    person: Ints, step: Ints, purpose: Ints, service: Ints, asked: Floats, started: Floats, ready: Floats,
    left: Floats, route: Ints, is_hospital: Bools, after_days: float, first_day: int, services: int, excess: Floats,
    waiting: Floats, counted: Floats,
) -> None:  # fmt: skip
    for r in range(person.size):
        # Most people leave the moment they are ready, and no midnight sees them.
        if is_hospital[service[r]] and not np.isnan(ready[r]) and not left[r] <= ready[r]:
            way = route[person[r]]
            add_interval(excess, way, ready[r], left[r], first_day)
            wait = _first_row(person, r)
            while wait < person.size and person[wait] == person[r]:
                until = _waits_until(purpose[wait], step[wait] - step[r], started[wait], left[wait], left[r])
                begin = max(asked[wait], ready[r])
                if not until <= begin:
                    key = way * services + service[wait]
                    add_interval(waiting, key, begin, until, first_day)
                    later = max(begin, ready[r] + after_days)
                    if after_days > 0 and not until <= later:
                        add_interval(counted, key, later, until, first_day)
                wait += 1
    sum_up(excess)
    sum_up(waiting)
    if after_days > 0:
        sum_up(counted)


@compiled
def _add_up(
    waiting: Floats, counted: Floats, share: Floats, people_waiting: Floats, delayed: Floats,
    delayed_by_route: Floats,
) -> None:  # fmt: skip
    """From counts by route and service: people by service, and those who are counted, by service and by route, weighted."""
    services, days = share.shape
    for day in range(days):
        for key in range(waiting.shape[1]):
            # Hardly anybody on one route waits for most of what there is.
            if waiting[day, key] != 0.0:
                route, service = key // services, key % services
                people_waiting[day, service] += waiting[day, key]
                weighted = counted[day, key] * share[service, day]
                delayed[day, service] += weighted
                delayed_by_route[day, route] += weighted


@inlined
def _waits_until(purpose: int, steps_later: int, started: float, left: float, leaves: float) -> float:
    """Until when somebody who is ready waits for what a row of theirs is about (NaN: still does); before all times if not for that."""
    if purpose == TASK and steps_later == 0:
        until = left
    elif purpose == STAY and steps_later == 1:
        until = left if np.isnan(started) else started
    else:
        return -np.inf
    return until if np.isnan(leaves) or until < leaves else leaves


@compiled
def _care(
    person: Ints, purpose: Ints, service: Ints, asked: Floats, started: Floats, ready: Floats, left: Floats,
    outcome: Ints, route: Ints, is_free: Bools, is_hospital: Bools, is_home: Bools, is_home_or_bed: Bools,
    can_be_blocked: Bools, horizon: float, first_day: int, starts: Floats, gone: Floats, judged: Floats, people: Floats,
    queue: Floats, blocked: Floats, of_service: Ints, waited: Floats, leaving: Floats, ready_to_left: Floats,
) -> int:  # fmt: skip
    """Write the waits down, and how many there are; in one pass, for reading the rows takes longer than counting."""
    waits = 0
    for r in range(person.size):
        s, to, begin, end = service[r], outcome[r], started[r], left[r]
        _on(starts, s, begin, first_day)
        add_interval(people, s, begin, end, first_day)
        until = end if np.isnan(begin) else begin
        if not until <= asked[r]:
            add_interval(queue, s, asked[r], until, first_day)
        if can_be_blocked[s] and purpose[r] != WAIT_IN:
            add_interval(blocked, s, ready[r], end, first_day)
        if begin >= 0 and not is_free[s]:
            of_service[waits], waited[waits] = s, begin - asked[r]
            waits += 1
        if to == UNWELL:
            _on(gone, 0, end, first_day)
        elif is_hospital[s] and not np.isnan(begin):
            _on(gone, 1, end, first_day)
            if end >= 0 and not np.isnan(ready[r]):
                leaving[route[person[r]]] += 1.0
                ready_to_left[route[person[r]]] += end - ready[r]
            if to >= 0 and is_home_or_bed[to] and 0 <= end + STILL_AT_HOME_DAYS < horizon:
                judged[0] += 1.0
                judged[1] += _is_at_home(
                    person, service, started, left, outcome, is_home, r, end + STILL_AT_HOME_DAYS
                )
    sum_up(people)
    sum_up(queue)
    sum_up(blocked)
    return waits


@inlined
def _is_at_home(
    person: Ints, service: Ints, started: Floats, left: Floats, outcome: Ints, is_home: Bools, row: int, time: float,
) -> float:  # fmt: skip
    """1 if the person of a row is at home at a time, in care there or having left for home; else 0."""
    at = _first_row(person, row)
    while at < person.size and person[at] == person[row]:
        has_left = left[at] <= time
        if has_left and outcome[at] == LEAVE:
            return 1.0
        if not has_left and is_home[service[at]] and started[at] <= time:
            return 1.0
        at += 1
    return 0.0
