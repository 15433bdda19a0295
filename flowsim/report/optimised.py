"""A search for the cheapest plan as tables and sentences: the winner and its rivals, and what money buys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
from rich.table import Table

from flowsim.decisions.finals import INDIFFERENT
from flowsim.decisions.levers import How, Lever
from flowsim.decisions.optimise import Optimum
from flowsim.experiment.intervals import Interval
from flowsim.report.plans import people, percent

MOST_RIVALS: Final = 10
LIKELY: Final = 0.8
DONE: Final[dict[How, str]] = {"set": "{} = {:g}", "add": "{} +{:g}", "scale": "{} times {:g}"}
DONE_TO: Final[dict[How, str]] = {
    "set": "up to {:f}; try {:f}",
    "add": "up to +{:f}; try +{:f}",
    "scale": "up to times {:f}; try {:f}",
}


def rivals_table(found: Optimum) -> Table:
    """The finalists, cheapest first: levers, cost, chance on fresh draws, how likely each is the one to choose."""
    return _table(
        found,
        _foremost(found),
        "The winner and its rivals",
        ("Chance", "Delayed, mean", "Choice"),
        _rival,
    )


def _foremost(found: Optimum) -> pd.DataFrame:
    """So many rivals as a table holds: those chosen most often, the winner in any case; with none, the cheapest."""
    rivals = found.rivals
    if found.winner is None:
        return rivals.head(MOST_RIVALS)
    rank = rivals["selected"].fillna(0.0).where(rivals["plan"] != found.winner, np.inf)
    kept = rank.sort_values(ascending=False, kind="stable").index[:MOST_RIVALS]
    return rivals.loc[sorted(kept)]


def frontier_table(found: Optimum) -> Table:
    """What each further pound buys: the fewest delayed days for a cost, and where the curve bends."""
    return _table(
        found, found.frontier, "Cost against delayed days", ("Delayed, mean", "Delayed days", ""), _point
    )


def _table(found: Optimum, rows: pd.DataFrame, title: str, more: tuple[str, ...], last: Any) -> Table:
    table = Table(title=title, title_justify="left")
    paths = [lever.path for lever in found.space.levers]
    for heading in (*paths, "£ a day", *more):
        table.add_column(heading, justify="right", overflow="fold")
    for row in rows.to_dict("records"):
        style = "bold" if row["plan"] == found.winner else ""
        table.add_row(
            *(f"{row[path]:g}" for path in paths),
            f"{row['cost_per_day']:,.0f}",
            *last(row, found.winner),
            style=style,
        )
    return table


def _rival(row: dict[Any, Any], winner: int | None) -> tuple[str, str, str]:
    share = row["selected"]
    chance = percent(Interval(row["chance"], row["low"], row["high"]))
    return chance, f"{row['delayed']:.1f}", _choice(share, row["plan"] == winner)


def _choice(share: float, is_winner: bool) -> str:
    return ", ".join(
        [*([] if math.isnan(share) else [f"{share:.0%}"]), *(["the winner"] if is_winner else [])]
    )


def _point(row: dict[Any, Any], _winner: int | None) -> tuple[str, str, str]:
    return f"{row['delayed']:.1f}", f"{row['delayed_days']:,.0f}", "corner" if row["corner"] else ""


def plan_words(found: Optimum, names: Mapping[str, str] | None = None) -> str:
    """What the winner does with each lever, by its path or by a name of `names`."""
    called = names or {}
    values = found.edits()
    return ", ".join(
        DONE[lever.how].format(called.get(lever.path, lever.path), values[lever.path])
        for lever in found.space.levers
    )


def optimum_sentences(found: Optimum, names: Mapping[str, str] | None = None) -> Iterator[str]:
    """The answer, and how it was found; levers go by their paths, or by `names`."""
    goal = found.goal
    what = "the mean of the period" if goal.judged == "mean" else "a day"
    aim = f"{what} at or under {goal.delayed:g} delayed with a chance of at least {goal.confidence:.0%}"
    if found.winner is None:
        tried = "that was tried before it was stopped" if found.stopped else "that was tried"
        yield f"No plan within these ranges {tried} keeps {aim}: the table shows what comes nearest."
        yield from _what_to_try(found, names or {})
    else:
        chance, delayed = found.chance_of(found.judged, found.winner), found.delayed_of(found.winner)
        cost = float(found.space.costs[found.winner])
        yield (
            f"The cheapest plan that keeps {aim}: {plan_words(found, names)}, for £{cost:,.0f} a day. Its chance is {percent(chance)}, with "
            f"{people(delayed)} delayed on average."
        )
    if found.stopped and found.winner is not None and found.finals is None:
        yield "Stopped early: this is the best so far, judged by the draws that chose it, so it is likely flattered."
    elif found.winner is not None:
        yield from _how_sure(found)
    if found.met_words:
        yield found.met_words
    yield (
        f"{len(found.space):,} plans, {len(found.searched.known)} of them tried, {found.runs:,} replications, seed {found.seed}, "
        f"engine {found.engine}. Prices are as given, in pounds a day for one unit."
    )


def _what_to_try(found: Optimum, names: Mapping[str, str]) -> Iterator[str]:
    """Where no plan keeps the target: which ranges and limits to widen, or that none of them would help."""
    plan = found.nearest
    chance, delayed = found.chance_of(found.judged, plan), found.delayed_of(plan)
    yield f"The one that comes nearest has {people(delayed)} delayed on average, and a chance of {percent(chance)}."
    ends = [
        f"{names.get(lever.path, lever.path)} ({DONE_TO[lever.how].format(lever.axis.high, _twice_as_wide(lever))})"
        for lever in found.at_the_top(plan)
    ]
    limits = [
        f"{' + '.join(names.get(p, p) for p in limit.paths)} <= {limit.most:g}"
        for limit in found.used_up(plan)
    ]
    if ends:
        yield f"It stands at the upper end of these ranges, so that wider ones may hold a plan that does: {'; '.join(ends)}."
    if limits:
        yield f"It uses up what these limits allow; raised, they may let one in: {'; '.join(limits)}."
    if not ends and not limits:
        yield (
            "It stands at the upper end of none of the ranges, so that more of the same would not help: something else holds "
            "people up. `flowsim where`, or the page Where people wait, shows what."
        )


def _twice_as_wide(lever: Lever) -> Decimal:
    return lever.axis.high + (lever.axis.high - lever.axis.low)


def _how_sure(found: Optimum) -> Iterator[str]:
    selection, asked = found.selection, found.goal.confidence
    if selection.certain:
        yield f"That its chance is {asked:.0%} or more is sure with 95 % confidence (one-sided)."
    else:
        yield (
            f"No plan that was tried is surely at {asked:.0%} or more with so few replications: this one comes nearest to it. Ask "
            "for more replications, or for dearer plans with wider ranges."
        )
    yield (
        f"The probability that it is the cheapest finalist that truly keeps the target is {selection.correct:.0%}, and that it keeps "
        f"it and none that does is cheaper by more than {INDIFFERENT:.0%}, {selection.good:.0%}: the winner and its rivals were run "
        "again on draws that had no part in choosing them."
    )
    if selection.certain and selection.good < LIKELY:
        yield "A cheaper plan may well be good enough too, but is not surely so: more replications would tell."
