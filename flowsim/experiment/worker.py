"""What one process does: draw a replication once, and run every scenario on those draws."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple, TypeVar

from flowsim.engine import chosen_engine, simulate, simulate_unhindered
from flowsim.journeys import Journeys
from flowsim.measures import (
    CareCounts,
    Measured,
    Setting,
    count,
    count_care,
    measure,
    measure_census,
    measured,
    together,
)
from flowsim.memory import keep_freed_memory
from flowsim.people import Blueprint, People, populate, prepare
from flowsim.people.crowd import there_at_the_start
from flowsim.people.kept import Kept
from flowsim.people.population import drawn, lasting, people_of
from flowsim.ranks import Ranks
from flowsim.scenario.files import fingerprint
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline

K = TypeVar("K")
V = TypeVar("V")

# Scenarios laid out day by day, about a megabyte each: those that threads on all cores have in hand, and some more.
MOST_KEPT: Final = max(32, 16 * (os.cpu_count() or 1))


@dataclass(frozen=True)
class Outcome:
    """One replication of one scenario: what was measured, and the journeys if they were to be kept."""

    scenario: int
    replication: int
    measured: Measured
    journeys: Journeys | None


@dataclass(frozen=True)
class Job:
    """Some replications of some scenarios. Everything a process needs, and small enough to send.

    Journeys are kept of replications below `keep_journeys`. With `census_only` nothing is worked out but the census
    of the delayed and of the excess, and where no journeys are kept, people who never meet a limit are not even drawn:
    that takes half the time. With `keep_people_bytes` the process keeps people, and what happened to those who never
    meet a limit, in so much memory, for the next job that asks for the same.
    """

    scenarios: tuple[Scenario, ...]
    replications: tuple[int, ...]
    seed: int
    engine: str
    keep_journeys: int = 0
    census_only: bool = False
    keep_people_bytes: int = 0


def run_job(job: Job) -> list[Outcome]:
    """Run a job. Scenarios share the draws of a replication: common random numbers, drawn once.

    Those that differ only in what services offer share its people too: looking them up takes half of a replication.
    """
    _settle_in()
    chosen_engine(job.engine)  # loads what it needs, which makes looking people up faster too
    plans = [_ready_made(scenario) for scenario in job.scenarios]
    kept = _people_kept(job.keep_people_bytes) if job.keep_people_bytes else None
    found: list[Outcome] = []
    for replication in job.replications:
        hindered_only = job.census_only and replication >= job.keep_journeys
        shared = Shared(Ranks(job.seed, replication), kept, hindered_only, {})
        for number, (made, people) in enumerate(_with_people(plans, shared)):
            found.append(_replicate(job, made, number, shared, people))
    return found


class ReadyMade(NamedTuple):
    """A scenario laid out day by day, for drawing people and for measuring."""

    plan: Blueprint
    setting: Setting


class Shared(NamedTuple):
    """What the plans of one replication share: its ranks, what this process keeps of earlier jobs, and what each leaves to the next."""

    ranks: Ranks
    kept: Kept | None
    hindered_only: bool  # nobody else is looked at
    # What happened to those who never meet a limit, by `Blueprint.same_unhindered`.
    unhindered: dict[bytes, CareCounts]


def _with_people(plans: list[ReadyMade], shared: Shared) -> Iterator[tuple[ReadyMade, People]]:
    """Every plan with its people of one replication; those who will be asked for again are held until then."""
    if len(plans) == 1:
        yield plans[0], _drawn(plans[0].plan, shared)
        return
    wanted = Counter(made.plan.same_people for made in plans)
    held: dict[bytes, People] = {}
    for made in plans:
        key = made.plan.same_people
        wanted[key] -= 1
        people = held.pop(key, None)
        if people is None:  # nobody at all is an answer, too
            people = _drawn(made.plan, shared)
        if wanted[key]:
            held[key] = people
        yield made, people


def _drawn(plan: Blueprint, shared: Shared) -> People:
    """The people of a replication, drawn or as kept: the same.

    A plan that differs from one before in how long stays are has other people, but in ranks they are the same.
    """
    ranks, kept = shared.ranks, shared.kept
    if kept is None or shared.hindered_only:
        return populate(plan, ranks, hindered_only=shared.hindered_only)
    draw, there = (ranks.seed, ranks.replication), there_at_the_start(plan, ranks)
    who_is_there = hashlib.sha256(b"".join(some.mark for some in there)).digest()
    in_ranks = kept.get(plan.same_walk, (*draw, who_is_there), lambda: drawn(plan, ranks, there))
    found = kept.get(plan.same_people, draw, lambda: lasting(plan, in_ranks, there))
    return people_of(plan, in_ranks, found)


def _replicate(job: Job, made: ReadyMade, number: int, shared: Shared, people: People) -> Outcome:
    """One replication of one scenario of a job."""
    replication, offer, horizon = (
        shared.ranks.replication,
        made.plan.offer,
        float(made.plan.scenario.run.days),
    )
    if replication < job.keep_journeys:
        journeys = simulate(people, offer, horizon, job.engine)
        measure_them = measure_census if job.census_only else measure
        return Outcome(number, replication, measure_them(journeys, made.setting), journeys)
    hindered = simulate(people, offer, horizon, job.engine, hindered_only=True)
    if job.census_only:
        return Outcome(number, replication, measure_census(hindered, made.setting), None)
    counts = together(count(hindered, made.setting), _unhindered(made, shared, people))
    return Outcome(number, replication, measured(counts, made.setting), None)


def _unhindered(made: ReadyMade, shared: Shared, people: People) -> CareCounts:
    """What happened to those who never meet a limit: to them every plan of these people is the same."""

    def counted() -> CareCounts:
        horizon = float(made.plan.scenario.run.days)
        return count_care(simulate_unhindered(people, made.plan.offer, horizon), made.setting)

    key = made.plan.same_unhindered
    if shared.kept is not None:
        return shared.kept.get(key, (shared.ranks.seed, shared.ranks.replication), counted)
    if key not in shared.unhindered:
        shared.unhindered[key] = counted()
    return shared.unhindered[key]


@cache
def _people_kept(most_bytes: int) -> Kept:
    """The people that this process keeps."""
    return Kept(most_bytes)


@cache
def _settle_in() -> None:
    """What a process does once, before its first replication."""
    keep_freed_memory()


# The last scenarios that this process ran, by what affects their results; several replications share one.
_made: OrderedDict[str, ReadyMade] = OrderedDict()
# The same by identity, because a fingerprint takes a millisecond; a scenario is frozen.
_known: OrderedDict[int, tuple[Scenario, ReadyMade]] = OrderedDict()
_making = threading.Lock()


def _ready_made(scenario: Scenario) -> ReadyMade:
    with _making:
        known = _known.get(id(scenario))
        if known is not None and known[0] is scenario:
            return known[1]
        key = fingerprint(scenario)
        made = _made.get(key)
        if made is None:
            # Whoever makes a job has looked at its scenarios before.
            plan = prepare(build_timeline(scenario, checked=True))
            made = ReadyMade(plan, Setting(plan.timeline, plan.offer))
        _keep(_made, key, made)
        _keep(_known, id(scenario), (scenario, made))
        return made


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    """Keep something that was just used, and let go of what has not been used for longest."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)


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
