"""`flowsim calibrate`: a set of plausible parameters from what was observed, into a folder that can be left and taken up again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.progress import progress
from flowsim.cli.runs import ClusterAddress, Cores, Engine, Seed, on_cluster
from flowsim.cli.words import announce, console, in_words

if TYPE_CHECKING:
    from flowsim.decisions.calibrate import Calibration

Seen = Annotated[str, typer.Option("--observed", metavar="FILE|FOLDER|sheffield", help="What was observed: the monthly return, daily counts, discharges; or the bundled figures of Sheffield.")]  # fmt: skip
FitFile = Annotated[
    Path,
    typer.Option(
        "--fit",
        metavar="FILE|NAME",
        help="The fit file: numbers with their ranges, and targets with their tolerances; or the name of one that comes along.",
    ),
]
Out = Annotated[
    Path, typer.Option(help="The folder for the plausible set. A fit that was stopped goes on there.")
]


def calibrate(
    scenario: Annotated[str, typer.Argument(help="A bundled scenario's name, or a scenario file.")],
    observed: Seen,
    fit: FitFile,
    out: Out,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    cluster: ClusterAddress = None,
) -> None:
    """Fit a scenario to what was observed: not one best point, but a set of plausible values that other commands can use.

    The set is used by --plausible DIR on run, compare and optimise.
    """
    from flowsim.decisions import calibrate as work
    from flowsim.experiment.replicate import cores_here
    from flowsim.scenario.files import load

    with in_words():
        loaded = load(scenario)
    announce(engine)
    with in_words(), on_cluster(cluster) as there, progress("replications") as on_done:
        found = work.calibrate(
            loaded,
            observed,
            fit,
            folder=out,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            executor=there.executor if there else None,
            on_done=on_done,
            on_news=lambda words: typer.echo(words, err=True),
        )
    with in_words():
        _show(found, out)


def _show(found: Calibration, out: Path) -> None:
    from flowsim.cli.written import say_written
    from flowsim.decisions import findings
    from flowsim.report.calibrated import (
        calibration_sentences,
        months_table,
        parameters_table,
        save_calibration,
        targets_table,
    )

    shown = console()
    rows = findings.figures(found)
    shown.print(parameters_table(findings.parameters(found)))
    shown.print(targets_table(rows))
    months = months_table(rows)
    if months is not None:
        shown.print(months)
    for sentence in calibration_sentences(found):
        shown.print(sentence, highlight=False, markup=False, soft_wrap=True)
    say_written(out, save_calibration(found, out))
