"""The program: its commands, and the last door through which nothing but words goes out."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from flowsim.cli.app_command import app as app_page
from flowsim.cli.calibrate import calibrate
from flowsim.cli.check import check
from flowsim.cli.diagnose import diagnose
from flowsim.cli.evidence import backtest, forecast, observed
from flowsim.cli.money import money
from flowsim.cli.new import new
from flowsim.cli.optimise import optimise
from flowsim.cli.report import report
from flowsim.cli.runs import compare, run
from flowsim.cli.sensitivity import sensitivity
from flowsim.cli.staff import staff
from flowsim.cli.sweep import sweep
from flowsim.cli.verify import verify
from flowsim.cli.where import where
from flowsim.cli.words import OUR_FAULT
from flowsim.version import __version__

app = typer.Typer(
    name="flowsim",
    help="A simulator of hospital discharge: who is delayed, what for, and which plan helps most.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"flowsim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """What holds for every command."""


COMMANDS = (
    check, new, run, compare, where, verify, sweep, diagnose, staff, optimise, sensitivity, money, report, observed, calibrate,
    forecast, backtest,
)  # fmt: skip
for command in COMMANDS:
    app.command()(command)
app.command("app")(app_page)


def main() -> None:
    """The program `flowsim`, also as `python -m flowsim`."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows code page lacks letters that a label may have; better a "?" than no answer.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except Exception as error:  # the last door: nobody should have to read a traceback
        typer.echo(f"Something went wrong inside flowsim: {type(error).__name__}: {error}", err=True)
        typer.echo("This is a fault of the program, not of your input; please report it.", err=True)
        sys.exit(OUR_FAULT)
