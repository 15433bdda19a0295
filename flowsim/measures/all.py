"""All measures of one replication: by day, and over the run."""

from __future__ import annotations

from dataclasses import dataclass

from flowsim.journeys import Journeys
from flowsim.measures.census import census, over_the_run
from flowsim.measures.costs import costs
from flowsim.measures.counted import Counts
from flowsim.measures.counts import count, count_census
from flowsim.measures.daily import Daily
from flowsim.measures.flow import daily_flow, flow
from flowsim.measures.ground import Setting
from flowsim.measures.occupancy import occupancy
from flowsim.measures.totals import Totals
from flowsim.measures.waits import waits
from flowsim.units import Floats


@dataclass(frozen=True)
class Measured:
    """What one replication amounts to.

    `daily`: people at the midnight that ends each day (or per day), warm-up included, shape (days,) each.
    `totals`: one number each over the run.
    """

    daily: Daily
    totals: Totals


def measure(journeys: Journeys, setting: Setting) -> Measured:
    """Compute every measure of the design, section 6, that belongs to one replication."""
    return measured(count(journeys, setting), setting)


def measured(counts: Counts, setting: Setting) -> Measured:
    """Every measure of one replication, from what was counted of everybody."""
    care, daily = counts.care, census(counts.census, setting)
    totals = over_the_run(setting, daily)
    flows = daily_flow(care.flow, setting)
    daily |= occupancy(care.occupancy, setting) | flows
    totals |= waits(care.waits, setting) | flow(care.flow, setting, flows) | costs(setting, daily)
    return _kept(daily, totals)


def measure_census(journeys: Journeys, setting: Setting) -> Measured:
    """The midnight census alone (excess and delayed, by day and over the run).

    The journeys need hold nobody but those who can be hindered.
    """
    daily = census(count_census(journeys, setting), setting)
    return _kept(daily, over_the_run(setting, daily))


def _kept(daily: dict[str, Floats], totals: dict[str, float]) -> Measured:
    return Measured(Daily(daily), Totals(totals))
