"""Which distribution of stays fits a list of discharges: four families compared, people who have not left counted as such.

A stay of somebody who is still there is known to be longer than what has passed by the last date of the list: right-censored.
A stay of d days, where only dates are known, lies between d - 1/2 and d + 1/2 days: interval-censored. So each person adds
log(F(high) - F(low)) to the likelihood, with high infinite for who is still there (Klein and Moeschberger 2003, section 3.5), and
families are compared by Akaike's criterion, AIC = 2 * parameters - 2 * log likelihood. Within 2 of each other data do not tell
them apart (Burnham and Anderson 2002, section 2.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from flowsim.observed.small import FEWEST, small_number
from flowsim.units import Floats

FAMILIES: Final = ("lognormal", "gamma", "weibull", "exponential")
UNTIL_READY, UNTIL_LEFT = "admitted until ready", "ready until left"
NOT_TOLD_APART: Final = 2.0
# A fit to fewer ended stays than this says nothing.
FEWEST_ENDED: Final = 20
MINUTE: Final = 1 / 1440
COLUMNS: Final = [
    "of",
    "people",
    "censored",
    "family",
    "mean",
    "sd",
    "median",
    "p90",
    "aic",
    "behind",
    "toml",
]


@dataclass(frozen=True)
class Stays:
    """Stays of one group, days, shape (people,): how long, and whether they have ended. `step` is how exactly they are known."""

    of: str
    days: Floats
    ended: np.ndarray
    step: float
    left_out: int

    @property
    def low(self) -> Floats:
        """The least that each may have been."""
        found: Floats = np.where(self.ended, np.maximum(self.days - self.step / 2, 0.0), self.days)
        return found

    @property
    def high(self) -> Floats:
        """The most that each may have been."""
        found: Floats = np.where(self.ended, self.days + self.step / 2, np.inf)
        return found


@dataclass(frozen=True)
class Fit:
    """A family fitted to stays: its distribution (frozen, scipy) and Akaike's criterion."""

    family: str
    distribution: Any
    aic: float

    @property
    def toml(self) -> str:
        """The distribution as a scenario file writes it."""
        mean, sd = self.distribution.mean(), self.distribution.std()
        spread = "" if self.family == "exponential" else f", sd = {sd:.3g}"
        return f'{{ dist = "{self.family}", mean = {mean:.3g}{spread} }}'


@dataclass(frozen=True)
class Group:
    """Stays of one group with every family, the best first."""

    stays: Stays
    fits: tuple[Fit, ...]


def stays_of(people: pd.DataFrame, which: str, route: str | None = None) -> Stays:
    """Stays in a list of discharges: admitted until ready, or ready until left; of one route, or of all.

    Who left without a day on which they were ready is left out, and counted in `left_out`.
    """
    rows = people if route is None else people[people["route"] == route]
    dates = pd.concat([people["admitted"], people["ready"], people["left"]]).dropna()
    step = 1.0 if (dates == dates.dt.normalize()).all() else MINUTE
    begin, end = ("admitted", "ready") if which == UNTIL_READY else ("ready", "left")
    # Who left without a day on which they were ready: nobody knows how the stay divides.
    unknown = rows["ready"].isna() & rows["left"].notna()
    known = rows[~unknown & rows[begin].notna()]
    ended = known[end].notna().to_numpy()
    until = known[end].fillna(dates.max())
    days = (until - known[begin]).dt.total_seconds().to_numpy(dtype=np.float64) / 86_400
    name = which if route is None else f"{route}: {which}"
    return Stays(name, days, ended, step, int(unknown.sum()))


def fit(stays: Stays, family: str) -> Fit:
    """The maximum of the likelihood for a family (Nelder and Mead, on logs of the parameters)."""
    from scipy.optimize import minimize

    pairs, count = np.unique(np.stack([stays.low, stays.high], axis=1), axis=0, return_counts=True)
    low, high = pairs.T
    middle = np.maximum(stays.days[stays.ended], stays.step / 4)
    logs = np.log(middle)
    start = {
        "lognormal": (logs.std() + 0.1, np.exp(logs.mean())),
        "gamma": (1.0, middle.mean()),
        "weibull": (1.0, middle.mean()),
        "exponential": (middle.mean(),),
    }[family]

    def lost(parameters: Floats) -> float:
        distribution = _distribution(family, np.exp(np.clip(parameters, -12, 12)))
        inside = distribution.sf(low) - distribution.sf(high)
        return -float(count @ np.log(np.maximum(inside, 1e-300)))

    found = minimize(
        lost, np.log(start), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8, "maxiter": 2_000}
    )
    best = _distribution(family, np.exp(np.clip(found.x, -12, 12)))
    return Fit(family, best, 2 * len(start) + 2 * float(found.fun))


def _distribution(family: str, parameters: Floats) -> Any:
    from scipy import stats

    if family == "exponential":
        return stats.expon(scale=parameters[0])
    kind = {"lognormal": stats.lognorm, "gamma": stats.gamma, "weibull": stats.weibull_min}[family]
    return kind(parameters[0], scale=parameters[1])


def fitted_groups(people: pd.DataFrame, fewest: int = FEWEST) -> list[tuple[str, Group]]:
    """Every group with enough ended stays, with a short name each: all people, then each route that is named."""
    return [
        (name, Group(stays, tuple(sorted((fit(stays, family) for family in FAMILIES), key=lambda f: f.aic))))
        for name, stays in _groups(people)
        if int(stays.ended.sum()) >= max(FEWEST_ENDED, fewest)
    ]


def _groups(people: pd.DataFrame) -> Iterator[tuple[str, Stays]]:
    routes = sorted({route for route in people["route"] if route})
    for number, route in enumerate([None, *routes]):
        for which, short in ((UNTIL_READY, "ready"), (UNTIL_LEFT, "left")):
            yield (f"{short}" if route is None else f"{short}-{number}"), stays_of(people, which, route)


@dataclass(frozen=True)
class Fitted:
    """All that a list of discharges says of stays.

    `groups`: each group with a short name. `table`: a row a group and family (COLUMNS); `behind` is how far a family's AIC lies
    behind the best, `toml` what to write into a scenario. `sentences`: which fits best, and what was left out.
    """

    groups: list[tuple[str, Group]]
    table: pd.DataFrame
    sentences: list[str]


def stays_fitted(people: pd.DataFrame, fewest: int = FEWEST) -> Fitted:
    """Every family fitted to every group of a list of discharges. Small numbers (below `fewest`) are in no table."""
    groups = fitted_groups(people, fewest)
    rows, sentences = [], [_verdict(group) for _, group in groups]
    for _, group in groups:
        stays, best = group.stays, group.fits[0]
        censored = small_number(int((~stays.ended).sum()), fewest)
        for one in group.fits:
            d = one.distribution
            shape = (float(d.mean()), float(d.std()), float(d.median()), float(d.ppf(0.9)))
            rows.append(
                (
                    stays.of,
                    len(stays.days),
                    censored,
                    one.family,
                    *shape,
                    one.aic,
                    one.aic - best.aic,
                    one.toml,
                )
            )
    few = [stays.of for _, stays in _groups(people) if int(stays.ended.sum()) < max(FEWEST_ENDED, fewest)]
    if few:
        sentences.append(
            f"Too few ended stays to fit (fewer than {max(FEWEST_ENDED, fewest)}): {', '.join(few)}."
        )
    out = int((people["ready"].isna() & people["left"].notna()).sum())
    if out:
        who = f"{out} of {len(people)} people" if out >= fewest else "A few people"
        sentences.append(f"{who} left without a day on which they were ready, and are in no fit.")
    return Fitted(groups, pd.DataFrame(rows, columns=COLUMNS), sentences)


def _verdict(group: Group) -> str:
    """Which family fits best, and which the data do not tell from it."""
    best, *others = group.fits
    near = [one.family for one in others if one.aic - best.aic <= NOT_TOLD_APART]
    words = f"{group.stays.of}: by AIC {best.family} fits best, {best.toml}"
    if near:
        return f"{words}; the data do not tell it from {' or '.join(near)}."
    return f"{words}; {others[0].family} comes next, {others[0].aic - best.aic:.1f} behind."
