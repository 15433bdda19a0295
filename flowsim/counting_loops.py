"""Counting people, as loops for numba to compile; `flowsim.counting` says what each is for."""

from __future__ import annotations

import math

import numpy as np

from flowsim.compiling import compiled, inlined
from flowsim.units import Floats, Ints


@compiled
def order_of(numbers: Ints, below: int) -> Ints:
    """A counting sort: where each number's rows begin, then to the next place of each number the row that has it."""
    next_place = np.zeros(below + 1, dtype=np.int64)
    for number in numbers:
        if not 0 <= number < below:
            raise IndexError("a number is not from 0 to below the bound")
        next_place[number + 1] += 1
    for number in range(below):
        next_place[number + 1] += next_place[number]
    order = np.empty(numbers.size, dtype=np.int64)
    for row in range(numbers.size):
        number = numbers[row]
        order[next_place[number]] = row
        next_place[number] += 1
    return order


@inlined
def add_interval(counts: Floats, key: int, begin: float, end: float, first_day: int) -> None:
    """One more from the day of the begin, one fewer from that of the end, in counts of shape (days, keys); to be summed up.

    Days come first because people are counted in the order in which they arrive: what is written lies close together.
    """
    past = first_day + counts.shape[0]
    if begin < past:
        counts[max(math.floor(begin) - first_day, 0), key] += 1.0
        if end < past:
            counts[max(math.floor(end) - first_day, 0), key] -= 1.0


@inlined
def sum_up(counts: Floats) -> None:
    """How many there are on each day, from how many more there are than on the day before."""
    for day in range(1, counts.shape[0]):
        for key in range(counts.shape[1]):
            counts[day, key] += counts[day - 1, key]


@compiled
def under_way(begin: Floats, end: Floats, key: Ints, keys: int, days: int, first_day: int) -> Floats:
    """Every interval, then running sums."""
    counts = np.zeros((days, keys))
    for i in range(key.size):
        if not 0 <= key[i] < keys:
            raise IndexError("a key is not from 0 to below the number of keys")
        add_interval(counts, key[i], begin[i], end[i], first_day)
    sum_up(counts)
    return np.ascontiguousarray(counts.T)
