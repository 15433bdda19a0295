"""The cheapest plan that keeps the target: searched on some draws, then it and its rivals run again on fresh ones.

Whatever looks best among many is partly lucky (the winner's curse), so nothing that is reported of the winner or its rivals
comes from the draws of the search (`finals`). The fresh ones are not free of choice either: on them the winner is the cheapest
finalist that is surely good enough, and what they showed of finalists is made known to a search that has to go on (`_put_right`).
They choose among few, by a bound for each plan by itself: less of the curse is left, but not none, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from flowsim.decisions.finals import FIRST_FINALS, NOTHING, Selection, select
from flowsim.decisions.levers import Lever, Limit, Space, space_of
from flowsim.decisions.search import (
    JUDGED,
    MOST_GUESSED,
    Goal,
    Race,
    certain_from,
    guessed,
    search,
)
from flowsim.decisions.trials import Trying
from flowsim.engine import AUTO, chosen_engine
from flowsim.errors import RunError, Stopped
from flowsim.experiment.intervals import Interval, mean_interval, wilson_interval
from flowsim.experiment.replicate import AsMet, Progress, ignore
from flowsim.scenario.files import load
from flowsim.scenario.model import Scenario
from flowsim.units import Floats

# Replications that no search has seen.
FRESH: Final = 1_000_000
MOST_FINALS: Final = 400
# Fresh draws may show that the search's were kind or harsh to all, or that no finalist is certain: then the search
# goes on, put right, so often at most.
MOST_RETURNS: Final = 3
WORTH_A_RETURN: Final = 0.005
# For the guess of how long it takes: replications of a search in all and for each plan that there is, and how many
# finalists are run to the end. As six levers on winter-pressure take; few plans take fewer.
SEARCHED: Final = 8_000
SEARCHED_A_PLAN: Final = 50
FULL_FINALS: Final = 28
POINTS_OF_FRONTIER: Final = 10
FRONTIER_REPLICATIONS: Final = 50
DAYS_A_YEAR: Final = 365


@dataclass(frozen=True)
class Optimum:
    """What a search came to.

    `winner` is a row number of `space`, None where no plan keeps the goal. `selection` says how sure that is. `finals` are
    the fresh replications, None where the user stopped before them: then the winner is the best so far, judged by the draws that
    chose it.
    """

    space: Space
    goal: Goal
    winner: int | None
    selection: Selection
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
        return self.space.checked(self.winner)

    @cached_property
    def rivals(self) -> pd.DataFrame:
        """The finalists, cheapest first: plan, one column a lever, cost_per_day, cost_per_year, chance, low, high, delayed, replications, selected.

        `chance` is that of the goal on fresh draws with its Wilson interval, `selected` how often a plan is the choice when the
        replications are drawn again.
        """
        judged = self.judged
        plans = sorted(judged.known, key=lambda p: (self.space.costs[p], p))
        if self.finals is not None:
            plans = [p for p in plans if self.finals.replications(p) >= FIRST_FINALS]
        shares = self.selection.shares
        return self._table(judged, plans).assign(selected=[shares.get(p, float("nan")) for p in plans])

    @cached_property
    def frontier(self) -> pd.DataFrame:
        """Plans than which none that was tried on the same draws is both cheaper and better, cheapest first; `corner` marks one.

        The corner is where a pound begins to buy less: furthest from the line between the two ends.
        """
        judged = self.judged
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

    @property
    def judged(self) -> Race:
        """The replications by which plans are judged: fresh ones, unless it was stopped before there were any."""
        return self.finals if self.finals is not None and self.finals.known else self.searched

    @cached_property
    def nearest(self) -> int:
        """The plan that comes nearest to keeping the goal: the likeliest to, and of several the one with fewest delayed."""
        judged = self.judged
        return min(judged.known, key=lambda p: (-judged.chance(p), judged.delayed(p), p))

    def at_the_top(self, plan: int) -> list[Lever]:
        """The levers that a plan has at the upper end of their range: wider ones may hold better plans."""
        steps = self.space.steps[plan]
        return [
            lever
            for lever, step in zip(self.space.levers, steps, strict=True)
            if step == lever.axis.levels - 1 > 0
        ]

    def used_up(self, plan: int) -> list[Limit]:
        """The limits that leave a plan no room for one step more of any of their levers."""
        value = dict(zip([lever.path for lever in self.space.levers], self.space.amounts[plan], strict=True))
        step = {lever.path: float(lever.axis.step or 0) for lever in self.space.levers}
        return [
            limit
            for limit in self.space.limits
            if sum(value[path] for path in limit.paths) + min(step[path] for path in limit.paths)
            > limit.most + 1e-9
        ]

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
    met_words = met.words if met else ""
    trying = Trying(base.run.seed if seed is None else seed, chosen_engine(engine), cores, met=met)
    asked = base.target.confidence
    goal = Goal(base.target.delayed, asked, judged, certain_from(asked, replications))  # type: ignore[arg-type]  # one of JUDGED
    guess = min(SEARCHED, SEARCHED_A_PLAN * len(space)) + min(FULL_FINALS, len(space)) * replications
    of_search, of_finals = _listeners(on_done, guess)
    race = Race(space, goal, replace(trying, on_done=of_search))
    finals = Race(space, goal, replace(trying, on_done=of_finals), first_replication=FRESH)
    selection, stopped = NOTHING, False
    try:
        for turn in range(1 + MOST_RETURNS):
            search(race, trying.seed)
            selection = select(race, finals, trying.seed, replications)
            moved = _put_right(race, finals)
            # Where no finalist is certain the search goes on towards dearer ones, now that it knows.
            if turn == MOST_RETURNS or (selection.certain and not moved):
                break
        _outline(race, finals)
    except (KeyboardInterrupt, Stopped):
        stopped = True
        if not race.known:
            raise Stopped("stopped before the first plans were tried: there is nothing to show") from None
    if selection is NOTHING and stopped:
        return Optimum(
            space,
            goal,
            _best_so_far(race),
            NOTHING,
            race,
            None,
            trying.seed,
            trying.engine,
            stopped,
            met_words,
        )
    if selection.winner is not None:
        space.checked(selection.winner)
    return Optimum(
        space, goal, selection.winner, selection, race, finals, trying.seed, trying.engine, stopped, met_words
    )


def _listeners(on_done: Progress, expected: int) -> tuple[Progress, Progress]:
    """Two who hear of the runs of the search and of the finals, and tell `on_done` of both together."""
    runs = [0, 0]

    def hear(which: int, done: int) -> None:
        runs[which] = done
        total = sum(runs)
        # Where the guess was too low, there are some more to come.
        on_done(total, max(expected, total + total // 8))

    return (lambda done, _: hear(0, done)), (lambda done, _: hear(1, done))


def _best_so_far(race: Race) -> int | None:
    plans, margins = race.margins()
    good = plans[margins <= 0]
    return int(good[race.space.costs[good].argmin()]) if good.size else None


def _put_right(race: Race, finals: Race) -> bool:
    """Let the search know what the fresh draws showed of the finalists; whether they were kinder or harsher by much.

    All other margins move by what is common to all finalists, so that no single plan gains from its luck.
    """
    plans, margins = race.own_margins()
    before = dict(zip(plans.tolist(), margins.tolist(), strict=True))
    fresh, found = finals.own_margins()
    race.fresh = dict(zip(fresh.tolist(), found.tolist(), strict=True))
    both = [m - before[p] for p, m in race.fresh.items() if p in before]
    shift = float(np.mean(both)) if both else 0.0
    race.shift += shift
    return abs(shift) > WORTH_A_RETURN


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
