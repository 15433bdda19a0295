"""All measures of one replication: by day, and over the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowsim.journeys import Journeys
from flowsim.measures.census import census, over_the_run
from flowsim.measures.costs import costs
from flowsim.measures.daily import Daily, shared
from flowsim.measures.flow import daily_flow, flow
from flowsim.measures.ground import Setting, ready_in_hospital
from flowsim.measures.occupancy import occupancy
from flowsim.measures.waits import waits


@dataclass(frozen=True)
class Measured:
    """What one replication amounts to.

    `daily`: people at the midnight that ends each day (or per day), warm-up included, shape (days,) each.
    `totals`: one number each over the run.
    """

    daily: Daily
    totals: dict[str, float]

    def __setstate__(self, state: dict[str, Any]) -> None:
        # What came from another process shares its names with the others here.
        totals = state["totals"]
        named = dict(zip(shared(totals), totals.values(), strict=True))
        self.__dict__.update(state | {"totals": named})


def measure(journeys: Journeys, setting: Setting, *, census_only: bool = False) -> Measured:
    """Compute every measure of the design, section 6, that belongs to one replication.

    With `census_only` just the midnight census (excess and delayed, by day and over the run), for which the
    journeys need hold nobody but those who can be hindered; all other measures are then absent.
    """
    ready = ready_in_hospital(journeys, setting)
    daily = census(journeys, setting, ready)
    totals = over_the_run(setting, daily)
    if not census_only:
        flows = daily_flow(journeys, setting)
        daily |= occupancy(journeys, setting) | flows
        totals |= waits(journeys, setting, ready) | flow(journeys, setting, flows) | costs(setting, daily)
    return Measured(Daily(daily), dict(zip(shared(totals), totals.values(), strict=True)))
