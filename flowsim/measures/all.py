"""All measures of one replication: by day, and over the run."""

from __future__ import annotations

from dataclasses import dataclass

from flowsim.journeys import Journeys
from flowsim.measures.census import census
from flowsim.measures.costs import costs
from flowsim.measures.flow import daily_flow, flow
from flowsim.measures.ground import Setting
from flowsim.measures.occupancy import occupancy
from flowsim.measures.waits import waits
from flowsim.units import Floats


@dataclass(frozen=True)
class Measured:
    """What one replication amounts to.

    `daily`: people at the midnight that ends each day (or per day), warm-up included, shape (days,).
    `totals`: one number each over the run.
    """

    daily: dict[str, Floats]
    totals: dict[str, float]


def measure(journeys: Journeys, setting: Setting) -> Measured:
    """Compute every measure of the design, section 6, that belongs to one replication."""
    flows = daily_flow(journeys, setting)
    daily = census(journeys, setting) | occupancy(journeys, setting) | flows
    run = slice(-setting.first_day, None)
    delayed = daily["delayed"][run]
    totals = {
        "delayed_mean": float(delayed.mean()),
        "delayed_peak": float(delayed.max()),
        "delayed_days": float(delayed.sum()),
        "excess_mean": float(daily["excess"][run].mean()),
        "excess_days": float(daily["excess"][run].sum()),
        "days_over_target": float((delayed > setting.scenario.target.delayed).sum()),
    }
    totals |= waits(journeys, setting) | flow(journeys, setting, flows) | costs(setting, daily)
    return Measured(daily, totals)
