"""Values that a scenario takes from a column of a CSV file beside it, read safely and within limits."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from flowsim.errors import ScenarioError
from flowsim.scenario.explain import dotted_path
from flowsim.scenario.safely import beside, read_bytes, text_of
from flowsim.scenario.words import nearest, printable, shortened

MOST_CSV_BYTES: Final = 5_000_000
MOST_ROWS: Final = 200_000
MOST_VALUES: Final = 4_000


def with_columns(document: dict[str, Any], folder: Path | None, name: str) -> dict[str, Any]:
    """A scenario's tables with every `file` and `column` replaced by the values found there.

    `folder` is where the scenario lies, `name` what to call it in a complaint. Raises ScenarioError.
    """
    if folder is None:
        return document

    def read(file: str, column: str, path: str) -> dict[str, Any]:
        return _column(folder, name, (file, column), path)

    result: dict[str, Any] = _replaced(document, (), read)
    return result


def _replaced(node: Any, path: tuple[str | int, ...], read: Callable[[str, str, str], dict[str, Any]]) -> Any:
    if isinstance(node, list):
        return [_replaced(v, (*path, i), read) for i, v in enumerate(node)]
    if not isinstance(node, dict):
        return node
    file, column = node.get("file"), node.get("column")
    if isinstance(file, str) and isinstance(column, str):
        rest = {k: v for k, v in node.items() if k not in ("file", "column")}
        return {**read(file, column, dotted_path(path)), **rest}
    return {k: _replaced(v, (*path, k), read) for k, v in node.items()}


def _column(folder: Path, name: str, file_and_column: tuple[str, str], path: str) -> dict[str, Any]:
    """The values of a column of a CSV file and how often each occurs. Raises ScenarioError."""
    file, column = file_and_column
    where = f"{name}: {path}"
    source = beside(folder, file, name, f"{path}.file")
    rows = rows_of(source, where)
    header = next(rows, [])
    if column not in header:
        raise ScenarioError(
            [
                f"{where}.column = {shortened(column)}: {printable(file)} has no such column; {nearest(column, header)}"
            ]
        )
    position = header.index(column)
    values = [_cell(row, position, number, where) for number, row in enumerate(rows, start=2)]
    kept = [value for value in values if value is not None]
    if not kept:
        raise ScenarioError(
            [f"{where}.column = {shortened(column)}: {printable(file)} has no values in this column"]
        )
    return {"dist": "empirical", **_counted(kept)}


def rows_of(source: Path, where: str) -> Iterator[list[str]]:
    """The rows of a CSV file, its header first. Raises ScenarioError where it is no such file."""
    try:
        data = read_bytes(source, MOST_CSV_BYTES, "a CSV file")
        text = text_of(data, printable(str(source)))
    except ScenarioError as error:
        raise ScenarioError(f"{where}: {complaint}" for complaint in error.complaints) from None
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""))):
            if number > MOST_ROWS:
                raise ScenarioError([f"{where}: {printable(source.name)} has more than {MOST_ROWS:,} rows"])
            if row:
                yield [cell.strip() for cell in row]
    except csv.Error as error:
        raise ScenarioError([f"{where}: {printable(source.name)} is not a CSV file: {error}"]) from None


def _cell(row: list[str], position: int, number: int, where: str) -> float | None:
    """A cell as a number of days; None where it is empty."""
    text = row[position] if position < len(row) else ""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 36_500:
        raise ScenarioError(
            [f"{where}: row {number} holds {shortened(text)}: must be a number from 0 to 36500 (days)"]
        )
    return value


def _counted(values: list[float]) -> dict[str, Any]:
    """Values and how often each occurs; very many different ones become equally likely quantiles."""
    counts = Counter(values)
    if len(counts) > MOST_VALUES:
        ordered = sorted(values)
        step = len(ordered) / MOST_VALUES
        return {"values": [ordered[int((i + 0.5) * step)] for i in range(MOST_VALUES)]}
    return {"values": sorted(counts), "weights": [float(counts[v]) for v in sorted(counts)]}
