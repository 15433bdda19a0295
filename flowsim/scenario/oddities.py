"""What is odd in a scenario but not wrong: circles of full places, days left out, services that nobody comes to, changes without effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from flowsim.scenario.model import Scenario, WeekTable
from flowsim.scenario.ways import Visit, entries, reached
from flowsim.units import WEEKDAYS


def warnings(scenario: Scenario) -> list[str]:
    """Sentences about what is allowed but may not be meant."""
    visits = [reached(scenario, entry, route) for entry, route in entries(scenario)]
    return [
        *_circles(scenario, visits),
        *_days_left_out(scenario),
        *_nobody_comes(scenario, visits),
        *_changes_without_effect(scenario),
    ]


def _circles(scenario: Scenario, visits: list[dict[str, Visit]]) -> Iterator[str]:
    """Limited places in which people may wait for one another without end."""
    limited = {n for n, s in scenario.services.items() if s.capacity is not None and s.kind == "place"}
    onward: dict[str, set[str]] = {name: set() for name in limited}
    for of_route in visits:
        for place, at in of_route.items():
            if place in limited:
                onward[place] |= {n for n, share in at.onward.items() if n in limited and share != 0}
    told: set[frozenset[str]] = set()
    for name in onward:
        circle = frozenset(n for n in _from(onward, name) if name in _from(onward, n))
        if name not in circle or circle in told:
            continue
        told.add(circle)
        yield _circle_words(scenario, sorted(circle))


def _circle_words(scenario: Scenario, circle: list[str]) -> str:
    if len(circle) == 1:
        return f"People in {circle[0]} may go on to {circle[0]}, which is limited: when full they block it for good."
    names = ", ".join(circle)
    entries = {s.enters for s in scenario.streams.values()} & set(circle)
    if entries:
        where = ", ".join(sorted(entries))
        return (
            f"People may come back to {where}, which is limited, from places it leads to ({names}): "
            "when all are full they may wait for one another for good."
        )
    return (
        f"{names} lead to one another and are all limited: when full they may wait for one another for good."
    )


def _from(onward: Mapping[str, set[str]], name: str) -> set[str]:
    """Every place that can be reached from a place in one step or more."""
    found: set[str] = set()
    frontier = set(onward[name])
    while frontier:
        found |= frontier
        frontier = {n for f in frontier for n in onward[f]} - found
    return found


def _days_left_out(scenario: Scenario) -> Iterator[str]:
    for name, service in scenario.services.items():
        missing = _missing_days(service.starts)
        if missing and len(missing) < len(WEEKDAYS):
            yield f"services.{name}.starts says nothing of {', '.join(missing)}: there is no limit on those days."


def _missing_days(table: WeekTable | None) -> list[str]:
    return [] if table is None else [day for day in WEEKDAYS if getattr(table, day) is None]


def _nobody_comes(scenario: Scenario, visits: list[dict[str, Visit]]) -> Iterator[str]:
    used = {place for of_route in visits for place in of_route}
    used |= {team for of_route in visits for at in of_route.values() for team in at.tasks}
    for service in scenario.services.values():
        used |= set(service.wait_in)
        used |= {service.otherwise.service} if service.otherwise else set()
    for name in scenario.services:
        if name not in used:
            yield f"Nobody comes to services.{name}: no route of any stream leads there."


def _changes_without_effect(scenario: Scenario) -> Iterator[str]:
    run = scenario.run
    first = run.start - dt.timedelta(days=run.warm_up_days)
    last = run.start + dt.timedelta(days=run.days - 1)
    named = [(change.label or f"number {n}", change) for n, change in enumerate(scenario.changes, start=1)]
    for name, change in named:
        if not (change.put or change.scale or change.add):
            yield f'The change "{name}" alters nothing: it has neither set, scale nor add.'
    # A scenario that is built on a longer one may have many, so they are told together.
    idle = [f'"{name}"' for name, c in named if c.begins > last or (c.to is not None and c.to < first)]
    if idle:
        yield f"Outside the run and its warm-up ({first} to {last}), so that they never act, are the changes {', '.join(idle)}."
