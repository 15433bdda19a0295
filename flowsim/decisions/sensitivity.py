"""What matters: every number a little up and down, shares of the variance over wide ranges, and where a choice would flip."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from flowsim.decisions.compare import comparable
from flowsim.decisions.trials import Trying, tried
from flowsim.engine import AUTO, chosen_engine
from flowsim.errors import RunError, ScenarioError
from flowsim.experiment.intervals import can_call, mean_interval, paired_interval
from flowsim.experiment.replicate import Progress, ignore
from flowsim.scenario.edits import Plan
from flowsim.scenario.files import load
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import altered
from flowsim.scenario.words import shortened
from flowsim.units import Floats

BY: Final = 0.10
# How far "plausible" goes where nobody says, and how many of the strongest numbers are looked at together.
PLAUSIBLE: Final = 0.20
STRONGEST: Final = 5
POINTS: Final = 32
FLIP_FACTORS: Final = (0.7, 0.85, 1.0, 1.15, 1.3)
_RANGE: Final = re.compile(r"^(?P<path>[^=:]+)=(?P<low>[^=:]+):(?P<high>[^=:]+)$")


@dataclass(frozen=True)
class Range:
    """A number of the scenario, by dotted path, and the factors between which it may lie."""

    path: str
    low: float
    high: float


def range_from(text: str) -> Range:
    """A range from PATH=LOW:HIGH, in factors of what the scenario says. Raises RunError in words."""
    found = _RANGE.match(text.strip())
    try:
        assert found is not None
        low, high = float(found["low"]), float(found["high"])
        assert 0 <= low < high <= 100
    except (AssertionError, ValueError):
        raise RunError(
            f"--range {shortened(text)}: must be PATH=LOW:HIGH in factors from 0 to 100, such as services.stit.stay=0.8:1.3"
        ) from None
    return Range(found["path"].strip(), low, high)


@dataclass(frozen=True)
class Sensitivity:
    """What the mean number delayed depends on.

    `tornado`: path, label, down, down_low, down_high, up, up_low, up_high, swing: the change of the mean when one number is `by` smaller or
    greater, with 95 % intervals over the same replications, the widest swing first. `indices`: path, label, first, first_low,
    first_high, total, total_low, total_high: Sobol indices. `flips`: see `flips_between`; empty without a second plan. `left_out` are
    numbers that could not be moved so far.
    """

    scenario: Scenario
    by: float
    base: Floats
    tornado: pd.DataFrame
    indices: pd.DataFrame
    flips: pd.DataFrame
    left_out: tuple[str, ...]
    replications: int
    seed: int
    engine: str


def numbers_of(scenario: Scenario) -> dict[str, str]:
    """Every number or table of a scenario worth moving: label by dotted path.

    Streams, shares of routes needed, stays, capacities, starts, work, and what happens while waiting; those that are nought are
    left out.
    """
    return {path: label for path, label, value in _numbers(scenario) if value}


def _numbers(scenario: Scenario) -> Iterator[tuple[str, str, Any]]:
    for name, stream in scenario.streams.items():
        yield f"streams.{name}.per_day", f"{stream.label}: people a day", stream.per_day
        if "rest" in stream.routes.values():
            for route, share in stream.routes.items():
                if share != "rest":
                    label = f"{stream.label}: share who need {scenario.routes[route].label}"
                    yield f"streams.{name}.routes.{route}", label, share
    for name, route_of in scenario.routes.items():
        yield f"routes.{name}.stay", f"{route_of.label}: days until ready", route_of.stay
    for name, service in scenario.services.items():
        label = service.label or name
        yield f"services.{name}.capacity", f"{label}: capacity", service.capacity
        starts = service.starts and any(service.starts.given().values())
        yield f"services.{name}.starts", f"{label}: starts", starts
        yield f"services.{name}.stay", f"{label}: stay", _lasts(service.stay)
        yield f"services.{name}.work", f"{label}: time of a task", _lasts(service.work)
    yield (
        "while_waiting.unwell_per_day",
        "Becoming unwell while waiting",
        scenario.while_waiting.unwell_per_day,
    )
    yield "while_waiting.leaves_per_day", "Leaving while waiting", scenario.while_waiting.leaves_per_day


def _lasts(spec: Any) -> bool:
    return spec is not None and spec.mean != 0


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

    With a second plan `against`, say where the choice between the two would flip. `points` (a power of 2; 0: none) is the size of the Sobol'
    design: it takes points x (ranges + 2) plans. `on_done(done, total)` hears of plans. Raises ScenarioError and RunError in words.
    """
    base = load(scenario)
    _refuse(by, points, replications)
    given = [r if isinstance(r, Range) else range_from(r) for r in ranges]
    trying = Trying(base.run.seed if seed is None else seed, chosen_engine(engine), cores, on_done=on_done)
    labels = numbers_of(base)
    movable, left_out = _movable(base, labels, by)
    level, tornado = _tornado(base, movable, labels, by, replications, trying)
    wide = given or [Range(p, 1 - PLAUSIBLE, 1 + PLAUSIBLE) for p in tornado["path"].head(STRONGEST)]
    indices = (
        sobol(base, wide, points, replications, trying) if points else pd.DataFrame(columns=_INDEX_COLUMNS)
    )
    flips = pd.DataFrame(columns=_FLIP_COLUMNS)
    if against is not None:
        flips = flips_between(base, load(against), [r.path for r in wide], replications, trying)
    return Sensitivity(
        base, by, level, tornado, indices, flips, left_out, replications, trying.seed, trying.engine
    )


def _refuse(by: float, points: int, replications: int) -> None:
    if not 0 < by < 1:
        raise RunError(f"--by: {by:g} is out of range: it must be above 0 and below 1 (share of each number)")
    if points < 0 or points & (points - 1):
        raise RunError(f"--points: {points} is no power of 2; try {POINTS}, or 0 for none")
    if replications < 2:
        raise RunError(f"{replications} replications give no intervals; ask for 2 or more")


def moved(scenario: Scenario, factors: dict[str, float]) -> Scenario:
    """The scenario with some numbers multiplied. Raises ScenarioError in words."""
    return altered(scenario, Plan(scale=factors))


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
        raise RunError(f"{scenario.name}: none of its numbers can be moved by {by:.0%}")
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
    found = tried([partial(moved, base, f) for f in factors], range(replications), trying).delayed
    rows = []
    for n, path in enumerate(paths):
        down, up = (paired_interval(found[1 + 2 * n + side], found[0]) for side in (0, 1))
        swing = abs(up.value - down.value)
        rows.append((path, labels[path], down.value, down.low, down.high, up.value, up.low, up.high, swing))
    table = pd.DataFrame(rows, columns=_TORNADO_COLUMNS)
    return found[0], table.sort_values("swing", ascending=False, ignore_index=True, kind="stable")


# All together

_INDEX_COLUMNS: Final = [
    "path",
    "label",
    "first",
    "first_low",
    "first_high",
    "total",
    "total_low",
    "total_high",
]


def sobol(
    scenario: Scenario, ranges: Sequence[Range], points: int, replications: int, trying: Trying
) -> pd.DataFrame:
    """First-order and total Sobol indices of the mean number delayed, each number evenly spread over its range.

    Saltelli's design by scipy (Saltelli et al. 2010, Computer Physics Communications 181, 259-270), intervals by bootstrap. All plans share their
    replications, so that chance is not taken for one of the causes.
    """
    # Imported here: it takes a second.
    from scipy.stats import sobol_indices, uniform

    if len(ranges) < 2:
        raise RunError("indices need two ranges or more: say --range at least twice, or not at all")
    paths = [r.path for r in ranges]
    for end in ([r.low for r in ranges], [r.high for r in ranges]):
        moved(scenario, dict(zip(paths, end, strict=True)))  # complaints before any run

    def delayed(x: Floats) -> Floats:
        makers = [partial(moved, scenario, dict(zip(paths, column.tolist(), strict=True))) for column in x.T]
        means: Floats = tried(makers, range(replications), trying).delayed.mean(axis=1)
        return means

    dists = [uniform(r.low, r.high - r.low) for r in ranges]
    with warnings.catch_warnings():
        # Where a number does not matter at all there is nothing to redraw, which scipy says once for each.
        warnings.simplefilter("ignore", RuntimeWarning)
        # scipy's stubs know neither its own distributions here nor that indices are arrays.
        found: Any = sobol_indices(func=delayed, n=points, dists=dists, rng=trying.seed)  # type: ignore[arg-type]
        spread = found.bootstrap(confidence_level=0.95, n_resamples=499)
    if not np.isfinite(found.first_order).all():
        raise RunError(
            "the number delayed is the same all over these ranges: there is no variance to share out"
        )
    first, total = spread.first_order.confidence_interval, spread.total_order.confidence_interval
    labels = numbers_of(scenario)
    rows = [
        (path, labels.get(path, path), found.first_order[n], first.low[n], first.high[n], found.total_order[n], total.low[n], total.high[n])
        for n, path in enumerate(paths)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=_INDEX_COLUMNS)
    return table.sort_values("total", ascending=False, ignore_index=True, kind="stable")


# Where a choice flips

_FLIP_COLUMNS: Final = ["path", "label", *(f"at_{factor:g}" for factor in FLIP_FACTORS), "flips_at", "called"]


def flips_between(
    one: Scenario, other: Scenario, paths: Sequence[str], replications: int, trying: Trying
) -> pd.DataFrame:
    """Where the choice between two plans would flip: path, label, at_<factor>, flips_at, called.

    `at_<factor>` is the first plan's mean minus the second's when a number of both is so many times what it is; `flips_at` the first factor
    at which it changes sign (NaN: nowhere between), `called` whether both signs can be told from chance.
    """
    comparable([one, other])
    labels = numbers_of(one)
    rows = []
    for path in paths:
        makers = [partial(moved, plan, {path: factor}) for plan in (one, other) for factor in FLIP_FACTORS]
        found = tried(makers, range(replications), trying).delayed
        gaps = found[: len(FLIP_FACTORS)] - found[len(FLIP_FACTORS) :]
        means = gaps.mean(axis=1)
        told = [np.sign(i.value) for i in map(mean_interval, gaps) if can_call(i)]
        rows.append(
            (path, labels.get(path, path), *means.tolist(), _crossing(means), -1 in told and 1 in told)
        )
    return pd.DataFrame(rows, columns=_FLIP_COLUMNS)


def _crossing(gaps: Floats) -> float:
    """The factor at which the gap changes sign, straight between neighbours; NaN where it does not."""
    for n in range(len(gaps) - 1):
        if gaps[n] * gaps[n + 1] < 0:
            low, high = FLIP_FACTORS[n], FLIP_FACTORS[n + 1]
            return float(low + (high - low) * gaps[n] / (gaps[n] - gaps[n + 1]))
    return float("nan")
