"""How good a forecast was: coverage of its bands, mean absolute error, and the continuous ranked probability score.

CRPS = E|X - y| - 1/2 E|X - X'|, in the unit of what is forecast; smaller is better, and for a forecast that names one number
it is the absolute error. For a weighted sample it is worked out exactly for the weighted empirical distribution
(Gneiting and Raftery 2007, Strictly proper scoring rules, eq. 21); that of a few paths is biased upwards, by
E|X - X'| / (2 n) for n equally weighted ones.
"""

from __future__ import annotations

import math

import numpy as np

from flowsim.units import Floats

LEVELS = (0.5, 0.9)


def crps(sample: Floats, seen: float, weights: Floats | None = None) -> float:
    """The score of a weighted sample, shape (n,), against what was seen."""
    values = np.asarray(sample, dtype=np.float64)
    shares = np.full(values.size, 1 / values.size) if weights is None else weights / weights.sum()
    order = np.argsort(values, kind="stable")
    values, shares = values[order], shares[order]
    below = np.cumsum(shares)
    # E|X - X'| = 2 * integral of F (1 - F).
    spread = 2 * float((below[:-1] * (1 - below[:-1])) @ np.diff(values)) if values.size > 1 else 0.0
    return float(shares @ np.abs(values - seen)) - spread / 2


def crps_normal(mean: float, sd: float, seen: float) -> float:
    """The score of a normal forecast (Gneiting and Raftery 2007, eq. 5); of a single number where sd is 0."""
    if sd <= 0:
        return abs(mean - seen)
    z = (seen - mean) / sd
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    below = 0.5 * (1 + math.erf(z / math.sqrt(2)))
    return sd * (z * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi))


def weighted_quantiles(sample: Floats, weights: Floats, at: Floats | list[float]) -> Floats:
    """Quantiles of a weighted sample, shape (n, ...), along its first axis: the mid-points of the weights, joined by lines."""
    values = np.asarray(sample, dtype=np.float64).reshape(len(sample), -1)
    order = np.argsort(values, axis=0, kind="stable")
    shares = (weights / weights.sum())[order]
    middle = np.cumsum(shares, axis=0) - shares / 2
    columns = [np.interp(at, middle[:, n], values[order[:, n], n]) for n in range(values.shape[1])]
    found: Floats = np.stack(columns, axis=1).reshape(len(at), *np.asarray(sample).shape[1:])
    return found


def band(sample: Floats, weights: Floats, level: float) -> tuple[Floats, Floats]:
    """The central band of a weighted sample along its first axis."""
    low, high = weighted_quantiles(sample, weights, [(1 - level) / 2, (1 + level) / 2])
    return low, high
