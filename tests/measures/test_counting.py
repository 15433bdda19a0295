"""The countings of the measures: in loops and in arrays the same, and of everybody the sum of the parts."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import flowsim
from flowsim.engine import simulate_unhindered
from flowsim.measures import count, count_care, counting_at_once, counting_in_loops, measured, together
from tests.laws.lived import live, lived
from tests.measures.test_census_only import only_hindered

WAYS = {
    "census": (counting_in_loops.census, counting_at_once.census),
    "flow": (counting_in_loops.flow, counting_at_once.flow),
    "occupancy": (counting_in_loops.occupancy, counting_at_once.occupancy),
    "waits": (counting_in_loops.waits, counting_at_once.waits),
}


@pytest.mark.parametrize("first_seed", range(0, 60, 20))
def test_with_numba_and_without_it_are_the_same(first_seed: int) -> None:
    seen: Counter[tuple[str, int]] = Counter()
    for seed in range(first_seed, first_seed + 20):
        found = lived(seed)
        for what, (by_loop, by_arrays) in WAYS.items():
            one, other = by_loop(found.journeys, found.setting), by_arrays(found.journeys, found.setting)
            for column, (a, b) in enumerate(zip(one, other, strict=True)):
                assert (a.shape, a.dtype) == (b.shape, b.dtype), (what, column, seed)
                assert a.tobytes() == b.tobytes(), (what, column, seed)
                seen[what, column] += bool(a.any())
    del seen["flow", 3]  # nobody's 91st day lies in so short a run
    assert len(seen) == 4 + 4 + 3 + 4 - 1
    assert min(seen.values()) >= 3, seen


def test_who_is_at_home_after_91_days_is_the_same_too() -> None:
    found = live(flowsim.load("sheffield-2017"), 3)
    for by_loop, by_arrays in WAYS.values():
        one, other = by_loop(found.journeys, found.setting), by_arrays(found.journeys, found.setting)
        assert [a.tobytes() for a in one] == [b.tobytes() for b in other]
    judged, at_home = count(found.journeys, found.setting).care.flow.judged
    assert judged > at_home > 500


def test_of_everybody_it_is_the_sum_of_the_parts() -> None:
    """Those who can be hindered and those who cannot: every measure to the bit."""
    both = 0
    for seed in range(30):
        found = lived(seed)
        others = simulate_unhindered(found.people, found.setting.offer, found.journeys.horizon)
        some = only_hindered(found)
        assert len(some) + len(others) == len(found.journeys)
        both += bool(len(some) and len(others))
        sums = together(count(some, found.setting), count_care(others, found.setting))
        assert np.isfinite(sums.care.occupancy.used).all()
        apart = measured(sums, found.setting)
        for name, values in found.measured.daily.items():
            assert apart.daily[name].tobytes() == values.tobytes(), (seed, name)
        assert list(apart.totals) == list(found.measured.totals)
        for name, value in found.measured.totals.items():
            assert np.array([apart.totals[name]]).tobytes() == np.array([value]).tobytes(), (seed, name)
    assert both > 2
