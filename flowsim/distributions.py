"""Quantile functions: what a rank in [0, 1) comes to in days, for every distribution a scenario can name.

Every distribution is brought into one form, a *blend*: a weighted sum of smooth pieces (lognormal,
generalised gamma, each possibly cut off) and of single values on the grid. Mixing, cutting off at `max`
and weighting by length all turn a blend into a blend, so each needs to be right only once.

A stay that is under way at a random moment is not a typical one: long stays are met more often, in
proportion to their length, and the moment falls anywhere in the stay with equal chance
(D. R. Cox, Renewal Theory, Methuen 1962, section 5.3).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma, gammainc, gammaincinv, gammaln, ndtr, ndtri, poch

from flowsim.scenario.model import Distribution
from flowsim.units import Floats, Ints, grid, on_grid

BELOW_ONE: Final = math.nextafter(1.0, 0.0)
Z90: Final = float(ndtri(0.9))
TOLERANCE_DAYS: Final = 2.0**-36
CLOSE: Final = 2.0**-52
# Newton's method needs 3 or 4; where rounding keeps it from coming to rest, the bracket is halved this often.
MOST_ITERATIONS: Final = 64
# The table of a quantile function: cells between normal scores of -REACH and REACH (beyond, doubles near 1 are too few
# to say where in a cell a rank is), and how close it has to be: half a step of the time grid, as rounding does anyway.
CELLS: Final = 4096
REACH: Final = 4.0
CLOSE_DAYS: Final = 2.0**-33
# Relative to the mean or median: below the one, one value; above the other, doubles no longer carry it.
NO_SPREAD: Final = 1e-6
TOO_MUCH_SPREAD: Final = 1e4


def quantile(spec: Distribution, ranks: Floats) -> Floats:
    """The value (days, at least 0, on the grid) at each rank in [0, 1); any shape.

    Raises ValueError where the distribution cannot be worked out, in words.
    """
    return on_grid(_quantile(_blend(spec), ranks))


def cdf(spec: Distribution, days: Floats) -> Floats:
    """The share of people at or below each number of days; any shape. Raises ValueError as `quantile`."""
    blend = _blend(spec)
    upto = np.searchsorted(blend.values, days, side="right")
    share: Floats = np.minimum(_smooth_share(blend, days) + blend.passed[upto], 1.0)
    return share


def mean(spec: Distribution) -> float:
    """The average in days, `max` taken into account. Raises ValueError as `quantile`."""
    blend = _blend(spec)
    smooth = sum(w * piece.mean for w, piece in zip(blend.weights, blend.pieces, strict=True))
    return smooth + float(blend.masses @ blend.values)


def largest(spec: Distribution) -> float:
    """The longest anybody can have, in days on the grid; inf where there is no limit."""
    blend = _blend(spec)
    return max([float(v) for v in blend.values[-1:]] + [piece.most for piece in blend.pieces])


def in_progress(spec: Distribution, length_rank: Floats, position_rank: Floats) -> tuple[Floats, Floats]:
    """Total and elapsed length (days, on the grid) of stays that are under way at a random moment.

    Both ranks in [0, 1), same shape. Long stays are met in proportion to their length, and the moment
    is anywhere in them (Cox 1962, as above), so the mean time left is E[X^2] / (2 E[X]).
    """
    total = on_grid(_quantile(_blend_by_length(spec), length_rank))
    return total, on_grid(total * position_rank)


# The pieces


class _Piece(Protocol):
    """A smooth distribution on days from 0."""

    @property
    def mean(self) -> float: ...

    @property
    def most(self) -> float: ...

    @property
    def is_quick(self) -> bool: ...  # whether its quantile takes no longer than a look into a table

    def share(self, days: Floats) -> Floats: ...

    def density(self, days: Floats) -> Floats: ...

    def quantile(self, ranks: Floats) -> Floats: ...

    def by_length(self) -> _Piece: ...


@dataclass(frozen=True)
class _Lognormal:
    """exp(mu + sigma Z). Weighting by length adds sigma^2 to mu (Aitchison and Brown 1957, theorem 2.6)."""

    mu: float
    sigma: float
    most: float = math.inf

    @property
    def mean(self) -> float:
        return math.exp(self.mu + self.sigma**2 / 2)

    @property
    def is_quick(self) -> bool:
        return True

    def share(self, days: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            below: Floats = ndtr((np.log(np.maximum(days, 0.0)) - self.mu) / self.sigma)
        return below

    def density(self, days: Floats) -> Floats:
        z = (np.log(days) - self.mu) / self.sigma
        slope: Floats = np.exp(-z * z / 2) / (math.sqrt(2 * math.pi) * self.sigma * days)
        return slope

    def quantile(self, ranks: Floats) -> Floats:
        days: Floats = np.exp(self.mu + self.sigma * ndtri(ranks))
        return days

    def by_length(self) -> _Piece:
        return _Lognormal(self.mu + self.sigma**2, self.sigma)


@dataclass(frozen=True)
class _PowerGamma:
    """scale Y^(1/power) with Y gamma of that shape: gamma (power 1), Weibull (shape 1), exponential (both).

    The generalised gamma (Stacy 1962). Weighting by length adds 1/power to the shape.
    """

    shape: float
    power: float
    scale: float
    most: float = math.inf

    @property
    def mean(self) -> float:
        if self.power == 1:
            return self.shape * self.scale
        return self.scale * float(poch(self.shape, 1 / self.power))

    @property
    def is_quick(self) -> bool:
        return self.shape == 1

    def share(self, days: Floats) -> Floats:
        with np.errstate(over="ignore"):
            y = (np.maximum(days, 0.0) / self.scale) ** self.power
        return -np.expm1(-y) if self.shape == 1 else np.asarray(gammainc(self.shape, y), dtype=np.float64)

    def density(self, days: Floats) -> Floats:
        parts = days / self.scale
        log = (self.power * self.shape - 1) * np.log(parts) - parts**self.power - gammaln(self.shape)
        slope: Floats = self.power / self.scale * np.exp(log)
        return slope

    def quantile(self, ranks: Floats) -> Floats:
        raw = -np.log1p(-ranks) if self.shape == 1 else gammaincinv(self.shape, ranks)
        y = np.asarray(raw, dtype=np.float64)
        return self.scale * (y if self.power == 1 else y ** (1 / self.power))

    def by_length(self) -> _Piece:
        return _PowerGamma(self.shape + 1 / self.power, self.power, self.scale)


@dataclass(frozen=True)
class _Cut:
    """A piece given that it is at most `most`, which has the chance `chance` above zero."""

    whole: _Piece
    most: float
    chance: float

    @property
    def mean(self) -> float:
        # E[X; X <= m] = E[X] times the length-weighted share at or below m.
        return self.whole.mean * _share_at(self.whole.by_length(), self.most) / self.chance

    @property
    def is_quick(self) -> bool:
        return self.whole.is_quick

    def share(self, days: Floats) -> Floats:
        below: Floats = np.minimum(self.whole.share(days) / self.chance, 1.0)
        return below

    def density(self, days: Floats) -> Floats:
        return np.where(days < self.most, self.whole.density(days) / self.chance, 0.0)

    def quantile(self, ranks: Floats) -> Floats:
        days: Floats = np.minimum(self.whole.quantile(ranks * self.chance), self.most)
        return days

    def by_length(self) -> _Piece:
        longer = self.whole.by_length()
        return _Cut(longer, self.most, _share_at(longer, self.most))


def _share_at(piece: _Piece, days: float) -> float:
    return float(piece.share(np.array([days]))[0])


# Blends


@dataclass(frozen=True, eq=False)
class _Blend:
    """Smooth pieces with their weights, and single values (ascending, days on the grid) with their masses.

    Weights and masses together add up to 1. `passed[j]` is the mass of the first j values; `reached[j]`
    is the share of people strictly below value j.
    """

    pieces: tuple[_Piece, ...]
    weights: tuple[float, ...]
    values: Floats
    masses: Floats
    passed: Floats
    reached: Floats


# Weighted pieces, and (mass, value) pairs.
_Smooth = list[tuple[float, _Piece]]
_Atoms = list[tuple[float, float]]
_Split = tuple[_Smooth, _Atoms]


def _make_blend(smooth: _Smooth, atoms: _Atoms) -> _Blend:
    """Put weighted pieces and (mass, value) pairs together. Raises ValueError where nothing has weight."""
    smooth = [(w, piece) for w, piece in smooth if w > 0]
    values, place = np.unique([grid(v) for w, v in atoms if w > 0], return_inverse=True)
    masses = np.bincount(place, [w for w, _ in atoms if w > 0], minlength=values.size).astype(np.float64)
    total = sum(w for w, _ in smooth) + float(masses.sum())
    if not total > 0:
        raise ValueError("a distribution needs at least one value or part with a weight above 0")
    passed = np.concatenate([[0.0], np.cumsum(masses)]) / total
    pieces = tuple(piece for _, piece in smooth)
    weights = tuple(w / total for w, _ in smooth)
    bare = _Blend(pieces, weights, values, masses / total, passed, passed[:-1])
    return _Blend(pieces, weights, values, masses / total, passed, passed[:-1] + _smooth_share(bare, values))


def _smooth_share(blend: _Blend, days: Floats) -> Floats:
    """The share of people at or below each number of days who belong to the smooth pieces."""
    share = np.zeros(np.shape(days))
    for weight, piece in zip(blend.weights, blend.pieces, strict=True):
        share = share + weight * piece.share(days)
    return share


def _quantile(blend: _Blend, ranks: Floats) -> Floats:
    """The inverse of a blend's distribution function, before rounding to the grid."""
    if not blend.values.size:
        return _smooth_quantile(blend, ranks)
    passed = np.searchsorted(blend.reached + blend.masses, ranks, side="right")
    last = blend.values.size - 1
    at = blend.values[np.minimum(passed, last)]
    if not blend.pieces:
        return at
    on_value = (passed <= last) & (ranks >= blend.reached[np.minimum(passed, last)])
    rest = np.clip((ranks - blend.passed[passed]) / sum(blend.weights), 0.0, BELOW_ONE)
    # Between two values only the pieces grow; the clip keeps rounding from stepping over a value.
    floor = np.where(passed > 0, blend.values[np.maximum(passed, 1) - 1], 0.0)
    between = np.clip(_smooth_quantile(blend, rest), floor, np.where(passed <= last, at, np.inf))
    return np.where(on_value, at, between)


def _smooth_quantile(blend: _Blend, ranks: Floats) -> Floats:
    """The inverse of the pieces' joint distribution function: read from a table wherever that is close enough."""
    if len(blend.pieces) == 1 and blend.pieces[0].is_quick:
        return blend.pieces[0].quantile(ranks)
    table = _table(blend)
    # Ranks beyond the table fall into its first cell or its last, which are never close.
    place = np.clip((ndtri(ranks) + REACH) * (CELLS / (2 * REACH)), 0.0, CELLS - 0.5)
    cell = place.astype(np.int64)
    found: Floats = np.exp(_on_curve(table, cell, place - cell))
    far = np.flatnonzero(~table.is_close[cell])
    if far.size:
        found.ravel()[far] = _exactly(blend, ranks.ravel()[far])
    return found


@dataclass(frozen=True, eq=False)
class _Table:
    """The logarithm of days by normal score (the z at which a standard normal has the rank), as cubics.

    Normal scores from -REACH to REACH are cut into CELLS equal cells, for a lognormal is a straight line there and
    mixtures bend little. `nodes`, shape (CELLS + 1,), are the logarithms at their ends; `first` and `last`, shape
    (CELLS,), the inner points of control; `is_close` says where the cubic is right to half a step of the time grid, tried at three places in each.
    """

    nodes: Floats
    first: Floats
    last: Floats
    is_close: NDArray[np.bool_]


def _on_curve(table: _Table, cell: Ints, part: Floats | float) -> Floats:
    """The cubics of some cells, each at a part of its width: Bernstein's form."""
    rest = 1.0 - part
    ends = rest * rest * rest * table.nodes[cell] + part * part * part * table.nodes[cell + 1]
    curve: Floats = ends + 3.0 * rest * part * (rest * table.first[cell] + part * table.last[cell])
    return curve


@lru_cache(maxsize=1024)
def _table(blend: _Blend) -> _Table:
    """The table of a blend's pieces; each cell is held against the exact inverse at three places within it."""
    scores, width = np.linspace(-REACH, REACH, CELLS + 1), 2 * REACH / CELLS
    cells = np.arange(CELLS)
    with np.errstate(all="ignore"):  # a cell with an end that has no logarithm or no slope is not close
        days = _exactly(blend, ndtr(scores))
        nodes = np.log(days)
        bell = np.exp(-scores * scores / 2) / math.sqrt(2 * math.pi)
        slope = bell * sum(blend.weights) / _smooth_density(blend, days) / days
        table = _Table(
            nodes,
            nodes[:-1] + width / 3 * slope[:-1],
            nodes[1:] - width / 3 * slope[1:],
            np.ones(CELLS, dtype=bool),
        )
        for part in (0.2, 0.5, 0.8):
            right = _exactly(blend, ndtr(scores[:-1] + part * width))
            table.is_close[:] &= np.abs(np.exp(_on_curve(table, cells, part)) - right) <= CLOSE_DAYS
    table.is_close[[0, -1]] = False
    return table


def _exactly(blend: _Blend, ranks: Floats) -> Floats:
    """The inverse itself, shape (ranks,): a piece's own where there is one piece, else solved for."""
    if len(blend.pieces) == 1:
        return blend.pieces[0].quantile(ranks)
    days, shares, pace = _milestones(blend)
    above = np.clip(np.searchsorted(shares, ranks, side="right"), 1, days.size - 1)
    found = _solved(blend, ranks, days, shares, pace, above)
    # Above the last milestone a double can say no more: the end is right.
    return np.where(ranks >= shares[-1], days[-1], found)


def _solved(blend: _Blend, ranks: Floats, days: Floats, shares: Floats, pace: Floats, above: Ints) -> Floats:
    """Where the pieces' joint distribution function meets each rank, between a milestone and the one before.

    Newton's method from a curve between the two that is so close that most need not go on from it; a step that
    would leave the bracket, which narrows all the while, goes to its middle instead. All arguments of shape
    (ranks,) but for the milestones.
    """
    whole = sum(blend.weights)
    low, high = days[above - 1], days[above]
    found = _between(ranks, days, shares, pace, above)
    left = np.arange(ranks.size)
    for _ in range(MOST_ITERATIONS):
        at = found[left]
        beyond = _smooth_share(blend, at) / whole - ranks[left]
        low[left] = np.where(beyond <= 0, at, low[left])
        high[left] = np.where(beyond >= 0, at, high[left])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = at - beyond * whole / _smooth_density(blend, at)
        is_inside = (step >= low[left]) & (step <= high[left])
        found[left] = np.where(is_inside, step, (low[left] + high[left]) / 2)
        # In a flat tail the days still move when the share cannot come any closer.
        is_solved = (np.abs(found[left] - at) <= TOLERANCE_DAYS) | (np.abs(beyond) <= CLOSE)
        left = left[~is_solved]
        if not left.size:
            break
    return found


def _between(ranks: Floats, days: Floats, shares: Floats, pace: Floats, above: Ints) -> Floats:
    """Days at each rank on the cubic curve through two milestones with the pace at each (Hermite interpolation)."""
    low, high = days[above - 1], days[above]
    rise = shares[above] - shares[above - 1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        part = np.clip(np.where(rise > 0, (ranks - shares[above - 1]) / rise, 0.5), 0.0, 1.0)
        rest = 1.0 - part
        line = low + part * (high - low)
        first, last = rise * pace[above - 1] - (high - low), rise * pace[above] - (high - low)
        curve = line + part * rest * (rest * first - part * last)
    # Where the density is nothing or endless at a milestone there is no such curve.
    return np.where((curve >= low) & (curve <= high), curve, line)


def _smooth_density(blend: _Blend, days: Floats) -> Floats:
    """The slope of `_smooth_share`."""
    density = np.zeros(np.shape(days))
    for weight, piece in zip(blend.weights, blend.pieces, strict=True):
        density = density + weight * piece.density(days)
    return density


@lru_cache(maxsize=4096)
def _milestones(blend: _Blend) -> tuple[Floats, Floats, Floats]:
    """Days, from 0 and ascending, the pieces' joint share at each, and the days that a unit of share takes there."""
    middle = np.linspace(0.0, 1.0, 1024, endpoint=False)
    tail = 0.5 ** np.arange(10.0, 53.0)
    ranks = np.concatenate([middle, tail, 1 - tail, [BELOW_ONE]])
    days = np.unique(np.concatenate([[0.0], *(piece.quantile(ranks) for piece in blend.pieces)]))
    # Rounding may make a sum dip by its last bit; the search needs it never to fall.
    shares = np.maximum.accumulate(_smooth_share(blend, days) / sum(blend.weights))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        pace = sum(blend.weights) / _smooth_density(blend, days)
    return days, shares, pace


# From a specification to a blend


@lru_cache(maxsize=4096)
def _blend(spec: Distribution) -> _Blend:
    smooth, atoms = _parts(spec)
    return _make_blend(smooth, atoms)


@lru_cache(maxsize=4096)
def _blend_by_length(spec: Distribution) -> _Blend:
    """The lengths that are met at a random moment: each in proportion to itself."""
    blend = _blend(spec)
    if mean(spec) == 0:
        return blend
    smooth = [(w * p.mean, p.by_length()) for w, p in zip(blend.weights, blend.pieces, strict=True)]
    atoms = [(float(m * v), float(v)) for m, v in zip(blend.masses, blend.values, strict=True)]
    return _make_blend(smooth, atoms)


def _parts(spec: Distribution) -> _Split:
    """The weighted pieces and (mass, value) pairs of a specification; they add up to 1 or less."""
    smooth, atoms = _uncut(spec)
    return (smooth, atoms) if spec.max is None else _cut(smooth, atoms, grid(spec.max))


def _cut(smooth: _Smooth, atoms: _Atoms, most: float) -> _Split:
    """Condition on being at most so many days. Raises ValueError where that cannot happen."""
    chances = [_share_at(piece, most) for _, piece in smooth]
    kept_smooth: _Smooth = [
        (w * chance, _Cut(piece, min(most, piece.most), chance))
        for (w, piece), chance in zip(smooth, chances, strict=True)
        if w * chance > 0
    ]
    kept_atoms = [(w, v) for w, v in atoms if grid(v) <= most]
    total = sum(w for w, _ in kept_smooth) + sum(w for w, _ in kept_atoms)
    if not total > 0:
        raise ValueError(f"max = {most:g} leaves nobody: the whole distribution is above it")
    return [(w / total, p) for w, p in kept_smooth], [(w / total, v) for w, v in kept_atoms]


def _uncut(spec: Distribution) -> _Split:
    if spec.dist == "mixture":
        return _mixture(spec)
    if spec.dist == "empirical":
        return [], _empirical(spec)
    if spec.dist == "fixed":
        return [], [(1.0, _one_number(spec))]
    if spec.dist == "exponential":
        return _exponential(spec)
    return _two_numbers(spec)


def _mixture(spec: Distribution) -> _Split:
    if not spec.parts:
        raise ValueError("a mixture needs parts")
    total = sum(part.weight for part in spec.parts)
    if not total > 0:
        raise ValueError("the weights of a mixture's parts must add up to more than 0")
    smooth: _Smooth = []
    atoms: _Atoms = []
    for part in spec.parts:
        pieces, values = _parts(part.of)
        smooth += [(w * part.weight / total, piece) for w, piece in pieces]
        atoms += [(w * part.weight / total, value) for w, value in values]
    return smooth, atoms


def _empirical(spec: Distribution) -> _Atoms:
    if not spec.values:
        raise ValueError("an empirical distribution needs values")
    weights = spec.weights or (1.0,) * len(spec.values)
    if len(weights) != len(spec.values):
        raise ValueError(f"{len(spec.values)} values have {len(weights)} weights; give one for each")
    total = sum(weights)
    if not total > 0:
        raise ValueError("the weights of an empirical distribution must add up to more than 0")
    return [(w / total, v) for w, v in zip(weights, spec.values, strict=True)]


def _one_number(spec: Distribution) -> float:
    number = spec.mean if spec.mean is not None else spec.median
    if number is None:
        raise ValueError(f"dist = {spec.dist!r} needs a mean")
    return number


def _exponential(spec: Distribution) -> _Split:
    scale = _one_number(spec) / (1.0 if spec.mean is not None else math.log(2))
    return ([(1.0, _PowerGamma(1.0, 1.0, scale))], []) if scale > 0 else ([], [(1.0, 0.0)])


def _two_numbers(spec: Distribution) -> _Split:
    """Lognormal, gamma or Weibull, by mean and sd or by median and p90; without spread, one value."""
    if spec.mean is not None and spec.sd is not None:
        centre, second, spread, makers = spec.mean, spec.sd, spec.sd, _BY_MEAN
        said = f"mean {centre:g} and sd {second:g}"
    elif spec.median is not None and spec.p90 is not None:
        centre, second, spread, makers = spec.median, spec.p90, spec.p90 - spec.median, _BY_MEDIAN
        said = f"median {centre:g} and p90 {second:g}"
    else:
        raise ValueError(f"a {spec.dist} needs mean and sd, or median and p90")
    if abs(spread) <= NO_SPREAD * centre:
        return [], [(1.0, centre)]
    if not 0 < spread < TOO_MUCH_SPREAD * centre:
        raise ValueError(f"there is no {spec.dist} with {said}")
    return [(1.0, makers[spec.dist](centre, second))], []


# From two numbers to a piece


def _lognormal_by_mean(mean: float, sd: float) -> _Piece:
    variance = math.log1p((sd / mean) ** 2)
    return _Lognormal(math.log(mean) - variance / 2, math.sqrt(variance))


def _lognormal_by_median(median: float, p90: float) -> _Piece:
    return _Lognormal(math.log(median), math.log(p90 / median) / Z90)


def _gamma_by_mean(mean: float, sd: float) -> _Piece:
    return _PowerGamma((mean / sd) ** 2, 1.0, sd * (sd / mean))


def _gamma_by_median(median: float, p90: float) -> _Piece:
    """The shape at which p90 / median is as asked: the ratio falls as the shape grows."""

    def excess(log_shape: float) -> float:
        shape = math.exp(log_shape)
        return math.log(gammaincinv(shape, 0.9) / gammaincinv(shape, 0.5)) - math.log(p90 / median)

    shape = _solve_log(excess, 0.002, 1e10, f"a gamma with median {median:g} and p90 {p90:g}")
    return _PowerGamma(shape, 1.0, median / float(gammaincinv(shape, 0.5)))


def _weibull_by_mean(mean: float, sd: float) -> _Piece:
    """The power at which E[X^2] / E[X]^2 is as asked: the ratio falls as the power grows."""

    def excess(log_power: float) -> float:
        power = math.exp(log_power)
        return float(gammaln(1 + 2 / power) - 2 * gammaln(1 + 1 / power)) - math.log1p((sd / mean) ** 2)

    power = _solve_log(excess, 0.02, 1e4, f"a weibull with mean {mean:g} and sd {sd:g}")
    return _PowerGamma(1.0, power, mean / float(gamma(1 + 1 / power)))


def _weibull_by_median(median: float, p90: float) -> _Piece:
    power = math.log(math.log(10) / math.log(2)) / math.log(p90 / median)
    return _PowerGamma(1.0, power, median / math.log(2) ** (1 / power))


def _solve_log(excess: Callable[[float], float], low: float, high: float, what: str) -> float:
    """The number between low and high at which a falling function of its logarithm is zero."""
    # Imported here: it takes a fifth of a second and 25 MB, and few scenarios need it.
    from scipy.optimize import brentq

    ends = math.log(low), math.log(high)
    if not excess(ends[0]) >= 0 >= excess(ends[1]):
        raise ValueError(f"{what} cannot be worked out: its spread is too small or too large")
    return math.exp(brentq(excess, *ends, xtol=1e-14, rtol=1e-14))


_Maker = Callable[[float, float], _Piece]
_BY_MEAN: Final[dict[str, _Maker]] = {
    "lognormal": _lognormal_by_mean,
    "gamma": _gamma_by_mean,
    "weibull": _weibull_by_mean,
}
_BY_MEDIAN: Final[dict[str, _Maker]] = {
    "lognormal": _lognormal_by_median,
    "gamma": _gamma_by_median,
    "weibull": _weibull_by_median,
}
