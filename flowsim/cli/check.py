"""`flowsim check`: what a scenario amounts to, or everything that is wrong with it."""

from __future__ import annotations

from typing import Annotated

import typer

from flowsim.cli.words import INPUT_IS_WRONG, console, say_error
from flowsim.errors import FlowsimError


def check(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Scenario files, or names of bundled scenarios.")
    ],
) -> None:
    """Say what a scenario amounts to, or everything that is wrong with it (exit code 2)."""
    wrong = False
    for file in files:
        try:
            _check(file)
        except FlowsimError as error:
            wrong = True
            say_error(error)
    if wrong:
        raise typer.Exit(INPUT_IS_WRONG)


def _check(file: str) -> None:
    # Imported here, as all that is heavy, so that --help answers at once; and what reads a file before
    # the rest, so that a bad one is refused at once.
    from flowsim.scenario.files import load

    scenario = load(file)

    from rich.text import Text

    from flowsim.report.checked import checked, figures_in_words
    from flowsim.scenario.sources import input_rows

    out = console()
    for page in checked(scenario):
        # A sentence is one line, however wide the terminal, so that others can search for it.
        out.print(page, soft_wrap=isinstance(page, Text))
    out.print(f"\n{figures_in_words(input_rows(file))}", markup=False, soft_wrap=True)
