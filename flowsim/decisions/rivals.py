"""Forecasts that a model has to beat: last month stays, the same month last year, and a plain time-series model.

Each is a normal (or, on the log, lognormal) forecast of a month's mean number of people delayed, from the months before it
alone. The spread of the naive ones is what they were wrong by before: the root mean square of their past errors at the same
distance, where there are three or more of them; else that of one month, times the square root of the distance.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd

from flowsim.decisions.scores import crps_normal
from flowsim.units import Floats

FEWEST_ERRORS: Final = 3
FEWEST_MONTHS: Final = 6
MOST_AHEAD: Final = 24
LAST, LAST_YEAR, SERIES = "last month stays", "same month last year", "exponential smoothing"
RIVALS: Final = (LAST, LAST_YEAR, SERIES)


@dataclass(frozen=True)
class Outlook:
    """One rival's forecast of one month: normal about `mean`, of `value` itself or, where `logs`, of its logarithm."""

    mean: float
    sd: float
    logs: bool = False

    @property
    def point(self) -> float:
        """The one number it names: its median."""
        return math.exp(self.mean) if self.logs else self.mean

    def band(self, level: float) -> tuple[float, float]:
        """Its central band."""
        from scipy.special import ndtri

        half = float(ndtri((1 + level) / 2)) * self.sd
        low, high = self.mean - half, self.mean + half
        return (math.exp(low), math.exp(high)) if self.logs else (low, high)

    def crps(self, seen: float) -> float:
        """Its score; a lognormal one in closed form (Baran and Lerch 2015, Log-normal distribution based EMOS, eq. 5)."""
        if not self.logs:
            return crps_normal(self.mean, self.sd, seen)
        if self.sd <= 0 or seen <= 0:
            return abs(self.point - seen)
        from scipy.special import ndtr

        z = (math.log(seen) - self.mean) / self.sd
        spread = math.exp(self.mean + self.sd**2 / 2)
        inner = float(ndtr(z - self.sd) + ndtr(self.sd / math.sqrt(2)) - 1)
        return seen * (2 * float(ndtr(z)) - 1) - 2 * spread * inner


def rival(name: str, known: pd.Series, distance: int) -> Outlook | None:
    """A rival's forecast so many months (1 or more) after the last known one; None where it cannot say anything.

    `known`: mean people delayed by month, one value a month, in order, index of month starts.
    """
    values = known.to_numpy(dtype=np.float64)
    if name == LAST:
        return Outlook(float(values[-1]), _spread(values, distance))
    if name == LAST_YEAR:
        month = pd.Timestamp(known.index[-1]) + pd.DateOffset(months=distance) - pd.DateOffset(years=1)
        if month not in known.index:
            return None
        return Outlook(float(known[month]), _spread(values, 12))
    return _smoothed(values, distance)


def _spread(values: Floats, distance: int) -> float:
    """Root mean square of past differences at a distance; NaN where even those of one month are lacking."""
    errors = values[distance:] - values[:-distance] if distance < len(values) else np.zeros(0)
    if len(errors) >= FEWEST_ERRORS:
        return float(np.sqrt(np.mean(errors**2)))
    if len(values) <= FEWEST_ERRORS:
        return math.nan
    # A walk of so many steps; a year apart no further than the months differ among themselves.
    walk = float(np.sqrt(np.mean(np.diff(values) ** 2) * distance))
    return min(walk, float(np.std(values, ddof=1)) * math.sqrt(2)) if distance >= 12 else walk


def _smoothed(values: Floats, distance: int) -> Outlook | None:
    """Simple exponential smoothing of the logarithm, as the ARIMA(0,1,1) that it is, fitted by maximum likelihood (statsmodels)."""
    if len(values) < FEWEST_MONTHS or (values <= 0).any():
        return None
    means, spreads = _ahead(tuple(values.tolist()))
    return Outlook(means[distance - 1], spreads[distance - 1], logs=True)


@lru_cache(maxsize=64)
def _ahead(values: tuple[float, ...]) -> tuple[list[float], list[float]]:
    """Means and standard deviations of the logarithm, for as many months ahead as anybody may ask."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of starting values and convergence; what comes out is scored as it is
        fitted = SARIMAX(np.log(values), order=(0, 1, 1)).fit(disp=False)
        ahead = fitted.get_forecast(MOST_AHEAD)
    return np.asarray(ahead.predicted_mean).tolist(), np.asarray(ahead.se_mean).tolist()
