"""Plausible parameters: a set of values that data have left possible, stored whole, and runs that meet them all.

Replication k meets a member of the set: which one is settled by k alone (golden-ratio points through the cumulative
weights, so that any first few replications are spread evenly over the set), hence it is the same member in every scenario
of a comparison, and paired differences stay paired. Bands over replications then carry the uncertainty of the parameters as well
as chance; the interval of a mean does not, for it is that of the mean over the set, and shrinks with every replication.

A plan may itself alter a number that was fitted (a shorter stay, say). Where it says another number than the scenario that
was fitted, a member alters the plan's number in the proportion in which it alters that of the fitted scenario, so that
neither undoes the other.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from flowsim.decisions.unknowns import Unknown, unknown_from, with_values
from flowsim.engine import AUTO
from flowsim.errors import RunError
from flowsim.experiment.replicate import Progress, ignore
from flowsim.experiment.run import Effort, run_together
from flowsim.files import made_folder, write_text, write_whole
from flowsim.frames import read_table, safe_csv, write_table
from flowsim.results import Result
from flowsim.scenario.files import bundled_folder, fingerprint, load
from flowsim.scenario.model import Scenario
from flowsim.scenario.words import one_of, printable, shortened
from flowsim.units import Floats

TABLE: Final = "plausible.parquet"
COPY: Final = "plausible.csv"
MANIFEST: Final = "plausible.json"
# Names a folder with a set that the app is to offer.
OFFERED: Final = "FLOWSIM_PLAUSIBLE"
# The fingerprint of the scenario with the typical member written into it, in the manifest.
FITTED: Final = "fitted"
WEIGHT, DISCREPANCY = "weight", "discrepancy"
GOLDEN: Final = (math.sqrt(5) - 1) / 2
# Built scenarios that are kept for those who ask again.
MOST_KEPT: Final = 1_024
# Numbers nearer than this, relative, are the same number: a file may have been written with ten digits.
SAME: Final = 1e-9


@dataclass(frozen=True)
class Plausible:
    """A set of plausible values for some numbers of a scenario.

    `base` names the scenario that was fitted, `fingerprint` is its own. `paths` are names of unknowns
    (`flowsim.decisions.unknowns`). `table`: one row a member, a column a path, `weight` (they sum to 1) and `discrepancy`:
    how far the member is from the data, in standard deviations of what chance, tolerance and emulator leave open, over
    all targets (root mean square; about 1 for one that fits). `usual`: what the base says at each path. `about`: what else is known
    of the fit, for the manifest. Raises RunError in words where these do not fit together.
    """

    base: str
    paths: tuple[str, ...]
    table: pd.DataFrame
    fingerprint: str
    usual: Mapping[str, float] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [name for name in (*self.paths, WEIGHT, DISCREPANCY) if name not in self.table]
        if missing:
            raise RunError(f"the plausible set of {self.base} lacks the column {missing[0]}")
        if not len(self.table):
            raise RunError(f"the plausible set of {self.base} has no members")
        numbers = self.table[[*self.paths, WEIGHT]].to_numpy(dtype=np.float64)
        if not np.isfinite(numbers).all() or (numbers[:, -1] < 0).any() or numbers[:, -1].sum() <= 0:
            raise RunError(f"the plausible set of {self.base} holds values or weights that are no numbers")

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def unknowns(self) -> tuple[Unknown, ...]:
        """What the paths stand for."""
        return tuple(unknown_from(path) for path in self.paths)

    @cached_property
    def mark(self) -> str:
        """What tells the set from another: SHA-256 (hexadecimal) of its values."""
        text = "\n".join([self.fingerprint, *self.paths, self.table.to_csv(index=False)])
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def weights(self) -> Floats:
        """The share of each member, shape (members,); they sum to 1."""
        found = self.table[WEIGHT].to_numpy(dtype=np.float64)
        shares: Floats = found / found.sum()
        return shares

    def member_of(self, replication: int) -> int:
        """Which member a replication meets."""
        place = (replication + 0.5) * GOLDEN % 1.0
        found = int(np.searchsorted(np.cumsum(self.weights), np.float64(place), side="right"))
        return min(found, len(self) - 1)

    def values(self, member: int) -> dict[str, float]:
        """A member's value of every path."""
        return {path: float(self.table[path].iloc[member]) for path in self.paths}

    def typical(self) -> dict[str, float]:
        """The weighted mean of every path; the middle of the set."""
        return {
            path: float(self.weights @ self.table[path].to_numpy(dtype=np.float64)) for path in self.paths
        }

    def range_of(self, path: str, share: float = 0.9) -> tuple[float, float]:
        """The middle share of the set for a path: weighted quantiles."""
        values = self.table[path].to_numpy(dtype=np.float64)
        order = np.argsort(values, kind="stable")
        places = np.cumsum(self.weights[order]) - self.weights[order] / 2
        low, high = np.interp([(1 - share) / 2, (1 + share) / 2], places, values[order])
        return float(low), float(high)

    # A scenario as a member has it

    def base_scenario(self) -> Scenario:
        """The scenario that was fitted. Raises ScenarioError in words where it cannot be found any more."""
        return load(self.base)

    def scenario(self, scenario: Scenario, member: int) -> Scenario:
        """A scenario with a member's values; also one into which the typical member was written. Raises RunError or ScenarioError in words where that makes no sense."""
        if self.about.get(FITTED) == fingerprint(scenario):
            return self.written_into(scenario).scenario(scenario, member)
        values = self.values(member)
        return with_values(scenario, {u: self._value(u, scenario, values[u.name]) for u in self.unknowns})

    def _value(self, unknown: Unknown, scenario: Scenario, value: float) -> float:
        now, usual = unknown.now(scenario), self.usual.get(unknown.name)
        if now is None or usual is None or math.isclose(now, usual, rel_tol=SAME):
            return value
        return value * now / usual if usual else value + now

    def scenarios(self, base: Scenario | None = None) -> list[Scenario]:
        """The scenario (the one that was fitted unless another is given) as each member has it."""
        given = self.base_scenario() if base is None else base
        return [self.scenario(given, member) for member in range(len(self))]

    def written_into(
        self, scenario: Scenario, values: Mapping[str, float] | None = None, name: str | None = None
    ) -> Plausible:
        """The same set for a scenario into which these values (the typical member's unless given) have been written.

        Factors, amounts and strengths of changes are then counted from there.
        """
        written, table = values or self.typical(), self.table.copy()
        for unknown in self.unknowns:
            if unknown.how == "add":
                table[unknown.name] = table[unknown.name] - written[unknown.name]
            elif unknown.is_factor and written[unknown.name]:
                table[unknown.name] = table[unknown.name] / written[unknown.name]
        return replace(
            self,
            base=name or scenario.name,
            table=table,
            fingerprint=fingerprint(scenario),
            usual=usual_of(scenario, self.unknowns),
            # The ranges of the fit were counted from the scenario that was fitted.
            about={key: value for key, value in self.about.items() if key not in (FITTED, "ranges")},
        )

    def sentence(self) -> str:
        """What a run with this set has to say of itself."""
        count = f"{len(self.paths)} number{'s' if len(self.paths) != 1 else ''}"
        return (
            f"Each replication meets one of {len(self)} plausible sets of values for {self.base}, so bands carry the uncertainty of {count} "
            "fitted to data as well as chance. The 95 % intervals in brackets do not: they say how well the mean over all these sets is known."
        )

    # On disk

    def save(self, folder: Path | str) -> list[Path]:
        """Write the set into a folder, each file whole or not at all. Raises RunError in words."""
        place = made_folder(Path(folder))
        about = {
            "base": self.base,
            "fingerprint": self.fingerprint,
            "paths": list(self.paths),
            "members": len(self),
            "usual": dict(self.usual),
            **self.about,
        }
        written = [
            write_table(place / TABLE, self.table),
            write_whole(place / COPY, partial(safe_csv, self.table)),
        ]
        # Last, because it says that the rest is there.
        text = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
        return [*written, write_text(place / MANIFEST, text)]

    @classmethod
    def load(cls, folder: Path | str) -> Plausible:
        """The set in a folder, or the bundled one of that name. Raises RunError in words where there is none."""
        place = _place(folder)
        known = _manifest(place, str(folder))
        base, paths, mark = known.pop("base"), known.pop("paths"), known.pop("fingerprint")
        usual = known.pop("usual")
        known.pop("members", None)
        return cls(base, tuple(paths), read_table(place / TABLE), mark, usual, known)


def _manifest(place: Path, named: str) -> dict[str, Any]:
    """What stands in the manifest of a set. Raises RunError in words where it is none."""
    try:
        known = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = None
    kinds = {"base": str, "paths": list, "fingerprint": str, "usual": dict}
    if not isinstance(known, dict) or not all(
        isinstance(known.get(key), kind) for key, kind in kinds.items()
    ):
        sets = bundled_sets()
        raise RunError(
            f"{printable(named)} holds no plausible set: {MANIFEST} is missing or cannot be read; flowsim calibrate "
            f"makes one{f', and {one_of(sets)} come with flowsim' if sets else ''}"
        )
    return known


def usual_of(scenario: Scenario, unknowns: tuple[Unknown, ...]) -> dict[str, float]:
    """What the scenario says of each unknown, where it says one number."""
    found = {unknown.name: unknown.now(scenario) for unknown in unknowns}
    return {name: value for name, value in found.items() if value is not None}


def bundled_sets() -> tuple[str, ...]:
    """The names of the plausible sets that come with flowsim."""
    return tuple(sorted(path.parent.name for path in (bundled_folder() / "plausible").glob(f"*/{MANIFEST}")))


def offered_sets() -> dict[str, str]:
    """Sets that the app offers by name: the bundled ones, and the folder that FLOWSIM_PLAUSIBLE names, if it does."""
    found = {name: name for name in bundled_sets()}
    own = os.environ.get(OFFERED, "")
    if own and (Path(own) / MANIFEST).is_file():
        found[Path(own).resolve().name] = own
    return found


def _place(folder: Path | str) -> Path:
    if str(folder) in bundled_sets():
        return bundled_folder() / "plausible" / str(folder)
    return Path(folder)


def fitted_scenario(scenario: Scenario, plausible: Plausible) -> Scenario:
    """A scenario with the typical member of a set written into it. Raises RunError or ScenarioError in words."""
    typical = plausible.typical()
    return with_values(scenario, {unknown: typical[unknown.name] for unknown in plausible.unknowns})


class Met:
    """Scenarios as replications meet them: `met(scenario, replication)`. Keeps what it has built."""

    def __init__(self, plausible: Plausible) -> None:
        self.plausible = plausible
        self._kept: dict[tuple[int, int], tuple[Scenario, Scenario]] = {}

    @property
    def words(self) -> str:
        """What results have to say of it."""
        return self.plausible.sentence()

    def __call__(self, scenario: Scenario, replication: int) -> Scenario:
        key = (id(scenario), self.plausible.member_of(replication))
        found = self._kept.get(key)
        if found is None or found[0] is not scenario:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            found = (scenario, self.plausible.scenario(scenario, key[1]))
            self._kept[key] = found
        return found[1]

    def __getstate__(self) -> dict[str, Any]:
        # What travels to another process is the set, not what was built of it here.
        return {"plausible": self.plausible, "_kept": {}}


def run_plausible(
    scenario: Scenario | str | Path,
    plausible: Plausible,
    replications: int | None = None,
    *,
    seed: int | None = None,
    engine: str = AUTO,
    cores: int = 1,
    keep_journeys: int = 0,
    census_only: bool = False,
    on_done: Progress = ignore,
) -> Result:
    """Run a scenario so that each replication meets a member of the set. Raises RunError or ScenarioError in words."""
    effort = Effort(
        replications=replications,
        seed=seed,
        engine=engine,
        cores=cores,
        keep_journeys=keep_journeys,
        census_only=census_only,
        on_done=on_done,
        met=Met(plausible),
    )
    return run_together([load(scenario)], effort)[0]


def met_by(plausible: Path | str | None, scenarios: Sequence[Scenario]) -> Met | None:
    """What makes replications meet the set in a folder (or the bundled one of that name); None where none is asked for.

    Raises RunError or ScenarioError, in words, where there is no such set or it does not suit one of the scenarios.
    """
    if plausible is None:
        return None
    found = Plausible.load(plausible)
    for scenario in scenarios:
        try:
            found.scenario(scenario, 0)
        except RunError as problem:
            raise RunError(
                f"the plausible set of {shortened(found.base)} does not suit {scenario.name}: {problem}"
            ) from None
    return Met(found)
