"""`flowsim run` and `flowsim compare` as a person would use them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from flowsim.cli import app
from flowsim.experiment import run as run_module
from flowsim.experiment.run import Effort, run_together
from flowsim.report.plans import tightness
from tests.ctrl_c import heeds_ctrl_c, is_stopped
from tests.experiment.city import SMALL, small_city

ROOT = Path(__file__).parents[2]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A base and a plan, as files."""
    for name, capacity in (("base", 14), ("plan", 30)):
        (tmp_path / f"{name}.toml").write_text(SMALL.replace("CAPACITY", str(capacity)), encoding="utf-8")
    return str(tmp_path / "base.toml"), str(tmp_path / "plan.toml")


def test_run_says_level_chance_and_reasons(files: tuple[str, str]) -> None:
    answer = CliRunner().invoke(app, ["run", files[0], "--cores", "1"])
    assert answer.exit_code == 0, answer.output
    for words in ("Delayed, mean", "Days at or under 6", "A  completion of assessment", "E  care package", "4 replications"):  # fmt: skip
        assert words in answer.output


def test_compare_says_the_difference_and_writes_everything(files: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    answer = CliRunner().invoke(app, ["compare", *files, "-n", "8", "--cores", "1", "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    assert "Difference from base" in answer.output
    names = {path.name for path in out.iterdir()}
    tables = {"daily.parquet", "summary.csv", "differences.csv", "manifest.json", "plans.md"}
    assert names == tables | {"census.png", "reasons.png", "occupancy-base.png", "occupancy-plan.png"}
    # What the table says is what the files hold.
    row = pd.read_csv(out / "differences.csv").set_index("measure").loc["delayed_mean"]
    shown = f"{row['value']:+.1f} ({row['low']:+.1f} to {row['high']:+.1f})"
    assert shown in answer.output
    assert shown in (out / "plans.md").read_text(encoding="utf-8")


def test_a_wrong_scenario_writes_nothing_and_says_why(files: tuple[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(SMALL.replace("CAPACITY", "-3"), encoding="utf-8")
    answer = CliRunner().invoke(app, ["compare", files[0], str(broken), "--out", str(tmp_path / "out")])
    assert answer.exit_code == 2
    assert "broken.toml" in answer.output
    assert "services.stit.capacity" in answer.output
    assert not (tmp_path / "out").exists()


def test_the_folder_is_made_before_the_work_not_after_it(
    files: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    monkeypatch.setattr(run_module, "run_together", lambda *_a, **_k: pytest.fail("ran"))
    answer = CliRunner().invoke(
        app, ["run", files[0], "-n", "100000", "--out", str(tmp_path / "taken" / "x")]
    )
    assert answer.exit_code == 2
    assert "cannot make the folder" in answer.output


def test_until_the_interval_is_tight(files: tuple[str, str]) -> None:
    answer = CliRunner().invoke(app, ["run", files[0], "--cores", "1", "--until-half-width", "1.5"])
    assert answer.exit_code == 0, answer.output
    replications = int(
        next(w for w in answer.output.splitlines() if "replications of 28 days" in w).split()[0]
    )
    assert replications >= 10
    assert "As was asked, the mean is known to within 1.5 people either way." in answer.output


def test_of_plans_it_is_the_differences_that_become_tight(files: tuple[str, str]) -> None:
    answer = CliRunner().invoke(app, ["compare", *files, "--cores", "1", "--until-half-width", "1.5"])
    assert answer.exit_code == 0, answer.output
    assert (
        "As was asked, every difference from base is known to within 1.5 people either way." in answer.output
    )


def test_where_it_does_not_become_tight_it_says_so() -> None:
    results = run_together([small_city()], Effort(half_width=1e-6, most=12))
    half_width = results[0].interval("delayed_mean").half_width
    assert tightness(results, None, 1e-6) == (
        f"Not as tight as was asked: after 12 replications the mean is known to within {half_width:.2g} people either way, not 1e-06."
    )


def test_where_says_how_many_go_straight_home(files: tuple[str, str]) -> None:
    answer = CliRunner().invoke(app, ["where", files[0], "--cores", "1", "-n", "2"])
    assert answer.exit_code == 0, answer.output
    found = re.search(
        r"Another ([0-9.]+) people a day go home from hospital with what they had", answer.output
    )
    assert found is not None
    # Six a day are admitted, of whom six in ten go home.
    assert float(found[1]) == pytest.approx(6 * 0.6, rel=0.25)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no way to send Ctrl-C to one process from outside")
def test_ctrl_c_ends_a_run_and_keeps_what_is_finished(files: tuple[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flowsim", "run", files[0], "-n", "50000", "--cores", "2", "--out", str(tmp_path / "out")]  # fmt: skip
    # A group of its own, as a terminal gives: Ctrl-C then reaches the workers too.
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=heeds_ctrl_c,  # noqa: PLW1509
    )  # fmt: skip
    assert process.stderr is not None
    # The first is done; before that it may say that the engine is prepared.
    assert any("replications" in line for line in iter(process.stderr.readline, ""))
    time.sleep(1)  # on two cores the first that is done need not be the first in order
    os.killpg(process.pid, signal.SIGINT)
    said, complained = process.communicate(timeout=60)
    assert is_stopped(process.returncode), complained
    assert "Stopped early" in said
    assert "Traceback" not in complained
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["stopped_early"]
    assert 0 < manifest["replications"] < 50_000


def loaded_by(arguments: list[str], libraries: set[str]) -> str:
    """Which of some libraries a process has loaded that carries out a command and says what it should."""
    code = (
        "import sys; from typer.testing import CliRunner; from flowsim.cli import app\n"
        f"done = CliRunner().invoke(app, {arguments!r})\n"
        "assert done.exit_code == 0, done.output\n"
        f"print(sorted({libraries!r} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return found.stdout.strip()


def test_help_answers_without_the_heavy_libraries() -> None:
    heavy = {"numpy", "pandas", "scipy", "matplotlib", "simpy", "pydantic"}
    assert loaded_by(["--help"], heavy) == "[]"


def test_an_answer_in_the_terminal_comes_without_what_tables_and_pictures_need() -> None:
    """They take a second to load, and are loaded where a folder for results is named."""
    asked = ["compare", "before-d2a", "d2a-pilot", "-n", "2", "--cores", "1"]
    assert loaded_by(asked, {"pandas", "pyarrow", "matplotlib", "sklearn", "scipy"}) == "['scipy']"
