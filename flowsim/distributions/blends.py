"""Blends: weighted sums of smooth pieces and of single values on the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowsim.distributions.pieces import Piece
from flowsim.units import Floats, grid


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


def smooth_density(blend: Blend, days: Floats) -> Floats:
    """The slope of `smooth_share`."""
    density = np.zeros(np.shape(days))
    for weight, piece in zip(blend.weights, blend.pieces, strict=True):
        density = density + weight * piece.density(days)
    return density
