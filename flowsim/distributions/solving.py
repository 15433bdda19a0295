"""The inverse of the joint distribution function of a blend's smooth pieces, solved for."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from flowsim.distributions.blends import Blend, smooth_density, smooth_share
from flowsim.units import Floats, Ints

BELOW_ONE: Final = math.nextafter(1.0, 0.0)
TOLERANCE_DAYS: Final = 2.0**-36
CLOSE: Final = 2.0**-52
# Newton's method needs 3 or 4; where rounding keeps it from coming to rest, the bracket is halved this often.
MOST_ITERATIONS: Final = 64


def exactly(blend: Blend, ranks: Floats) -> Floats:
    """The inverse itself, shape (ranks,): a piece's own where there is one piece, else solved for."""
    if len(blend.pieces) == 1:
        return blend.pieces[0].quantile(ranks)
    days, shares, pace = _milestones(blend)
    above = np.clip(np.searchsorted(shares, ranks, side="right"), 1, days.size - 1)
    found = _solved(blend, ranks, days, shares, pace, above)
    # Above the last milestone a double can say no more: the end is right.
    return np.where(ranks >= shares[-1], days[-1], found)


def _solved(blend: Blend, ranks: Floats, days: Floats, shares: Floats, pace: Floats, above: Ints) -> Floats:
    """Where the pieces' joint distribution function meets each rank, between a milestone and the one before.

    Newton's method from a curve between the two that is so close that most need not go on from it; a step that
    would leave the bracket, which narrows all the while, goes to its middle instead. All arguments of shape
    (ranks,) but for the milestones.
    """
    whole = sum(blend.weights)
    low, high = days[above - 1], days[above]
    found = _between(ranks, days, shares, pace, above)
    left = np.arange(ranks.size)
    for _ in range(MOST_ITERATIONS):
        at = found[left]
        beyond = smooth_share(blend, at) / whole - ranks[left]
        low[left] = np.where(beyond <= 0, at, low[left])
        high[left] = np.where(beyond >= 0, at, high[left])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = at - beyond * whole / smooth_density(blend, at)
        is_inside = (step >= low[left]) & (step <= high[left])
        found[left] = np.where(is_inside, step, (low[left] + high[left]) / 2)
        # In a flat tail the days still move when the share cannot come any closer.
        is_solved = (np.abs(found[left] - at) <= TOLERANCE_DAYS) | (np.abs(beyond) <= CLOSE)
        left = left[~is_solved]
        if not left.size:
            break
    return found


def _between(ranks: Floats, days: Floats, shares: Floats, pace: Floats, above: Ints) -> Floats:
    """Days at each rank on the cubic curve through two milestones with the pace at each (Hermite interpolation)."""
    low, high = days[above - 1], days[above]
    rise = shares[above] - shares[above - 1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        part = np.clip(np.where(rise > 0, (ranks - shares[above - 1]) / rise, 0.5), 0.0, 1.0)
        rest = 1.0 - part
        line = low + part * (high - low)
        first, last = rise * pace[above - 1] - (high - low), rise * pace[above] - (high - low)
        curve = line + part * rest * (rest * first - part * last)
    # Where the density is nothing or endless at a milestone there is no such curve.
    return np.where((curve >= low) & (curve <= high), curve, line)


@lru_cache(maxsize=4096)
def _milestones(blend: Blend) -> tuple[Floats, Floats, Floats]:
    """Days, from 0 and ascending, the pieces' joint share at each, and the days that a unit of share takes there."""
    middle = np.linspace(0.0, 1.0, 1024, endpoint=False)
    tail = 0.5 ** np.arange(10.0, 53.0)
    ranks = np.concatenate([middle, tail, 1 - tail, [BELOW_ONE]])
    days = np.unique(np.concatenate([[0.0], *(piece.quantile(ranks) for piece in blend.pieces)]))
    # Rounding may make a sum dip by its last bit; the search needs it never to fall.
    shares = np.maximum.accumulate(smooth_share(blend, days) / sum(blend.weights))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        pace = sum(blend.weights) / smooth_density(blend, days)
    return days, shares, pace
