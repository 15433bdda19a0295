"""Files and folders, the only door to write them: each file whole or not at all."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from flowsim.errors import RunError

WINDOWS_ATTEMPTS: Final = 20


def made_folder(folder: Path) -> Path:
    """Make a folder for results. Raises RunError in words where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise RunError(f"cannot make the folder {folder}: {problem.strerror or problem}") from problem
    return folder


def write_text(path: Path, text: str) -> Path:
    """Write a text file, whole or not at all."""
    return write_whole(path, lambda p: p.write_text(text, encoding="utf-8"))


def write_whole(path: Path, write: Callable[[Path], object]) -> Path:
    """Write a file beside its place, then move it there: whatever was there stays until the new one is whole."""
    beside = path.with_name(f".{path.stem}-{secrets.token_hex(8)}{path.suffix}")
    try:
        # Nobody else's; and open to whom new files are, which the system sees to: to ask it would change it for all threads.
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as problem:
        raise RunError(f"cannot write {path}: {problem.strerror or problem}") from problem
    try:
        write(beside)
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
        _move(beside, path)
    except OSError as problem:
        raise RunError(f"cannot write {path}: {problem.strerror or problem}") from problem
    finally:
        beside.unlink(missing_ok=True)
    return path


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
