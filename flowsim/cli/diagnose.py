"""`flowsim diagnose`: what would have to be perfect, and what each part of it is worth."""

from __future__ import annotations

from typing import Annotated

import typer

from flowsim.cli.progress import progress
from flowsim.cli.runs import Cores, Engine, Out, Seed, make_room
from flowsim.cli.words import announce, console, in_words
from flowsim.cli.written import Named, save_about, save_tables, say_written


def diagnose(
    scenario: Named,
    switch: Annotated[
        list[str] | None,
        typer.Option(help="What to make perfect, once for each. [default: everything there is]"),
    ] = None,
    orders: Annotated[
        int | None,
        typer.Option(
            help="Take so many random orders of the switches instead of every set of them. [default: every set up to 10 switches, else 32]"
        ),
    ] = None,
    replications: Annotated[
        int, typer.Option("--replications", "-n", min=2, help="Replications of each set of switches.")
    ] = 10,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:
    """Split the excess over what would have to be perfect: parts that add up, and who blocks whom."""
    from flowsim.decisions import diagnose as work
    from flowsim.experiment.replicate import cores_here
    from flowsim.scenario.files import load

    with in_words():
        loaded = load(scenario)
        make_room(out)
    announce(engine)
    with in_words(), progress("sets of switches") as on_done:
        found = work.diagnose(
            loaded,
            switches=switch or (),
            orders=orders,
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            on_done=on_done,
        )
    from flowsim.charts import save_figures, waterfall_chart
    from flowsim.report.diagnosed import (
        blocking_table,
        diagnosis_sentences,
        parts_table,
        stages_table,
        weeks_table,
    )
    from flowsim.report.where import stages

    with in_words():
        shown = console()
        for measure in work.MEASURES:
            shown.print(parts_table(found, measure))
        shown.print(stages_table(found))
        shown.print(blocking_table(found))
        shown.print(weeks_table(found))
        for sentence in diagnosis_sentences(found):
            shown.print(sentence, highlight=False)
        if out is not None:
            tables = {
                "parts": found.parts,
                "waiting": found.waiting,
                "blocking": found.blocking,
                "weeks": found.weeks,
                "stages": stages(found.base),
            }
            written = save_tables(tables, out)
            pictures = {f"waterfall-{m}.png": waterfall_chart(found.parts, m) for m in work.MEASURES}
            written += save_figures(pictures, out)
            about = {
                "switches": {s.name: dict(s.put) for s in found.switches},
                "replications": replications,
                "orders": found.orders.tolist(),
            }
            written.append(save_about(out, "diagnose", loaded, found.base.seed, found.base.engine, about))
            say_written(out, written)
