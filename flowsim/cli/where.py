"""`flowsim where`: where people wait in a scenario, who blocks whom, and the price of each bottleneck."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.runs import Cores, Engine, Replications, Seed
from flowsim.cli.words import announce, console, in_words

if TYPE_CHECKING:
    import pandas as pd


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
    from flowsim.report.where import (
        by_body,
        by_weekday,
        held_up,
        road,
        services_table,
        stages,
        straight_home_per_day,
    )
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
    for title, table in (
        ("The excess by the diagnostic's stages", stages(result)),
        ("Services", services_table(result)),
        ("Who blocks whom (first replication)", held_up(result)),
        ("Delayed by body", by_body(result)),
        ("Delayed by weekday", by_weekday(result)),
        ("People per day from place to place (first replication)", road(result)),
    ):
        _say(title, table)
    console().print(
        f"Another {straight_home_per_day(result):.1f} people a day go home from hospital with what they had (first replication).",
        highlight=False,
    )
    if more:
        _say("One more unit of each capacity", priced(result, list(zip(more, others, strict=True))))


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
