"""The store of a sweep: a folder of Parquet parts, each whole or not there, and a manifest that says what they are.

It can be left at any moment, by SIGKILL too: what is there holds, and what is not there is run when the
same sweep is asked for again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from flowsim.errors import RunError, ScenarioError
from flowsim.files import made_folder, write_text
from flowsim.frames import read_table, write_table
from flowsim.scenario.edits import document_of
from flowsim.scenario.files import from_text
from flowsim.scenario.words import shortened

MANIFEST: Final = "sweep.json"
POINTS: Final = "points.parquet"
LOCK: Final = ".sweep.lock"
MOST_DIFFERENCES: Final = 3

# What must be the same when a sweep goes on, and what to call it.
SAME: Final = {
    "flowsim": "the version of flowsim",
    "fingerprint": "the scenario",
    "design": "the design",
    "vary": "what varies",
    "points": "the number of points",
    "seed": "the seed",
    "replications": "the number of replications",
    "engine": "the engine",
    "points_a_part": "the number of points in a part",
}


@dataclass(frozen=True)
class Store:
    """A sweep on disk. `points`: one row a point, a column `point` and one for each path that varies."""

    folder: Path
    manifest: Mapping[str, Any]
    points: pd.DataFrame

    @property
    def parts(self) -> int:
        """How many parts there are when it is finished."""
        return -(-len(self.points) // int(self.manifest["points_a_part"]))

    def points_of(self, part: int) -> pd.DataFrame:
        """The points of a part."""
        size = int(self.manifest["points_a_part"])
        return self.points.iloc[part * size : (part + 1) * size]

    def missing(self) -> list[int]:
        """The parts that are not there, or not whole: a disk that was full elsewhere may have cut one."""
        return [part for part in range(self.parts) if not self._is_whole(part)]

    def _is_whole(self, part: int) -> bool:
        try:
            found = read_table(self._path(part), ["point", "replication"])
        except RunError:
            return False
        return len(found) == len(self.points_of(part)) * int(self.manifest["replications"])

    def keep(self, part: int, table: pd.DataFrame) -> None:
        """Write a part, whole or not at all."""
        write_table(self._path(part), table)

    def table(self) -> pd.DataFrame:
        """What is there, one row a point and replication: point, the paths, replication, every measure."""
        found = [read_table(self._path(part)) for part in range(self.parts) if self._path(part).exists()]
        if not found:
            return self.points.iloc[:0].assign(replication=pd.Series(dtype="int64"))
        return pd.concat(found, ignore_index=True)

    def _path(self, part: int) -> Path:
        return self.folder / f"part-{part:05d}.parquet"


def open_store(folder: Path) -> Store:
    """The sweep in a folder. Raises RunError in words where there is none."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise RunError(f"{folder} holds no sweep: {MANIFEST} is missing or cannot be read") from problem
    return Store(folder, manifest, read_table(folder / POINTS))


def begin_or_go_on(folder: Path, manifest: Mapping[str, Any], points: pd.DataFrame) -> Store:
    """The store for a sweep: begun, or found as it was left. Raises RunError where the folder holds another."""
    if (folder / MANIFEST).exists():
        found = open_store(folder)
        _refuse_another(found, manifest)
        return found
    if any(folder.glob("part-*.parquet")):
        raise RunError(f"{folder} holds parts of a sweep but no {MANIFEST}; choose another folder")
    write_table(folder / POINTS, points)
    # Last, because it says that the rest is there.
    write_text(folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    return Store(folder, manifest, points)


def _refuse_another(found: Store, asked: Mapping[str, Any]) -> None:
    differing = [
        f"{words} is {_shown(found, asked, key)}"
        for key, words in SAME.items()
        if found.manifest.get(key) != asked[key]
    ]
    if differing:
        raise RunError(
            f"{found.folder} holds another sweep: {'; '.join(differing)}. Choose another folder, or ask for the same"
        )


def _shown(found: Store, asked: Mapping[str, Any], key: str) -> str:
    """What differs, as it is there and as it is asked for now."""
    if key == "fingerprint":
        return f"another ({_scenario_differences(found.manifest, asked)})"
    there, here = (", ".join(v) if isinstance(v, list) else v for v in (found.manifest.get(key), asked[key]))
    return f"{there} there, {here} here"


def _scenario_differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """The first few numbers in which two resolved scenarios differ."""
    try:
        documents = [document_of(from_text(str(m["resolved"]), str(m["scenario"]))) for m in (there, here)]
    except (ScenarioError, KeyError):
        return "its record cannot be read here"
    found = list(_differences(documents[0], documents[1], ""))
    more = f" and {len(found) - MOST_DIFFERENCES} more" if len(found) > MOST_DIFFERENCES else ""
    return "; ".join(found[:MOST_DIFFERENCES]) + more


def _differences(there: Any, here: Any, path: str) -> Iterator[str]:
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        for key in dict.fromkeys((*there, *here)):
            yield from _differences(there.get(key), here.get(key), f"{path}.{key}" if path else str(key))
    elif there != here and path not in ("name", "title", "about"):
        yield f"{path} is {shortened(there)} there, {shortened(here)} here"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make a folder and hold it while a sweep writes into it. Raises RunError where another does.

    The hold ends with the process, however it ends. What a killed one left half written is removed.
    """
    made_folder(folder)
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as problem:
        raise RunError(f"cannot write into {folder}: {problem.strerror or problem}") from problem
    try:
        if not _held(handle):
            raise RunError(f"another sweep is writing into {folder}; wait for it, or choose another folder")
        for left in (*folder.glob(".part-*"), *folder.glob(".points-*"), *folder.glob(".sweep-*")):
            left.unlink(missing_ok=True)
        yield
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _held(handle: int) -> bool:
        """Take hold of an open file; False where another process has it."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _held(handle: int) -> bool:
        """Take hold of an open file; False where another process has it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
