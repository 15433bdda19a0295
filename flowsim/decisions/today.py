"""Start from today: a scenario that begins with people who are really there, instead of a warm-up.

Counts are of services, or of national reason codes. Those of a reason are spread over the services that have this reason, in
proportion to how many people a day come to wait for each in hospital; whoever knows better names the services. Where only
the officially delayed are known, people ready in hospital are those, divided by the share of days that is counted. Who is
not counted in the file is there as the scenario's own `initial` says, or else as its flow would hold.

Whoever counts the people in a place counts everybody there, also those who are ready and wait to go on. A scenario's `initial`
keeps them apart: `people` are in the middle of their stay, and those who wait for a service are added to the places that lead
to it. So those who wait come off what was counted in the places where they wait.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from flowsim.errors import DataError
from flowsim.observed.cells import REASONS, reason_code
from flowsim.observed.today import Count, Today
from flowsim.people import prepare
from flowsim.people.crowds import NO_PLACE
from flowsim.scenario.edits import Plan
from flowsim.scenario.flows import offered_load
from flowsim.scenario.model import Scenario, setting_of
from flowsim.scenario.timeline import altered, build_timeline
from flowsim.scenario.words import nearest, one_of, plain, shortened

Ready = dict[str, int]


class _Comers(NamedTuple):
    """How many people a day come to wait for each service, by the place in which they wait ("": in none); `stay_in`: the places
    in which anybody can be in the middle of a stay.
    """

    in_hospital: dict[str, dict[str, float]]
    elsewhere: dict[str, dict[str, float]]
    stay_in: frozenset[str]


class _Held(NamedTuple):
    """Who is in a place at the start: people in the middle of their stay, and those who are ready and wait there."""

    staying: int
    waiting: int


@dataclass
class _Start:
    """What is collected while counts are read: people ready in hospital by service, caseloads, queues, waits."""

    ready: Ready = field(default_factory=dict)
    caseload: Ready = field(default_factory=dict)
    elsewhere: Ready = field(default_factory=dict)
    waited: dict[str, float] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


def started(
    scenario: Scenario, today: Today, begin: dt.date, days: int
) -> tuple[Scenario, pd.DataFrame, tuple[str, ...]]:
    """The scenario from counts: it begins on `begin`, without a warm-up, with the people of `today` there.

    Also a table of who was put in hospital ready (service, reason, people, delayed: as officially counted), and what the user
    has to know: what was taken from the scenario because it was not counted, counts that contradict one another, places
    that begin with more people than fit. Raises DataError with every complaint, ScenarioError in words.
    """
    bare = _without_people(scenario, begin, days)
    comers = _who_comes(bare)
    start = _Start()
    for count in today.counts:
        _take(bare, count, _totals(comers.in_hospital), start)
    for where, counted, places in (
        ("in hospital", start.ready, comers.in_hospital),
        ("outside hospital", start.elsewhere, comers.elsewhere),
    ):
        start.complaints += [
            f"nobody comes to wait for {shortened(name)} {where} in {scenario.name}, but {people} are said to"
            for name, people in counted.items()
            if people and name not in places
        ]
    if start.complaints:
        raise DataError(start.complaints)
    usual, notes = _usual_caseloads(scenario, bare, start.caseload)
    held = _held(bare, start, usual, comers)
    edits: dict[str, Any] = {}
    for name, service in bare.services.items():
        place = f"services.{name}.initial"
        if service.kind == "place":
            edits[f"{place}.people"] = held[name].staying
            edits[f"{place}.waiting"] = start.elsewhere.get(name, 0)
        edits[f"{place}.waiting_in_hospital"] = start.ready.get(name, 0)
        if name in start.waited:
            # Waits so far of those who are seen waiting: as much spread as length, as of a queue in a steady state.
            edits[f"{place}.waited"] = {"dist": "exponential", "mean": start.waited[name]}
    ready = altered(bare, Plan(put=edits))
    notes += (
        *_contradictions(start.caseload, held),
        *_left_out(start.caseload, comers),
        *_beyond_capacity(ready, held),
    )
    return ready, _table(ready), (*today.notes, *notes)


def _without_people(scenario: Scenario, begin: dt.date, days: int) -> Scenario:
    """The scenario from a day on, without a warm-up and with nobody there."""
    empty = {
        f"services.{name}.initial.{what}": 0
        for name in scenario.services
        for what in ("people", "waiting", "waiting_in_hospital")
    }
    return altered(scenario, Plan(put={"run.start": begin, "run.days": days, "run.warm_up_days": 0, **empty}))


def _who_comes(scenario: Scenario) -> _Comers:
    """Who comes to wait for each service and where; services without anybody are left out."""
    one_each = {f"services.{name}.initial.waiting_in_hospital": 1 for name in scenario.services}
    one_each |= {
        f"services.{name}.initial.{what}": 1
        for name, service in scenario.services.items()
        if service.kind == "place"
        for what in ("people", "waiting")
    }
    plan = prepare(build_timeline(altered(scenario, Plan(put=one_each))))
    names = {NO_PLACE: "", **dict(enumerate(plan.offer.names))}
    return _Comers(
        _by_place(plan.crowds.in_hospital, names),
        _by_place(plan.crowds.waiting, names),
        frozenset(name for name, routes in plan.crowds.there.items() if sum(routes.values()) > 0),
    )


def _by_place(
    crowds: dict[str, dict[tuple[str, int], float]], names: dict[int, str]
) -> dict[str, dict[str, float]]:
    """Weights of crowds whatever the route, by the name of the place; without services that nobody comes to."""
    found: dict[str, dict[str, float]] = {}
    for service, crowd in crowds.items():
        for (_, place), weight in crowd.items():
            if weight > 0:
                places = found.setdefault(service, {})
                places[names[place]] = places.get(names[place], 0.0) + weight
    return found


def _totals(comers: dict[str, dict[str, float]]) -> dict[str, float]:
    """How many people a day come to wait for each service, wherever that is."""
    return {name: sum(places.values()) for name, places in comers.items()}


def _held(bare: Scenario, start: _Start, usual: Ready, comers: _Comers) -> dict[str, _Held]:
    """Who is in each place: those who wait there are among the people that were counted in it, and beyond the usual ones."""
    # As the run deals them out, on average over replications.
    waiting: Counter[str] = Counter()
    for counted, places in ((start.ready, comers.in_hospital), (start.elsewhere, comers.elsewhere)):
        for name, people in counted.items():
            waiting.update(_dealt(people, places.get(name, {})))
    found = {}
    for name, service in bare.services.items():
        if service.kind == "place":
            known = start.caseload.get(name)
            staying = usual.get(name, 0) if known is None else max(known - waiting[name], 0)
            found[name] = _Held(staying if name in comers.stay_in else 0, waiting[name])
    return found


def _contradictions(caseload: Ready, held: dict[str, _Held]) -> tuple[str, ...]:
    """A sentence for each place in which more people wait than were counted in it."""
    return tuple(
        f"Counts contradict one another: {people} people were counted in {name}, but of those who wait for something else "
        f"{held[name].waiting} should be there by the scenario's routes, so it begins with {held[name].waiting}."
        for name, people in caseload.items()
        if held[name].waiting > people
    )


def _left_out(caseload: Ready, comers: _Comers) -> tuple[str, ...]:
    """A sentence on people who were counted where no route leads, such as in beds to wait in; none where there are none."""
    listed = ", ".join(
        f"{name} {people}" for name, people in caseload.items() if people and name not in comers.stay_in
    )
    return (f"Left out, because nobody has a stay there in the scenario: {listed}.",) if listed else ()


def _beyond_capacity(ready: Scenario, held: dict[str, _Held]) -> tuple[str, ...]:
    """A sentence on the places that begin with more people than they have room for on the first day; none where all fit."""
    today = build_timeline(ready).on(0)
    sizes = {load.service: load.mean_size for load in offered_load(today)}
    full = []
    for name, (staying, waiting) in held.items():
        service = today.services[name]
        # Who is ready takes what people take at the end of their stay.
        used = (staying * sizes[name] if staying else 0) + waiting * service.size.end
        if service.capacity is not None and used > service.capacity + 1e-9:
            full.append(
                f"{name} {plain(round(used, 1))} for a capacity of {plain(service.capacity)} {service.unit}"
            )
    if not full:
        return ()
    return (f"More at the start than fit: {', '.join(full)}. Nobody is taken on there until there is room.",)


def _take(scenario: Scenario, count: Count, weights: dict[str, float], start: _Start) -> None:
    """Take a count into the start; complain where it makes no sense."""
    names = _services_meant(scenario, count, weights, start)
    if not names:
        return
    if count.what in scenario.services:
        _take_service(scenario, count, start)
    elif count.caseload is not None or count.waiting_elsewhere is not None:
        start.complaints.append(
            f"{count.where}: a reason has no caseload and no queue of its own; name the service"
        )
    if count.waited_days is not None:
        start.waited |= dict.fromkeys(names, count.waited_days)
    if count.in_hospital is not None and count.delayed is not None:
        start.complaints.append(
            f"{count.where}: give in_hospital or delayed, not both: the one follows from the other"
        )
        return
    people = count.in_hospital if count.delayed is None else count.delayed
    for name, part in _dealt(people or 0, {name: weights.get(name, 0.0) for name in names}).items():
        if people is not None:
            _take_ready(scenario, count, name, part, start)


def _take_service(scenario: Scenario, count: Count, start: _Start) -> None:
    """The caseload and the queue of a service."""
    is_team = scenario.services[count.what].kind == "team"
    for value, into in ((count.caseload, start.caseload), (count.waiting_elsewhere, start.elsewhere)):
        if value is not None:
            into[count.what] = value
            if is_team:
                start.complaints.append(
                    f"{count.where}: {shortened(count.what)} is a team: people wait for it in hospital; give in_hospital"
                )


def _take_ready(scenario: Scenario, count: Count, name: str, part: int, start: _Start) -> None:
    """People ready in hospital who wait for a service, or those of them who are counted."""
    share = scenario.services[name].counted_share
    if count.delayed is not None and part and not share:
        start.complaints.append(
            f"{count.where}: nobody who waits for {shortened(name)} is counted; give in_hospital"
        )
        return
    if name in start.ready:
        start.complaints.append(
            f"{count.where}: people who wait for {shortened(name)} are counted twice, by service and by reason"
        )
    start.ready[name] = part if count.delayed is None or not share else round(part / share)


def _services_meant(scenario: Scenario, count: Count, weights: dict[str, float], start: _Start) -> list[str]:
    if count.what in scenario.services:
        return [count.what]
    code = count.what if count.what in REASONS else reason_code(count.what)
    names = [
        name for name, service in scenario.services.items() if code is not None and service.reason == code
    ]
    if not names:
        known = sorted({s.reason for s in scenario.services.values() if s.reason})
        start.complaints.append(
            f"{count.where}: {shortened(count.what)} is neither a service nor the reason of one; "
            f"{nearest(count.what, scenario.services)}; reasons: {one_of(known)}"
        )
    # Who is said to wait for a service of this reason waits for one that people come to.
    return [name for name in names if weights.get(name)] or names


def _dealt(people: int, weights: dict[str, float]) -> Ready:
    """Whole people in proportion to weights: what is left over goes to the largest remainders."""
    total = sum(weights.values())
    if len(weights) == 1 or not total:
        return dict(zip(weights, [people] + [0] * (len(weights) - 1), strict=True))
    exact = {name: people * weight / total for name, weight in weights.items()}
    dealt = {name: math.floor(part) for name, part in exact.items()}
    for name in sorted(exact, key=lambda n: dealt[n] - exact[n])[: people - sum(dealt.values())]:
        dealt[name] += 1
    return dealt


def _usual_caseloads(scenario: Scenario, bare: Scenario, known: Ready) -> tuple[Ready, tuple[str, ...]]:
    """People in the places that nobody counted: as the scenario begins, else as its flow would hold, up to the capacity."""
    loads = {load.service: load for load in offered_load(bare)}
    found: Ready = {}
    for name, service in bare.services.items():
        if service.kind != "place" or name in known or setting_of(name, service) == "waiting":
            continue
        given = scenario.services[name].initial.people
        load = loads[name]
        held = load.load if service.capacity is None else min(load.load, service.capacity)
        people = given or (round(held / load.mean_size) if load.mean_size else 0)
        if people:
            found[name] = people
    if not found:
        return found, ()
    listed = ", ".join(f"{name} {people}" for name, people in found.items())
    return found, (f"Not counted, so taken from the scenario: {listed}.",)


def _table(scenario: Scenario) -> pd.DataFrame:
    rows = [
        (name, service.reason or "", people, people * service.counted_share)
        for name, service in scenario.services.items()
        if (people := service.initial.waiting_in_hospital or 0)
    ]
    return pd.DataFrame(rows, columns=["service", "reason", "people", "delayed"])
