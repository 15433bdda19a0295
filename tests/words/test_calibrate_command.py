"""`flowsim calibrate` and `--plausible` as a person would use them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import flowsim
from flowsim.cli import app
from flowsim.decisions.plausible import Plausible, run_plausible
from tests.ctrl_c import heeds_ctrl_c, is_stopped
from tests.experiment.city import SMALL

CAPACITY = "services.stit.capacity"
FIT = """
[vary]
"services.stit.capacity" = { low = 10, high = 20 }
[targets]
monthly_delayed = { tolerance = 0.1 }
excess_mean = { value = 6, tolerance = 0.2 }
[effort]
waves = 2
points = 10
replications = 2
members = 10
member_replications = 2
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A city, its return and a fit file."""
    text = SMALL.replace("CAPACITY", "14").replace("days = 28", "days = 61").replace("10-02", "10-01")
    (tmp_path / "city.toml").write_text(text, encoding="utf-8")
    (tmp_path / "return.csv").write_text("month,total\n2017-10,150\n2017-11,170\n", encoding="utf-8")
    (tmp_path / "fit.toml").write_text(FIT, encoding="utf-8")
    return tmp_path


def asked(folder: Path) -> list[str]:
    return [
        "calibrate", str(folder / "city.toml"), "--observed", str(folder / "return.csv"), "--fit", str(folder / "fit.toml"),
        "--out", str(folder / "out"),
    ]  # fmt: skip


@pytest.fixture
def fitted(files: Path) -> Path:
    answer = CliRunner().invoke(app, [*asked(files), "--cores", "1"])
    assert answer.exit_code == 0, answer.output
    (files / "said.txt").write_text(answer.output, encoding="utf-8")
    return files


def test_it_says_what_the_data_tell_and_writes_everything(fitted: Path) -> None:
    said = (fitted / "said.txt").read_text(encoding="utf-8")
    for words in ("What the data tell of each number", "monthly_delayed, month by month", "2017-11", "Width left", "return.csv"):  # fmt: skip
        assert words in said
    names = {path.name for path in (fitted / "out").iterdir() if not path.name.startswith(".")}
    waves = {"wave-00.parquet", "wave-01.parquet", "wave-02.parquet", "calibration.json"}
    plausible = {"plausible.parquet", "plausible.csv", "plausible.json"}
    tables = {"parameters.csv", "fit.csv", "conflicts.csv", "waves.csv", "fit.md", "fitted.toml"}
    assert names == waves | plausible | tables | {"parameters.png", "fit.png"}
    rows = pd.read_csv(fitted / "out" / "fit.csv")
    assert rows["target"].tolist() == ["monthly_delayed", "monthly_delayed", "excess_mean"]
    assert rows["observed"].tolist() == pytest.approx([150 / 31, 170 / 30, 6])


def test_the_set_is_met_by_run_and_compare_and_said_in_words(fitted: Path) -> None:
    common = ["-n", "4", "--cores", "1", "--plausible", str(fitted / "out"), "--out", str(fitted / "run")]
    answer = CliRunner().invoke(app, ["run", str(fitted / "city.toml"), *common])
    assert answer.exit_code == 0, answer.output
    assert "the uncertainty of 1 number fitted to data" in " ".join(answer.output.split())
    shown = pd.read_csv(fitted / "run" / "summary.csv").set_index("measure")["value"]
    plausible = Plausible.load(fitted / "out")
    expected = run_plausible(flowsim.load(fitted / "city.toml"), plausible, 4)
    assert shown["delayed_mean"] == pytest.approx(expected.interval("delayed_mean").value)
    about = json.loads((fitted / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert "fitted to data" in about["scenarios"][0]["met"]
    # The scenario with the middle of the set written into it means the same set.
    same = flowsim.load(fitted / "out" / "fitted.toml")
    again = run_plausible(same, plausible, 4)
    assert again.by_day("delayed") == pytest.approx(expected.by_day("delayed"))


def test_optimise_meets_the_set(fitted: Path) -> None:
    table = pd.DataFrame({"services.allocation.work*": [0.5, 3.0], "weight": 1.0, "discrepancy": 1.0})
    Plausible("city", ("services.allocation.work*",), table, "").save(fitted / "set")
    asked_for = ["optimise", str(fitted / "city.toml"), "--lever", f"{CAPACITY}=14:22:4@60", "-n", "100", "--cores", "1"]  # fmt: skip
    alone = CliRunner().invoke(app, asked_for)
    met = CliRunner().invoke(app, [*asked_for, "--plausible", str(fitted / "set")])
    assert met.exit_code in (0, 1), met.output
    assert "fitted to data" in met.output
    assert "fitted to data" not in alone.output


@pytest.mark.parametrize("command", [["run"], ["compare"]])
def test_no_set_and_a_foreign_set_are_refused_in_words(command: list[str], files: Path) -> None:
    scenarios = [str(files / "city.toml")] * len(command)
    if command == ["compare"]:
        (files / "plan.toml").write_text((files / "city.toml").read_text(encoding="utf-8"), encoding="utf-8")
        scenarios = [str(files / "city.toml"), str(files / "plan.toml")]
    answer = CliRunner().invoke(app, [*command, *scenarios, "--plausible", str(files / "nowhere")])
    assert answer.exit_code == 2
    assert "holds no plausible set" in answer.output
    table = pd.DataFrame({"Winter: streams.emergency.per_day": [1.1], "weight": 1.0, "discrepancy": 1.0})
    Plausible("other", ("Winter: streams.emergency.per_day",), table, "").save(files / "other")
    answer = CliRunner().invoke(app, [*command, *scenarios, "--plausible", str(files / "other")])
    assert answer.exit_code == 2
    assert "does not suit city" in " ".join(answer.output.split())


@pytest.mark.uncounted  # long, and others go through its lines
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way on Windows")
def test_ctrl_c_keeps_finished_waves_and_the_same_command_goes_on(files: Path) -> None:
    (files / "fit.toml").write_text(FIT.replace("points = 10", "points = 40"), encoding="utf-8")
    command = [sys.executable, "-m", "flowsim", *asked(files), "--cores", "1"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=heeds_ctrl_c,  # noqa: PLW1509
    )  # fmt: skip
    end = time.monotonic() + 60
    while not (files / "out" / "wave-00.parquet").exists() and time.monotonic() < end:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert is_stopped(process.returncode), said
    assert "the same command goes on there" in said
    assert "Traceback" not in said
    before = (files / "out" / "wave-00.parquet").stat().st_mtime_ns
    answer = CliRunner().invoke(app, [*asked(files), "--cores", "1"])
    assert answer.exit_code == 0, answer.output
    assert (files / "out" / "wave-00.parquet").stat().st_mtime_ns == before
