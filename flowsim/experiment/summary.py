"""From replications to one tidy table: each measure with its interval and unit (design, section 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from flowsim.experiment.intervals import NO_INTERVAL, Interval, mean_interval, wilson_interval
from flowsim.experiment.worker import Outcome
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import Timeline
from flowsim.units import Floats, date_of

HELD_DAYS: Final = 28
PER: Final = 100_000
# A week's snapshot is the midnight that ends its Thursday: the national return's snapshot day.
SNAPSHOT_WEEKDAY: Final = 3

# The unit of a measure, by how its name begins; the first that fits.
UNITS: Final = (
    ("delayed_days", "days"), ("excess_days", "days"), ("days_over_target", "days"), ("delayed_rate", "delayed days per 100,000 adults per day"),
    ("delayed", "people"), ("excess", "people"), ("waiting", "people"), ("in_", "people"), ("queue_", "people"),
    ("blocked_", "people"), ("used_", "capacity units"), ("occupancy_", "share"), ("wait_within", "share"), ("wait_", "days"),
    ("ready_to_left", "days"), ("starts_", "people per day"), ("discharges", "people per day"), ("admissions", "people per day"),
    ("care_home_admissions", "people per year"), ("still_at_home", "share"), ("chance_", "share"), ("first_day", "days"), ("cost", "pounds"),
)  # fmt: skip
# The national reason codes of a delay, in words.
REASON_LABELS: Final = {
    "A": "A  completion of assessment", "B": "B  public funding", "C": "C  further non-acute NHS care",
    "Di": "Di  residential home", "Dii": "Dii  nursing home", "E": "E  care package in own home",
    "F": "F  community equipment", "G": "G  patient or family choice", "H": "H  disputes", "I": "I  housing",
    "other": "no reason named",
}  # fmt: skip


def unit_of(measure: str) -> str:
    """The unit of a measure."""
    return next((unit for beginning, unit in UNITS if measure.startswith(beginning)), "")


@dataclass(frozen=True)
class Row:
    """One line of the summary."""

    measure: str
    interval: Interval
    unit: str


def by_replication(outcomes: Sequence[Outcome], timeline: Timeline) -> dict[str, Floats]:
    """Every number that a replication amounts to, shape (replications,) each, NaN where it has none.

    Only what was measured is there: replications of the census alone have no waits, flows or costs.
    """
    found = _totals(outcomes) | _means(outcomes, timeline)
    return (
        found
        | _shares_of_capacity(timeline, found)
        | _rate(timeline.scenario, found)
        | _months(outcomes, timeline)
    )


def summarise(
    outcomes: Sequence[Outcome], timeline: Timeline, numbers: Mapping[str, Floats] | None = None
) -> list[Row]:
    """Every measure with its interval over replications, chances first.

    `numbers` are those of `by_replication`, where the caller has them already.
    """
    rows = [*_chances(outcomes, timeline)]
    for name, values in (numbers or by_replication(outcomes, timeline)).items():
        known = values[~np.isnan(values)]
        rows.append(Row(name, mean_interval(known), unit_of(name)))
    return rows


def daily_names(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """The daily measures of these replications, in order; few replications have one that others lack."""
    tuples = dict.fromkeys(o.measured.daily.names for o in outcomes)
    return tuple(dict.fromkeys(name for names in tuples for name in names))


def daily_table(outcomes: Sequence[Outcome], names: Sequence[str], days: slice) -> Floats:
    """Daily measures of every replication, zero where one never occurred; shape (measures, replications, days)."""
    place = {name: number for number, name in enumerate(names)}
    first = outcomes[0].measured.daily.table()[:, days]
    table = np.zeros((len(names), len(outcomes), first.shape[1]))
    for number, outcome in enumerate(outcomes):
        daily = outcome.measured.daily
        table[[place[name] for name in daily.names], number] = daily.table()[:, days]
    return table


def _totals(outcomes: Sequence[Outcome]) -> dict[str, Floats]:
    """What each replication amounts to over the run; NaN where one lacks a number, such as the cost of what is free in it."""
    tuples = dict.fromkeys(o.measured.totals.names for o in outcomes)
    names = tuple(dict.fromkeys(name for some in tuples for name in some))
    place = {name: number for number, name in enumerate(names)}
    table = np.full((len(names), len(outcomes)), np.nan)
    for number, outcome in enumerate(outcomes):
        totals = outcome.measured.totals
        table[[place[name] for name in totals.names], number] = totals.numbers
    return dict(zip(names, table, strict=True))


def _means(outcomes: Sequence[Outcome], timeline: Timeline) -> dict[str, Floats]:
    """The mean over the run of every daily measure but those whose mean is among the totals."""
    names = daily_names(outcomes)
    place = {name: number for number, name in enumerate(names)}
    means = np.zeros((len(names), len(outcomes)))
    for number, outcome in enumerate(outcomes):
        daily = outcome.measured.daily
        of_run = daily.table()[:, -timeline.first_day :].mean(axis=1)
        means[[place[name] for name in daily.names], number] = of_run
    return {f"{name}_mean": means[place[name]] for name in names if name not in ("excess", "delayed")}


def _chances(outcomes: Sequence[Outcome], timeline: Timeline) -> Iterator[Row]:
    """The chance of being at or under target: on a day, at a week's snapshot, on the period's mean, for four weeks."""
    run = slice(-timeline.first_day, None)
    delayed = np.stack([o.measured.daily["delayed"][run] for o in outcomes])
    target, trials = timeline.scenario.target.delayed, len(outcomes)
    met = delayed <= target
    snapshots = met[:, timeline.weekday[run] == SNAPSHOT_WEEKDAY]
    yield Row(
        "chance_day_at_or_under_target", wilson_interval(float(met.mean(axis=1).sum()), trials), "share"
    )
    if snapshots.shape[1]:
        weekly = float(snapshots.mean(axis=1).sum())
        yield Row("chance_week_at_or_under_target", wilson_interval(weekly, trials), "share")
    mean_met = float((delayed.mean(axis=1) <= target).sum())
    yield Row("chance_mean_at_or_under_target", wilson_interval(mean_met, trials), "share")
    held = np.array([held_from(row) for row in met])
    reached = ~np.isnan(held)
    yield Row("chance_target_held_four_weeks", wilson_interval(float(reached.sum()), trials), "share")
    yield Row("first_day_target_held", _median_and_band(held), "days")


def _median_and_band(days: Floats) -> Interval:
    """The median and the 5th and 95th percentile of first days, NaN for those who never get there.

    Who never gets there gets there later than all others: to leave them out would tell of the lucky ones. So an end that lies among
    them is NaN, and all three are where no more than half get there.
    """
    late = np.where(np.isnan(days), np.inf, days)
    low, middle, high = np.percentile(late, [5, 50, 95], method="inverted_cdf")
    if np.isinf(middle):
        return NO_INTERVAL
    return Interval(float(middle), float(low), float(high) if np.isfinite(high) else np.nan)


def held_from(met: np.ndarray) -> float:
    """The first day from which the target is met for four weeks running; NaN if it never is."""
    run = np.convolve(met, np.ones(HELD_DAYS), mode="valid") if met.size >= HELD_DAYS else np.zeros(0)
    days = np.flatnonzero(run == HELD_DAYS)
    return float(days[0]) if days.size else np.nan


def _shares_of_capacity(timeline: Timeline, found: dict[str, Floats]) -> dict[str, Floats]:
    """Mean use of each limited service over its mean capacity, escalations left out."""
    run = slice(-timeline.first_day, None)
    shares = {}
    for name, service in timeline.scenario.services.items():
        if service.capacity is not None and f"used_{name}_mean" in found:
            capacity = timeline.by_day(lambda s, n=name: s.services[n].capacity or 0.0)[run].mean()  # type: ignore[misc]
            if capacity > 0:
                shares[f"occupancy_{name}"] = found[f"used_{name}_mean"] / capacity
    return shares


def _rate(scenario: Scenario, found: dict[str, Floats]) -> dict[str, Floats]:
    adults = scenario.counting.adults
    return {"delayed_rate": found["delayed_mean"] / adults * PER} if adults else {}


def _months(outcomes: Sequence[Outcome], timeline: Timeline) -> dict[str, Floats]:
    """Delayed days of each calendar month in the run, as in the national return."""
    run = slice(-timeline.first_day, None)
    start: dt.date = timeline.scenario.run.start
    months = np.array([f"{date_of(start, day):%Y-%m}" for day in range(timeline.last_day)])
    delayed = np.stack([o.measured.daily["delayed"][run] for o in outcomes])
    return {
        f"delayed_days_{month}": delayed[:, months == month].sum(axis=1)
        for month in dict.fromkeys(months.tolist())
    }
