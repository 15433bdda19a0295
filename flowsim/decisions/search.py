"""The search for the cheapest plan that keeps a target: few plans tried, on the same draws, guided by a smooth guess.

Which plans are worth a try is guessed from those that were tried by radial basis functions: the one with the most
to save, times its chance of keeping the target, comes first (expected improvement under a constraint: Gardner et al. 2014,
ICML, Bayesian optimization with inequality constraints). That more capacity means fewer delayed is nowhere taken for
granted. Plans that look good are tried on more replications, the others not (successive halving).

From libraries come the design of the first plans (scipy.stats.qmc), the guess (scipy.interpolate) and the intervals; the loop
around them is ours. A ready optimiser does not fit: those of scipy (differential evolution, direct, shgo) and the usual
samplers of hyperparameters spend one full evaluation on each point, know neither that cost is exact and free
while only the constraint is simulated, nor that a plan half tried can be tried further on the same draws, nor a list of plans of
which all are known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, Literal, get_args

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.special import ndtr, ndtri

from flowsim.decisions.levers import Space
from flowsim.decisions.trials import PLANS_AT_ONCE, Trials, Trying, tried
from flowsim.experiment.intervals import Interval, wilson_interval
from flowsim.experiment.replicate import Progress
from flowsim.units import Floats, Ints

Judged = Literal["mean", "days"]
JUDGED: Final[tuple[str, ...]] = get_args(Judged)
# How many replications a plan is tried on: all, those that look good, those that look best.
TIERS: Final = (12, 48, 192)
AT_ONCE: Final = 8
MOST_ROUNDS: Final = 40
# A saving times its chance that is less than this share of the best cost is not worth another round.
WORTH_TRYING: Final = 0.0005
# One-sided confidence with which a plan is said to keep the goal, and with which it is said not to.
IN: Final = 0.95
OUT: Final = 0.99
MOST_AIMED: Final = 0.995
# Guesses are made for so many plans at a time.
MOST_GUESSED: Final = 200_000
SMALLEST_DOUBT: Final = 0.02
FIRST_DOUBT: Final = 0.25


@dataclass(frozen=True)
class Goal:
    """At or under so many delayed, with a chance: of the mean of a period, or of a day.

    A search aims at `aim`, somewhat above the chance asked for, so that what it finds can be told to be above it.
    """

    delayed: float
    confidence: float
    judged: Judged = "mean"
    aim: float | None = None

    @property
    def aimed(self) -> float:
        """The chance that a search aims at."""
        return self.confidence if self.aim is None else self.aim

    def met(self, trials: Trials) -> Floats:
        """How far the goal is met in each replication, from 0 to 1, shape (plans, replications)."""
        if self.judged == "days":
            return trials.within
        found: Floats = (trials.delayed <= self.delayed).astype(np.float64)
        return found

    def margin(self, trials: Trials) -> Floats:
        """How far each plan is from what a search aims at, below 0 where it is met, shape (plans,).

        Of means: the logarithm of the level that holds with the confidence asked for, over the target. Of days:
        the chance asked for and the one seen as standard normal quantiles, apart.
        """
        if self.judged == "mean":
            level = np.quantile(trials.delayed, self.aimed, axis=1)
            return np.log((level + 1.0) / (self.delayed + 1.0))
        speck = 0.5 / trials.within.shape[1]
        seen = np.clip(trials.within.mean(axis=1), speck, 1 - speck)
        found: Floats = ndtri(self.aimed) - ndtri(seen)
        return found


@dataclass
class Race:
    """What has been tried so far: for each plan its replications, from the first on."""

    space: Space
    goal: Goal
    trying: Trying
    first_replication: int = 0
    known: dict[int, Trials] = field(default_factory=dict)
    runs: int = 0
    # How much kinder than these draws others have turned out to be: added to every margin but those in `fresh`.
    shift: float = 0.0
    # Margins of finalists, found on draws that had no part in the search.
    fresh: dict[int, float] = field(default_factory=dict)

    def try_(self, plans: Sequence[int], replications: int) -> None:
        """Bring plans up to so many replications; what is there already is not run again."""
        by_count: dict[int, list[int]] = {}
        for plan in plans:
            have = self.known[plan].delayed.shape[1] if plan in self.known else 0
            if have < replications:
                by_count.setdefault(have, []).append(plan)
        # Some at a time, so that whoever stops it keeps those that are done.
        at_once = max(2 * AT_ONCE, PLANS_AT_ONCE * self.trying.cores)
        for have, group in by_count.items():
            for first in range(0, len(group), at_once):
                self._run(group[first : first + at_once], have, replications)

    def _run(self, plans: list[int], have: int, replications: int) -> None:
        first, new = self.first_replication, replications - have
        before = self.runs
        hear: Progress = lambda done, _: self._tell(before + done * new)  # noqa: E731
        makers = [self.space.maker(plan) for plan in plans]
        found = tried(makers, range(first + have, first + replications), replace(self.trying, on_done=hear))
        for n, plan in enumerate(plans):
            self.known[plan] = _joined(self.known.get(plan), found, n)
        self.runs = before + new * len(plans)

    def _tell(self, runs: int) -> None:
        self.trying.on_done(runs, runs)

    def replications(self, plan: int) -> int:
        """How many replications a plan has been tried on."""
        return int(self.known[plan].delayed.shape[1])

    def chance(self, plan: int) -> float:
        """The chance with which a plan met the goal."""
        return float(self.goal.met(self.known[plan]).mean())

    def delayed(self, plan: int) -> float:
        """Mean people delayed under a plan."""
        return float(self.known[plan].delayed.mean())

    def margins(self) -> tuple[Ints, Floats]:
        """Every plan that was tried and its margin, as far as is known: on fresh draws for those that were run on them."""
        plans, margins = self.own_margins()
        return plans, np.array([self.fresh.get(p, m) for p, m in zip(plans.tolist(), margins.tolist(), strict=True)])  # fmt: skip

    def own_margins(self) -> tuple[Ints, Floats]:
        """Every plan that was tried and its margin on the draws of the search.

        Those tried on few replications are put right by how much the same few flatter those that were tried on more.
        """
        plans = np.array(list(self.known), dtype=np.int64)
        counts = np.array([self.replications(p) for p in plans.tolist()])
        margins = np.array([self._margin(p) for p in plans.tolist()])
        for few, more in reversed(list(pairwise(TIERS))):
            tested = plans[counts >= more].tolist()
            if tested:
                flattered = [self._margin(p, more) - self._margin(p, few) for p in tested]
                margins[counts < more] += float(np.mean(flattered))
        return plans, margins + self.shift

    def _margin(self, plan: int, replications: int | None = None) -> float:
        known = self.known[plan]
        part = Trials(
            known.delayed[:, :replications], known.excess[:, :replications], known.within[:, :replications]
        )
        return float(self.goal.margin(part)[0])


def lower_bound(race: Race, plan: int) -> float:
    """The chance with which a plan keeps the goal is above this, with 95 % confidence."""
    return _bounds(race, plan, IN).low


def upper_bound(race: Race, plan: int) -> float:
    """The chance with which a plan keeps the goal is below this, with 99 % confidence."""
    return _bounds(race, plan, OUT).high


def _bounds(race: Race, plan: int, sure: float) -> Interval:
    met = race.goal.met(race.known[plan])[0]
    # Two-sided at this level is one-sided at `sure`.
    return wilson_interval(float(met.sum()), met.size, 2 * sure - 1)


def certain_from(confidence: float, replications: int) -> float:
    """The smallest chance seen in so many replications whose lower bound is at or above one asked for."""
    low, high = 0, replications
    while low < high:
        middle = (low + high) // 2
        enough = wilson_interval(float(middle), replications, 2 * IN - 1).low >= confidence
        low, high = (low, middle) if enough else (middle + 1, high)
    return min(low / replications, MOST_AIMED)


def _joined(before: Trials | None, found: Trials, row: int) -> Trials:
    new = Trials(found.delayed[row : row + 1], found.excess[row : row + 1], found.within[row : row + 1])
    if before is None:
        return new
    names = ("delayed", "excess", "within")
    return Trials(*(np.concatenate([getattr(before, n), getattr(new, n)], axis=1) for n in names))


def first_plans(space: Space, seed: int) -> list[int]:
    """Where a search begins: the cheapest and the dearest plan, and some spread out evenly between."""
    # Imported here: it takes a second.
    from scipy.stats import qmc

    dimensions = space.unit.shape[1]
    ends = [int(space.costs.argmin()), int(space.steps.sum(axis=1).argmax())]
    if dimensions == 0:
        return ends[:1]
    points = qmc.LatinHypercube(dimensions, rng=seed).random(4 * dimensions + 4)
    near = [int(((space.unit - point) ** 2).sum(axis=1).argmin()) for point in points]
    return list(dict.fromkeys([*ends, *near]))


def search(race: Race, seed: int) -> None:
    """Try plans until nothing cheaper is worth a try. What was tried stays in the race, whatever ends it."""
    race.try_(first_plans(race.space, seed), TIERS[0])
    misses: list[float] = [FIRST_DOUBT]
    for _ in range(MOST_ROUNDS):
        _try_the_best_on_more(race)
        plans, guesses = _worth_a_try(race, misses)
        if not plans.size:
            return
        race.try_(plans.tolist(), TIERS[0])
        found = dict(zip(*(a.tolist() for a in race.margins()), strict=True))
        misses += [found[p] - guess for p, guess in zip(plans.tolist(), guesses.tolist(), strict=True)]


def _best(race: Race, plans: Ints, margins: Floats) -> int | None:
    """The cheapest of the plans tried that keeps the goal, as far as is known."""
    good = plans[margins <= 0]
    return int(good[race.space.costs[good].argmin()]) if good.size else None


def _try_the_best_on_more(race: Race) -> None:
    """More replications for those that may be best: near the goal, and no dearer than the best by much."""
    for tier, width in zip(TIERS[1:], (0.15, 0.05), strict=True):
        plans, margins = race.margins()
        best = _best(race, plans, margins)
        if best is None:
            return
        costs = race.space.costs[plans]
        near = (np.abs(margins) <= width) & (costs <= 1.05 * race.space.costs[best])
        chosen = plans[near][np.argsort(costs[near], kind="stable")][:AT_ONCE]
        race.try_([best, *chosen.tolist()], tier)


def _worth_a_try(race: Race, misses: list[float]) -> tuple[Ints, Floats]:
    """The plans to try next, with their guessed margins: those with the most to save, times their chance."""
    plans, margins = race.margins()
    best = _best(race, plans, margins)
    costs = race.space.costs
    untried = np.ones(len(costs), dtype=bool)
    untried[plans] = False
    if best is not None:
        untried &= costs < costs[best] - 1e-9
    candidates = np.flatnonzero(untried)
    if candidates.size > MOST_GUESSED:
        # Those just below the best cost are the likeliest to keep the goal.
        candidates = candidates[np.argsort(-costs[candidates], kind="stable")[:MOST_GUESSED]]
    if not candidates.size or race.space.unit.shape[1] == 0:
        return np.empty(0, dtype=np.int64), np.empty(0)
    guesses = guessed(race.space.unit[plans], margins, race.space.unit[candidates])
    if best is None:
        order = np.argsort(guesses, kind="stable")[:AT_ONCE]
        return candidates[order], guesses[order]
    doubt = max(SMALLEST_DOUBT, float(np.sqrt(np.mean(np.square(misses[-2 * AT_ONCE :])))))
    gain = (costs[best] - costs[candidates]) / max(abs(float(costs[best])), 1e-9) * ndtr(-guesses / doubt)
    order = np.argsort(-gain, kind="stable")[:AT_ONCE]
    order = order[gain[order] > WORTH_TRYING]
    return candidates[order], guesses[order]


def guessed(at: Floats, values: Floats, where: Floats) -> Floats:
    """Values guessed at other points, shape (points,), from those at some, by linear radial basis functions."""
    # A plane through the whole needs more points than it has slopes.
    degree = 1 if np.linalg.matrix_rank(at - at.mean(axis=0)) == at.shape[1] else 0
    found: Floats = RBFInterpolator(at, values, kernel="linear", degree=degree, smoothing=1e-3)(where)
    return found
