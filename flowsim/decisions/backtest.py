"""Back-test: forecast months that are known by now, from what was known before them, and score what came out.

For each cut the paths of a scenario are conditioned on the months before it and nothing later; the months after it, up to a
number of them, are forecast and held against what was observed, beside three rivals (`flowsim.decisions.rivals`). What a scenario
says happens later (its dated changes) is taken as known in advance: a change that nobody knew of at a cut is a peek.

Either one set of values serves all cuts (given, or assumed: `flowsim.decisions.prior`), re-weighted at each by the months
before it; then the paths are run once. Or, with a fit file, values are calibrated anew for each cut on the months before it.
What is done for a cut is kept in a folder, and not done again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd

from flowsim.decisions.ensemble import PERSISTENCE, Ensemble, condition
from flowsim.decisions.forecast import PATHS, ensemble_run, refuse_foreign, until
from flowsim.decisions.plausible import Plausible
from flowsim.decisions.prior import prior_set
from flowsim.decisions.rivals import MOST_AHEAD, RIVALS, rival
from flowsim.decisions.scores import LEVELS, band, crps, weighted_quantiles
from flowsim.engine import AUTO
from flowsim.errors import RunError, Stopped
from flowsim.experiment.replicate import Progress, ignore
from flowsim.files import made_folder, write_text
from flowsim.observed import Observed
from flowsim.scenario.files import fingerprint, load
from flowsim.scenario.model import Scenario
from flowsim.version import __version__

MODEL: Final = "the model"
HORIZON: Final = 6
FEWEST_BEFORE: Final = 12
COLUMNS: Final = [
    "cut", "month", "ahead", "forecaster", "observed", "forecast", "low50", "high50", "low90", "high90", "crps",
]  # fmt: skip

# The set of values to use at a cut: what calibration on the months before it gives.
Fitting = Callable[[Observed, dt.date], Plausible]


@dataclass(frozen=True)
class Backtest:
    """What each forecaster said of each month at each cut, and what was seen: `table` has COLUMNS, a row each."""

    scenario: Scenario
    table: pd.DataFrame
    seed: int
    paths: int
    method: str

    @cached_property
    def scores(self) -> pd.DataFrame:
        """By forecaster, over the months that all of them forecast: months, mae, crps, coverage50, coverage90, width90 (people)."""
        return self._scored(self.shared)

    @cached_property
    def shared(self) -> pd.DataFrame:
        """The rows of cuts and months that every forecaster has something to say of."""
        wanted = len(RIVALS) + 1
        count = (
            self.table.dropna(subset=["crps"]).groupby(["cut", "month"])["forecaster"].transform("nunique")
        )
        return self.table.loc[count.index[count == wanted]]

    @cached_property
    def by_cut(self) -> pd.DataFrame:
        """The same scores for each cut, over the months of that cut that each forecaster has: cut first."""
        parts = [self._scored(rows).assign(cut=cut) for cut, rows in self.table.groupby("cut")]
        found = pd.concat(parts, ignore_index=True)
        return found[["cut", *[c for c in found if c != "cut"]]]

    @staticmethod
    def _scored(rows: pd.DataFrame) -> pd.DataFrame:
        found = []
        for name in (MODEL, *RIVALS):
            own = rows[(rows["forecaster"] == name) & rows["crps"].notna()]
            if not len(own):
                continue
            seen = own["observed"]
            inside = [((own[f"low{p}"] <= seen) & (seen <= own[f"high{p}"])).mean() for p in (50, 90)]
            width = (own["high90"] - own["low90"]).mean()
            found.append(
                (name, len(own), (own["forecast"] - seen).abs().mean(), own["crps"].mean(), *inside, width)
            )
        columns = ["forecaster", "months", "mae", "crps", "coverage50", "coverage90", "width90"]
        return pd.DataFrame(found, columns=columns)

    def beats(self) -> dict[str, bool]:
        """For each rival, whether the model's CRPS is smaller over the months that all forecast."""
        score = self.scores.set_index("forecaster")["crps"]
        return {name: bool(score[MODEL] < score[name]) for name in RIVALS if name in score}


def backtest(
    scenario: Scenario | str | Path,
    observed: Observed,
    cuts: Sequence[dt.date] = (),
    *,
    months: int = HORIZON,
    plausible: Plausible | None = None,
    fitting: Fitting | None = None,
    paths: int = PATHS,
    seed: int | None = None,
    persistence: float = PERSISTENCE,
    engine: str = AUTO,
    cores: int = 1,
    folder: Path | None = None,
    on_done: Progress = ignore,
) -> Backtest:
    """Forecast up to so many months after each cut (the first day that is not known); none given means every month with a
    year before it. `fitting` gives the values for a cut from what was observed before it. Raises RunError, ScenarioError and
    DataError in words, Stopped where the user stops it.
    """
    base = load(scenario)
    seen = _series(observed)
    if not 1 <= months <= MOST_AHEAD:
        raise RunError(f"{months} months cannot be forecast; ask for 1 to {MOST_AHEAD}")
    chosen = [_checked(cut, seen) for cut in cuts] or usual_cuts(seen)
    whose = base.run.seed if seed is None else seed
    whole = until(base, _last(max(chosen), months, seen))
    assumed = plausible or prior_set(whole, whose)
    refuse_foreign(assumed, whole)
    shared: list[Ensemble] = []  # run when the first cut needs it, and once
    parts = []
    for number, cut in enumerate(chosen):
        # Also of a cut that is kept: only the values say whether it was made from these. A fit keeps its own work.
        members = assumed if fitting is None else fitting(observed.until(cut), cut)
        key = _key(whole, members, observed, months, paths, whose, persistence)
        done = _kept(folder, cut, key)
        if done is None:
            if fitting is not None or not shared:
                listen: Progress = lambda d, t, n=number: on_done(n * t + d, len(chosen) * t)  # type: ignore[misc]  # noqa: E731
                result = ensemble_run(
                    whole, members, paths, whose, engine, cores, listen if fitting else on_done
                )
                if result.stopped:
                    raise Stopped(
                        "stopped before this cut was finished: what is done is kept where there is a folder, and the same command goes on"
                    )
                shared = [Ensemble.of(result)]
            done = _one_cut(shared[0], observed, seen, cut, months, whose, persistence)
            _keep(folder, cut, key, done)
        parts.append(done)
    table = pd.concat(parts, ignore_index=True)
    return Backtest(base, table, whose, paths, _method(plausible, fitting is not None, paths))


def usual_cuts(seen: pd.Series) -> list[dt.date]:
    """The first day of every month that has a year of months before it."""
    index = pd.DatetimeIndex(seen.index)
    found = [month.date() for month in index if (index < month).sum() >= FEWEST_BEFORE]
    if not found:
        raise RunError(
            f"{len(seen)} months are too few to test on: {FEWEST_BEFORE} are needed before the first cut"
        )
    return found


def _series(observed: Observed) -> pd.Series:
    """Mean people delayed by month, without a gap."""
    monthly = observed.monthly
    if monthly is None or not len(monthly):
        raise RunError("there are no observed months of delay; name a file that has them, or sheffield")
    seen = monthly["per_day"]
    wanted = pd.date_range(seen.index[0], seen.index[-1], freq="MS")
    if len(wanted) != len(seen):
        lacking = wanted.difference(pd.DatetimeIndex(seen.index))
        raise RunError(
            f"the months have a gap: {lacking[0]:%Y-%m} is missing, and the rivals need every month"
        )
    return seen


def _checked(cut: dt.date, seen: pd.Series) -> dt.date:
    """A cut that makes sense. Raises RunError in words."""
    first, last = pd.Timestamp(seen.index[0]).date(), pd.Timestamp(seen.index[-1]).date()
    if cut.day != 1 or not first < cut <= last:
        raise RunError(
            f"a cut at {cut} makes no sense: choose the first day of a month after {first} and up to {last}"
        )
    return cut


def _last(cut: dt.date, months: int, seen: pd.Series) -> dt.date:
    """The day after the last month that is forecast and observed."""
    end = min(pd.Timestamp(cut) + pd.DateOffset(months=months), seen.index[-1] + pd.DateOffset(months=1))
    found: dt.date = end.date()
    return found


def _one_cut(
    ensemble: Ensemble,
    observed: Observed,
    seen: pd.Series,
    cut: dt.date,
    months: int,
    seed: int,
    persistence: float,
) -> pd.DataFrame:
    at = pd.Timestamp(cut)
    wanted = pd.DatetimeIndex(
        seen.index[(seen.index >= at) & (seen.index < at + pd.DateOffset(months=months))]
    )
    paths = condition(ensemble, observed, cut, seed=seed, persistence=persistence)
    values, known = paths.monthly(wanted), seen[seen.index < at]
    middle = weighted_quantiles(values, paths.weights, [0.5])[0]
    bands = [band(values, paths.weights, level) for level in LEVELS]
    rows: list[tuple[Any, ...]] = []
    for n, month in enumerate(wanted):
        truth = float(seen[month])
        edges = [float(side[n]) for pair in bands for side in pair]
        score = crps(values[:, n], truth, paths.weights)
        rows.append((cut.isoformat(), f"{month:%Y-%m}", n + 1, MODEL, truth, float(middle[n]), *edges, score))
        for name in RIVALS:
            said = rival(name, known, n + 1)
            if said is None or said.sd != said.sd:
                continue
            edges = [side for level in LEVELS for side in said.band(level)]
            rows.append(
                (cut.isoformat(), f"{month:%Y-%m}", n + 1, name, truth, said.point, *edges, said.crps(truth))
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def fitting_by(
    scenario: Scenario,
    fit: Path | str,
    *,
    folder: Path | None = None,
    seed: int | None = None,
    engine: str = AUTO,
    cores: int = 1,
    on_done: Progress = ignore,
) -> Fitting:
    """Calibration for each cut on what was observed before it (`flowsim.decisions.calibrate`), resumable in a folder."""
    from flowsim.decisions.calibrate import calibrate
    from flowsim.decisions.fit_file import read_fit

    wish = read_fit(fit)

    def fitted(seen: Observed, cut: dt.date) -> Plausible:
        place = None if folder is None else folder / f"fit-{cut:%Y-%m}"
        found = calibrate(
            until(scenario, cut),
            seen,
            wish,
            folder=place,
            seed=seed,
            engine=engine,
            cores=cores,
            on_done=on_done,
        )
        return found.plausible

    return fitted


# What is done is kept


def _key(
    scenario: Scenario,
    plausible: Plausible,
    observed: Observed,
    months: int,
    paths: int,
    seed: int,
    persistence: float,
) -> str:
    """A mark of all that a cut's forecast depends on: the reasons of delay as well, for what has no reason is told apart by them."""
    assert observed.monthly is not None
    seen = observed.monthly.to_csv()
    about = [__version__, fingerprint(scenario), plausible.mark, months, paths, seed, persistence, seen]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


def _file(folder: Path, cut: dt.date) -> Path:
    return folder / f"cut-{cut:%Y-%m}.json"


def _kept(folder: Path | None, cut: dt.date, key: str) -> pd.DataFrame | None:
    """What was forecast at a cut before; None where nothing was, or from something else."""
    if folder is None:
        return None
    try:
        held = json.loads(_file(folder, cut).read_text(encoding="utf-8"))
        if held["key"] != key:
            return None
        return pd.DataFrame(held["rows"], columns=COLUMNS)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(folder: Path | None, cut: dt.date, key: str, table: pd.DataFrame) -> None:
    if folder is None:
        return
    made_folder(folder)
    rows = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    write_text(_file(folder, cut), json.dumps({"key": key, "rows": rows}, indent=1) + "\n")


def _method(plausible: Plausible | None, fitted: bool, paths: int) -> str:
    if fitted:
        return f"Values were fitted anew for each cut on the months before it; {paths} paths each."
    values = "values of the plausible set given" if plausible is not None else "values within assumed ranges"
    return f"{paths} paths with {values}, re-weighted at each cut by the months before it."
