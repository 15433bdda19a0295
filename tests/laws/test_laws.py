"""What must hold for every scenario, checked on generated ones from their journeys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import pytest
from hypothesis import given

from flowsim.scenario.edits import Plan
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import altered
from tests.generated import examples, generated_scenario, scenarios
from tests.laws.counts import LAWS_OF_COUNTING, flow_is_right, judged_after_91_days, totals_are_right
from tests.laws.lived import Lived, live, lived
from tests.laws.needs import needs_are_those_of_the_scenario
from tests.laws.queues import LAWS_OF_A_DESK, Desk, desks
from tests.laws.stories import Claim, stories, two_places_at_once

pytestmark = pytest.mark.uncounted  # made-up scenarios by the hundred, whose lines others go through

SEEDS = range(60)


@lru_cache(maxsize=len(SEEDS))
def told(seed: int) -> dict[int, Claim]:
    """What stands behind each row of a generated scenario."""
    return stories(lived(seed))


@pytest.mark.parametrize(
    "law", [*LAWS_OF_COUNTING, needs_are_those_of_the_scenario], ids=lambda law: law.__name__
)
def test_counting(law: Callable[[Lived], Iterator[str]]) -> None:
    for seed in SEEDS:
        nothing_broken(law(lived(seed)), seed)


def test_totals_of_runs_long_enough_to_see_the_91st_day() -> None:
    judged, shares = 0, set()
    for seed in range(4, 16):
        found = live(altered(generated_scenario(seed), Plan(put={"run.days": 130})), seed)
        for law in (flow_is_right, totals_are_right):
            nothing_broken(law(found), seed)
        judged += len(judged_after_91_days(found))
        shares.add(found.measured.totals["still_at_home"])
    assert judged > 200
    assert len({share for share in shares if 0 < share < 1}) > 5


@pytest.mark.parametrize("law", LAWS_OF_A_DESK, ids=lambda law: law.__name__)
def test_at_every_desk(law: Callable[[Desk], Iterator[str]]) -> None:
    for seed in SEEDS:
        for desk in desks(lived(seed), told(seed)):
            nothing_broken(law(desk), seed)


def test_everybodys_story_obeys_the_rules() -> None:
    for seed in SEEDS:
        claims = told(seed)
        assert len(claims) == len(lived(seed).rows), "a row without a story"
        nothing_broken(two_places_at_once(lived(seed)), seed)


@examples(40)
@given(scenarios())
def test_all_of_it_holds_for_whatever_hypothesis_thinks_of(scenario: Scenario) -> None:
    found = live(scenario)
    nothing_broken(two_places_at_once(found), scenario)
    for desk in desks(found, stories(found)):
        for law in LAWS_OF_A_DESK:
            nothing_broken(law(desk), scenario)
    for law_of_counting in (*LAWS_OF_COUNTING, needs_are_those_of_the_scenario):
        nothing_broken(law_of_counting(found), scenario)


def nothing_broken(found: Iterable[str], scenario: object) -> None:
    """Fail with the first breach, if there is any."""
    breach = next(iter(found), None)
    assert breach is None, f"{breach}\nin scenario {scenario}"


def test_the_generated_scenarios_are_worth_it() -> None:
    """The features that make scenarios hard do occur, ties among them."""
    seen = {
        "unwell": 0,
        "plan b": 0,
        "wait in": 0,
        "waits": 0,
        "ties": 0,
        "blocked": 0,
        "alerts": 0,
        "refused": 0,
    }
    for seed in SEEDS:
        found = lived(seed)
        starts = [r.started for r in found.rows if r.has_started and r.started > r.asked]
        seen["unwell"] += any(r.outcome == -5 for r in found.rows)
        seen["plan b"] += any(r.purpose == 2 and r.has_started for r in found.rows)
        seen["wait in"] += any(r.purpose == 3 and r.has_started for r in found.rows)
        seen["waits"] += len(starts) > 20
        seen["ties"] += len(starts) - len(set(starts)) > 10
        seen["blocked"] += any(v.any() for n, v in found.measured.daily.items() if n.startswith("blocked_"))
        seen["alerts"] += any(found.alerts_on)
        seen["refused"] += any(s.capacity == 0 for of_day in found.standings for s in of_day)
    assert min(seen.values()) >= 5, seen
