"""Money: who pays for what happens under each plan, who gains, and what a plan saves all told.

The prices are the scenario's: an excess day in hospital, and a day of care in each service, in its price year. Who
pays for a service goes by where it is, unless said otherwise: the hospital for days beyond need, the council for care at
home and in care homes, the CCG for beds and places to wait in. That is an assumption: budgets were pooled (Better Care Fund).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from flowsim.decisions.compare import Comparison
from flowsim.errors import RunError
from flowsim.experiment.intervals import can_call, mean_interval, paired_interval
from flowsim.results import Result
from flowsim.scenario.model import Scenario, setting_of
from flowsim.scenario.words import nearest
from flowsim.units import Floats

HOSPITAL: Final = "hospital"
PAYS: Final = {
    "hospital": HOSPITAL,
    "bed": "CCG",
    "home": "council",
    "care_home": "council",
    "waiting": "CCG",
}
PAYERS: Final = tuple(dict.fromkeys(PAYS.values()))
ALL: Final = "all together"
COLUMNS: Final = ["scenario", "payer", "cost", "low", "high", "change", "change_low", "change_high", "called"]


@dataclass(frozen=True)
class PlanCost:
    """What a plan costs its payer beyond the days of care: pounds over the run."""

    plan: str
    payer: str
    pounds: float

    def __str__(self) -> str:
        """As the command line writes it."""
        return f"{self.plan}:{self.payer}={self.pounds:.12g}"


def plan_cost_from(text: str) -> PlanCost:
    """A plan's own cost from PLAN:PAYER=POUNDS. Raises RunError in words."""
    who, equals, pounds = text.rpartition("=")
    plan, colon, payer = who.rpartition(":")
    try:
        value = float(pounds)
    except ValueError:
        value = float("nan")
    if not (equals and colon and plan and payer and np.isfinite(value)):
        raise RunError(
            f"--plan-cost {text}: must be PLAN:PAYER=POUNDS, such as seven-day-stit:council=250000"
        )
    return PlanCost(plan, payer, value)


def payers_of(scenario: Scenario, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Who pays for each service. Raises RunError in words where one is named that is not there."""
    for name in given or {}:
        if name not in scenario.services:
            raise RunError(
                f"--payer {name}: {scenario.name} has no such service; {nearest(name, scenario.services)}"
            )
    usual = {name: PAYS[setting_of(name, service)] for name, service in scenario.services.items()}
    return usual | dict(given or {})


def check_payment(
    scenarios: Sequence[Scenario], payers: Mapping[str, str] | None, plan_costs: tuple[PlanCost, ...]
) -> None:
    """Raise RunError in words where who is to pay names a service, a plan or a payer that is not there."""
    names = [scenario.name for scenario in scenarios]
    known = dict.fromkeys([*PAYERS, *(payer for s in scenarios for payer in payers_of(s, payers).values())])
    for extra in plan_costs:
        if extra.plan not in names:
            raise RunError(f"--plan-cost {extra.plan}: is none of the scenarios compared: {', '.join(names)}")
        if extra.payer not in known:
            raise RunError(
                f"--plan-cost {extra}: {extra.payer} pays for nothing else; {nearest(extra.payer, known)}"
            )


def money(
    comparison: Comparison, payers: Mapping[str, str] | None = None, plan_costs: tuple[PlanCost, ...] = ()
) -> pd.DataFrame:
    """Pounds over the run by scenario and payer, then all together: scenario, payer, cost, low, high, change, change_low, change_high, called.

    `change` is a plan's cost minus the base's over the same replications (NaN for the base): below 0 the payer gains. Intervals are 95 %; they
    hold chance, not doubt about prices. Raises RunError in words.
    """
    check_payment([result.scenario for result in comparison.results], payers, plan_costs)
    names = [result.scenario.name for result in comparison.results]
    tables = [_by_payer(result, payers, plan_costs) for result in comparison.results]
    everybody = list(dict.fromkeys(payer for table in tables for payer in table))
    rows = []
    for name, table in zip(names, tables, strict=True):
        for payer in everybody:
            nothing = np.zeros(comparison.base.replications)
            cost, before = table.get(payer, nothing), tables[0].get(payer, nothing)
            rows.append((name, payer, *_row(cost, before, is_base=table is tables[0])))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(cost: Floats, before: Floats, *, is_base: bool) -> tuple[float | bool, ...]:
    level = mean_interval(cost)
    if is_base:
        nan = float("nan")
        return level.value, level.low, level.high, nan, nan, nan, False
    change = paired_interval(cost, before)
    return level.value, level.low, level.high, change.value, change.low, change.high, can_call(change)


def _by_payer(
    result: Result, payers: Mapping[str, str] | None, plan_costs: tuple[PlanCost, ...]
) -> dict[str, Floats]:
    """Pounds in each replication by payer, shape (replications,) each, all together last."""
    numbers = result.per_replication
    found: dict[str, Floats] = {HOSPITAL: numbers["cost_excess_days"].astype(np.float64)}
    for service, payer in payers_of(result.scenario, payers).items():
        if f"cost_{service}" in numbers:
            found[payer] = found.get(payer, np.zeros(result.replications)) + numbers[f"cost_{service}"]
    for extra in plan_costs:
        if extra.plan == result.scenario.name:
            found[extra.payer] = found.get(extra.payer, np.zeros(result.replications)) + extra.pounds
    total: Floats = np.sum(list(found.values()), axis=0)
    return {**found, ALL: total}
