"""Switches: what a part of the system would be if it were perfect, as edits of the scenario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from flowsim.errors import RunError
from flowsim.scenario.edits import Plan, spread_out
from flowsim.scenario.model import EXITS, UNLIMITED, Change, Escalation, Scenario, Service, setting_of, shares
from flowsim.scenario.timeline import altered
from flowsim.units import WEEKDAYS

ALWAYS_OPEN: Final = {"opens": "00:00", "closes": "24:00"}
FIVE_DAYS: Final = WEEKDAYS[:5]
PLACEMENTS: Final = ("Di", "Dii")
E = TypeVar("E", Change, Escalation)
Put = dict[str, Any]


@dataclass(frozen=True)
class Switch:
    """One thing made perfect: its name, what people call it, and the values it sets by dotted path."""

    name: str
    label: str
    put: Mapping[str, Any]


def standard_switches(scenario: Scenario) -> tuple[Switch, ...]:
    """The switches of the workshop's waterfall, for what a scenario has: those that would change nothing are left out.

    Allocation (teams for which reason A is named), starts and flow of reablement, beds, homecare, care homes, other tasks,
    seven days, over-prescription. Days on which people are declared ready stay as they are: they decide
    when excess begins.
    """
    found = [
        Switch("allocation", "Routes allocated and needs assessed at once", _of_teams(scenario, ("A",))),
        *_of_reablement(scenario),
        Switch("beds", _at_once_in_words(scenario, _places(scenario, "bed")), _of_places(scenario, "bed")),
        Switch("homecare", _at_once_in_words(scenario, _last_homes(scenario)), _of_last_homes(scenario)),
        Switch(
            "care_homes",
            _at_once_in_words(scenario, _places(scenario, "care_home")),
            _of_places(scenario, "care_home") | _of_teams(scenario, PLACEMENTS),
        ),
        Switch("other_tasks", "Equipment and other tasks at once", _of_other_teams(scenario)),
        Switch("seven_days", "Weekends and holidays as weekdays", _seven_days(scenario)),
        Switch("over_prescription", "Everybody goes where they need", _as_needed(scenario)),
    ]
    return tuple(switch for switch in found if switch.put)


def chosen_switches(scenario: Scenario, names: Sequence[str]) -> tuple[Switch, ...]:
    """Some of the standard switches by name, or all. Raises RunError in words."""
    known = {switch.name: switch for switch in standard_switches(scenario)}
    if not known:
        raise RunError(f"{scenario.name}: nothing in it is limited, so there is nothing to make perfect")
    for name in names:
        if name not in known:
            raise RunError(f"--switch {name}: {scenario.name} has no such switch; it has {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(names)) if names else tuple(known.values())


def reablement_of(scenario: Scenario) -> tuple[str, ...]:
    """The places at home from which people go on to another place at home: reablement, not long-term care."""
    return tuple(name for name in _places(scenario, "home") if _leads_on(scenario, name))


def perfected(scenario: Scenario, switches: Sequence[Switch], *, checked: bool = False) -> Scenario:
    """The scenario with some switches on, whatever its changes and escalations say of the same numbers.

    The order of the switches does not matter: what sets a whole table goes over what sets a day of it. `checked` as in
    `altered`. Raises RunError where two switches set one number to different values.
    """
    put: dict[str, Any] = {}
    for switch in switches:
        for path, value in switch.put.items():
            if put.setdefault(path, value) != value:
                raise RunError(f"two switches set {path}, one to {put[path]} and one to {value}")
    deepest_first = dict(sorted(put.items(), key=lambda item: (-item[0].count("."), item[0])))
    return altered(_without(scenario, tuple(put)), Plan(put=deepest_first), checked=checked)


def _without(scenario: Scenario, paths: tuple[str, ...]) -> Scenario:
    """The scenario without what its changes and escalations do at these paths or below."""
    changes = tuple(c for c in (_spared(c, paths) for c in scenario.changes) if c.put or c.scale or c.add)
    alerts = (_spared(e, paths) for e in scenario.escalations)
    escalations = tuple(e for e in alerts if e.put or e.scale or e.add)
    return scenario.model_copy(update={"changes": changes, "escalations": escalations})


def _spared(edits: E, paths: tuple[str, ...]) -> E:
    leaves = {
        ".".join(leaf): value
        for dotted, nested in edits.put.items()
        for leaf, value in spread_out(tuple(dotted.split(".")), nested)
    }
    kept = {
        name: _others(table, paths)
        for name, table in (("put", leaves), ("scale", edits.scale), ("add", edits.add))
    }
    return edits.model_copy(update=kept)


def _others(table: Mapping[str, Any], paths: tuple[str, ...]) -> dict[str, Any]:
    return {k: v for k, v in table.items() if not any(f"{k}.".startswith(f"{path}.") for path in paths)}


# What each switch sets


def _of_teams(scenario: Scenario, reasons: tuple[str, ...]) -> Put:
    """Every team of these national reasons works without limit and in no time."""
    teams = [n for n, s in scenario.services.items() if s.kind == "team" and s.reason in reasons]
    return _joined(_at_once(scenario, name) | _in_no_time(name) for name in teams)


def _of_other_teams(scenario: Scenario) -> Put:
    others = {s.reason for s in scenario.services.values() if s.kind == "team"} - {"A", *PLACEMENTS}
    teams = [n for n, s in scenario.services.items() if s.kind == "team" and s.reason in others]
    return _joined(_at_once(scenario, name) | _in_no_time(name) for name in teams)


def _of_reablement(scenario: Scenario) -> Iterator[Switch]:
    """Two switches for each reablement team: how many it starts, and how many it holds."""
    for name in reablement_of(scenario):
        label = scenario.services[name].label or name
        whole = _at_once(scenario, name)
        flow = {path: value for path, value in whole.items() if path.endswith(".capacity")}
        starts = {path: value for path, value in whole.items() if path not in flow}
        yield Switch(f"{name}_starts", f"{label}: starts at any time", starts)
        yield Switch(f"{name}_flow", f"{label}: room for everybody", flow)


def _of_last_homes(scenario: Scenario) -> Put:
    return _joined(_at_once(scenario, name) for name in _last_homes(scenario))


def _of_places(scenario: Scenario, setting: str) -> Put:
    return _joined(_at_once(scenario, name) for name in _places(scenario, setting))


def _places(scenario: Scenario, setting: str) -> list[str]:
    return [n for n, s in scenario.services.items() if s.kind == "place" and setting_of(n, s) == setting]


def _last_homes(scenario: Scenario) -> list[str]:
    """Places at home from which nobody goes on to another: long-term care, as a rule."""
    return [name for name in _places(scenario, "home") if not _leads_on(scenario, name)]


def _at_once_in_words(scenario: Scenario, names: list[str]) -> str:
    return f"{', '.join(scenario.services[n].label or n for n in names)}: at once, for everybody"


def _leads_on(scenario: Scenario, name: str) -> bool:
    """Whether people go on from a place to another at home: then it is reablement, else long-term care."""
    homes = _places(scenario, "home")
    onward = shares(scenario.services[name].next or {})
    return any(share > 0 and n not in EXITS and n in homes for n, share in onward.items())


def _at_once(scenario: Scenario, name: str) -> Put:
    """A service takes on everybody at any time of any day."""
    service, put = scenario.services[name], {}
    if service.capacity is not None:
        put["capacity"] = UNLIMITED
    if service.starts is not None:
        put["starts"] = UNLIMITED
    put |= {key: value for key, value in ALWAYS_OPEN.items() if getattr(service, key) != value}
    return {f"services.{name}.{key}": value for key, value in put.items()}


def _in_no_time(team: str) -> Put:
    return {f"services.{team}.work": 0, f"services.{team}.lead_days": 0}


def _seven_days(scenario: Scenario) -> Put:
    """Starts on Saturdays, Sundays and holidays are the mean of Monday to Friday, where they are fewer."""
    return _joined(_as_weekdays(name, service) for name, service in scenario.services.items())


def _as_weekdays(name: str, service: Service) -> Put:
    if service.starts is None:
        return {}
    given = [service.starts.on(day, holiday=False) for day in range(len(FIVE_DAYS))]
    weekdays = [starts for starts in given if starts is not None]
    if len(weekdays) < len(FIVE_DAYS):
        return {}  # some weekday has no limit, so there is no mean to go by
    usual = sum(weekdays) / len(weekdays)
    weekend = {
        "sat": service.starts.on(5, False),
        "sun": service.starts.on(6, False),
        "holiday": service.starts.on(0, True),
    }
    return {
        f"services.{name}.starts.{day}": usual
        for day, starts in weekend.items()
        if starts is not None and starts < usual
    }


def _as_needed(scenario: Scenario) -> Put:
    return {
        f"over_prescription.{needed}": {needed: 1.0}
        for needed, given in scenario.over_prescription.items()
        if shares(given).get(needed, 0.0) < 1
    }


def _joined(parts: Iterable[Put]) -> Put:
    found: Put = {}
    for part in parts:
        found |= part
    return found
