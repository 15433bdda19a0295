"""An acute stroke unit and its rehabilitation ward: the chance of finding every bed taken (Monks and others 2016).

Beds are unlimited; the chance of a delay with n beds is P(N = n) / P(N <= n) of the occupancy N, as the
paper defines it. N is Poisson, so the exact answer is Erlang's loss formula.

Tolerance. The exact answer against the published one: half a unit of the last printed digit, and half a
unit more for the noise of their simulation (their 0.09 at 11 beds is 0.0948). The simulated answer against
the exact one: a 99.9 % interval.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import flowsim
from tests.verification import formulas as theory
from tests.verification import trial

# Long runs of the model, which other tests go through line by line: being counted would double their time.
pytestmark = pytest.mark.uncounted

HERE = Path(__file__).parent
REPLICATIONS = 100
PUBLISHED = {
    "acute": {9: 0.19, 10: 0.14, 11: 0.09, 12: 0.06, 13: 0.04, 14: 0.02},
    "rehabilitation": {10: 0.20, 12: 0.11, 13: 0.08, 14: 0.05, 15: 0.03, 16: 0.02},
}
TOLERANCE = 0.005 + 0.005

# People a day, by their means between arrivals, and their stays: acute, and rehabilitation.
STROKE, TIA, NEURO, OTHER = 1 / 1.2, 1 / 9.3, 1 / 3.6, 1 / 3.2
STROKE_REHAB = 0.6 * 28.4 + 0.4 * 30.3
LOAD = {
    "acute": STROKE * (0.87 * 7.4 + 0.13 * 4.6) + TIA * 1.8 + NEURO * 4.0 + OTHER * 3.8,
    "rehabilitation": (STROKE * 0.24 + 1 / 21.8) * STROKE_REHAB
    + TIA * 0.01 * 18.7
    + (NEURO * 0.11 + 1 / 31.7) * 27.6
    + (OTHER * 0.05 + 1 / 28.6) * 16.1,
}
CASES = [(ward, beds) for ward, by_beds in PUBLISHED.items() for beds in by_beds]


@cache
def result() -> flowsim.Result:
    return flowsim.run(HERE / "stroke_wards.toml", replications=REPLICATIONS, keep_journeys=0)


def test_loads() -> None:
    assert LOAD["acute"] == pytest.approx(8.355, abs=0.0006)
    for ward, load in LOAD.items():
        trial.agree(
            f"occupancy, {ward}", trial.by_day(result(), f"in_{ward}").mean(axis=1), load, within=0.03
        )


@pytest.mark.parametrize(("ward", "beds"), CASES)
def test_exact_is_as_published(ward: str, beds: int) -> None:
    assert abs(theory.erlang_b(beds, LOAD[ward]) - PUBLISHED[ward][beds]) <= TOLERANCE


@pytest.mark.parametrize(("ward", "beds"), CASES)
def test_simulated_is_exact(ward: str, beds: int) -> None:
    occupied = trial.by_day(result(), f"in_{ward}")
    full, at_most = (occupied == beds).mean(axis=1), (occupied <= beds).mean(axis=1)
    exact = theory.erlang_b(beds, LOAD[ward])
    # A ratio of means over replications, with the interval of its linearised form (Fieller's problem, to first order).
    ratio = full.mean() / at_most.mean()
    linear = ratio + (full - ratio * at_most) / at_most.mean()
    trial.agree(f"P(delay), {ward}, {beds} beds", linear, exact, within=0.25)
    assert abs(ratio - PUBLISHED[ward][beds]) <= TOLERANCE + trial.interval(linear)[1]
