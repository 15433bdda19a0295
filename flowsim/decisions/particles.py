"""Draws from what data leave possible: a cloud of points in the unit cube that is cooled towards the likelihood step by step.

Sequential Monte Carlo with tempering (Del Moral, Doucet and Jasra 2006, J. R. Stat. Soc. B 68, 411-436): even points of a
Sobol sequence are weighted by a small power of the likelihood, drawn again, moved by Metropolis steps, and so on up to the
power asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from flowsim.units import Floats

PARTICLES: Final = 1_024
MOVES: Final = 4
SMALLEST_STEP: Final = 1e-4
# So much of the cloud still counts after each step.
KEPT: Final = 0.5


def cooled(
    log_likelihood: Callable[[Floats], Floats],
    unknowns: int,
    rng: np.random.Generator,
    powers: Sequence[float] = (1.0,),
) -> list[Floats]:
    """Clouds with a density in proportion to the likelihood to each of these (ascending) powers, on an even ground.

    Each has shape (PARTICLES, unknowns).
    """
    places = even(PARTICLES, unknowns, rng)
    logs = log_likelihood(places)
    reached, clouds = 0.0, []
    for power in powers:
        while reached < power - 1e-12:
            step = _step(logs, power - reached)
            reached += step
            places, logs = _drawn_again(places, logs, step, rng)
            places, logs = _moved(places, logs, reached, log_likelihood, rng)
        clouds.append(places)
    return clouds


def even(count: int, unknowns: int, rng: np.random.Generator) -> Floats:
    """So many points of a scrambled Sobol sequence in the unit cube, shape (count, unknowns)."""
    # Imported here: it takes a second.
    from scipy.stats import qmc

    sequence = qmc.Sobol(unknowns, rng=int(rng.integers(2**31)))
    # Drawn to the next power of two, as the sequence is balanced there.
    places: Floats = sequence.random_base2((count - 1).bit_length())[:count]
    return places


def _step(logs: Floats, most: float) -> float:
    """How much to cool so that the share KEPT of the cloud still counts; at most so much."""
    if _counting(logs, most) >= KEPT:
        return most
    low, high = 0.0, most
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _counting(logs, middle) >= KEPT else (low, middle)
    return min(most, max(low, SMALLEST_STEP))


def _counting(logs: Floats, step: float) -> float:
    """The effective share of the cloud under weights of a power of the likelihood."""
    weights = np.exp(step * (logs - logs.max()))
    return float(weights.sum() ** 2 / (weights**2).sum() / len(logs))


def _drawn_again(
    places: Floats, logs: Floats, step: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The cloud drawn again by its weights, systematically."""
    weights = np.exp(step * (logs - logs.max()))
    points = (np.arange(len(places)) + rng.random()) / len(places)
    chosen = np.minimum(np.searchsorted(np.cumsum(weights) / weights.sum(), points), len(places) - 1)
    return places[chosen], logs[chosen]


def _moved(
    places: Floats,
    logs: Floats,
    power: float,
    log_likelihood: Callable[[Floats], Floats],
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Each point moved by Metropolis steps that leave the density as it is; far when most are taken, else near."""
    unknowns = places.shape[1]
    size = 2.38 / np.sqrt(unknowns)
    for _ in range(MOVES):
        spread = np.atleast_2d(np.cov(places.T)) + 1e-8 * np.eye(unknowns)
        root = np.linalg.cholesky(spread)
        new = _within(places + size * rng.standard_normal(places.shape) @ root.T)
        found = log_likelihood(new)
        taken = np.log(rng.random(len(places))) < power * (found - logs)
        places = np.where(taken[:, None], new, places)
        logs = np.where(taken, found, logs)
        size *= 1.3 if taken.mean() > 0.3 else 0.6 if taken.mean() < 0.15 else 1.0
    return places, logs


def _within(places: Floats) -> Floats:
    """Places reflected at the walls of the unit cube."""
    folded = np.mod(places, 2.0)
    found: Floats = np.where(folded > 1, 2 - folded, folded)
    return found
