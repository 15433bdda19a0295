"""Sweeps: a scenario run at many points of a design, all on the same draws, into a store that can be resumed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from flowsim.engine import AUTO, chosen_engine, runs_in_threads
from flowsim.errors import RunError, ScenarioError, Stopped
from flowsim.experiment.design import (
    Axis,
    Design,
    axis_from,
    design_of,
    overridden,
    table_of,
    try_points,
    values_at,
)
from flowsim.experiment.intervals import mean_interval
from flowsim.experiment.replicate import Progress, ignore
from flowsim.experiment.scatter import scattered
from flowsim.experiment.store import Store, alone_in, begin_or_go_on, open_store
from flowsim.experiment.summary import by_replication
from flowsim.experiment.worker import Job, run_job
from flowsim.scenario.edits import Plan
from flowsim.scenario.files import fingerprint, load, to_toml
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import altered, build_timeline
from flowsim.units import Floats
from flowsim.version import __version__

# A part is about so many runs, some seconds of work: what a killed sweep may lose for each core.
RUNS_A_PART: Final = 32
MOST_PARTS: Final = 2_000
# Points that share the drawing of a replication; each holds some megabytes while it is run.
POINTS_AT_ONCE: Final = 16


@dataclass(frozen=True)
class Sweep:
    """What a sweep came to: its store, how many points of it are done, and whether the user stopped it.

    `notes` are sentences about numbers that vary, but that a dated change of the scenario sets anew.
    """

    store: Store
    done: int
    stopped: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Some points of a sweep; everything a worker needs, and small enough to send."""

    number: int
    scenario: Scenario
    paths: tuple[str, ...]
    first_point: int
    table: Floats  # shape (points, paths)
    replications: int
    seed: int
    engine: str


Row = dict[str, float]


def run_part(part: Part) -> list[Row]:
    """Every replication of every point of a part, by point and replication: one row each."""
    rows: list[Row] = []
    for first in range(0, len(part.table), POINTS_AT_ONCE):
        rows += _run_points(part, range(first, min(first + POINTS_AT_ONCE, len(part.table))))
    return rows


def _run_points(part: Part, positions: range) -> list[Row]:
    values = [values_at(part.scenario, part.paths, part.table[position]) for position in positions]
    numbers = [part.first_point + position for position in positions]
    scenarios = tuple(_at(part.scenario, n, v) for n, v in zip(numbers, values, strict=True))
    found: list[list[Row]] = [[] for _ in scenarios]
    for replication in range(part.replications):
        # One at a time, so that the daily numbers of few runs are held at once.
        for outcome in run_job(Job(scenarios, (replication,), part.seed, part.engine, 0)):
            n = outcome.scenario
            totals = by_replication([outcome], build_timeline(scenarios[n]))
            row: Row = {"point": numbers[n], **values[n], "replication": replication}
            found[n].append(row | {measure: float(value[0]) for measure, value in totals.items()})
    return [row for rows in found for row in rows]


def _at(scenario: Scenario, number: int, values: dict[str, float]) -> Scenario:
    """The scenario at a point. Raises ScenarioError that names the point."""
    try:
        return altered(scenario, Plan(put=values))
    except ScenarioError as error:
        where = ", ".join(f"{path} = {value:g}" for path, value in values.items())
        raise ScenarioError(f"point {number} ({where}): {c}" for c in error.complaints) from None


def sweep(
    scenario: Scenario | str | Path,
    vary: Sequence[Axis | str],
    folder: Path | str,
    *,
    design: str = "grid",
    points: int | None = None,
    replications: int | None = None,
    seed: int | None = None,
    engine: str = AUTO,
    cores: int = 1,
    executor: Executor | None = None,
    on_done: Progress = ignore,
) -> Sweep:
    """Run a scenario at every point of a design, or at those that are still missing in the folder.

    `vary` are axes such as "services.stit.capacity=200:260:10". Every point has the same seed and
    replications, so that a difference between two points is the points' doing. `on_done(done, total)` hears
    of finished points. Ctrl-C, or Stopped raised by `on_done`, leaves what is finished in the folder. Raises
    ScenarioError and RunError in words.
    """
    base = load(scenario)
    replications = base.run.replications if replications is None else replications
    seed = base.run.seed if seed is None else seed
    engine = chosen_engine(engine)
    _refuse(replications, seed)
    axes = tuple(axis if isinstance(axis, Axis) else axis_from(axis) for axis in vary)
    plan = design_of(base, axes, design, points)
    table = table_of(plan, seed)
    try_points(base, plan, table)
    with alone_in(Path(folder)):
        asked = manifest_of(base, plan, replications, seed, engine)
        store = begin_or_go_on(Path(folder), asked, _points_table(base, plan, table))
        found = _run(store, base, cores=cores, executor=executor, on_done=on_done)
    return replace(found, notes=tuple(overridden(base, plan)))


def _refuse(replications: int, seed: int) -> None:
    if replications < 1:
        raise RunError(f"{replications} replications cannot be run; ask for 1 or more")
    if seed < 0:
        raise RunError(f"the seed is {seed}, but must be 0 or more")


def manifest_of(
    scenario: Scenario, design: Design, replications: int, seed: int, engine: str
) -> dict[str, Any]:
    """What a store is of: enough to get the same numbers again, and to refuse to mix them with others."""
    return {
        "flowsim": __version__,
        "scenario": scenario.name,
        "fingerprint": fingerprint(scenario),
        "design": design.kind,
        "vary": [str(axis) for axis in design.axes],
        "points": design.points,
        "seed": seed,
        "replications": replications,
        "engine": engine,
        "points_a_part": max(RUNS_A_PART // replications, math.ceil(design.points / MOST_PARTS), 1),
        "resolved": to_toml(scenario),
    }


def _points_table(scenario: Scenario, design: Design, table: Floats) -> pd.DataFrame:
    """The points as a table: whole numbers where the scenario has them."""
    kinds = {path: type(value) for path, value in values_at(scenario, design.paths, table[0]).items()}
    columns = {path: table[:, n].astype(kinds[path]) for n, path in enumerate(design.paths)}
    return pd.DataFrame({"point": np.arange(len(table)), **columns})


def _run(store: Store, base: Scenario, *, cores: int, executor: Executor | None, on_done: Progress) -> Sweep:
    """Run the parts that are missing; keep each as soon as it is done."""
    missing = store.missing()
    total = len(store.points)
    done = total - sum(len(store.points_of(part)) for part in missing)
    stopped = False
    try:
        on_done(done, total)
        parts = [_part(store, base, number) for number in missing]
        threads = runs_in_threads(store.manifest["engine"])
        for part, rows in scattered(run_part, parts, cores=cores, threads=threads, executor=executor):
            store.keep(part.number, pd.DataFrame(rows))
            done += len(part.table)
            on_done(done, total)
    except (KeyboardInterrupt, Stopped):
        stopped = True
    return Sweep(store, done, stopped)


def _part(store: Store, base: Scenario, number: int) -> Part:
    points, known = store.points_of(number), store.manifest
    paths = tuple(str(column) for column in points.columns[1:])
    table = points[list(paths)].to_numpy(dtype=np.float64)
    first = int(points["point"].iloc[0])
    return Part(number, base, paths, first, table, known["replications"], known["seed"], known["engine"])


# Reading


def read_sweep(folder: Path | str) -> pd.DataFrame:
    """What a sweep has found so far: point, one column a path that varied, replication, and every measure.

    One row a point and replication, in this order; a measure that a point does not have is NaN there.
    Raises RunError in words where the folder holds no sweep.
    """
    return open_store(Path(folder)).table()


def by_point(table: pd.DataFrame, measure: str = "delayed_mean", lowest: int | None = None) -> pd.DataFrame:
    """Each point with the mean of one measure and its 95 % interval: point, the paths, value, low, high.

    With `lowest`, only so many points, those with the lowest mean first.
    """
    paths = list(table.columns[1 : table.columns.get_loc("replication")])
    means = table.groupby("point")[measure].mean()
    points = means.index if lowest is None else means.nsmallest(lowest).index
    groups = dict(list(table[table["point"].isin(points)].groupby("point")))
    rows = []
    for point in points:
        found = mean_interval(groups[point][measure].dropna().to_numpy(dtype=np.float64))
        at = [groups[point][path].iloc[0] for path in paths]
        rows.append((int(point), *at, found.value, found.low, found.high))
    return pd.DataFrame(rows, columns=["point", *paths, "value", "low", "high"])
