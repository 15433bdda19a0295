"""Smooth distributions on days from 0, the pieces of every other: lognormal and generalised gamma, whole or cut off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from scipy.special import gammainc, gammaincinv, gammaln, ndtr, ndtri, poch

from flowsim.units import Floats

SETTLED_BITS: Final = 48


class Piece(Protocol):
    """A smooth distribution on days from 0."""

    @property
    def mean(self) -> float:
        """The average in days."""
        ...

    @property
    def most(self) -> float:
        """The longest there is; inf where there is no limit."""
        ...

    @property
    def is_quick(self) -> bool:
        """Whether its quantile takes no longer than a look into a table."""
        ...

    def share(self, days: Floats) -> Floats:
        """The share at or below each number of days."""
        ...

    def density(self, days: Floats) -> Floats:
        """The slope of `share`."""
        ...

    def quantile(self, ranks: Floats) -> Floats:
        """Days at each rank."""
        ...

    def by_length(self) -> Piece:
        """The lengths that are met at a random moment: each in proportion to itself."""
        ...

    @property
    def log_scale(self) -> float:
        """The logarithm of a number of days that is a factor of all others."""
        ...

    def over(self, log_days: float) -> Piece:
        """The same in a unit of exp(`log_days`) days; pieces that differ by a factor of days become equal by it."""
        ...


@dataclass(frozen=True)
class Lognormal:
    """exp(mu + sigma Z). Weighting by length adds sigma^2 to mu (Aitchison and Brown 1957, theorem 2.6)."""

    mu: float
    sigma: float
    most: float = math.inf

    @property
    def mean(self) -> float:
        """The average in days."""
        return math.exp(self.mu + self.sigma**2 / 2)

    @property
    def is_quick(self) -> bool:
        """Whether its quantile takes no longer than a look into a table."""
        return True

    def share(self, days: Floats) -> Floats:
        """The share at or below each number of days."""
        with np.errstate(divide="ignore"):
            below: Floats = ndtr((np.log(np.maximum(days, 0.0)) - self.mu) / self.sigma)
        return below

    def density(self, days: Floats) -> Floats:
        """The slope of `share`."""
        z = (np.log(days) - self.mu) / self.sigma
        slope: Floats = np.exp(-z * z / 2) / (math.sqrt(2 * math.pi) * self.sigma * days)
        return slope

    def quantile(self, ranks: Floats) -> Floats:
        """Days at each rank."""
        days: Floats = np.exp(self.mu + self.sigma * ndtri(ranks))
        return days

    def by_length(self) -> Piece:
        """The lengths that are met at a random moment: each in proportion to itself."""
        return Lognormal(self.mu + self.sigma**2, self.sigma)

    @property
    def log_scale(self) -> float:
        """The logarithm of a number of days that is a factor of all others."""
        return self.mu

    def over(self, log_days: float) -> Lognormal:
        """The same in a unit of exp(`log_days`) days."""
        return Lognormal(_settled(self.mu - log_days), _settled_part(self.sigma))


@dataclass(frozen=True)
class PowerGamma:
    """scale Y^(1/power) with Y gamma of that shape: gamma (power 1), Weibull (shape 1), exponential (both).

    The generalised gamma (Stacy 1962). Weighting by length adds 1/power to the shape.
    """

    shape: float
    power: float
    scale: float
    most: float = math.inf

    @property
    def mean(self) -> float:
        """The average in days."""
        if self.power == 1:
            return self.shape * self.scale
        return self.scale * float(poch(self.shape, 1 / self.power))

    @property
    def is_quick(self) -> bool:
        """Whether its quantile takes no longer than a look into a table."""
        return self.shape == 1

    def share(self, days: Floats) -> Floats:
        """The share at or below each number of days."""
        with np.errstate(over="ignore"):
            y = (np.maximum(days, 0.0) / self.scale) ** self.power
        return -np.expm1(-y) if self.shape == 1 else np.asarray(gammainc(self.shape, y), dtype=np.float64)

    def density(self, days: Floats) -> Floats:
        """The slope of `share`."""
        parts = days / self.scale
        log = (self.power * self.shape - 1) * np.log(parts) - parts**self.power - gammaln(self.shape)
        slope: Floats = self.power / self.scale * np.exp(log)
        return slope

    def quantile(self, ranks: Floats) -> Floats:
        """Days at each rank."""
        raw = -np.log1p(-ranks) if self.shape == 1 else gammaincinv(self.shape, ranks)
        y = np.asarray(raw, dtype=np.float64)
        return self.scale * (y if self.power == 1 else y ** (1 / self.power))

    def by_length(self) -> Piece:
        """The lengths that are met at a random moment: each in proportion to itself."""
        return PowerGamma(self.shape + 1 / self.power, self.power, self.scale)

    @property
    def log_scale(self) -> float:
        """The logarithm of a number of days that is a factor of all others."""
        return math.log(self.scale)

    def over(self, log_days: float) -> PowerGamma:
        """The same in a unit of exp(`log_days`) days."""
        scale = math.exp(_settled(self.log_scale - log_days))
        return PowerGamma(_settled_part(self.shape), _settled_part(self.power), scale)


@dataclass(frozen=True)
class Cut:
    """A piece given that it is at most `most`, which has the chance `chance` above zero."""

    whole: Piece
    most: float
    chance: float

    @property
    def mean(self) -> float:
        """The average in days."""
        # E[X; X <= m] = E[X] times the length-weighted share at or below m.
        return self.whole.mean * share_at(self.whole.by_length(), self.most) / self.chance

    @property
    def is_quick(self) -> bool:
        """Whether its quantile takes no longer than a look into a table."""
        return self.whole.is_quick

    def share(self, days: Floats) -> Floats:
        """The share at or below each number of days."""
        below: Floats = np.minimum(self.whole.share(days) / self.chance, 1.0)
        return below

    def density(self, days: Floats) -> Floats:
        """The slope of `share`."""
        return np.where(days < self.most, self.whole.density(days) / self.chance, 0.0)

    def quantile(self, ranks: Floats) -> Floats:
        """Days at each rank."""
        days: Floats = np.minimum(self.whole.quantile(ranks * self.chance), self.most)
        return days

    def by_length(self) -> Piece:
        """The lengths that are met at a random moment: each in proportion to itself."""
        longer = self.whole.by_length()
        return Cut(longer, self.most, share_at(longer, self.most))

    @property
    def log_scale(self) -> float:
        """The logarithm of a number of days that is a factor of all others."""
        return self.whole.log_scale

    def over(self, log_days: float) -> Cut:
        """The same in a unit of exp(`log_days`) days."""
        return Cut(self.whole.over(log_days), math.exp(_settled(math.log(self.most) - log_days)), self.chance)


def _settled(logarithm: float) -> float:
    """A logarithm without its last bits, which a factor of days alters at random."""
    return math.ldexp(round(math.ldexp(logarithm, SETTLED_BITS)), -SETTLED_BITS)


def _settled_part(number: float) -> float:
    """The same of a number that stands for itself, however small it is."""
    part, power = math.frexp(number)
    return math.ldexp(_settled(part), power)


def share_at(piece: Piece, days: float) -> float:
    """The share at or below one number of days."""
    return float(piece.share(np.array([days]))[0])
