"""Ranks by lognormals and tables, one after another: loops for numba to compile; `looking_at_once` says what each is for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsim.compiling import compiled
from flowsim.distributions import curves
from flowsim.distributions.curves import CELLS, REACH
from flowsim.units import GRID_PER_DAY, Floats, Ints

curve = compiled(curves.curve)


@compiled
def scaled(
    place_of: NDArray[Any], number: Ints, ranks: Floats, chance: Floats
) -> tuple[NDArray[Any], Floats]:
    """The place of each, and its rank among all of a lognormal that is cut off."""
    place, whole = np.empty(number.size, dtype=place_of.dtype), np.empty(ranks.size)
    for i in range(number.size):
        at = place_of[number[i]]
        place[i] = at
        whole[i] = ranks[i] * chance[at] if at < chance.size else ranks[i]
    return place, whole


@compiled
def logarithms(
    place: NDArray[Any], scores: Floats, mu: Floats, sigma: Floats,
    points: Floats, is_close: NDArray[np.bool_], table: Ints, unit: Floats, last: int,
) -> tuple[Floats, Ints]:  # fmt: skip
    """The logarithm of the days at normal scores, and the rows that have to be worked out one by one."""
    found, far, count = np.empty(scores.size), np.empty(scores.size, dtype=np.int64), 0
    for i in range(scores.size):
        at = place[i]
        which = at - mu.size
        if which < 0:
            found[i] = mu[at] + sigma[at] * scores[i]
            continue
        found[i] = -np.inf
        if at < mu.size + table.size:
            at_score = min(max((scores[i] + REACH) * (CELLS / (2 * REACH)), 0.0), CELLS - 0.5)
            cell = int(at_score)
            if is_close[table[which], cell]:
                four = points[table[which], cell]
                found[i] = curve(four[0], four[1], four[2], four[3], at_score - cell) + unit[which]
                continue
        if at < last:
            far[count] = i
            count += 1
    return found, far[:count].copy()


@compiled
def rounded(place: NDArray[Any], days: Floats, most: Floats) -> Floats:
    """Days at most as long as they may be, on the grid."""
    for i in range(days.size):
        if place[i] < most.size:
            days[i] = min(days[i], most[place[i]])
        days[i] = np.rint(days[i] * GRID_PER_DAY) / GRID_PER_DAY
    return days
