"""A board paper: one self-contained HTML page with the question, the answer, pictures, plans, money, assumptions, how to repeat it.

Nothing is loaded from anywhere: pictures are in the page, there is no script, and whatever people typed is escaped.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import pandas as pd

from flowsim.charts import census_chart, png_of, reasons_chart
from flowsim.decisions.compare import Comparison
from flowsim.experiment.intervals import Interval, can_call
from flowsim.report.moneyed import change_in_words
from flowsim.report.plans import people, percent, plan_cells
from flowsim.results import Result
from flowsim.scenario.files import fingerprint
from flowsim.scenario.sources import InputRow
from flowsim.version import __version__

STYLE: Final = """
body { font: 11pt/1.5 Arial, sans-serif; color: #212b32; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { color: #003087; font-size: 1.7em; } h2 { color: #005eb8; font-size: 1.25em; margin-top: 2em; }
.answer { border-left: 6px solid #005eb8; padding: 0.2em 1em; font-size: 1.1em; }
table { border-collapse: collapse; width: 100%; font-size: 0.9em; } th, td { border-bottom: 1px solid #d8dde0; padding: 0.35em 0.6em; }
th { text-align: left; vertical-align: bottom; } td.n, th.n { text-align: right; } img { max-width: 100%; height: auto; }
caption { text-align: left; font-weight: bold; padding: 0.4em 0; } code, pre { background: #f0f4f5; } pre { padding: 0.6em; white-space: pre-wrap; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } table, img { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Paper:
    """What a board paper is made of: `assumed` are the inputs that the base's files state."""

    question: str
    comparison: Comparison
    money: pd.DataFrame
    assumed: Sequence[InputRow]


def board_paper(paper: Paper) -> str:
    """The page as text."""
    results = paper.comparison.results
    title = escape(paper.question)
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="answer">{escape(" ".join(answer(paper.comparison)))}</p>',
        "<h2>The plans</h2>",
        _plans(paper.comparison),
        _picture(png_of(census_chart(results)), "People delayed at midnight by day, mean and the band of nine in ten replications, with the target, for " + _names(results)),
        _picture(png_of(reasons_chart(results)), "Mean people delayed by national reason, one bar each for " + _names(results)),
        "<h2>Money</h2>",
        _money(paper),
        "<h2>What was assumed</h2>",
        _assumed(paper.assumed),
        "<h2>How to repeat it</h2>",
        _again(results),
    ]  # fmt: skip
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n'


def usual_question(comparison: Comparison) -> str:
    """What a comparison asks, where nobody words it."""
    target = comparison.base.scenario.target.delayed
    return f"Which plan keeps delayed transfers at or under {target:g}?"


def answer(comparison: Comparison) -> tuple[str, str]:
    """The answer in two sentences, with what is not sure about it."""
    base, plans = comparison.base, comparison.results[1:]
    target = base.scenario.target
    best = max(plans, key=lambda r: (_chance(r).value, -r.interval("delayed_mean").value))
    chance = _chance(best)
    asked = f"the {target.confidence:.0%} asked for"
    if chance.value >= target.confidence:
        verdict = f"{best.scenario.title} keeps it with at least {asked}"
    else:
        verdict = f"No plan keeps it with {asked}; {best.scenario.title} comes closest"
    first = (
        f"{verdict}: the mean of the period is at or under {target.delayed:g} with a chance of {percent(chance)}, with "
        f"{people(best.interval('delayed_mean'))} delayed on average."
    )
    gap = comparison.difference(best, "delayed_mean")
    told = "" if can_call(gap) else ", which cannot be told from chance"
    second = (
        f"Against {base.scenario.title} ({people(base.interval('delayed_mean'))} delayed) that is a change of {gap.value:+.1f} "
        f"({gap.low:+.1f} to {gap.high:+.1f}){told}; ranges are 95 % intervals over {base.replications} replications and hold chance, not doubt "
        "about the assumptions."
    )
    return first, second


def _chance(result: Result) -> Interval:
    return result.interval("chance_mean_at_or_under_target")


def _names(results: Sequence[Result]) -> str:
    return ", ".join(result.scenario.title for result in results)


def _plans(comparison: Comparison) -> str:
    headings, rows = plan_cells(comparison.results, comparison)
    return _table("People delayed at midnight, each plan on the same draws", headings, rows)


def _money(paper: Paper) -> str:
    year = paper.comparison.base.scenario.costs.price_year
    days = paper.comparison.base.scenario.run.days
    headings = ("Scenario", "Who pays", "Cost, £m", "Change from the base, £m")
    rows = [
        (row["scenario"], row["payer"], f"{row['cost'] / 1e6:.2f}", change_in_words(row))
        for row in paper.money.to_dict("records")
    ]
    note = (
        f"<p>Pounds over {days} days in prices of {escape(year)}; below nought the payer gains. Costs are days of care at each service's price and "
        "acute beds held beyond need; what a plan itself costs is in it only where that was said. Who pays goes by where a service is: an assumption, since budgets were pooled. A question mark: cannot be told "
        "from chance.</p>"
    )
    prices = [
        row for row in paper.assumed if row.path.endswith("cost_per_day") or row.path.startswith("costs.")
    ]
    sources = [(row.path, str(row.value), row.source, row.confidence) for row in prices]
    return (
        _table("Who pays and who gains", headings, rows)
        + note
        + _table("Prices", ("Price", "Value", "Source", "Confidence"), sources)
    )


def _assumed(rows: Iterable[InputRow]) -> str:
    own = [
        row for row in rows if row.is_figure and row.confidence in ("assumption", "tuned", "fitted", "L", "")
    ]
    cells = [(row.path, str(row.value), row.source or "no source named") for row in own]
    note = f"<p>{len(own)} figures of the base are assumptions, tuned, fitted, of low confidence or without a source:</p>"
    return note + _table("Figures to doubt", ("Figure", "Value", "Where it comes from"), cells)


def _again(results: Sequence[Result]) -> str:
    first = results[0]
    names = " ".join(result.scenario.name for result in results)
    command = f"python -m flowsim compare {names} --replications {first.replications} --seed {first.seed}"
    prints = [(result.scenario.name, fingerprint(result.scenario)) for result in results]
    said = f"<p>flowsim {escape(__version__)}, engine {escape(first.engine)}, {first.replications} replications, seed {first.seed}:</p>"
    return (
        said
        + f"<pre>{escape(command)}</pre>"
        + _table("Fingerprints of the scenarios", ("Scenario", "Fingerprint"), prints)
    )


def _picture(png: bytes, alt: str) -> str:
    return f'<p><img src="data:image/png;base64,{b64encode(png).decode("ascii")}" alt="{escape(alt, quote=True)}"></p>'


def _table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>\n"
