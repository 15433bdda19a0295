"""Results as tables of pandas, and the door by which tables get to disk and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flowsim.errors import RunError
from flowsim.experiment.summary import daily_table
from flowsim.files import made_folder, write_whole
from flowsim.journeys import OUTCOMES, PURPOSES, Journeys
from flowsim.results import Result
from flowsim.scenario.files import fingerprint, to_toml
from flowsim.scenario.timeline import bank_holidays
from flowsim.units import Ints
from flowsim.version import __version__


def daily_frame(result: Result) -> pd.DataFrame:
    """`Result.daily`."""
    days = result.scenario.run.days
    rows = days * result.replications
    run = slice(result.scenario.run.warm_up_days, None)
    values = daily_table(result.outcomes, result.daily_measures, run).reshape(-1, rows)
    # The frame stands on the numbers as they are: they are by far the most of a result's memory.
    table = pd.DataFrame(values.T, columns=pd.Index(result.daily_measures), copy=False)
    dates = pd.date_range(result.scenario.run.start, periods=days)
    names = _coded(np.zeros(rows, dtype=np.int64), [result.scenario.name])
    table.insert(0, "scenario", pd.Series(names))
    table.insert(1, "replication", np.repeat([o.replication for o in result.outcomes], days))
    table.insert(2, "day", np.tile(np.arange(days), result.replications))
    table.insert(3, "date", np.tile(dates.to_numpy(), result.replications))
    return table


def summary_frame(result: Result) -> pd.DataFrame:
    """`Result.summary`."""
    return pd.DataFrame(
        [
            (result.scenario.name, r.measure, r.interval.value, r.interval.low, r.interval.high, r.unit)
            for r in result.rows.values()
        ],
        columns=["scenario", "measure", "value", "low", "high", "unit"],
    )


def journeys_frame(result: Result) -> pd.DataFrame:
    """`Result.journeys`."""
    kept = [o for o in result.outcomes if o.journeys is not None]
    names = tuple(result.scenario.services)
    tables = [journeys_table(o.replication, o.journeys, names) for o in kept if o.journeys is not None]
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


def manifest(results: Sequence[Result]) -> dict[str, Any]:
    """What is needed to get the same results again."""
    first = results[0]
    return {
        "flowsim": __version__,
        "engine": first.engine,
        "seed": first.seed,
        "replications": first.replications,
        "stopped_early": first.stopped,
        "seconds": round(first.seconds, 3),
        "scenarios": [_described(result) for result in results],
    }


def _described(result: Result) -> dict[str, Any]:
    return {
        "name": result.scenario.name,
        "title": result.scenario.title,
        "fingerprint": fingerprint(result.scenario),
        "warm_up": result.warm_up.sentence,
        **({"met": result.met_words} if result.met_words else {}),
        "bank_holidays": [day.isoformat() for day in bank_holidays(result.scenario)],
        "resolved": to_toml(result.scenario),
    }


def save(
    results: Sequence[Result], folder: Path, more: Mapping[str, pd.DataFrame] | None = None
) -> list[Path]:
    """Write daily.parquet, summary.csv, journeys.parquet (if kept) and manifest.json into a folder.

    Several scenarios stand one under the other in each table. `more` are further tables by file name.
    Each file is written whole or not at all. Raises RunError in words where that cannot be.
    """
    made_folder(folder)
    daily = pd.concat([r.daily for r in results], ignore_index=True)
    tables = {"summary.csv": pd.concat([r.summary for r in results], ignore_index=True), **(more or {})}
    written = [write_whole(folder / "daily.parquet", lambda p: daily.to_parquet(p, index=False))]
    written += [write_whole(folder / name, partial(safe_csv, table)) for name, table in tables.items()]
    if any(o.journeys is not None for r in results for o in r.outcomes):
        journeys = pd.concat([_named(r) for r in results], ignore_index=True)
        written.append(
            write_whole(folder / "journeys.parquet", lambda p: journeys.to_parquet(p, index=False))
        )
    text = json.dumps(manifest(results), indent=2, ensure_ascii=False)
    written.append(
        write_whole(folder / "manifest.json", lambda p: p.write_text(text + "\n", encoding="utf-8"))
    )
    return written


def write_table(path: Path, table: pd.DataFrame) -> Path:
    """Write a table as Parquet, whole or not at all."""
    return write_whole(path, lambda p: table.to_parquet(p, index=False))


def read_table(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a Parquet table, or some of its columns. Raises RunError in words where it is none."""
    try:
        return pd.read_parquet(path, columns=columns)
    except (OSError, ValueError) as problem:  # pyarrow's own errors are among these
        raise RunError(f"cannot read {path}: it is missing, damaged or no table of ours") from problem


def _named(result: Result) -> pd.DataFrame:
    return result.journeys.assign(scenario=result.scenario.name)


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
