"""A file that somebody hands over in a browser: what it holds is told by its headers, complaints name it as they know it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flowsim.errors import DataError
from flowsim.observed.model import Observed
from flowsim.observed.monthly import WITH_OPTION
from flowsim.observed.reading import read_observed
from flowsim.observed.today import Today, holds_today, read_today
from flowsim.scenario.words import printable


def known_in(name: str, data: bytes, area: str | None = None) -> Today | Observed:
    """Counts of one day, as `read_today` reads them, or months of delay, as `read_observed` does (of an `area`, if it has several).

    Raises DataError with every complaint, in which the file is called `name`.
    """
    with _as_file(name, data) as path:
        if holds_today(path):
            return _named(read_today(path), path, name)
        observed = read_observed(path, area)
    if observed.monthly is None:
        words = "holds neither months of delay nor who is there today"
        kinds = "counts, a daily census, or a list of discharges with those who have not left"
        raise DataError([f"{printable(name)}: {words} ({kinds})"])
    return replace(observed, sources=(printable(name),))


@contextmanager
def _as_file(name: str, data: bytes) -> Iterator[Path]:
    """The data in a file, as the readers want it; they tell files apart by what they hold, and the name is for people only."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        try:
            yield path
        except DataError as error:
            words = [c.replace(str(path), printable(name)) for c in error.complaints]
            raise DataError([c.replace(WITH_OPTION, "by its name or code") for c in words]) from None


def _named(today: Today, path: Path, name: str) -> Today:
    counts = tuple(replace(c, where=c.where.replace(str(path), printable(name))) for c in today.counts)
    return replace(today, counts=counts)
