"""The folder of a run: daily numbers, summary, journeys, and what is needed to get them again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from flowsim.files import made_folder, write_text, write_whole
from flowsim.frames import safe_csv, write_table
from flowsim.results import Result
from flowsim.scenario.files import fingerprint, to_toml
from flowsim.scenario.timeline import bank_holidays
from flowsim.version import __version__


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
    written = [write_table(folder / "daily.parquet", daily)]
    written += [write_whole(folder / name, partial(safe_csv, table)) for name, table in tables.items()]
    if any(o.journeys is not None for r in results for o in r.outcomes):
        journeys = pd.concat([_named(r) for r in results], ignore_index=True)
        written.append(write_table(folder / "journeys.parquet", journeys))
    text = json.dumps(manifest(results), indent=2, ensure_ascii=False)
    written.append(write_text(folder / "manifest.json", text + "\n"))
    return written


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


def _named(result: Result) -> pd.DataFrame:
    return result.journeys.assign(scenario=result.scenario.name)
