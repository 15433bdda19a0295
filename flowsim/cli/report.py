"""`flowsim report`: the paper for a board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flowsim.cli.money import Payers, PlanCosts, Plans, compared, payers_of, plan_costs_of
from flowsim.cli.runs import Cores, Engine, Replications, Seed, make_room
from flowsim.cli.words import in_words
from flowsim.cli.written import say_written


def report(
    scenarios: Plans,
    out: Annotated[Path, typer.Option(help="Write report.html and report.docx into this folder.")],
    question: Annotated[str | None, typer.Option(help="What the paper is to answer, for its title.")] = None,
    payer: Payers = None,
    plan_cost: PlanCosts = None,
    replications: Replications = None,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
) -> None:
    """Write a board paper, as a page (HTML) and for a word processor (DOCX): question, answer, pictures, plans, money, assumptions, how to repeat it."""
    from flowsim.decisions.compare import comparable
    from flowsim.decisions.money import check_payment
    from flowsim.decisions.money import money as of_money
    from flowsim.scenario.sources import input_rows

    with in_words():
        make_room(out)
        costs, payers = plan_costs_of(plan_cost), payers_of(payer)
        loaded = comparable(scenarios)
        check_payment(loaded, payers, costs)
    comparison = compared(loaded, replications, seed, engine, cores)
    from flowsim.files import write_text, write_whole
    from flowsim.report.as_docx import as_docx
    from flowsim.report.as_html import as_html
    from flowsim.report.board import Paper, board_paper, usual_question

    with in_words():
        table = of_money(comparison, payers, costs)
        names = [result.scenario.name for result in comparison.results]
        stated = {name: input_rows(given) for name, given in zip(names, scenarios, strict=True)}
        paper = board_paper(
            Paper(question or usual_question(comparison), comparison, table, stated, costs, payers)
        )
        document = as_docx(paper)
        written = [
            write_text(out / "report.html", as_html(paper)),
            write_whole(out / "report.docx", lambda path: path.write_bytes(document)),
        ]
        say_written(out, written)
