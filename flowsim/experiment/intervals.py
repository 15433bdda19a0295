"""How sure a result is: intervals over replications, and how many replications a tighter one needs.

Each replication is one independent observation; days within a replication are not, so nothing here
ever counts them as if they were.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri, stdtrit

from flowsim.units import Floats


@dataclass(frozen=True)
class Interval:
    """An estimate with the bounds of its confidence interval; NaN bounds where none can be given."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the distance between the bounds, in the unit of the value."""
        return (self.high - self.low) / 2


NO_INTERVAL: Final = Interval(math.nan, math.nan, math.nan)


def mean_interval(values: Floats, level: float = 0.95) -> Interval:
    """The mean over replications with its t interval (Student 1908). Values have shape (replications,).

    One value has a mean but no interval, none has neither: NaN. A NaN among the values gives NaN.
    """
    n = len(values)
    if n == 0:
        return NO_INTERVAL
    value = float(np.mean(values))
    if n == 1:
        return Interval(value, math.nan, math.nan)
    half = _t(n, level) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return Interval(value, value - half, value + half)


def paired_interval(plan: Floats, base: Floats, level: float = 0.95) -> Interval:
    """Plan minus base over the same replications, shape (replications,) each (Law 2015, section 10.2.1).

    Replication k of both uses the same draws, so its difference carries the effect of the plan and little
    else. Raises ValueError where the two do not have the same number of replications.
    """
    if len(plan) != len(base):
        raise ValueError(
            f"{len(plan)} replications cannot be paired with {len(base)}; run the same number of each"
        )
    return mean_interval(np.asarray(plan) - np.asarray(base), level)


def wilson_interval(successes: float, trials: int, level: float = 0.95) -> Interval:
    """A share with its score interval (E. B. Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).

    `trials` are independent replications. `successes` may be a fraction: the sum over replications of the
    share of days that were at or under target. A share of days varies less between replications than
    a yes or no with the same mean (Bhatia and Davis 2000), so the interval is then on the careful side.
    Raises ValueError where successes are not between 0 and trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes:g} successes in {trials} trials are not possible")
    if trials == 0:
        return Interval(math.nan, 0.0, 1.0)
    z2 = float(ndtri((1 + level) / 2)) ** 2
    share = successes / trials
    centre = (successes + z2 / 2) / (trials + z2)
    half = math.sqrt(z2 * (trials * share * (1 - share) + z2 / 4)) / (trials + z2)
    # Rounding must not leave a speck beside 0 or 1, or go beyond them.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Interval(share, low, high)


def percentile_band(daily: Floats, low: float = 5, high: float = 95) -> tuple[Floats, Floats]:
    """The low-th and high-th percentile over replications for each day.

    `daily` has shape (replications, days), each bound (days,). This shows how replications differ: where
    a single winter may lie, not how well the mean is known.
    """
    bounds = np.percentile(daily, [low, high], axis=0)
    return bounds[0], bounds[1]


def can_call(interval: Interval) -> bool:
    """Whether the interval of a difference leaves zero out; without an interval, no."""
    return interval.low > 0 or interval.high < 0


def replications_needed(values: Floats, half_width: float, level: float = 0.95) -> int:
    """How many replications in all would bring the t interval's half-width down to `half_width`.

    The smallest i from the present number n on with t(i - 1) s / sqrt(i) <= half_width, s being the spread
    seen so far (A. M. Law, Simulation Modeling and Analysis, 5th ed. 2015, section 9.4.1). A forecast:
    the spread may turn out otherwise. Raises ValueError for fewer than two values or no room.
    """
    n = len(values)
    if n < 2:
        raise ValueError("the spread between replications cannot be seen from fewer than two")
    if not half_width > 0:
        raise ValueError(f"a half-width of {half_width:g} is never reached; ask for more than 0")
    spread = float(np.std(values, ddof=1))
    if not math.isfinite(spread):
        raise ValueError("the spread between replications cannot be seen: a value is missing")
    low, high = n, max(n, math.ceil((_t(n, level) * spread / half_width) ** 2))
    # t(i - 1) / sqrt(i) falls as i grows, and t(n - 1) is above every later t: halve in between.
    while low < high:
        middle = (low + high) // 2
        enough = _t(middle, level) * spread / math.sqrt(middle) <= half_width
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


def _t(n: int, level: float) -> float:
    """Student's t for a two-sided interval from n values."""
    return float(stdtrit(n - 1, (1 + level) / 2))
