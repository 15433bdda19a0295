"""Results as tables, and their only door to disk: each file whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from flowsim.errors import RunError
from flowsim.experiment.intervals import Interval
from flowsim.experiment.summary import Row, by_replication, daily_names, daily_table, summarise
from flowsim.experiment.warm_up import WarmUpVerdict, warm_up_verdict
from flowsim.experiment.worker import Outcome
from flowsim.journeys import OUTCOMES, PURPOSES, Journeys
from flowsim.scenario.files import fingerprint, to_toml
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import Timeline, bank_holidays, build_timeline
from flowsim.units import Floats, Ints
from flowsim.version import __version__

WINDOWS_ATTEMPTS: Final = 20


@dataclass(frozen=True)
class Result:
    """What the replications of one scenario came to.

    Where replications met variants of it, `met` holds the scenario as each met it, and `met_words` say what that means.
    """

    scenario: Scenario
    outcomes: tuple[Outcome, ...]
    seed: int
    engine: str
    seconds: float
    stopped: bool = False
    met: tuple[Scenario, ...] = ()
    met_words: str = ""

    @property
    def replications(self) -> int:
        """How many replications there are."""
        return len(self.outcomes)

    @cached_property
    def timeline(self) -> Timeline:
        """The scenario day by day."""
        return build_timeline(self.scenario)

    def by_day(self, measure: str, *, warm_up: bool = False) -> Floats:
        """A daily measure in every replication, shape (replications, days); zero in those where it never occurred.

        Raises KeyError where no replication has it, be it that nobody measured it.
        """
        if measure not in self.daily_measures:
            raise KeyError(measure)
        skip = 0 if warm_up else self.scenario.run.warm_up_days
        nothing = np.zeros(self.timeline.weekday.size)
        return np.stack([o.measured.daily.get(measure, nothing)[skip:] for o in self.outcomes])

    @cached_property
    def daily_measures(self) -> tuple[str, ...]:
        """The names of the daily measures."""
        return daily_names(self.outcomes)

    @cached_property
    def daily(self) -> pd.DataFrame:
        """One row a replication and day of the run: scenario, replication, day, date, and every daily measure."""
        days = self.scenario.run.days
        rows = days * self.replications
        run = slice(self.scenario.run.warm_up_days, None)
        values = daily_table(self.outcomes, self.daily_measures, run).reshape(-1, rows)
        # The frame stands on the numbers as they are: they are by far the most of a result's memory.
        table = pd.DataFrame(values.T, columns=pd.Index(self.daily_measures), copy=False)
        dates = pd.date_range(self.scenario.run.start, periods=days)
        names = _coded(np.zeros(rows, dtype=np.int64), [self.scenario.name])
        table.insert(0, "scenario", pd.Series(names))
        table.insert(1, "replication", np.repeat([o.replication for o in self.outcomes], days))
        table.insert(2, "day", np.tile(np.arange(days), self.replications))
        table.insert(3, "date", np.tile(dates.to_numpy(), self.replications))
        return table

    @cached_property
    def per_replication(self) -> dict[str, Floats]:
        """Every number a replication amounts to, by measure, shape (replications,)."""
        found = by_replication(self.outcomes, self.timeline)
        if self.met:
            # Only shares of capacity depend on the scenario once the journeys are measured.
            each = [
                by_replication([o], build_timeline(s)) for o, s in zip(self.outcomes, self.met, strict=True)
            ]
            shares = [name for name in found if name.startswith("occupancy_")]
            found |= {name: np.array([one[name][0] for one in each]) for name in shares}
        return found

    @cached_property
    def _rows(self) -> dict[str, Row]:
        """The lines of the summary by measure."""
        return {row.measure: row for row in summarise(self.outcomes, self.timeline, self.per_replication)}

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Tidy: scenario, measure, value, low, high, unit; 95 % intervals over replications."""
        return pd.DataFrame(
            [
                (self.scenario.name, r.measure, r.interval.value, r.interval.low, r.interval.high, r.unit)
                for r in self._rows.values()
            ],
            columns=["scenario", "measure", "value", "low", "high", "unit"],
        )

    def interval(self, measure: str) -> Interval:
        """One measure of the summary. Raises KeyError where there is none of that name."""
        return self._rows[measure].interval

    @cached_property
    def journeys(self) -> pd.DataFrame:
        """What happened to everybody, for the replications that were kept."""
        kept = [o for o in self.outcomes if o.journeys is not None]
        names = tuple(self.scenario.services)
        tables = [journeys_table(o.replication, o.journeys, names) for o in kept if o.journeys is not None]
        return pd.concat(tables, ignore_index=True) if tables else journeys_table(0, None, names)

    @cached_property
    def warm_up(self) -> WarmUpVerdict:
        """Whether the warm-up was long enough."""
        days = self.scenario.run.warm_up_days
        there = any(
            s.initial.people or s.initial.waiting or s.initial.waiting_in_hospital
            for s in self.scenario.services.values()
        )
        return warm_up_verdict(self.by_day("delayed", warm_up=True)[:, :days], there)


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


def write_text(path: Path, text: str) -> Path:
    """Write a text file, whole or not at all."""
    return write_whole(path, lambda p: p.write_text(text, encoding="utf-8"))


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


def made_folder(folder: Path) -> Path:
    """Make a folder for results. Raises RunError in words where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise RunError(f"cannot make the folder {folder}: {problem.strerror or problem}") from problem
    return folder


def write_whole(path: Path, write: Callable[[Path], object]) -> Path:
    """Write a file beside its place, then move it there: whatever was there stays until the new one is whole."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    except OSError as problem:
        raise RunError(f"cannot write {path}: {problem.strerror or problem}") from problem
    os.close(handle)
    beside = Path(name)
    try:
        write(beside)
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
        beside.chmod(0o666 & ~_umask())
        _move(beside, path)
    except OSError as problem:
        raise RunError(f"cannot write {path}: {problem.strerror or problem}") from problem
    finally:
        beside.unlink(missing_ok=True)
    return path


def safe_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV file that a spreadsheet does not take for formulas."""
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = safe[column].map(
                lambda cell: f"'{cell}" if str(cell)[:1] in tuple("=+-@\t\r") else cell
            )
    safe.to_csv(path, index=False)


def _move(beside: Path, path: Path) -> None:
    for attempt in range(WINDOWS_ATTEMPTS):
        try:
            beside.replace(path)
        except PermissionError:  # Windows refuses while somebody has the old file open
            if attempt == WINDOWS_ATTEMPTS - 1:
                raise
            time.sleep(0.05)
        else:
            return


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
