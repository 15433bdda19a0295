"""Where a choice between two plans would flip: the assumptions it hangs on, and how far each would have to be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from flowsim.decisions.compare import comparable
from flowsim.decisions.ranges import amount_of, moved, numbers_of
from flowsim.decisions.trials import Trying, tried
from flowsim.experiment.intervals import can_call, mean_interval
from flowsim.scenario.model import Scenario
from flowsim.units import Floats

FACTORS: Final = (0.7, 0.85, 1.0, 1.15, 1.3)
AS_IT_IS: Final = FACTORS.index(1.0)
REDRAWN: Final = 1_000
COLUMNS: Final = [
    "path", "label", *(f"at_{factor:g}" for factor in FACTORS), "flips_at", "flips_low", "flips_high", "amount", "unit", "called",
]  # fmt: skip


def flips_between(
    one: Scenario, other: Scenario, paths: Sequence[str], replications: int, trying: Trying
) -> pd.DataFrame:
    """Where the choice between two plans would flip, one line a number: see COLUMNS.

    `at_<factor>` is the first plan's mean number delayed minus the second's when a number of both is so many times what it is. `flips_at`
    is the factor nearest to 1 at which it changes sign (NaN: nowhere between), with a 95 % interval over replications drawn again, an end
    of which is infinite where more of these than lie beyond it change sign nowhere between;
    `amount` is what the number is there, in `unit` (NaN where it is no single number). `called` says whether both signs can be told from chance.
    """
    comparable([one, other])
    labels = numbers_of(one)
    makers = [
        partial(moved, plan, {path: factor}) for path in paths for plan in (one, other) for factor in FACTORS
    ]
    found = tried(makers, range(replications), trying).delayed
    by_path = found.reshape(len(paths), 2, len(FACTORS), replications)
    rng = np.random.default_rng(trying.seed)
    again = rng.integers(replications, size=(REDRAWN, replications))
    rows = []
    for path, (first, second) in zip(paths, by_path, strict=True):
        gaps: Floats = first - second
        at = crossing(gaps.mean(axis=1))
        low, high = _bounds(at, np.array([crossing(means) for means in gaps[:, again].mean(axis=2).T]))
        told = [np.sign(i.value) for i in map(mean_interval, gaps) if can_call(i)]
        amount, unit = amount_of(one, path) or (float("nan"), "")
        rows.append(
            (path, labels.get(path, path), *gaps.mean(axis=1).tolist(), at, low, high, amount * at, unit, -1 in told and 1 in told)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _bounds(at: float, redrawn: Floats) -> tuple[float, float]:
    """The interval of a factor from the same of replications drawn again, NaN where there is none.

    Those without a factor in the range have one beyond it, on the side of the one that was found, or none: to leave them out would
    make the interval too narrow.
    """
    if not np.isfinite(at):
        return np.nan, np.nan
    beyond = np.inf if at > 1 else -np.inf
    low, high = np.quantile(
        np.where(np.isnan(redrawn), beyond, redrawn), (0.025, 0.975), method="inverted_cdf"
    )
    return float(low), float(high)


def crossing(gaps: Floats) -> float:
    """The factor nearest to 1 at which the gap changes sign, straight between neighbours; NaN where it does not."""
    found = [
        FACTORS[n] + (FACTORS[n + 1] - FACTORS[n]) * gaps[n] / (gaps[n] - gaps[n + 1])
        for n in range(len(gaps) - 1)
        if gaps[n] * gaps[n + 1] < 0
    ]
    return float(min(found, key=lambda factor: abs(factor - 1), default=np.nan))
