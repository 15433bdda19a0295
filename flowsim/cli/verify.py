"""`flowsim verify`: prove on any scenario that the compiled engine and the SimPy model say the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.words import ANSWER_IS_NO, announce, console, in_words

if TYPE_CHECKING:
    from flowsim.experiment.verify import Difference, Verdict
    from flowsim.scenario.model import Scenario


def verify(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(help="Names or files. [default: every bundled scenario]"),
    ] = None,
    generated: Annotated[
        int, typer.Option(min=0, help="Compare on so many made-up scenarios as well (alone, if none is named).")
    ] = 0,
    first: Annotated[int, typer.Option(min=0, help="The number of the first made-up scenario.")] = 0,
    replications: Annotated[int, typer.Option("--replications", "-n", min=1, help="Replications of each.")] = 2,
    seed: Annotated[int | None, typer.Option(min=0, help="Names the set of draws. [default: as the scenario says]")] = None,
) -> None:  # fmt: skip
    """Run both engines on the same people and compare every time of everybody; exit code 1 at the first difference."""
    from flowsim.experiment.verify import TWIN
    from flowsim.experiment.verify import verify as verdicts_on

    announce(TWIN)
    with in_words():
        people = rows = runs = 0
        for scenario in _scenarios(scenarios or [], generated, first):
            verdicts = list(_until_different(verdicts_on(scenario, range(replications), seed)))
            people += sum(v.people for v in verdicts)
            rows += sum(v.rows for v in verdicts)
            runs += len(verdicts)
            _say(verdicts, quietly=scenario.name.startswith("generated-"))
    console().print(
        f"{runs:,} replications, {people:,} people who can meet a limit, {rows:,} dealings with a service, "
        "0 differences: the engines agree to the last bit."
    )


def _scenarios(named: list[str], generated: int, first: int) -> Iterator[Scenario]:
    """What was asked for: those that are named, made-up ones, or all that are bundled."""
    from flowsim.scenario.files import bundled_names, load
    from flowsim.scenario.generated import generated_scenario

    for name in named or ([] if generated else bundled_names()):
        yield load(name)
    for number in range(first, first + generated):
        yield generated_scenario(number)


def _until_different(verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    for verdict in verdicts:
        yield verdict
        if verdict.differences:
            return


def _say(verdicts: list[Verdict], *, quietly: bool) -> None:
    """One line a scenario; at a difference, that person's journey in both engines, and the end."""
    last = verdicts[-1]
    people, rows = sum(v.people for v in verdicts), sum(v.rows for v in verdicts)
    if not quietly:
        console().print(
            f"{last.scenario}: {len(verdicts)} replications, {people:,} people, {rows:,} dealings, "
            f"{last.differences} people differ",
            soft_wrap=True,
        )
    if last.first is not None:
        _show(last.first, last.differences)
        raise typer.Exit(ANSWER_IS_NO)


def _show(difference: Difference, people: int) -> None:
    from rich.table import Table

    table = Table(
        title=f"{difference.scenario}, replication {difference.replication}: {people} people differ; "
        f"person {difference.person}"
    )
    table.add_column("SimPy model", overflow="fold")
    table.add_column("compiled engine", overflow="fold")
    longest = max(len(difference.model), len(difference.twin))
    for n in range(longest):
        table.add_row(*((told[n] if n < len(told) else "-") for told in (difference.model, difference.twin)))
    console().print(table)
