"""The countings of the measures: in loops and in arrays the same, and of everybody the sum of the parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

import flowsim
from flowsim.engine import simulate_unhindered
from flowsim.measures import count, count_care, counting_at_once, counting_in_loops, measured, together
from tests.laws.lived import Lived, live, lived
from tests.measures.test_census_only import only_hindered


def columns_of(way: ModuleType, found: Lived) -> dict[str, tuple[np.ndarray, ...]]:
    """All that is counted in one of the two ways."""
    flow, occupancy, waits = way.care(found.journeys, found.setting)
    return {
        "census": way.census(found.journeys, found.setting),
        "flow": flow,
        "occupancy": occupancy,
        "waits": waits,
    }


def both_ways(found: Lived) -> Iterator[tuple[tuple[str, int], np.ndarray, np.ndarray]]:
    """Every column of every kind, in loops and in arrays."""
    loops, arrays = (columns_of(way, found) for way in (counting_in_loops, counting_at_once))
    for kind, columns in loops.items():
        for number, (one, other) in enumerate(zip(columns, arrays[kind], strict=True)):
            yield (kind, number), one, other


@pytest.mark.parametrize("first_seed", range(0, 60, 20))
def test_with_numba_and_without_it_are_the_same(first_seed: int) -> None:
    seen: Counter[tuple[str, int]] = Counter()
    for seed in range(first_seed, first_seed + 20):
        for what, one, other in both_ways(lived(seed)):
            assert (one.shape, one.dtype) == (other.shape, other.dtype), (what, seed)
            assert one.tobytes() == other.tobytes(), (what, seed)
            seen[what] += bool(one.any())
    del seen["flow", 3]  # nobody's 91st day lies in so short a run
    assert len(seen) == 4 + 4 + 3 + 4 - 1
    assert min(seen.values()) >= 3, seen


def test_who_is_at_home_after_91_days_is_the_same_too() -> None:
    found = live(flowsim.load("sheffield-2017"), 3)
    for what, one, other in both_ways(found):
        assert one.tobytes() == other.tobytes(), what
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


def test_flows_of_both_parts_are_those_of_everybody_in_a_long_run() -> None:
    """Discharges and whoever is judged, of those who never meet a limit and of the others, are those of everybody."""
    found = live(flowsim.load("sheffield-2017"), 3)
    others = count_care(
        simulate_unhindered(found.people, found.setting.offer, found.journeys.horizon), found.setting
    )
    some = count(only_hindered(found), found.setting)
    assert others.flow.discharges.sum() > 1_000
    whole = count_care(found.journeys, found.setting)
    for one, other in zip(together(some, others).care.flow, whole.flow, strict=True):
        assert one.tobytes() == other.tobytes()


def test_one_day_adds_up_in_the_same_order_too() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        counted, share = rng.integers(0, 9, (4, 13, 1)).astype(float), rng.random((13, 1))
        delayed, by_route = np.zeros((1, 13)), np.zeros((1, 4))
        table = np.ascontiguousarray(counted.reshape(-1, 1).T)
        counting_in_loops._add_up(table, table, share, np.zeros((1, 13)), delayed, by_route)
        weighted = counting_at_once.added_in_order(counted * share)
        assert by_route.T.tobytes() == weighted.tobytes()
