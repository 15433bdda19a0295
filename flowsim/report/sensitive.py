"""What matters as tables and sentences: the tornado, Sobol indices, and where a choice would flip."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import pandas as pd
from rich.table import Table

from flowsim.decisions.sensitivity import FLIP_FACTORS, Sensitivity
from flowsim.experiment.intervals import mean_interval
from flowsim.report.plans import people

MOST_ROWS: Final = 15


def tornado_table(found: Sensitivity) -> Table:
    """The widest swings first: what the mean does when a number is somewhat smaller, or greater."""
    table = Table(title=f"People delayed when one number moves by {found.by:.0%}", title_justify="left")
    for number, heading in enumerate(("Number", "Smaller", "Greater")):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in found.tornado.head(MOST_ROWS).to_dict("records"):
        cells = (f"{row[s]:+.1f} ({row[s + '_low']:+.1f} to {row[s + '_high']:+.1f})" for s in ("down", "up"))
        table.add_row(str(row["label"]), *cells)
    return table


def indices_table(indices: pd.DataFrame) -> Table:
    """Shares of the variance over the ranges: by each number alone, and with all its interplay."""
    table = Table(title="Shares of the variance over the ranges (Sobol)", title_justify="left")
    for number, heading in enumerate(("Number", "Alone", "In all")):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in indices.to_dict("records"):
        cells = (
            f"{row[s]:.2f} ({row[s + '_low']:.2f} to {row[s + '_high']:.2f})" for s in ("first", "total")
        )
        table.add_row(str(row["label"]), *cells)
    return table


def _share(value: float, low: float, high: float) -> str:
    return f"{value:.2f}" if math.isnan(low) else f"{value:.2f} ({low:.2f} to {high:.2f})"


def flips_table(found: Sensitivity) -> Table:
    """The first plan's mean minus the second's when a number of both is so many times what it is."""
    table = Table(title="Delayed: the first plan minus the second", title_justify="left")
    headings = ("Number", *(f"x {factor:g}" for factor in FLIP_FACTORS), "Flips at")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in found.flips.to_dict("records"):
        flips = "nowhere" if row["flips_at"] != row["flips_at"] else f"x {row['flips_at']:.2f}"
        doubt = "" if row["called"] or flips == "nowhere" else " ?"
        table.add_row(str(row["label"]), *(f"{row[f'at_{f:g}']:+.1f}" for f in FLIP_FACTORS), flips + doubt)
    return table


def sensitivity_sentences(found: Sensitivity) -> Iterator[str]:
    """What was run, and what could not be moved."""
    yield (
        f"As it is {people(mean_interval(found.base))} are delayed; {found.replications} replications of every plan, seed {found.seed}, "
        f"engine {found.engine}, on the same draws. Brackets are 95 % intervals."
    )
    if len(found.indices) and float(found.indices["total"].max()) > 0:
        first = found.indices.iloc[0]
        yield f"Over the ranges {first['label']} matters most: {first['total']:.0%} of the variance involves it."
    for row in found.flips.to_dict("records"):
        if row["flips_at"] == row["flips_at"]:
            doubt = "" if row["called"] else ", as far as these replications can tell"
            yield f"The choice flips when {row['label']} is {row['flips_at']:.2f} times what it is{doubt}."
    yield from (f"Left out: {why}" for why in found.left_out)
