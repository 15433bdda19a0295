"""Costs: days of care at each service's price, and acute beds held beyond need."""

from __future__ import annotations

from collections.abc import Callable

from flowsim.measures.ground import Setting
from flowsim.scenario.model import Scenario
from flowsim.units import Floats


def costs(setting: Setting, daily: dict[str, Floats]) -> dict[str, float]:
    """Pounds over the whole run, in the scenario's price year: excess days, each service's care, all together."""
    run = slice(-setting.first_day, None)
    price = setting.timeline.by_day(lambda s: s.costs.hospital_excess_day)[run]
    found = {"cost_excess_days": float(daily["excess"][run] @ price)}
    for name in setting.offer.names:
        per_day = setting.timeline.by_day(_price_of(name))[run]
        if per_day.any():
            found[f"cost_{name}"] = float(daily[f"in_{name}"][run] @ per_day)
    return {"cost": sum(found.values()), **found}


def _price_of(name: str) -> Callable[[Scenario], float]:
    return lambda scenario: scenario.services[name].cost_per_day
