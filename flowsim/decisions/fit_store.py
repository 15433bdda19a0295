"""What is kept of a fit under way: a manifest that says which fit it is, and every finished wave, whole or not there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from flowsim.errors import RunError
from flowsim.files import write_text
from flowsim.frames import read_table, write_table
from flowsim.units import Floats

MANIFEST: Final = "calibration.json"
# What must be the same when a fit goes on, and what to call it.
SAME: Final = {
    "flowsim": "the version of flowsim",
    "fingerprint": "the scenario",
    "vary": "what varies",
    "targets": "the targets",
    "months": "the months",
    "effort": "the effort",
    "seed": "the seed",
    "engine": "the engine",
}


@dataclass(frozen=True)
class Wave:
    """Points that were run.

    `places` in the unit cube, shape (points, unknowns), and what every replication of each came to: `figures`, shape (points,
    replications, targets).
    """

    places: Floats
    figures: Floats


def begin_or_go_on(folder: Path, asked: Mapping[str, Any]) -> None:
    """Begin a fit in a folder, or find it as it was left. Raises RunError where the folder holds another."""
    path = folder / MANIFEST
    if not path.exists():
        if any(folder.glob("wave-*.parquet")):
            raise RunError(f"{folder} holds waves of a fit but no {MANIFEST}; choose another folder")
        write_text(path, json.dumps(asked, indent=2, ensure_ascii=False) + "\n")
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise RunError(f"{path} cannot be read; choose another folder") from problem
    differing = [words for key, words in SAME.items() if found.get(key) != asked[key]]
    if differing:
        verb = "is" if len(differing) == 1 else "are"
        raise RunError(
            f"{folder} holds another fit: {', '.join(differing)} {verb} not the same. Choose another folder, or ask for the same"
        )


def keep_wave(folder: Path, number: int, wave: Wave, unknowns: Sequence[str], labels: Sequence[str]) -> None:
    """Write a wave: one row a replication, with point, replication, the place of the point, and every figure."""
    points, replications, _ = wave.figures.shape
    table = pd.DataFrame({"point": np.repeat(np.arange(points), replications)})
    table["replication"] = np.tile(np.arange(replications), points)
    places = pd.DataFrame(np.repeat(wave.places, replications, axis=0), columns=_places(unknowns))
    figures = pd.DataFrame(wave.figures.reshape(points * replications, -1), columns=list(labels))
    write_table(_path(folder, number), pd.concat([table, places, figures], axis=1))


def kept_wave(
    folder: Path, number: int, size: tuple[int, int], unknowns: Sequence[str], labels: Sequence[str]
) -> Wave | None:
    """A wave of so many (points, replications), if it is there whole; else None."""
    if not _path(folder, number).exists():
        return None
    try:
        table = read_table(_path(folder, number))
    except RunError:
        return None
    points, replications = size
    columns = _places(unknowns)
    if len(table) != points * replications or not {*labels, *columns} <= set(table):
        return None
    # Laid out in memory as they were run, or sums over them differ in the last digit.
    places = table[columns].to_numpy(dtype=np.float64)[::replications]
    figures = table[list(labels)].to_numpy(dtype=np.float64)
    return Wave(np.ascontiguousarray(places), np.ascontiguousarray(figures).reshape(points, replications, -1))


def _path(folder: Path, number: int) -> Path:
    return folder / f"wave-{number:02d}.parquet"


def _places(unknowns: Sequence[str]) -> list[str]:
    return [f"at {name}" for name in unknowns]
