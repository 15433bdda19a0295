"""A search for the cheapest plan as tables and sentences: the winner and its rivals, and what money buys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
from rich.table import Table

from flowsim.decisions.finals import INDIFFERENT
from flowsim.decisions.levers import How, Lever
from flowsim.decisions.optimise import Optimum
from flowsim.experiment.intervals import Interval
from flowsim.report.plans import people, percent
from flowsim.units import in_percent

MOST_RIVALS: Final = 10
LIKELY: Final = 0.8
DONE: Final[dict[How, str]] = {"set": "{} = {:g}", "add": "{} +{:g}", "scale": "{} times {:g}"}
# The same in the cell of a table, below the lever's name.
CELL: Final[dict[How, str]] = {"set": "{:g}", "add": "+{:g}", "scale": "x {:g}"}
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
        partial(_rival, found),
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
    levers = found.space.levers
    for heading in (*(lever.path for lever in levers), "£ a day", *more):
        table.add_column(heading, justify="right", overflow="fold")
    for row in rows.to_dict("records"):
        style = "bold" if row["plan"] == found.winner else ""
        table.add_row(
            *(CELL[lever.how].format(row[lever.path]) for lever in levers),
            f"{row['cost_per_day']:,.0f}",
            *last(row, found.winner),
            style=style,
        )
    return table


def _rival(found: Optimum, row: dict[Any, Any], winner: int | None) -> tuple[str, str, str]:
    plan, share = int(row["plan"]), row["selected"]
    chance = percent(Interval(row["chance"], row["low"], row["high"]))
    return chance, people(found.delayed_of(plan)), _choice(share, plan == winner)


def _choice(share: float, is_winner: bool) -> str:
    return ", ".join(
        [*([] if math.isnan(share) else [in_percent(share)]), *(["the winner"] if is_winner else [])]
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
    aim = (
        f"{what} at or under {goal.delayed:g} delayed with a chance of at least {in_percent(goal.confidence)}"
    )
    if found.winner is None:
        tried = "that was tried before it was stopped" if found.stopped else "that was tried"
        yield f"No plan within these ranges {tried} keeps {aim}: the table shows what comes nearest."
        yield from _what_to_try(found, names or {})
    else:
        chance, delayed = found.chance_of(found.judged, found.winner), found.delayed_of(found.winner)
        cost = float(found.space.costs[found.winner])
        yield (
            f"{_called(found, aim)}: {plan_words(found, names)}, for £{cost:,.0f} a day. Its chance is {percent(chance)}, with "
            f"{people(delayed)} delayed on average."
        )
    if _is_early(found):
        yield "Stopped early: this is the best so far, judged by the draws that chose it, so it is likely flattered."
    elif found.winner is not None:
        yield from _how_sure(found)
    if found.met_words:
        yield found.met_words
    yield (
        f"{len(found.space):,} plans, {len(found.searched.known)} of them tried, {found.runs:,} replications, seed {found.seed}, "
        f"engine {found.engine}. Prices are as given, in pounds a day for one unit."
    )


def _is_early(found: Optimum) -> bool:
    """Whether there is a best plan, but it was stopped before the finals."""
    return found.stopped and found.winner is not None and found.finals is None


def _called(found: Optimum, aim: str) -> str:
    """What the winner may be called: the cheapest of those that are surely good enough, which cheaper ones may be too."""
    if _is_early(found):
        return f"The cheapest plan so far that seems to keep {aim}"
    if found.selection.certain:
        return f"The cheapest plan that surely keeps {aim}"
    return f"No plan that was tried surely keeps {aim}; the one that comes nearest"


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
    selection, asked = found.selection, in_percent(found.goal.confidence)
    if selection.certain:
        yield f"Surely: its chance is {asked} or more with 95 % confidence (one-sided)."
        yield from _cheaper(found)
    else:
        yield (
            f"Its chance seems to be {asked} or more, but is not surely so with so few replications. Ask for more, or for dearer "
            "plans with wider ranges."
        )
    yield (
        f"The probability that it is the cheapest finalist that truly keeps the target is {in_percent(selection.correct)}, and that "
        f"it keeps it and none that does is cheaper by more than {in_percent(INDIFFERENT)}, {in_percent(selection.good)}."
    )
    yield (
        "All this is from fresh draws, on which the search was not run. But they chose the winner among "
        f"{len(selection.shares)} finalists, so that its chance may still be a little flattered."
    )


def _cheaper(found: Optimum) -> Iterator[str]:
    """What is said of cheaper finalists that may be good enough too."""
    rivals = found.rivals[found.rivals["selected"].notna()]
    cost = float(found.space.costs[found.winner])
    seem = rivals[(rivals["cost_per_day"] < cost - 1e-9) & (rivals["chance"] >= found.goal.confidence)]
    if len(seem):
        least = f"£{seem['cost_per_day'].min():,.0f} a day"
        who = f"{len(seem)} cheaper finalists seem" if len(seem) > 1 else "A cheaper finalist seems"
        where = f"from {least}" if len(seem) > 1 else f"for {least}"
        yield f"{who} to keep it too, {where}, but not surely: more replications would tell."
    elif found.selection.good < LIKELY:
        yield "A cheaper plan may well be good enough too, but is not surely so: more replications would tell."
