"""Ranking and selection: which finalist is the cheapest that truly keeps the goal, on replications that the search did not run.

Two questions with stated errors. *Does a plan keep the goal?* Each finalist is run on more and more fresh replications; one
is out as soon as the upper end of its 99 % one-sided bound is below the chance asked for, and one is in only on all the
replications, if the lower end of its 95 % one-sided bound is at or above it (Wilson 1927; a check of a chance constraint as in
Andradóttir and Kim 2010, Naval Research Logistics 57, 403-421, with a fixed last look, so that looking often cannot let
anybody in). *Is it the cheapest?* Replications go to those that may be cheaper than the winner, not to the others (screening
before selection: Nelson, Swann, Goldsman and Song 2001, Operations Research 49, 950-963). The probability of correct selection,
and of good selection (nothing that truly keeps the goal is cheaper by more than 2 %), is found by drawing the
replications again with replacement (Efron 1979), all plans together, as they share their luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flowsim.decisions.search import Race, lower_bound, upper_bound
from flowsim.units import Floats

FINALISTS: Final = 8
FIRST_FINALS: Final = 100
REDRAWN: Final = 2_000
# A cheaper plan that saves less than this share of the cost is not worth telling from the winner.
INDIFFERENT: Final = 0.02
# A plan that missed the goal by this much on the search's draws (a margin: some per cent of the level) may still keep it.
NEAR: Final = 0.04


@dataclass(frozen=True)
class Selection:
    """What the finals came to: the winner (None: no finalist comes to the chance asked for, nor near it).

    `certain`: the lower bound of the winner's chance is at or above the one asked for; otherwise it is the finalist
    that comes nearest to that. `correct` is the probability that the winner is the cheapest finalist that truly keeps the goal,
    `good` that it keeps it and none that does is cheaper by more than 2 %, `shares` how often each is the cheapest.
    """

    winner: int | None
    certain: bool
    correct: float
    good: float
    shares: dict[int, float]


NOTHING: Final = Selection(None, False, float("nan"), float("nan"), {})


def select(race: Race, finals: Race, seed: int, most: int) -> Selection:
    """The winner among those that did well in the search, cheapest first, each on up to `most` fresh replications.

    Where none of the first finalists keeps the goal after all, those that are dearer have their turn. Those of an earlier round
    of finals stay in question.
    """
    tried = list(finals.known)
    order = in_order(race)
    while True:
        new = [plan for plan in order if plan not in tried][:FINALISTS]
        tried += new
        finals.try_(tried, min(FIRST_FINALS, most))
        winner = _cheapest_certain(finals, tried, most)
        if winner is not None or not new:
            return _selection(finals, tried, winner, seed)


def in_order(race: Race) -> list[int]:
    """Plans that may keep the goal, cheapest first; if none may, those that come nearest."""
    plans, margins = race.margins()
    may = margins <= NEAR
    if not may.any():
        return [int(p) for p in plans[np.argsort(margins, kind="stable")][:FINALISTS]]
    order = np.argsort(race.space.costs[plans[may]], kind="stable")
    return [int(p) for p in plans[may][order]]


def _cheapest_certain(finals: Race, plans: Sequence[int], most: int) -> int | None:
    """The cheapest plan that is in on all the replications; the others are run only as far as they may be cheaper."""
    costs, asked = finals.space.costs, finals.goal.confidence
    in_question = sorted(plans, key=lambda p: (costs[p], -finals.chance(p)))
    while True:
        in_question = [p for p in in_question if upper_bound(finals, p) >= asked]
        good = [n for n, p in enumerate(in_question) if lower_bound(finals, p) >= asked]
        up_to = in_question[: good[0] + 1] if good else in_question
        short = [p for p in up_to if finals.replications(p) < most]
        if not short:
            return in_question[good[0]] if good else None
        fewest = min(finals.replications(p) for p in short)
        finals.try_(short, min(2 * fewest, most))


def _selection(finals: Race, plans: Sequence[int], certain: int | None, seed: int) -> Selection:
    costs = finals.space.costs
    plans = sorted(plans, key=lambda p: (costs[p], -finals.chance(p)))
    winner = certain if certain is not None else _nearest(finals, plans)
    if winner is None:
        return NOTHING
    keeps = redrawn(finals, plans, seed)
    place = plans.index(winner)
    cheaper = costs[plans] < (1 - INDIFFERENT) * costs[winner] - 1e-9
    good = keeps[:, place] & ~keeps[:, cheaper].any(axis=1)
    first = np.where(keeps.any(axis=1), keeps.argmax(axis=1), len(plans))
    tally = np.bincount(first, minlength=len(plans) + 1) / len(keeps)
    shares = dict(zip(plans, tally[:-1].tolist(), strict=True))
    return Selection(winner, certain is not None, shares[winner], float(good.mean()), shares)


def _nearest(finals: Race, plans: Sequence[int]) -> int | None:
    """Where none is certain: of those with at least the chance asked for, the one with the highest lower bound."""
    seen = [plan for plan in plans if finals.chance(plan) >= finals.goal.confidence]
    return max(seen, key=lambda p: lower_bound(finals, p), default=None)


def redrawn(finals: Race, plans: Sequence[int], seed: int) -> NDArray[np.bool_]:
    """Whether each plan keeps the goal when the replications are drawn again with replacement, shape (REDRAWN, plans)."""
    rng = np.random.default_rng(seed)
    most = max(finals.replications(plan) for plan in plans)
    counts: Floats = rng.multinomial(most, np.full(most, 1 / most), size=REDRAWN).astype(np.float64)
    keeps = np.zeros((REDRAWN, len(plans)), dtype=bool)
    for n, plan in enumerate(plans):
        met = finals.goal.met(finals.known[plan])[0]
        # Those with fewer replications use the same draws as far as they go.
        weights = counts[:, : met.size]
        keeps[:, n] = weights @ met >= finals.goal.confidence * weights.sum(axis=1) - 1e-9
    return keeps
