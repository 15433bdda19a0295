"""Sensitivity: a bar of the tornado is a run by itself, indices find the cause, a choice flips where runs say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import flowsim
from flowsim.cli import app
from flowsim.decisions.flips import FACTORS, _bounds, crossing
from flowsim.decisions.indices import indices_of
from flowsim.decisions.ranges import Range, amount_of, moved, numbers_of, range_from
from flowsim.decisions.sensitivity import Sensitivity, sensitivity
from flowsim.decisions.trials import Trying
from flowsim.errors import RunError
from flowsim.report.sensitive import _of_the_variance, choice_sentences
from flowsim.scenario.edits import Plan
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import altered
from tests.experiment.city import SMALL, small_city

STAY, PEOPLE, HOME = "services.stit.stay", "streams.emergency.per_day", "routes.home.stay"


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    return sensitivity(small_city(), points=0, replications=6)


def test_a_bar_is_the_difference_of_two_runs(found: Sensitivity) -> None:
    base, less, more = (
        flowsim.run(moved(small_city(), {STAY: factor}), replications=6).per_replication["delayed_mean"]
        for factor in (1.0, 0.9, 1.1)
    )
    row = found.tornado.set_index("path").loc[STAY]
    assert row["down"] == pytest.approx((less - base).mean())
    assert row["up"] == pytest.approx((more - base).mean())
    assert row["down_low"] < row["down"] < row["down_high"]
    assert found.base == pytest.approx(base)


def test_every_number_has_its_bar_and_the_widest_comes_first(found: Sensitivity) -> None:
    assert set(found.tornado["path"]) == set(numbers_of(small_city()))
    assert found.tornado["swing"].is_monotonic_decreasing
    by_path = found.tornado.set_index("path")
    # More people, longer stays: more delayed. Those who go home by themselves delay nobody.
    assert by_path["up"][PEOPLE] > 0 > by_path["down"][PEOPLE]
    assert by_path["swing"][HOME] == 0
    assert not found.left_out
    assert not len(found.flips)


def test_indices_find_what_matters_and_what_does_not() -> None:
    ranges = [Range(STAY, 0.7, 1.3), Range(HOME, 0.5, 2.0)]
    table = indices_of(small_city(), ranges, 16, 3, Trying(seed=5)).set_index("path")
    assert table["total"][HOME] == pytest.approx(0, abs=1e-9)
    assert table["first"][STAY] == pytest.approx(1, abs=0.25)
    assert table["total"][STAY] == pytest.approx(1, abs=0.25)
    assert list(table.index) == [STAY, HOME]
    # PAWN agrees: what does not matter stays below what chance makes of numbers that are no cause.
    assert table["pawn"][STAY] > table["pawn_by_chance"][STAY] >= table["pawn"][HOME]


def test_a_choice_flips_where_runs_say_so() -> None:
    """More places help where stays are long, more starts where they are short: between lies the flip."""
    places = altered(small_city(name="places"), Plan(put={"services.stit.capacity": 17}))
    starts = altered(small_city(name="starts"), Plan(put={"services.stit.starts": {"sat": 4, "sun": 4}}))
    starts = starts.model_copy(update={"name": "starts"})
    found = sensitivity(places, against=starts, points=0, replications=12, ranges=[Range(STAY, 0.8, 1.2)])
    row = found.flips.set_index("path").loc[STAY]
    at = float(found.flips["flips_at"].iloc[0])
    assert 0.7 < at < 1.3
    assert gap(places, starts, 0.7) > 0 > gap(places, starts, 1.3)
    assert row["at_0.7"] == pytest.approx(gap(places, starts, 0.7))
    assert abs(gap(places, starts, at)) < 0.3 * max(gap(places, starts, 0.7), -gap(places, starts, 1.3))


def test_a_threshold_is_said_in_words_with_its_unit() -> None:
    assert amount_of(small_city(), STAY) == (6, "days on average")
    assert amount_of(small_city(), "services.stit.capacity") == (14, "people")
    assert amount_of(small_city(), "services.stit.starts") == (20, "a week")
    at = {f"at_{factor:g}": gap for factor, gap in zip(FACTORS, (-2.0, -1.5, -1.0, -0.5, 0.5), strict=True)}
    row = {"label": "Stay", **at, "flips_at": 1.225, "flips_low": 1.1, "flips_high": 1.29, "amount": 33.0, "unit": "days on average", "called": True}  # fmt: skip
    (said,) = choice_sentences("homecare", "beds", pd.DataFrame([row]))
    assert said == (
        "homecare beats beds by 1.0 people delayed unless “Stay” exceeds 33 days on average, 1.23 times what it is "
        "(95 % interval 1.10 to 1.29)."
    )
    none = pd.DataFrame([row | {"flips_at": float("nan")}])
    assert "none of these numbers changes that" in next(choice_sentences("homecare", "beds", none))
    assert crossing(np.array([1.0, -1.0, -2.0, 2.0, 3.0])) == pytest.approx(1.075)  # the nearest to 1
    assert np.isnan(crossing(np.ones(5)))


@pytest.mark.parametrize("truth", [1.1, 1.29, 0.72])
def test_the_interval_of_a_threshold_holds_the_truth_as_often_as_it_says(truth: float) -> None:
    """Also near the end of what is tried, where many of the redrawn samples flip nowhere within it."""
    rng, factors, held = np.random.default_rng(4), np.array(FACTORS)[:, None], []
    for _ in range(300):
        gaps = 10 * (factors - truth) + rng.normal(0, 5, 30) + rng.normal(0, 0.5, (len(FACTORS), 30))
        at = crossing(gaps.mean(axis=1))
        if np.isfinite(at):
            again = rng.integers(30, size=(300, 30))
            low, high = _bounds(at, np.array([crossing(means) for means in gaps[:, again].mean(axis=2).T]))
            held.append(low <= truth <= high)
    # Replications drawn again make intervals a little too narrow anywhere.
    assert np.mean(held) > 0.89


def test_an_interval_with_an_open_end_is_said_to_have_one() -> None:
    at = {f"at_{factor:g}": gap for factor, gap in zip(FACTORS, (-2.0, -1.5, -1.0, -0.5, 0.5), strict=True)}
    row = {"label": "Stay", **at, "flips_at": 1.225, "flips_low": 1.1, "flips_high": np.inf, "amount": np.nan, "unit": "", "called": True}  # fmt: skip
    (said,) = choice_sentences("homecare", "beds", pd.DataFrame([row]))
    assert "exceeds 1.23 times what it is (95 % interval 1.10 to above 1.3, or nowhere)" in said


def test_what_matters_most_over_the_ranges_is_said_only_where_it_can_be_told() -> None:
    row = pd.Series({"label": "Stay", "total": 0.51, "total_low": -0.79, "total_high": 1.8})
    assert "no number can be told to matter" in _of_the_variance(row)
    told = row.replace(-0.79, 0.31)
    assert (
        "Stay matters most: 51 % of the variance involves it (95 % interval 31 % to 100 %)"
        in _of_the_variance(told)
    )


def gap(one: Scenario, other: Scenario, factor: float) -> float:
    """The first plan's mean number delayed minus the second's, from runs of both by themselves."""
    first, second = (
        float(
            flowsim.run(moved(plan, {STAY: factor}), replications=12).per_replication["delayed_mean"].mean()
        )
        for plan in (one, other)
    )
    return first - second


def test_words_for_what_cannot_be() -> None:
    for text in ("services.stit.stay", "a=2:1", "a=x:2"):
        with pytest.raises(RunError, match="must be PATH=LOW:HIGH"):
            range_from(text)
    with pytest.raises(RunError, match="is no power of 2"):
        sensitivity(small_city(), points=30)
    with pytest.raises(RunError, match=r"--by: 1\.5 is out of range"):
        sensitivity(small_city(), by=1.5)


def test_the_command_says_and_writes_it(tmp_path: Path) -> None:
    for name, capacity in (("base", 14), ("plan", 18)):
        (tmp_path / f"{name}.toml").write_text(SMALL.replace("CAPACITY", str(capacity)), encoding="utf-8")
    out = tmp_path / "out"
    command = ["sensitivity", str(tmp_path / "base.toml"), "--cores", "1", "-n", "2"]
    said = CliRunner().invoke(
        app, [*command, "--against", str(tmp_path / "plan.toml"), "--points", "2", "--range", f"{STAY}=0.9:1.1", "--range", f"{PEOPLE}=0.9:1.1", "--out", str(out)]
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    assert "People delayed when one number moves by 10 %" in said.output
    files = {p.name for p in out.iterdir()}
    assert files == {"tornado.csv", "indices.csv", "flips.csv", "tornado.png", "manifest.json"}
    said = CliRunner().invoke(app, [*command, "--by", "0"])
    assert said.exit_code == 2
    assert "out of range" in said.output
