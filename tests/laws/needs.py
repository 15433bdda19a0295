"""What people need, held against the scenario's tables: the lookup of itineraries told a second time."""

from __future__ import annotations

import math
from collections.abc import Iterator

from flowsim.people import NONE, Steps
from flowsim.scenario.model import EXITS, Scenario, shares
from flowsim.scenario.ways import Visit, visit
from flowsim.units import grid
from tests.laws.lived import Lived


def needs_are_those_of_the_scenario(lived: Lived) -> Iterator[str]:
    """Of everybody who arrives: every step has the stay, tasks, size, priority and onward way of its route."""
    people = lived.people
    for person in range(len(people)):
        if math.isnan(people.entered[person]) and math.isnan(people.asked[person]):
            steps = people.steps if people.hindered[person] else people.unhindered_steps
            for step in _steps_from(steps, int(people.first_step[person])):
                yield from _step_is_right(lived, person, steps, step)


def _steps_from(steps: Steps, first: int) -> Iterator[int]:
    """Every step of an itinerary, those after plan B too."""
    frontier = [first]
    while frontier:
        step = frontier.pop()
        yield step
        frontier += [int(s) for s in (steps.next[step], steps.otherwise[step]) if s != NONE]


def _step_is_right(lived: Lived, person: int, steps: Steps, step: int) -> Iterator[str]:
    people = lived.people
    scenario = lived.timeline.on(math.floor(people.arrives[person]))
    entry = scenario.streams[people.streams[int(people.stream[person])]].enters
    route = people.routes[int(people.route[person])]
    place = lived.names[int(steps.service[step])]
    needs = visit(scenario, entry, route, place)
    where = f"person {person} on {route} at {place}"
    if (
        needs.stay is not None
        and needs.stay.dist == "fixed"
        and steps.stay[step] != grid(needs.stay.mean or 0.0)
    ):
        yield f"{where} stays {steps.stay[step]}"
    if (steps.size_start[step], steps.size_end[step]) != (grid(needs.size.start), grid(needs.size.end)):
        yield f"{where} takes {steps.size_start[step]} to {steps.size_end[step]}"
    if steps.priority[step] != _priority(scenario, route, place):
        yield f"{where} has priority {steps.priority[step]}"
    yield from _tasks_are_right(lived, steps, step, needs, where)
    yield from _way_is_right(lived, steps, step, needs, where)


def _priority(scenario: Scenario, route: str, place: str) -> int:
    at = scenario.routes[route].at.get(place)
    return at.priority if at is not None and at.priority is not None else scenario.routes[route].priority


def _tasks_are_right(lived: Lived, steps: Steps, step: int, needs: Visit, where: str) -> Iterator[str]:
    rows = range(int(steps.first_task[step]), int(steps.first_task[step] + steps.tasks[step]))
    teams = [lived.names[int(steps.task_team[row])] for row in rows]
    certain = [team for team, share in needs.tasks.items() if share == 1]
    possible = [team for team, share in needs.tasks.items() if share > 0]
    if [t for t in teams if t in certain] != certain or [t for t in possible if t in teams] != teams:
        yield f"{where} has tasks of {teams}, not of {needs.tasks}"


def _way_is_right(lived: Lived, steps: Steps, step: int, needs: Visit, where: str) -> Iterator[str]:
    ways = {name for name, share in shares(needs.onward).items() if share > 0}
    onward = int(steps.next[step])
    if onward != NONE and lived.names[int(steps.service[onward])] not in ways:
        yield f"{where} goes on to {lived.names[int(steps.service[onward])]}, not to {ways}"
    if (onward == NONE) != (int(steps.exit[step]) != NONE) or (onward == NONE and not ways & set(EXITS)):
        yield f"{where} leaves, though the ways are {ways}"
