"""Fitting: what is known is found again, chance is not fitted away, and a fit can be left and taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks.recovery import recovered
from flowsim.decisions import findings
from flowsim.decisions.calibrate import Calibration, calibrate
from flowsim.decisions.emulator import Emulator, Scale, chance_of
from flowsim.decisions.fit_file import Fit, fit_from
from flowsim.decisions.fit_store import Wave, keep_wave, kept_wave
from flowsim.decisions.particles import cooled, even
from flowsim.decisions.plausible import Plausible
from flowsim.decisions.targets import KINDS, Reading, Target, targets_for
from flowsim.errors import RunError, Stopped
from flowsim.experiment.run import Effort, run_together
from flowsim.observed import Observed
from flowsim.scenario.files import fingerprint, from_text
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline
from flowsim.units import Floats
from tests.experiment.city import SMALL

CAPACITY, STAY = "services.stit.capacity", "services.stit.stay.mean"


def city(days: int = 61) -> Scenario:
    """The small city over two whole months, or more."""
    text = SMALL.replace("CAPACITY", "14").replace("days = 28", f"days = {days}")
    return from_text(text.replace("10-02", "10-01"), "small")


def months_of(scenario: Scenario, seed: int = 99) -> Observed:
    """What one run of a scenario looks like from outside."""
    result = run_together([scenario], Effort(replications=1, seed=seed, census_only=True))[0]
    columns = {"delayed": "total_days", "delayed_A": "days_A", "delayed_E": "days_E"}
    monthly = result.daily.set_index("date")[list(columns)].rename(columns=columns).resample("MS").sum()
    return Observed(monthly=monthly, sources=("a run",))


def small_fit(targets: Mapping[str, Mapping[str, float]] | None = None, **effort: int) -> Fit:
    sizes = {"waves": 2, "points": 12, "replications": 2, "members": 10, "member_replications": 1, **effort}
    return fit_from(
        {
            "vary": {CAPACITY: {"low": 10, "high": 20}, STAY: {"low": 5, "high": 8}},
            "targets": targets
            or {"monthly_delayed": {"tolerance": 0.1}, "monthly_delayed_A": {"tolerance": 0.1}},
            "effort": sizes,
        }
    )


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".parquet", ".csv")}


# What is true is found


@pytest.mark.slow
def test_a_city_with_known_numbers_is_recovered() -> None:
    """Nine of ten true values lie inside; of five, all but one do in 92 % of cities, and this one is settled by its seed."""
    effort = {"waves": 2, "points": 60, "replications": 3, "members": 60, "member_replications": 1}
    rows = recovered(1, 1, effort).set_index("path")
    assert rows["inside"].sum() >= 4
    # What the data plainly tell: how much of reason A is counted; and what they hardly do: who leaves while waiting.
    # Which of three is told best is too close to call with so few runs; that they are told, and the last is not, is plain.
    ratios = rows["ratio"].astype(float)
    assert "services.allocation.counted_share" in ratios.nsmallest(2).index
    assert ratios["services.allocation.counted_share"] < 0.6
    assert ratios.idxmax() == "while_waiting.leaves_per_day"
    assert rows.loc["while_waiting.leaves_per_day", "verdict"] == "not told"


@pytest.mark.slow
def test_a_year_is_one_draw_so_more_runs_do_not_narrow_the_set_without_end() -> None:
    """Were chance fitted away, four times the replications would halve what is left open."""
    observed = months_of(city())
    widths = []
    for replications in (2, 8):
        found = calibrate(
            city(), observed, small_fit(points=20, replications=replications, members=200), seed=3
        )
        widths.append(findings.parameters(found)["ratio"].to_numpy())
    assert (widths[1] > 0.65 * widths[0]).all()


# Left and taken up again


def test_the_same_bytes_on_two_cores_and_after_a_stop(tmp_path: Path) -> None:
    observed, fit = months_of(city()), small_fit()
    calibrate(city(), observed, fit, folder=tmp_path / "one", seed=5)
    calibrate(city(), observed, fit, folder=tmp_path / "two", seed=5, cores=2)

    def stop_in_the_second_wave(done: int, _: int) -> None:
        if done > 30:
            raise Stopped("the user")

    with pytest.raises(Stopped, match="1 wave finished by then is in"):
        calibrate(city(), observed, fit, folder=tmp_path / "three", seed=5, on_done=stop_in_the_second_wave)
    assert sorted(path.name for path in (tmp_path / "three").glob("*.parquet")) == ["wave-00.parquet"]
    heard: list[int] = []
    calibrate(
        city(), observed, fit, folder=tmp_path / "three", seed=5, on_done=lambda done, _: heard.append(done)
    )
    assert min(heard) >= 24  # the first wave is not run again
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two") == bytes_of(tmp_path / "three")


def test_a_wave_that_is_read_back_adds_up_to_the_same_bits(tmp_path: Path) -> None:
    """Numpy adds in the order in which numbers lie in memory: a fit taken up again was off in the thirteenth digit."""
    rng = np.random.default_rng(1)
    wave = Wave(rng.random((40, 8)), rng.lognormal(size=(40, 10, 70)))
    unknowns, labels = [f"unknown {n}" for n in range(8)], [f"target {n}" for n in range(70)]
    keep_wave(tmp_path, 0, wave, unknowns, labels)
    found = kept_wave(tmp_path, 0, (40, 10), unknowns, labels)
    assert found is not None
    assert found.places.sum(axis=1).tobytes() == wave.places.sum(axis=1).tobytes()
    assert found.figures.mean(axis=1).tobytes() == wave.figures.mean(axis=1).tobytes()
    assert (found.places.strides, found.figures.strides) == (wave.places.strides, wave.figures.strides)


def test_what_comes_after_the_last_month_of_a_fit_alters_nothing(tmp_path: Path) -> None:
    observed, longer = months_of(city()), city(120)
    short = calibrate(city(), observed, small_fit(), seed=5)
    found = calibrate(longer, observed, small_fit(), folder=tmp_path, seed=5)
    assert found.months == short.months
    pd.testing.assert_frame_equal(found.plausible.table, short.plausible.table)
    # It is the set of the scenario with its whole run, which also tells what members do later.
    assert Plausible.load(tmp_path).fingerprint == fingerprint(longer)
    member = run_together(
        [found.plausible.scenario(longer, 3)], Effort(replications=1, seed=5, census_only=True)
    )[0]
    assert member.by_day("delayed").shape[1] == 120


def test_a_folder_of_another_fit_is_refused(tmp_path: Path) -> None:
    observed = months_of(city())
    calibrate(city(), observed, small_fit(), folder=tmp_path, seed=5)
    with pytest.raises(RunError, match="the seed is not the same"):
        calibrate(city(), observed, small_fit(), folder=tmp_path, seed=6)
    with pytest.raises(RunError, match="the effort is not the same"):
        calibrate(city(), observed, small_fit(members=12), folder=tmp_path, seed=5)


def test_the_set_is_of_the_scenario_and_within_the_ranges(tmp_path: Path) -> None:
    found = calibrate(city(), months_of(city()), small_fit(), folder=tmp_path, seed=5)
    stored = Plausible.load(tmp_path)
    assert stored.fingerprint == fingerprint(city())
    pd.testing.assert_frame_equal(stored.table, found.plausible.table)
    assert stored.table[CAPACITY].between(10, 20).all()
    assert stored.table[STAY].between(5, 8).all()
    # The set's own runs are those of its members.
    member = found.plausible.scenario(city(), 3)
    effort = found.fit.effort
    first = 12 * 2 + 10 * 4 + 3 * effort.member_replications
    outcomes = run_together([member], Effort(replications=first + 1, seed=5, census_only=True))[0].outcomes
    reading = Reading(found.targets, city(), found.months)
    np.testing.assert_array_equal(
        reading.of(outcomes[first], build_timeline(member)), found.final.figures[3, 0]
    )


# What cannot be met


@pytest.fixture(scope="module")
def torn() -> Calibration:
    """A fit that is asked for hardly anybody delayed and for a large excess, and for more of A than there can be."""
    wish = {
        "delayed_E_mean": {"value": 2.5, "tolerance": 0.02},
        "excess_mean": {"value": 40, "tolerance": 0.02},
        "delayed_A_mean": {"value": 60, "tolerance": 0.02},
    }
    return calibrate(city(182), Observed(), small_fit(wish, points=30, replications=3), seed=5)


def test_a_figure_beyond_the_ranges_is_named(torn: Calibration) -> None:
    rows = findings.conflicts(torn)
    assert "delayed_A_mean" in rows[rows["other"] == ""]["target"].tolist()
    assert torn.widened > 1


def test_tolerances_are_widened_until_the_best_point_fits() -> None:
    """Months that go up and down by half, as no city of these ranges does; their chance, which is large, is not widened with them."""
    months = months_of(city(182)).monthly
    assert months is not None
    jumping = Observed(monthly=months.mul(np.tile([2.0, 0.5], len(months))[: len(months)], axis=0))
    wish = {"monthly_delayed": {"tolerance": 0.1}}
    found = calibrate(city(182), jumping, small_fit(wish, points=30, replications=3), seed=5)
    assert found.widened > 1
    assert found.emulator.distance(found.final.places).min() <= stats.chi2.ppf(0.95, len(months))


def test_two_figures_that_pull_apart_are_named(torn: Calibration) -> None:
    rows = findings.conflicts(torn)
    pairs = {frozenset((row.target, row.other)) for row in rows.itertuples()}
    assert frozenset(("delayed_E_mean", "excess_mean")) in pairs


def test_a_fit_that_can_be_met_has_no_conflicts() -> None:
    found = calibrate(city(), months_of(city()), small_fit(points=30, replications=4), seed=5)
    assert findings.conflicts(found).empty
    assert found.widened == 1


# The parts


def linear_targets(count: int) -> tuple[Target, ...]:
    kind = next(kind for kind in KINDS if kind.name == "still_at_home")
    return tuple(Target(f"t{n}", "", "share", 0.0, 0.05, 1.0, kind) for n in range(count))


def test_the_emulator_knows_a_smooth_surface_and_its_doubt() -> None:
    rng = np.random.default_rng(1)
    places = even(120, 2, rng)

    def surface(x: Floats) -> Floats:
        return np.stack([np.sin(3 * x[:, 0]) + x[:, 1], x[:, 0] * x[:, 1]], axis=1)

    chance = np.array([[0.04, 0.02], [0.02, 0.03]])
    noise = rng.multivariate_normal([0, 0], chance / 8, size=120)
    emulator = Emulator(
        places, surface(places) + noise, np.full(120, 8.0), chance, Scale(linear_targets(2)), 1.0
    )
    new = rng.random((400, 2))
    assert np.abs(emulator.figures(new) - surface(new)).mean() < 0.03
    # Twice the log likelihood apart from its own doubt is the distance from the data by the whole error.
    whole = chance + np.diag([0.05**2, 0.05**2])
    true = np.einsum("nt,ts,ns->n", surface(new), np.linalg.inv(whole), surface(new))
    assert np.corrcoef(emulator.distance(new), true)[0, 1] > 0.99


def test_chance_is_that_between_replications_of_a_point() -> None:
    rng = np.random.default_rng(2)
    truth = np.array([[1.0, 0.8], [0.8, 1.0]])
    points = rng.normal(0, 5, size=(300, 1, 2)) + rng.multivariate_normal([0, 0], truth, size=(300, 4))
    assert np.abs(chance_of(points, np.ones(300)) - truth).max() < 0.15


def test_the_cloud_settles_where_the_likelihood_is() -> None:
    middle, spread = np.array([0.3, 0.6, 0.5]), np.array([0.02, 0.05, 0.1])

    def calls(x: Floats) -> Floats:
        found: Floats = -0.5 * (((x - middle) / spread) ** 2).sum(axis=1)
        return found

    wide, close = cooled(calls, 3, np.random.default_rng(3), (0.25, 1.0))
    assert np.abs(close.mean(axis=0) - middle).max() < 0.015
    assert np.abs(close.std(axis=0) / spread - 1).max() < 0.15
    assert np.abs(wide.std(axis=0)[:2] / (2 * spread[:2]) - 1).max() < 0.2


def test_targets_are_what_the_return_says() -> None:
    index = pd.DatetimeIndex(["2017-10-01", "2017-11-01"])
    monthly = pd.DataFrame(
        {"total_days": [310.0, 600.0], "days_A": [31.0, 60.0], "days_E": [62.0, 90.0]}, index=index
    )
    fit = small_fit(
        {"monthly_delayed": {}, "monthly_delayed_A+E": {}, "delayed_A_mean": {}, "excess_mean": {"value": 9}}
    )
    found = targets_for(city(), Observed(monthly=monthly), fit.wanted, ("2017-10", "2017-11"))
    assert {target.label: round(target.observed, 6) for target in found} == {
        "monthly_delayed 2017-10": 10.0,
        "monthly_delayed 2017-11": 20.0,
        "monthly_delayed_A+E 2017-10": 3.0,
        "monthly_delayed_A+E 2017-11": 5.0,
        "delayed_A_mean": round(91 / 61, 6),
        "excess_mean": 9.0,
    }


def test_months_of_a_daily_census_are_those_that_are_whole() -> None:
    days = pd.date_range("2017-10-01", "2017-11-20")
    census = pd.DataFrame({"A": 2.0, "E": 5.0, "total": 7.0}, index=days)
    found = targets_for(
        city(), Observed(census=census), small_fit({"monthly_delayed": {}, "monthly_delayed_E": {}}).wanted, ("2017-10", "2017-11")
    )  # fmt: skip
    assert {target.label: target.observed for target in found} == {
        "monthly_delayed 2017-10": 7.0, "monthly_delayed_E 2017-10": 5.0,
    }  # fmt: skip


def test_a_replication_is_read_as_its_tables_say() -> None:
    wish = {
        "monthly_delayed": {}, "delayed_E_mean": {}, "excess_mean": {"value": 9}, "wait_mean_stit": {"value": 1},
        "occupancy_stit": {"value": 1}, "discharges_on_mon": {"value": 1}, "queue_stit_mean": {"value": 1}, "weekday_beds": {},
    }  # fmt: skip
    beds = pd.DataFrame({"occupied": np.arange(61.0)}, index=pd.date_range("2017-10-01", periods=61))
    observed = replace(months_of(city()), daily_beds=beds)
    targets = targets_for(city(), observed, small_fit(wish).wanted, ("2017-10", "2017-11"))
    reading = Reading(targets, city(), ("2017-10", "2017-11"))
    result = run_together([city()], Effort(replications=1))[0]
    read = dict(
        zip([t.label for t in targets], reading.of(result.outcomes[0], result.timeline).tolist(), strict=True)
    )
    daily = result.daily
    october = daily.loc[daily["date"].dt.month == 10, "delayed"]
    assert read["monthly_delayed 2017-10"] == pytest.approx(october.mean())
    for name in ("delayed_E_mean", "excess_mean", "wait_mean_stit", "occupancy_stit", "discharges_on_mon", "queue_stit_mean"):  # fmt: skip
        assert read[name] == pytest.approx(result.interval(name).value), name
    by_day = daily.groupby(daily["date"].dt.day_of_week)["in_hospital"].mean()
    assert read["weekday_beds sat"] == pytest.approx(by_day[5] / by_day.mean() - 1)
