"""`flowsim sensitivity`: what matters, and what would change the choice between two plans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.progress import progress
from flowsim.cli.runs import Cores, Engine, Out, Seed, make_room
from flowsim.cli.words import announce, console, in_words
from flowsim.cli.written import Named, save_about, save_tables, say_written

if TYPE_CHECKING:
    from flowsim.decisions.sensitivity import Sensitivity


def sensitivity(
    scenario: Named,
    against: Annotated[str | None, typer.Option(help="A second plan: say where the choice between the two would flip.")] = None,
    by: Annotated[float, typer.Option(help="How far each number is moved, as a share.")] = 0.1,
    span: Annotated[list[str] | None, typer.Option("--range", metavar="PATH=LOW:HIGH", help="A plausible range, in factors of what the scenario says; twice or more. [default: the five strongest, 0.8 to 1.2]")] = None,
    points: Annotated[int, typer.Option(help="Size of the Sobol design, a power of 2; 0 for none.")] = 32,
    replications: Annotated[int, typer.Option("--replications", "-n", min=2, help="Replications of every plan.")] = 10,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:  # fmt: skip
    """What matters: a tornado of every number, shares of the variance over wide ranges, where a choice would flip."""
    from flowsim.decisions import sensitivity as work
    from flowsim.experiment.replicate import cores_here
    from flowsim.scenario.files import load

    with in_words():
        loaded = load(scenario)
        make_room(out)
    announce(engine)
    with in_words(), progress("plans") as on_done:
        found = work.sensitivity(
            loaded,
            against=against,
            by=by,
            ranges=span or (),
            points=points,
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            on_done=on_done,
        )
    _show_sensitivity(found, out)


def _show_sensitivity(found: Sensitivity, out: Path | None) -> None:
    from flowsim.charts import save_figures, tornado_chart
    from flowsim.report.sensitive import flips_table, indices_table, sensitivity_sentences, tornado_table

    with in_words():
        shown = console()
        shown.print(tornado_table(found))
        if len(found.indices):
            shown.print(indices_table(found.indices))
        if len(found.flips):
            shown.print(flips_table(found))
        for sentence in sensitivity_sentences(found):
            shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            tables = {"tornado": found.tornado, "indices": found.indices, "flips": found.flips}
            written = save_tables({name: table for name, table in tables.items() if len(table)}, out)
            written += save_figures({"tornado.png": tornado_chart(found.tornado, found.by)}, out)
            about = {"by": found.by, "replications": found.replications, "left_out": found.left_out}
            written.append(save_about(out, "sensitivity", found.scenario, found.seed, found.engine, about))
            say_written(out, written)
