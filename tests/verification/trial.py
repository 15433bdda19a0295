"""Running a scenario from its text, and holding what came out against an exact answer.

Everything goes through the public surface: a scenario file in, a Result out.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

import flowsim
from tests.verification import figures

Floats = NDArray[np.float64]
LEVEL = 0.999  # of every interval: about one false alarm in a thousand comparisons, and none at a fixed seed
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
GRID = 2.0**-32  # times are rounded to this part of a day


def scenario(text: str) -> flowsim.Scenario:
    """A scenario from the text of its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.toml"
        path.write_text(text, encoding="utf-8")
        return flowsim.load(path)


def ran(text: str, replications: int, seed: int = 1917) -> flowsim.Result:
    """Run a scenario from its text and keep every journey."""
    return flowsim.run(scenario(text), replications=replications, seed=seed, keep_journeys=replications)


def interval(values: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Mean and half-width of a t interval over replications, each one independent observation."""
    n = len(values)
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return float(np.mean(values)), half


def say(line: str) -> None:
    """Print a comparison, for whoever runs the tests with `-s`, and hold the handbook to it."""
    print(line)  # noqa: T201
    figures.stands_in_the_handbook(line)


def agree(what: str, values: Floats, exact: float, within: float) -> None:
    """The exact answer lies in the 99.9 % interval, and the interval is no wider than a share of the answer.

    The second half keeps the first honest: an interval that is wide enough holds anything.
    """
    value, half = interval(values)
    say(f"{what}: simulated {value:.5g} +- {half:.2g} (99.9 %), exact {exact:.5g}")
    assert half <= within * abs(exact), (
        f"{what}: +- {half:.4g} is too wide to tell anything about {exact:.4g}"
    )
    assert abs(value - exact) <= half, f"{what}: {value:.5g} +- {half:.2g}, but theory says {exact:.5g}"


def by_day(result: flowsim.Result, measure: str) -> Floats:
    """A daily measure, shape (replications, days)."""
    found: Floats = result.daily[measure].to_numpy(dtype=float).reshape(result.replications, -1)
    return found


def rows(result: flowsim.Result, service: str, purpose: str = "stay") -> pd.DataFrame:
    """The journeys' rows of those who asked for a service during the run (after the warm-up)."""
    table = result.journeys
    return table[(table["service"] == service) & (table["purpose"] == purpose) & (table["asked"] >= 0)]


def per_replication(table: pd.DataFrame, column: pd.Series) -> Floats:
    """Means of a column over the rows of each replication."""
    found: Floats = column.groupby(table["replication"]).mean().to_numpy(dtype=float)
    return found


def waits(table: pd.DataFrame) -> pd.Series:
    """Days from asking to starting."""
    return table["started"] - table["asked"]
