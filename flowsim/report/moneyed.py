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
    shown = Table(title="Who pays and who gains (£m over the run)", title_justify="left")
    for number, heading in enumerate(("Scenario", "Who pays", "Cost", "Change from the base")):
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
    return f"{row['change'] / 1e6:+.2f} ({row['change_low'] / 1e6:+.2f} to {row['change_high'] / 1e6:+.2f}){doubt}"


def money_sentences(comparison: Comparison, table: pd.DataFrame) -> Iterator[str]:
    """What each plan saves, and how far to trust it."""
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
        "nothing here, so say what a plan itself costs with --plan-cost. Who pays goes by where a service is: an assumption. Brackets are 95 % "
        "intervals over replications."
    )
