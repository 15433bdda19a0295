"""Counting people: in which order they stand, which rows are one person's, who is there at each midnight.

These jobs look at every row of the journeys, so each stands here twice: as a loop for numba to compile, and in
numpy for where there is no numba. A test holds the two to the same numbers.
"""

from __future__ import annotations

import math

import numpy as np

from flowsim.compiling import HAS_NUMBA, compiled
from flowsim.units import Floats, Ints


def order_of(numbers: Ints, below: int) -> Ints:
    """The order that sorts whole numbers from 0 to under `below`; equal ones keep their order. Shape as given."""
    return _order_by_loop(numbers, below) if HAS_NUMBA else _order_by_numpy(numbers)


def pairs(left: Ints, right: Ints, below: int) -> tuple[Ints, Ints]:
    """Positions (i, j) with left[i] == right[j], every such pair once, in the order of i, then of j.

    Both hold whole numbers from 0 to under `below`; `right` is in ascending order.
    """
    rows_of = np.bincount(right, minlength=below)
    first_of = np.cumsum(rows_of) - rows_of
    make = _pairs_by_loop if HAS_NUMBA else _pairs_by_numpy
    i, j = make(left, rows_of, first_of)
    return i, j


def under_way(begin: Floats, end: Floats, key: Ints, counted: tuple[int, int], first_day: int) -> Floats:
    """How many intervals (begin, end] are under way at the midnight that ends each day, by key.

    `begin` and `end` (days) and `key` have shape (intervals,); `counted` is (keys, days), the shape of what is
    returned, and its first column is `first_day`. NaN is a begin that has not come or an end that has not.
    """
    make = _under_way_by_loop if HAS_NUMBA else _under_way_by_numpy
    found: Floats = make(begin, end, key, *counted, first_day)
    return found


@compiled
def _order_by_loop(numbers: Ints, below: int) -> Ints:
    """A counting sort: where each number's rows begin, then every row to the next place of its number."""
    place = np.zeros(below + 1, dtype=np.int64)
    for number in numbers:
        if not 0 <= number < below:
            raise IndexError("a number is not from 0 to below the bound")
        place[number + 1] += 1
    for number in range(below):
        place[number + 1] += place[number]
    order = np.empty(numbers.size, dtype=np.int64)
    for row in range(numbers.size):
        number = numbers[row]
        order[place[number]] = row
        place[number] += 1
    return order


def _order_by_numpy(numbers: Ints) -> Ints:
    return np.argsort(numbers, kind="stable")


@compiled
def _pairs_by_loop(left: Ints, rows_of: Ints, first_of: Ints) -> tuple[Ints, Ints]:
    total = 0
    for number in left:
        if not 0 <= number < rows_of.size:
            raise IndexError("a number is not from 0 to below the bound")
        total += rows_of[number]
    i, j = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    at = 0
    for row in range(left.size):
        first = first_of[left[row]]
        for other in range(first, first + rows_of[left[row]]):
            i[at], j[at] = row, other
            at += 1
    return i, j


def _pairs_by_numpy(left: Ints, rows_of: Ints, first_of: Ints) -> tuple[Ints, Ints]:
    count = rows_of[left]
    i = np.repeat(np.arange(left.size), count)
    within = np.arange(i.size) - np.repeat(np.cumsum(count) - count, count)
    return i, first_of[left[i]] + within


@compiled
def _under_way_by_loop(begin: Floats, end: Floats, key: Ints, keys: int, days: int, first_day: int) -> Floats:
    """One more from the day of the begin, one fewer from the day of the end, then running sums."""
    counts = np.zeros((keys, days))
    past = float(first_day + days)
    for i in range(key.size):
        if not 0 <= key[i] < keys:
            raise IndexError("a key is not from 0 to below the number of keys")
        if begin[i] < past:
            counts[key[i], max(math.floor(begin[i]) - first_day, 0)] += 1.0
            if end[i] < past:
                counts[key[i], max(math.floor(end[i]) - first_day, 0)] -= 1.0
    for k in range(keys):
        for day in range(1, days):
            counts[k, day] += counts[k, day - 1]
    return counts


def _under_way_by_numpy(
    begin: Floats, end: Floats, key: Ints, keys: int, days: int, first_day: int
) -> Floats:
    begun, ended = begin < first_day + days, end < first_day + days
    change = np.zeros((keys, days))
    for sign, rows, times in ((1.0, begun, begin), (-1.0, begun & ended, end)):
        day = np.maximum(np.floor(times[rows]).astype(np.int64) - first_day, 0)
        cells = np.bincount(key[rows] * days + day, minlength=keys * days)
        change += sign * cells.reshape(keys, days)
    return np.cumsum(change, axis=1)
