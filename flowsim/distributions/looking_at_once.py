"""Ranks by lognormals and tables, all at once: numpy, for where nothing is compiled.

The same as `looking_in_loops` to the last bit, as a test says. The places of `Together`: first the lognormals, then what is
read from tables, then the others, and at last NO_BLEND.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsim.distributions.curves import cells_of, curve, four_of
from flowsim.units import Floats, Ints, on_grid


def scaled(
    place_of: NDArray[Any], number: Ints, ranks: Floats, chance: Floats
) -> tuple[NDArray[Any], Floats]:
    """The place of each, and its rank among all of a lognormal that is cut off."""
    place = place_of[number]
    whole = ranks.copy()
    smooth = np.flatnonzero(place < chance.size)
    whole[smooth] *= chance[place[smooth]]
    return place, whole


def logarithms(
    place: NDArray[Any], scores: Floats, mu: Floats, sigma: Floats,
    points: Floats, is_close: NDArray[np.bool_], table: Ints, unit: Floats, last: int,
) -> tuple[Floats, Ints]:  # fmt: skip
    """The logarithm of the days at normal scores, and the rows that have to be worked out one by one."""
    found = np.full(scores.size, -np.inf)
    smooth = np.flatnonzero(place < mu.size)
    found[smooth] = mu[place[smooth]] + sigma[place[smooth]] * scores[smooth]
    tabled = np.flatnonzero((place >= mu.size) & (place < mu.size + table.size))
    which = place[tabled] - mu.size
    cell, part = cells_of(scores[tabled])
    given = four_of(points[table[which], cell])
    with np.errstate(invalid="ignore", over="ignore"):  # see `curve`
        found[tabled] = curve(*given, part) + unit[which]
    is_far = (place >= mu.size + table.size) & (place < last)
    is_far[tabled] = ~is_close[table[which], cell]
    return found, np.flatnonzero(is_far)


def rounded(place: NDArray[Any], days: Floats, most: Floats) -> Floats:
    """Days at most as long as they may be, on the grid."""
    smooth = np.flatnonzero(place < most.size)
    days[smooth] = np.minimum(days[smooth], most[place[smooth]])
    return on_grid(days)
