"""From two numbers to a piece: the lognormal, gamma or Weibull of a mean and sd, or of a median and p90."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from scipy.special import gamma, gammaincinv, gammaln, ndtri

from flowsim.distributions.pieces import Lognormal, Piece, PowerGamma

Z90: Final = float(ndtri(0.9))


def _lognormal_by_mean(mean: float, sd: float) -> Piece:
    variance = math.log1p((sd / mean) ** 2)
    return Lognormal(math.log(mean) - variance / 2, math.sqrt(variance))


def _lognormal_by_median(median: float, p90: float) -> Piece:
    return Lognormal(math.log(median), math.log(p90 / median) / Z90)


def _gamma_by_mean(mean: float, sd: float) -> Piece:
    return PowerGamma((mean / sd) ** 2, 1.0, sd * (sd / mean))


def _gamma_by_median(median: float, p90: float) -> Piece:
    """The shape at which p90 / median is as asked: the ratio falls as the shape grows."""

    def excess(log_shape: float) -> float:
        shape = math.exp(log_shape)
        return math.log(gammaincinv(shape, 0.9) / gammaincinv(shape, 0.5)) - math.log(p90 / median)

    shape = _solve_log(excess, 0.002, 1e10, f"a gamma with median {median:g} and p90 {p90:g}")
    return PowerGamma(shape, 1.0, median / float(gammaincinv(shape, 0.5)))


def _weibull_by_mean(mean: float, sd: float) -> Piece:
    """The power at which E[X^2] / E[X]^2 is as asked: the ratio falls as the power grows."""

    def excess(log_power: float) -> float:
        power = math.exp(log_power)
        return float(gammaln(1 + 2 / power) - 2 * gammaln(1 + 1 / power)) - math.log1p((sd / mean) ** 2)

    power = _solve_log(excess, 0.02, 1e4, f"a weibull with mean {mean:g} and sd {sd:g}")
    return PowerGamma(1.0, power, mean / float(gamma(1 + 1 / power)))


def _weibull_by_median(median: float, p90: float) -> Piece:
    power = math.log(math.log(10) / math.log(2)) / math.log(p90 / median)
    return PowerGamma(1.0, power, median / math.log(2) ** (1 / power))


def _solve_log(excess: Callable[[float], float], low: float, high: float, what: str) -> float:
    """The number between low and high at which a falling function of its logarithm is zero."""
    # Imported here: it takes a fifth of a second and 25 MB, and few scenarios need it.
    from scipy.optimize import brentq

    ends = math.log(low), math.log(high)
    if not excess(ends[0]) >= 0 >= excess(ends[1]):
        raise ValueError(f"{what} cannot be worked out: its spread is too small or too large")
    return math.exp(brentq(excess, *ends, xtol=1e-14, rtol=1e-14))


_Maker = Callable[[float, float], Piece]
BY_MEAN: Final[dict[str, _Maker]] = {
    "lognormal": _lognormal_by_mean,
    "gamma": _gamma_by_mean,
    "weibull": _weibull_by_mean,
}
BY_MEDIAN: Final[dict[str, _Maker]] = {
    "lognormal": _lognormal_by_median,
    "gamma": _gamma_by_median,
    "weibull": _weibull_by_median,
}
