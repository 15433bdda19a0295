"""What matters as tables and sentences: the tornado, Sobol indices, and where a choice would flip."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import pandas as pd
from rich.table import Table

from flowsim.decisions.flips import AS_IT_IS, FACTORS
from flowsim.decisions.sensitivity import Sensitivity
from flowsim.experiment.intervals import mean_interval
from flowsim.report.plans import people
from flowsim.units import in_percent

MOST_ROWS: Final = 15


def tornado_table(found: Sensitivity) -> Table:
    """The widest swings first: what the mean does when a number is somewhat smaller, or greater."""
    table = Table(
        title=f"People delayed when one number moves by {in_percent(found.by)}", title_justify="left"
    )
    for number, heading in enumerate(
        ("Number", *(f"Change in delayed, {in_percent(found.by)} {way}" for way in ("smaller", "greater")))
    ):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in found.tornado.head(MOST_ROWS).to_dict("records"):
        table.add_row(str(row["label"]), *(_change(row, side) for side in ("down", "up")))
    return table


def _change(row: Mapping[Hashable, Any], side: str) -> str:
    return f"{row[side]:+.1f} ({row[f'{side}_low']:+.1f} to {row[f'{side}_high']:+.1f})"


def indices_table(indices: pd.DataFrame) -> Table:
    """Shares of the variance over the ranges, by each number alone and with all its interplay; and PAWN."""
    table = Table(title="Shares of the variance over the ranges (Sobol), and PAWN", title_justify="left")
    for number, heading in enumerate(("Number", "Alone", "In all", "PAWN")):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in indices.to_dict("records"):
        cells = [
            f"{row[s]:.2f} ({row[s + '_low']:.2f} to {row[s + '_high']:.2f})" for s in ("first", "total")
        ]
        doubt = "" if row["pawn"] > row["pawn_by_chance"] else " ?"
        table.add_row(str(row["label"]), *cells, f"{row['pawn']:.2f}{doubt}")
    return table


def flips_table(found: Sensitivity) -> Table:
    """The first plan's mean minus the second's when a number of both is so many times what it is."""
    table = Table(title="Delayed: the first plan minus the second", title_justify="left")
    headings = ("Number", *(f"x {factor:g}" for factor in FACTORS), "Flips at")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in found.flips.to_dict("records"):
        flips = "nowhere" if row["flips_at"] != row["flips_at"] else f"x {row['flips_at']:.2f}"
        doubt = "" if row["called"] or flips == "nowhere" else " ?"
        table.add_row(str(row["label"]), *(f"{row[f'at_{f:g}']:+.1f}" for f in FACTORS), flips + doubt)
    return table


def sensitivity_sentences(found: Sensitivity) -> Iterator[str]:
    """What matters most, what was run, and what could not be moved."""
    strongest, by = found.tornado.to_dict("records")[0], in_percent(found.by)
    yield (
        f"“{strongest['label']}” matters most: {by} less of it changes the number delayed by {_change(strongest, 'down')}, "
        f"{by} more by {_change(strongest, 'up')}."
    )
    yield (
        f"As it is {people(mean_interval(found.base))} are delayed; {found.replications} replications of every plan, seed {found.seed}, "
        f"engine {found.engine}, on the same draws. Brackets are 95 % intervals."
    )
    if len(found.indices):
        yield _of_the_variance(found.indices.iloc[0])
    if len(found.indices):
        chance = float(found.indices["pawn_by_chance"].iloc[0])
        yield f"PAWN up to {chance:.2f} is what a number that is no cause may reach by chance (a question mark)."
    if found.against is not None:
        yield from choice_sentences(found.scenario.name, found.against.name, found.flips)
    yield from (f"Left out: {why}" for why in found.left_out)


def _of_the_variance(first: pd.Series[Any]) -> str:
    """Which number matters most over the ranges, where that can be told."""
    low, high = (in_percent(min(max(first[end], 0.0), 1.0)) for end in ("total_low", "total_high"))
    if not first["total_low"] > 0:
        return "Over the ranges no number can be told to matter: more points (--points) or replications would be needed."
    return (
        f"Over the ranges {first['label']} matters most: {in_percent(first['total'])} of the variance involves it "
        f"(95 % interval {low} to {high})."
    )


def choice_sentences(one: str, other: str, flips: pd.DataFrame) -> Iterator[str]:
    """Which of two plans has fewer delayed, and the assumptions that could change that, each as a threshold."""
    if not len(flips):
        return
    gap = float(flips[f"at_{FACTORS[AS_IT_IS]:g}"].iloc[0])
    better, worse = (one, other) if gap < 0 else (other, one)
    flipping = flips[flips["flips_at"].notna()]
    says = f"{better} beats {worse} by {abs(gap):.1f} people delayed"
    if not len(flipping):
        yield f"{says}, and none of these numbers changes that between {FACTORS[0]:g} and {FACTORS[-1]:g} times what it is."
    for row in flipping.to_dict("records"):
        yield f"{says} unless {_threshold(row)}."


def _threshold(row: dict[Hashable, Any]) -> str:
    at = float(row["flips_at"])
    verb = "exceeds" if at > 1 else "is below"
    low, high = row["flips_low"], row["flips_high"]
    lowest = f"{low:.2f}" if math.isfinite(low) else f"below {FACTORS[0]:g}"
    highest = f"{high:.2f}" if math.isfinite(high) else f"above {FACTORS[-1]:g}, or nowhere"
    times = f"{at:.2f} times what it is (95 % interval {lowest} to {highest})"
    amount = "" if math.isnan(row["amount"]) else f"{row['amount']:.3g} {row['unit']}, "
    doubt = "" if row["called"] else "; these replications cannot tell on which side"
    return f"“{row['label']}” {verb} {amount}{times}{doubt}"
