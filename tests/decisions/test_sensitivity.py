"""Sensitivity: a bar of the tornado is a run by itself, indices find the cause, a choice flips where runs say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import flowsim
from flowsim.cli import app
from flowsim.decisions.flips import FACTORS, crossing
from flowsim.decisions.indices import indices_of
from flowsim.decisions.ranges import Range, amount_of, moved, numbers_of, range_from
from flowsim.decisions.sensitivity import Sensitivity, sensitivity
from flowsim.decisions.trials import Trying
from flowsim.errors import RunError
from flowsim.report.sensitive import choice_sentences
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
