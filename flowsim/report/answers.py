"""Answers in words: does a plan keep the target, how surely, and what does it change against the base?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from flowsim.decisions.compare import Comparison
from flowsim.experiment.intervals import Interval, can_call
from flowsim.report.plans import people, percent
from flowsim.results import Result

# Fewer replications than this give no interval worth reading.
FEWEST: Final = 10
# The mean is known well enough when its 95 % interval is at most this many people either way.
TIGHT: Final = 5.0
# Below this chance, even at the upper end of its interval, the answer is no.
UNLIKELY: Final = 0.5


def answer(result: Result) -> str:
    """Whether the period's mean keeps the target, and how surely, in one sentence or two."""
    name, target = result.scenario.name, result.scenario.target
    mean = result.interval("delayed_mean")
    if result.replications < FEWEST:
        return f"A first look at {name}, {result.replications} replications: some {mean.value:.0f} people are delayed at midnight on average."
    chance = result.interval("chance_mean_at_or_under_target")
    sure, unlikely = chance.low >= target.confidence, chance.high < UNLIKELY
    verdict = (
        f"Yes, with {name}" if sure else f"No, not with {name}" if unlikely else f"Not surely, with {name}"
    )
    return (
        f"{verdict}: {mean.value:.0f} people are delayed at midnight on average ({mean.low:.0f} to {mean.high:.0f}), "
        f"and the chance that the average is at or under {target.delayed:g} is {percent(chance)}."
    )


def change(comparison: Comparison, result: Result) -> str:
    """What a plan changes against the base, and whether that can be called."""
    base = comparison.base
    found = comparison.difference(result, "delayed_mean")
    if math.isnan(found.low):
        return f"Against {base.scenario.name} too little has been run for a comparison."
    size, low, high = abs(found.value), *sorted((abs(found.low), abs(found.high)))
    if found.value == found.low == found.high == 0:
        return f"It changes nothing against {base.scenario.name}."
    if can_call(found):
        way = "fewer" if found.value < 0 else "more"
        return f"That is {size:.1f} {way} than {base.scenario.name} ({low:.1f} to {high:.1f} {way})."
    needed = comparison.replications_to_call(result)
    more = (
        f"; about {needed:,} replications would tell in four cases of five, if it is what it seems"
        if needed
        else ""
    )
    return (
        f"The difference from {base.scenario.name} cannot be called: {found.value:+.1f} "
        f"({found.low:+.1f} to {found.high:+.1f}){more}."
    )


def not_tight(results: Sequence[Result], comparison: Comparison | None) -> list[str]:
    """What is not known tightly enough yet, one sentence each; empty where all is."""
    said = []
    for result in results:
        half = result.interval("delayed_mean").half_width
        if result.replications < FEWEST:
            said.append(f"{result.scenario.name}: only {result.replications} replications so far.")
        elif half > TIGHT:
            said.append(
                f"{result.scenario.name}: the average is known only to within {half:.1f} people either way."
            )
    for result in results[1:] if comparison else ():
        assert comparison is not None
        found = comparison.difference(result, "delayed_mean")
        if result.replications >= FEWEST and not can_call(found) and found.value:
            said.append(
                f"{result.scenario.name}: the difference from {comparison.base.scenario.name} cannot be called."
            )
    return said


def key_figures(results: Sequence[Result], comparison: Comparison | None) -> pd.DataFrame:
    """One row a scenario, in words: what the page's first table shows."""
    target = results[0].scenario.target.delayed
    rows = []
    for result in results:
        row = {
            "Scenario": result.scenario.name,
            "Delayed, mean": people(result.interval("delayed_mean")),
            f"Chance that the mean is at or under {target:g}": percent(
                result.interval("chance_mean_at_or_under_target")
            ),
            f"Chance that a day is at or under {target:g}": percent(
                result.interval("chance_day_at_or_under_target")
            ),
            "Highest day": people(result.interval("delayed_peak")),
            f"Days over {target:g}": people(result.interval("days_over_target")),
        }
        if comparison:
            row[f"Difference from {comparison.base.scenario.name}"] = _difference(comparison, result)
        rows.append(row)
    return pd.DataFrame(rows)


def differences_in_words(
    comparison: Comparison, measures: Sequence[str]
) -> Iterator[tuple[str, str, str, Interval]]:
    """(scenario, measure, whether it can be called, interval) for some measures of every plan."""
    for result in comparison.results[1:]:
        for measure in measures:
            if measure in result.per_replication and measure in comparison.base.per_replication:
                found = comparison.difference(result, measure)
                yield result.scenario.name, measure, "yes" if can_call(found) else "no", found


def _difference(comparison: Comparison, result: Result) -> str:
    if result is comparison.base:
        return "base"
    found = comparison.difference(result, "delayed_mean")
    if math.isnan(found.low):
        return f"{found.value:+.1f}"
    return f"{found.value:+.1f} ({found.low:+.1f} to {found.high:+.1f}){'' if can_call(found) else ', cannot be called'}"
