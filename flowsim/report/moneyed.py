"""Money as a table and sentences: who pays, who gains, and what a plan saves all told."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
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


def money_sentences(
    comparison: Comparison,
    table: pd.DataFrame,
    how_to_add: str = "say what a plan itself costs with --plan-cost",
) -> Iterator[str]:
    """What each plan saves, and how far to trust it; `how_to_add` says where a plan's own cost is entered."""
    base = comparison.base.scenario
    for row in table[(table["payer"] == ALL) & table["change"].notna()].to_dict("records"):
        verb = "saves" if row["change"] < 0 else "costs"
        bounds = sorted((abs(row["change_low"]), abs(row["change_high"])))
        if row["called"]:
            yield f"{row['scenario']} {verb} £{abs(row['change']):,.0f} (£{bounds[0]:,.0f} to £{bounds[1]:,.0f}) in {base.run.days} days."
        else:
            yield f"{row['scenario']}: whether it saves or costs cannot be told with {comparison.base.replications} replications."
    yield (
        f"Prices of {base.costs.price_year}, as the scenarios say: days of care, and acute beds held beyond need; capacity that nobody uses costs "
        f"nothing here, so {how_to_add}. Who pays goes by where a service is: an assumption. Brackets are 95 % intervals over replications; a "
        "question mark: cannot be told from chance."
    )
