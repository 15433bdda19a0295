"""Global sensitivity, by SALib: what numbers matter when all of them may lie anywhere in their ranges.

Two views of the same plans. Sobol indices share out the variance: by each number alone (first order), and with all its interplay
with others (total): the estimators of Saltelli et al. 2010, Computer Physics Communications 181, 259-270. PAWN asks how far the whole
distribution moves when a number is known (Pianosi and Wagener 2018, Environmental Modelling & Software 108, 197-207), which holds
where the number delayed is skewed, as it is near saturation; how large it gets by chance is told by numbers that are no
cause at all (dummies), as the authors advise.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from flowsim.decisions.ranges import Range, moved, numbers_of
from flowsim.decisions.trials import Trying, tried
from flowsim.errors import RunError
from flowsim.scenario.model import Scenario
from flowsim.units import Floats

COLUMNS: Final = [
    "path", "label", "first", "first_low", "first_high", "total", "total_low", "total_high", "pawn", "pawn_by_chance",
]  # fmt: skip
RESAMPLES: Final = 499
# PAWN cuts a range into so many slices, each of which needs some points; and so many dummies tell what chance does.
SLICES: Final = 6
DUMMIES: Final = 40


def indices_of(
    scenario: Scenario, ranges: Sequence[Range], points: int, replications: int, trying: Trying
) -> pd.DataFrame:
    """Sobol and PAWN indices of the mean number delayed, each number evenly spread over its range, the strongest first.

    Columns as in COLUMNS; intervals are 95 %, by bootstrap; `pawn_by_chance` is what one in twenty numbers that are no cause exceeds.
    All plans share their replications, so that chance is not taken for one of the causes. Raises ScenarioError and RunError in words.
    """
    # Imported here: it takes a second.
    from SALib.analyze import pawn, sobol
    from SALib.sample import sobol as design

    if len(ranges) < 2:
        raise RunError("indices need two ranges or more: say --range at least twice, or not at all")
    paths = [r.path for r in ranges]
    for end in ([r.low for r in ranges], [r.high for r in ranges]):
        moved(scenario, dict(zip(paths, end, strict=True)))  # complaints before any run
    problem: dict[str, Any] = {"num_vars": len(paths), "names": paths, "bounds": [[r.low, r.high] for r in ranges]}  # fmt: skip
    seed = trying.seed + 1  # SALib takes a seed of 0 for none
    at: Floats = design.sample(problem, points, calc_second_order=False, seed=seed)
    makers = [
        partial(moved, scenario, dict(zip(paths, row.tolist(), strict=True)), checked=True) for row in at
    ]
    delayed: Floats = tried(makers, range(replications), trying).delayed.mean(axis=1)
    if np.ptp(delayed) < 1e-9:
        raise RunError(
            "the number delayed is the same all over these ranges: there is no variance to share out"
        )
    with warnings.catch_warnings():
        # Where a number does not matter at all there is nothing to redraw, which is said once for each.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = sobol.analyze(problem, delayed, calc_second_order=False, num_resamples=RESAMPLES, seed=seed)
    # The first and the last row of each block lie anywhere, the ones between differ from the first in one number only.
    block = np.arange(len(at)) % (len(paths) + 2)
    anywhere = (block == 0) | (block == len(paths) + 1)
    slices = max(2, min(SLICES, int(anywhere.sum()) // 8))
    by_pawn = pawn.analyze(problem, at[anywhere], delayed[anywhere], S=slices, seed=seed)["median"]
    chance = _by_chance(delayed[anywhere], slices, seed)
    labels = numbers_of(scenario)
    rows = [
        (path, labels.get(path, path), *_three(found, "S1", n), *_three(found, "ST", n), float(by_pawn[n]), chance)
        for n, path in enumerate(paths)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values("total", ascending=False, ignore_index=True, kind="stable")


def _three(found: Any, name: str, number: int) -> tuple[float, float, float]:
    value, half = float(found[name][number]), float(found[f"{name}_conf"][number])
    return value, value - half, value + half


def _by_chance(values: Floats, slices: int, seed: int) -> float:
    """What the PAWN index of a number that is no cause exceeds one time in twenty."""
    from SALib.analyze import pawn

    names = [f"dummy {n}" for n in range(DUMMIES)]
    problem = {"num_vars": DUMMIES, "names": names, "bounds": [[0.0, 1.0]] * DUMMIES}
    dummies = np.random.default_rng(seed).random((len(values), DUMMIES))
    return float(np.quantile(pawn.analyze(problem, dummies, values, S=slices, seed=seed)["median"], 0.95))
