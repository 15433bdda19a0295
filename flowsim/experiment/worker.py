"""What one process does: draw a replication once, and run every scenario on those draws."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from functools import lru_cache

from flowsim.engine import simulate
from flowsim.journeys import Journeys
from flowsim.measures import Measured, Setting, measure
from flowsim.people import Blueprint, populate, prepare
from flowsim.ranks import Ranks
from flowsim.scenario.files import fingerprint
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline


@dataclass(frozen=True)
class Outcome:
    """One replication of one scenario: what was measured, and the journeys if they were to be kept."""

    scenario: int
    replication: int
    measured: Measured
    journeys: Journeys | None


@dataclass(frozen=True)
class Job:
    """Some replications of some scenarios. Everything a process needs, and small enough to send."""

    scenarios: tuple[Scenario, ...]
    replications: tuple[int, ...]
    seed: int
    engine: str
    keep_journeys: int  # journeys are kept of replications below this number


def run_job(job: Job) -> list[Outcome]:
    """Run a job. Scenarios share the draws of a replication: common random numbers, drawn once."""
    return [outcome for replication in job.replications for outcome in _replicate(job, replication)]


def _replicate(job: Job, replication: int) -> list[Outcome]:
    ranks = Ranks(job.seed, replication)
    outcomes = []
    for number, scenario in enumerate(job.scenarios):
        plan = _prepared(_Keyed(scenario))
        people = populate(plan, ranks)
        journeys = simulate(people, plan.offer, float(scenario.run.days), job.engine)
        measured = measure(journeys, Setting(plan.timeline, plan.offer))
        kept = journeys if replication < job.keep_journeys else None
        outcomes.append(Outcome(number, replication, measured, kept))
    return outcomes


class _Keyed:
    """A scenario that a cache can tell from another by what affects its results."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.key = fingerprint(scenario)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.key == other.key


@lru_cache(maxsize=32)
def _prepared(keyed: _Keyed) -> Blueprint:
    """A scenario laid out day by day; several replications in one process share it."""
    return prepare(build_timeline(keyed.scenario))


def let_the_parent_stop_us() -> None:
    """Ctrl-C reaches every process of a terminal; only the parent decides what it means.

    A parent that was killed decides nothing any more: then this process ends too, instead of waiting for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
