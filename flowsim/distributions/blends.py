"""Blends: weighted sums of smooth pieces and of single values on the grid, and the inverse of their distribution functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from flowsim.distributions.pieces import Piece
from flowsim.units import Floats, Ints, grid

BELOW_ONE: Final = math.nextafter(1.0, 0.0)
TOLERANCE_DAYS: Final = 2.0**-36
CLOSE: Final = 2.0**-52
# Newton's method needs 3 or 4; where rounding keeps it from coming to rest, the bracket is halved this often.
MOST_ITERATIONS: Final = 64
# The table of a quantile function: cells between normal scores of -REACH and REACH (beyond, doubles near 1 are too few
# to say where in a cell a rank is), and how close it has to be: half a step of the time grid, as rounding does anyway.
CELLS: Final = 4096
REACH: Final = 4.0
CLOSE_DAYS: Final = 2.0**-33


@dataclass(frozen=True, eq=False)
class Blend:
    """Smooth pieces with their weights, and single values (ascending, days on the grid) with their masses.

    Weights and masses together add up to 1. `passed[j]` is the mass of the first j values; `reached[j]`
    is the share of people strictly below value j.
    """

    pieces: tuple[Piece, ...]
    weights: tuple[float, ...]
    values: Floats
    masses: Floats
    passed: Floats
    reached: Floats


# Weighted pieces, and (mass, value) pairs.
Smooth = list[tuple[float, Piece]]
Atoms = list[tuple[float, float]]
Split = tuple[Smooth, Atoms]


def make_blend(smooth: Smooth, atoms: Atoms) -> Blend:
    """Put weighted pieces and (mass, value) pairs together. Raises ValueError where nothing has weight."""
    smooth = [(w, piece) for w, piece in smooth if w > 0]
    values, place = np.unique([grid(v) for w, v in atoms if w > 0], return_inverse=True)
    masses = np.bincount(place, [w for w, _ in atoms if w > 0], minlength=values.size).astype(np.float64)
    total = sum(w for w, _ in smooth) + float(masses.sum())
    if not total > 0:
        raise ValueError("a distribution needs at least one value or part with a weight above 0")
    passed = np.concatenate([[0.0], np.cumsum(masses)]) / total
    pieces = tuple(piece for _, piece in smooth)
    weights = tuple(w / total for w, _ in smooth)
    bare = Blend(pieces, weights, values, masses / total, passed, passed[:-1])
    return Blend(pieces, weights, values, masses / total, passed, passed[:-1] + smooth_share(bare, values))


def smooth_share(blend: Blend, days: Floats) -> Floats:
    """The share of people at or below each number of days who belong to the smooth pieces."""
    share = np.zeros(np.shape(days))
    for weight, piece in zip(blend.weights, blend.pieces, strict=True):
        share = share + weight * piece.share(days)
    return share


def inverse(blend: Blend, ranks: Floats) -> Floats:
    """The inverse of a blend's distribution function, before rounding to the grid."""
    if not blend.values.size:
        return _smooth_inverse(blend, ranks)
    passed = np.searchsorted(blend.reached + blend.masses, ranks, side="right")
    last = blend.values.size - 1
    at = blend.values[np.minimum(passed, last)]
    if not blend.pieces:
        return at
    on_value = (passed <= last) & (ranks >= blend.reached[np.minimum(passed, last)])
    rest = np.clip((ranks - blend.passed[passed]) / sum(blend.weights), 0.0, BELOW_ONE)
    # Between two values only the pieces grow; the clip keeps rounding from stepping over a value.
    floor = np.where(passed > 0, blend.values[np.maximum(passed, 1) - 1], 0.0)
    between = np.clip(_smooth_inverse(blend, rest), floor, np.where(passed <= last, at, np.inf))
    return np.where(on_value, at, between)


def _smooth_inverse(blend: Blend, ranks: Floats) -> Floats:
    """The inverse of the pieces' joint distribution function: read from a table wherever that is close enough."""
    if len(blend.pieces) == 1 and blend.pieces[0].is_quick:
        return blend.pieces[0].quantile(ranks)
    table = _table(blend)
    # Ranks beyond the table fall into its first cell or its last, which are never close.
    place = np.clip((ndtri(ranks) + REACH) * (CELLS / (2 * REACH)), 0.0, CELLS - 0.5)
    cell = place.astype(np.int64)
    with np.errstate(
        invalid="ignore", over="ignore"
    ):  # in a cell that is not close a curve may come to anything
        found: Floats = np.exp(_on_curve(table, cell, place - cell))
    far = np.flatnonzero(~table.is_close[cell])
    if far.size:
        found.ravel()[far] = _exactly(blend, ranks.ravel()[far])
    return found


@dataclass(frozen=True, eq=False)
class _Table:
    """The logarithm of days by normal score (the z at which a standard normal has the rank), as cubics.

    Normal scores from -REACH to REACH are cut into CELLS equal cells, for a lognormal is a straight line there and
    mixtures bend little. `nodes`, shape (CELLS + 1,), are the logarithms at their ends; `first` and `last`, shape
    (CELLS,), the inner points of control; `is_close` says where the cubic is right to half a step of the time grid, tried at three places in each.
    """

    nodes: Floats
    first: Floats
    last: Floats
    is_close: NDArray[np.bool_]


def _on_curve(table: _Table, cell: Ints, part: Floats | float) -> Floats:
    """The cubics of some cells, each at a part of its width: Bernstein's form."""
    rest = 1.0 - part
    ends = rest * rest * rest * table.nodes[cell] + part * part * part * table.nodes[cell + 1]
    curve: Floats = ends + 3.0 * rest * part * (rest * table.first[cell] + part * table.last[cell])
    return curve


@lru_cache(maxsize=1024)
def _table(blend: Blend) -> _Table:
    """The table of a blend's pieces; each cell is held against the exact inverse at three places within it."""
    scores, width = np.linspace(-REACH, REACH, CELLS + 1), 2 * REACH / CELLS
    cells = np.arange(CELLS)
    with np.errstate(all="ignore"):  # a cell with an end that has no logarithm or no slope is not close
        days = _exactly(blend, ndtr(scores))
        nodes = np.log(days)
        bell = np.exp(-scores * scores / 2) / math.sqrt(2 * math.pi)
        slope = bell * sum(blend.weights) / _smooth_density(blend, days) / days
        table = _Table(
            nodes,
            nodes[:-1] + width / 3 * slope[:-1],
            nodes[1:] - width / 3 * slope[1:],
            np.ones(CELLS, dtype=bool),
        )
        for part in (0.2, 0.5, 0.8):
            right = _exactly(blend, ndtr(scores[:-1] + part * width))
            table.is_close[:] &= np.abs(np.exp(_on_curve(table, cells, part)) - right) <= CLOSE_DAYS
    table.is_close[[0, -1]] = False
    return table


def _exactly(blend: Blend, ranks: Floats) -> Floats:
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
            step = at - beyond * whole / _smooth_density(blend, at)
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


def _smooth_density(blend: Blend, days: Floats) -> Floats:
    """The slope of `smooth_share`."""
    density = np.zeros(np.shape(days))
    for weight, piece in zip(blend.weights, blend.pieces, strict=True):
        density = density + weight * piece.density(days)
    return density


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
        pace = sum(blend.weights) / _smooth_density(blend, days)
    return days, shares, pace
