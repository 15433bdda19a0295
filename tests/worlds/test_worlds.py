"""Worlds that differ in one thing: only what follows from it differs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from flowsim.scenario.model import Scenario
from tests.laws.lived import Lived, live
from tests.worlds.pairs import document, life_of, needs_of, scenario_of

pytestmark = pytest.mark.uncounted  # whole runs, whose lines others go through

SEEDS = range(20)
VISITOR = {"label": "Visitor", "enters": "hospital", "routes": {"visit": 1.0}}
VISIT = {"label": "Visit", "stay": 2.0, "next": {"leave": 1.0}}


def with_visitors(tables: dict[str, Any], per_day: float, **route: Any) -> Scenario:
    """One more stream, on a route of its own."""
    streams = tables["streams"] | {"visitor": VISITOR | {"per_day": per_day}}
    return scenario_of(tables | {"streams": streams, "routes": tables["routes"] | {"visit": VISIT | route}})


def calm(seed: int) -> dict[str, Any]:
    """A generated scenario without anybody there at the start: a new stream would alter who that is."""
    tables = document(seed)
    services = {n: s | {"initial": {}} for n, s in tables["services"].items()}
    return tables | {"services": services}


def unlimited(seed: int) -> dict[str, Any]:
    """The same without any limit."""
    tables = calm(seed)
    no_limit = {"capacity": None, "starts": None, "opens": "00:00", "closes": "24:00"}
    services = {n: s | no_limit for n, s in tables["services"].items()}
    return tables | {"services": services, "changes": [], "escalations": []}


def without(lives: dict[Any, Any], stream: str) -> dict[Any, Any]:
    """Everybody of the other streams."""
    return {key: life for key, life in lives.items() if key[0] != stream}


def test_one_more_person_changes_only_what_follows() -> None:
    """Up to her arrival everybody's life is the same to the last bit."""
    came = later = 0
    for seed in SEEDS:
        before = live(scenario_of(calm(seed)))
        place = next(
            (n for n in before.scenario.services if n not in ("hospital", "cottage_hospital")), "hospital"
        )
        if before.scenario.services[place].kind != "place":
            place = "hospital"
        after = live(
            with_visitors(calm(seed), 0.04, next={place: 1.0} if place != "hospital" else {"leave": 1.0})
        )
        her = [float(after.people.arrives[p]) for p in np.flatnonzero(_of(after, "visitor"))]
        first = min(her, default=math.inf)
        came += bool(her)
        assert without(life_of(after, first), "visitor") == life_of(before, first)
        later += without(life_of(after), "visitor") != life_of(before)
    assert came >= 5
    assert later >= 1, "nobody ever got in anybody's way"


def _of(world: Lived, stream: str) -> np.ndarray:
    return world.people.stream == world.people.streams.index(stream)


def test_where_nothing_is_limited_one_more_person_changes_nothing() -> None:
    for seed in SEEDS:
        before = live(scenario_of(unlimited(seed)))
        after = live(with_visitors(unlimited(seed), 0.2))
        assert without(life_of(after), "visitor") == life_of(before)


def test_a_service_that_nobody_uses_changes_nothing() -> None:
    for seed in SEEDS:
        tables = document(seed)
        unused = {"kind": "place", "stay": 3.0, "capacity": 1.0, "next": {"leave": 1.0}}
        services = {"aardvark": unused, **tables["services"], "zebra": unused}
        assert life_of(live(scenario_of(tables | {"services": services}))) == life_of(
            live(scenario_of(tables))
        )


def test_a_new_stream_changes_nobodys_draws() -> None:
    for seed in SEEDS:
        before, after = (
            needs_of(live(scenario_of(calm(seed)))),
            needs_of(live(with_visitors(calm(seed), 3.0))),
        )
        assert without(after, "visitor") == before
        assert len(after) > len(before)


def reversed_file(tables: dict[str, Any]) -> Scenario:
    """The same services and streams, written in the opposite order."""
    turned = {part: dict(reversed(tables[part].items())) for part in ("services", "streams")}
    return scenario_of(tables | turned)


def test_the_order_of_the_file_changes_nothing() -> None:
    for seed in range(40):
        assert life_of(live(reversed_file(document(seed)))) == life_of(live(scenario_of(document(seed)))), (
            seed
        )


def test_more_demand_brings_more_people_and_changes_nobody_else() -> None:
    """With 5 % more a person comes a little earlier, with the same stays, route and itinerary."""
    for seed in SEEDS:
        tables = calm(seed) | {"changes": []}
        streams = {n: s | {"per_day": s["per_day"] * 1.05} for n, s in tables["streams"].items()}
        before, after = live(scenario_of(tables)), live(scenario_of(tables | {"streams": streams}))
        ours, theirs = needs_of(before), needs_of(after)
        for key, (arrives, *needs) in ours.items():
            assert key in theirs
            assert theirs[key][1:] == tuple(needs)
            assert theirs[key][0] <= arrives


@pytest.mark.parametrize("dist", ["lognormal", "gamma", "weibull"])
def test_a_longer_mean_stay_keeps_everybodys_percentile(dist: str) -> None:
    def stays(mean: float) -> np.ndarray:
        tables = unlimited(1)
        spec = {"dist": dist, "mean": mean, "sd": 0.7 * mean}
        routes = {n: r | {"stay": spec, "at": {}} for n, r in tables["routes"].items()}
        world = live(scenario_of(tables | {"routes": routes}))
        emergency = {key: needs for key, needs in needs_of(world).items() if key[0] == "emergency"}
        return np.array([emergency["emergency", i][2][1] for i in range(len(emergency))])

    short, long = stays(4.0), stays(5.0)
    assert (long > short).all()
    assert (np.argsort(short, kind="stable") == np.argsort(long, kind="stable")).all()


def city(beds: float) -> Scenario:
    """A hospital whose people wait for a few beds."""
    return scenario_of(
        {
            "title": "Beds",
            "run": {"start": document(0)["run"]["start"], "days": 120, "warm_up_days": 40},
            "streams": {"s": {"label": "s", "per_day": 3, "enters": "hospital", "routes": {"r": 1.0}}},
            "routes": {"r": {"label": "r", "stay": {"mean": 4.0, "sd": 3.0}, "next": {"beds": 1.0}}},
            "services": {
                "hospital": {"kind": "place"},
                "beds": {
                    "kind": "place",
                    "capacity": beds,
                    "stay": {"mean": 10.0, "sd": 8.0},
                    "next": {"leave": 0.7, "stit": 0.3},
                },
                "stit": {
                    "kind": "place",
                    "capacity": 12.0,
                    "stay": {"mean": 12.0, "sd": 6.0},
                    "next": {"leave": 1.0},
                },
            },
        }
    )


def test_more_beds_lower_the_mean_of_those_delayed() -> None:
    """On means only: one census may rise, rarely, when somebody gets in earlier and so meets another queue."""
    means = [
        np.mean([live(city(beds), replication=k).measured.totals["delayed_mean"] for k in range(8)])
        for beds in (28.0, 32.0, 36.0, 44.0)
    ]
    assert means == sorted(means, reverse=True)
    assert means[0] > means[-1] + 1
