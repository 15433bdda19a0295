"""The next weeks: how many people will be delayed, with bands, and whether and when the target is met.

Two ways to begin. With counts of today (`flowsim.decisions.today`) the run starts from them, without a warm-up. With months only,
it starts from the scenario's own past, and its paths are conditioned on the months before the first day that is forecast
(`flowsim.decisions.ensemble`): weighted by how well they agree, set to where the last month left off, and given the
error that the model was found to have. Without either the scenario is run as it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from flowsim.decisions.ensemble import PERSISTENCE, Conditioned, Ensemble, condition
from flowsim.decisions.plausible import Met, Plausible
from flowsim.decisions.prior import prior_set
from flowsim.decisions.scores import weighted_quantiles
from flowsim.decisions.today import started
from flowsim.engine import AUTO
from flowsim.errors import RunError
from flowsim.experiment.intervals import wilson_interval
from flowsim.experiment.replicate import Progress, ignore
from flowsim.experiment.run import Effort, run_together
from flowsim.experiment.summary import held_from
from flowsim.observed import Observed
from flowsim.observed.today import Today
from flowsim.results import Result
from flowsim.scenario.edits import Plan
from flowsim.scenario.files import load
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import altered
from flowsim.scenario.words import shortened
from flowsim.units import Floats, in_percent

PATHS: Final = 400
WEEKS: Final = 12
MOST_WEEKS: Final = 104
# Months of so many times as many people as the scenario has, or as few, are of another place.
OTHER_CITY: Final = 10
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
NAMES: Final = ("low90", "low50", "median", "high50", "high90")


@dataclass(frozen=True)
class Forecast:
    """What may come: `paths` after all that is known, from the first day that is forecast.

    `day_0` are the counts that the run began with, by what people waited for, where it began from counts.
    """

    scenario: Scenario
    plausible: Plausible
    paths: Conditioned
    seed: int
    engine: str
    method: str
    day_0: pd.DataFrame | None = None
    stopped: bool = False

    @property
    def target(self) -> float:
        """People delayed at midnight, at most."""
        return self.scenario.target.delayed

    @cached_property
    def daily(self) -> pd.DataFrame:
        """A row a day: date, mean, low90, low50, median, high50, high90, and the chance of being at or under target."""
        return self._table(self.paths.total, {"date": self.paths.dates})

    @cached_property
    def weekly(self) -> pd.DataFrame:
        """A row a week: week, from, to, the mean over its days as in `daily`, the chance with its Wilson interval.

        The chance is that of the week's mean being at or under target; the interval is for the effective number of paths.
        """
        weeks = self.paths.total.shape[1] // 7
        means = self.paths.total[:, : 7 * weeks].reshape(len(self.paths.total), weeks, 7).mean(axis=2)
        first = self.paths.dates[: 7 * weeks : 7]
        begin = {"week": np.arange(1, weeks + 1), "from": first, "to": first + pd.Timedelta(days=6)}
        return self._table(means, begin)

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """A row for each whole calendar month in the forecast, as in `daily`, and the days of delay in it (median)."""
        months = whole_months(self.paths.dates)
        if not len(months):
            return pd.DataFrame(
                columns=["month", "mean", *NAMES, "chance", "chance_low", "chance_high", "days"]
            )
        table = self._table(self.paths.monthly(months), {"month": months})
        return table.assign(days=table["median"] * months.days_in_month)

    def _table(self, values: Floats, begin: dict[str, object]) -> pd.DataFrame:
        """Quantiles and chances of paths, shape (paths, rows), behind some columns."""
        weights = self.paths.weights
        quantiles = weighted_quantiles(values, weights, list(QUANTILES))
        met = weights @ (values <= self.target)
        trials = max(round(self.paths.effective), 1)
        bounds = [wilson_interval(share * trials, trials) for share in met]
        return pd.DataFrame(
            {
                **begin,
                "mean": weights @ values,
                **dict(zip(NAMES, quantiles, strict=True)),
                "chance": met,
                "chance_low": [bound.low for bound in bounds],
                "chance_high": [bound.high for bound in bounds],
            }
        )

    @cached_property
    def target_days(self) -> Floats:
        """For each path the first day (0: the first that is forecast) from which the target holds for four weeks; NaN: none."""
        return np.array([held_from(path <= self.target) for path in self.paths.total])

    @cached_property
    def chance_held(self) -> float:
        """The chance that the target is met for four weeks running within the forecast."""
        return float(self.paths.weights @ ~np.isnan(self.target_days))

    def held_from(self) -> tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp] | None:
        """The day from which the target holds for four weeks: median and the 90 % band. None where most paths have none."""
        if self.chance_held <= 0.5:
            return None
        # Who never gets there gets there later than all others.
        late = np.where(np.isnan(self.target_days), np.inf, self.target_days)
        order = np.argsort(late, kind="stable")
        below = np.cumsum(self.paths.weights[order])
        days = [
            late[order[min(int(np.searchsorted(below, share)), len(order) - 1)]]
            for share in (0.5, 0.05, 0.95)
        ]
        horizon = len(self.paths.dates) - 1
        median, low, high = (self.paths.dates[int(min(day, horizon))] for day in days)
        return median, low, high

    def stays_from(self, chance: float) -> pd.Timestamp | None:
        """The day from which the chance of being at or under target is so great on every day to the end; None: it is not at the end."""
        below = np.flatnonzero(self.daily["chance"].to_numpy() < chance)
        first = int(below[-1]) + 1 if len(below) else 0
        return self.paths.dates[first] if first < len(self.paths.dates) else None

    def stays_until(self, chance: float) -> pd.Timestamp | None:
        """The day to which that chance is so great on every day from the first; None: it is not on the first."""
        below = np.flatnonzero(self.daily["chance"].to_numpy() < chance)
        last = int(below[0]) - 1 if len(below) else len(self.paths.dates) - 1
        return self.paths.dates[last] if last >= 0 else None


def forecast(
    scenario: Scenario | str | Path,
    observed: Observed | None = None,
    *,
    today: Today | None = None,
    start: dt.date | None = None,
    weeks: int = WEEKS,
    plausible: Plausible | None = None,
    paths: int = PATHS,
    seed: int | None = None,
    persistence: float = PERSISTENCE,
    engine: str = AUTO,
    cores: int = 1,
    on_done: Progress = ignore,
) -> Forecast:
    """Forecast a scenario from `start` on (usually: the day after the last that is known).

    Without a plausible set one is assumed (`flowsim.decisions.prior`). Raises RunError, ScenarioError and DataError in words.
    """
    base = load(scenario)
    if not 1 <= weeks <= MOST_WEEKS:
        raise RunError(f"{weeks} weeks cannot be forecast; ask for 1 to {MOST_WEEKS}")
    if today is not None and observed is not None:
        raise RunError(
            "give counts of today or observed months, not both: the run begins from the one or the other"
        )
    if not 0 <= persistence <= 1:
        raise RunError(f"a persistence of {persistence:g} is none; it lies from 0 to 1 a month")
    if today is not None and None not in (start, today.date) and start != today.date:
        raise RunError(
            f"the counts are of {today.date}, but the forecast is to begin on {start}: it begins on the day that was counted; leave the "
            "start out, or give counts of that day"
        )
    begin = start or _day_after(base, observed, today)
    whose = base.run.seed if seed is None else seed
    notes: tuple[str, ...] = ()
    if today is None:
        ready, day_0 = until(base, begin + dt.timedelta(days=7 * weeks)), None
    else:
        ready, day_0, notes = started(base, today, begin, 7 * weeks)
    known = Observed() if observed is None else observed
    members = plausible or prior_set(ready, whose)
    refuse_foreign(members, ready)
    result = ensemble_run(ready, members, paths, whose, engine, cores, on_done)
    ensemble = Ensemble.of(result)
    if today is None:
        _refuse_other_size(known, ensemble, base.name)
        conditioned = condition(ensemble, known, begin, seed=whose, persistence=persistence)
    else:
        # From known counts the model needs no month to stand where things are.
        conditioned = _as_run(ensemble)
    words = " ".join([_method(conditioned, today, plausible, begin), *notes])
    return Forecast(base, members, conditioned, whose, result.engine, words, day_0, result.stopped)


def _refuse_other_size(observed: Observed, ensemble: Ensemble, name: str) -> None:
    """Raise RunError where months are of so many people that they cannot be of this scenario's city."""
    if observed.monthly is None or not len(observed.monthly):
        return
    seen, modelled = float(observed.monthly["per_day"].mean()), float(ensemble.total.mean())
    if max(seen, modelled) > OTHER_CITY * max(min(seen, modelled), 1.0):
        raise RunError(
            f"the observed months have {seen:,.0f} people delayed a day on average, but {name} has {modelled:,.0f}: they are of "
            "another city, or of more than one; name the local authority where a file has several, or take a scenario of that place"
        )


def _day_after(scenario: Scenario, observed: Observed | None, today: Today | None) -> dt.date:
    """The first day that is not known yet."""
    if today is not None and today.date is not None:
        return today.date
    if observed is not None and observed.monthly is not None and len(observed.monthly):
        last: pd.Timestamp = pd.DatetimeIndex(observed.monthly.index)[-1]
        return (last + pd.offsets.MonthBegin()).date()
    return scenario.run.start


def until(scenario: Scenario, end: dt.date) -> Scenario:
    """The scenario with a run that ends before a day. Raises RunError where it would have begun later."""
    days = (end - scenario.run.start).days
    if days < 1:
        raise RunError(
            f"{scenario.name} begins on {scenario.run.start}, after the forecast ends; choose a scenario that begins before, or "
            "give counts of today"
        )
    return altered(scenario, Plan(put={"run.days": days}))


def ensemble_run(
    scenario: Scenario,
    plausible: Plausible,
    paths: int,
    seed: int,
    engine: str,
    cores: int,
    on_done: Progress,
    run: Callable[[list[Scenario], Effort], list[Result]] = run_together,
) -> Result:
    """Every path one replication, which meets one member of the set."""
    effort = Effort(
        replications=paths,
        seed=seed,
        engine=engine,
        cores=cores,
        census_only=True,
        on_done=on_done,
        met=Met(plausible),
    )
    return run([scenario], effort)[0]


def refuse_foreign(plausible: Plausible, scenario: Scenario) -> None:
    """Raise RunError, in words, where a set cannot be used with a scenario."""
    try:
        plausible.scenario(scenario, 0)
    except RunError as problem:
        raise RunError(
            f"the plausible set of {shortened(plausible.base)} does not suit {scenario.name}: {problem}"
        ) from None


def _as_run(ensemble: Ensemble) -> Conditioned:
    """Paths as they were run."""
    shares = np.full(ensemble.paths, 1 / ensemble.paths)
    return Conditioned(ensemble.dates, ensemble.total, shares, 0.0, 1.0, float(ensemble.paths), 0)


def whole_months(dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The first days of the calendar months that lie wholly among some days."""
    starts = pd.date_range(dates[0], dates[-1], freq="MS")
    return starts[[month + pd.offsets.MonthBegin() <= dates[-1] + pd.Timedelta(days=1) for month in starts]]


def _method(paths: Conditioned, today: Today | None, plausible: Plausible | None, begin: dt.date) -> str:
    """What a reader has to know of how it was made."""
    values = (
        plausible.sentence()
        if plausible is not None
        else "Nothing was fitted: how far numbers may be off is assumed (arrivals 2 %, room 3 %, work of teams 10 %)."
    )
    if today is not None:
        return f"{values} The run begins on {begin} from the counts given, without a warm-up."
    if not paths.months:
        return f"{values} No month before {begin} was given: the level is the scenario's own."
    return (
        f"{values} {len(paths.weights)} paths were weighted by the {paths.months} months before {begin} (effective number "
        f"{paths.effective:.0f}), begin where the last of them left off, and carry the model's own error of {in_percent(paths.lack)}."
    )
