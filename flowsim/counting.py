"""Counting people: in which order they stand, which rows are one person's, who is there at each midnight.

What compiled code needs as well stands twice: here in numpy, and in `flowsim.counting_loops`. A test holds the two to the
same numbers.
"""

from __future__ import annotations

import numpy as np

from flowsim.loops import are_compiled
from flowsim.units import Floats, Ints


def order_of(numbers: Ints, below: int) -> Ints:
    """The order that sorts whole numbers from 0 to under `below`; equal ones keep their order. Shape as given."""
    if not are_compiled():
        return _order_by_numpy(numbers, below)
    from flowsim import counting_loops

    return counting_loops.order_of(numbers, below)


def pairs(left: Ints, right: Ints, below: int) -> tuple[Ints, Ints]:
    """Positions (i, j) with left[i] == right[j], every such pair once, in the order of i, then of j.

    Both hold whole numbers from 0 to under `below`; `right` is in ascending order.
    """
    rows_of = np.bincount(right, minlength=below)
    first_of = np.cumsum(rows_of) - rows_of
    count = rows_of[left]
    i = np.repeat(np.arange(left.size), count)
    within = np.arange(i.size) - np.repeat(np.cumsum(count) - count, count)
    return i, first_of[left[i]] + within


def under_way(begin: Floats, end: Floats, key: Ints, counted: tuple[int, int], first_day: int) -> Floats:
    """How many intervals (begin, end] are under way at the midnight that ends each day, by key.

    `begin` and `end` (days) and `key` have shape (intervals,); `counted` is (keys, days), the shape of what is
    returned, and its first column is `first_day`. NaN is a begin that has not come or an end that has not.
    """
    if not are_compiled():
        return _under_way_by_numpy(begin, end, key, *counted, first_day)
    from flowsim import counting_loops

    return counting_loops.under_way(begin, end, key, *counted, first_day)


def _order_by_numpy(numbers: Ints, below: int) -> Ints:
    # Numpy sorts numbers of 16 bits by counting them: the last bits first, then the others.
    order = np.argsort(numbers.astype(np.uint16), kind="stable")
    for bits in range(16, int(below).bit_length(), 16):
        order = order[np.argsort((numbers >> bits).astype(np.uint16)[order], kind="stable")]
    return order


def _under_way_by_numpy(
    begin: Floats, end: Floats, key: Ints, keys: int, days: int, first_day: int
) -> Floats:
    change = _by_day(begin, key, keys, days, first_day)
    change -= _by_day(np.where(begin < first_day + days, end, np.nan), key, keys, days, first_day)
    return np.cumsum(change[:, :days], axis=1).astype(np.float64)


def _by_day(times: Floats, key: Ints, keys: int, days: int, first_day: int) -> Ints:
    """How many times fall into each day, by key, shape (keys, days + 1): the first day takes what was before it, the last what is not."""
    day = np.floor(times)
    day -= first_day
    np.fmin(day, days, out=day)  # NaN too
    np.maximum(day, 0.0, out=day)
    cell = day.astype(np.int64)
    cell += key * (days + 1)
    return np.bincount(cell, minlength=keys * (days + 1)).reshape(keys, days + 1)
