"""Rosters of a reablement team: from staff on shift by weekday to the caseload it can hold and the people it can start.

A person needs so many visits a day at first, fewer later, in equal steps; starting with somebody takes more time that day.
A shift of staff makes so many visits. The same caseload is visited on every day of the week, so the leanest day
limits it; what a day has beyond it starts people.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from flowsim.errors import RunError
from flowsim.scenario.edits import Plan, spread_out
from flowsim.scenario.model import Change, Escalation, Scenario
from flowsim.scenario.sizes import levels, size_at
from flowsim.scenario.timeline import altered
from flowsim.units import WEEKDAYS

SATURDAY, SUNDAY = 5, 6
WORKING_DAYS: Final = 5


@dataclass(frozen=True)
class Work:
    """What a shift does and costs, and what a person needs.

    Visits a day fall from `visits_at_start` to `visits_at_end` over a stay of `stay_days` on average. `first_visit_hours` and
    `assessment_hours` come on top on the day somebody starts. `sickness` and `leave` are shares of rostered shifts that
    are not worked. A weekend shift costs `saturday` or `sunday` more, as a share of `shift_pay` (pounds).
    """

    visits_per_shift: float = 11.0
    visit_hours: float = 0.5
    visits_at_start: float = 4.0
    visits_at_end: float = 1.0
    stay_days: float = 27.0
    first_visit_hours: float = 0.5
    assessment_hours: float = 1.5
    sickness: float = 0.05
    leave: float = 0.14
    shift_pay: float = 100.0
    saturday: float = 0.30
    sunday: float = 0.60

    def __post_init__(self) -> None:
        for name, least, most in _RANGES:
            value = getattr(self, name)
            if not least <= value <= most:
                option = f"--{name.replace('_', '-')}"
                raise RunError(f"{option}: {value:g} is out of range: it must be from {least:g} to {most:g}")
        if not self.sickness + self.leave < 1:
            raise RunError(
                f"--sickness and --leave: {self.sickness:g} and {self.leave:g} leave nobody at work; together "
                "they must be below 1"
            )
        if self.visits_at_end > self.visits_at_start:
            raise RunError(
                f"--visits-at-end: {self.visits_at_end:g} is above --visits-at-start, {self.visits_at_start:g}"
            )

    @property
    def visits_worked(self) -> float:
        """Visits that one rostered shift makes on average, sickness and leave taken off."""
        return self.visits_per_shift * (1 - self.sickness - self.leave)

    @property
    def mean_visits(self) -> float:
        """Visits a day that a person needs on average over the stay."""
        count = levels(self.visits_at_start, self.visits_at_end)
        return sum(size_at(self.visits_at_start, self.visits_at_end, n) for n in range(count)) / count

    @property
    def visits_of_a_stay(self) -> float:
        """Visits that a person needs over the whole stay, the day's extra time at the start left out."""
        return self.mean_visits * self.stay_days

    @property
    def visits_of_a_start(self) -> float:
        """The extra time of a start, counted in visits."""
        return (self.first_visit_hours + self.assessment_hours) / self.visit_hours


_RANGES: Final = (
    ("visits_per_shift", 0.1, 100), ("visit_hours", 0.05, 24), ("visits_at_start", 0.1, 50), ("visits_at_end", 0.1, 50),
    ("stay_days", 0.5, 365), ("first_visit_hours", 0, 24), ("assessment_hours", 0, 24), ("sickness", 0, 0.99), ("leave", 0, 0.99),
    ("shift_pay", 0, 10_000), ("saturday", 0, 5), ("sunday", 0, 5),
)  # fmt: skip


# Where the usual values come from, for those who read a roster; what nobody has published is an assumption.
SOURCES: Final = {
    "visits_per_shift": "assumption: eleven visits of half an hour in a shift, breaks and handover taken off",
    "visit_hours": "assumption: half an hour, travel included",
    "visits_at_start": "BNSSG 2022-23: four visits a day at the start (IPACS model inputs, M)",
    "visits_at_end": "BNSSG 2022-23: one visit a day at the end (IPACS model inputs, M)",
    "stay_days": "the scenario's mean stay, unless given",
    "first_visit_hours": "assumption: half an hour more than another visit",
    "assessment_hours": "assumption: an hour and a half on the day somebody starts",
    "sickness": "assumption: one rostered shift in twenty",
    "leave": "assumption: some seven weeks of 52, leave and training together",
    "shift_pay": "assumption: a round number; rosters compare the same whatever it is, if weekends cost as much more",
    "saturday": "assumption: time and 30 %; ask your payroll",
    "sunday": "assumption: time and 60 %; ask your payroll",
}


@dataclass(frozen=True)
class Roster:
    """Staff on shift by weekday, Monday first, and whether people are started at weekends."""

    name: str
    staff: tuple[float, ...]
    starts_at_weekends: bool = True

    def __post_init__(self) -> None:
        if len(self.staff) != len(WEEKDAYS) or not all(0 <= s <= 100_000 for s in self.staff):
            raise RunError(
                f"a roster has seven numbers of staff from 0 to 100000, Monday first; {self.staff} is none"
            )

    def pay(self, work: Work) -> float:
        """Pounds a week, weekend enhancement included."""
        week = sum(self.staff) + self.staff[SATURDAY] * work.saturday + self.staff[SUNDAY] * work.sunday
        return week * work.shift_pay


@dataclass(frozen=True)
class Offered:
    """What a roster offers: visits a day for the caseload, people in it, and starts by weekday."""

    visits: float
    caseload: float
    starts: tuple[float, ...]


def offered(roster: Roster, work: Work) -> Offered:
    """What a roster amounts to, in balance: as many visits as those who start in a week will come to need.

    With V visits a stay and k extra for a start, S starts a week fill S V / 7 visits a day; what a week has beyond the
    caseload's visits starts people. Both together give the caseload; the leanest day may hold less.
    """
    made = [staff * work.visits_worked for staff in roster.staff]
    days = len(made) if roster.starts_at_weekends else WORKING_DAYS
    stay, start = work.visits_of_a_stay, work.visits_of_a_start
    # C = S V / 7 with S = (sum of what is made on days with starts - days x C) / k, solved for C.
    balanced = sum(made[:days]) * stay / (len(made) * start + days * stay)
    visits = min(balanced, *made)
    starts = tuple(_starts(day, made, visits, days, work) for day in range(len(made)))
    return Offered(visits, visits / work.mean_visits, starts)


def _starts(day: int, made: list[float], visits: float, days: int, work: Work) -> float:
    if day >= days:
        return 0.0
    spare = max(0.0, made[day] - visits)
    if work.visits_of_a_start == 0:
        # Starting takes no time of its own: only the caseload limits it.
        return 7 * visits / work.visits_of_a_stay / days
    return spare / work.visits_of_a_start


def roster_for(name: str, starts: Mapping[str, float] | tuple[float, ...], work: Work) -> Roster:
    """The staff, whole people on each day, who start so many by weekday and visit those who are then in care.

    Raises RunError in words where nobody is started.
    """
    by_day = tuple(starts.get(d, 0.0) for d in WEEKDAYS) if isinstance(starts, Mapping) else starts
    if not sum(by_day) > 0:
        raise RunError(f"the roster {name} starts nobody in a week; ask for at least one start")
    visits = sum(by_day) * work.visits_of_a_stay / len(WEEKDAYS)
    # A hair less than a whole person is one: rounding must not cost a shift.
    staff = (math.ceil((visits + s * work.visits_of_a_start) / work.visits_worked - 1e-9) for s in by_day)
    return Roster(name, tuple(float(s) for s in staff), any(by_day[WORKING_DAYS:]))


def same_pay(name: str, pay: float, pattern: tuple[float, ...], work: Work) -> Roster:
    """The roster whose starts follow a pattern by weekday and that costs so much a week, in parts of shifts.

    Raises RunError in words where the pattern starts nobody.
    """
    if not sum(pattern) > 0:
        raise RunError(f"the roster {name} starts nobody in a week; ask for at least one start")
    visits = sum(pattern) * work.visits_of_a_stay / len(WEEKDAYS)
    staff = tuple((visits + s * work.visits_of_a_start) / work.visits_worked for s in pattern)
    unit = Roster(name, staff, any(pattern[WORKING_DAYS:]))
    cost = unit.pay(work)
    if not cost > 0:
        raise RunError("the same pay needs a pay: --shift-pay must be above 0")
    return replace(unit, staff=tuple(s * pay / cost for s in staff))


def with_roster(scenario: Scenario, service: str, roster: Roster, work: Work) -> Scenario:
    """The scenario with the roster's visits a day as the service's capacity, and its starts by weekday.

    On a bank holiday the roster is the Sunday's. Raises RunError in words where the scenario sets these numbers elsewhere.
    """
    given, path = offered(roster, work), f"services.{service}"
    _refuse_set_anew(scenario, service)
    starts: dict[str, float] = dict(zip(WEEKDAYS, given.starts, strict=True))
    there = scenario.services[service].initial.people
    put: dict[str, Any] = {
        f"{path}.unit": "visits per day",
        f"{path}.capacity": given.visits,
        f"{path}.size": {"start": work.visits_at_start, "end": work.visits_at_end},
        f"{path}.starts": {**starts, "holiday": given.starts[SUNDAY]},
        # Nobody is there at the start whom the roster could not visit.
        f"{path}.initial.people": min(there, int(given.caseload)),
    }
    return altered(scenario, Plan(put=put))


def _refuse_set_anew(scenario: Scenario, service: str) -> None:
    """What sets the numbers of a roster anew, or adds people to what are visits then; a factor holds for visits as well."""
    dated: list[tuple[str, str, Change | Escalation]] = [
        (f'the change "{c.label}"', f" on {c.begins.isoformat()}", c) for c in scenario.changes
    ]
    judged = [(f'the escalation "{e.label}"', "", e) for e in scenario.escalations]
    for what, when, alteration in (*dated, *judged):
        for keys in _stated(alteration.put):
            if _is_of_a_roster(keys, service):
                raise RunError(
                    f"{what} sets {'.'.join(keys)} anew{when}, over any roster; take the scenario without it"
                )
        for path in alteration.add:
            if _is_of_a_roster(tuple(path.split(".")), service):
                raise RunError(
                    f"{what} adds {alteration.add[path]:g} to {path}{when}, on top of any roster (whose capacity is in visits a day); "
                    "take the scenario without it, or with a factor"
                )
    for name, route in scenario.routes.items():
        if service in route.at and route.at[service].size is not None:
            raise RunError(
                f"routes.{name}.at.{service}.size says what a person takes of {service}, over any roster; take the scenario without it"
            )


def _stated(put: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for path, nested in put.items():
        for keys, _ in spread_out(tuple(path.split(".")), nested):
            yield keys


def _is_of_a_roster(keys: tuple[str, ...], service: str) -> bool:
    """Whether a path is of what a roster says of a service."""
    if keys[0] == "routes":
        return keys[2:5] == ("at", service, "size")
    return keys[:2] == ("services", service) and keys[2:3] in (("capacity",), ("starts",), ("size",))
