"""Targets of a fit: what a model is held against, in one table with unit and hint, and how a replication is read.

A target that is spread over months or weekdays stands for one figure each. What a replication amounts to is read from its
midnight census where that is enough (the fast way to run), else from all its measures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from flowsim.errors import ScenarioError
from flowsim.experiment.summary import by_replication
from flowsim.experiment.worker import Outcome
from flowsim.measures.ground import BODIES, REASONS
from flowsim.observed import Observed
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import Timeline
from flowsim.scenario.words import nearest, printable
from flowsim.units import WEEKDAYS, Floats

Spread = Literal["months", "weekdays", "once"]
JOIN: Final = "+"
# Left out of a weekday pattern: the trust's beds are those of Christmas then, not of a week.
CHRISTMAS: Final = ((12, 20), (1, 5))
FEWEST_WEEKS: Final = 4


@dataclass(frozen=True)
class Kind:
    """A family of targets. `name` may hold one <reason>, <body>, <service>, <route> or <weekday>.

    `from_data`: whether the observed figures can give the value; else the fit file must. `census`: whether the midnight
    census is enough to read it from a replication.
    """

    name: str
    unit: str
    hint: str
    spread: Spread = "once"
    from_data: bool = False
    census: bool = True


# The one table of targets. Names of single figures are those of the summary.
KINDS: Final = (
    Kind("monthly_delayed", "people", "mean number delayed at midnight, month by month; observed: the monthly return", "months", True),
    Kind("monthly_delayed_<reason>", "people", "the same for one national reason (A, B, C, Di, Dii, E, F, G, H, I) or several together, such as Di+Dii", "months", True),
    Kind("monthly_delayed_by_<body>", "people", "the same for a responsible body: nhs, social_care, both", "months", True),
    Kind("delayed_mean", "people", "mean number delayed at midnight over the fitted months", "once", True),
    Kind("delayed_<reason>_mean", "people", "the same for one reason or several together", "once", True),
    Kind("delayed_by_<body>_mean", "people", "the same for a responsible body", "once", True),
    Kind("excess_mean", "people", "mean number ready and still in hospital at midnight over the fitted months: the level of excess"),
    Kind("weekday_beds", "share", "people in hospital on each weekday over the mean of the week, less 1; observed: daily beds", "weekdays", True, False),
    Kind("weekday_discharges", "share", "discharges on each weekday over the mean of the week, less 1; observed: the list of discharges", "weekdays", True, False),
    Kind("wait_mean_<service>", "days", "mean wait for a service over the run", census=False),
    Kind("wait_median_<service>", "days", "median wait for a service over the run", census=False),
    Kind("wait_p90_<service>", "days", "wait that nine of ten do not exceed, over the run", census=False),
    Kind("wait_within_24h_<service>", "share", "share who wait at most 24 hours, over the run", census=False),
    Kind("ready_to_left_<route>", "days", "mean days from being ready to leaving hospital on a route, over the run", census=False),
    Kind("occupancy_<service>", "share", "mean use of a service over its mean capacity, over the run", census=False),
    Kind("in_<service>_mean", "people", "mean number in a service at midnight over the fitted months", census=False),
    Kind("queue_<service>_mean", "people", "mean number queueing for a service at midnight over the fitted months", census=False),
    Kind("discharges_on_<weekday>", "people per day", "discharges from hospital on a weekday, over the run", census=False),
    Kind("still_at_home", "share", "share at home 91 days after leaving hospital for care, over the run", census=False),
    Kind("care_home_admissions", "people per year", "admissions to care homes, over the run", census=False),
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """A target as the fit file asks for it.

    `tolerance` is the standard deviation, as a share of the figure, by which the model may be off for reasons other than
    chance (what it leaves out, and how well the figure was counted); `within` is the same in the target's unit. `weight`, from 0 to 1, says
    how much of what it tells is used: at a half it has as much again of an error of its own, at 0 it is only reported.
    """

    name: str
    value: float | None = None
    tolerance: float = 0.05
    within: float | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Target:
    """One figure that the model is held against: `part` is its month ("2016-04") or weekday, empty where it is single."""

    name: str
    part: str
    unit: str
    observed: float
    sd: float
    weight: float
    kind: Kind

    @property
    def label(self) -> str:
        """Name and part."""
        return f"{self.name} {self.part}".strip()


def kind_of(name: str, scenario: Scenario) -> Kind | None:
    """The family that a name belongs to; None where there is none."""
    for kind in KINDS:
        before, mark, after = _divided(kind)
        if not mark:
            if name == kind.name:
                return kind
            continue
        inside = name[len(before) : len(name) - len(after)]
        if name.startswith(before) and name.endswith(after) and _is_part(inside, mark, scenario):
            return kind
    return None


def _divided(kind: Kind) -> tuple[str, str, str]:
    before, opened, rest = kind.name.partition("<")
    mark, _, after = rest.partition(">")
    return before, mark if opened else "", after


def _is_part(text: str, mark: str, scenario: Scenario) -> bool:
    if mark == "reason":
        return all(code in REASONS for code in text.split(JOIN))
    return text in _parts(mark, scenario)


def _parts(mark: str, scenario: Scenario) -> Sequence[str]:
    there: Mapping[str, Sequence[str]] = {
        "reason": REASONS,
        "body": BODIES,
        "service": tuple(scenario.services),
        "route": tuple(scenario.routes),
        "weekday": WEEKDAYS,
    }
    return there[mark]


def names_for(scenario: Scenario) -> Iterator[str]:
    """Every name of a target that a scenario can have."""
    for kind in KINDS:
        before, mark, after = _divided(kind)
        yield from (f"{before}{part}{after}" for part in _parts(mark, scenario)) if mark else (kind.name,)


def complaint_about(wanted: Wanted, scenario: Scenario) -> str | None:
    """What is wrong with a target's name or value for this scenario, in words; None where nothing is."""
    kind = kind_of(wanted.name, scenario)
    if kind is None:
        return f"there is no such target; {nearest(wanted.name, list(names_for(scenario)))}"
    reasons = _reasons(wanted.name, kind)
    given = {service.reason for service in scenario.services.values()}
    if reasons and not given & set(reasons):
        return (
            f"no service of {scenario.name} has {' or '.join(reasons)} as its reason, so it is always 0 there"
        )
    if wanted.value is not None and kind.spread != "once":
        return f"takes no value: it is {kind.spread}, so it has one figure for each, from what was observed"
    if wanted.value is None and not kind.from_data:
        return f"needs a value (in {kind.unit}): the observed figures cannot tell it"
    return None


def _reasons(name: str, kind: Kind) -> tuple[str, ...]:
    before, mark, after = _divided(kind)
    return tuple(name[len(before) : len(name) - len(after)].split(JOIN)) if mark == "reason" else ()


# What was observed


def targets_for(
    scenario: Scenario, observed: Observed, wanted: Sequence[Wanted], months: Sequence[str]
) -> tuple[Target, ...]:
    """Every figure to be met, in order. Raises ScenarioError, in words, where the data do not have it."""
    found: list[Target] = []
    wrong: list[str] = []
    for one in wanted:
        kind = kind_of(one.name, scenario)
        assert kind is not None  # complaint_about
        given = {"": one.value} if one.value is not None else _observed(one.name, kind, observed, months)
        known = {part: value for part, value in given.items() if value is not None and np.isfinite(value)}
        if not known:
            wrong.append(f"targets.{printable(one.name)}: the observed figures do not have it ({kind.hint})")
        size = max((abs(value) for value in known.values()), default=0.0)
        for part, value in known.items():
            # A month with next to nothing may still be off by something.
            off = (
                one.within
                if one.within is not None
                else max(one.tolerance * abs(value), 0.2 * one.tolerance * size)
            )
            found.append(Target(one.name, part, kind.unit, float(value), off, one.weight, kind))
    if wrong:
        raise ScenarioError(wrong)
    return tuple(found)


def _observed(name: str, kind: Kind, observed: Observed, months: Sequence[str]) -> Mapping[str, float | None]:
    if kind.spread == "weekdays":
        counts = _beds_by_day(observed) if name == "weekday_beds" else _discharges_by_day(observed)
        return {} if counts is None else _by_weekday(counts, months)
    table = monthly_people(observed)
    columns = _columns(name, kind)
    if table is None or any(column not in table for column in columns):
        return {}
    people = table[list(columns)].sum(axis=1, skipna=False)
    there = [month for month in months if month in table.index]
    if kind.spread == "months":
        return {month: float(people[month]) for month in there}
    if len(there) < len(months):
        return {}
    days = np.array([pd.Period(month, "M").days_in_month for month in there])
    return {"": float(np.average(people[there], weights=days))}


def monthly_people(observed: Observed) -> pd.DataFrame | None:
    """Mean people delayed by month ("2016-04"), columns as the days of the return: from the return, else from a daily census."""
    if observed.monthly is not None:
        index = pd.PeriodIndex(observed.monthly.index, freq="M")
        counts = observed.monthly.drop(columns="per_day", errors="ignore")
        return counts.div(index.days_in_month, axis=0).set_axis(index.strftime("%Y-%m"), axis=0)
    if observed.census is None:
        return None
    named = observed.census.add_prefix("days_").rename(columns={"days_total": "total_days"})
    months = pd.PeriodIndex(named.index, freq="M")
    # A month of which days are missing is not known.
    sizes = pd.Series(1, index=months).groupby(level=0).sum()
    whole = pd.PeriodIndex(sizes.index[sizes.to_numpy() == pd.PeriodIndex(sizes.index).days_in_month])
    means = named.groupby(months).mean().loc[whole]
    found: pd.DataFrame = means.set_axis(whole.strftime("%Y-%m"), axis=0)
    return found


def months_of(observed: Observed) -> set[str] | None:
    """The months that the return or the census covers; None where there is neither."""
    table = monthly_people(observed)
    return None if table is None else set(table.index)


def _columns(name: str, kind: Kind) -> tuple[str, ...]:
    """The columns of the monthly return that a target adds up."""
    if reasons := _reasons(name, kind):
        return tuple(f"days_{code}" for code in reasons)
    body = next((b for b in BODIES if name.removesuffix("_mean").endswith(f"_by_{b}")), None)
    return (f"days_{body}",) if body else ("total_days",)


def _beds_by_day(observed: Observed) -> pd.Series[float] | None:
    beds = observed.daily_beds
    return None if beds is None or "occupied" not in beds else beds["occupied"].astype(float)


def _discharges_by_day(observed: Observed) -> pd.Series[float] | None:
    people = observed.discharges
    if people is None or "left" not in people:
        return None
    left = pd.to_datetime(people["left"]).dropna().dt.floor("D")
    if left.empty:
        return None
    days = pd.date_range(left.min(), left.max())
    return left.value_counts().reindex(days, fill_value=0).astype(float)


def _by_weekday(counts: pd.Series[float], months: Sequence[str]) -> dict[str, float | None]:
    """How each weekday stands to the mean of the week, less 1, Christmas left out; nothing of fewer than four weeks."""
    days = pd.DatetimeIndex(counts.index)
    inside = np.isin(days.strftime("%Y-%m"), list(months)) & ~np.array([_is_christmas(d) for d in days])
    kept = counts[inside].dropna()
    if len(kept) < 7 * FEWEST_WEEKS:
        return {}
    weekday = pd.DatetimeIndex(kept.index).day_of_week
    means = np.array([kept[weekday == n].mean() for n in range(7)])
    return {day: float(means[n] / means.mean() - 1) for n, day in enumerate(WEEKDAYS)}


def _is_christmas(day: dt.date) -> bool:
    return (day.month, day.day) >= CHRISTMAS[0] or (day.month, day.day) <= CHRISTMAS[1]


# What a replication says


class Reading:
    """How to read every target from a replication of a scenario: `of(outcome, timeline)`, shape (targets,)."""

    def __init__(self, targets: Sequence[Target], scenario: Scenario, months: Sequence[str]) -> None:
        self.targets = tuple(targets)
        run = scenario.run
        dates = pd.date_range(run.start, periods=run.days)
        self._month = dates.strftime("%Y-%m").to_numpy()
        self._weekday = dates.day_of_week.to_numpy()
        self._fitted = np.isin(self._month, list(months))
        self._christmas = np.array([_is_christmas(d) for d in dates])
        self.census_only = all(target.kind.census for target in targets)

    def of(self, outcome: Outcome, timeline: Timeline) -> Floats:
        """Every target in one replication; NaN where it has none."""
        numbers: dict[str, Floats] | None = None
        found = np.empty(len(self.targets))
        for n, target in enumerate(self.targets):
            names = _dailies(target)
            if names:
                found[n] = self._mean_of_days(outcome, names, target)
                continue
            if numbers is None:
                numbers = by_replication([outcome], timeline)
            found[n] = numbers[target.name][0] if target.name in numbers else np.nan
        return found

    def _mean_of_days(self, outcome: Outcome, names: Sequence[str], target: Target) -> float:
        daily = outcome.measured.daily
        values = np.zeros(self._month.size)
        for name in names:
            if name in daily.names:
                values += daily[name][-self._month.size :]
        if target.kind.spread == "weekdays":
            days = self._fitted & ~self._christmas
            means = np.array([values[days & (self._weekday == n)].mean() for n in range(7)])
            return float(means[WEEKDAYS.index(target.part)] / means.mean() - 1) if means.mean() else np.nan
        days = self._month == target.part if target.kind.spread == "months" else self._fitted
        return float(values[days].mean())


def _dailies(target: Target) -> tuple[str, ...]:
    """The daily measures that a target adds up; none where it is a number over the whole run."""
    name, kind = target.name, target.kind
    if kind.name == "weekday_beds":
        return ("in_hospital",)
    if kind.name == "weekday_discharges":
        return ("discharges",)
    if reasons := _reasons(name, kind):
        return tuple(f"delayed_{code}" for code in reasons)
    plain = name.removeprefix("monthly_").removesuffix("_mean")
    is_daily = name.startswith("monthly_") or kind.name.endswith("_mean")
    return (plain,) if is_daily else ()
