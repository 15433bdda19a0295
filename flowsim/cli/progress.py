"""How far long work has come, on standard error: a bar in a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

import typer

SECONDS_BETWEEN_LINES: Final = 10.0

Listener = Callable[[int, int], None]


def progress(what: str) -> AbstractContextManager[Listener]:
    """Somebody who hears (done, total) of so many `what` and tells, with the time that is left."""
    return _bar(what) if sys.stderr.isatty() else nullcontext(Lines(what))


class Lines:
    """Progress for a log file: a line at the first news, then at most one every so often."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._next = 0.0
        self._first: tuple[float, int] | None = None

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        # What was done before we began to listen tells nothing about the speed.
        since, before = self._first = self._first or (now, done)
        if now >= self._next:
            self._next = now + SECONDS_BETWEEN_LINES
            left = (
                f", about {spoken((now - since) / (done - before) * (total - done))} left"
                if done > before
                else ""
            )
            typer.echo(f"{done} of {total} {self.what}{left}", err=True)


def spoken(seconds: float) -> str:
    """A time in words, as exact as is of use."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


@contextmanager
def _bar(what: str) -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what.capitalize()), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = None

        def tell(done: int, total: int) -> None:
            nonlocal task
            if task is None:
                # Begun here, so that what was done before does not count as speed.
                task = shown.add_task(what, total=total, completed=done)
            shown.update(task, completed=done, total=total)

        yield tell
