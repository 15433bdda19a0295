"""Traffic equations: how many people a day want each service, and whether it has room for them.

In a steady state the visits a day to each place solve v = a + v P, route by route, where a is who
arrives there and P the shares of those who go on from each place to each other
(J. R. Jackson, Networks of waiting lines, Operations Research 5, 1957). Queues change when people
come, not how many; those who leave while waiting, plan B and waiting elsewhere are left out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Final, Literal

from flowsim.distributions import mean
from flowsim.scenario.model import Scenario, Service, WeekTable
from flowsim.scenario.ways import Visit, reached, visits_per_person, ways
from flowsim.scenario.words import plain
from flowsim.units import WEEKDAYS

Verdict = Literal["no limit", "nobody comes", "enough", "tight", "too little room", "too few starts"]
TIGHT: Final = 0.95


@dataclass(frozen=True)
class ServiceLoad:
    """What people need of a service against what it offers, in a steady state.

    Load and capacity are in the service's capacity units; `capacity`, `use`, `starts_per_week` and
    `most_per_day` are None where there is no limit. `most_per_day` is how many people it can take on.
    """

    service: str
    label: str
    people_per_day: float
    mean_stay_days: float
    mean_size: float
    load: float
    capacity: float | None
    use: float | None
    starts_per_week: float | None
    people_per_week: float
    most_per_day: float | None
    verdict: Verdict

    @property
    def grows(self) -> bool:
        """Whether its queue grows without end unless people leave it otherwise."""
        return self.verdict in ("too little room", "too few starts")

    def sentence(self) -> str:
        """What to tell a user about a queue without end; empty where there is none."""
        if not self.grows or self.most_per_day is None:
            return ""
        # As many digits as it takes to see that one is more than the other.
        digits = next((d for d in (1, 2) if round(self.people_per_day, d) > round(self.most_per_day, d)), 3)
        return (
            f"More people need {self.label} ({self.people_per_day:.{digits}f} a day) than it can take on "
            f"({self.most_per_day:.{digits}f} a day): its queue grows without end unless people leave it otherwise."
        )


@dataclass
class _Tally:
    """Sums over routes for one service."""

    people: float = 0.0
    days: float = 0.0
    size: float = 0.0
    room: float = 0.0

    def add(self, people: float, days: float, size: float) -> None:
        self.people += people
        self.days += people * days
        self.size += people * size
        self.room += people * days * size


def flows(scenario: Scenario) -> dict[tuple[str, str], float]:
    """Visits a day by (route, service) in a steady state; for a team, tasks a day."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    for route, visit, per_day in _visits(scenario):
        found[route, visit.place] += per_day
        for team, share in visit.tasks.items():
            found[route, team] += per_day * share
    return dict(found)


def offered_load(scenario: Scenario) -> list[ServiceLoad]:
    """Every service in the order of the file: who wants it, for how long, and whether there is room."""
    tallies = {name: _Tally() for name in scenario.services}
    for _, visit, per_day in _visits(scenario):
        service = scenario.services[visit.place]
        stay = mean(visit.stay) * service.stay_scale if visit.stay else 0.0
        # Sizes fall in equal steps over the stay, so half way between first and last on average.
        tallies[visit.place].add(per_day, stay, (visit.size.start + visit.size.end) / 2)
        for team, share in visit.tasks.items():
            work, size = scenario.services[team].work, scenario.services[team].size
            tallies[team].add(per_day * share, mean(work) if work else 0.0, size.start)
    return [_load(name, scenario.services[name], tally) for name, tally in tallies.items()]


def _visits(scenario: Scenario) -> list[tuple[str, Visit, float]]:
    """Every (route, visit, visits a day)."""
    found = []
    for stream, route, per_day in ways(scenario):
        visits = reached(scenario, scenario.streams[stream].enters, route)
        per_person = visits_per_person(visits)
        if per_person is not None:
            found += [(route, visits[place], per_day * times) for place, times in per_person.items()]
    return found


def _load(name: str, service: Service, tally: _Tally) -> ServiceLoad:
    people = tally.people
    stay = tally.days / people if people > 0 else math.nan
    size = tally.size / people if people > 0 else math.nan
    starts = _starts_per_week(service.starts)
    use = tally.room / service.capacity if service.capacity else None
    by_room = None if service.capacity is None or tally.room == 0 else people * service.capacity / tally.room
    limits = [m for m in (by_room, None if starts is None else starts / 7) if m is not None]
    return ServiceLoad(
        service=name,
        label=service.label or name,
        people_per_day=people,
        mean_stay_days=stay,
        mean_size=size,
        load=tally.room,
        capacity=service.capacity,
        use=use,
        starts_per_week=starts,
        people_per_week=7 * people,
        most_per_day=min(limits, default=None),
        verdict=_verdict(people, by_room, None if starts is None else starts / 7),
    )


def _starts_per_week(table: WeekTable | None) -> float | None:
    """People who can be taken on in a week without a holiday; None where any day has no limit."""
    days = [None if table is None else table.on(weekday, holiday=False) for weekday in range(len(WEEKDAYS))]
    given = [d for d in days if d is not None]
    return sum(given) if len(given) == len(days) else None


def _verdict(people: float, by_room: float | None, by_starts: float | None) -> Verdict:
    if people == 0:
        return "nobody comes"
    if by_room is None and by_starts is None:
        return "no limit"
    room = math.inf if by_room is None else by_room
    starts = math.inf if by_starts is None else by_starts
    if people >= min(room, starts):
        return "too little room" if room <= starts else "too few starts"
    return "tight" if people > TIGHT * min(room, starts) else "enough"


def in_words(number: float | None, digits: int = 1) -> str:
    """A number for a table; "no limit" for None, a dash where there is none."""
    if number is None:
        return "no limit"
    return "-" if math.isnan(number) else plain(round(number, digits))
