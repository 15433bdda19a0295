"""Counting people, as loops for numba to compile; `flowsim.counting` says what each is for."""

from __future__ import annotations

import math

import numpy as np

from flowsim.compiling import compiled
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


@compiled
def pairs(left: Ints, rows_of: Ints, first_of: Ints) -> tuple[Ints, Ints]:
    """Every row of `left` with every row that its number has, from the first of them."""
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


@compiled
def under_way(begin: Floats, end: Floats, key: Ints, keys: int, days: int, first_day: int) -> Floats:
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
