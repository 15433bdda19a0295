"""Costs: days of care at each service's price, and acute beds held beyond need."""

from __future__ import annotations

from flowsim.measures.ground import Setting
from flowsim.units import Floats


def costs(setting: Setting, daily: dict[str, Floats]) -> dict[str, float]:
    """Pounds over the whole run, in the scenario's price year: excess days, each service's care, all together."""
    found = {"cost_excess_days": float(daily["excess"][setting.run] @ setting.excess_price)}
    for name, price in setting.care_prices.items():
        found[f"cost_{name}"] = float(daily[f"in_{name}"][setting.run] @ price)
    return {"cost": sum(found.values()), **found}
