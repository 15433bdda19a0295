"""Money as a table and sentences: who pays, who gains, and what a plan saves all told."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from rich.table import Table

from flowsim.decisions.compare import Comparison
from flowsim.decisions.money import ALL


def money_table(table: pd.DataFrame) -> Table:
    """One line a scenario and payer, in millions of pounds over the run."""
    shown = Table(title="Who pays and who gains over the run", title_justify="left")
    for number, heading in enumerate(("Scenario", "Who pays", "Cost, £m", "Change from the base, £m")):
        shown.add_column(heading, justify="right" if number > 1 else "left", overflow="fold")
    for row in table.to_dict("records"):
        cost = f"{row['cost'] / 1e6:.2f}"
        shown.add_row(
            str(row["scenario"]),
            str(row["payer"]),
            cost,
            change_in_words(row),
            end_section=row["payer"] == ALL,
        )
    return shown


def change_in_words(row: Mapping[Hashable, Any]) -> str:
    """A change in millions with its interval; a question mark where it cannot be told from chance."""
    if math.isnan(row["change"]):
        return "base"
    doubt = "" if row["called"] else " ?"
    change, low, high = (_millions(row[name]) for name in ("change", "change_low", "change_high"))
    return f"{change} ({low} to {high}){doubt}"


def _millions(pounds: float) -> str:
    """Millions with their sign, without one where so little is left of it that nought is shown."""
    shown = f"{pounds / 1e6:+.2f}"
    return shown if float(shown) else shown[1:]


def rounded_pounds(change: float, low: float, high: float) -> str:
    """An amount with its bounds, whatever their signs, to three figures of the greatest: more nobody knows."""
    nearest, furthest = sorted((abs(low), abs(high)))
    digits = math.floor(math.log10(max(abs(change), furthest, 1.0)))
    if digits >= 6:
        return _with_bounds([f"£{abs(v) / 1e6:.{max(0, 8 - digits)}f}m" for v in (change, nearest, furthest)])
    unit = 10 ** max(0, digits - 2)
    return _with_bounds([f"£{round(abs(v) / unit) * unit:,.0f}" for v in (change, nearest, furthest)])


def _with_bounds(words: Sequence[str]) -> str:
    value, low, high = words
    return f"{value} ({low} to {high})"


def money_sentences(
    comparison: Comparison,
    table: pd.DataFrame,
    how_to_add: str = "say what a plan itself costs with --plan-cost",
) -> Iterator[str]:
    """What each plan saves, and how far to trust it; `how_to_add` says where a plan's own cost is entered."""
    base = comparison.base.scenario
    for row in table[(table["payer"] == ALL) & table["change"].notna()].to_dict("records"):
        verb = "saves" if row["change"] < 0 else "costs"
        if row["called"]:
            yield f"{row['scenario']} {verb} {rounded_pounds(row['change'], row['change_low'], row['change_high'])} in {base.run.days} days."
        else:
            yield f"{row['scenario']}: whether it saves or costs cannot be told with {comparison.base.replications} replications."
    yield (
        f"Prices of {base.costs.price_year}, as the scenarios say: days of care, and acute beds held beyond need; capacity that nobody uses costs "
        f"nothing here, so {how_to_add}. Who pays goes by where a service is: an assumption. Brackets are 95 % intervals over replications; a "
        "question mark: cannot be told from chance."
    )
