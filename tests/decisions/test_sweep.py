"""Sweeps: the same draws at every point, and a store that nothing that ends a process can spoil."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import flowsim
from flowsim.cli import app
from flowsim.decisions.sweep import Sweep, by_point, sweep
from flowsim.errors import RunError, Stopped
from flowsim.experiment.store import LOCK, MANIFEST, alone_in, open_store
from tests.ctrl_c import heeds_ctrl_c, is_stopped
from tests.experiment.city import SMALL, small_city

ROOT = Path(__file__).parents[2]
CAPACITY = "services.stit.capacity"
VARY = (f"{CAPACITY}=10:30:5", "services.stit.starts.mon=2:6:2")


def swept(folder: Path, vary: tuple[str, ...] = VARY, **more: Any) -> Sweep:
    return sweep(small_city(), vary, folder, **{"replications": 4, **more})


def parts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*.parquet"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of 15 points x 4 replications, in two parts."""
    folder = tmp_path_factory.mktemp("whole")
    assert swept(folder).done == 15
    return folder


def test_a_point_is_what_running_that_scenario_gives(whole: Path, tmp_path: Path) -> None:
    found = flowsim.read_sweep(whole)
    assert list(found.columns[:4]) == ["point", CAPACITY, "services.stit.starts.mon", "replication"]
    assert len(found) == 15 * 4
    assert not found.duplicated(["point", "replication"]).any()
    point = found[(found[CAPACITY] == 20) & (found["services.stit.starts.mon"] == 4)]
    alone = flowsim.run(small_city(20), replications=4)
    for measure in ("delayed_mean", "excess_days", "cost", "in_stit_mean", "occupancy_stit"):
        assert point[measure].tolist() == alone.per_replication[measure].tolist()


def test_two_points_meet_the_same_people(whole: Path) -> None:
    found = flowsim.read_sweep(whole).pivot_table(
        index="replication", columns="point", values="admissions_mean"
    )
    assert (found.nunique(axis=1) == 1).all()
    assert found[0].nunique() > 1


def test_points_with_the_lowest_means_come_first_and_have_intervals(whole: Path) -> None:
    found = flowsim.read_sweep(whole)
    means = found.groupby("point")["delayed_mean"].mean()
    lowest = by_point(found, lowest=3)
    assert lowest["value"].tolist() == pytest.approx(sorted(means)[:3])
    assert ((lowest["low"] < lowest["value"]) & (lowest["value"] < lowest["high"])).all()
    assert by_point(found)["point"].tolist() == list(range(15))


def test_stopped_and_taken_up_again_it_gives_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done:
            raise Stopped("enough")

    first = swept(tmp_path, on_done=stop)
    assert (first.done, first.stopped) == (8, True)
    assert len(flowsim.read_sweep(tmp_path)) == 8 * 4
    heard: list[int] = []
    second = swept(tmp_path, on_done=lambda done, _total: heard.append(done))
    assert (second.done, second.stopped) == (15, False)
    assert heard == [8, 15]  # nothing was run twice
    assert parts(tmp_path) == parts(whole)


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[: len(data) // 2]])
def test_a_part_that_is_not_whole_is_run_again(whole: Path, tmp_path: Path, damage: Any) -> None:
    swept(tmp_path)
    part = tmp_path / "part-00001.parquet"
    part.write_bytes(damage(part.read_bytes()))
    (tmp_path / ".part-00001-left.parquet").touch()
    swept(tmp_path)
    assert parts(tmp_path) == parts(whole)
    assert not (tmp_path / ".part-00001-left.parquet").exists()


@pytest.mark.slow
def test_two_cores_give_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    swept(tmp_path, cores=2)
    assert parts(tmp_path) == parts(whole)


# A sweep that is killed at a moment that it chooses itself, for whoever looked from outside might come too late.
KILLED_AFTER_EIGHT_POINTS = """
import os, signal, sys
from flowsim.decisions.sweep import sweep

def on_done(done, total):
    if done >= 8:
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    scenario, vary, folder, cores = sys.argv[1:]
    sweep(scenario, [vary], folder, replications=8, cores=int(cores), on_done=on_done)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; what is tested is the same there")
@pytest.mark.parametrize("cores", ["1", "2"])
def test_killed_in_the_middle_no_point_is_lost_or_run_twice(tmp_path: Path, cores: str) -> None:
    scenario = tmp_path / "small.toml"
    scenario.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    vary = f"{CAPACITY}=10:29.5:0.5"
    killed, plain, script = tmp_path / "killed", tmp_path / "plain", tmp_path / "killed.py"
    script.write_text(KILLED_AFTER_EIGHT_POINTS, encoding="utf-8")
    words = [str(scenario), vary, str(killed), cores]
    # Its workers hold the other end of its output, so this also waits for them to notice and end.
    done = subprocess.run(
        [sys.executable, str(script), *words], cwd=ROOT, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    kept = parts(killed)
    assert 2 <= len(kept) < 10
    written = {name: (killed / name).stat().st_mtime_ns for name in kept}
    command = [
        sys.executable,
        "-m",
        "flowsim",
        "sweep",
        str(scenario),
        "--vary",
        vary,
        "-n",
        "8",
        "--cores",
        cores,
    ]
    subprocess.run([*command, "--out", str(killed)], cwd=ROOT, check=True, capture_output=True)
    sweep(flowsim.load(scenario), [vary], plain, replications=8)
    assert parts(killed) == parts(plain)
    assert len(parts(plain)) == 10
    assert {name: (killed / name).stat().st_mtime_ns for name in kept} == written
    assert {path.name for path in killed.iterdir()} == {path.name for path in plain.iterdir()}
    assert flowsim.read_sweep(killed).equals(flowsim.read_sweep(plain))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no way to send Ctrl-C to one process from outside")
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path: Path) -> None:
    scenario = tmp_path / "small.toml"
    scenario.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "flowsim", "sweep", str(scenario), "--vary", f"{CAPACITY}=1:2000:1", "--cores", "2", "--out", str(out)]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=heeds_ctrl_c,  # noqa: PLW1509
    )  # fmt: skip
    while len(parts(out)) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    said, complained = process.communicate(timeout=60)
    assert is_stopped(process.returncode), complained
    assert "the same command goes on from there" in " ".join(said.split())
    assert "Traceback" not in complained
    assert len(flowsim.read_sweep(out)) == 32 * len(parts(out))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"seed": 8}, "the seed is 7 there, 8 here"),
        ({"replications": 5}, "the number of replications is 4 there, 5 here"),
        ({"design": "lhs", "points": 15}, "the design is grid there, lhs here"),
        ({"vary": VARY[:1]}, f"what varies is {', '.join(VARY)} there, {VARY[0]} here"),
    ],
)
def test_another_sweep_in_the_same_folder_is_refused_in_words(
    whole: Path, other: dict[str, Any], words: str
) -> None:
    with pytest.raises(RunError) as caught:
        swept(whole, **other)
    assert "holds another sweep" in str(caught.value)
    assert words in str(caught.value)


def test_another_scenario_in_the_same_folder_is_refused_by_what_differs(whole: Path) -> None:
    with pytest.raises(RunError, match=r"services\.stit\.capacity is 14 there, 15 here"):
        sweep(small_city(15), VARY, whole, replications=4)


def test_another_version_is_refused(tmp_path: Path) -> None:
    swept(tmp_path, VARY[:1])
    path = tmp_path / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "flowsim": "0.0.1"}), encoding="utf-8")
    with pytest.raises(RunError, match=r"the version of flowsim is 0\.0\.1 there"):
        swept(tmp_path, VARY[:1])


def test_one_sweep_at_a_time_in_a_folder(tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(RunError, match="another sweep is writing"):
        swept(tmp_path)
    assert swept(tmp_path, VARY[:1]).done == 5
    assert (tmp_path / LOCK).exists()


def test_a_folder_without_a_sweep_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no sweep"):
        flowsim.read_sweep(tmp_path)
    (tmp_path / "part-00000.parquet").touch()
    with pytest.raises(RunError, match=f"parts of a sweep but no {MANIFEST}"):
        swept(tmp_path)


def test_a_sweep_that_has_only_begun_reads_as_an_empty_table(tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise Stopped("at once")

    assert swept(tmp_path, on_done=stop).done == 0
    found = flowsim.read_sweep(tmp_path)
    assert list(found.columns) == ["point", CAPACITY, "services.stit.starts.mon", "replication"]
    assert found.empty
    assert len(open_store(tmp_path).points) == 15


def test_points_may_have_different_measures(tmp_path: Path) -> None:
    # Without any capacity there is no occupancy to speak of.
    swept(tmp_path, ("services.allocation.capacity=0:2:1",))
    found = flowsim.read_sweep(tmp_path).set_index("point")["occupancy_allocation"]
    assert found.loc[0].isna().all()
    assert found.loc[1:].notna().all()


def run_command(tmp_path: Path, *words: str) -> Any:
    scenario = tmp_path / "small.toml"
    scenario.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    return CliRunner().invoke(
        app, ["sweep", str(scenario), "--cores", "1", "--out", str(tmp_path / "out"), *words]
    )


def test_the_command_says_which_points_are_best_and_where_they_are(tmp_path: Path) -> None:
    answer = run_command(tmp_path, "--vary", VARY[0], "--design", "sobol", "--points", "4", "-n", "3")
    assert answer.exit_code == 0, answer.output
    assert "Fewest people delayed at midnight" in answer.output
    assert "All 4 points are in" in answer.output
    assert len(flowsim.read_sweep(tmp_path / "out")) == 12


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--vary", "services.stit.capcity=1:2:1"], 'did you mean "capacity"?'),
        (["--vary", f"{CAPACITY}=2:1:1"], "write the lower end first"),
        (["--vary", f"{CAPACITY}=1:2:1", "--engine", "abacus"], 'no engine "abacus"'),
        (["--vary", "services.stit.counted_share=0:2:1"], "from 0 to 1"),
    ],
)
def test_a_wrong_command_is_answered_in_words_and_makes_no_folder(
    tmp_path: Path, words: list[str], said: str
) -> None:
    answer = run_command(tmp_path, *words)
    assert answer.exit_code == 2
    assert said in answer.output
    assert not (tmp_path / "out").exists()
