"""Traffic equations: how many people a day come to each service on each route, were there always room."""

from __future__ import annotations

from flowsim.scenario.model import Scenario
from flowsim.scenario.ways import reached, visits_per_person, ways


def flows(scenario: Scenario) -> dict[tuple[str, str], float]:
    """Expected visits (places) or tasks (teams) a day, by given route and service, in a steady state."""
    found: dict[tuple[str, str], float] = {}
    for stream, route, per_day in ways(scenario):
        visits = reached(scenario, scenario.streams[stream].enters, route)
        per_person = visits_per_person(visits) or {}
        for place, times in per_person.items():
            found[route, place] = found.get((route, place), 0.0) + per_day * times
            for team, share in visits[place].tasks.items():
                found[route, team] = found.get((route, team), 0.0) + per_day * times * share
    return found
