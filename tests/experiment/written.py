"""Replications whose census is written down day by day, so that what is made of it can be worked out by hand.

The city is the small one: its run begins on a Monday, and its target is 6 people delayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from flowsim.engine import AUTO
from flowsim.experiment.worker import Outcome
from flowsim.measures import Measured, Setting
from flowsim.measures.census import over_the_run
from flowsim.measures.daily import Daily
from flowsim.measures.totals import Totals
from flowsim.people import prepare
from flowsim.results import Result
from flowsim.scenario.edits import Plan
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import altered, build_timeline
from tests.experiment.city import small_city

TARGET = 6


@cache
def city_of(days: int, name: str = "small") -> Scenario:
    """The small city, run for so many days."""
    return altered(small_city(name=name), Plan(put={"run.days": days}))


def written_result(*delayed: Sequence[float], name: str = "small") -> Result:
    """A result with so many delayed at the midnight that ends each day of the run, one row a replication; none in the warm-up."""
    (days,) = {len(row) for row in delayed}
    scenario = city_of(days, name)
    plan = prepare(build_timeline(scenario))
    setting = Setting(plan.timeline, plan.offer)
    outcomes = tuple(_outcome(setting, number, row) for number, row in enumerate(delayed))
    return Result(scenario, outcomes, seed=7, engine=AUTO, seconds=0.0)


def _outcome(setting: Setting, number: int, delayed: Sequence[float]) -> Outcome:
    whole = np.concatenate([np.zeros(-setting.first_day), np.array(delayed, dtype=np.float64)])
    daily = {"excess": whole, "delayed": whole}
    return Outcome(0, number, Measured(Daily(daily), Totals(over_the_run(setting, daily))), None)
