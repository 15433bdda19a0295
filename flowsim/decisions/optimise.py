"""The cheapest plan that keeps the target: searched on some draws, then it and its rivals run again on fresh ones.

Whatever looks best among many is partly lucky (the winner's curse), so nothing that is reported of the winner or its rivals
comes from the draws that chose them. How likely it is that the right one was chosen is found by drawing the
fresh replications again with replacement (the bootstrap of B. Efron, 1979), all plans together, as they share their luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from flowsim.decisions.levers import Lever, Limit, Space, space_of
from flowsim.decisions.search import JUDGED, MOST_GUESSED, Goal, Race, guessed, search
from flowsim.decisions.trials import Trying
from flowsim.engine import AUTO, chosen_engine
from flowsim.errors import RunError, Stopped
from flowsim.experiment.intervals import Interval, mean_interval, wilson_interval
from flowsim.experiment.replicate import AsMet, Progress, ignore
from flowsim.scenario.files import load
from flowsim.scenario.model import Scenario
from flowsim.units import Floats, Ints

# Replications that no search has seen.
FRESH: Final = 1_000_000
FINALISTS: Final = 8
# A plan that missed the goal by this much on the search's draws (a margin: some per cent of the level) may still keep it.
NEAR: Final = 0.04
FIRST_FINALS: Final = 100
MOST_FINALS: Final = 400
SURE_ENOUGH: Final = 0.99
REDRAWN: Final = 2_000
# Fresh draws may show that the search's were kind or harsh to all: then the search goes on, put right, so often at most.
MOST_RETURNS: Final = 2
WORTH_A_RETURN: Final = 0.005
POINTS_OF_FRONTIER: Final = 10
FRONTIER_REPLICATIONS: Final = 50
DAYS_A_YEAR: Final = 365


@dataclass(frozen=True)
class Optimum:
    """What a search came to.

    `winner` is a row number of `space`, None where no plan keeps the goal. `selected` is the probability that it is the
    cheapest finalist that truly does. `finals` are the fresh replications, None where the user stopped before them: then the
    winner is the best so far, judged by the draws that chose it.
    """

    space: Space
    goal: Goal
    winner: int | None
    selected: float
    searched: Race
    finals: Race | None
    seed: int
    engine: str
    stopped: bool
    met_words: str = ""

    @property
    def runs(self) -> int:
        """Replications that were run in all."""
        return self.searched.runs + (self.finals.runs if self.finals else 0)

    def edits(self) -> dict[str, float]:
        """The winner's value of every lever by path; empty where there is no winner."""
        if self.winner is None:
            return {}
        paths = [lever.path for lever in self.space.levers]
        return dict(zip(paths, self.space.amounts[self.winner].tolist(), strict=True))

    def scenario(self) -> Scenario:
        """The scenario under the winner. Raises RunError where there is none."""
        if self.winner is None:
            raise RunError("no plan within these ranges keeps the target, so there is no best one")
        return self.space.maker(self.winner)()

    @cached_property
    def rivals(self) -> pd.DataFrame:
        """The finalists, cheapest first: plan, one column a lever, cost_per_day, cost_per_year, chance, low, high, delayed, replications, selected.

        `chance` is that of the goal on fresh draws with its Wilson interval, `selected` how often a plan is the choice when the
        replications are drawn again.
        """
        judged = self.finals or self.searched
        plans = sorted(judged.known, key=lambda p: (self.space.costs[p], p))
        if self.finals is not None:
            plans = [p for p in plans if self.finals.replications(p) >= FIRST_FINALS]
        shares = _chosen_shares(judged, plans, self.seed) if self.finals is not None else {}
        return self._table(judged, plans).assign(selected=[shares.get(p, float("nan")) for p in plans])

    @cached_property
    def frontier(self) -> pd.DataFrame:
        """Plans than which none that was tried on the same draws is both cheaper and better, cheapest first; `corner` marks one.

        The corner is where a pound begins to buy less: furthest from the line between the two ends.
        """
        judged = self.finals or self.searched
        plans = sorted(judged.known, key=lambda p: (self.space.costs[p], judged.delayed(p)))
        best = np.inf
        kept = []
        for plan in plans:
            # The first replications, which all have, so that plans tried more often are not put in another light.
            level = float(judged.known[plan].delayed[:, : _shared(judged)].mean())
            if level < best - 1e-9:
                best = level
                kept.append((plan, level))
        table = self._table(judged, [plan for plan, _ in kept])
        table["delayed"] = [level for _, level in kept]
        corner = _corner(table["cost_per_day"].to_numpy(), table["delayed"].to_numpy())
        return table.assign(delayed_days=table["delayed"] * self.space.scenario.run.days, corner=corner)

    def _table(self, judged: Race, plans: Sequence[int]) -> pd.DataFrame:
        rows = []
        for plan in plans:
            chance = self.chance_of(judged, plan)
            cost = float(self.space.costs[plan])
            rows.append(
                (plan, *self.space.amounts[plan], cost, cost * DAYS_A_YEAR, chance.value, chance.low, chance.high,
                 judged.delayed(plan), judged.replications(plan))
            )  # fmt: skip
        levers = [lever.path for lever in self.space.levers]
        numbers = ["cost_per_day", "cost_per_year", "chance", "low", "high", "delayed", "replications"]
        return pd.DataFrame(rows, columns=["plan", *levers, *numbers])

    def chance_of(self, judged: Race, plan: int) -> Interval:
        """The chance with which a plan keeps the goal, with its Wilson interval."""
        met = self.goal.met(judged.known[plan])
        return wilson_interval(float(met.sum()), met.size)

    def delayed_of(self, plan: int) -> Interval:
        """Mean people delayed under a plan, on fresh draws if it was run on them."""
        judged = self.finals if self.finals is not None and plan in self.finals.known else self.searched
        return mean_interval(judged.known[plan].delayed[0])


def _shared(judged: Race) -> int:
    return min(judged.replications(plan) for plan in judged.known)


def _corner(costs: Floats, levels: Floats) -> list[bool]:
    """Which point is furthest below the line between the ends, both axes from 0 to 1; none of fewer than three."""
    if len(costs) < 3:
        return [False] * len(costs)
    x = (costs - costs[0]) / (costs[-1] - costs[0])
    y = (levels - levels[-1]) / (levels[0] - levels[-1])
    furthest = int((1 - x - y).argmax())
    return [n == furthest for n in range(len(costs))]


def optimise(
    scenario: Scenario | str | Path,
    levers: Sequence[Lever | str],
    limits: Sequence[Limit | str] = (),
    *,
    judged: str = "mean",
    replications: int = MOST_FINALS,
    seed: int | None = None,
    engine: str = AUTO,
    cores: int = 1,
    on_done: Progress = ignore,
    met: AsMet | None = None,
) -> Optimum:
    """Find the cheapest plan that keeps the scenario's target with its confidence.

    `levers` such as "services.stit.capacity=220:320:10@125" (pounds a day for one unit), `limits` such as
    "services.ic_beds.capacity<=140". `judged` is "mean" (the period's mean is at or under target) or "days" (a day is). The
    winner and its rivals are run on up to `replications` fresh draws. With `met` each replication meets a variant of the plan, such as
    a member of a plausible set, and the chance holds over these. Ctrl-C, or Stopped
    raised by `on_done(runs, expected)`, leaves the best so far. Raises ScenarioError and RunError in words.
    """
    base = load(scenario)
    if judged not in JUDGED:
        raise RunError(f"--judged {judged}: must be one of: {', '.join(JUDGED)}")
    if replications < FIRST_FINALS:
        raise RunError(
            f"--replications {replications}: a chance cannot be told from so few; ask for {FIRST_FINALS} or more"
        )
    space = space_of(base, levers, limits)
    goal = Goal(base.target.delayed, base.target.confidence, judged)  # type: ignore[arg-type]  # one of JUDGED
    trying = Trying(
        base.run.seed if seed is None else seed, chosen_engine(engine), cores, on_done=on_done, met=met
    )
    race = Race(space, goal, trying)
    finals: Race | None = None
    stopped = False
    winner, selected = None, float("nan")
    try:
        search(race, trying.seed)
        finals = Race(space, goal, _after(trying, race), first_replication=FRESH)
        winner, selected = _final(race, finals, trying.seed, replications)
        for _ in range(MOST_RETURNS):
            if not _put_right(race, finals):
                break
            search(race, trying.seed)
            winner, selected = _final(race, finals, trying.seed, replications)
        _outline(race, finals)
    except (KeyboardInterrupt, Stopped):
        stopped = True
        if not race.known:
            raise Stopped("stopped before the first plans were tried: there is nothing to show") from None
        if winner is None:
            winner, finals = _best_so_far(race), None
    return Optimum(
        space,
        goal,
        winner,
        selected,
        race,
        finals,
        trying.seed,
        trying.engine,
        stopped,
        met.words if met else "",
    )


def _after(trying: Trying, race: Race) -> Trying:
    """The same way of running, whose listener hears of the runs of a search as well."""
    before = race.runs
    return replace(
        trying, on_done=lambda runs, _: trying.on_done(before + runs, max(before + runs, race.expected))
    )


def _best_so_far(race: Race) -> int | None:
    plans, margins = race.margins()
    good = plans[margins <= 0]
    return int(good[race.space.costs[good].argmin()]) if good.size else None


def _final(race: Race, finals: Race, seed: int, most: int) -> tuple[int | None, float]:
    """The winner among the finalists on fresh draws, and the probability that it is the right choice.

    Where none of them keeps the goal after all, those that are dearer have their turn.
    """
    order = _in_order(race)
    # Those of an earlier round of finals stay in question.
    tried = list(finals.known)
    while True:
        new = [plan for plan in order if plan not in tried][:FINALISTS]
        tried += new
        chosen, probability = _deciding(finals, tried, seed, most)
        if chosen is not None or not new:
            return chosen, probability


def _put_right(race: Race, finals: Race) -> bool:
    """Move all margins of the search by what its draws were kinder or harsher than the fresh ones; whether by much.

    Only what is common to all finalists is taken over, so that no single plan gains from its luck.
    """
    plans, margins = race.margins()
    before = dict(zip(plans.tolist(), margins.tolist(), strict=True))
    fresh, found = finals.margins()
    both = [(m, before[p]) for p, m in zip(fresh.tolist(), found.tolist(), strict=True) if p in before]
    shift = float(np.mean([m - b for m, b in both])) if both else 0.0
    race.shift += shift
    return abs(shift) > WORTH_A_RETURN


def _in_order(race: Race) -> list[int]:
    """Plans that may keep the goal, cheapest first; if none may, those that come nearest."""
    plans, margins = race.margins()
    may = margins <= NEAR
    if not may.any():
        return [int(p) for p in plans[np.argsort(margins, kind="stable")][:FINALISTS]]
    order = np.argsort(race.space.costs[plans[may]], kind="stable")
    return [int(p) for p in plans[may][order]]


def _deciding(finals: Race, plans: list[int], seed: int, most: int) -> tuple[int | None, float]:
    """More and more replications of those still in question, until the choice is sure enough."""
    still, replications = list(plans), FIRST_FINALS
    while True:
        finals.try_(still, replications)
        shares = _shares(finals, plans, seed)
        chosen = _likeliest(finals, plans, shares)
        # To stop at the first sight of enough would be to choose the luckiest moment: not before half of them are run.
        sure = shares.get(chosen, 0.0) >= SURE_ENOUGH and 2 * replications >= most
        if sure or replications >= most:
            return chosen, shares.get(chosen, 0.0)
        # Whoever is chosen now and then may be right; the others need no more replications.
        still = [plan for plan in plans if shares.get(plan, 0.0) > 0.01 or plan == chosen]
        replications = min(2 * replications, most)


def _likeliest(finals: Race, plans: Sequence[int], shares: dict[int | None, float]) -> int | None:
    """Of the plans that keep the goal, the one that is most often the choice; None where none does."""
    good = [plan for plan in plans if finals.chance(plan) >= finals.goal.confidence]
    return max(
        good, key=lambda p: (shares.get(p, 0.0), -finals.space.costs[p], finals.chance(p)), default=None
    )


def _chosen_shares(judged: Race, plans: Sequence[int], seed: int) -> dict[int, float]:
    return {plan: share for plan, share in _shares(judged, plans, seed).items() if plan is not None}


def _shares(judged: Race, plans: Sequence[int], seed: int) -> dict[int | None, float]:
    """How often each plan (or none) is the choice when the replications are drawn again with replacement."""
    rng = np.random.default_rng(seed)
    most = max(judged.replications(plan) for plan in plans)
    counts = rng.multinomial(most, np.full(most, 1 / most), size=REDRAWN).astype(np.float64)
    good = np.zeros((REDRAWN, len(plans)), dtype=bool)
    for n, plan in enumerate(plans):
        met = judged.goal.met(judged.known[plan])[0]
        # Those with fewer replications use the same draws as far as they go.
        weights = counts[:, : met.size]
        good[:, n] = weights @ met >= judged.goal.confidence * weights.sum(axis=1) - 1e-9
    order = sorted(range(len(plans)), key=lambda n: (judged.space.costs[plans[n]], -judged.chance(plans[n])))
    first: Ints = np.where(good[:, order].any(axis=1), good[:, order].argmax(axis=1), len(plans))
    tally = np.bincount(first, minlength=len(plans) + 1) / REDRAWN
    names: list[int | None] = [*(plans[n] for n in order), None]
    return {name: float(share) for name, share in zip(names, tally.tolist(), strict=True) if share > 0}


def _outline(race: Race, finals: Race) -> None:
    """Run plans that may be on the frontier on the fresh draws: for several costs, the one guessed to be best."""
    space = race.space
    plans, _ = race.margins()
    levels = np.array([np.log1p(race.delayed(int(p))) for p in plans])
    if space.unit.shape[1] == 0:
        return
    some = np.linspace(0, len(space) - 1, min(len(space), MOST_GUESSED)).astype(np.int64)
    candidates = np.union1d(some, plans)
    guesses = guessed(space.unit[plans], levels, space.unit[candidates])
    costs = space.costs[candidates]
    chosen = {
        int(candidates[np.argmin(np.where(costs <= most + 1e-9, guesses, np.inf))])
        for most in np.linspace(costs.min(), costs.max(), POINTS_OF_FRONTIER)
    }
    finals.try_(sorted(chosen), FRONTIER_REPLICATIONS)
