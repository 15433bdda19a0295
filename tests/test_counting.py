"""Counting: as it is done by hand, and with numba and without it to the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from flowsim import counting, counting_loops
from flowsim.counting import order_of, pairs, under_way
from flowsim.units import Floats, Ints


def some_numbers(seed: int, size: int, below: int) -> Ints:
    return np.random.default_rng(seed).integers(0, below, size)


def some_times(seed: int, size: int) -> Floats:
    """Times from well before the first day to well past the last, a third of them midnights, some missing."""
    luck = np.random.default_rng(seed)
    times = luck.uniform(-30.0, 50.0, size)
    times[: size // 3] = np.floor(times[: size // 3])
    times[luck.random(size) < 0.2] = np.nan
    return luck.permutation(times)


def test_the_order_of_numbers_keeps_equal_ones_as_they_are() -> None:
    assert order_of(np.array([2, 0, 2, 1, 0]), 3).tolist() == [1, 4, 3, 0, 2]
    assert order_of(np.zeros(0, dtype=np.int64), 0).tolist() == []


@pytest.mark.parametrize("below", [2**16 - 1, 2**16, 2**16 + 1, 2**33])
def test_the_order_of_large_numbers(below: int) -> None:
    numbers = np.append(some_numbers(3, 500, below) // 7 * 7, [0, below - 1, 0, below - 1])
    in_order = sorted(range(numbers.size), key=lambda i: int(numbers[i]))
    assert counting._order_by_numpy(numbers, below).tolist() == in_order


def test_pairs_are_all_there_once() -> None:
    i, j = pairs(np.array([2, 0, 1, 2]), np.array([0, 0, 2]), 3)
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == [(0, 2), (1, 0), (1, 1), (3, 2)]


def test_a_midnight_comes_before_whatever_else_happens_then() -> None:
    begin = np.array([0.5, 1.0, 0.0, -5.0, 0.2, np.nan, 1.5])
    end = np.array([1.0, 2.0, 0.9, 3.0, np.nan, 1.0, 99.0])
    # Midnights at 1, 2 and 3 days. The first is still there at 1; the second begins at 1 and is not there yet.
    assert under_way(begin, end, np.zeros(7, dtype=np.int64), (1, 3), 0).tolist() == [[3.0, 4.0, 3.0]]


@pytest.mark.parametrize("seed", range(20))
def test_with_numba_and_without_it_are_the_same(seed: int) -> None:
    size, keys, days = (0, 1, 40, 300)[seed % 4], 1 + seed % 5, 1 + 3 * seed
    numbers = some_numbers(seed, size, keys)
    assert counting_loops.order_of(numbers, keys).tolist() == counting._order_by_numpy(numbers, keys).tolist()

    begin, end = some_times(seed, size), some_times(seed + 100, size)
    end = np.where(end < begin, begin, end)
    found = [
        count(begin, end, numbers, keys, days, -10)
        for count in (counting_loops.under_way, counting._under_way_by_numpy)
    ]
    assert found[0].tobytes() == found[1].tobytes()


def test_a_loop_never_writes_beside_its_table() -> None:
    one, day = np.array([3]), np.array([0.5])
    with pytest.raises(IndexError):
        counting_loops.order_of(one, 3)
    with pytest.raises(IndexError):
        counting_loops.under_way(day, day, one, 3, 5, 0)
    with pytest.raises(IndexError):
        pairs(one, np.array([0]), 3)
