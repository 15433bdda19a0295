"""Results: tables as the design names them, and files that are whole or not there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flowsim import ScenarioError, load
from flowsim.decisions.compare import compare, run
from flowsim.errors import RunError
from flowsim.experiment.intervals import can_call, mean_interval
from flowsim.files import write_text, write_whole
from flowsim.frames import safe_csv
from flowsim.results import Result
from flowsim.saving import save
from flowsim.scenario.files import fingerprint, from_text
from tests.experiment.city import small_city


@pytest.fixture(scope="module")
def result() -> Result:
    return run(small_city(), keep_journeys=2)


def test_daily_has_a_row_for_every_replication_and_day(result: Result) -> None:
    daily = result.daily
    assert len(daily) == 4 * 28
    wanted = ["scenario", "replication", "day", "date", "excess", "delayed", "delayed_A", "delayed_E", "in_stit", "queue_stit"]  # fmt: skip
    assert [c for c in wanted if c not in daily.columns] == []
    assert list(daily["day"][:28]) == list(range(28))
    assert daily["date"].iloc[0] == pd.Timestamp("2017-10-02")


def test_summary_is_tidy_and_every_measure_has_a_unit(result: Result) -> None:
    summary = result.summary
    assert list(summary.columns) == ["scenario", "measure", "value", "low", "high", "unit"]
    assert summary.loc[summary["unit"] == "", "measure"].tolist() == []
    assert not summary["measure"].duplicated().any()
    inside = (summary["low"] <= summary["value"]) & (summary["value"] <= summary["high"])
    assert (inside | summary["low"].isna()).all()


def test_delayed_days_of_the_months_add_up_to_those_of_the_period(result: Result) -> None:
    months = result.summary[result.summary["measure"].str.match(r"delayed_days_\d{4}-\d{2}")]
    assert len(months) == 1
    assert months["value"].sum() == pytest.approx(result.interval("delayed_days").value)


def test_rate_and_cost_follow_from_the_daily_table(result: Result) -> None:
    daily = result.daily
    assert result.interval("delayed_rate").value == pytest.approx(daily["delayed"].mean() * 10)
    cost = (daily["excess"] * 300 + daily["in_stit"] * 60).groupby(daily["replication"]).sum().mean()
    assert result.interval("cost").value == pytest.approx(cost)


def test_chance_of_a_day_is_the_share_of_days(result: Result) -> None:
    share = (result.daily["delayed"] <= 6).mean()
    assert result.interval("chance_day_at_or_under_target").value == pytest.approx(share)


def test_a_measure_that_there_is_not_is_said_in_words(result: Result) -> None:
    with pytest.raises(RunError, match='delayd_mean: small has no such measure; did you mean "delayed_mean"'):
        result.interval("delayd_mean")
    with pytest.raises(RunError, match='delayd: small has no such measure; did you mean "delayed"'):
        result.by_day("delayd")


def test_journeys_are_kept_of_as_many_replications_as_asked(result: Result) -> None:
    journeys = result.journeys
    wanted = [
        "replication",
        "person",
        "stream",
        "route",
        "step",
        "service",
        "asked",
        "started",
        "ready",
        "left",
    ]
    assert [c for c in wanted if c not in journeys.columns] == []
    assert set(journeys["replication"]) == {0, 1}


def test_what_is_written_can_be_read_and_run_again(result: Result, tmp_path: Path) -> None:
    written = save([result], tmp_path / "new" / "folder")
    assert sorted(p.name for p in written) == [
        "daily.parquet",
        "journeys.parquet",
        "manifest.json",
        "summary.csv",
    ]
    assert sorted(p.name for p in (tmp_path / "new" / "folder").iterdir()) == sorted(p.name for p in written)
    daily = pd.read_parquet(tmp_path / "new" / "folder" / "daily.parquet")
    assert np.array_equal(daily["delayed"], result.daily["delayed"])
    manifest = json.loads((tmp_path / "new" / "folder" / "manifest.json").read_text(encoding="utf-8"))
    again = from_text(manifest["scenarios"][0]["resolved"], "again")
    assert fingerprint(again) == manifest["scenarios"][0]["fingerprint"] == fingerprint(result.scenario)
    rerun = run(again, seed=manifest["seed"], replications=manifest["replications"])
    assert np.array_equal(rerun.daily["delayed"], result.daily["delayed"])


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "summary.csv"
    path.write_text("old", encoding="utf-8")

    def fails_half_way(beside: Path) -> None:
        beside.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunError, match="No space left on device"):
        write_whole(path, fails_half_way)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_file_is_open_to_whom_new_files_are_and_writing_one_never_asks_the_system_to_change_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for the mask of a process sets it, for all threads; two at once can leave it open for good."""
    plain = tmp_path / "plain"
    plain.touch()
    monkeypatch.setattr(os, "umask", lambda _mask: pytest.fail("set the mask of all threads"))
    written = write_text(tmp_path / "written", "ours")
    assert written.stat().st_mode == plain.stat().st_mode


def test_a_folder_that_is_none_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    for place in (tmp_path / "taken" / "t.csv", tmp_path / "missing" / "t.csv"):
        with pytest.raises(RunError, match=r"cannot write .*t\.csv"):
            write_text(place, "ours")


def test_a_folder_that_cannot_be_made_is_said_in_words(result: Result, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(RunError, match="cannot make the folder"):
        save([result], tmp_path / "taken" / "below")


def test_a_spreadsheet_does_not_take_our_words_for_formulas(tmp_path: Path) -> None:
    safe_csv(pd.DataFrame({"scenario": ["=1+1", "fine"], "value": [-1.5, 2.0]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines() == [
        "scenario,value",
        "'=1+1,-1.5",
        "fine,2.0",
    ]


def test_differences_are_paired_and_say_whether_they_can_be_called() -> None:
    comparison = compare([small_city(14, "base"), small_city(30, "plan")], replications=8)
    base, plan = (r.per_replication["delayed_mean"] for r in comparison.results)
    row = comparison.differences.set_index("measure").loc["delayed_mean"]
    assert row["value"] == pytest.approx((plan - base).mean())
    assert row["called"] == (row["high"] < 0)
    assert row["called"]


def test_a_plan_that_changes_nothing_differs_by_nothing() -> None:
    comparison = compare([small_city(14, "base"), small_city(14, "same")], replications=3)
    assert (comparison.differences["value"].dropna() == 0).all()
    assert not comparison.differences["called"].any()


@pytest.mark.parametrize(
    ("names", "words"),
    [(["base"], "two scenarios or more"), (["base", "base"], "named more than once")],
)
def test_comparisons_that_make_no_sense(names: list[str], words: str) -> None:
    with pytest.raises(RunError, match=words):
        compare([small_city(14, name) for name in names])


def test_only_the_same_period_can_be_compared() -> None:
    longer = small_city(14, "longer")
    longer = longer.model_copy(update={"run": longer.run.model_copy(update={"days": 30})})
    with pytest.raises(RunError, match="only the same period"):
        compare([small_city(), longer])


def test_only_plans_with_the_same_warm_up_can_be_compared() -> None:
    """Person i of a stream is the i-th to come since the warm-up began: with another they are other people."""
    base, plan = small_city(14, "base"), small_city(18, "plan")
    other = plan.model_copy(update={"run": plan.run.model_copy(update={"warm_up_days": 21})})
    with pytest.raises(
        RunError,
        match=r"plan warms up for 21 days, but base for 14: .* the same warm-up; set run\.warm_up_days alike",
    ):
        compare([base, other])


def test_only_plans_with_one_target_and_prices_of_one_year_can_be_compared() -> None:
    """The headings of every table name one target, and its costs are of one year."""
    base, plan = small_city(14, "base"), small_city(18, "plan")
    other = plan.model_copy(update={"target": plan.target.model_copy(update={"delayed": 150.0})})
    with pytest.raises(
        RunError, match=r"plan has a target of 150, but base of 6: .* set target\.delayed alike"
    ):
        compare([base, other])
    other = plan.model_copy(update={"costs": plan.costs.model_copy(update={"price_year": "2025/26"})})
    with pytest.raises(
        RunError, match=r"plan has prices of 2025/26, but base of 2017/18: .* set costs\.price_year"
    ):
        compare([base, other])


def test_as_many_replications_as_are_said_to_be_needed_call_a_difference_in_four_cases_of_five() -> None:
    """A difference of 1 between plans whose replications differ by 1 +- 4, as often as it takes to see how often it is called."""
    rng = np.random.default_rng(3)
    comparison = compare([small_city(14, "base"), small_city(14, "plan")], replications=4)
    zero = np.zeros(10)
    seen = rng.normal(size=10)
    seen = 1.0 + 4.0 * (seen - seen.mean()) / seen.std(ddof=1)
    base, plan = comparison.results
    vars(base)["per_replication"], vars(plan)["per_replication"] = (
        {"delayed_mean": zero},
        {"delayed_mean": seen},
    )
    needed = comparison.replications_to_call(plan)
    assert needed is not None
    calls = [can_call(mean_interval(rng.normal(1.0, 4.0, needed))) for _ in range(2_000)]
    assert np.mean(calls) == pytest.approx(0.8, abs=0.03)


def test_a_name_that_is_no_scenario() -> None:
    with pytest.raises(ScenarioError, match="sheffield-2017"):
        load("sheffeld-2017")
