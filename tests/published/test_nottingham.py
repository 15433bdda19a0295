"""The shape of a real stock of people medically safe to leave: context, not a table to reproduce.

What the model can have: the weekday shape of the newly ready and of the discharged, the mean stock and a
slow decay of its autocorrelation. What a Poisson model with fixed rates cannot have, and the test says so:
the whole spread of three real years (sd 28.9, autocorrelation 0.56 after four weeks), in which demand
itself drifts; nor one Christmas (168 to 255 in 19 days), which takes a scenario's dated changes.
Labels of the series are inferred by whoever published it, so tolerances are wide: 10 % for means.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import flowsim
from tests.verification import trial

# Long runs of the model, which other tests go through line by line: being counted would double their time.
pytestmark = pytest.mark.uncounted

HERE = Path(__file__).parent
REPLICATIONS = 2
DAYS = 728
STOCK, SPREAD = 177.3, 28.9
NEWLY_READY = [51.7, 49.5, 44.5, 47.2, 44.2, 14.5, 15.1]  # Monday to Sunday
DISCHARGED = [26.3, 32.9, 34.7, 36.6, 36.3, 22.9, 14.9]


@cache
def result() -> flowsim.Result:
    return flowsim.run(HERE / "nottingham_shape.toml", replications=REPLICATIONS, keep_journeys=REPLICATIONS)


def by_weekday(per_day: trial.Floats) -> trial.Floats:
    """Means by weekday of an array of shape (replications, days) that begins on a Monday."""
    found: trial.Floats = np.array([per_day[:, weekday::7].mean() for weekday in range(7)])
    return found


def test_newly_ready_by_weekday() -> None:
    table = result().journeys
    ready = table[(table["service"] == "hospital") & (table["ready"] >= 0)]["ready"].to_numpy()
    ready = ready[ready < DAYS]
    per_day = np.bincount(ready.astype(int), minlength=DAYS)[None, :] / REPLICATIONS
    assert by_weekday(per_day) == pytest.approx(NEWLY_READY, rel=0.1)


def test_discharged_by_weekday() -> None:
    # Bank holidays count as Sundays and take a little from the Mondays.
    assert by_weekday(trial.by_day(result(), "starts_onward")) == pytest.approx(DISCHARGED, rel=0.1)


def test_stock() -> None:
    stock = trial.by_day(result(), "delayed")
    assert stock.mean() == pytest.approx(STOCK, rel=0.1)
    # A week has its shape too, so what is left over of it is compared: three quarters of the spread at most.
    assert 0.3 * SPREAD < stock.std(axis=1).mean() < SPREAD


def test_memory_of_the_stock() -> None:
    stock = trial.by_day(result(), "delayed")
    found = [
        float(np.mean([np.corrcoef(row[:-lag], row[lag:])[0, 1] for row in stock])) for lag in (1, 7, 28)
    ]
    shown = ", ".join(f"{value:.2f}" for value in found)
    trial.say(f"autocorrelation at 1, 7, 28 days: {shown}; published 0.92, 0.82, 0.56")
    assert found[0] > 0.7
    assert found[1] > found[2]
