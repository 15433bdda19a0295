"""Many possible pasts and futures of one scenario, and how well each agrees with the months that were observed.

Each path is one replication of the scenario, with its own chance and, where there is a set of plausible values, its own
values. None of them is what happened. What is known up to a day is brought in in three steps:

1. **Weights.** A path counts by its likelihood (importance weights, as in a particle filter without resampling): the
   product over months and groups of reasons of normal densities of log(people + 1), with the variance that the model is
   found to lack (below) and TOLERANCE. Older months count less, by DISCOUNT a month: they say something about the values,
   little about today's queues. The likelihood is tempered (raised to a power below 1) as far as is needed to leave an
   effective number of paths (Kish: 1 / sum of squared weights) of FEWEST_EFFECTIVE, so that no handful of paths decides.
2. **Starting where things stand.** The gap that is left in the last observed month, group by group, is closed in full on
   that month and fades by `persistence` a month: x(t) * ratio ** (persistence ** months since). A model that is always a
   little wrong thus goes back to its own level; what is known of today is used while it lasts.
3. **What the model lacks.** Observed months are further from the paths than chance alone explains. That variance
   (method of moments, on log of the total: mean squared distance less the variance among paths) is added as an error
   with the same persistence (first-order autoregression), so that bands are honest about the model's own error.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from flowsim.errors import RunError
from flowsim.generators import generator
from flowsim.observed import Observed
from flowsim.results import Result
from flowsim.units import Floats, Ints, date_of

# Reasons that mean the same to the services behind them; the rest is one group.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {"A": ("A",), "C": ("C",), "D": ("Di", "Dii"), "E": ("E",)}
OTHERS: Final = "others"
TOTAL: Final = "total"
# The autocorrelation at 28 days of a real count of people medically safe to leave, Nottingham to February 2020
# (`systemews`, 1,155 days), as a share a month of 30.4 days.
PERSISTENCE: Final = 0.56 ** (30.4 / 28)
DAYS_A_MONTH: Final = 30.4
TOLERANCE: Final = (
    0.10  # assumption: standard deviation of log(people + 1) below which no month is told from another
)
DISCOUNT: Final = 0.8  # assumption
FEWEST_EFFECTIVE: Final = 40.0
LEAST_SHARE_EFFECTIVE: Final = 0.15
MOST_RATIO: Final = 3.0  # no gap is closed by more than this factor
# Assumption: bounds of what a model lacks, standard deviation of log of the total. Not below 8 %: a scenario whose events were
# sized on the same months follows them better than it will follow others.
LACK: Final = (0.08, 0.40)
FEWEST_MONTHS: Final = 3
USUAL_LACK: Final = 0.12  # assumption: where too few months are known to tell


@dataclass(frozen=True)
class Ensemble:
    """Daily paths of one scenario. Arrays have shape (paths, days) and begin on `first`.

    `groups`: people delayed at midnight by group of reasons, in the order of `names`; they add up to all delayed.
    """

    first: dt.date
    names: tuple[str, ...]
    groups: tuple[Floats, ...]

    @classmethod
    def of(cls, result: Result) -> Ensemble:
        """The paths of a result, one a replication, from the first day of its warm-up that is settled."""
        days = result.scenario.run.warm_up_days
        # Half a warm-up is left out: queues are still forming.
        skip = days - days // 2 if days else 0
        total = result.by_day("delayed", warm_up=True)[:, skip:]
        nothing = np.zeros_like(total)
        found = {}
        for name, reasons in GROUPS.items():
            there = [f"delayed_{r}" for r in reasons if f"delayed_{r}" in result.daily_measures]
            found[name] = sum((result.by_day(m, warm_up=True)[:, skip:] for m in there), nothing)
        found[OTHERS] = np.maximum(total - sum(found.values()), 0.0)
        used = {name: values for name, values in found.items() if values.any()} or {OTHERS: total}
        return cls(date_of(result.scenario.run.start, skip - days), tuple(used), tuple(used.values()))

    @property
    def paths(self) -> int:
        """How many there are."""
        return len(self.groups[0])

    @cached_property
    def total(self) -> Floats:
        """All people delayed, shape (paths, days)."""
        found: Floats = np.sum(self.groups, axis=0)
        return found

    @cached_property
    def dates(self) -> pd.DatetimeIndex:
        """The days."""
        return pd.date_range(self.first, periods=self.groups[0].shape[1])

    def days_of(self, month: pd.Timestamp) -> Ints:
        """The columns of a month's days. Raises RunError where the paths do not hold the whole month."""
        begin = (month - self.dates[0]).days
        if begin < 0 or begin + month.days_in_month > len(self.dates):
            raise RunError(f"the run does not hold the whole of {month:%Y-%m}; it goes from {self.first} on")
        return np.arange(begin, begin + month.days_in_month)

    def months(self) -> pd.DatetimeIndex:
        """The whole months that the paths hold."""
        starts = pd.date_range(self.dates[0], self.dates[-1], freq="MS")
        return starts[
            [month + pd.offsets.MonthBegin() <= self.dates[-1] + pd.Timedelta(days=1) for month in starts]
        ]

    def monthly(self, months: pd.DatetimeIndex) -> Floats:
        """Mean people delayed in each month by group, shape (groups, paths, months)."""
        columns = [self.days_of(month) for month in months]
        return np.array([[values[:, c].mean(axis=1) for c in columns] for values in self.groups]).swapaxes(
            1, 2
        )


def observed_groups(observed: Observed, names: tuple[str, ...]) -> pd.DataFrame:
    """Observed mean people delayed by month and group, and in total. Raises RunError where there are no months."""
    monthly = observed.monthly
    if monthly is None or not len(monthly):
        raise RunError("there are no observed months of delay; name a file that has them, or sheffield")
    days = pd.Series(pd.DatetimeIndex(monthly.index).days_in_month, index=monthly.index)
    found = pd.DataFrame(index=monthly.index)
    for name in names:
        columns = [f"days_{reason}" for reason in GROUPS.get(name, ())]
        if name != OTHERS and all(column in monthly for column in columns):
            found[name] = monthly[columns].sum(axis=1) / days
    if set(names) - {OTHERS} <= set(found):
        found[OTHERS] = (monthly["per_day"] - found.sum(axis=1)).clip(lower=0.0)
    found[TOTAL] = monthly["per_day"]
    return found


@dataclass(frozen=True)
class Conditioned:
    """Paths after what was observed before a day: `weights`, shape (paths,), and `total`, shape (paths, days), corrected.

    `days` are the columns from the cut on. `lack` is what the model was found to lack (standard deviation of log of the
    total), `power` what the likelihood was raised to, `effective` the effective number of paths, `months` how many were used.
    """

    dates: pd.DatetimeIndex
    total: Floats
    weights: Floats
    lack: float
    power: float
    effective: float
    months: int

    def monthly(self, months: pd.DatetimeIndex) -> Floats:
        """Mean people delayed in each month, shape (paths, months)."""
        periods = self.dates.to_period("M")
        return np.stack(
            [self.total[:, periods == month].mean(axis=1) for month in months.to_period("M")], axis=1
        )


def condition(
    ensemble: Ensemble,
    observed: Observed,
    cut: dt.date,
    *,
    seed: int,
    persistence: float = PERSISTENCE,
    shares: Floats | None = None,
) -> Conditioned:
    """What the paths say from `cut` on, given the months before it. `shares` are prior weights of the paths.

    Without any observed month that the paths hold, nothing is weighted or corrected, and the model is assumed to lack
    USUAL_LACK.
    """
    start = (pd.Timestamp(cut) - ensemble.dates[0]).days
    if not 0 <= start < len(ensemble.dates):
        raise RunError(
            f"the run goes from {ensemble.first} to {ensemble.dates[-1]:%Y-%m-%d}; {cut} is not in it"
        )
    prior = np.full(ensemble.paths, 1 / ensemble.paths) if shares is None else shares / shares.sum()
    known = _known_months(ensemble, observed, cut)
    future = [values[:, start:] for values in ensemble.groups]
    dates = ensemble.dates[start:]
    if known is None:
        noise = _error(ensemble.paths, dates, pd.Timestamp(cut), USUAL_LACK, persistence, seed)
        total = np.sum(future, axis=0) * noise
        return Conditioned(dates, total, prior, USUAL_LACK, 1.0, kish(prior), 0)
    months = pd.DatetimeIndex(known.index)
    held = ensemble.monthly(months)
    names = [name for name in ensemble.names if name in known]
    lack = _lack(np.log1p(held.sum(axis=0)), np.log1p(known[TOTAL].to_numpy()), prior)
    score = _log_likelihood(ensemble, held, known, names, prior)
    power, weights = _tempered(score, prior)
    middle = months[-1] + pd.Timedelta(days=(months[-1].days_in_month - 1) / 2)
    since = np.asarray((dates - middle) / pd.Timedelta(days=DAYS_A_MONTH), dtype=np.float64)
    fading = persistence**since
    corrected = np.zeros_like(future[0])
    whole = np.log1p(float(known[TOTAL].iloc[-1])) - np.log1p(held[:, :, -1].sum(axis=0))
    for number, name in enumerate(ensemble.names):
        # Where the observed months do not tell reasons apart, every group shares the gap of the total.
        last = float(known[name].iloc[-1]) if name in names else 0.0
        gap = np.log1p(last) - np.log1p(held[number, :, -1]) if name in names else whole
        gap = np.clip(gap, -np.log(MOST_RATIO), np.log(MOST_RATIO))
        corrected += future[number] * np.exp(gap[:, None] * fading)
    total = corrected * _error(ensemble.paths, dates, middle, lack, persistence, seed)
    return Conditioned(dates, total, weights, lack, power, kish(weights), len(months))


def _known_months(ensemble: Ensemble, observed: Observed, cut: dt.date) -> pd.DataFrame | None:
    """The observed months before the cut that the paths hold; None where there are none."""
    known = observed.until(cut)
    if known.monthly is None or not len(known.monthly):
        return None
    table = observed_groups(known, ensemble.names)
    table = table[table.index.isin(ensemble.months())]
    return table if len(table) else None


def _lack(paths: Floats, seen: Floats, prior: Floats) -> float:
    """What the model lacks: paths (paths, months) and observed (months,), both as logs."""
    if len(seen) < FEWEST_MONTHS:
        return USUAL_LACK
    mean = prior @ paths
    spread = prior @ (paths - mean) ** 2
    lacking = max(float(np.mean((seen - mean) ** 2 - spread)), 0.0) ** 0.5
    return float(np.clip(lacking, *LACK))


def _log_likelihood(
    ensemble: Ensemble, held: Floats, known: pd.DataFrame, names: list[str], prior: Floats
) -> Floats:
    age = np.arange(len(known))[::-1]
    found = np.zeros(ensemble.paths)
    for name in names or [TOTAL]:
        paths = np.log1p(held.sum(axis=0) if name == TOTAL else held[ensemble.names.index(name)])
        seen = np.log1p(known[name].to_numpy())
        variance = _lack(paths, seen, prior) ** 2 + TOLERANCE**2
        found -= ((paths - seen) ** 2 / (2 * variance)) @ DISCOUNT**age
    return found


def _tempered(score: Floats, prior: Floats) -> tuple[float, Floats]:
    """Weights with as much of the likelihood as leaves enough paths, and the power to which it was raised."""
    wanted = min(0.5 * kish(prior), max(FEWEST_EFFECTIVE, LEAST_SHARE_EFFECTIVE * prior.size))
    score = score - score.max()

    def weights(power: float) -> Floats:
        raw = prior * np.exp(power * score)
        shares: Floats = raw / raw.sum()
        return shares

    if kish(weights(1.0)) >= wanted:
        return 1.0, weights(1.0)
    power = float(brentq(lambda p: kish(weights(p)) - wanted, 0.0, 1.0, xtol=1e-6))
    return power, weights(power)


def kish(weights: Floats) -> float:
    """The effective number of weighted things: (sum of weights)^2 / sum of squares (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _error(
    paths: int, dates: pd.DatetimeIndex, known: pd.Timestamp, lack: float, persistence: float, seed: int
) -> Floats:
    """The model's own error as a factor, shape (paths, days): none on the day `known`, then a first-order autoregression.

    In days, with the persistence of a month; its standard deviation grows to `lack`.
    """
    rho = persistence ** (1 / DAYS_A_MONTH)
    gap = max((dates[0] - known) / pd.Timedelta(days=1), 0.0)
    drawn = generator(seed, 0, "what the model lacks").standard_normal((paths, len(dates)))
    state = drawn[:, 0] * lack * np.sqrt(1 - rho ** (2 * max(gap, 1.0)))
    found = np.empty_like(drawn)
    for day in range(len(dates)):
        if day:
            state = rho * state + drawn[:, day] * lack * np.sqrt(1 - rho**2)
        found[:, day] = state
    factors: Floats = np.exp(found)
    return factors
