"""`flowsim where`: where people wait in a scenario, who blocks whom, and the price of each bottleneck."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.runs import Cores, Engine, Replications, Seed
from flowsim.cli.words import announce, console, in_words

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.results import Result


def where(
    scenario: Annotated[str, typer.Argument(help="A bundled scenario's name, or a scenario file.")],
    replications: Replications = None,
    seed: Seed = None,
    engine: Engine = "auto",
    cores: Cores = None,
    prices: Annotated[
        bool,
        typer.Option("--prices", help="Also what one more unit of each capacity would change (takes long)."),
    ] = False,
) -> None:
    """Say where people wait: stages, services, who blocks whom, weekdays, and how people move."""
    from flowsim.decisions.bottlenecks import one_more_of_each
    from flowsim.decisions.bottlenecks import prices as priced
    from flowsim.experiment.replicate import cores_here
    from flowsim.experiment.run import Effort, run_together
    from flowsim.report import where as tables
    from flowsim.scenario.files import load

    announce(engine)
    with in_words():
        loaded = load(scenario)
        more = one_more_of_each(loaded) if prices else []
        effort = Effort(
            replications=replications,
            seed=seed,
            engine=engine,
            cores=cores or cores_here(),
            keep_journeys=1,
        )
        result, *others = run_together([loaded, *(one.scenario for one in more)], effort)
    for title, table, names in (
        ("The excess by the diagnostic's stages", tables.stages(result), tables.STAGES_IN_WORDS),
        ("Services", tables.services_table(result), tables.SERVICES_IN_WORDS),
        ("Who blocks whom (first replication)", tables.held_up(result), tables.HELD_UP_IN_WORDS),
        ("Delayed by body", tables.by_body(result), tables.BODIES_IN_WORDS),
        ("Delayed by weekday", tables.by_weekday(result), tables.WEEKDAYS_IN_WORDS),
        ("How people move (first replication)", tables.road(result), tables.ROAD_IN_WORDS),
    ):
        _say(title, tables.in_words(table, names))
    if more:
        found = priced(result, list(zip(more, others, strict=True)))
        _say("One more unit of each capacity", tables.in_words(found, tables.PRICES_IN_WORDS))
    for sentence in _closing(result, tables.straight_home_per_day(result)):
        console().print(sentence, highlight=False)


def _closing(result: Result, straight_home: float) -> Iterator[str]:
    """What the tables leave out, and what their figures are means of."""
    yield f"Another {straight_home:.1f} people a day go home from hospital with what they had (first replication)."
    yield (
        f"Means over {result.replications} replications of {result.scenario.run.days} days, seed {result.seed}, engine {result.engine}; "
        "from and to are 95 % intervals over replications. A dash: no limit, or nobody."
    )


def _say(title: str, table: pd.DataFrame) -> None:
    from rich.table import Table

    shown = Table(title=title, title_justify="left")
    for column in table.columns:
        shown.add_column(
            str(column), justify="right" if table[column].dtype.kind == "f" else "left", overflow="fold"
        )
    for row in table.itertuples(index=False):
        shown.add_row(*(_cell(value) for value in row))
    console().print(shown)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.2f}"
    return str(value)
