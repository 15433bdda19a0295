"""A board paper: the question, the answer with its uncertainty, pictures, plans, money, what was assumed, how to repeat it.

What it says is said once, here; `as_html` and `as_docx` only write it down.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

import pandas as pd

from flowsim.charts import census_chart, png_of, reasons_chart
from flowsim.decisions.compare import Comparison
from flowsim.decisions.money import ALL, PlanCost
from flowsim.experiment.intervals import Interval, can_call
from flowsim.report.blocks import Block, Bullets, Command, Document, Heading, Paragraph, Picture, Table
from flowsim.report.moneyed import change_in_words, rounded_pounds
from flowsim.report.plans import people, percent, plan_cells
from flowsim.results import Result
from flowsim.scenario.files import bundled_names, fingerprint
from flowsim.scenario.sources import InputRow
from flowsim.units import in_percent
from flowsim.version import __version__

DOUBTFUL: Final = ("assumption", "tuned", "fitted", "L", "")
SHOWN_VALUES: Final = 8
VERBS: Final = {"set": "{}", "scale": "times {}", "add": "plus {}"}
# Words that a command line takes as they are, and what needs a mark in front of it between quotes.
_PLAIN: Final = re.compile(r"[\w.:=/@+,-]+\Z", re.ASCII)
_SPECIAL: Final = re.compile(r'["$`]')
_ESCAPED: Final = r"\\\g<0>"
_CHANGE: Final = re.compile(r"^(changes|escalations)\[\d+\](\.(?P<verb>[a-z_]+))?(\.(?P<rest>.+))?$")


@dataclass(frozen=True)
class Paper:
    """What a board paper is made of: `stated` are the inputs that each scenario's files state, by its name.

    `plan_costs` and `payers` are those that the money was worked out with.
    """

    question: str
    comparison: Comparison
    money: pd.DataFrame
    stated: Mapping[str, Sequence[InputRow]]
    plan_costs: Sequence[PlanCost] = ()
    payers: Mapping[str, str] = field(default_factory=dict)


def board_paper(paper: Paper) -> Document:
    """The paper, ready to be written as a page or for a word processor."""
    return Document(paper.question, list(_blocks(paper)))


def _blocks(paper: Paper) -> Iterator[Block]:
    comparison, results = paper.comparison, paper.comparison.results
    run = comparison.base.scenario.run
    yield Paragraph(" ".join(answer(comparison, paper.money)), "answer")
    yield Paragraph(
        f"From {_day(run.start)}, {run.days} days. Ranges in brackets are 95 % intervals over {comparison.base.replications} replications "
        "of the simulation: they hold chance, not doubt about the assumptions, which are at the end.",
        "quiet",
    )
    yield Picture(
        png_of(census_chart(results, most_columns=2)),
        f"Line chart of people delayed at midnight by day, with the target: the mean and the band of nine in ten replications for {_titles(results)}. "
        + " ".join(f"{r.scenario.title}: {people(r.interval('delayed_mean'))} on average." for r in results),
        "People delayed at midnight: mean, and the band that holds nine replications in ten.",
    )
    yield Heading("The plans")
    yield from _plans(paper)
    yield Picture(
        png_of(reasons_chart(results)),
        f"Bar chart of mean people delayed by national reason, one bar each for {_titles(results)}.",
        "Mean people delayed by what they wait for (national reasons).",
    )
    yield Heading("Money")
    yield from _money(paper)
    yield Heading("What was assumed")
    yield from _assumed(paper)
    yield Heading("How to repeat it")
    yield from _again(paper)
    if _doubtful(paper):
        yield Heading("Annex: figures to doubt")
        yield from _annex(paper)


def usual_question(comparison: Comparison) -> str:
    """What a comparison asks, where nobody words it."""
    target = comparison.base.scenario.target.delayed
    return f"Which plan keeps delayed transfers at or under {target:g}?"


def answer(comparison: Comparison, money: pd.DataFrame) -> tuple[str, str]:
    """The answer in two sentences, with what is not sure about it."""
    base, plans = comparison.base, comparison.results[1:]
    best = max(plans, key=lambda r: (_chance(r).value, -r.interval("delayed_mean").value))
    return _level(best), _change(comparison, best, money, base)


def _level(best: Result) -> str:
    target, chance = best.scenario.target, _chance(best)
    asked = in_percent(target.confidence)
    if chance.low >= target.confidence:
        verdict = f"“{best.scenario.title}” does, with the chance of {asked} that is asked for"
    elif chance.value >= target.confidence:
        verdict = f"“{best.scenario.title}” seems to, but more replications would have to show that its chance is {asked}"
    else:
        verdict = f"No plan does with the chance of {asked} that is asked for; “{best.scenario.title}” comes nearest"
    return (
        f"{verdict}: the mean of the period is at or under {target.delayed:g} with a chance of {percent(chance)}, and "
        f"{people(best.interval('delayed_mean'))} people are delayed on average."
    )


def _change(comparison: Comparison, best: Result, money: pd.DataFrame, base: Result) -> str:
    gap = comparison.difference(best, "delayed_mean")
    found = money[(money["scenario"] == best.scenario.name) & (money["payer"] == ALL)].to_dict("records")[0]
    pounds = f"{'saves' if found['change'] < 0 else 'costs'} {rounded_pounds(found['change'], found['change_low'], found['change_high'])}"
    saving = pounds if found["called"] else "may save or cost money: that cannot be told from chance"
    if not can_call(gap):
        change = f"the difference of {gap.value:+.1f} people ({gap.low:+.1f} to {gap.high:+.1f}) cannot be told from chance"
    else:
        word = "fewer" if gap.value < 0 else "more"
        low, high = sorted((abs(gap.low), abs(gap.high)))
        change = f"that is {abs(gap.value):.1f} {word} ({low:.1f} to {high:.1f} {word})"
    return (
        f"Against “{base.scenario.title}”, with {people(base.interval('delayed_mean'))}, {change}, and all told it {saving} over the "
        "period, the cost of the plan itself not counted unless somebody gave it."
    )


def _chance(result: Result) -> Interval:
    return result.interval("chance_mean_at_or_under_target")


def _titles(results: Sequence[Result]) -> str:
    return ", ".join(result.scenario.title for result in results)


def _plans(paper: Paper) -> Iterator[Block]:
    comparison = paper.comparison
    headings, rows = plan_cells(comparison.results, comparison)
    # With what the plans themselves cost, as in the table of the money.
    whole = paper.money[paper.money["payer"] == ALL]
    costs = {str(row["scenario"]): float(row["cost"]) for row in whole.to_dict("records")}
    rows = [[*row[:-1], f"{costs[row[0]] / 1e6:.2f}"] for row in rows]
    titled = [[result.scenario.title, *row[1:]] for result, row in zip(comparison.results, rows, strict=True)]
    numbers = frozenset(range(1, len(headings)))
    widths = (2.9, 2.5, 2.5, 2.5, 2.6, 2.6, 1.4)[: len(headings)]
    yield Table("People delayed at midnight, each plan on the same draws", headings, titled, numbers, widths)
    about = [(r.scenario.title, _about(r)) for r in comparison.results if _about(r)]
    if about:
        yield Bullets(about)


def _about(result: Result) -> str:
    return " ".join(result.scenario.about.split())


def _money(paper: Paper) -> Iterator[Block]:
    base = paper.comparison.base.scenario
    titles = {r.scenario.name: r.scenario.title for r in paper.comparison.results}
    rows = [
        (titles[str(row["scenario"])], str(row["payer"]), f"{row['cost'] / 1e6:.2f}", change_in_words(row))
        for row in paper.money.to_dict("records")
    ]
    headings = ("Scenario", "Who pays", "Cost, £m", "Change from the base, £m")
    yield Table("Who pays and who gains", headings, rows, frozenset((2, 3)), (3, 1.3, 1, 2))
    yield Paragraph(
        f"Pounds over {base.run.days} days in prices of {base.costs.price_year}; below nought the payer gains. Costs are days of care at each "
        "service's price and acute beds held beyond need; what a plan itself costs is in it only where that was said. Who pays goes by where a "
        "service is: an assumption, since budgets were pooled. A question mark: cannot be told from chance.",
        "quiet",
    )
    given = [
        f"{titles[c.plan]} itself costs £{c.pounds:,.0f}, paid by the {c.payer}" for c in paper.plan_costs
    ]
    given += [
        f"{base.services[service].label or service} is paid by the {who}"
        for service, who in paper.payers.items()
    ]
    if given:
        yield Paragraph(f"Entered for this paper: {'; '.join(given)}.", "quiet")


def _assumed(paper: Paper) -> Iterator[Block]:
    base, *plans = paper.comparison.results
    known = set(paper.stated[base.scenario.name])
    for plan in plans:
        own = [row for row in paper.stated[plan.scenario.name] if row not in known]
        lines = list(_changes(own)) + [
            ("throughout", *line) for line in grouped([r for r in own if r.is_figure and not _is_change(r)])
        ]
        if lines:
            headings = ("Change", "Figure", "Value", "Where it comes from")
            yield Table(
                f"What is assumed of {plan.scenario.title}",
                headings,
                lines,
                frozenset(),
                (2.2, 2.9, 1.5, 2.7),
            )
    prices = [
        r
        for r in paper.stated[base.scenario.name]
        if r.path.endswith("cost_per_day") or r.path == "costs.hospital_excess_day"
    ]
    if prices:
        lines = [(r.path, str(r.value), r.source or "no source named", r.confidence) for r in prices]
        yield Table(
            f"Prices, pounds of {base.scenario.costs.price_year}",
            ("Price", "£ a day", "Source", "Confidence"),
            lines,
            frozenset((1,)),
            (3.9, 1, 4, 1.4),
        )
    own = _doubtful(paper)
    yield Paragraph(
        f"Of the figures of {base.scenario.title} {len(own)} are assumptions, tuned, fitted, of low confidence or without a source: they are listed in the "
        "annex. What the model leaves out, and its rules, are in flowsim's handbook."
    )


def _is_change(row: InputRow) -> bool:
    return _CHANGE.match(row.path) is not None


def _changes(rows: Sequence[InputRow]) -> Iterator[tuple[str, str, str, str]]:
    """What changes and escalations do, each under its label: (label, figure, value, source)."""
    by_number: dict[str, list[InputRow]] = {}
    for row in rows:
        if _is_change(row):
            by_number.setdefault(row.path.partition(".")[0], []).append(row)
    for number, found in by_number.items():
        label = next((str(r.value) for r in found if r.path == f"{number}.label"), number)
        start = next((f", from {_day(r.value)}" for r in found if r.path == f"{number}.from"), "")
        done: dict[tuple[str, str], list[str]] = {}
        for (figure, verb, source), group in groupby(found, key=_edit):
            if verb:
                done.setdefault((_done(verb, list(group)), source), []).append(figure)
        for (what, source), figures in done.items():
            yield label + start, ", ".join(figures), what, source or "no source named"


def _day(value: object) -> str:
    """A date in words, which unlike 2017-11-01 is not cut in two at a hyphen."""
    return f"{value.day} {value:%B %Y}" if isinstance(value, dt.date) else str(value)


def _done(verb: str, rows: Sequence[InputRow]) -> str:
    """What is done to a table or figure, in words."""
    names = [_plain_path(row).rpartition(".")[2] for row in rows]
    values = [_value(row.value) for row in rows]
    several = [f"{name} {value}" for name, value in zip(names, values, strict=True)]
    return VERBS[verb].format(", ".join(several if len(rows) > 1 else values))


def _edit(row: InputRow) -> tuple[str, str, str]:
    """The table or figure that an edit touches, how, and why; without a verb where it is no edit."""
    found = _CHANGE.match(row.path)
    if found is None or found["verb"] not in VERBS:
        return "", "", ""
    path = found["rest"].replace('"', "")
    parent, _, name = path.rpartition(".")
    return (
        (path if name in ("capacity", "starts") or path.count(".") < 3 else parent),
        found["verb"],
        row.source,
    )


def _doubtful(paper: Paper) -> list[InputRow]:
    rows = paper.stated[paper.comparison.base.scenario.name]
    return [row for row in rows if row.is_figure and row.confidence in DOUBTFUL]


def _annex(paper: Paper) -> Iterator[Block]:
    yield Table(
        f"Figures of {paper.comparison.base.scenario.title} that are assumptions, tuned, fitted, of low confidence or without a source",
        ("Figure", "Value", "Where it comes from"),
        list(grouped(_doubtful(paper))),
        frozenset(),
        (4.2, 2, 4.2),
    )


def grouped(rows: Sequence[InputRow]) -> Iterator[tuple[str, str, str]]:
    """Figures as (what, values, source), those of one table with the same source in one line."""
    for (table, source), group in groupby(rows, key=lambda r: (_plain_path(r).rpartition(".")[0], r.source)):
        found = list(group)
        if len(found) == 1:
            yield _plain_path(found[0]), _value(found[0].value), source or "no source named"
        else:
            values = ", ".join(f"{_plain_path(r).rpartition('.')[2]} {_value(r.value)}" for r in found)
            yield table, values, source or "no source named"


def _plain_path(row: InputRow) -> str:
    """A path without the marks around the part of it that a change alters, which would be cut in two."""
    return row.path.replace('"', "")


def _value(value: object) -> str:
    if isinstance(value, (tuple, list)) and len(value) > SHOWN_VALUES:
        return f"{len(value)} values"
    return str(value)


def _again(paper: Paper) -> Iterator[Block]:
    results = paper.comparison.results
    first = results[0]
    names = [_typed(result.scenario.name) for result in results]
    asked = [] if paper.question == usual_question(paper.comparison) else ["--question", paper.question]
    money = [word for cost in paper.plan_costs for word in ("--plan-cost", str(cost))]
    money += [word for service, who in paper.payers.items() for word in ("--payer", f"{service}={who}")]
    yield Paragraph(
        f"flowsim {__version__}, engine {first.engine}, {first.replications} replications, seed {first.seed}. The same command gives the same figures on "
        "any computer:"
    )
    command = (
        f"python -m flowsim report {_quoted(names)} --replications {first.replications} --seed {first.seed}"
    )
    yield Command(" ".join(filter(None, (command, _quoted([*asked, *money]), "--out paper"))))
    prints = [(result.scenario.name, fingerprint(result.scenario)) for result in results]
    yield Table(
        "Fingerprints of the scenarios (SHA-256 of all that affects results)",
        ("Scenario", "Fingerprint"),
        prints,
        widths=(1, 3.2),
    )


def _quoted(words: Sequence[str]) -> str:
    """Words of a command as Windows and other systems take them: shlex knows the others only."""
    return " ".join(word if _PLAIN.match(word) else f'"{_SPECIAL.sub(_ESCAPED, word)}"' for word in words)


def _typed(name: str) -> str:
    """What somebody types for a scenario: a bundled name, or the name of its file."""
    return name if name in bundled_names() else f"{name}.toml"
