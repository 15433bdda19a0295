"""`flowsim sweep`: one scenario at many points, into a folder that can be left and taken up again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.progress import progress
from flowsim.cli.runs import ClusterAddress, Cores, Engine, Replications, Seed, on_cluster
from flowsim.cli.words import STOPPED, announce, console, in_words

if TYPE_CHECKING:
    from flowsim.decisions.sweep import Sweep


Vary = Annotated[list[str], typer.Option(metavar="PATH=FROM:TO:STEP", help="A number of the scenario by dotted path, as in its changes, and its values; once for each number. sobol and lhs do without STEP.")]  # fmt: skip
Out = Annotated[
    Path, typer.Option(help="The folder for the results. A sweep that was stopped goes on there.")
]
Shape = Annotated[
    str, typer.Option(help="grid: every combination; sobol or lhs: --points spread out evenly.")
]
Points = Annotated[int | None, typer.Option(help="How many points sobol or lhs has; sobol is at its best with a power of 2.")]  # fmt: skip


def sweep(
    scenario: Annotated[str, typer.Argument(help="A bundled scenario's name, or a scenario file.")],
    vary: Vary,
    out: Out,
    design: Shape = "grid",
    points: Points = None,
    replications: Replications = None,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    cluster: ClusterAddress = None,
) -> None:
    """Run a scenario at many points of a design, all on the same draws; stop at any moment, and go on later.

    Where the scenario takes whole numbers only, or a STEP is given, sobol and lhs cut the range into equal
    parts, one for each value.
    """
    from flowsim.decisions import sweep as work
    from flowsim.experiment.replicate import cores_here
    from flowsim.scenario.files import load

    with in_words():
        loaded = load(scenario)
    announce(engine)
    with in_words(), on_cluster(cluster) as there, progress("points") as on_done:
        found = work.sweep(
            loaded,
            vary,
            out,
            design=design,
            points=points,
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            executor=there.executor if there else None,
            on_done=on_done,
        )
    with in_words():
        _show(found)
    if found.stopped:
        raise typer.Exit(STOPPED)


def _show(found: Sweep) -> None:
    from flowsim.report.sweeps import lowest_table, sweep_sentences

    out = console()
    if found.done:
        out.print(lowest_table(found))
    for sentence in sweep_sentences(found):
        out.print(sentence, highlight=False, soft_wrap=True, markup=False)
