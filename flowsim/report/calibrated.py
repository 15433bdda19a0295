"""A fit as tables, sentences and files: what the data tell, how well each figure is met, what cannot be met together."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd
from rich.table import Table

from flowsim.charts import DATA_CREDIT, months_chart, parameters_chart, save_figures
from flowsim.decisions import findings
from flowsim.decisions.calibrate import Calibration
from flowsim.decisions.plausible import fitted_scenario
from flowsim.files import made_folder, write_text, write_whole
from flowsim.frames import safe_csv
from flowsim.scenario.files import to_toml

MOST_CONFLICTS: Final = 8
TOTAL: Final = "monthly_delayed"


def parameters_table(rows: pd.DataFrame) -> Table:
    """Posterior against prior, and what that amounts to."""
    table = Table(title="What the data tell of each number", title_justify="left")
    for number, heading in enumerate(
        ("Number", "Range", "Plausible (nine of ten)", "Middle", "Width left", "")
    ):
        table.add_column(heading, justify="right" if 0 < number < 5 else "left", overflow="fold")
    for row in rows.to_dict("records"):
        table.add_row(
            str(row["path"]),
            f"{row['low']:.4g} to {row['high']:.4g}",
            f"{row['from']:.4g} to {row['to']:.4g}",
            f"{row['value']:.4g}",
            f"{row['ratio']:.0%}",
            str(row["verdict"]),
        )
    return table


def targets_table(rows: pd.DataFrame) -> Table:
    """How every target is met: single figures as they are, months and weekdays together."""
    table = Table(title="How the plausible set meets the data", title_justify="left")
    headings = ("Target", "Observed", "Set, mean", "Band (nine of ten)", "Inside", "Widest band")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for name, mine in rows.groupby("target", sort=False):
        one = len(mine) == 1
        band = f"{mine['low'].iloc[0]:.3g} to {mine['high'].iloc[0]:.3g}" if one else ""
        reported = "" if (mine["weight"] > 0).any() else " (reported only)"
        table.add_row(
            f"{name}{reported}",
            f"{mine['observed'].mean():.4g}",
            f"{mine['mean'].mean():.4g}",
            band,
            ("yes" if mine["inside"].all() else "no") if one else f"{mine['inside'].sum()} of {len(mine)}",
            f"±{mine['width'].max():.0%}",
        )
    return table


def months_table(rows: pd.DataFrame, name: str = TOTAL) -> Table | None:
    """One target part by part; None where the fit has no such target."""
    mine = rows[(rows["target"] == name) & (rows["part"] != "")]
    if mine.empty:
        return None
    table = Table(title=f"{name}, month by month", title_justify="left")
    for number, heading in enumerate(("Month", "Observed", "Set, mean", "Band (nine of ten)", "Inside")):
        table.add_column(heading, justify="right" if number else "left")
    for row in mine.to_dict("records"):
        inside = "yes" if row["inside"] else "no"
        table.add_row(
            str(row["part"]), f"{row['observed']:.1f}", f"{row['mean']:.1f}", f"{row['low']:.0f} to {row['high']:.0f}", inside
        )  # fmt: skip
    return table


def calibration_sentences(found: Calibration) -> Iterator[str]:
    """The answer in words: what is known now, what is not, and what does not go together."""
    rows = findings.parameters(found)
    pinned, narrowed, untold = (
        rows[rows["verdict"] == words]["path"].tolist() for words in ("pinned down", "narrowed", "not told")
    )
    yield (
        f"The data pin down: {', '.join(pinned)}."
        if pinned
        else "The data pin down none of the numbers by itself."
    )
    if narrowed:
        yield f"They narrow: {', '.join(narrowed)}."
    if untold:
        yield (
            f"They do not tell: {', '.join(untold)}. What was observed is one draw of chance, and other values of these could have "
            "led to it as well; the set keeps them all."
        )
    for row in findings.standing_in(found).to_dict("records"):
        together = "rise together" if row["correlation"] > 0 else "one can be higher where the other is lower"
        yield (
            f"{row['path']} and {row['other']} can stand in for each other (correlation {row['correlation']:+.2f}: {together}); "
            "only what they do together is known."
        )
    yield from _months_sentence(findings.figures(found))
    yield from _conflict_sentences(findings.conflicts(found))
    if found.widened > 1:
        yield (
            f"No point of these ranges meets the data within chance and tolerance: tolerances were widened by {found.widened:.2f} until "
            "the best one does. The set holds what fits best; wider ranges, other numbers or wider tolerances would be needed for what fits."
        )
    yield (
        f"{found.runs:,} replications at {sum(len(w.places) for w in found.waves) + len(found.final.places):,} points in "
        f"{len(found.waves)} waves, months {found.months[0]} to {found.months[-1]}, seed {found.seed}, engine {found.engine}. Ranges and "
        "tolerances are assumptions of the fit file."
    )
    if found.sources:
        yield f"Observed: {'; '.join(found.sources)}."


def _months_sentence(rows: pd.DataFrame) -> Iterator[str]:
    mine = rows[(rows["target"] == TOTAL) & (rows["part"] != "")]
    if not mine.empty:
        yield (
            f"The monthly total lies within the band in {mine['inside'].sum()} of {len(mine)} months; the band is at most "
            f"{mine['width'].max():.0%} either way of its mean."
        )


def _conflict_sentences(rows: pd.DataFrame) -> Iterator[str]:
    alone, pairs = rows[rows["other"] == ""], rows[rows["other"] != ""]
    for row in alone.head(MOST_CONFLICTS).to_dict("records"):
        yield (
            f"{row['target']} cannot be met within these ranges: the nearest point is {row['apart']:.1f} standard deviations of chance and "
            "tolerance away."
        )
    for row in pairs.head(MOST_CONFLICTS).to_dict("records"):
        yield (
            f"{row['target']} and {row['other']} cannot be met together: each can alone, but where one is met the other is at least "
            f"{row['apart']:.1f} standard deviations away."
        )
    more = max(0, len(alone) - MOST_CONFLICTS) + max(0, len(pairs) - MOST_CONFLICTS)
    if more:
        yield f"{more} more that cannot be met are in conflicts.csv."
    if rows.empty:
        yield "Every figure, and every two of them, can be met somewhere within the ranges."


def save_calibration(found: Calibration, folder: Path) -> list[Path]:
    """Write tables, pictures, a page of text and the fitted scenario beside the set; each whole or not at all."""
    made_folder(folder)
    tables = {
        "parameters": findings.parameters(found),
        "fit": findings.figures(found),
        "conflicts": findings.conflicts(found),
        "waves": findings.waves(found),
    }
    written = found.plausible.save(folder)
    written += [
        write_whole(folder / f"{name}.csv", partial(safe_csv, table)) for name, table in tables.items()
    ]
    pictures = {"parameters.png": parameters_chart(tables["parameters"])}
    monthly = tables["fit"][tables["fit"]["part"].str.match(r"\d{4}-\d\d$")]
    if len(monthly):
        pictures["fit.png"] = months_chart(monthly, f"{found.scenario.title}: the set against the data")
    written += save_figures(pictures, folder)
    written.append(write_text(folder / "fit.md", page(found, tables["parameters"], tables["fit"])))
    fitted = to_toml(fitted_scenario(found.scenario, found.plausible))
    written.append(write_text(folder / "fitted.toml", _FITTED_HEADER + fitted))
    return written


_FITTED_HEADER: Final = (
    "# Made by flowsim calibrate: the scenario with the middle of the plausible set written into it.\n"
    "# Runs with --plausible and the folder of this file carry the whole set.\n"
)


def page(found: Calibration, rows: pd.DataFrame, fits: pd.DataFrame) -> str:
    """The fit as a page of text: sentences, parameters, every figure."""
    lines = [f"# Fit of {found.scenario.title}", ""]
    lines += [f"- {sentence}" for sentence in calibration_sentences(found)]
    lines += ["", "## What the data tell of each number", ""]
    lines += _markdown(
        ["Number", "Range", "Plausible (nine of ten)", "Middle", "Width left", ""],
        [
            [
                str(r["path"]), f"{r['low']:.4g} to {r['high']:.4g}", f"{r['from']:.4g} to {r['to']:.4g}", f"{r['value']:.4g}",
                f"{r['ratio']:.0%}", str(r["verdict"]),
            ]
            for r in rows.to_dict("records")
        ],
    )  # fmt: skip
    lines += ["", "## Every figure", ""]
    lines += _markdown(
        ["Target", "", "Observed", "Set, mean", "Band (nine of ten)", "Inside", "Apart"],
        [
            [
                str(r["target"]), str(r["part"]), f"{r['observed']:.4g}", f"{r['mean']:.4g}", f"{r['low']:.3g} to {r['high']:.3g}",
                "yes" if r["inside"] else "no", f"{r['apart']:+.1f}",
            ]
            for r in fits.to_dict("records")
        ],
    )  # fmt: skip
    credit = [DATA_CREDIT, ""] if any("NHS England" in source for source in found.sources) else []
    return "\n".join([*lines, "", *credit])


def _markdown(headings: list[str], rows: list[list[str]]) -> list[str]:
    cells = [headings, ["---"] * len(headings), *rows]
    return ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in cells]
