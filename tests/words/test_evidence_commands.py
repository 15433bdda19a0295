"""`flowsim observed`, `forecast` and `backtest` as a person would use them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from flowsim.cli import app
from tests.experiment.city import SMALL


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A city over 16 months, and months of an authority that lives in about the same world."""
    text = (
        SMALL.replace("CAPACITY", "14").replace("2017-10-02", "2016-01-01").replace("days = 28", "days = 486")
    )
    (tmp_path / "city.toml").write_text(text, encoding="utf-8")
    months = pd.date_range("2016-01-01", periods=16, freq="MS")
    level = 4 + np.random.default_rng(3).normal(0, 0.5, 16)
    days = pd.DataFrame({"month": months.strftime("%Y-%m"), "total": (level * months.days_in_month).round()})
    days.to_csv(tmp_path / "months.csv", index=False)
    return tmp_path


def said(*words: object) -> tuple[int, str]:
    answer = CliRunner().invoke(app, [str(word) for word in words])
    assert "Traceback" not in answer.output
    # Lines are broken where the terminal ends.
    return answer.exit_code, " ".join(answer.output.split())


def test_observed_says_what_a_file_holds(city: Path) -> None:
    code, words = said("observed", city / "months.csv")
    assert code == 0, words
    assert "16 rows, 2016-01-01 to 2017-04-01" in words
    code, words = said("observed", "sheffield")
    assert code == 0
    assert "Open Government Licence" in words


def test_observed_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("month,total\nsoon,many\n", encoding="utf-8")
    code, words = said("observed", tmp_path / "bad.csv")
    assert code == 2
    assert 'row 2, column "month"' in words
    assert 'row 2, column "total"' in words


def test_a_list_of_discharges_is_fitted_and_its_people_stay_out_of_the_files(tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    admitted = pd.Timestamp("2017-01-01") + pd.to_timedelta(generator.integers(0, 90, 60), unit="D")
    ready = admitted + pd.to_timedelta(generator.integers(1, 15, 60), unit="D")
    left = ready + pd.to_timedelta(generator.integers(0, 9, 60), unit="D")
    table = pd.DataFrame(
        {"admitted": admitted, "ready": ready, "left": left, "route": [""] * 57 + ["rare"] * 3}
    )
    table.to_csv(tmp_path / "list.csv", index=False)
    code, words = said("observed", tmp_path / "list.csv", "--out", tmp_path / "out")
    assert code == 0, words
    assert "by AIC" in words
    assert (
        "Too few ended stays to fit (fewer than 20): rare: admitted until ready, rare: ready until left."
        in words
    )
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"stays-fitted.csv", "stays-ready.png", "stays-left.png", "discharges-by-route.csv"} <= names
    by_route = pd.read_csv(tmp_path / "out" / "discharges-by-route.csv").set_index("route")
    assert by_route.loc["rare"].isna().any()
    assert not any("list" in name for name in names)


def test_forecast_says_weeks_months_and_the_target(city: Path) -> None:
    code, words = said(
        "forecast", city / "city.toml", "--observed", city / "months.csv", "--weeks", 8, "--paths", 20, "--out",
        city / "out", "--cores", 1,
    )  # fmt: skip
    assert code == 0, words
    assert "2017-05-01" in words
    assert "Chance at or under 6" in words
    assert "weighted by the 16 months before 2017-05-01" in words
    weekly = pd.read_csv(city / "out" / "forecast-weekly.csv")
    assert len(weekly) == 8
    assert len(pd.read_csv(city / "out" / "forecast-daily.csv")) == 56
    assert (city / "out" / "forecast.png").stat().st_size > 10_000
    about = json.loads((city / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert about["command"] == "forecast"
    assert about["from"] == "2017-05-01"


def test_forecast_from_counts_of_today(city: Path) -> None:
    (city / "today.csv").write_text(
        "what,in_hospital,caseload,date\nE,5,,2016-03-07\nstit,,13,\n", encoding="utf-8"
    )
    code, words = said(
        "forecast", city / "city.toml", "--today", city / "today.csv", "--weeks", 2, "--paths", 20, "--out",
        city / "out", "--cores", 1,
    )  # fmt: skip
    assert code == 0, words
    assert "begins on 2016-03-07 from the counts given" in words
    assert pd.read_csv(city / "out" / "day-0.csv")["people"].sum() == 5
    code, words = said(
        "forecast", city / "city.toml", "--today", city / "today.csv", "--observed", city / "months.csv"
    )
    assert code == 2
    assert "not both" in words


def test_backtest_scores_and_goes_on(city: Path) -> None:
    asked = (
        "backtest", city / "city.toml", "--observed", city / "months.csv", "--cuts", "2017-02-01,2017-03-01", "--months", 2,
        "--paths", 20, "--out", city / "out", "--cores", 1,
    )  # fmt: skip
    code, words = said(*asked)
    assert code in (0, 1), words
    scores = pd.read_csv(city / "out" / "scores.csv").set_index("forecaster")
    assert len(scores) == 4
    better = scores["crps"].idxmin() == "the model"
    assert better == (code == 0)
    assert "CRPS" in words
    again, same = said(*asked)
    assert again == code
    # What was done for a cut is not done again: nothing is said of progress, and all else is the same.
    assert words.endswith(same)
    assert "courses" in words
    assert "courses" not in same
    assert sorted(path.name for path in (city / "out" / "cuts").iterdir()) == [
        "cut-2017-02.json",
        "cut-2017-03.json",
    ]


FIT = """
[vary]
"services.stit.capacity" = { low = 10, high = 20 }
[targets]
monthly_delayed = { tolerance = 0.1 }
[effort]
waves = 1
points = 10
replications = 2
members = 10
member_replications = 1
"""


def test_backtest_with_a_fit_of_its_own_at_each_cut(city: Path) -> None:
    (city / "fit.toml").write_text(FIT, encoding="utf-8")
    code, words = said(
        "backtest", city / "city.toml", "--observed", city / "months.csv", "--cuts", "2017-02-01", "--months", 1, "--paths",
        20, "--fit", city / "fit.toml", "--out", city / "out", "--cores", 1,
    )  # fmt: skip
    assert code in (0, 1), words
    assert "Values were fitted anew for each cut" in words
    assert (city / "out" / "cuts" / "fit-2017-02").is_dir()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--cuts", "soon"), "--cuts soon: is no date"),
        (("--plausible", "nowhere"), "holds no plausible set"),
        (("--observed", "nowhere.csv"), "there is no such file"),
    ],
)
def test_what_is_wrong_is_said(city: Path, more: tuple[str, ...], words: str) -> None:
    code, output = said("backtest", city / "city.toml", *more)
    assert code == 2
    assert words in output
