"""`flowsim optimise`: the cheapest plan that keeps the target."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.progress import progress
from flowsim.cli.runs import Cores, Engine, Out, Plausibles, Seed, make_room
from flowsim.cli.words import ANSWER_IS_NO, STOPPED, announce, console, in_words
from flowsim.cli.written import Named, save_about, save_tables, say_written

if TYPE_CHECKING:
    from flowsim.decisions.optimise import Optimum


def optimise(
    scenario: Named,
    lever: Annotated[list[str], typer.Option(metavar="PATH=FROM:TO:STEP@PRICE", help="A number that may be chosen, its steps, and pounds a day for one unit; once for each. += adds to what there is, *= multiplies it (price of a factor of 1 more).")],
    limit: Annotated[list[str] | None, typer.Option(metavar="PATH+PATH<=MOST", help="Levers that together may be at most so much.")] = None,
    replications: Annotated[int, typer.Option("--replications", "-n", help="Fresh replications of the winner and its rivals, at most.")] = 400,
    plausible: Plausibles = None,
    judged: Annotated[str, typer.Option(help="What is to be at or under target: the mean of the period, or days (any one).")] = "mean",
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    out: Out = None,
) -> None:  # fmt: skip
    """Find the cheapest plan that keeps the target with its confidence; exit code 1 where there is none. Ctrl-C keeps the best so far."""
    from flowsim.decisions import optimise as work
    from flowsim.decisions.plausible import met_by
    from flowsim.experiment.replicate import cores_here
    from flowsim.scenario.files import load

    with in_words():
        loaded = load(scenario)
        met = met_by(plausible, [loaded])
        make_room(out)
    announce(engine)
    with in_words(), progress("replications") as on_done:
        found = work.optimise(
            loaded,
            lever,
            limit or (),
            judged=judged,
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            on_done=on_done,
            met=met,
        )
    _show_optimum(found, out)
    if found.stopped:
        raise typer.Exit(STOPPED)
    if found.winner is None:
        raise typer.Exit(ANSWER_IS_NO)


def _show_optimum(found: Optimum, out: Path | None) -> None:
    from flowsim.charts import frontier_chart, save_figures
    from flowsim.report.optimised import frontier_table, optimum_sentences, rivals_table

    with in_words():
        shown = console()
        shown.print(rivals_table(found))
        shown.print(frontier_table(found))
        for sentence in optimum_sentences(found):
            shown.print(sentence, highlight=False, markup=False)
        if out is not None:
            written = save_tables({"rivals": found.rivals, "frontier": found.frontier}, out)
            written += save_figures({"frontier.png": frontier_chart(found.frontier, found.winner)}, out)
            about = {
                "levers": [str(lever) for lever in found.space.levers],
                "limits": [f"{'+'.join(limit.paths)}<={limit.most:g}" for limit in found.space.limits],
                "goal": asdict(found.goal),
                "winner": found.edits(),
                "surely_keeps_the_target": found.selection.certain,
                "probability_of_correct_selection": found.selection.correct,
                "probability_of_good_selection": found.selection.good,
                "runs": found.runs,
                "stopped_early": found.stopped,
                **({"met": found.met_words} if found.met_words else {}),
            }
            written.append(save_about(out, "optimise", found.space.scenario, found.seed, found.engine, about))
            say_written(out, written)
