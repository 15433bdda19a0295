"""Pairs of worlds that share their luck, and how to tell what differs between them."""

from __future__ import annotations

import math
from typing import Any

from flowsim.journeys import TIMES, Journeys
from flowsim.people import People, Steps
from flowsim.scenario.edits import document_of
from flowsim.scenario.model import Scenario
from tests.generated import generated_scenario
from tests.laws.lived import Lived

Key = tuple[str, int]


def document(seed: int) -> dict[str, Any]:
    """A generated scenario as tables, to be altered."""
    return document_of(generated_scenario(seed))


def scenario_of(tables: dict[str, Any]) -> Scenario:
    """A scenario from tables."""
    return Scenario.model_validate(tables)


def key_of(people: People | Any, person: int) -> Key:
    """Who somebody is in every world: their stream, and their place in it."""
    return people.streams[int(people.stream[person])], int(people.index[person])


def life_of(world: Lived, up_to: float = math.inf) -> dict[Key, list[tuple[Any, ...]]]:
    """What happened to each person before a time, in words and numbers that hold in any world."""
    journeys = world.journeys
    found: dict[Key, list[tuple[Any, ...]]] = {}
    for i in range(len(journeys)):
        if journeys.asked[i] < up_to:
            key = key_of(world.people, int(journeys.person[i]))
            found.setdefault(key, []).append(_dealing(journeys, world.names, i, up_to))
    return found


def _dealing(journeys: Journeys, names: tuple[str, ...], i: int, up_to: float) -> tuple[Any, ...]:
    times = [float(getattr(journeys, name)[i]) for name in TIMES]
    seen = tuple(t if t < up_to else None for t in times)
    outcome = int(journeys.outcome[i])
    went = (names[outcome] if outcome >= 0 else outcome) if times[3] < up_to else None
    return int(journeys.step[i]), int(journeys.purpose[i]), names[int(journeys.service[i])], seen, went


def needs_of(world: Lived) -> dict[Key, tuple[Any, ...]]:
    """What each person would need, whatever happens: arrival, route, and the whole itinerary."""
    people = world.people
    return {key_of(people, p): _needs(world, p) for p in range(len(people))}


def _needs(world: Lived, person: int) -> tuple[Any, ...]:
    people = world.people
    steps = people.steps if people.hindered[person] else people.unhindered_steps
    begin = float(people.arrives[person]), people.routes[int(people.route[person])]
    first = _itinerary(world.names, steps, int(people.first_step[person]))
    return (*begin, first)


def _itinerary(names: tuple[str, ...], steps: Steps, at: int) -> Any:
    if at < 0:
        return None
    tasks = slice(int(steps.first_task[at]), int(steps.first_task[at] + steps.tasks[at]))
    return (
        names[int(steps.service[at])],
        float(steps.stay[at]),
        [
            (names[team], work)
            for team, work in zip(
                steps.task_team[tasks].tolist(), steps.task_work[tasks].tolist(), strict=True
            )
        ],
        float(steps.leaves_after[at]),
        _itinerary(names, steps, int(steps.next[at])),
        _itinerary(names, steps, int(steps.otherwise[at])),
    )
