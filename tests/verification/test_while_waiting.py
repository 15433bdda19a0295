"""What happens to people who wait in hospital: some leave another way, some become unwell again.

Leaving at a rate each is M/M/c+M, called Erlang A (Palm 1957, "Research on telephone traffic carried by
full availability groups"); becoming unwell sends people back into hospital for a new stay, after which
they ask again: a Markov chain in two numbers, solved here.
"""

from __future__ import annotations

from functools import cache

import numpy as np

import flowsim
from tests.verification import formulas as theory
from tests.verification import trial

REPLICATIONS = 24
PER_DAY, STAY, PLACES = 3.0, 2.0, 5  # 6 people's worth of need for 5 places
LEAVES, UNWELL, NEW_STAY = 0.25, 1.0, 2.0
MOST = 60


def hospital(while_waiting: str, per_day: float = PER_DAY, days: int = 500) -> str:
    return f"""
title = "Waiting in hospital"
[run]
start = 2018-01-01
days = {days}
warm_up_days = 80
[streams.emergency]
label = "Emergency admissions"
per_day = {per_day}
enters = "hospital"
routes = {{ beds = 1.0 }}
[routes.beds]
label = "Beds"
stay = {{ dist = "exponential", mean = 3 }}
next = {{ beds = 1.0 }}
[services.hospital]
kind = "place"
[services.beds]
kind = "place"
capacity = {PLACES}
stay = {{ dist = "exponential", mean = {STAY} }}
[while_waiting]
{while_waiting}
"""


@cache
def leaving() -> flowsim.Result:
    return trial.ran(hospital(f"leaves_per_day = {LEAVES}"), REPLICATIONS)


def erlang_a() -> tuple[trial.Floats, trial.Floats]:
    chain = theory.erlang_a(PER_DAY, STAY, PLACES, LEAVES, most=400)
    return chain, np.maximum(np.arange(chain.size) - PLACES, 0)


def test_delayed_when_some_leave() -> None:
    chain, waiting = erlang_a()
    exact = float(chain @ waiting)
    trial.agree("delayed, Erlang A", trial.by_day(leaving(), "delayed").mean(axis=1), exact, within=0.08)


def test_share_who_leave() -> None:
    """Everybody waiting leaves at the same rate, so the share is that rate x queue / arrivals (Palm 1957)."""
    chain, waiting = erlang_a()
    exact = LEAVES * float(chain @ waiting) / PER_DAY
    table = trial.rows(leaving(), "hospital")
    table = table[(table["ready"] >= 0) & table["left"].notna()]
    gone = table["then"] == "left while waiting"
    trial.agree("share who leave", trial.per_replication(table, gone), exact, within=0.10)
    asked = trial.rows(leaving(), "beds")
    assert (asked["then"] == "stopped asking").sum() > 1000, "who leaves also stops asking for the bed"


def test_places_in_use_when_some_leave() -> None:
    chain, _ = erlang_a()
    exact = float(chain @ np.minimum(np.arange(chain.size), PLACES))
    trial.agree("beds in use", trial.by_day(leaving(), "in_beds").mean(axis=1), exact, within=0.02)


@cache
def relapsing() -> flowsim.Result:
    new_stay = f'unwell_stay = {{ dist = "exponential", mean = {NEW_STAY} }}'
    return trial.ran(hospital(f"unwell_per_day = {UNWELL}\n{new_stay}", per_day=1.9, days=220), 40)


@cache
def relapses() -> dict[theory.State, float]:
    """States (people asking for a bed or in one, people unwell again); first stays are Poisson, so independent."""

    def moves(state: theory.State) -> list[tuple[theory.State, float]]:
        beds, unwell = state
        found: list[tuple[theory.State, float]] = [((beds + 1, unwell), 1.9)] if beds < MOST else []
        if beds:
            found.append(((beds - 1, unwell), min(beds, PLACES) / STAY))
        if beds > PLACES and unwell < MOST:
            found.append(((beds - 1, unwell + 1), (beds - PLACES) * UNWELL))
        if unwell and beds < MOST:
            found.append(((beds + 1, unwell - 1), unwell / NEW_STAY))
        return found

    return theory.markov_chain((0, 0), moves)


def test_delayed_when_some_become_unwell() -> None:
    # Without relapses it would be 1.52 (Erlang C), far outside.
    exact = theory.average(relapses(), lambda s: max(s[0] - PLACES, 0))
    trial.agree("delayed, relapses", trial.by_day(relapsing(), "delayed").mean(axis=1), exact, within=0.35)


def test_people_unwell_again_are_in_hospital_but_not_delayed() -> None:
    exact = theory.average(relapses(), lambda s: s[1]) + 1.9 * 3
    in_hospital = trial.by_day(relapsing(), "in_hospital") - trial.by_day(relapsing(), "excess")
    trial.agree("in hospital for good reason", in_hospital.mean(axis=1), exact, within=0.08)
