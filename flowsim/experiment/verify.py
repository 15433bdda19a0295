"""Holding the two engines against each other: every timestamp of every person, on any scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from flowsim.engine import simulate
from flowsim.journeys import OUTCOMES, PURPOSES, TIMES, WHOLE, Journeys
from flowsim.people import Blueprint, populate, prepare
from flowsim.ranks import Ranks
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline

MODEL: Final = "simpy"
TWIN: Final = "compiled"
COMPARED: Final = (*WHOLE, *TIMES)


@dataclass(frozen=True)
class Difference:
    """The first person whose journey is not the same in both engines: who, and their rows in words."""

    scenario: str
    replication: int
    person: int
    model: tuple[str, ...]
    twin: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What was compared in one replication of one scenario. Rows are dealings of a person with a service."""

    scenario: str
    replication: int
    people: int
    rows: int
    differences: int
    first: Difference | None


def verify(scenario: Scenario, replications: range, seed: int | None = None) -> Iterator[Verdict]:
    """Run both engines on the same people and compare all they wrote, one replication after another.

    Raises ScenarioError or RunError in words, as a run does.
    """
    plan = prepare(build_timeline(scenario))
    for replication in replications:
        yield compared(plan, replication, scenario.run.seed if seed is None else seed)


def compared(plan: Blueprint, replication: int, seed: int) -> Verdict:
    """One replication in both engines."""
    people = populate(plan, Ranks(seed, replication))
    horizon = float(plan.scenario.run.days)
    model, twin = (
        simulate(people, plan.offer, horizon, engine, hindered_only=True) for engine in (MODEL, TWIN)
    )
    different = people_who_differ(model, twin)
    name = plan.scenario.name
    first = _first(plan, name, replication, int(different[0]), model, twin) if different.size else None
    count = int(people.hindered.sum())
    return Verdict(name, replication, count, len(model), different.size, first)


def people_who_differ(model: Journeys, twin: Journeys) -> np.ndarray:
    """The numbers of all people of whom not every row, number and time is the same, ascending."""
    if len(model) == len(twin) and np.array_equal(model.person, twin.person):
        same = np.ones(len(model), dtype=bool)
        for name in COMPARED:
            one, other = getattr(model, name), getattr(twin, name)
            same &= (one == other) | (
                np.isnan(one) & np.isnan(other)
            )  # a missing time is the same as another
        return np.unique(model.person[~same])
    everybody = np.union1d(model.person, twin.person)
    return np.array([p for p in everybody if _rows_of(model, p) != _rows_of(twin, p)], dtype=np.int64)


def _rows_of(journeys: Journeys, person: int) -> list[tuple[str, ...]]:
    """A person's rows as words, so that one missing time equals another."""
    rows = np.flatnonzero(journeys.person == person)
    return [tuple(str(getattr(journeys, name)[row]) for name in COMPARED) for row in rows]


def _first(
    plan: Blueprint, name: str, replication: int, person: int, model: Journeys, twin: Journeys
) -> Difference:
    told = (_told(plan, journeys, person) for journeys in (model, twin))
    return Difference(name, replication, person, *told)


def _told(plan: Blueprint, journeys: Journeys, person: int) -> tuple[str, ...]:
    """A person's journey, one dealing a line; times in days from the start, to the last digit."""
    outcomes = {**OUTCOMES, **dict(enumerate(plan.offer.names))}
    lines = []
    for row in np.flatnonzero(journeys.person == person):
        times = " ".join(f"{name} {getattr(journeys, name)[row]!r}" for name in TIMES)
        what = f"{PURPOSES[journeys.purpose[row]]} {plan.offer.names[journeys.service[row]]}"
        lines.append(
            f"step {journeys.step[row]} {what}: {times}, then {outcomes[int(journeys.outcome[row])]!r}"
        )
    return tuple(lines)
