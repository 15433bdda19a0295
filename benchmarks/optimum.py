"""Does `flowsim optimise` find the cheapest plan? A small city whose 3,136 plans can all be judged.

    python -m benchmarks.optimum

The truth: plans in the order of cost, each on 2,000 replications that no search sees, unless 100 of them leave no doubt that it
falls short, until one keeps the target and all cheaper ones are judged. All plans share their draws, so that 2,000 harsh ones are
harsh to all; so the same is asked a second time with 16,000 where 2,000 leave a doubt. Then ten searches with seeds of their own. Prints,
for each, its cost over the cheapest of either truth, its chance by either, and the replications it took, against 100 for every plan.
"""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import time
from typing import NamedTuple

from flowsim.decisions.levers import Space, space_of
from flowsim.decisions.optimise import Optimum, optimise
from flowsim.decisions.search import Goal, Race
from flowsim.decisions.trials import Trying
from flowsim.experiment.intervals import wilson_interval
from flowsim.experiment.replicate import cores_here
from flowsim.scenario.files import from_text
from flowsim.scenario.model import Scenario

CITY = """
title = "A small city"
[run]
start = 2017-10-02
days = 28
warm_up_days = 14
[target]
delayed = 6
confidence = 0.9
[streams.emergency]
label = "Emergency admissions"
per_day = 6
enters = "hospital"
routes = { home = "rest", d2a_home = 0.4 }
[routes.home]
label = "Home"
stay = { mean = 2, sd = 2 }
[routes.d2a_home]
label = "D2A at home"
stay = { mean = 4, sd = 3 }
tasks = ["allocation"]
next = { stit = 1.0 }
[services.hospital]
kind = "place"
[services.allocation]
kind = "team"
capacity = 3
work = 0.5
[services.stit]
kind = "place"
capacity = 14
starts = { mon = 4, tue = 4, wed = 4, thu = 4, fri = 4, sat = 0, sun = 0 }
stay = { mean = 6, sd = 3 }
[while_waiting]
unwell_per_day = 0.01
leaves_per_day = 0.01
"""
LEVERS = (
    "services.stit.capacity=10:25:1@60",
    "services.allocation.capacity=1:14:1@40",
    "services.stit.starts=1:7.5:0.5@90",
)
SEEDS = range(101, 111)
TRUTH_SEED = 7
SCREEN, JUDGED, IN_DOUBT, FINALS = 100, 2_000, 16_000, 2_400
ALLOWED = 1.02


class Truth(NamedTuple):
    """One way to tell which plans keep the target: on how many replications at most, and the cheapest that does."""

    words: str
    most: int
    best: int


def main() -> None:
    """Judge all plans that matter, search ten times, and say how the two compare."""
    city = from_text(CITY, "small")
    space = space_of(city, LEVERS)
    race = Race(
        space, Goal(city.target.delayed, city.target.confidence), Trying(TRUTH_SEED, cores=cores_here())
    )
    begun = time.process_time()
    truths = [Truth(f"judged by {most:,}", most, cheapest(race, most)) for most in (JUDGED, IN_DOUBT)]
    for words, _, best in truths:
        print(
            f"{words}: of {len(space):,} plans the cheapest that keeps the target costs {space.costs[best]:.0f} a day: {space.amounts[best].tolist()}"
        )
    print(f"found with {race.runs:,} replications in {time.process_time() - begun:.0f} s of CPU")
    found = [_searched(city, race, truths, seed) for seed in SEEDS]
    for truth in truths:
        winners = [one.winner for one in found if one.winner is not None]
        within = sum(_over(space, winner, truth) <= ALLOWED for winner in winners)
        kept = sum(chance(race, winner, truth.most) >= race.goal.confidence for winner in winners)
        print(
            f"{truth.words}: {within} of {len(SEEDS)} within 2 % of the cheapest; {kept} of them keep the target"
        )
    most = max(one.runs for one in found)
    print(f"at most {most:,} replications, {most / (len(space) * SCREEN):.1%} of {SCREEN} for every plan")


def _searched(city: Scenario, race: Race, truths: list[Truth], seed: int) -> Optimum:
    """One search, and what it came to, held against both truths."""
    found = optimise(city, LEVERS, replications=FINALS, seed=seed, cores=cores_here())
    assert found.winner is not None
    space, winner = race.space, found.winner
    judge(race, [winner], IN_DOUBT)
    said = [
        f"{t.words} at {_over(space, winner, t) - 1:+.1%}, truly {chance(race, winner, t.most):.3f}"
        for t in truths
    ]
    print(
        f"seed {seed}: {space.amounts[winner].tolist()} {'; '.join(said)}; "
        f"correct with {found.selection.correct:.2f}, good with {found.selection.good:.2f}, {found.runs:,} replications, {len(found.searched.known)} plans",
        flush=True,
    )
    return found


def _over(space: Space, plan: int, truth: Truth) -> float:
    """What a plan costs, as a share of what the cheapest that keeps the target costs."""
    return float(space.costs[plan] / space.costs[truth.best])


def chance(race: Race, plan: int, most: int) -> float:
    """The chance with which a plan keeps the target, on so many replications at most."""
    return float(race.goal.met(race.known[plan])[:, :most].mean())


def cheapest(race: Race, most: int) -> int:
    """The cheapest plan that keeps the target on so many replications, all cheaper ones judged."""
    order = race.space.costs.argsort(kind="stable").tolist()
    for first in range(0, len(order), 64):
        plans = order[first : first + 64]
        race.try_(plans, SCREEN)
        doubtful = [p for p in plans if not clearly_short(race, p)]
        judge(race, doubtful, most)
        good = [p for p in doubtful if chance(race, p, most) >= race.goal.confidence]
        if good:
            return int(min(good, key=lambda p: float(race.space.costs[p])))
    raise SystemExit("no plan keeps the target")


def judge(race: Race, plans: list[int], most: int) -> None:
    """Run plans until it is clear whether they keep the target, or on as many replications as there may be for that."""
    race.try_(plans, JUDGED)
    race.try_([p for p in plans if not clearly_short(race, p) and not clearly_good(race, p)], most)


def clearly_short(race: Race, plan: int) -> bool:
    """Whether the replications so far leave no doubt: even the upper end of a 99.9 % interval is below."""
    met = race.goal.met(race.known[plan])
    return wilson_interval(float(met.sum()), met.size, 0.999).high < race.goal.confidence


def clearly_good(race: Race, plan: int) -> bool:
    """Whether even the lower end of that interval is above."""
    met = race.goal.met(race.known[plan])
    return wilson_interval(float(met.sum()), met.size, 0.999).low >= race.goal.confidence


if __name__ == "__main__":
    main()
