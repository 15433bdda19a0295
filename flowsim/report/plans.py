"""Results as tables and sentences for a terminal: level, chance, difference from the base, reasons, cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from rich.table import Table

from flowsim.decisions.compare import Comparison
from flowsim.experiment.intervals import Interval, can_call
from flowsim.experiment.summary import REASON_LABELS
from flowsim.results import Result
from flowsim.units import date_of, in_percent


def plans_table(results: Sequence[Result], comparison: Comparison | None = None) -> Table:
    """One line a scenario: how many are delayed, how surely the target holds, what differs from the base."""
    target = results[0].scenario.target.delayed
    table = Table(title=f"People delayed at midnight (target {target:g})", title_justify="left")
    for number, heading in enumerate(_headings(results, comparison)):
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in _rows(results, comparison):
        table.add_row(*row)
    return table


def plans_markdown(results: Sequence[Result], comparison: Comparison | None = None) -> str:
    """The same table for a page of text."""
    headings, rows = plan_cells(results, comparison)
    lines = [headings, ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def plan_cells(
    results: Sequence[Result], comparison: Comparison | None = None
) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of that table as words."""
    return _headings(results, comparison), list(_rows(results, comparison))


def _headings(results: Sequence[Result], comparison: Comparison | None) -> list[str]:
    target = results[0].scenario.target.delayed
    found = [
        "Scenario",
        "Delayed, mean",
        f"Days at or under {target:g}",
        f"Chance that the mean is at or under {target:g}",
    ]
    if comparison:
        found.append(f"Difference from {comparison.base.scenario.name}")
    return [*found, "Peak", *(["Cost, £m"] if _costed(results) else [])]


def _costed(results: Sequence[Result]) -> bool:
    """Whether the results say what everything costs; those of the census alone do not."""
    return all("cost" in result.per_replication for result in results)


def _rows(results: Sequence[Result], comparison: Comparison | None) -> Iterator[list[str]]:
    for result in results:
        row = [result.scenario.name, people(result.interval("delayed_mean"))]
        row += [percent(result.interval(f"chance_{what}_at_or_under_target")) for what in ("day", "mean")]
        if comparison:
            row.append(_difference(comparison, result))
        row.append(people(result.interval("delayed_peak")))
        yield [*row, millions(result.interval("cost"))] if _costed(results) else row


def reasons_table(results: Sequence[Result]) -> Table:
    """Mean people delayed by national reason, one column a scenario."""
    table = Table(title="Delayed by reason (mean people at midnight)", title_justify="left")
    table.add_column("Reason")
    for result in results:
        table.add_column(result.scenario.name, justify="right", overflow="fold")
    for reason, label in REASON_LABELS.items():
        measure = f"delayed_{reason}_mean"
        if any(measure in r.per_replication for r in results):
            means = [r.per_replication.get(measure) for r in results]
            table.add_row(label, *["-" if m is None else f"{m.mean():.1f}" for m in means])
    excess = [r.interval("excess_mean").value for r in results]
    table.add_section()
    table.add_row("all who are ready and still there (excess)", *[f"{e:.1f}" for e in excess])
    return table


def sentences(results: Sequence[Result], comparison: Comparison | None = None) -> Iterator[str]:
    """What the tables mean, and how far they can be trusted, in plain words."""
    first = results[0]
    yield (
        f"{first.replications} replications of {first.scenario.run.days} days from "
        f"{first.scenario.run.start:%d %B %Y}, seed {first.seed}, engine {first.engine}. "
        + (
            first.met_words
            or "Ranges in brackets are 95 % intervals over replications: they hold chance, not doubt about the assumptions."
        )
        + (" A difference with a question mark cannot be called." if comparison else "")
    )
    if first.stopped:
        yield f"Stopped early: these are the {first.replications} replications finished by then."
    if first.met_words:
        yield from _spread(results)
    for result in results:
        if not result.warm_up.enough:
            yield f"{result.scenario.name}: {result.warm_up.sentence}"
        yield from _reached(result)
    if comparison:
        for result in results[1:]:
            yield from _not_called(comparison, result)


def tightness(results: Sequence[Result], comparison: Comparison | None, wanted: float) -> str:
    """Whether what was to be known to within so many people is: every difference from the base, or one scenario's mean."""
    found = [results[0].interval("delayed_mean")]
    what = "the mean is"
    if comparison:
        found = [comparison.difference(result, "delayed_mean") for result in results[1:]]
        what = f"every difference from {comparison.base.scenario.name} is"
    widest = max(interval.half_width for interval in found)
    if widest <= wanted:
        return f"As was asked, {what} known to within {wanted:g} people either way."
    return (
        f"Not as tight as was asked: after {results[0].replications:,} replications {what} known to within {widest:.2g} "
        f"people either way, not {wanted:g}."
    )


def _spread(results: Sequence[Result]) -> Iterator[str]:
    """How far apart replications are that meet what is plausible, which the interval of their mean does not tell."""
    name, base = results[0].scenario.name, results[0].per_replication["delayed_mean"]
    for result in results:
        means = result.per_replication["delayed_mean"]
        low, high = np.percentile(means, (5, 95))
        said = f"{result.scenario.name}: nine replications in ten have a mean of {low:.1f} to {high:.1f} people delayed"
        lower = f"; in {100 * np.mean(means < base):.0f} % of all it is lower than in {name}"
        yield f"{said}{'' if result is results[0] else lower}."


def _reached(result: Result) -> Iterator[str]:
    target, held = result.scenario.target, result.interval("chance_target_held_four_weeks")
    first = result.interval("first_day_target_held")
    if first.value == first.value and held.value > 0.5:
        date = date_of(result.scenario.run.start, int(first.value))
        yield (
            f"{result.scenario.name}: at or under {target.delayed:g} for four weeks running in "
            f"{percent(held)} of replications, in half of them all from {date:%d %B %Y} or before."
        )


def _not_called(comparison: Comparison, result: Result) -> Iterator[str]:
    needed = comparison.replications_to_call(result)
    if needed is not None:
        yield (
            f"{result.scenario.name}: the difference from {comparison.base.scenario.name} cannot be called with "
            f"{result.replications} replications; if it is what it seems, about {needed:,} would do in four cases of five "
            f"(--replications {needed})."
        )


def _difference(comparison: Comparison, result: Result) -> str:
    if result is comparison.base:
        return "base"
    found = comparison.difference(result, "delayed_mean")
    return f"{found.value:+.1f} ({found.low:+.1f} to {found.high:+.1f}){'' if can_call(found) else ' ?'}"


def people(interval: Interval) -> str:
    """People with their interval: 134.2 (128.1 to 140.3)."""
    return _with_bounds(interval, lambda v: f"{v:.1f}")


def percent(interval: Interval) -> str:
    """A share in per cent with its interval."""
    return _with_bounds(interval, in_percent)


def millions(interval: Interval) -> str:
    """Pounds in millions; the interval is left to the summary."""
    return f"{interval.value / 1e6:.2f}"


def _with_bounds(interval: Interval, show: Callable[[float], str]) -> str:
    if interval.low != interval.low:
        return show(interval.value)
    return f"{show(interval.value)} ({show(interval.low)} to {show(interval.high)})"
