"""What the benchmarks share: a scenario made ready, CPU seconds, and what machine this is."""

from __future__ import annotations

import json
import math
import platform
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeVar

from scipy.special import stdtrit

import flowsim
from flowsim.engine import chosen_engine, simulate, simulate_unhindered
from flowsim.measures import Measured, Setting, count, count_care, measure_census, measured, together
from flowsim.memory import keep_freed_memory, made_once
from flowsim.people import Blueprint, populate, prepare
from flowsim.ranks import Ranks
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline
from flowsim.units import Floats

SEED: Final = 2017
DAYS: Final = 365  # whatever the scenario says, so that numbers are comparable between scenarios
ROOT: Final = Path(__file__).resolve().parent.parent
T = TypeVar("T")


@dataclass(frozen=True)
class Spread:
    """Median, lowest and highest of some measurements."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.3g} ({self.low:.3g} to {self.high:.3g})"


def spread(values: list[float]) -> Spread:
    """The spread of at least one measurement."""
    return Spread(median(values), min(values), max(values))


def scenario_of(name: str, days: int = DAYS) -> Scenario:
    """A scenario by name or path, run for so many days after its own warm-up."""
    scenario = flowsim.load(name)
    return scenario.model_copy(update={"run": scenario.run.model_copy(update={"days": days})})


def blueprint_of(scenario: Scenario) -> Blueprint:
    """A scenario prepared for drawing people."""
    return prepare(build_timeline(scenario))


def run_flowsim(
    plan: Blueprint, replication: int, seed: int = SEED, engine: str = "simpy", *, census_only: bool = False
) -> Measured:
    """One replication as a worker does it: drawing, engine, every measure or just the daily census."""
    keep_freed_memory()
    chosen_engine(engine)
    people, setting = populate(plan, Ranks(seed, replication), hindered_only=census_only), _setting_of(plan)
    hindered = simulate(people, plan.offer, float(plan.scenario.run.days), engine, hindered_only=True)
    if census_only:
        return measure_census(hindered, setting)
    others = simulate_unhindered(people, plan.offer, float(plan.scenario.run.days))
    return measured(together(count(hindered, setting), count_care(others, setting)), setting)


@made_once
def _setting_of(plan: Blueprint) -> Setting:
    """What the measures read of a scenario: laid out once for all replications, as a worker does."""
    return Setting(plan.timeline, plan.offer)


def seconds(work: Callable[[], T]) -> tuple[float, T]:
    """CPU seconds of this process for some work, and what came of it."""
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


def welch(ours: Floats, theirs: Floats, level: float) -> tuple[float, float]:
    """The difference of two means and the half-width of its interval (B. L. Welch 1947)."""
    difference = float(ours.mean() - theirs.mean())
    parts = [float(values.var(ddof=1)) / values.size for values in (ours, theirs)]
    if sum(parts) == 0:
        return difference, 0.0
    sizes = (ours.size, theirs.size)
    freedom = sum(parts) ** 2 / sum(part**2 / (n - 1) for part, n in zip(parts, sizes, strict=True))
    return difference, float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(sum(parts))


def interpreter() -> str:
    """Version, build and system: speeds of two builds of one Python differ by more than half."""
    build = " ".join(platform.python_build())
    return (
        f"{platform.python_implementation()} {platform.python_version()} ({build}; {platform.python_compiler()}) "
        f"on {platform.system()} {platform.machine()}"
    )


# ---- memory, in a process of its own --------------------------------------------------------------


def megabytes_of(
    model: str, scenario: str, days: int = DAYS, engine: str = "simpy", replications: int = 1
) -> dict[str, Any]:
    """Peak memory of replications of "flowsim" or of one of "plain", in a process of their own, in MB.

    `itself` is the most that was held of what Python and numpy asked for while the work was done, libraries and
    whatever is made only once left out (tracemalloc); `peak` the most the process ever held, those included, and
    `how` that is known: VmHWM on Linux, else resource.getrusage, else tracemalloc (Windows).
    For flowsim, `results` is the size of the daily results that it hands back.
    """
    command = [sys.executable, "-m", "benchmarks.memory", model, scenario, str(days)]
    command += ["--engine", engine, "--replications", str(replications)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the process that measures memory failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def peak_of(work: Callable[[], object]) -> dict[str, Any]:
    """Do some work, twice, and say what memory it took in this process, in MB."""
    work()
    peak, how = (0.0, "tracemalloc") if sys.platform == "win32" else _most_so_far()
    tracemalloc.start()
    work()
    itself = tracemalloc.get_traced_memory()[1] / 1e6
    return {"itself": itself, "peak": peak or itself, "how": how}


def _most_so_far() -> tuple[float, str]:
    """The most memory this process ever held, in MB, and how that is known."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux getrusage also remembers what the process held that started this one.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6, "VmHWM"
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, "getrusage"
