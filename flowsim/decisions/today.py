"""Start from today: a scenario that begins with people who are really there, instead of a warm-up.

Counts are of services, or of national reason codes. Those of a reason are spread over the services that have this reason, in
proportion to how many people a day come to wait for each in hospital; whoever knows better names the services. Where only
the officially delayed are known, people ready in hospital are those, divided by the share of days that is counted. Who is
not counted in the file is there as the scenario's own `initial` says, or else as its flow would hold.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from flowsim.errors import DataError
from flowsim.observed.cells import REASONS, reason_code
from flowsim.observed.today import Count, Today
from flowsim.people import prepare
from flowsim.scenario.edits import Plan
from flowsim.scenario.flows import offered_load
from flowsim.scenario.model import Scenario, setting_of
from flowsim.scenario.timeline import altered, build_timeline
from flowsim.scenario.words import nearest, one_of, shortened

Ready = dict[str, int]


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

    Also a table of who was put in hospital ready (service, reason, people, delayed: as officially counted), and what had to
    be taken from the scenario because it was not counted. Raises DataError with every complaint, ScenarioError in words.
    """
    bare = _without_people(scenario, begin, days)
    in_hospital, elsewhere = _who_comes(bare)
    start = _Start()
    for count in today.counts:
        _take(bare, count, in_hospital, start)
    for where, counted, weights in (
        ("in hospital", start.ready, in_hospital),
        ("outside hospital", start.elsewhere, elsewhere),
    ):
        start.complaints += [
            f"nobody comes to wait for {shortened(name)} {where} in {scenario.name}, but {people} are said to"
            for name, people in counted.items()
            if people and not weights.get(name)
        ]
    if start.complaints:
        raise DataError(start.complaints)
    usual, notes = _usual_caseloads(scenario, bare, start.caseload)
    edits: dict[str, Any] = {}
    for name, service in bare.services.items():
        place = f"services.{name}.initial"
        if service.kind == "place":
            edits[f"{place}.people"] = start.caseload.get(name, usual.get(name, 0))
            edits[f"{place}.waiting"] = start.elsewhere.get(name, 0)
        edits[f"{place}.waiting_in_hospital"] = start.ready.get(name, 0)
        if name in start.waited:
            # Waits so far of those who are seen waiting: as much spread as length, as of a queue in a steady state.
            edits[f"{place}.waited"] = {"dist": "exponential", "mean": start.waited[name]}
    ready = altered(bare, Plan(put=edits))
    return ready, _table(ready), (*today.notes, *notes)


def _without_people(scenario: Scenario, begin: dt.date, days: int) -> Scenario:
    """The scenario from a day on, without a warm-up and with nobody there."""
    empty = {
        f"services.{name}.initial.{what}": 0
        for name in scenario.services
        for what in ("people", "waiting", "waiting_in_hospital")
    }
    return altered(scenario, Plan(put={"run.start": begin, "run.days": days, "run.warm_up_days": 0, **empty}))


def _who_comes(scenario: Scenario) -> tuple[dict[str, float], dict[str, float]]:
    """How many people a day come to wait for each service, in hospital and elsewhere; services without any are left out."""
    one_each = {f"services.{name}.initial.waiting_in_hospital": 1 for name in scenario.services}
    one_each |= {
        f"services.{name}.initial.waiting": 1 for name, s in scenario.services.items() if s.kind == "place"
    }
    crowds = prepare(build_timeline(altered(scenario, Plan(put=one_each)))).crowds
    in_hospital, elsewhere = (
        {name: weight for name, table in tables.items() if (weight := sum(table.values())) > 0}
        for tables in (crowds.in_hospital, crowds.waiting)
    )
    return in_hospital, elsewhere


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
