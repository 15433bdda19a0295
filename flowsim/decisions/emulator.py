"""The emulator of a fit: a quick guess, with its doubt, at what a scenario amounts to at values that were not run.

Chance is known, not fitted away. What replications of one point do differently is pooled over the points near the data into one
covariance of all targets (months of one queue rise and fall together, so they are not so many witnesses), shrunk as by
Ledoit and Wolf (2004). A point's mean of r replications is then off by that covariance over r, which the Gaussian process is told;
the real city's year is off by the whole of it, which the likelihood is told.

Targets are measured in units of what chance and tolerance leave open, all together (whitened), and laid along their
principal directions (Higdon et al. 2008, J. Am. Stat. Assoc. 103, 570-583). Each direction in which points differ has a quadratic
surface and a Gaussian process over what that leaves (scikit-learn; Rasmussen and Williams 2006, chapter 2).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from flowsim.decisions.targets import Target
from flowsim.units import Floats

MOST_DIRECTIONS: Final = 14
# A direction along which points differ by less than this, in standard deviations of the whole error, tells nothing.
WORTH_A_DIRECTION: Final = 0.15
SMALLEST_VARIANCE: Final = 1e-6
AT_ONCE: Final = 4_096
# Lengths are learnt from so many points at most; values from all.
MOST_FOR_LENGTHS: Final = 150


@contextmanager
def in_one_thread() -> Iterator[None]:
    """Linear algebra in one thread: sums are then the same on every machine's number of cores, and small ones are not slower."""
    from sklearn.utils.parallel import ThreadpoolController

    with ThreadpoolController().limit(limits=1):
        yield


@dataclass(frozen=True)
class Scale:
    """How figures are measured: as logarithms, so that a high year and a low one vary alike; shares as they are."""

    targets: tuple[Target, ...]

    @cached_property
    def _start(self) -> Floats:
        """What is added before the logarithm, a fifth of the family's usual figure; 0 where there is none."""
        sizes: dict[str, list[float]] = {}
        for target in self.targets:
            sizes.setdefault(target.name, []).append(abs(target.observed))
        usual = {name: float(np.mean(values)) for name, values in sizes.items()}
        linear = [t.kind.spread == "weekdays" or t.unit == "share" or t.observed < 0 for t in self.targets]
        starts = [max(0.2 * usual[t.name], 1e-3) for t in self.targets]
        return np.where(linear, 0.0, starts)

    def of(self, values: Floats) -> Floats:
        """Figures as they are measured; values have shape (..., targets)."""
        start = self._start
        found: Floats = np.where(
            start > 0, np.log(np.maximum(values, 0.0) + np.where(start > 0, start, 1.0)), values
        )
        return found

    @cached_property
    def observed(self) -> Floats:
        """What was observed, as it is measured."""
        return self.of(np.array([t.observed for t in self.targets]))

    @cached_property
    def tolerance(self) -> Floats:
        """The standard deviation of tolerance, as it is measured."""
        start = self._start
        sds = np.array([t.sd for t in self.targets])
        sizes = np.array([max(t.observed, 0.0) for t in self.targets]) + start
        found: Floats = np.where(start > 0, sds / np.where(start > 0, sizes, 1.0), sds)
        return found

    @cached_property
    def weight(self) -> Floats:
        """How much each counts."""
        return np.array([t.weight for t in self.targets])


def chance_of(scaled: Floats, near: Floats) -> Floats:
    """The covariance between replications of one point, pooled over those that are `near`; shape (targets, targets).

    `scaled`: shape (points, replications, targets). `near`: shape (points,), True or False.
    """
    from sklearn.covariance import LedoitWolf

    chosen = scaled[near.astype(bool)]
    replications = chosen.shape[1]
    apart = (chosen - chosen.mean(axis=1, keepdims=True)) * np.sqrt(replications / (replications - 1))
    rows = apart.reshape(-1, apart.shape[2])
    spread = np.sqrt(np.maximum((rows**2).mean(axis=0), SMALLEST_VARIANCE))
    shrunk = LedoitWolf(assume_centered=True).fit(rows / spread).covariance_
    found: Floats = shrunk * np.outer(spread, spread)
    return found


class Emulator:
    """What targets are at any values, guessed from points that were run.

    `places`: the points in the unit cube, shape (points, unknowns). `means`: their mean figures as they are measured, shape
    (points, targets), each of so many `replications`, shape (points,). `chance`: the covariance of one replication.
    `widened`: tolerances are taken as so many times what the fit file says.
    """

    def __init__(
        self,
        places: Floats,
        means: Floats,
        replications: Floats,
        chance: Floats,
        scale: Scale,
        widened: float,
    ) -> None:
        self.scale, self.chance_of_all = scale, chance
        counts = scale.weight > 0
        chance, means = chance[np.ix_(counts, counts)], means[:, counts]
        tolerance = (widened * scale.tolerance[counts]) ** 2
        # What the real figure may be off from the model's mean: chance of one year, and tolerance. A figure that counts
        # by half has as much again of an error of its own.
        own = (1 / scale.weight[counts] - 1) * (np.diag(chance) + tolerance)
        whole = chance + np.diag(np.maximum(tolerance + own, SMALLEST_VARIANCE))
        self._back = np.linalg.cholesky(whole)
        self._into: Floats = np.linalg.inv(self._back)
        self.counting = int(counts.sum())
        self._counts, self._observed = counts, scale.observed[counts]
        self.spread = np.sqrt(np.diag(whole))
        lying = (means - self._observed) @ self._into.T
        self._middle = lying.mean(axis=0)
        noise = self._into @ chance @ self._into.T
        self._directions = _directions(lying - self._middle, noise, replications)
        scores = (lying - self._middle) @ self._directions.T
        variances = np.einsum("jt,ts,js->j", self._directions, noise, self._directions)
        self._surfaces = [
            _Surface(places, scores[:, j], variances[j] / replications) for j in range(len(self._directions))
        ]
        # What lies across all directions is the same at every point.
        across = self._middle - self._directions.T @ (self._directions @ self._middle)
        self._constant = float(across @ across)
        self._aim = -self._directions @ self._middle

    def guesses(self, places: Floats) -> tuple[Floats, Floats]:
        """Score along each direction and its variance at some places; shape (places, directions) each."""
        if not self._surfaces:
            return np.zeros((len(places), 0)), np.zeros((len(places), 0))
        found = [surface.at(places) for surface in self._surfaces]
        return np.stack([mean for mean, _ in found], axis=1), np.stack([v for _, v in found], axis=1)

    def distance(self, places: Floats) -> Floats:
        """The implausibility of places, squared: how far they are from the data in standard deviations, summed over targets.

        Counts chance, tolerance and the emulator's own doubt; some `counting` where a place fits. Shape (places,).
        """
        means, variances = self.guesses(places)
        found: Floats = self._constant + ((self._aim - means) ** 2 / (1 + variances)).sum(axis=1)
        return found

    def log_likelihood(self, places: Floats) -> Floats:
        """The logarithm of the synthetic likelihood (Wood 2010, Nature 466, 1102-1104) of the data, up to a constant."""
        means, variances = self.guesses(places)
        apart = (self._aim - means) ** 2 / (1 + variances) + np.log1p(variances)
        found: Floats = -0.5 * (self._constant + apart.sum(axis=1))
        return found

    def figures(self, places: Floats) -> Floats:
        """The mean of every figure that counts as it is measured, guessed at some places; shape (places, counting)."""
        means, _ = self.guesses(places)
        lying = self._middle + means @ self._directions
        found: Floats = self._observed + lying @ self._back.T
        return found


def _directions(apart: Floats, noise: Floats, replications: Floats) -> Floats:
    """Principal directions in which points differ by more than chance, shape (directions, targets)."""
    _, _, rows = np.linalg.svd(apart, full_matrices=False)
    scores = apart @ rows.T
    by_chance = np.einsum("jt,ts,js->j", rows, noise, rows) * float(np.mean(1 / replications))
    signal = np.maximum(scores.var(axis=0) - by_chance, 0.0)
    order = np.argsort(-signal, kind="stable")
    kept = [j for j in order[:MOST_DIRECTIONS] if signal[j] > WORTH_A_DIRECTION**2]
    found: Floats = rows[kept]
    return found


class _Surface:
    """One score over the unit cube: a quadratic surface, and a Gaussian process over what it leaves."""

    def __init__(self, places: Floats, scores: Floats, noise: Floats) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel

        self._unknowns = places.shape[1]
        self._square = len(places) > 3 * _terms(places[:1]).shape[1]
        terms = self._of(places)
        weights = 1 / np.maximum(noise, SMALLEST_VARIANCE)
        gram = terms.T @ (weights[:, None] * terms) + 1e-6 * np.eye(terms.shape[1])
        self._trend = np.linalg.solve(gram, terms.T @ (weights * scores))
        left = scores - terms @ self._trend
        size = float(np.clip(left.var() - noise.mean(), 0.01, None))
        kernel: Any = ConstantKernel(size, (1e-4, 1e3)) * RBF(np.full(self._unknowns, 0.7), (0.15, 8.0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            noise = np.maximum(noise, SMALLEST_VARIANCE)
            some = np.linspace(0, len(places) - 1, min(len(places), MOST_FOR_LENGTHS)).astype(np.int64)
            learnt = GaussianProcessRegressor(kernel, alpha=noise[some]).fit(places[some], left[some]).kernel_
            self._process = GaussianProcessRegressor(learnt, alpha=noise, optimizer=None).fit(places, left)

    def _of(self, places: Floats) -> Floats:
        return _terms(places) if self._square else np.column_stack([np.ones(len(places)), places - 0.5])

    def at(self, places: Floats) -> tuple[Floats, Floats]:
        """Mean and variance at some places."""
        parts = [
            self._process.predict(places[i : i + AT_ONCE], return_std=True)
            for i in range(0, len(places), AT_ONCE)
        ]
        mean = np.concatenate([part[0] for part in parts])
        spread = np.concatenate([part[1] for part in parts])
        return mean + self._of(places) @ self._trend, spread**2


def _terms(places: Floats) -> Floats:
    """1, each coordinate, their squares and products; shape (places, terms)."""
    centred = places - 0.5
    first, second = np.triu_indices(places.shape[1])
    return np.column_stack([np.ones(len(places)), centred, centred[:, first] * centred[:, second]])


def spread_out(places: Floats, count: int, among: Sequence[Floats] = ()) -> Floats:
    """So many of the places, each as far as can be from those chosen before (and from `among`); shape (count, unknowns)."""
    nearest = np.full(len(places), np.inf)
    for other in among:
        nearest = np.minimum(nearest, ((places - other) ** 2).sum(axis=1))
    chosen = []
    for _ in range(min(count, len(places))):
        n = int(nearest.argmax()) if np.isfinite(nearest).all() else 0
        chosen.append(n)
        nearest = np.minimum(nearest, ((places - places[n]) ** 2).sum(axis=1))
    return places[chosen]
