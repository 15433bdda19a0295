"""How the command line speaks: where answers go, and how mistakes are said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

from flowsim.errors import FlowsimError, Stopped, complaints_of

if TYPE_CHECKING:
    from rich.console import Console

DONE: Final = 0
ANSWER_IS_NO: Final = 1
INPUT_IS_WRONG: Final = 2
# A fault of ours, not of the input: none of the three answers.
OUR_FAULT: Final = 70
# The user pressed Ctrl-C, as every program of a terminal says it.
STOPPED: Final = 130
# A table of services does not fit into the 80 columns that are assumed where nobody looks.
WIDTH_OF_FILES: Final = 150


def console() -> Console:
    """Where answers go: as wide as the terminal, or wide enough for a table where there is none."""
    from rich.console import Console

    out = Console(highlight=False, soft_wrap=False, emoji=False)
    if not out.is_terminal:
        out.width = max(out.width, WIDTH_OF_FILES)
    return out


def say_error(error: FlowsimError) -> None:
    """Say on standard error what is wrong, one complaint a line."""
    for complaint in complaints_of(error):
        typer.echo(complaint, err=True)


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what flowsim raises into its message: exit code 2 for a mistake of the user's, 130 for their Ctrl-C."""
    try:
        yield
    except Stopped as stopped:
        say_error(stopped)
        raise typer.Exit(STOPPED) from None
    except FlowsimError as error:
        say_error(error)
        raise typer.Exit(INPUT_IS_WRONG) from None


def announce(engine: str) -> None:
    """Say on standard error what somebody who waits for an engine should know, if there is anything."""
    from flowsim.engine import what_to_expect

    with in_words():
        note = what_to_expect(engine)
    if note:
        typer.echo(note, err=True)
