"""Quantile functions: what a rank in [0, 1) comes to in days, for every distribution a scenario can name.

Every distribution is brought into one form, a *blend*: a weighted sum of smooth pieces (lognormal,
generalised gamma, each possibly cut off) and of single values on the grid. Mixing, cutting off at `max`
and weighting by length all turn a blend into a blend, so each needs to be right only once.

A stay that is under way at a random moment is not a typical one: long stays are met more often, in
proportion to their length, and the moment falls anywhere in the stay with equal chance
(D. R. Cox, Renewal Theory, Methuen 1962, section 5.3).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from flowsim.distributions.blends import Atoms, Blend, Smooth, Split, make_blend, smooth_share
from flowsim.distributions.curves import inverse
from flowsim.distributions.families import BY_MEAN, BY_MEDIAN
from flowsim.distributions.many import Together, put_together
from flowsim.distributions.pieces import Cut, PowerGamma, share_at
from flowsim.scenario.model import Distribution
from flowsim.units import Floats, grid, on_grid

# Relative to the mean or median: below the one, one value; above the other, doubles no longer carry it.
NO_SPREAD: Final = 1e-6
TOO_MUCH_SPREAD: Final = 1e4


def quantile(spec: Distribution, ranks: Floats) -> Floats:
    """The value (days, at least 0, on the grid) at each rank in [0, 1); any shape.

    Raises ValueError where the distribution cannot be worked out, in words.
    """
    return on_grid(inverse(_blend(spec), ranks))


def together(specs: Sequence[Distribution], in_progress: Collection[int] = ()) -> Together:
    """The quantile functions of many distributions by their numbers in `specs`, to be looked up at once.

    For numbers `in_progress` those of the whole lengths of stays that are under way, as in the function of that name.
    Raises ValueError as `quantile`.
    """
    chosen = set(in_progress)
    return put_together(
        [_blend_by_length(spec) if number in chosen else _blend(spec) for number, spec in enumerate(specs)]
    )


def cdf(spec: Distribution, days: Floats) -> Floats:
    """The share of people at or below each number of days; any shape. Raises ValueError as `quantile`."""
    blend = _blend(spec)
    upto = np.searchsorted(blend.values, days, side="right")
    share: Floats = np.minimum(smooth_share(blend, days) + blend.passed[upto], 1.0)
    return share


def mean(spec: Distribution) -> float:
    """The average in days, `max` taken into account. Raises ValueError as `quantile`."""
    blend = _blend(spec)
    smooth = sum(w * piece.mean for w, piece in zip(blend.weights, blend.pieces, strict=True))
    return smooth + float(blend.masses @ blend.values)


def largest(spec: Distribution) -> float:
    """The longest anybody can have, in days on the grid; inf where there is no limit."""
    blend = _blend(spec)
    return max([float(v) for v in blend.values[-1:]] + [piece.most for piece in blend.pieces])


def in_progress(spec: Distribution, length_rank: Floats, position_rank: Floats) -> tuple[Floats, Floats]:
    """Total and elapsed length (days, on the grid) of stays that are under way at a random moment.

    Both ranks in [0, 1), same shape. Long stays are met in proportion to their length, and the moment
    is anywhere in them (Cox 1962, as above), so the mean time left is E[X^2] / (2 E[X]).
    """
    total = on_grid(inverse(_blend_by_length(spec), length_rank))
    return total, on_grid(total * position_rank)


# From a specification to a blend


@lru_cache(maxsize=4096)
def _blend(spec: Distribution) -> Blend:
    smooth, atoms = _parts(spec)
    return make_blend(smooth, atoms)


@lru_cache(maxsize=4096)
def _blend_by_length(spec: Distribution) -> Blend:
    """The lengths that are met at a random moment: each in proportion to itself."""
    blend = _blend(spec)
    if mean(spec) == 0:
        return blend
    smooth = [(w * p.mean, p.by_length()) for w, p in zip(blend.weights, blend.pieces, strict=True)]
    atoms = [(float(m * v), float(v)) for m, v in zip(blend.masses, blend.values, strict=True)]
    return make_blend(smooth, atoms)


def _parts(spec: Distribution) -> Split:
    """The weighted pieces and (mass, value) pairs of a specification; they add up to 1 or less."""
    smooth, atoms = _uncut(spec)
    return (smooth, atoms) if spec.max is None else _cut(smooth, atoms, grid(spec.max))


def _cut(smooth: Smooth, atoms: Atoms, most: float) -> Split:
    """Condition on being at most so many days. Raises ValueError where that cannot happen."""
    chances = [share_at(piece, most) for _, piece in smooth]
    kept_smooth: Smooth = [
        (w * chance, Cut(piece, min(most, piece.most), chance))
        for (w, piece), chance in zip(smooth, chances, strict=True)
        if w * chance > 0
    ]
    kept_atoms = [(w, v) for w, v in atoms if grid(v) <= most]
    total = sum(w for w, _ in kept_smooth) + sum(w for w, _ in kept_atoms)
    if not total > 0:
        raise ValueError(f"max = {most:g} leaves nobody: the whole distribution is above it")
    return [(w / total, p) for w, p in kept_smooth], [(w / total, v) for w, v in kept_atoms]


def _uncut(spec: Distribution) -> Split:
    if spec.dist == "mixture":
        return _mixture(spec)
    if spec.dist == "empirical":
        return [], _empirical(spec)
    if spec.dist == "fixed":
        return [], [(1.0, _one_number(spec))]
    if spec.dist == "exponential":
        return _exponential(spec)
    return _two_numbers(spec)


def _mixture(spec: Distribution) -> Split:
    if not spec.parts:
        raise ValueError("a mixture needs parts")
    total = sum(part.weight for part in spec.parts)
    if not total > 0:
        raise ValueError("the weights of a mixture's parts must add up to more than 0")
    smooth: Smooth = []
    atoms: Atoms = []
    for part in spec.parts:
        pieces, values = _parts(part.of)
        smooth += [(w * part.weight / total, piece) for w, piece in pieces]
        atoms += [(w * part.weight / total, value) for w, value in values]
    return smooth, atoms


def _empirical(spec: Distribution) -> Atoms:
    if not spec.values:
        raise ValueError("an empirical distribution needs values")
    weights = spec.weights or (1.0,) * len(spec.values)
    if len(weights) != len(spec.values):
        raise ValueError(f"{len(spec.values)} values have {len(weights)} weights; give one for each")
    total = sum(weights)
    if not total > 0:
        raise ValueError("the weights of an empirical distribution must add up to more than 0")
    return [(w / total, v) for w, v in zip(weights, spec.values, strict=True)]


def _one_number(spec: Distribution) -> float:
    number = spec.mean if spec.mean is not None else spec.median
    if number is None:
        raise ValueError(f"dist = {spec.dist!r} needs a mean")
    return number


def _exponential(spec: Distribution) -> Split:
    scale = _one_number(spec) / (1.0 if spec.mean is not None else math.log(2))
    return ([(1.0, PowerGamma(1.0, 1.0, scale))], []) if scale > 0 else ([], [(1.0, 0.0)])


def _two_numbers(spec: Distribution) -> Split:
    """Lognormal, gamma or Weibull, by mean and sd or by median and p90; without spread, one value."""
    if spec.mean is not None and spec.sd is not None:
        centre, second, spread, makers = spec.mean, spec.sd, spec.sd, BY_MEAN
        said = f"mean {centre:g} and sd {second:g}"
    elif spec.median is not None and spec.p90 is not None:
        centre, second, spread, makers = spec.median, spec.p90, spec.p90 - spec.median, BY_MEDIAN
        said = f"median {centre:g} and p90 {second:g}"
    else:
        raise ValueError(f"a {spec.dist} needs mean and sd, or median and p90")
    if abs(spread) <= NO_SPREAD * centre:
        return [], [(1.0, centre)]
    if not 0 < spread < TOO_MUCH_SPREAD * centre:
        raise ValueError(f"there is no {spec.dist} with {said}")
    return [(1.0, makers[spec.dist](centre, second))], []
