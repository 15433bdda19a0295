"""The fit file: which numbers of a scenario are to be fitted, over which ranges, to which targets.

It is TOML:

from = "2016-04"                          # first and last month; all that run and data share unless given
to = "2017-03"

[vary]                                    # every number with the range in which it lies for all one knows
"services.stit.stay.mean" = { low = 24, high = 34 }
"services.homecare.starts*" = { low = 0.9, high = 1.15 }              # * a factor, + an amount
"Homecare collapse: services.homecare.starts" = { low = 0.7, high = 1.0 }   # the size of a dated change
"while_waiting.leaves_per_day" = { low = 0.002, high = 0.02, scale = "log" }

[targets]                                 # see flowsim.decisions.targets for the names
monthly_delayed = { tolerance = 0.05 }    # a standard deviation, as a share of each figure
monthly_delayed_A = { tolerance = 0.15, weight = 0.5 }
excess_mean = { value = 197, within = 10 }  # the same in the target's unit

[effort]                                  # all may be left out
waves = 4
points = 160                              # in the first wave; half as many in each of the others
replications = 4                          # of a point in the first wave; twice as many in the others
members = 100                             # of the plausible set
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from flowsim.decisions.targets import Wanted, complaint_about
from flowsim.decisions.unknowns import Unknown, check_unknown, unknown_from, with_values
from flowsim.errors import FlowsimError, RunError, ScenarioError
from flowsim.scenario.files import bundled_folder
from flowsim.scenario.model import Scenario
from flowsim.scenario.safely import MOST_BYTES, document_in, read_bytes, text_of
from flowsim.scenario.words import nearest, printable, shortened
from flowsim.units import Floats

KEYS: Final = ("from", "to", "vary", "targets", "effort")
PRIOR_KEYS: Final = ("low", "high", "scale")
TARGET_KEYS: Final = ("value", "tolerance", "within", "weight")
SCALES: Final = ("linear", "log")
MOST_UNKNOWNS: Final = 20
MOST: Final = 1e12


@dataclass(frozen=True)
class Prior:
    """What is known of an unknown before the data: it lies between `low` and `high`, each value as likely (or its logarithm)."""

    unknown: Unknown
    low: float
    high: float
    scale: str = "linear"

    @property
    def name(self) -> str:
        """The name of the unknown."""
        return self.unknown.name

    def value(self, share: Floats) -> Floats:
        """The value at a share of the range, in [0, 1]; whole where only whole numbers may stand."""
        found: Floats
        if self.scale == "log":
            found = self.low * (self.high / self.low) ** np.asarray(share, dtype=np.float64)
        else:
            found = self.low + np.asarray(share, dtype=np.float64) * (self.high - self.low)
        return np.round(found) if self.unknown.whole else found

    def share(self, value: float) -> float:
        """The place of a value in the range, from 0 to 1 where it lies within."""
        if self.scale == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Effort:
    """How much to run: waves, points in the first (half as many later), replications of a point there (twice as many later).

    Of the plausible set's members each is run `member_replications` times at the end, to show the fit.
    """

    waves: int = 4
    points: int | None = None
    replications: int = 4
    members: int = 100
    member_replications: int = 4

    def points_for(self, unknowns: int) -> int:
        """Points of the first wave: twenty for each unknown unless the user says otherwise."""
        return self.points if self.points is not None else max(40, 20 * unknowns)


# Least and most of each.
EFFORT_RANGES: Final = {
    "waves": (1, 20),
    "points": (10, 5_000),
    "replications": (2, 200),
    "members": (10, 2_000),
    "member_replications": (1, 200),
}


@dataclass(frozen=True)
class Fit:
    """What is to be fitted to what. `begins` and `ends` are months such as "2016-04"; None: as far as run and data go."""

    priors: tuple[Prior, ...]
    wanted: tuple[Wanted, ...]
    begins: str | None = None
    ends: str | None = None
    effort: Effort = field(default_factory=Effort)


def read_fit(path: Path | str) -> Fit:
    """The fit file at a path, or the bundled one of that name. Raises ScenarioError with every complaint, each a sentence."""
    name = printable(str(path))
    document = document_in(text_of(read_bytes(_place(path), MOST_BYTES, "a fit file"), name), name)
    return fit_from(document, name)


def bundled_fits() -> tuple[str, ...]:
    """The names of the fit files that come with flowsim."""
    return tuple(sorted(path.stem for path in (bundled_folder() / "fits").glob("*.toml")))


def _place(path: Path | str) -> Path:
    """Where a fit file is. Raises ScenarioError where a name without an ending is neither a bundled one nor a file."""
    text = str(path)
    if text in bundled_fits():
        return bundled_folder() / "fits" / f"{text}.toml"
    if re.fullmatch(r"[\w-]+", text) and not Path(text).exists():
        hint = nearest(text, bundled_fits())
        raise ScenarioError([f"{printable(text)}: is neither a fit file nor a bundled one; {hint}"])
    return Path(path)


def fit_from(document: Mapping[str, Any], name: str = "the fit") -> Fit:
    """A fit from plain nested tables. Raises ScenarioError with every complaint, each a sentence."""
    wrong = [f"{key}: there is no such key; {nearest(key, KEYS)}" for key in document if key not in KEYS]
    begins, ends = (_month(document, key, wrong) for key in ("from", "to"))
    if begins is not None and ends is not None and begins > ends:
        wrong.append(f"from = {begins}: is after to = {ends}")
    priors = _each(document, "vary", _prior, wrong)
    wanted = _each(document, "targets", _wanted, wrong)
    if "vary" not in document:
        wrong.append("vary: is missing; name at least one number and its range")
    elif not priors and not wrong:
        wrong.append("vary: is empty; name at least one number and its range")
    if len(priors) > MOST_UNKNOWNS:
        wrong.append(f"vary: {len(priors)} numbers are too many to tell apart; at most {MOST_UNKNOWNS}")
    if "targets" not in document:
        wrong.append("targets: is missing; name at least one, such as monthly_delayed = { tolerance = 0.05 }")
    elif not any(one.weight > 0 for one in wanted) and not wrong:
        wrong.append("targets: none has a weight above 0")
    effort = _effort(document.get("effort", {}), wrong)
    if wrong:
        raise ScenarioError(f"{name}: {words}" for words in wrong)
    return Fit(tuple(priors), tuple(wanted), begins, ends, effort)


def check_fit(fit: Fit, scenario: Scenario, name: str = "the fit") -> None:
    """Raise ScenarioError, with every complaint, where the fit asks for what the scenario does not have."""
    wrong: list[str] = []
    for prior in fit.priors:
        try:
            check_unknown(scenario, prior.unknown)
            for end in (prior.low, prior.high):
                with_values(scenario, {prior.unknown: end})
        except FlowsimError as problem:
            complaints = problem.complaints if isinstance(problem, ScenarioError) else (str(problem),)
            wrong += [f"{name}: vary: {words}" for words in complaints]
    for one in fit.wanted:
        words = complaint_about(one, scenario)
        if words is not None:
            wrong.append(f"{name}: targets.{printable(one.name)}: {words}")
    if wrong:
        raise ScenarioError(wrong)


def _month(document: Mapping[str, Any], key: str, wrong: list[str]) -> str | None:
    value = document.get(key)
    if value is None:
        return None
    text = str(value)[:7] if not isinstance(value, bool | int | float) else ""
    year, dash, month = text.partition("-")
    if dash and len(year) == 4 and year.isdigit() and month.isdigit() and 1 <= int(month) <= 12:
        return f"{year}-{int(month):02d}"
    wrong.append(f'{key} = {shortened(value)}: must be a month such as "2016-04"')
    return None


def _each(document: Mapping[str, Any], key: str, read: Any, wrong: list[str]) -> list[Any]:
    table = document.get(key, {})
    if not isinstance(table, Mapping):
        wrong.append(f"{key} = {shortened(table)}: must be a table")
        return []
    found = []
    for name, given in _flat(table):
        try:
            found.append(read(name, given))
        except RunError as problem:
            wrong.append(f"{key}.{printable(name)}: {problem}")
    names = [one.name for one in found]
    wrong += [
        f"{key}.{printable(n)}: is named twice" for n in sorted({n for n in names if names.count(n) > 1})
    ]
    return found


def _flat(table: Mapping[str, Any], before: str = "") -> Sequence[tuple[str, Any]]:
    """Names and what is given for them; a dotted key without quotation marks is the same as one with."""
    found: list[tuple[str, Any]] = []
    for key, value in table.items():
        name = f"{before}.{key}" if before else key
        if isinstance(value, Mapping) and value and all(isinstance(v, Mapping) for v in value.values()):
            found += _flat(value, name)
        else:
            found.append((name, value))
    return found


def _table(given: Any, keys: Sequence[str], example: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise RunError(f"is {shortened(given)}, but must be a table such as {example}")
    unknown = [key for key in given if key not in keys]
    if unknown:
        raise RunError(f"there is no key {shortened(unknown[0])} here; {nearest(str(unknown[0]), keys)}")
    return given


def _number(given: Mapping[str, Any], key: str, low: float = -MOST, high: float = MOST) -> float | None:
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RunError(f"{key} = {shortened(value)}: must be a number from {low:g} to {high:g}")
    return float(value)


def _prior(name: str, given: Any) -> Prior:
    example = "{ low = 24, high = 34 }"
    unknown, table = unknown_from(name), _table(given, PRIOR_KEYS, example)
    low, high = _number(table, "low"), _number(table, "high")
    if low is None or high is None:
        raise RunError(f"lacks {'low' if low is None else 'high'}; write {example}")
    if not low < high:
        raise RunError(f"low = {low:g} must be below high = {high:g}")
    scale = table.get("scale", "linear")
    if scale not in SCALES:
        raise RunError(f"scale = {shortened(scale)}: must be one of: {', '.join(SCALES)}")
    if scale == "log" and low <= 0:
        raise RunError(f"low = {low:g}: a logarithmic scale needs a low end above 0")
    return Prior(unknown, low, high, scale)


def _wanted(name: str, given: Any) -> Wanted:
    example = "{ tolerance = 0.05 }"
    table = _table(given, TARGET_KEYS, example)
    if "tolerance" in table and "within" in table:
        raise RunError("give tolerance (a share of the figure) or within (in its unit), not both")
    within = _number(table, "within", 0, MOST)
    tolerance = _number(table, "tolerance", 0, 10)
    weight = _number(table, "weight", 0, 1)
    return Wanted(
        name,
        _number(table, "value"),
        0.05 if tolerance is None else tolerance,
        within,
        1.0 if weight is None else weight,
    )


def _effort(given: Any, wrong: list[str]) -> Effort:
    if not isinstance(given, Mapping):
        wrong.append(f"effort = {shortened(given)}: must be a table")
        return Effort()
    found: dict[str, int] = {}
    for key, value in given.items():
        if key not in EFFORT_RANGES:
            wrong.append(
                f"effort.{printable(str(key))}: there is no such key; {nearest(str(key), EFFORT_RANGES)}"
            )
            continue
        low, high = EFFORT_RANGES[key]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            wrong.append(f"effort.{key} = {shortened(value)}: must be a whole number from {low} to {high}")
            continue
        found[key] = value
    return Effort(**found)
