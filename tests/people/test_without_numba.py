"""With and without numba: the same bytes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flowsim import load
from flowsim.compiling import HAS_NUMBA
from flowsim.loops import are_compiled, compile_loops
from flowsim.people import People, populate, prepare
from flowsim.ranks import Ranks
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline
from tests.generated import generated_scenario

ROOT = Path(__file__).resolve().parents[2]
GENERATED = range(40)


def digest_of(scenario: Scenario, seed: int = 3, replication: int = 2) -> str:
    """A hash of every array of a scenario's people, and of those who can be hindered alone, with its name and its type."""
    plan, digest = prepare(build_timeline(scenario)), hashlib.sha256()
    for hindered_only in (False, True):
        people: People = populate(plan, Ranks(seed, replication), hindered_only=hindered_only)
        for table in (people, people.steps, people.unhindered_steps):
            for name, column in sorted(vars(table).items()):
                if isinstance(column, np.ndarray):
                    digest.update(f"{name} {column.dtype.str} {column.shape}".encode())
                    digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def digests() -> list[str]:
    """Those of a real city and of made-up ones."""
    return [digest_of(load("sheffield-2017")), *(digest_of(generated_scenario(seed)) for seed in GENERATED)]


@pytest.mark.skipif(not HAS_NUMBA, reason="nothing is compiled here")
def test_people_are_the_same_without_compiling() -> None:
    compile_loops()
    assert are_compiled()
    run = subprocess.run(
        [sys.executable, "-c", "from tests.people.test_without_numba import digests; print(*digests())"],
        cwd=ROOT, env={**os.environ, "FLOWSIM_NO_NUMBA": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.split() == digests()


ONE_REPLICATION = """
import sys
from flowsim import load
from flowsim.experiment.replicate import Study, replicate
replicate(Study((load("sheffield-2017"),), 0, 1, 1, "simpy"))
print(sorted(name for name in ("numba", "llvmlite", "pandas", "matplotlib") if name in sys.modules))
"""


@pytest.mark.uncounted  # long, and others go through its lines
def test_the_simpy_model_runs_without_what_it_does_not_need() -> None:
    """numba and its code take more memory than a replication."""
    run = subprocess.run(
        [sys.executable, "-c", ONE_REPLICATION], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
