"""`flowsim new`: a scenario for another city, from ten questions or from a workbook that was filled in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.words import INPUT_IS_WRONG, STOPPED, console, in_words, say_error
from flowsim.errors import ScenarioError

if TYPE_CHECKING:
    from flowsim.scenario.questions import Answer, Question


def new(
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="The scenario file to write. [default: named after the place]"
        ),
    ] = None,
    filled_in: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE.xlsx", help="Read the answers from a template that was filled in."
        ),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(metavar="FILE.xlsx", help="Only write the questions as a workbook to fill in."),
    ] = None,
) -> None:
    """Make a scenario for another city: ten questions, and assumptions (named as such) for all that was not asked."""
    from flowsim.files import write_text
    from flowsim.scenario.files import from_text
    from flowsim.scenario.new_city import file_name, new_city
    from flowsim.scenario.questions import answers_in_workbook

    with in_words():
        _free(template)
        _free(out)
        if template is not None and template.suffix.lower() != ".xlsx":
            raise ScenarioError([f"{template}: is no name for a workbook; end it in .xlsx"])
        if template is not None:
            _write_template(template)
            return
        answers = answers_in_workbook(filled_in) if filled_in is not None else _ask()
        file = out or Path(f"{file_name(str(answers['place']))}.toml")
        _free(file)
        text = new_city(answers)
        scenario = from_text(text, file.name)
        write_text(file, text)

    from rich.text import Text

    from flowsim.report.checked import checked

    shown = console()
    for page in checked(scenario):
        shown.print(page, soft_wrap=isinstance(page, Text))
    shown.print(
        f"\nWritten to {file}. Every figure that you were not asked for is an assumption and says so there.\n"
        f"Next: python -m flowsim run {file}",
        markup=False,
        soft_wrap=True,
    )


def _free(path: Path | None) -> None:
    """Nothing that is there is overwritten. Raises ScenarioError where it would be."""
    if path is not None and path.exists():
        raise ScenarioError([f"{path}: is already there; name another file"])


def _write_template(path: Path) -> None:
    from flowsim.files import write_whole
    from flowsim.report.questionnaire import questionnaire
    from flowsim.report.takeaway import workbook

    data = workbook(questionnaire())
    write_whole(path, lambda temporary: temporary.write_bytes(data))
    console().print(
        f"Written to {path}. Fill in the column of answers, then: python -m flowsim new --from {path}",
        markup=False,
        soft_wrap=True,
    )


def _ask() -> dict[str, Answer]:
    from flowsim.scenario.questions import ASKED, checked_answers

    typer.echo(
        "Ten questions. What is not asked is taken from Sheffield, autumn 2017, and named as an assumption."
    )
    try:
        found = {q.name: _asked(q, f"{number} of {len(ASKED)}") for number, q in enumerate(ASKED, start=1)}
    except EOFError:
        typer.echo("The questions were not all answered, so nothing was written.", err=True)
        raise typer.Exit(INPUT_IS_WRONG) from None
    except KeyboardInterrupt:
        typer.echo("Stopped; nothing was written.", err=True)
        raise typer.Exit(STOPPED) from None
    return checked_answers(found, "your answers")


def _asked(question: Question, where: str) -> Answer:
    """One answer, asked for until it is one that can be used."""
    from flowsim.scenario.questions import one_answer

    while True:
        unit = f" [{question.unit}]" if question.unit else ""
        typer.echo(f"\n{where}. {question.words}{unit}")
        try:
            return one_answer(question, input("> "))
        except ScenarioError as error:
            say_error(error)
