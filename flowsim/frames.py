"""What came out as tables of pandas, and the door by which tables get to disk and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from flowsim.errors import RunError
from flowsim.experiment.summary import Row, daily_table
from flowsim.experiment.worker import Outcome
from flowsim.files import write_whole
from flowsim.journeys import OUTCOMES, PURPOSES, Journeys
from flowsim.scenario.model import Scenario
from flowsim.units import Ints


def daily_frame(scenario: Scenario, outcomes: Sequence[Outcome], measures: tuple[str, ...]) -> pd.DataFrame:
    """Daily measures as `Result.daily` has them."""
    days = scenario.run.days
    rows = days * len(outcomes)
    values = daily_table(outcomes, measures, slice(scenario.run.warm_up_days, None)).reshape(-1, rows)
    # The frame stands on the numbers as they are: they are by far the most of a result's memory.
    table = pd.DataFrame(values.T, columns=pd.Index(measures), copy=False)
    dates = pd.date_range(scenario.run.start, periods=days)
    names = _coded(np.zeros(rows, dtype=np.int64), [scenario.name])
    table.insert(0, "scenario", pd.Series(names))
    table.insert(1, "replication", np.repeat([o.replication for o in outcomes], days))
    table.insert(2, "day", np.tile(np.arange(days), len(outcomes)))
    table.insert(3, "date", np.tile(dates.to_numpy(), len(outcomes)))
    return table


def summary_frame(scenario: Scenario, rows: Iterable[Row]) -> pd.DataFrame:
    """The lines of a summary as `Result.summary` has them."""
    return pd.DataFrame(
        [(scenario.name, r.measure, r.interval.value, r.interval.low, r.interval.high, r.unit) for r in rows],
        columns=["scenario", "measure", "value", "low", "high", "unit"],
    )


def journeys_frame(scenario: Scenario, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """The journeys that were kept, as `Result.journeys` has them."""
    names = tuple(scenario.services)
    tables = [journeys_table(o.replication, o.journeys, names) for o in outcomes if o.journeys is not None]
    return pd.concat(tables, ignore_index=True) if tables else journeys_table(0, None, names)


def journeys_table(replication: int, journeys: Journeys | None, services: tuple[str, ...]) -> pd.DataFrame:
    """Journeys with names for numbers: one row for each dealing of a person with a service (days).

    `person` is the person's place in their stream: theirs in every scenario of the same seed.
    """
    columns = ["replication", "person", "stream", "needed_route", "route", "step", "purpose", "service", "asked", "started", "ready", "left", "then"]  # fmt: skip
    if journeys is None:
        return pd.DataFrame(columns=columns)
    who, person = journeys.who, journeys.person
    outcomes = {**OUTCOMES, **dict(enumerate(services))}
    codes = sorted(outcomes)
    table = pd.DataFrame(
        {
            "replication": np.full(len(journeys), replication),
            "person": who.index[person],
            "stream": _coded(who.stream[person], list(who.streams)),
            "needed_route": _coded(who.needed_route[person], list(who.routes)),
            "route": _coded(who.route[person], list(who.routes)),
            "step": journeys.step,
            "purpose": _coded(journeys.purpose, list(PURPOSES)),
            "service": _coded(journeys.service, list(services)),
            "asked": journeys.asked,
            "started": journeys.started,
            "ready": journeys.ready,
            "left": journeys.left,
            "then": _coded(np.searchsorted(codes, journeys.outcome), [outcomes[code] for code in codes]),
        }
    )
    return table[columns]


def write_table(path: Path, table: pd.DataFrame) -> Path:
    """Write a table as Parquet, whole or not at all."""
    return write_whole(path, lambda p: table.to_parquet(p, index=False))


def read_table(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a Parquet table, or some of its columns. Raises RunError in words where it is none."""
    try:
        return pd.read_parquet(path, columns=columns)
    except (OSError, ValueError) as problem:  # pyarrow's own errors are among these
        raise RunError(f"cannot read {path}: it is missing, damaged or no table of ours") from problem


def _coded(codes: Ints, names: Sequence[str]) -> pd.Categorical[str]:
    """Numbers as the names they stand for."""
    return pd.Categorical.from_codes(codes.tolist(), pd.Index(list(names)))


def safe_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV file that a spreadsheet does not take for formulas."""
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = safe[column].map(
                lambda cell: f"'{cell}" if str(cell)[:1] in tuple("=+-@\t\r") else cell
            )
    safe.to_csv(path, index=False)
