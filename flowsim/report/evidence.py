"""Observed figures, forecasts and back-tests in words: tables for the terminal, and sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from rich.table import Table

from flowsim.decisions.backtest import MODEL, Backtest
from flowsim.decisions.forecast import Forecast
from flowsim.experiment.intervals import Interval
from flowsim.observed import Observed, contents
from flowsim.report.plans import percent
from flowsim.units import in_percent


def contents_table(observed: Observed) -> Table:
    """What a file holds."""
    table = Table(title="What was found", title_justify="left", title_style="bold")
    table.add_column("Figures")
    table.add_column("How much", overflow="fold")
    for what, how_much in contents(observed):
        table.add_row(what, how_much)
    return table


def notes_of(observed: Observed) -> Iterator[str]:
    """Sources, and what a reader should know."""
    if observed.sources:
        yield f"From: {'; '.join(observed.sources)}."
    yield from (f"{note}." for note in observed.notes)


def fits_table(fits: pd.DataFrame) -> Table:
    """Families fitted to stays, the best first in each group."""
    table = Table(
        title="Stays: families compared by AIC (smaller is better)", title_justify="left", title_style="bold"
    )
    for heading in (
        "Of",
        "People",
        "Not ended",
        "Family",
        "Mean, days",
        "sd, days",
        "Median",
        "90th percentile",
        "AIC",
        "Behind the best",
    ):
        table.add_column(heading, justify="left" if heading in ("Of", "Family") else "right")
    for row in fits.to_dict("records"):
        table.add_row(
            str(row["of"]), f"{row['people']:,}", f"{row['censored']:,}", str(row["family"]), f"{row['mean']:.2f}",
            f"{row['sd']:.2f}", f"{row['median']:.2f}", f"{row['p90']:.2f}", f"{row['aic']:.1f}", f"{row['behind']:.1f}",
        )  # fmt: skip
    return table


def weeks_table(found: Forecast) -> Table:
    """A forecast week by week."""
    title = f"People delayed at midnight, mean of each week: {found.scenario.title}"
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in (
        "Week",
        "From",
        "Mean",
        "Median",
        "50 % band",
        "90 % band",
        f"Chance at or under {found.target:g}",
    ):
        table.add_column(heading, justify="right")
    for row in found.weekly.to_dict("records"):
        table.add_row(
            f"{row['week']}", f"{row['from']:%Y-%m-%d}", f"{row['mean']:.0f}", f"{row['median']:.0f}",
            f"{row['low50']:.0f} to {row['high50']:.0f}", f"{row['low90']:.0f} to {row['high90']:.0f}",
            percent(Interval(row["chance"], row["chance_low"], row["chance_high"])),
        )  # fmt: skip
    return table


def forecast_tables(found: Forecast) -> dict[str, pd.DataFrame]:
    """A forecast as tables to take away: by day, week and month, and who is there at the start; days as words."""
    tables = {"By day": found.daily, "By week": found.weekly, "By month": found.monthly}
    if found.day_0 is not None:
        tables["At the start"] = found.day_0
    return {name: _days_as_words(table) for name, table in tables.items()}


def _days_as_words(table: pd.DataFrame) -> pd.DataFrame:
    dates = {str(name): table[name].dt.strftime("%Y-%m-%d") for name in table.select_dtypes("datetime")}
    return table.assign(**dates)


def forecast_sentences(found: Forecast) -> Iterator[str]:
    """Whether and when the target is met, and how it was worked out."""
    target, confidence = found.target, found.scenario.target.confidence
    held = found.held_from()
    if held is None:
        yield (
            f"The target of {target:g} is not met: the chance that it holds for four weeks running within these "
            f"{len(found.weekly)} weeks is {in_percent(found.chance_held)}."
        )
    else:
        median, low, high = held
        yield (
            f"The target of {target:g} is met for four weeks running from about {_day(median)} on "
            f"(90 % band {_day(low)} to {_day(high)}; chance {in_percent(found.chance_held)})."
        )
    for chance in dict.fromkeys((0.5, confidence)):
        yield from _on_a_day(found, chance)
    if len(found.monthly):
        months = "; ".join(
            f"{row['month']:%B %Y} {row['median']:.0f} a day ({row['low90']:.0f} to {row['high90']:.0f})"
            for row in found.monthly.to_dict("records")
        )
        yield f"By month, median and 90 % band: {months}."
    yield found.method


def _on_a_day(found: Forecast, chance: float) -> Iterator[str]:
    """From when to the end a day's chance is so great, or until when from the start; nothing of a time in between that passes."""
    begin, end, level = found.stays_from(chance), found.stays_until(chance), in_percent(chance)
    on_a_day = f"the chance of being at or under target on a day is {level} or more"
    if begin is None and end is not None:
        yield f"{on_a_day.capitalize()} until {_day(end)}, but does not stay there."
    elif begin is not None and end is not None:
        yield f"On every day the chance of being at or under target is {level} or more."
    elif begin is not None:
        yield f"From {_day(begin)} to the end {on_a_day}."


def _day(date: pd.Timestamp) -> str:
    return f"{date.day} {date:%B %Y}"


def scores_table(found: Backtest) -> Table:
    """How good each forecaster was, over the months that all of them forecast."""
    table = Table(title="Back-test: people delayed a day, by month", title_justify="left", title_style="bold")
    for heading in (
        "Forecaster",
        "Months",
        "Mean absolute error",
        "CRPS",
        "In the 50 % band",
        "In the 90 % band",
        "Width of the 90 % band",
    ):
        table.add_column(heading, justify="left" if heading == "Forecaster" else "right")
    for row in found.scores.to_dict("records"):
        table.add_row(
            str(row["forecaster"]), f"{row['months']}", f"{row['mae']:.1f}", f"{row['crps']:.1f}", in_percent(row["coverage50"]),
            in_percent(row["coverage90"]), f"{row['width90']:.0f}",
        )  # fmt: skip
    return table


def backtest_sentences(found: Backtest) -> Iterator[str]:
    """Whether the model is better than its rivals, and how it was tested."""
    beats = found.beats()
    for verdict, words in ((True, "better (smaller CRPS) than"), (False, "not better than")):
        names = [name for name, better in beats.items() if better is verdict]
        if names:
            yield f"{MODEL.capitalize()} is {words}: {', '.join(names)}."
    if not beats:
        yield "No month was forecast by all: cut later, when there is a year of months before it."
    cuts = found.table["cut"].unique()
    yield f"{len(cuts)} cuts, {cuts[0]} to {cuts[-1]}. {found.method}"
    yield "Dated changes of the scenario count as known in advance, also those after a cut."
