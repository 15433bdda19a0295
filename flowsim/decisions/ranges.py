"""Numbers of a scenario that may turn out otherwise: which there are, how far they may lie from what the scenario says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from flowsim.distributions import mean
from flowsim.errors import RunError
from flowsim.scenario.edits import Plan
from flowsim.scenario.model import Distribution, Scenario, WeekTable
from flowsim.scenario.timeline import altered
from flowsim.scenario.words import shortened
from flowsim.units import WEEKDAYS

# How far "plausible" goes where nobody says.
PLAUSIBLE: Final = 0.20
_RANGE: Final = re.compile(r"^(?P<path>[^=:]+)=(?P<low>[^=:]+):(?P<high>[^=:]+)$")


@dataclass(frozen=True)
class Range:
    """A number of the scenario, by dotted path, and the factors between which it may lie."""

    path: str
    low: float
    high: float


def range_from(text: str) -> Range:
    """A range from PATH=LOW:HIGH, in factors of what the scenario says. Raises RunError in words."""
    found = _RANGE.match(text.strip())
    try:
        assert found is not None
        low, high = float(found["low"]), float(found["high"])
        assert 0 <= low < high <= 100
    except (AssertionError, ValueError):
        raise RunError(
            f"--range {shortened(text)}: must be PATH=LOW:HIGH in factors from 0 to 100, such as services.stit.stay=0.8:1.3"
        ) from None
    return Range(found["path"].strip(), low, high)


def moved(scenario: Scenario, factors: dict[str, float], *, checked: bool = False) -> Scenario:
    """The scenario with some numbers multiplied; `checked` as in `altered`. Raises ScenarioError in words."""
    return altered(scenario, Plan(scale=factors), checked=checked)


def numbers_of(scenario: Scenario) -> dict[str, str]:
    """Every number or table of a scenario worth moving: label by dotted path.

    Streams, shares of routes needed, stays, capacities, starts, work, and what happens while waiting; those that are nought are
    left out.
    """
    return {path: label for path, label, value in _numbers(scenario) if _counts(value)}


def amount_of(scenario: Scenario, path: str) -> tuple[float, str] | None:
    """A number worth moving as one amount with its unit: a mean stay in days, starts in a week; None for others."""
    value = next((value for name, _, value in _numbers(scenario) if name == path), None)
    if isinstance(value, WeekTable):
        days = [value.on(day, holiday=False) for day in range(len(WEEKDAYS))]
        return None if None in days else (float(sum(d for d in days if d is not None)), "a week")
    if isinstance(value, Distribution):
        return mean(value), "days on average"
    if not isinstance(value, (int, float)):
        return None
    if path.endswith(".capacity"):
        return float(value), scenario.services[path.split(".")[1]].unit
    return float(value), "a day" if path.endswith("_day") else "as a share"


def _numbers(scenario: Scenario) -> Iterator[tuple[str, str, Any]]:
    for name, stream in scenario.streams.items():
        yield f"streams.{name}.per_day", f"{stream.label}: people a day", stream.per_day
        if "rest" in stream.routes.values():
            for route, share in stream.routes.items():
                if share != "rest":
                    label = f"{stream.label}: share who need {scenario.routes[route].label}"
                    yield f"streams.{name}.routes.{route}", label, share
    for name, route_of in scenario.routes.items():
        yield f"routes.{name}.stay", f"{route_of.label}: days until ready", route_of.stay
    for name, service in scenario.services.items():
        label = service.label or name
        yield f"services.{name}.capacity", f"{label}: capacity", service.capacity
        yield f"services.{name}.starts", f"{label}: starts", service.starts
        yield f"services.{name}.stay", f"{label}: stay", service.stay
        yield f"services.{name}.work", f"{label}: time of a task", service.work
    rates = scenario.while_waiting
    yield "while_waiting.unwell_per_day", "Becoming unwell while waiting", rates.unwell_per_day
    yield "while_waiting.leaves_per_day", "Leaving while waiting", rates.leaves_per_day


def _counts(value: Any) -> bool:
    """Whether moving it by a share moves anything."""
    if isinstance(value, Distribution):
        return value.mean != 0
    if isinstance(value, WeekTable):
        return any(value.given().values())
    return bool(value)
