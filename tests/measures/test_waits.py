"""Waits in a few numbers: percentiles are those of numpy, and a day is within a day."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flowsim import load
from flowsim.measures import Setting
from flowsim.measures.counted import WaitCounts
from flowsim.measures.waits import percentile, waits
from flowsim.people import prepare
from flowsim.scenario.timeline import build_timeline


@pytest.mark.parametrize("size", [1, 2, 3, 10, 11, 1_000])
def test_percentiles_are_those_of_numpy(size: int) -> None:
    for seed in range(20):
        waited = np.random.default_rng(seed).exponential(3.0, size)
        for percent in (0, 5, 50, 90, 95, 100):
            ours = percentile(np.sort(waited), percent / 100)
            assert ours == float(np.percentile(waited, percent)), (size, seed, percent)


def test_of_nobody_there_is_none() -> None:
    assert math.isnan(percentile(np.zeros(0), 0.5))


def test_a_wait_of_exactly_a_day_is_within_24_hours_and_nobody_has_no_mean() -> None:
    plan = prepare(build_timeline(load("sheffield-2017")))
    routes = np.zeros(len(plan.scenario.routes))
    stit = plan.offer.number("stit")
    counts = WaitCounts(np.full(4, stit), np.array([1.0, 3.0, 0.0, 1.0 + 2.0**-32]), routes, routes)
    found = waits(counts, Setting(plan.timeline, plan.offer))
    assert found["wait_within_24h_stit"] == 0.5
    assert found["wait_mean_stit"] == pytest.approx(1.25)
    assert math.isnan(found["wait_mean_homecare"])
    assert math.isnan(found["wait_within_24h_homecare"])
