"""Who goes first: mean waits of two classes, nobody being interrupted (Cobham 1954)."""

from __future__ import annotations

from functools import cache

import pytest

import flowsim
from tests.verification import formulas as theory
from tests.verification import trial

REPLICATIONS = 30


def clinic(urgent: tuple[float, str], usual: tuple[float, str], places: int) -> str:
    total = urgent[0] + usual[0]
    return f"""
title = "Two classes at one door"
[run]
start = 2018-01-01
days = 500
warm_up_days = 60
[streams.referrals]
label = "Referrals"
per_day = {total}
enters = "clinic"
routes = {{ usual = {usual[0] / total!r}, urgent = "rest" }}
[routes.usual]
label = "Usual"
priority = 5
stay = {usual[1]}
[routes.urgent]
label = "Urgent"
priority = -1
stay = {urgent[1]}
[services.clinic]
kind = "place"
capacity = {places}
"""


@cache
def one_place() -> flowsim.Result:
    return trial.ran(clinic((1.0, "0.2"), (1.5, '{ dist = "exponential", mean = 0.3 }'), 1), REPLICATIONS)


@cache
def three_places() -> flowsim.Result:
    stay = '{ dist = "exponential", mean = 0.72 }'
    return trial.ran(clinic((1.0, stay), (1.5, stay), 3), REPLICATIONS)


def waits_of(result: flowsim.Result, route: str) -> trial.Floats:
    table = trial.rows(result, "clinic")
    table = table[table["route"] == route]
    return trial.per_replication(table, trial.waits(table))


@pytest.mark.parametrize(("position", "route"), [(0, "urgent"), (1, "usual")])
def test_one_place_and_stays_of_two_kinds(position: int, route: str) -> None:
    # Second moments: a fixed 0.2 has 0.04, an exponential 0.3 has 2 x 0.09.
    exact = theory.cobham([1.0, 1.5], [0.2, 0.3], [0.04, 0.18])[position]
    trial.agree(f"wait, {route}, M/G/1", waits_of(one_place(), route), exact, within=0.15)


@pytest.mark.parametrize(("position", "route"), [(0, "urgent"), (1, "usual")])
def test_three_places_and_one_kind_of_stay(position: int, route: str) -> None:
    exact = theory.cobham_many([1.0, 1.5], 0.72, 3)[position]
    trial.agree(f"wait, {route}, M/M/3", waits_of(three_places(), route), exact, within=0.20)
