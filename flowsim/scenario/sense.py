"""Rules of sense: what must hold between the inputs of a scenario, each rule a small function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from flowsim.scenario.model import (
    EXITS,
    REST,
    UNLIMITED,
    Attribution,
    Distribution,
    Part,
    Scenario,
    Service,
    Size,
    setting_of,
)
from flowsim.scenario.shape import shape_at
from flowsim.scenario.spread import distribution_complaints
from flowsim.scenario.ways import Visit, entries, reached, visits_per_person
from flowsim.scenario.words import NOT_SHOWN, Complaint, nearest, one_of, plain
from flowsim.units import WEEKDAYS, time_of_day

TOLERANCE: Final = 1e-6
MOST_PEOPLE: Final = 20_000_000
MOST_AT_START: Final = 1_000_000
MOST_VISITS: Final = 50
EARLIEST: Final = dt.date(1990, 1, 1)
LATEST: Final = dt.date(2099, 12, 31)
RESERVED: Final = (*EXITS, REST, UNLIMITED)
SECTIONS: Final = ("streams", "routes", "services", "over_prescription")
# What no rule of names or ways looks at; what they look at only for whether it is given; or only for its names.
NO_WAY: Final = frozenset((
    "label", "per_day", "weekday", "month", "hour", "capacity", "starts", "stay_scale", "size", "decided", "lead_days",
))  # fmt: skip
ONLY_WHETHER: Final = frozenset(("stay", "work"))
ONLY_NAMES: Final = frozenset(("routes",))
# National return: C and I can only be the NHS's, Di, G and H never both bodies'.
ONLY_NHS: Final = ("C", "I")
NEVER_BOTH: Final = ("Di", "G", "H")

Found = Iterator[Complaint]


def complaints(scenario: Scenario, since: Scenario | None = None) -> list[Complaint]:
    """Everything that does not make sense in a scenario, as it stands on one day.

    `since` is a scenario without complaints from which this one was made, what did not change being shared: that is
    not looked at again, nor are the ways where they still lead to the same places.
    """
    changed = scenario if since is None else _changed_parts(since, scenario)
    numbers = [c for rule in OF_A_PART for c in rule(changed)]
    numbers += [c for rule in BETWEEN_PARTS for c in rule(scenario)]
    if since is not None and _same_ways(since, scenario):
        return numbers
    named = [c for rule in NAMES for c in rule(scenario)]
    # Ways through services that do not exist cannot be followed.
    followed = [] if named else [c for rule in WAYS for c in rule(scenario)]
    return named + numbers + followed


# What is not looked at again


def _changed_parts(since: Scenario, scenario: Scenario) -> Scenario:
    """The scenario without the streams, routes, services and rows that are still the same objects."""
    kept = {}
    for section in SECTIONS:
        before = getattr(since, section)
        kept[section] = {
            n: part for n, part in getattr(scenario, section).items() if before.get(n) is not part
        }
    return scenario.model_copy(update=kept)


def _same_ways(since: Scenario, scenario: Scenario) -> bool:
    """Whether nothing changed that the rules of names and of ways look at."""
    return all(_alike(getattr(since, section), getattr(scenario, section)) for section in SECTIONS)


def _alike(before: Any, now: Any) -> bool:
    """Whether two parts, or tables of parts, have the same names and lead the same way."""
    if before is now:
        return True
    if isinstance(before, Part) and isinstance(now, Part):
        return all(
            _alike_field(name, getattr(before, name), getattr(now, name))
            for name in type(before).model_fields
        )
    if isinstance(before, dict) and isinstance(now, dict):
        return before.keys() == now.keys() and all(_alike(before[name], now[name]) for name in before)
    return bool(before == now)


def _alike_field(name: str, before: Any, now: Any) -> bool:
    if name in NO_WAY:
        return True
    if name in ONLY_WHETHER:
        return (before is None) == (now is None)
    if name in ONLY_NAMES:
        return bool(before.keys() == now.keys())
    return _alike(before, now)


# Names


def _streams_exist(scenario: Scenario) -> Found:
    if not scenario.streams:
        yield Complaint("streams", "there must be at least one stream of people")


def _names_are_free(scenario: Scenario) -> Found:
    for section in ("streams", "routes", "services"):
        for name in getattr(scenario, section):
            if name in RESERVED:
                yield Complaint(
                    f"{section}.{name}", f'"{name}" has a meaning of its own; choose another name'
                )


def _streams_enter_places(scenario: Scenario) -> Found:
    for name, stream in scenario.streams.items():
        yield from _is_place(scenario, f"streams.{name}.enters", stream.enters)


def _routes_of_streams(scenario: Scenario) -> Found:
    for name, stream in scenario.streams.items():
        yield from _are_routes(scenario, f"streams.{name}.routes", stream.routes)
    yield from _are_routes(scenario, "over_prescription", scenario.over_prescription)
    for needed, row in scenario.over_prescription.items():
        yield from _are_routes(scenario, f"over_prescription.{needed}", row)


def _nexts_are_places(scenario: Scenario) -> Found:
    for path, table in _nexts(scenario):
        for name in table:
            if name not in EXITS:
                yield from _is_place(scenario, f"{path}.{name}", name, f" or one of {one_of(EXITS)}")


def _tasks_are_of_teams(scenario: Scenario) -> Found:
    for path, table in _tasks(scenario):
        for name in table:
            service = scenario.services.get(name)
            if service is None:
                yield Complaint(f"{path}.{name}", f"there is no such team; {_near(scenario, name, 'team')}")
            elif service.kind != "team":
                yield Complaint(f"{path}.{name}", "is a place, but a task is done by a team")


def _links_are_places(scenario: Scenario) -> Found:
    for name, service in scenario.services.items():
        path = f"services.{name}"
        for place in service.wait_in:
            yield from _is_place(scenario, f"{path}.wait_in", place)
            if place in scenario.services and setting_of(place, scenario.services[place]) == "hospital":
                words = "is a hospital: who waits there has not left, and would count as delayed for nothing"
                yield Complaint(f"{path}.wait_in", words, place)
            if place == name:
                yield Complaint(f"{path}.wait_in", "a place cannot be where people wait for itself", place)
        if service.otherwise is not None:
            yield from _is_place(scenario, f"{path}.otherwise.service", service.otherwise.service)
            if service.otherwise.service == name:
                yield Complaint(f"{path}.otherwise.service", "plan B must be another place", name)


def _differences_are_at_places(scenario: Scenario) -> Found:
    for name, route in scenario.routes.items():
        for place in route.at:
            yield from _is_place(scenario, f"routes.{name}.at.{place}", place)


def _is_place(scenario: Scenario, path: str, name: str, otherwise: str = "") -> Found:
    service = scenario.services.get(name)
    value = NOT_SHOWN if path.endswith(f".{name}") else name
    if service is None:
        yield Complaint(path, f"there is no such place; {_near(scenario, name, 'place')}", value)
    elif service.kind != "place":
        yield Complaint(path, f"is a team, but must be a place{otherwise}", value)


def _near(scenario: Scenario, name: str, kind: str) -> str:
    alike = [n for n, s in scenario.services.items() if s.kind == kind]
    return nearest(name, (*alike, *EXITS) if kind == "place" else alike)


def _are_routes(scenario: Scenario, path: str, names: Mapping[str, object]) -> Found:
    for name in names:
        if name not in scenario.routes:
            yield Complaint(f"{path}.{name}", f"there is no such route; {nearest(name, scenario.routes)}")


# Numbers


def _shares_add_up(scenario: Scenario) -> Found:
    for path, table in _share_tables(scenario):
        rests = [name for name, share in table.items() if share == REST]
        total = sum(float(share) for share in table.values() if share != REST)
        if len(rests) > 1:
            yield Complaint(path, f'has "rest" {len(rests)} times, but only one share can be the rest')
        elif rests and total > 1 + TOLERANCE:
            yield Complaint(path, f'the shares beside "rest" add up to {plain(total)}, but must not exceed 1')
        elif not rests and abs(total - 1) > TOLERANCE:
            yield Complaint(
                path, f'the shares add up to {plain(total)}, but must add up to 1 (one may be "rest")'
            )


def _hours_are_24(scenario: Scenario) -> Found:
    for name, stream in scenario.streams.items():
        path = f"streams.{name}.hour"
        if len(stream.hour) != 24:
            yield Complaint(path, f"has {len(stream.hour)} entries, but must have 24, one for each hour")
        elif not sum(stream.hour) > 0:
            yield Complaint(path, "at least one hour must be above 0")


def _weights_are_usable(scenario: Scenario) -> Found:
    for name, stream in scenario.streams.items():
        path = f"streams.{name}"
        week = stream.weekday
        yield from _in_range(f"{path}.weekday", week.given())
        if all(getattr(week, day) == 0 for day in WEEKDAYS):
            yield Complaint(f"{path}.weekday", "at least one day must be above 0")
        months = stream.month.model_dump()
        yield from _in_range(f"{path}.month", months)
        if all(v == 0 for v in months.values()):
            yield Complaint(f"{path}.month", "at least one month must be above 0")


def _week_tables_are_usable(scenario: Scenario) -> Found:
    for name, service in scenario.services.items():
        path = f"services.{name}"
        if service.starts is not None:
            yield from _in_range(f"{path}.starts", service.starts.given())
        yield from _in_range(f"{path}.decided", service.decided.given())
        if all(getattr(service.decided, day) == 0 for day in WEEKDAYS):
            yield Complaint(f"{path}.decided", "nobody would ever be declared ready; one day must be above 0")


def _in_range(path: str, given: Mapping[str, float]) -> Found:
    """Every number of a table by weekday or month against the range of the table."""
    shape = shape_at(tuple(path.split(".")))
    low, high = (shape.low, shape.high) if shape else (None, None)
    if shape is None or low is None or high is None:
        return
    wrong = {key: value for key, value in given.items() if not low <= value <= high}
    words = f"must be from {plain(low)} to {plain(high)} ({shape.unit})"
    if len(wrong) > len(WEEKDAYS) and len(set(wrong.values())) == 1:
        # A bare number for every day is one mistake, not eight.
        yield Complaint(path, words, next(iter(wrong.values())))
        return
    for key, value in wrong.items():
        yield Complaint(f"{path}.{key}", words, value)


def _sizes_fit(scenario: Scenario) -> Found:
    for name, service in scenario.services.items():
        yield from _size_fits(f"services.{name}.size", service.size, service)
    for route_name, route in scenario.routes.items():
        for name, at in route.at.items():
            if at.size is not None and name in scenario.services:
                yield from _size_fits(f"routes.{route_name}.at.{name}.size", at.size, scenario.services[name])


def _size_fits(path: str, size: Size, service: Service) -> Found:
    if size.end > size.start:
        yield Complaint(
            f"{path}.end", f"must not be above the start, {plain(size.start)}: sizes fall", size.end
        )
    if service.capacity and size.start > service.capacity:
        words = f"one person would not fit into the capacity of {plain(service.capacity)}"
        yield Complaint(f"{path}.start", words, size.start)


def _opening_times(scenario: Scenario) -> Found:
    for name, service in scenario.services.items():
        if not time_of_day(service.opens) < time_of_day(service.closes):
            words = f'must be before it closes, "{service.closes}"'
            yield Complaint(f"services.{name}.opens", words, service.opens)


def _kinds_have_their_own(scenario: Scenario) -> Found:
    """Teams work, people stay in places; a key that would be without effect is a mistake."""
    for name, service in scenario.services.items():
        path = f"services.{name}"
        if service.kind == "team" and service.work is None:
            yield Complaint(f"{path}.work", "is missing: a team needs the time that a task takes, in days")
        if service.kind == "place" and service.work is not None:
            yield Complaint(f"{path}.work", 'belongs to a team, but this is a place, which has a "stay"')
        surplus = _only_for_places(service) if service.kind == "team" else []
        for key in surplus:
            yield Complaint(f"{path}.{key}", "belongs to a place, but this is a team")


def _only_for_places(service: Service) -> list[str]:
    keys = {"stay": service.stay, "next": service.next, "otherwise": service.otherwise}
    surplus = [key for key, value in keys.items() if value is not None]
    surplus += ["wait_in"] if service.wait_in else []
    return surplus + (["size"] if service.size != Size(start=1.0, end=1.0) else [])


def _attribution_obeys(scenario: Scenario) -> Found:
    for name, service in scenario.services.items():
        if service.attribution is not None:
            yield from _attribution(f"services.{name}.attribution", service.attribution, service.reason)


def _attribution(path: str, given: Attribution, reason: str | None) -> Found:
    total = given.nhs + given.social_care + given.both
    if abs(total - 1) > TOLERANCE:
        yield Complaint(path, f"nhs, social_care and both add up to {plain(total)}, but must add up to 1")
    if reason in ONLY_NHS and given.social_care + given.both > 0:
        yield Complaint(path, f"delays for reason {reason} can only be the NHS's: nhs must be 1")
    if reason in NEVER_BOTH and given.both > 0:
        yield Complaint(
            f"{path}.both", f"delays for reason {reason} are never both bodies': must be 0", given.both
        )


def _distributions(scenario: Scenario) -> Found:
    for path, spec in _all_distributions(scenario):
        yield from distribution_complaints(path, spec)


def _dates(scenario: Scenario) -> Found:
    if not EARLIEST <= scenario.run.start <= LATEST:
        yield Complaint("run.start", f"must be from {EARLIEST} to {LATEST}", scenario.run.start)
    for i, change in enumerate(scenario.changes, start=1):
        if change.to is not None and change.to < change.begins:
            yield Complaint(f"changes[{i}].to", f"must not be before from, {change.begins}", change.to)
    for i, escalation in enumerate(scenario.escalations, start=1):
        if escalation.until_below > escalation.when_delayed_above:
            words = f"must not be above when_delayed_above, {plain(escalation.when_delayed_above)}"
            yield Complaint(f"escalations[{i}].until_below", words, escalation.until_below)


def _people_at_start(scenario: Scenario) -> Found:
    there = [s.initial for s in scenario.services.values()]
    total = sum(i.people + i.waiting + (i.waiting_in_hospital or 0) for i in there)
    if total > MOST_AT_START:
        yield Complaint(
            "services.*.initial", f"adds up to {total} people at the start; at most {MOST_AT_START}"
        )
    for name, service in scenario.services.items():
        if service.kind == "team" and (service.initial.people or service.initial.waiting):
            yield Complaint(
                f"services.{name}.initial",
                "people can be at the start in a place, but this is a team: only waiting_in_hospital makes sense",
            )


# Ways through the services


def _stays_are_known(scenario: Scenario) -> Found:
    for entry, route, _, visits in _itineraries(scenario):
        for place, at in visits.items():
            if at.stay is None:
                own = f"routes.{route}.stay" if place == entry else f"routes.{route}.at.{place}.stay"
                words = f'is missing: people on the route "{route}" come here; give it here or as {own}'
                yield Complaint(f"services.{place}.stay", words)


def _ways_lead_out(scenario: Scenario) -> Found:
    told: set[str] = set()
    for _, route, start, visits in _itineraries(scenario):
        words = _goes_round(start, visits_per_person(visits))
        # One complaint a route: whoever comes by plan B goes round with the others.
        if words and route not in told:
            told.add(route)
            yield Complaint(f"routes.{route}.next", words)


def _goes_round(start: str, per_person: Mapping[str, float] | None) -> str:
    if per_person is None:
        return f"people who come to {start} would go round for ever: no way leads out"
    total = sum(per_person.values())
    most = f"at most {MOST_VISITS}"
    return f"people would make {total:.0f} visits each on average; {most}" if total > MOST_VISITS else ""


def _itineraries(scenario: Scenario) -> Iterator[tuple[str, str, str, dict[str, Visit]]]:
    """Every (entry, route, first place, visits): from the entry place, and from each plan B on the way."""
    for entry, route in entries(scenario):
        begun: set[str] = set()
        frontier = [entry]
        while frontier:
            start = frontier.pop()
            if start in begun:
                continue
            begun.add(start)
            visits = reached(scenario, entry, route, start)
            plans = (scenario.services[place].otherwise for place in visits)
            frontier += [plan.service for plan in plans if plan is not None]
            yield entry, route, start, visits


# Walking the tables


def _nexts(scenario: Scenario) -> Iterator[tuple[str, Mapping[str, float | str]]]:
    """Every table of onward shares that is given, with its path."""
    for name, service in scenario.services.items():
        if service.next is not None:
            yield f"services.{name}.next", service.next
    for name, route in scenario.routes.items():
        if route.next is not None:
            yield f"routes.{name}.next", route.next
        for place, at in route.at.items():
            if at.next is not None:
                yield f"routes.{name}.at.{place}.next", at.next


def _tasks(scenario: Scenario) -> Iterator[tuple[str, Mapping[str, float]]]:
    for name, service in scenario.services.items():
        yield f"services.{name}.tasks", service.tasks
    for name, route in scenario.routes.items():
        yield f"routes.{name}.tasks", route.tasks or {}
        for place, at in route.at.items():
            yield f"routes.{name}.at.{place}.tasks", at.tasks or {}


def _share_tables(scenario: Scenario) -> Iterator[tuple[str, Mapping[str, float | str]]]:
    yield from _nexts(scenario)
    for name, stream in scenario.streams.items():
        yield f"streams.{name}.routes", stream.routes
    for name, row in scenario.over_prescription.items():
        yield f"over_prescription.{name}", row


def _all_distributions(scenario: Scenario) -> Iterator[tuple[str, Distribution]]:
    """Every distribution that is given, with its path."""
    found: list[tuple[str, Distribution | None]] = []
    for name, service in scenario.services.items():
        found += [(f"services.{name}.stay", service.stay), (f"services.{name}.work", service.work)]
        found.append((f"services.{name}.initial.waited", service.initial.waited))
    for name, route in scenario.routes.items():
        found.append((f"routes.{name}.stay", route.stay))
        found += [(f"routes.{name}.at.{place}.stay", at.stay) for place, at in route.at.items()]
    found.append(("while_waiting.unwell_stay", scenario.while_waiting.unwell_stay))
    yield from ((path, spec) for path, spec in found if spec is not None)


NAMES: Final[tuple[Callable[[Scenario], Found], ...]] = (
    _streams_exist,
    _names_are_free,
    _streams_enter_places,
    _routes_of_streams,
    _nexts_are_places,
    _tasks_are_of_teams,
    _links_are_places,
    _differences_are_at_places,
)
# What can be wrong with a stream, a route, a service or a row of shares by itself.
OF_A_PART: Final[tuple[Callable[[Scenario], Found], ...]] = (
    _shares_add_up,
    _hours_are_24,
    _weights_are_usable,
    _week_tables_are_usable,
    _opening_times,
    _kinds_have_their_own,
    _attribution_obeys,
    _distributions,
)
BETWEEN_PARTS: Final[tuple[Callable[[Scenario], Found], ...]] = (
    _sizes_fit,
    _dates,
    _people_at_start,
)
WAYS: Final[tuple[Callable[[Scenario], Found], ...]] = (_stays_are_known, _ways_lead_out)
