"""Numbers for the plain SimPy model, drawn one at a time, as a textbook would."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

import numpy as np

from flowsim.scenario.model import Distribution

Draw = Callable[[], float]


def sampler(spec: Distribution, rng: np.random.Generator) -> Draw:
    """A function that draws one duration in days."""
    draw = _sampler(spec, rng)
    most = spec.max
    if most is None or spec.dist == "fixed":
        return draw

    def at_most() -> float:
        while (days := draw()) > most:
            pass
        return days

    return at_most


def _sampler(spec: Distribution, rng: np.random.Generator) -> Draw:
    if spec.dist == "mixture":
        return _one_of([(p.weight, sampler(p.of, rng)) for p in spec.parts or ()], rng)
    if spec.dist == "empirical":
        return _one_value_of(spec, rng)
    if spec.dist == "exponential":
        scale = spec.mean if spec.mean is not None else (spec.median or 0.0) / math.log(2)
        return lambda: rng.exponential(scale)
    centre, spread = _two_numbers(spec)
    if spec.dist == "fixed" or not spread:
        return lambda: centre
    if spec.dist == "gamma":
        shape, scale = (centre / spread) ** 2, spread**2 / centre
        return lambda: rng.gamma(shape, scale)
    mu, sigma = _lognormal(spec, centre, spread)
    return lambda: rng.lognormal(mu, sigma)


def _two_numbers(spec: Distribution) -> tuple[float, float]:
    """Mean and sd, or median and what p90 lies above it."""
    if spec.mean is not None:
        return spec.mean, spec.sd or 0.0
    return spec.median or 0.0, (spec.p90 or spec.median or 0.0) - (spec.median or 0.0)


def _lognormal(spec: Distribution, centre: float, spread: float) -> tuple[float, float]:
    if spec.mean is None:
        return math.log(centre), math.log(1 + spread / centre) / 1.2815515655446004
    variance = math.log1p((spread / centre) ** 2)
    return math.log(centre) - variance / 2, math.sqrt(variance)


def _one_of(parts: list[tuple[float, Draw]], rng: np.random.Generator) -> Draw:
    edges = list(accumulate(weight for weight, _ in parts))
    draws = [draw for _, draw in parts]

    def draw() -> float:
        return draws[bisect_right(edges, rng.random() * edges[-1])]()

    return draw


def _one_value_of(spec: Distribution, rng: np.random.Generator) -> Draw:
    values = spec.values or ()
    edges = list(accumulate(spec.weights or (1.0,) * len(values)))
    return lambda: values[bisect_right(edges, rng.random() * edges[-1])]


class Choice:
    """Draws one of some names by their shares."""

    def __init__(self, table: dict[str, float], rng: np.random.Generator) -> None:
        chosen = {name: share for name, share in table.items() if share > 0}
        self.names = list(chosen)
        self.edges = list(accumulate(chosen.values()))
        self.rng = rng

    def draw(self) -> str:
        """One name; no number is spent where there is one only."""
        if len(self.names) == 1:
            return self.names[0]
        return self.names[bisect_right(self.edges, self.rng.random() * self.edges[-1])]
