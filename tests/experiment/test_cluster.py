"""A Dask cluster as an executor: the same bytes as one core through the death of a worker, and words."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import flowsim
from flowsim.cli import app
from flowsim.decisions.sweep import sweep
from flowsim.errors import RunError
from flowsim.experiment import cluster as module
from flowsim.experiment.cluster import Cluster, cluster_at, parcel
from flowsim.experiment.replicate import Replicated, Study, replicate
from flowsim.experiment.run import Effort, run_together
from flowsim.experiment.worker import Job
from tests.experiment.city import SMALL, small_city

# What Dask leaves open or says about itself while it is used rightly.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    """A real scheduler and two worker processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as found:
        yield found


@pytest.fixture(scope="module")
def connected(local: Any) -> Iterator[Cluster]:
    with cluster_at(local.scheduler_address) as found:
        yield found


def study(replications: int = 40) -> Study:
    return Study((small_city(14, "few"), small_city(18, "more")), 0, replications, seed=7, keep_journeys=2)


def as_bytes(found: Replicated) -> list[bytes]:
    return [pickle.dumps(outcome) for row in found.outcomes for outcome in row]


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_as_one_core(connected: Cluster) -> None:
    assert connected.workers == 2
    heard: list[tuple[int, int]] = []
    found = replicate(
        study(10),
        executor=connected.executor,
        parcel=3,
        on_done=lambda done, total: heard.append((done, total)),
    )
    assert as_bytes(found) == as_bytes(replicate(study(10)))
    assert max(heard) == (10, 10)
    assert len(heard) == 4  # three of three and one of one


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_worker_that_is_killed_half_way_leaves_no_mark(local: Any, connected: Cluster) -> None:
    expected = as_bytes(replicate(study()))
    victim = next(iter(local.workers.values())).pid
    killed: list[int] = []

    def kill(done: int, _total: int) -> None:
        if done >= 10 and not killed:
            killed.append(done)
            os.kill(victim, signal.SIGKILL)

    found = replicate(study(), executor=connected.executor, parcel=2, on_done=kill)
    assert killed
    assert not found.stopped
    assert as_bytes(found) == expected


@pytest.mark.slow
def test_a_whole_run_and_a_sweep_go_to_the_cluster(connected: Cluster, tmp_path: Path) -> None:
    (there,) = run_together([small_city()], Effort(replications=12, cluster=connected))
    (here,) = run_together([small_city()], Effort(replications=12))
    assert there.daily.equals(here.daily)
    vary = ["services.stit.capacity=10:30:5"]
    sweep(small_city(), vary, tmp_path / "there", replications=8, executor=connected.executor)
    sweep(small_city(), vary, tmp_path / "here", replications=8)
    assert flowsim.read_sweep(tmp_path / "there").equals(flowsim.read_sweep(tmp_path / "here"))


@pytest.mark.slow
def test_the_command_line_takes_an_address_by_option_or_environment(
    local: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = tmp_path / "small.toml"
    scenario.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    alone = CliRunner().invoke(app, ["run", str(scenario), "--cores", "1"])
    named = CliRunner().invoke(app, ["run", str(scenario), "--cluster", local.scheduler_address])
    monkeypatch.setenv("FLOWSIM_CLUSTER", local.scheduler_address)
    swept = CliRunner().invoke(
        app,
        ["sweep", str(scenario), "--vary", "services.stit.capacity=10:12:1", "--out", str(tmp_path / "out")],
    )
    assert (alone.exit_code, named.exit_code, swept.exit_code) == (0, 0, 0), named.output + swept.output
    assert named.stdout == alone.stdout
    assert "All 3 points" in swept.output


@pytest.mark.slow
def test_a_worker_without_flowsim_is_refused_in_words(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    # In a folder of its own and without a way to find the project, a worker has no flowsim.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    code = (
        "import sys, time\n"
        "sys.path[:] = [p for p in sys.path if p not in ('', sys.argv[1])]\n"
        "sys.modules['flowsim'] = None\n"
        "from distributed import LocalCluster\n"
        "with LocalCluster(n_workers=1, processes=False, host='127.0.0.1', dashboard_address='127.0.0.1:0',\n"
        "                  protocol='tcp') as found:\n"
        "    print(found.scheduler_address, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(flowsim.__file__).parents[1])],
        cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        with pytest.raises(RunError, match=r"has no flowsim: install flowsim \d"), cluster_at(address):
            pass
    finally:
        process.communicate("", timeout=30)


def test_another_version_is_refused_in_words() -> None:
    here = {"flowsim": "0.2.0", "numpy": "2.4.0"}
    with pytest.raises(RunError, match=r"tcp://a has flowsim 0\.1\.0, but here it is 0\.2\.0"):
        module._refuse_others("tcp://a", here, {"flowsim": "0.1.0", "numpy": "2.4.0"})
    with pytest.raises(RunError, match="could not say what it runs"):
        module._refuse_others("tcp://a", here, ValueError("no"))
    module._refuse_others("tcp://a", here, dict(here))


def test_an_address_where_nobody_answers_is_said_within_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(module, "ANSWERS_WITHIN_SECONDS", 1.0)
    scenario = tmp_path / "small.toml"
    scenario.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    begun = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        for address in ("tcp://127.0.0.1:1", "nonsense", f"127.0.0.1:{mute.getsockname()[1]}"):
            answer = CliRunner().invoke(app, ["run", str(scenario), "--cluster", address])
            assert answer.exit_code == 2
            assert f'no Dask scheduler answers at "{address}"' in answer.output
    assert time.monotonic() - begun < 30


def test_somebody_who_is_no_scheduler_is_said_in_words() -> None:
    pytest.importorskip("distributed")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            caller, _ = server.accept()
            with caller:
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)

        thread = threading.Thread(target=answer)
        thread.start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(RunError, match="no Dask scheduler answers"), cluster_at(address):
            pass
        thread.join()


def test_without_the_library_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RunError, match=r'pip install "flowsim\[cluster\]"'), cluster_at("tcp://127.0.0.1:1"):
        pass


class Dying(Executor):
    """Loses every job a few times, as when workers die, and then does it."""

    def __init__(self, times: int) -> None:
        self.left = times

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.left:
            self.left -= 1
            future.set_exception(BrokenExecutor("a worker died"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def test_jobs_lost_with_their_worker_are_done_again_a_few_times() -> None:
    assert as_bytes(replicate(study(3), executor=Dying(2))) == as_bytes(replicate(study(3)))
    with pytest.raises(RunError, match="ended unexpectedly 3 times"):
        replicate(study(3), executor=Dying(50))


def test_parcels_are_worth_sending_but_leave_something_for_every_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def takes(seconds: float) -> None:
        clock = iter([0.0, seconds])
        monkeypatch.setattr("time.perf_counter", lambda: next(clock))
        monkeypatch.setattr(module, "run_job", lambda job: [])

    scenarios = study().scenarios
    for seconds, replications, workers, expected in ((0.01, 10_000, 2, 25), (1.0, 10_000, 2, 1), (0.01, 80, 2, 10), (0.01, 3, 8, 1)):  # fmt: skip
        takes(seconds)
        assert parcel(scenarios, 7, "simpy", replications, workers) == expected


def test_parcels_hold_every_replication_once() -> None:
    jobs: list[Job] = study(10).jobs(4)
    assert [job.replications for job in jobs] == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9)]
