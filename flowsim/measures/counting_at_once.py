"""The countings of the measures, all rows at once: numpy, for where nothing is compiled.

The same as `flowsim.measures.counting_in_loops` to the last bit, as a test says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowsim.counting import pairs, under_way
from flowsim.journeys import UNWELL, WAIT_IN, Journeys
from flowsim.measures.counted import CensusCounts, FlowCounts, WaitCounts
from flowsim.measures.ground import LEAVE, STILL_AT_HOME_DAYS, Setting, Spells, at_midnights, spells
from flowsim.measures.waiting import Waits, waits_in_hospital
from flowsim.units import Floats, Ints


def census(journeys: Journeys, setting: Setting) -> CensusCounts:
    """Those who are ready in hospital."""
    ready = _ready_in_hospital(journeys, setting)
    # Most people leave the moment they are ready, and no midnight sees them.
    excess = ready.only(~(ready.end <= ready.begin))
    routes = len(journeys.who.routes)
    by_route = at_midnights(excess, setting, journeys.who.route[journeys.person[excess.row]], routes)
    waits = waits_in_hospital(journeys, excess)
    waiting = counted = _by_route_and_service(journeys, setting, waits, 0.0)
    if setting.offer.counted_after_days > 0:
        counted = _by_route_and_service(journeys, setting, waits, setting.offer.counted_after_days)
    delayed = counted * setting.offer.counted_share
    return CensusCounts(by_route, waiting.sum(axis=0), delayed.sum(axis=0), added_in_order(delayed))


def added_in_order(by_service: Floats) -> Floats:
    """Sums over services, one after another as the loop adds: of a single day, numpy would add several at a time.

    From shape (routes, services, days) to (routes, days).
    """
    return np.add.accumulate(by_service, axis=1)[:, -1].copy()


def care(
    journeys: Journeys, setting: Setting
) -> tuple[FlowCounts, tuple[Floats, Floats, Floats], WaitCounts]:
    """What `CareCounts` holds, but for the room that people take."""
    return _flow(journeys, setting), _occupancy(journeys, setting), _waits(journeys, setting)


def _flow(journeys: Journeys, setting: Setting) -> FlowCounts:
    starts = _per_day(journeys.started, setting, journeys.service, len(setting.offer.names))
    is_unwell = journeys.outcome == UNWELL
    is_discharge = setting.offer.is_hospital[journeys.service] & ~is_unwell & ~np.isnan(journeys.started)
    return FlowCounts(
        starts,
        _all_per_day(journeys.left[np.flatnonzero(is_unwell)], setting),
        _all_per_day(journeys.left[np.flatnonzero(is_discharge)], setting),
        _still_at_home(journeys, setting),
    )


def _occupancy(journeys: Journeys, setting: Setting) -> tuple[Floats, Floats, Floats]:
    services, service = len(setting.offer.names), journeys.service
    stuck, queueing = _blocked(journeys, setting), _in_queue(journeys)
    return (
        under_way(journeys.started, journeys.left, service, (services, setting.days), setting.first_day),
        at_midnights(queueing, setting, service[queueing.row], services),
        at_midnights(stuck, setting, service[stuck.row], services),
    )


def _waits(journeys: Journeys, setting: Setting) -> WaitCounts:
    ready = _ready_in_hospital(journeys, setting)
    rows = np.flatnonzero((journeys.started >= 0) & ~setting.offer.free[journeys.service])
    gone = np.flatnonzero((ready.end >= 0) & (journeys.outcome[ready.row] != UNWELL))
    route = journeys.who.route[journeys.person[ready.row[gone]]]
    routes = len(journeys.who.routes)
    # Sums of times on the grid are exact in any order.
    days = np.bincount(route, ready.end[gone] - ready.begin[gone], minlength=routes)
    return WaitCounts(
        journeys.service[rows],
        journeys.started[rows] - journeys.asked[rows],
        np.bincount(route, minlength=routes).astype(np.float64),
        days.astype(np.float64),
    )


def _ready_in_hospital(journeys: Journeys, setting: Setting) -> Spells:
    """The excess: from being ready to leaving hospital or becoming unwell again."""
    return spells(journeys, setting.offer.is_hospital[journeys.service], journeys.ready)


def _blocked(journeys: Journeys, setting: Setting) -> Spells:
    """People who are ready in a place that is no hospital and still hold it."""
    return spells(
        journeys, setting.can_be_blocked[journeys.service] & (journeys.purpose != WAIT_IN), journeys.ready
    )


def _in_queue(journeys: Journeys) -> Spells:
    """Everybody's time in every queue, plan B and places to wait in included; most never stand in one."""
    # A queue ends with getting in, or with no longer asking.
    until = np.where(np.isnan(journeys.started), journeys.left, journeys.started)
    row = np.flatnonzero(~(until <= journeys.asked))
    return Spells(row, journeys.asked[row], until[row])


def _by_route_and_service(
    journeys: Journeys, setting: Setting, waits: Waits, counted_after_days: float
) -> Floats:
    """People ready in hospital by route and awaited service, shape (routes, services, days)."""
    counted = waits.counted_after(counted_after_days)
    services, routes = len(setting.offer.names), len(journeys.who.routes)
    key = journeys.who.route[journeys.person[counted.row]] * services + journeys.service[counted.row]
    return at_midnights(counted, setting, key, routes * services).reshape(routes, services, -1)


def _still_at_home(journeys: Journeys, setting: Setting) -> Floats:
    """How many leave hospital for care at home or in a bed with their 91st day in the run, and how many are at home then."""
    rows = np.flatnonzero(journeys.outcome >= 0)
    goes_home_or_to_bed = setting.places_in("home", "bed")[journeys.outcome[rows]]
    rows = rows[goes_home_or_to_bed & setting.offer.is_hospital[journeys.service[rows]]]
    judged_at = journeys.left[rows] + STILL_AT_HOME_DAYS
    in_the_run = (judged_at >= 0) & (judged_at < journeys.horizon)
    rows, judged_at = rows[in_the_run], judged_at[in_the_run]
    at_home = _at_home(journeys, setting, journeys.person[rows], judged_at)
    return np.array([rows.size, np.count_nonzero(at_home)], dtype=np.float64)


def _at_home(journeys: Journeys, setting: Setting, person: Ints, time: Floats) -> NDArray[np.bool_]:
    """Whether each person is at home at a time: in care there, or having left for home."""
    home = setting.places_in("home")[journeys.service]
    went_home = journeys.outcome == LEAVE
    # Rows that have something to say: a team has not, nor has a place that is no home and led to none.
    rows = np.flatnonzero(home | went_home)
    who, stay = pairs(person, journeys.person[rows], journeys.who.route.size)
    row, time = rows[stay], time[who]
    has_left = journeys.left[row] <= time
    is_there = home[row] & (journeys.started[row] <= time) & ~has_left
    is_home = is_there | (went_home[row] & has_left)
    found = np.zeros(person.size, dtype=bool)
    found[who[is_home]] = True
    return found


def _all_per_day(times: Floats, setting: Setting) -> Floats:
    """How many of these events there are on each day, shape (days,)."""
    total: Floats = _per_day(times, setting, np.zeros(times.size, dtype=np.int64), 1)[0]
    return total


def _per_day(times: Floats, setting: Setting, key: Ints, keys: int) -> Floats:
    """How many events there are on each day of warm-up and run, by key; shape (keys, days)."""
    # An event is there at the midnight that ends its day, and at no other.
    next_midnight = np.floor(times)
    next_midnight += 1.0
    return under_way(times, next_midnight, key, (keys, setting.days), setting.first_day)
