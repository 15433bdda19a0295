"""Fitting a scenario to what was observed: not one best point, but a set of plausible values.

The method is Bayesian history matching (Craig, Goldstein, Seheult and Smith 1997; Vernon, Goldstein and Bower 2010, Bayesian
Analysis 5, 619-670) in waves, ended by a synthetic likelihood (Wood 2010, Nature 466, 1102-1104). A wave runs points of the space
that is left, an emulator learns from all points so far, and the next has hardly any points where the data make them implausible. The set is
then drawn from the emulator's likelihood, on an even prior over the ranges, and run itself, so that what is shown is the model and
not the emulator.

Why not approximate Bayesian computation, which the compiled engine would also allow: a real year is one draw of a system near saturation,
whose own chance is as large as what is to be seen. Its months are correlated witnesses, and a distance with a threshold must either
ignore that or take many thousand runs to learn it. Here chance is measured once, as a covariance, and every point helps to place
the mean, so 8 unknowns need some thousands of replications instead of some hundred thousand.

Chance: every point of every wave has replications of its own. With common random numbers all points would share one luck,
which would then be fitted as if it were the city's; with separate ones it is a known variance that shrinks with every further
point. What error the real figure has about the model's mean is chance of one year + tolerance + the emulator's doubt.

Where no point of the space comes near enough to the data, tolerances are widened until the best one does (by the ratio of R. T. Birge,
1932, again and again, for chance is not widened with them), and that is said: the set is then what fits best, not what fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from flowsim.decisions.emulator import Emulator, Scale, chance_of, in_one_thread, spread_out
from flowsim.decisions.fit_file import Fit, check_fit, read_fit
from flowsim.decisions.fit_store import Wave, begin_or_go_on, keep_wave, kept_wave
from flowsim.decisions.particles import cooled, even
from flowsim.decisions.plausible import DISCREPANCY, FITTED, WEIGHT, Plausible, fitted_scenario, usual_of
from flowsim.decisions.targets import Reading, Target, months_of, targets_for
from flowsim.decisions.unknowns import Unknown, with_values
from flowsim.engine import AUTO, chosen_engine, runs_in_threads
from flowsim.errors import RunError, ScenarioError, Stopped
from flowsim.experiment.replicate import Progress, ignore
from flowsim.experiment.scatter import scattered
from flowsim.experiment.store import alone_in
from flowsim.experiment.worker import Job, run_job
from flowsim.generators import generator
from flowsim.observed import Observed, read_observed
from flowsim.scenario.edits import Plan
from flowsim.scenario.files import fingerprint, load, to_toml
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import altered, build_timeline
from flowsim.units import Floats
from flowsim.version import __version__

# The likelihood is taken to this power for the points of a wave, so that they also lie around what is plausible.
WAVE_POWER: Final = 0.3
# Share of the points, the nearest to the data, over which chance is pooled and from which the emulator learns in later waves.
NEAR: Final = 0.5
FEWEST_NEAR: Final = 24
CHANCE_LEVEL: Final = 0.95
EVEN_POINTS: Final = 4_096
# Chance and doubt of the emulator are no more than a part of the distance: a few times are enough.
MOST_WIDENINGS: Final = 20

Watch = Callable[[str], None]


@dataclass(frozen=True)
class Calibration:
    """What a fit came to.

    `plausible`: the set. `waves`: the points of every wave. `final`: the set's own replications, as a Wave. `emulator`: the last one.
    `widened`: by how much tolerances had to be widened for the best point to fit (1: not at all). `left`: the share of the
    ranges that is plausible after each wave.
    """

    scenario: Scenario
    fit: Fit
    months: tuple[str, ...]
    targets: tuple[Target, ...]
    plausible: Plausible
    waves: tuple[Wave, ...]
    final: Wave
    emulator: Emulator
    widened: float
    left: tuple[float, ...]
    seed: int
    engine: str
    sources: tuple[str, ...]

    @property
    def runs(self) -> int:
        """Replications that were run in all."""
        return sum(wave.figures.shape[0] * wave.figures.shape[1] for wave in (*self.waves, self.final))


@dataclass(frozen=True)
class Point:
    """A point to be run; everything a worker needs."""

    number: int
    scenario: Scenario
    at: Mapping[Unknown, float]
    replications: range
    reading: Reading
    seed: int
    engine: str


def run_point(point: Point) -> Floats:
    """What every replication of a point comes to, shape (replications, targets). Raises ScenarioError that says where."""
    try:
        scenario = with_values(point.scenario, point.at)
    except ScenarioError as error:
        where = ", ".join(f"{unknown.name} = {value:g}" for unknown, value in point.at.items())
        raise ScenarioError(f"with {where}: {words}" for words in error.complaints) from None
    timeline, reading = build_timeline(scenario), point.reading
    rows = []
    for replication in point.replications:
        job = Job((scenario,), (replication,), point.seed, point.engine, 0, reading.census_only)
        rows += [reading.of(outcome, timeline) for outcome in run_job(job)]
    return np.stack(rows)


def calibrate(
    scenario: Scenario | str | Path,
    observed: Observed | str | Path,
    fit: Fit | str | Path,
    *,
    folder: Path | str | None = None,
    seed: int | None = None,
    engine: str = AUTO,
    cores: int = 1,
    executor: Executor | None = None,
    on_done: Progress = ignore,
    on_news: Watch = lambda _: None,
) -> Calibration:
    """Fit a scenario to what was observed.

    `observed`: a file, a folder or "sheffield" (`read_observed`), or what was read. `fit`: a fit file, or what was read. With a
    `folder` every finished wave is kept there, and the same call goes on where it was left, to the same bytes. `on_done(done,
    total)` hears of replications, `on_news` a sentence after each wave. Raises ScenarioError, DataError and RunError in
    words, Stopped where the user stops it.
    """
    base = load(scenario)
    wish = fit if isinstance(fit, Fit) else read_fit(fit)
    check_fit(wish, base, "the fit" if isinstance(fit, Fit) else str(fit))
    data = observed if isinstance(observed, Observed) else read_observed(observed)
    months = fitted_months(base, data, wish)
    targets = targets_for(base, data, wish.wanted, months)
    chosen = base.run.seed if seed is None else seed
    if chosen < 0:
        raise RunError(f"the seed is {chosen}, but must be 0 or more")
    place = None if folder is None else Path(folder)
    named = base.name if isinstance(scenario, Scenario) else str(scenario)
    work = _Work(
        base,
        named,
        wish,
        months,
        targets,
        chosen,
        chosen_engine(engine),
        cores,
        executor,
        place,
        on_done,
        on_news,
    )
    with _held(place):
        try:
            return work.done(data.sources)
        except (KeyboardInterrupt, Stopped):
            raise Stopped(work.words_of_a_stop()) from None


def fitted_months(scenario: Scenario, observed: Observed, fit: Fit) -> tuple[str, ...]:
    """The months of a fit: whole months of the run within what the fit file says, and within the return if there is one.

    Raises RunError in words where there are none.
    """
    run = scenario.run
    days = pd.date_range(run.start, periods=run.days)
    names, counts = np.unique(days.strftime("%Y-%m").to_numpy(dtype=str), return_counts=True)
    whole = [str(m) for m, n in zip(names, counts, strict=True) if n == pd.Period(str(m), "M").days_in_month]
    known = months_of(observed) if any(one.value is None for one in fit.wanted) else None
    found = [
        m
        for m in whole
        if (fit.begins is None or m >= fit.begins)
        and (fit.ends is None or m <= fit.ends)
        and (known is None or m in known)
    ]
    if not found:
        span = f"{whole[0]} to {whole[-1]}" if whole else "no whole month"
        have = f", the return has {min(known)} to {max(known)}" if known else ""
        asked = f", the fit asks for {fit.begins or 'the beginning'} to {fit.ends or 'the end'}"
        raise RunError(f"there is no month to fit: {scenario.name} runs over {span}{have}{asked}")
    return tuple(found)


def _until_fitted(scenario: Scenario, months: Sequence[str], targets: Sequence[Target]) -> Scenario:
    """The scenario with a run that ends with the last month of the fit: days after it, and their changes, tell nothing.

    Where a target is a figure over the whole run it stays whole.
    """
    days = (pd.Period(months[-1], "M").end_time.date() - scenario.run.start).days + 1
    if days >= scenario.run.days or not all(target.kind.census for target in targets):
        return scenario
    return altered(scenario, Plan(put={"run.days": days}))


def _held(folder: Path | None) -> AbstractContextManager[None]:
    return nullcontext() if folder is None else alone_in(folder)


@dataclass(frozen=True)
class _Learnt:
    """What is known after a wave: places `around` what is plausible, and `plausible` ones, shape (places, unknowns) each."""

    emulator: Emulator
    widened: float
    around: Floats
    plausible: Floats


@dataclass
class _Work:
    """A fit under way."""

    base: Scenario
    named: str
    fit: Fit
    months: tuple[str, ...]
    targets: tuple[Target, ...]
    seed: int
    engine: str
    cores: int
    executor: Executor | None
    folder: Path | None
    on_done: Progress
    on_news: Watch

    def __post_init__(self) -> None:
        effort, unknowns = self.fit.effort, len(self.fit.priors)
        first = effort.points_for(unknowns)
        self.sizes = [(first, effort.replications)]
        self.sizes += [(max(10, first // 2), 2 * effort.replications)] * (effort.waves - 1)
        self.sizes.append((effort.members, effort.member_replications))
        self.total = sum(points * replications for points, replications in self.sizes)
        self.run = _until_fitted(self.base, self.months, self.targets)
        self.reading = Reading(self.targets, self.run, self.months)
        self.scale = Scale(self.targets)
        self.ran = self.finished = 0

    def done(self, sources: tuple[str, ...]) -> Calibration:
        """Every wave, and the set."""
        if self.folder is not None:
            begin_or_go_on(self.folder, self._manifest())
        waves: list[Wave] = []
        left: list[float] = []
        learnt: _Learnt | None = None
        for number in range(self.fit.effort.waves):
            kept = self._kept(number)
            if kept is None:
                places = self._first_places() if learnt is None else self._next_places(number, learnt, waves)
                kept = self._run(number, places)
            waves.append(kept)
            self._tell(kept)
            with in_one_thread():
                learnt = self._learnt(waves)
                left.append(self._left(learnt.emulator))
            self.on_news(_news(number, self.fit.effort.waves, left[-1], learnt.widened))
        assert learnt is not None
        emulator, widened = learnt.emulator, learnt.widened
        number = self.fit.effort.waves
        final = self._kept(number)
        if final is None:
            final = self._run(number, self._members(learnt))
        self._tell(final)
        plausible = self._plausible(final, emulator, widened, left, sources)
        if self.folder is not None:
            plausible.save(self.folder)
        return Calibration(
            self.base, self.fit, self.months, self.targets, plausible, tuple(waves), final, emulator, widened,
            tuple(left), self.seed, self.engine, sources,
        )  # fmt: skip

    # Points

    def _first_places(self) -> Floats:
        """Even points of the whole space."""
        rng = generator(self.seed, 0, "calibrate/first wave")
        return even(self.sizes[0][0], len(self.fit.priors), rng)

    def _next_places(self, number: int, learnt: _Learnt, waves: Sequence[Wave]) -> Floats:
        """Points of what is left and around it, far from each other and from those that were run."""
        among = [place for wave in waves[1:] for place in wave.places]
        return spread_out(learnt.around, self.sizes[number][0], among)

    def _members(self, learnt: _Learnt) -> Floats:
        rng = generator(self.seed, 0, "calibrate/set")
        count = self.sizes[-1][0]
        return learnt.plausible[
            rng.choice(len(learnt.plausible), count, replace=count > len(learnt.plausible))
        ]

    def _values(self, place: Floats) -> dict[Unknown, float]:
        return {prior.unknown: float(prior.value(x)) for prior, x in zip(self.fit.priors, place, strict=True)}

    def _run(self, number: int, places: Floats) -> Wave:
        """Run a wave; kept whole in the folder. Every point has replications of its own."""
        _, replications = self.sizes[number]
        first = sum(points * r for points, r in self.sizes[:number])
        points = [
            Point(
                n, self.run, self._values(place), range(first + n * replications, first + (n + 1) * replications),
                self.reading, self.seed, self.engine,
            )
            for n, place in enumerate(places)
        ]  # fmt: skip
        values = np.empty((len(places), replications, len(self.targets)))
        self.on_done(self.ran, self.total)
        done = 0
        for point, found in self._scattered(points):
            values[point.number] = found
            done += replications
            self.on_done(self.ran + done, self.total)
        wave = Wave(places, values)
        self._refuse_nothing(wave)
        if self.folder is not None:
            keep_wave(self.folder, number, wave, *self._columns())
        return wave

    def _scattered(self, points: Sequence[Point]) -> Iterable[tuple[Point, Floats]]:
        threads = runs_in_threads(self.engine)
        return scattered(run_point, points, cores=self.cores, threads=threads, executor=self.executor)

    def _tell(self, wave: Wave) -> None:
        self.ran += wave.figures.shape[0] * wave.figures.shape[1]
        self.finished += 1
        self.on_done(self.ran, self.total)

    def words_of_a_stop(self) -> str:
        """What to say to a user who stopped it."""
        if self.folder is None:
            return "stopped before the fit was finished: nothing is kept without a folder"
        waves = f"{self.finished} wave{'s' if self.finished != 1 else ''} finished by then"
        return f"stopped: the {waves} {'are' if self.finished != 1 else 'is'} in {self.folder}; the same command goes on there"

    def _refuse_nothing(self, wave: Wave) -> None:
        """Raise RunError where a target has no figure in some replication: nobody to be counted."""
        for n, target in enumerate(self.targets):
            if np.isnan(wave.figures[:, :, n]).any():
                raise RunError(
                    f"targets.{target.name}: the model has no such figure at some points of the ranges, as nobody is counted "
                    "there; narrow the ranges, or leave the target out"
                )

    # Learning

    def _learnt(self, waves: Sequence[Wave]) -> _Learnt:
        """An emulator of all that was run, by how much tolerances are widened, and what is plausible then."""
        emulator, widened = self._emulator(waves, 1.0), 1.0
        around, plausible = self._clouds(emulator, len(waves))
        # After the first wave the emulator is too rough to say that nothing fits.
        for _ in range(MOST_WIDENINGS if len(waves) > 1 else 0):
            best = float(emulator.distance(plausible).min())
            if best <= _most_by_chance(emulator.counting):
                break
            # Chance stays what it is, so where it is much of the doubt once is not enough.
            widened *= float(np.sqrt(best / emulator.counting))
            emulator = self._emulator(waves, widened)
            around, plausible = self._clouds(emulator, len(waves))
        return _Learnt(emulator, widened, around, plausible)

    def _clouds(self, emulator: Emulator, waves: int) -> list[Floats]:
        rng = generator(self.seed, waves, "calibrate/cloud")
        return cooled(emulator.log_likelihood, len(self.fit.priors), rng, (WAVE_POWER, 1.0))

    def _emulator(self, waves: Sequence[Wave], widened: float) -> Emulator:
        scaled = [self.scale.of(wave.figures) for wave in waves]
        means = np.concatenate([s.mean(axis=1) for s in scaled])
        counts = np.concatenate([np.full(len(s), s.shape[1]) for s in scaled])
        near = self._near(means)
        pooled, learns = self._pooled(scaled, near), near
        if len(waves) == 1:
            learns = np.ones(len(means), dtype=bool)
        places = np.concatenate([wave.places for wave in waves])
        return Emulator(
            places[learns], means[learns], counts[learns].astype(np.float64), pooled, self.scale, widened
        )

    def _pooled(self, scaled: Sequence[Floats], near: Floats) -> Floats:
        """Chance of one replication: over the near points of the last waves that have any, by how many replications they are."""
        found, weights, first = [], [], 0
        for one in scaled:
            mine = near[first : first + len(one)]
            first += len(one)
            if mine.sum() >= 4:
                found.append(chance_of(one, mine))
                weights.append(mine.sum() * (one.shape[1] - 1))
        pooled: Floats = np.average(found, axis=0, weights=weights)
        return pooled

    def _near(self, means: Floats) -> Floats:
        """Which points are nearest to the data, by their own means and the tolerances and a rough spread."""
        counts = self.scale.weight > 0
        rough = np.maximum(self.scale.tolerance, 0.1 * np.abs(means - np.median(means, axis=0)).mean(axis=0))
        apart = (((means - self.scale.observed) / np.maximum(rough, 1e-6)) ** 2)[:, counts].mean(axis=1)
        count = min(len(means), max(FEWEST_NEAR, 4 * len(self.fit.priors) + 8, int(NEAR * len(means))))
        found: Floats = np.zeros(len(means), dtype=bool)
        found[np.argsort(apart, kind="stable")[:count]] = True
        return found

    def _left(self, emulator: Emulator) -> float:
        """The share of the ranges that is not implausible."""
        places = even(EVEN_POINTS, len(self.fit.priors), generator(self.seed, 0, "calibrate/left"))
        return float((emulator.distance(places) <= _most_by_chance(emulator.counting)).mean())

    # What is kept

    def _kept(self, number: int) -> Wave | None:
        return kept_wave(self.folder, number, self.sizes[number], *self._columns()) if self.folder else None

    def _columns(self) -> tuple[list[str], list[str]]:
        return [prior.name for prior in self.fit.priors], [target.label for target in self.targets]

    def _manifest(self) -> dict[str, Any]:
        return {
            "flowsim": __version__,
            "scenario": self.base.name,
            "fingerprint": fingerprint(self.base),
            "vary": [f"{p.name} from {p.low:g} to {p.high:g}, {p.scale}" for p in self.fit.priors],
            "targets": [
                f"{t.label} = {t.observed!r} within {t.sd!r}, weight {t.weight:g}" for t in self.targets
            ],
            "months": [self.months[0], self.months[-1]],
            "effort": asdict(self.fit.effort),
            "seed": self.seed,
            "engine": self.engine,
            "resolved": to_toml(self.base),
        }

    def _plausible(
        self,
        final: Wave,
        emulator: Emulator,
        widened: float,
        left: Sequence[float],
        sources: tuple[str, ...],
    ) -> Plausible:
        columns = {prior.name: prior.value(final.places[:, n]) for n, prior in enumerate(self.fit.priors)}
        with in_one_thread():
            distance = np.sqrt(emulator.distance(final.places) / emulator.counting)
        table = pd.DataFrame({**columns, WEIGHT: 1 / len(final.places), DISCREPANCY: distance})
        about = {
            "months": [self.months[0], self.months[-1]],
            "ranges": {p.name: [p.low, p.high, p.scale] for p in self.fit.priors},
            "tolerances_widened": widened,
            "share_left_by_wave": list(left),
            "seed": self.seed,
            "engine": self.engine,
            "flowsim": __version__,
            "sources": list(sources),
        }
        unknowns = tuple(prior.unknown for prior in self.fit.priors)
        names = tuple(prior.name for prior in self.fit.priors)
        found = Plausible(
            self.named, names, table, fingerprint(self.base), usual_of(self.base, unknowns), about
        )
        return replace(found, about={**about, FITTED: fingerprint(fitted_scenario(self.base, found))})


def _most_by_chance(figures: int) -> float:
    """What the squared distance of a place that fits stays under, in so many cases of a hundred."""
    from scipy.special import chdtri

    return float(chdtri(figures, 1 - CHANCE_LEVEL))


def _news(number: int, waves: int, left: float, widened: float) -> str:
    share = f"{left:.1%} of the ranges is" if left >= 0.0005 else "less than 0.1% of the ranges is"
    wide = (
        "" if widened == 1 else f"; nothing comes nearer to the data than {widened:.1f} times the tolerances"
    )
    return f"Wave {number + 1} of {waves}: {share} still plausible{wide}."
