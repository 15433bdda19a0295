"""Blocking after service: two stations without room in between, whose Markov chain is solved here exactly.

Hunt 1956 ("Sequential arrays of waiting lines", Operations Research 4, 674-683); Avi-Itzhak and Yadin 1965
("A sequence of two servers with no intermediate queue", Management Science 11, 553-564).
"""

from __future__ import annotations

from functools import cache

import numpy as np

import flowsim
from tests.verification import formulas as theory
from tests.verification import trial

REPLICATIONS = 40
FIRST, SECOND = 3, 2  # places
PER_DAY, FIRST_STAY, SECOND_STAY = 2.0, 0.6, 0.6
MOST_WAITING = 120


def line(per_day: float, first: tuple[int, float], second: tuple[int, float], days: int) -> str:
    return f"""
title = "Two wards in line"
[run]
start = 2018-01-01
days = {days}
warm_up_days = 60
[streams.referrals]
label = "Referrals"
per_day = {per_day}
enters = "first"
routes = {{ both = 1.0 }}
[routes.both]
label = "First and second"
[services.first]
kind = "place"
capacity = {first[0]}
stay = {{ dist = "exponential", mean = {first[1]} }}
next = {{ second = 1.0 }}
[services.second]
kind = "place"
capacity = {second[0]}
stay = {{ dist = "exponential", mean = {second[1]} }}
"""


@cache
def result() -> flowsim.Result:
    return trial.ran(line(PER_DAY, (FIRST, FIRST_STAY), (SECOND, SECOND_STAY), days=700), REPLICATIONS)


@cache
def chain() -> dict[theory.State, float]:
    """States (people asking for or staying in the first, blocked in the first, staying in the second)."""

    def moves(state: theory.State) -> list[tuple[theory.State, float]]:
        asking, blocked, second = state
        found: list[tuple[theory.State, float]] = []
        if asking < MOST_WAITING:
            found.append(((asking + 1, blocked, second), PER_DAY))
        staying = min(asking, FIRST - blocked)
        if staying:
            after = (
                (asking - 1, blocked, second + 1) if second < SECOND else (asking - 1, blocked + 1, second)
            )
            found.append((after, staying / FIRST_STAY))
        if second:
            # Whoever is blocked moves up at the same instant.
            after = (asking, blocked - 1, second) if blocked else (asking, blocked, second - 1)
            found.append((after, second / SECOND_STAY))
        return found

    return theory.markov_chain((0, 0, 0), moves)


def test_people_blocked() -> None:
    exact = theory.average(chain(), lambda s: s[1])
    trial.agree(
        "blocked in the first", trial.by_day(result(), "blocked_first").mean(axis=1), exact, within=0.10
    )
    # The queue of the second is those blocked in the first.
    assert np.array_equal(trial.by_day(result(), "queue_second"), trial.by_day(result(), "blocked_first"))


def test_queue_for_the_first() -> None:
    exact = theory.average(chain(), lambda s: max(s[0] - (FIRST - s[1]), 0))
    trial.agree("queue for the first", trial.by_day(result(), "queue_first").mean(axis=1), exact, within=0.25)


def test_the_first_is_fuller_than_its_stays_account_for() -> None:
    exact = theory.average(chain(), lambda s: min(s[0], FIRST - s[1]) + s[1])
    trial.agree("in the first", trial.by_day(result(), "in_first").mean(axis=1), exact, within=0.04)
    trial.agree(
        "in the second", trial.by_day(result(), "in_second").mean(axis=1), PER_DAY * SECOND_STAY, within=0.04
    )


def test_two_machines_and_no_buffer_make_two_thirds() -> None:
    """With somebody always at the door and equal rates mu, throughput is 1 / E[max] = 2/3 mu (Hunt 1956)."""
    stay = 0.1
    found = trial.ran(line(9.0, (1, stay), (1, stay), days=120), 20)
    assert (trial.by_day(found, "queue_first") > 0).all(), "somebody must always be waiting"
    per_day = trial.by_day(found, "starts_second").mean(axis=1)
    trial.agree("throughput", per_day, 2 / 3 / stay, within=0.03)
    trial.agree(
        "share of time blocked", trial.by_day(found, "blocked_first").mean(axis=1), 1 / 3, within=0.12
    )
    trial.agree(
        "share of time in the second", trial.by_day(found, "in_second").mean(axis=1), 2 / 3, within=0.06
    )


def test_every_move_through_the_line_is_as_it_must_be() -> None:
    """Person by person, without chance, for one place each: leaving the first is starting in the second, which is
    when the stay in the first is over and the one before has left the second.
    """
    found = trial.ran(line(4.5, (1, 0.1), (1, 0.1), days=60), 3)
    for _, of_one in found.journeys.dropna().groupby("replication"):
        one = of_one[of_one["service"] == "first"].sort_values("asked")
        two = of_one[of_one["service"] == "second"].sort_values("asked")
        one = one[one["person"].isin(two["person"])]
        assert one["person"].tolist() == two["person"].tolist()
        gone = np.concatenate([[-np.inf], two["left"].to_numpy()[:-1]])
        left = np.concatenate([[-np.inf], one["left"].to_numpy()[:-1]])
        assert np.array_equal(one["started"].to_numpy(), np.maximum(one["asked"].to_numpy(), left))
        assert np.array_equal(two["started"].to_numpy(), np.maximum(one["ready"].to_numpy(), gone))
        assert np.array_equal(two["started"].to_numpy(), one["left"].to_numpy())
