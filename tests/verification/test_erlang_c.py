"""Queues with one answer since 1917: M/M/c, as waits, as a queue, as the census of delayed transfers of care.

An unlimited hospital with exponential stays sends Poisson streams to its onward places (Mirasol 1963: the
output of M/G/infinity is Poisson). Each route has a limited place of its own with exponential stays, so
each is exactly M/M/c, and whoever waits is in hospital, ready: the census is three Erlang C queues.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import flowsim
from tests.verification import formulas as theory
from tests.verification import trial

REPLICATIONS = 40
# Route: people a day, mean stay (days), places.
QUEUES = {"homecare": (2.0, 0.25, 1), "beds": (2.5, 0.66, 3), "reablement": (4.0, 0.6, 4)}
REASON = {"homecare": "E", "beds": "C", "reablement": "A"}
TOTAL = sum(per_day for per_day, _, _ in QUEUES.values())

TEXT = f"""
title = "Three routes, three Erlang C queues"
[run]
start = 2018-01-01
days = 400
warm_up_days = 60
[streams.emergency]
label = "Emergency admissions"
per_day = {TOTAL}
enters = "hospital"
routes = {{ {", ".join(f"{n} = {q[0] / TOTAL!r}" for n, q in QUEUES.items())} }}
[services.hospital]
kind = "place"
stay = {{ dist = "exponential", mean = 3 }}
""" + "".join(
    f"""
[routes.{name}]
label = "To {name}"
next = {{ {name} = 1.0 }}
[services.{name}]
kind = "place"
capacity = {places}
stay = {{ dist = "exponential", mean = {stay} }}
reason = "{REASON[name]}"
"""
    for name, (_, stay, places) in QUEUES.items()
)


@cache
def result() -> flowsim.Result:
    return trial.ran(TEXT, REPLICATIONS)


@pytest.mark.parametrize("route", QUEUES)
def test_mean_wait(route: str) -> None:
    exact = theory.erlang_c(*QUEUES[route])
    table = trial.rows(result(), route)
    trial.agree(f"wait, {route}", trial.per_replication(table, trial.waits(table)), exact.wait, within=0.20)


@pytest.mark.parametrize("route", QUEUES)
def test_share_who_wait(route: str) -> None:
    exact = theory.erlang_c(*QUEUES[route])
    table = trial.rows(result(), route)
    trial.agree(
        f"P(wait), {route}", trial.per_replication(table, trial.waits(table) > 0), exact.p_wait, within=0.10
    )


@pytest.mark.parametrize("route", QUEUES)
def test_delayed_by_route_and_reason_and_the_queue_are_one_number(route: str) -> None:
    exact = theory.erlang_c(*QUEUES[route])
    delayed = trial.by_day(result(), f"delayed_route_{route}")
    trial.agree(f"delayed, {route}", delayed.mean(axis=1), exact.queue, within=0.20)
    for measure in (f"delayed_{REASON[route]}", f"waiting_{route}", f"queue_{route}"):
        assert np.array_equal(trial.by_day(result(), measure), delayed), measure


def test_delayed_is_the_sum_of_three_queues() -> None:
    exact = sum(theory.erlang_c(*queue).queue for queue in QUEUES.values())
    delayed = trial.by_day(result(), "delayed")
    trial.agree("delayed, all routes", delayed.mean(axis=1), exact, within=0.15)
    assert np.array_equal(delayed, sum(trial.by_day(result(), f"delayed_route_{route}") for route in QUEUES))


@pytest.mark.parametrize("route", QUEUES)
def test_places_in_use(route: str) -> None:
    # Little 1961: whatever the queue, load = arrivals x mean stay.
    per_day, stay, _ = QUEUES[route]
    trial.agree(
        f"in use, {route}", trial.by_day(result(), f"used_{route}").mean(axis=1), per_day * stay, within=0.05
    )


@pytest.mark.parametrize("route", QUEUES)
def test_every_wait_is_that_of_first_come_first_served(route: str) -> None:
    """Person by person, without chance: everybody starts when Kiefer and Wolfowitz say."""
    places = QUEUES[route][2]
    everybody = result().journeys
    everybody = everybody[everybody["service"] == route].sort_values(["replication", "asked", "person"])
    for _, of_one in everybody.groupby("replication"):
        seen = of_one[of_one["ready"].notna()]
        arrivals, stays = seen["asked"].to_numpy(), (seen["ready"] - seen["started"]).to_numpy()
        # Those whose stay lies past the horizon come last; up to the first of them all is known.
        known = int(np.argmax(of_one["ready"].isna().to_numpy())) if len(seen) < len(of_one) else len(seen)
        expected = theory.kiefer_wolfowitz(arrivals[:known], stays[:known], places)
        assert np.abs(trial.waits(seen).to_numpy()[:known] - expected).max() < 10 * trial.GRID


def crowded(places: int, days: int) -> str:
    """Four people a day who stay 28 days, with time running 28 times as fast: the same queue."""
    return f"""
title = "M/M/{places}"
[run]
start = 2018-01-01
days = {days}
warm_up_days = 0
[streams.referrals]
label = "Referrals"
per_day = 112
enters = "beds"
routes = {{ beds = 1.0 }}
[routes.beds]
label = "Beds"
[services.beds]
kind = "place"
capacity = {places}
stay = {{ dist = "exponential", mean = 1 }}
initial = {{ people = 112 }}
"""


def test_130_places_find_as_many_full_as_theory_says() -> None:
    """M/M/130 has a light tail (6.3 % wait) that a short run sees little of: the share alone, with more room."""
    found = trial.ran(crowded(130, days=50), 48)
    table = trial.rows(found, "beds")
    table = table[(table["asked"] >= 10) & (table["started"].notna())]
    exact = theory.erlang_c(4, 28, 130)
    trial.agree(
        "P(wait), 130 places", trial.per_replication(table, trial.waits(table) > 0), exact.p_wait, within=0.4
    )
