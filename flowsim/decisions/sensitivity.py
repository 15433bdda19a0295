"""What matters: every number a little up and down, shares of the variance over wide ranges, and where a choice would flip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd

from flowsim.decisions.compare import comparable
from flowsim.decisions.flips import COLUMNS as FLIP_COLUMNS
from flowsim.decisions.flips import flips_between
from flowsim.decisions.indices import COLUMNS as INDEX_COLUMNS
from flowsim.decisions.indices import indices_of
from flowsim.decisions.ranges import PLAUSIBLE, Range, moved, numbers_of, range_from
from flowsim.decisions.trials import Trying, tried
from flowsim.engine import AUTO, chosen_engine
from flowsim.errors import RunError, ScenarioError
from flowsim.experiment.intervals import paired_interval
from flowsim.experiment.replicate import Progress, ignore
from flowsim.scenario.files import load
from flowsim.scenario.model import Scenario
from flowsim.units import Floats, in_percent

BY: Final = 0.10
# How many of the strongest numbers are looked at together, and on how many points of the design.
STRONGEST: Final = 5
POINTS: Final = 32


@dataclass(frozen=True)
class Sensitivity:
    """What the mean number delayed depends on.

    `tornado`: path, label, down, down_low, down_high, up, up_low, up_high, swing: the change of the mean when one number is `by` smaller or
    greater, with 95 % intervals over the same replications, the widest swing first. `indices`: Sobol and PAWN, see `indices_of`.
    `flips`: see `flips_between`; empty without a second plan (`against`). `left_out` are
    numbers that could not be moved so far.
    """

    scenario: Scenario
    against: Scenario | None
    by: float
    base: Floats
    tornado: pd.DataFrame
    indices: pd.DataFrame
    flips: pd.DataFrame
    left_out: tuple[str, ...]
    replications: int
    seed: int
    engine: str


def sensitivity(
    scenario: Scenario | str | Path,
    *,
    against: Scenario | str | Path | None = None,
    by: float = BY,
    ranges: Sequence[Range | str] = (),
    points: int = POINTS,
    replications: int = 10,
    seed: int | None = None,
    engine: str = AUTO,
    cores: int = 1,
    on_done: Progress = ignore,
) -> Sensitivity:
    """Move every number of a scenario by `by` (a share) both ways, then the strongest, or `ranges`, all together.

    With a second plan `against`, say where the choice between the two would flip, by `ranges` or else the numbers that move their
    difference most. `points` (a power of 2; 0: none) is the size of the Sobol' design: it takes points x (ranges + 2) plans. `on_done(done, total)` hears of plans. Raises ScenarioError and RunError in words.
    """
    base = load(scenario)
    other = None if against is None else comparable([base, load(against)])[1]
    _refuse(by, points, replications)
    given = [r if isinstance(r, Range) else range_from(r) for r in ranges]
    trying = Trying(base.run.seed if seed is None else seed, chosen_engine(engine), cores, on_done=on_done)
    labels = numbers_of(base)
    movable, left_out = _movable(base, labels, by)
    level, tornado = _tornado(base, movable, labels, by, replications, trying)
    wide = given or [Range(p, 1 - PLAUSIBLE, 1 + PLAUSIBLE) for p in tornado["path"].head(STRONGEST)]
    indices = pd.DataFrame(columns=INDEX_COLUMNS)
    if points:
        indices = indices_of(base, wide, points, replications, trying)
    flips = pd.DataFrame(columns=FLIP_COLUMNS)
    if other is not None:
        paths = [r.path for r in given] or _of_the_choice(base, other, movable, by, replications, trying)
        flips = flips_between(base, other, paths, replications, trying)
    return Sensitivity(
        base, other, by, level, tornado, indices, flips, left_out, replications, trying.seed, trying.engine
    )


def _of_the_choice(
    one: Scenario, other: Scenario, paths: list[str], by: float, replications: int, trying: Trying
) -> list[str]:
    """The numbers that move the difference between two plans most, not the level of either."""
    there = numbers_of(other)
    both = [path for path in paths if path in there]
    factors = [{path: 1 + sign * by} for path in both for sign in (-1, 1)]
    makers = [partial(moved, plan, f, checked=True) for f in factors for plan in (one, other)]
    found = tried(makers, range(replications), trying).delayed.mean(axis=1).reshape(len(both), 2, 2)
    swing = abs((found[:, 1, 0] - found[:, 1, 1]) - (found[:, 0, 0] - found[:, 0, 1]))
    return [both[n] for n in (-swing).argsort(kind="stable")[:STRONGEST].tolist()]


def _refuse(by: float, points: int, replications: int) -> None:
    if not 0 < by < 1:
        raise RunError(f"--by: {by:g} is out of range: it must be above 0 and below 1 (share of each number)")
    if points < 0 or points & (points - 1):
        raise RunError(f"--points: {points} is no power of 2; try {POINTS}, or 0 for none")
    if replications < 2:
        raise RunError(f"{replications} replications give no intervals; ask for 2 or more")


def _movable(scenario: Scenario, labels: dict[str, str], by: float) -> tuple[list[str], tuple[str, ...]]:
    """The paths that can be moved both ways, and in words why others cannot."""
    movable, left_out = [], []
    for path in labels:
        try:
            for factor in (1 - by, 1 + by):
                moved(scenario, {path: factor})
        except ScenarioError as error:
            left_out.append(error.complaints[0])
        else:
            movable.append(path)
    if not movable:
        raise RunError(f"{scenario.name}: none of its numbers can be moved by {in_percent(by)}")
    return movable, tuple(left_out)


_TORNADO_COLUMNS: Final = [
    "path",
    "label",
    "down",
    "down_low",
    "down_high",
    "up",
    "up_low",
    "up_high",
    "swing",
]


def _tornado(
    base: Scenario, paths: list[str], labels: dict[str, str], by: float, replications: int, trying: Trying
) -> tuple[Floats, pd.DataFrame]:
    factors = [{}, *({path: 1 + sign * by} for path in paths for sign in (-1, 1))]
    found = tried(
        [partial(moved, base, f, checked=True) for f in factors], range(replications), trying
    ).delayed
    rows = []
    for n, path in enumerate(paths):
        down, up = (paired_interval(found[1 + 2 * n + side], found[0]) for side in (0, 1))
        swing = abs(up.value - down.value)
        rows.append((path, labels[path], down.value, down.low, down.high, up.value, up.low, up.high, swing))
    table = pd.DataFrame(rows, columns=_TORNADO_COLUMNS)
    return found[0], table.sort_values("swing", ascending=False, ignore_index=True, kind="stable")
