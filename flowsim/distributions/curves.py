"""The inverse of a blend's distribution function: read from a table of curves wherever that is close enough."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from flowsim.distributions.blends import Blend, smooth_density, smooth_share
from flowsim.distributions.pieces import Piece
from flowsim.distributions.solving import BELOW_ONE, exactly
from flowsim.units import Floats, Ints

# The table of a quantile function: cells between normal scores of -REACH and REACH (beyond, doubles near 1 are too few
# to say where in a cell a rank is), and how close it has to be: half a step of the time grid, as rounding does anyway.
CELLS: Final = 4096
REACH: Final = 4.0
CLOSE_DAYS: Final = 2.0**-33
# People per day: where so few or fewer end their stay, rounding the share moves the inverse by a noticeable part of that.
FLAT: Final = 2.0**-14
# A table holds for all factors of days up to the next such part of an octave, and is close enough for the largest.
PER_OCTAVE: Final = 4


def inverse(blend: Blend, ranks: Floats) -> Floats:
    """The inverse of a blend's distribution function, before rounding to the grid; any shape."""
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


def is_tabled(blend: Blend) -> bool:
    """Whether a blend's smooth pieces are read from a table: all but a single one whose quantile is as quick."""
    return len(blend.pieces) > 1 or not blend.pieces[0].is_quick


def _smooth_inverse(blend: Blend, ranks: Floats) -> Floats:
    """The inverse of the pieces' joint distribution function."""
    if not is_tabled(blend):
        return blend.pieces[0].quantile(ranks)
    table = table_of(blend)
    cell, part = cells_of(ndtri(ranks))
    with np.errstate(invalid="ignore", over="ignore"):  # see `curve`
        found: Floats = np.exp(curve(*four_of(table.points[cell]), part) + table.unit)
    far = np.flatnonzero(~table.is_close[cell])
    if far.size:
        found.ravel()[far] = exactly(blend, ranks.ravel()[far])
    return found


@dataclass(frozen=True, eq=False)
class Table:
    """The logarithm of lengths by normal score (the z at which a standard normal has the rank), as cubics.

    Normal scores from -REACH to REACH are cut into CELLS equal cells, for a lognormal is a straight line there and
    mixtures bend little. `points`, shape (CELLS, 4), are each cell's points of control, the outer ones at its ends;
    `is_close` says where the cubic is right to half a step of the time grid, tried at three places in each. `unit` is
    the logarithm of the days that lengths are counted in.
    """

    points: Floats
    is_close: NDArray[np.bool_]
    unit: float = 0.0


def cells_of(scores: Floats) -> tuple[Ints, Floats]:
    """The cell that each normal score lies in, and at which part of its width.

    Scores beyond the table fall into its first cell or its last, which are never close.
    """
    place = np.clip((scores + REACH) * (CELLS / (2 * REACH)), 0.0, CELLS - 0.5)
    cell = place.astype(np.int64)
    return cell, place - cell


def four_of(points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Points of control, shape (…, 4), as four arrays."""
    return points[..., 0], points[..., 1], points[..., 2], points[..., 3]


def curve(first: Any, second: Any, third: Any, last: Any, part: Any) -> Any:
    """The cubics with these points of control, each at a part of its cell: Bernstein's form. Numbers or arrays.

    In a cell that is not close it may come to anything, with numpy's warnings.
    """
    rest = 1.0 - part
    ends = rest * rest * rest * first + part * part * part * last
    return ends + 3.0 * rest * part * (rest * second + part * third)


@lru_cache(maxsize=1024)
def table_of(blend: Blend) -> Table:
    """The table of a blend's pieces. Blends that differ by a factor of days share the work, which takes milliseconds:
    dated versions in which stays grow longer day by day, and one plan after another that makes them shorter.
    """
    # Small, for what is solved for in this unit is solved to a part of it that is the same for all.
    unit = blend.pieces[0].log_scale - math.log(64)
    pieces = tuple(piece.over(unit) for piece in blend.pieces)
    return replace(
        _table_of_shape(pieces, blend.weights, math.ceil(unit / math.log(2) * PER_OCTAVE)), unit=unit
    )


@lru_cache(maxsize=256)
def _table_of_shape(pieces: tuple[Piece, ...], weights: tuple[float, ...], size: int) -> Table:
    """The table of pieces in a unit of at most 2**(`size` / PER_OCTAVE) days; each cell is held against the exact inverse at
    three places within it.
    """
    blend, unit_days = Blend(pieces, weights, *(np.zeros(0),) * 4), 2.0 ** (size / PER_OCTAVE)
    scores, width = np.linspace(-REACH, REACH, CELLS + 1), 2 * REACH / CELLS
    with np.errstate(all="ignore"):  # a cell with an end that has no logarithm or no slope is not close
        units = exactly(blend, ndtr(scores))
        nodes = np.log(units)
        bell = np.exp(-scores * scores / 2) / math.sqrt(2 * math.pi)
        slope = bell * sum(weights) / smooth_density(blend, units) / units
        inner = nodes[:-1] + width / 3 * slope[:-1], nodes[1:] - width / 3 * slope[1:]
        points = np.stack([nodes[:-1], *inner, nodes[1:]], axis=1)
        is_close = np.ones(CELLS, dtype=bool)
        for part in (0.2, 0.5, 0.8):
            ranks = ndtr(scores[:-1] + part * width)
            is_close &= _is_close(blend, np.exp(curve(*four_of(points), part)), ranks, unit_days)
    is_close[[0, -1]] = False
    return Table(points, is_close)


def _is_close(blend: Blend, units: Floats, ranks: Floats, unit_days: float) -> NDArray[np.bool_]:
    """Whether numbers of units are the inverse at some ranks, or as good as that.

    One step of Newton's method (what is left of the rank, over the density) says how far off they are. Where that is
    near the limit, or the density so small that rounding has a say in it, the inverse itself is solved for.
    """
    close, whole, density = CLOSE_DAYS / unit_days, sum(blend.weights), smooth_density(blend, units)
    off = np.abs((smooth_share(blend, units) / whole - ranks) * whole / density)
    is_close = off <= close
    is_clear = (density >= FLAT * unit_days) & ((off < close / 4) | (off > close * 4))
    unclear = np.flatnonzero(~is_clear)
    is_close[unclear] = np.abs(units[unclear] - exactly(blend, ranks[unclear])) <= close
    return is_close
