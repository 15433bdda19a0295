"""Levers: the numbers a city can do something about, grouped as it groups them, each an edit of the scenario.

A lever belongs to one scenario: its value is what stands there, its unit, range and hint come from the one
table of inputs. Moving levers makes a copy of the scenario (`with_levers`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flowsim.errors import ScenarioError
from flowsim.scenario.edits import Document, Plan, document_of
from flowsim.scenario.model import EXITS, REST, Scenario, Service, WeekTable, setting_of
from flowsim.scenario.shape import shape_at
from flowsim.scenario.sources import InputRow
from flowsim.scenario.timeline import altered

DEMAND: Final = "Demand and winter"
IN_HOSPITAL: Final = "In hospital: planning and allocation"
STIT: Final = "STIT"
STEP_DOWN: Final = "Step-down"
HOMECARE: Final = "Homecare"
CARE_HOMES: Final = "Care homes"
PLACES_TO_WAIT: Final = "Places to wait"
ESCALATION: Final = "Escalation"
GROUPS: Final = (DEMAND, IN_HOSPITAL, STIT, STEP_DOWN, HOMECARE, CARE_HOMES, PLACES_TO_WAIT, ESCALATION)

WORKING_DAYS: Final = ("mon", "tue", "wed", "thu", "fri")
WEEKEND: Final = ("sat", "sun")
MOST_FACTOR: Final = 3.0
OWN_NAME: Final = "my-plan"


@dataclass(frozen=True)
class Lever:
    """One number to move. `key` names it in an address; `on_off` says that it is 1 (in force) or 0.

    `later` names dated changes of the scenario that alter the same number during the run.
    """

    key: str
    group: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    value: float
    hint: str
    source: str = ""
    later: str = ""
    on_off: bool = False


def levers_of(scenario: Scenario, rows: Sequence[InputRow] = ()) -> list[Lever]:
    """Every lever a scenario has, in the order of the groups; `rows` tell where its numbers come from."""
    sources = {row.path: _source(row) for row in rows}
    found = [
        *_demand(scenario, sources),
        *(lever for name, service in scenario.services.items() for lever in _of_service(scenario, name, service, sources)),
        *_escalations(scenario),
    ]  # fmt: skip
    return sorted(found, key=lambda lever: GROUPS.index(lever.group))


def with_levers(scenario: Scenario, moved: Mapping[str, float], name: str = OWN_NAME) -> Scenario:
    """A copy with levers moved, under a name of its own. Raises ScenarioError in words."""
    known = {lever.key: lever for lever in levers_of(scenario)}
    strange = [key for key in moved if key not in known]
    if strange:
        raise ScenarioError([f"{scenario.name}: {strange[0]}: there is no such lever in this scenario"])
    named = scenario.model_copy(update={"name": name, "title": f"Your own plan, on {scenario.name}"})
    return altered(named, _plan(scenario, moved)) if moved else named


def carried_over(
    moved: Mapping[str, float], before: Scenario, after: Scenario
) -> tuple[dict[str, float], list[str]]:
    """Levers moved on one scenario, for another: those that it has as well, and the labels of those that it has not.

    A dated change or an escalation is told by its label: its number means another one elsewhere.
    """

    def sort_of(lever: Lever) -> str:
        return lever.label if lever.key.partition(".")[0] in ("changes", "escalations") else lever.key

    there = {sort_of(lever): lever for lever in levers_of(after)}
    kept: dict[str, float] = {}
    left: list[str] = []
    for lever in levers_of(before):
        value, same = moved.get(lever.key, lever.value), there.get(sort_of(lever))
        if value == lever.value:
            continue
        if same is None or not same.low <= value <= same.high:
            left.append(lever.label)
        elif value != same.value:
            kept[same.key] = value
    return kept, left


def moved_in_words(scenario: Scenario, moved: Mapping[str, float]) -> list[str]:
    """What was moved, one sentence a lever."""
    said = []
    for lever in levers_of(scenario):
        value = moved.get(lever.key, lever.value)
        if value == lever.value:
            continue
        if lever.on_off:
            said.append(f"{lever.label}: left out")
        else:
            said.append(f"{lever.label}: {lever.value:g} to {value:g} {lever.unit}".rstrip())
    return said


# Which levers there are


def _source(row: InputRow) -> str:
    return f"{row.source} ({row.confidence})" if row.confidence in ("H", "M", "L") else row.source


def _demand(scenario: Scenario, sources: Mapping[str, str]) -> Iterator[Lever]:
    for name, stream in scenario.streams.items():
        path = f"streams.{name}.per_day"
        yield _from_table(
            path, DEMAND, stream.label, stream.per_day, 0.1 if stream.per_day < 20 else 1.0, sources
        )
    if any(route.stay is not None for route in scenario.routes.values()):
        yield _factor("routes.stay", DEMAND, "Stays in hospital until ready", "all routes; 1 as in the scenario, 1.05 for 5 % longer")  # fmt: skip
    for number, change in enumerate(scenario.changes):
        until = f" to {change.to:%d %B %Y}" if change.to else " on"
        yield Lever(
            f"changes.{number}", DEMAND, change.label, "", 0, 1, 1, 1.0, f"in force from {change.begins:%d %B %Y}{until}",
            on_off=True,
        )  # fmt: skip
    if scenario.over_prescription:
        yield _factor("over_prescription", IN_HOSPITAL, "Care more intense than needed", "share of people given more than they need; 0.5 halves it")  # fmt: skip


def _of_service(
    scenario: Scenario, name: str, service: Service, sources: Mapping[str, str]
) -> Iterator[Lever]:
    group, label, path = _group(name, service), service.label or name, f"services.{name}"
    if service.capacity is not None:
        step = 1.0
        yield _from_table(f"{path}.capacity", group, f"{label}: capacity", service.capacity, step, sources, service.unit)  # fmt: skip
    for part, days, words in (
        ("working_days", WORKING_DAYS, "new people on a working day"),
        ("weekend", WEEKEND, "new people on a Saturday or Sunday"),
    ):
        value = _mean_start(service.starts, days)
        if value is not None:
            shape = shape_at(("services", name, "starts"))
            source = sources.get(f"{path}.starts.{days[0]}") or sources.get(f"{path}.starts", "")
            yield Lever(
                f"{path}.starts.{part}", group, f"{label}: {words}", "people a day", 0, 500, 0.5 if value < 15 else 1.0,
                value, shape.hint if shape else "", source, _later(scenario, f"{path}.starts"),
            )  # fmt: skip
    if service.kind == "place" and service.stay is not None and setting_of(name, service) in ("home", "bed"):
        yield _from_table(f"{path}.stay_scale", group, f"{label}: length of stay", service.stay_scale, 0.05, sources, "factor")  # fmt: skip
    if service.kind == "team" and service.lead_days > 0:
        yield _from_table(f"{path}.lead_days", group, f"{label}: referred before ready", service.lead_days, 0.5, sources, "days", scenario)  # fmt: skip
    decided = _mean_start(service.decided, WEEKEND)
    if decided is not None and decided < 1:
        yield Lever(
            f"{path}.decided.weekend", IN_HOSPITAL, "Declared ready at weekends", "share", 0, 1, 0.05, decided,
            "chance that somebody whose stay ends on a Saturday or Sunday is declared ready that day",
            sources.get(f"{path}.decided.sat", ""),
        )  # fmt: skip


def _escalations(scenario: Scenario) -> Iterator[Lever]:
    for number, escalation in enumerate(scenario.escalations):
        shape = shape_at(("escalations", number, "when_delayed_above"))
        yield Lever(
            f"escalations.{number}", ESCALATION, f"{escalation.label}: in force when needed", "", 0, 1, 1, 1.0,
            shape.hint if shape else "", on_off=True,
        )  # fmt: skip
        yield Lever(
            f"escalations.{number}.when_delayed_above", ESCALATION, f"{escalation.label}: begins above", "people delayed",
            escalation.until_below, 1_000, 5.0, escalation.when_delayed_above, shape.hint if shape else "",
        )  # fmt: skip


def _group(name: str, service: Service) -> str:
    """Where the city puts a service: by its kind and where people are, STIT and homecare by their names."""
    if service.kind == "team" or setting_of(name, service) == "hospital":
        return IN_HOSPITAL
    setting = setting_of(name, service)
    if setting == "home":
        return STIT if "stit" in name else HOMECARE
    return {"bed": STEP_DOWN, "care_home": CARE_HOMES, "waiting": PLACES_TO_WAIT}[setting]


def _from_table(
    path: str, group: str, label: str, value: float, step: float, sources: Mapping[str, str], unit: str = "",
    scenario: Scenario | None = None,
) -> Lever:  # fmt: skip
    """A lever for one number of the scenario, with unit, range and hint from the table of inputs."""
    shape = shape_at(tuple(path.split(".")))
    assert shape is not None
    low = shape.low or 0.0
    high = shape.high if shape.high is not None else 1e6
    later = _later(scenario, path) if scenario else ""
    return Lever(path, group, label, unit or shape.unit, low, high, step, float(value), shape.hint, sources.get(path, ""), later)  # fmt: skip


def _factor(key: str, group: str, label: str, hint: str) -> Lever:
    return Lever(key, group, label, "factor", 0.0, MOST_FACTOR, 0.05, 1.0, hint)


def _mean_start(table: WeekTable | None, days: tuple[str, ...]) -> float | None:
    """The mean of a weekday table over some days; None where one of them has no limit."""
    values = [getattr(table, day) for day in days] if table is not None else [None]
    given = [v for v in values if v is not None]
    return sum(given) / len(given) if len(given) == len(values) else None


def _later(scenario: Scenario, path: str) -> str:
    """The labels of dated changes that put another value where a lever is."""
    return "; ".join(
        c.label for c in scenario.changes if any(p == path or p.startswith(f"{path}.") for p in c.put)
    )


# What moving them does


def _plan(scenario: Scenario, moved: Mapping[str, float]) -> Plan:
    document = document_of(scenario)
    put: dict[str, Any] = {}
    scale: dict[str, float] = {}
    for key, value in moved.items():
        if key == "routes.stay":
            scale |= {
                f"routes.{name}.stay": value
                for name, route in scenario.routes.items()
                if route.stay is not None
            }
        elif key == "over_prescription":
            scale |= dict.fromkeys(_too_intense(scenario), value)
        elif key.partition(".")[0] in ("changes", "escalations"):
            continue
        elif key.endswith((".working_days", ".weekend")):
            path, _, part = key.rpartition(".")
            days = WEEKEND if part == "weekend" else WORKING_DAYS
            put[path] = {**put.get(path, {}), **_by_day(document, path, days, value)}
        else:
            put[key] = value
    for section, entries in (("changes", _in_force), ("escalations", _escalations_moved)):
        if any(key.partition(".")[0] == section for key in moved):
            put[section] = entries(document, moved)
    return Plan(put, scale)


def _too_intense(scenario: Scenario) -> list[str]:
    return [
        f"over_prescription.{needed}.{given}"
        for needed, row in scenario.over_prescription.items()
        for given, share in row.items()
        if share != REST and given != needed and given not in EXITS
    ]


def _by_day(document: Document, path: str, days: tuple[str, ...], value: float) -> dict[str, float]:
    """New numbers by day with the given mean, in the proportions there were."""
    _, name, quantity = path.split(".")
    table = document["services"][name][quantity]
    old = sum(table[day] for day in days) / len(days)
    return {day: table[day] * value / old if old > 0 else value for day in days}


def _in_force(document: Document, moved: Mapping[str, float]) -> list[Any]:
    return [c for n, c in enumerate(document["changes"]) if moved.get(f"changes.{n}", 1) > 0]


def _escalations_moved(document: Document, moved: Mapping[str, float]) -> list[Any]:
    kept = []
    for n, escalation in enumerate(document["escalations"]):
        if moved.get(f"escalations.{n}", 1) > 0:
            above = moved.get(f"escalations.{n}.when_delayed_above", escalation["when_delayed_above"])
            kept.append({**escalation, "when_delayed_above": above})
    return kept
