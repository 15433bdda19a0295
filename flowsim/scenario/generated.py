"""Small made-up scenarios with every feature, in which ties are common: for `flowsim verify`, and for tests of laws.

`generated_scenario(seed)` gives the same scenario for the same seed for ever. What a scenario holds is asked of a
source of luck, so that others (a search for the smallest failing case) can answer in its place.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any, Final, Protocol, TypeVar

from flowsim.errors import ScenarioError
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline

T = TypeVar("T")
Table = dict[str, Any]

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TEAMS: Final = ("allocation", "funding", "equipment")
ONWARD: Final = ("stit", "ic_beds", "care_home", "homecare")
SHELTER: Final = "offsite_beds"
REASONS: Final = ("A", "B", "C", "Di", "E", "F", None)
# Beginnings with a bank holiday or a leap day soon after.
STARTS_ON: Final = (dt.date(2017, 10, 1), dt.date(2017, 12, 14), dt.date(2018, 3, 20), dt.date(2016, 2, 10))


class Luck(Protocol):
    """Where the answers come from."""

    def chance(self, share: float) -> bool:
        """Whether something that happens in a share of scenarios does in this one."""

    def pick(self, options: Sequence[T]) -> T:
        """One of several; the first is the plainest."""

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""


class SeededLuck:
    """Answers from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made-up cities, no secrets

    def chance(self, share: float) -> bool:
        """Whether it happens."""
        return self._random.random() < share

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[self._random.randrange(len(options))]

    def whole(self, low: int, high: int) -> int:
        """A whole number."""
        return self._random.randint(low, high)


@lru_cache(maxsize=4_096)
def generated_scenario(seed: int) -> Scenario:
    """The scenario of a seed. A city that makes no sense on some day is passed over for the seed's next."""
    for attempt in count():
        found = sensible(generated_document(SeededLuck(1_000 * seed + attempt), f"generated-{seed}"))
        if found is not None:
            return found
    raise AssertionError("never reached")


def sensible(document: Table) -> Scenario | None:
    """The scenario of a document; None where it makes no sense on some day."""
    scenario = Scenario.model_validate(document)
    try:
        build_timeline(scenario)
    except ScenarioError:
        return None
    return scenario


# ---- a city ------------------------------------------------------------------------------------------


def generated_document(luck: Luck, name: str) -> Table:
    """A scenario as the tables of its file."""
    places = [p for p in ONWARD if luck.chance(0.6)] or ["stit"]
    if luck.chance(0.4):
        places.append(SHELTER)
    teams = [t for t in TEAMS if luck.chance(0.45)]
    hospitals = ["hospital"] + (["cottage_hospital"] if luck.chance(0.15) else [])
    services = {h: _hospital(luck, h) for h in hospitals}
    services |= {t: _team(luck) for t in teams}
    services |= {p: _place(luck, p, places, hospitals) for p in places}
    _give_tasks(luck, services, teams)
    routes = _routes(luck, hospitals, places, teams)
    run_start = luck.pick(STARTS_ON)
    document: Table = {
        "name": name,
        "title": "Made up",
        "run": {"start": run_start, "days": luck.whole(20, 40), "warm_up_days": luck.whole(0, 10), "seed": 1},
        "counting": {"counted_after_days": luck.pick((0, 0, 1, 0.5, 3))},
        "streams": _streams(luck, hospitals, places, list(routes)),
        "routes": routes | {"direct": {"label": "From the community", "priority": luck.pick((0, 1))}},
        "services": _in_any_order(luck, services),
        "costs": {"hospital_excess_day": luck.pick((0, 346))},
    }
    if luck.chance(0.6):
        document["while_waiting"] = _while_waiting(luck)
    if luck.chance(0.3):
        document["over_prescription"] = _over_prescription(luck, list(routes))
    document["changes"] = [_change(luck, document, i) for i in range(luck.pick((0, 0, 1, 2, 4)))]
    document["escalations"] = [_escalation(luck, document, i) for i in range(luck.pick((0, 0, 0, 1, 2)))]
    return document


def _in_any_order(luck: Luck, tables: Table) -> Table:
    """The same tables; the order in a file must not matter."""
    names = list(tables)
    if luck.chance(0.5):
        names.reverse()
    return {name: tables[name] for name in names}


def duration(luck: Luck, typical: int) -> Any:
    """How long something takes: mostly whole days that tie, sometimes nothing at all."""
    fixed = (typical, 1, 0, 2, 0.5, 7)
    if luck.chance(0.6):
        return luck.pick(fixed)
    return luck.pick(
        (
            {"mean": typical, "sd": 0.8 * typical},
            {"dist": "exponential", "mean": typical},
            {"median": typical, "p90": 3 * typical, "max": 5 * typical},
            {"dist": "empirical", "values": [0, 1, 1, typical]},
            {
                "dist": "mixture",
                "parts": [{"weight": 2, "of": 1}, {"weight": 1, "of": {"mean": typical, "sd": 2}}],
            },
        )
    )


def _week(luck: Luck) -> Table:
    """Starts by weekday: mostly one pattern with free days, now and then fractions, gaps, bank holidays."""
    usual = luck.pick((2, 1, 3, 0.5, 1.5, 2.25, 0))
    week = dict.fromkeys(DAYS, usual)
    if luck.chance(0.5):
        week["sat"] = week["sun"] = luck.pick((0, 0.25))
    if luck.chance(0.2):
        del week[luck.pick(DAYS)]
    if luck.chance(0.3):
        week["holiday"] = luck.pick((0, 1))
    if not any(week.values()):
        week["mon"] = 3
    return week


def _limits(luck: Luck, usual: Sequence[float]) -> Table:
    """Capacity, starts, and hours of a service: any of them, or none."""
    limits: Table = {}
    if luck.chance(0.75):
        limits["capacity"] = luck.pick(usual)
    if luck.chance(0.45):
        limits["starts"] = _week(luck)
    if luck.chance(0.45):
        limits["opens"] = luck.pick(("08:00", "08:00", "12:00"))
    if luck.chance(0.2):
        limits["closes"] = luck.pick(("17:00", "12:30"))
    if luck.chance(0.25):
        limits["skip"] = True
    return limits


def _hospital(luck: Luck, name: str) -> Table:
    hospital: Table = {"kind": "place", "setting": "hospital", "stay": duration(luck, 3)}
    if luck.chance(0.25):
        hospital |= _limits(luck, (12, 25, 6, 8.5))
        hospital["next"] = {"leave": 1.0}
    if luck.chance(0.35):
        hospital["decided"] = luck.pick(({"sat": 0.3, "sun": 0.0}, {"sat": 0.5}, dict.fromkeys(DAYS, 0.4)))
    if luck.chance(0.15):
        hospital["stay_scale"] = luck.pick((0.5, 1.25))
    if name != "hospital":
        hospital["reason"] = "C"
    return hospital


def _team(luck: Luck) -> Table:
    team: Table = {"kind": "team", "work": duration(luck, 1), **_limits(luck, (1, 2, 3, 0))}
    team["lead_days"] = luck.pick((0, 1, 0.5, 3))
    return team | _accounts(luck)


def _accounts(luck: Luck) -> Table:
    accounts: Table = {"reason": luck.pick(REASONS), "counted_share": luck.pick((1, 0.5, 0, 0.3))}
    if accounts["reason"] not in ("C", "Di") and luck.chance(0.4):
        accounts["attribution"] = {"nhs": 0.5, "social_care": 0.25, "both": 0.25}
    accounts["cost_per_day"] = luck.pick((0, 61, 12.5))
    return accounts


def _place(luck: Luck, name: str, places: list[str], hospitals: list[str]) -> Table:
    place: Table = {"kind": "place", "stay": duration(luck, 5), **_limits(luck, (4, 8, 12, 2, 0, 5.5))}
    place["setting"] = {"stit": "home", "homecare": "home", "care_home": "care_home", SHELTER: "waiting"}.get(
        name, "bed"
    )
    place["next"] = _onward(luck, name, places, hospitals)
    if luck.chance(0.35):
        place["size"] = luck.pick(
            (2, 0.5, {"start": 4, "end": 1}, {"start": 2, "end": 0}, {"start": 1.5, "end": 1}, 0)
        )
        place["unit"] = "visits per day"
    if luck.chance(0.2):
        place["per_day_waited"] = luck.pick((0.5, -0.5, -2, 1))
    if luck.chance(0.15):
        place["stay_scale"] = luck.pick((0.5, 1.1, 2))
    if luck.chance(0.2):
        place["decided"] = {"sat": 0.0, "sun": 0.0}
    others, later = [p for p in places if p != name], places[places.index(name) + 1 :]
    # Plan B leads onward only, or together with `next` it could send people round and round.
    if later and luck.chance(0.4):
        place["otherwise"] = {"after_days": luck.pick((0, 1, 2, 0.5)), "service": luck.pick(later)}
    if others and luck.chance(0.35):
        shelters = [SHELTER] if SHELTER in others else []
        place["wait_in"] = list(dict.fromkeys([*shelters, luck.pick(others)]))
    if luck.chance(0.35):
        place["initial"] = {
            "people": luck.whole(0, 5),
            "waiting": luck.whole(0, 4),
            "waited": luck.pick((2, 0, {"mean": 3, "sd": 2})),
        }
    return place | _accounts(luck)


def _onward(luck: Luck, name: str, places: list[str], hospitals: list[str]) -> Table:
    """Where people go next: mostly on, sometimes back; somebody always gets out."""
    ways: Table = {luck.pick(("leave", "died", "elsewhere")): "rest"}
    # Back only through hospital, and seldom: where plan B adds to it, circles would grow without end.
    for target in places[places.index(name) + 1 :]:
        if luck.chance(0.4):
            ways[target] = 0.3
    if luck.chance(0.3):
        ways[luck.pick(hospitals)] = 0.05
    return ways


def _give_tasks(luck: Luck, services: Table, teams: list[str]) -> None:
    for service in services.values():
        if service["kind"] == "place" and teams and luck.chance(0.25):
            service["tasks"] = _tasks(luck, teams)


def _tasks(luck: Luck, teams: list[str]) -> Any:
    chosen = [t for t in teams if luck.chance(0.7)]
    return chosen if luck.chance(0.5) else {t: luck.pick((0.5, 1, 0)) for t in chosen}


def _routes(luck: Luck, hospitals: list[str], places: list[str], teams: list[str]) -> Table:
    routes: Table = {}
    for name in ("home", "d2a_home", "d2a_step_down")[: luck.whole(1, 3)]:
        route: Table = {"label": name, "stay": duration(luck, 3)}
        ways = {p: 0.3 for p in [*places, *hospitals[1:]] if luck.chance(0.5)}
        route["next"] = dict(list(ways.items())[:3]) | {"leave": "rest"}
        if len(ways) == 1 and luck.chance(0.5):
            route["next"] = dict.fromkeys(ways, 1.0)
        if luck.chance(0.6):
            route["tasks"] = _tasks(luck, teams)
        if luck.chance(0.35):
            route["priority"] = luck.pick((1, -1))
        if luck.chance(0.5):
            route["at"] = {
                p: _difference(luck, p, places, hospitals, teams) for p in places if luck.chance(0.4)
            }
        routes[name] = route
    return routes


def _difference(luck: Luck, name: str, places: list[str], hospitals: list[str], teams: list[str]) -> Table:
    at: Table = {}
    if luck.chance(0.5):
        at["stay"] = duration(luck, 4)
    if luck.chance(0.3):
        at["next"] = _onward(luck, name, places, hospitals)
    if luck.chance(0.3):
        at["tasks"] = _tasks(luck, teams)
    if luck.chance(0.5):
        at["size"] = luck.pick((2, 3, 0.5, {"start": 3, "end": 0}))
    if luck.chance(0.3):
        at["priority"] = luck.pick((0, 2, -2))
    return at


def _streams(luck: Luck, hospitals: list[str], places: list[str], routes: list[str]) -> Table:
    streams: Table = {"emergency": _stream(luck, "hospital", routes, luck.pick((3, 2, 5, 8)))}
    if luck.chance(0.35):
        # Their way is the services' usual one: with a hospital route's `next` they could go round and round.
        streams["community"] = _stream(luck, luck.pick(places), ["direct"], luck.pick((1, 0.5, 2)))
    if luck.chance(0.2):
        streams["second"] = _stream(luck, hospitals[-1], routes, luck.pick((1, 0, 2)))
    return streams


def _stream(luck: Luck, enters: str, routes: list[str], per_day: float) -> Table:
    shares: Table = {name: 0.3 for name in routes[1:] if luck.chance(0.7)}
    stream: Table = {
        "label": enters,
        "per_day": per_day,
        "enters": enters,
        "routes": shares | {routes[0]: "rest"},
    }
    if luck.chance(0.3):
        stream["weekday"] = {"mon": 1.5, "sun": 0.0}
    if luck.chance(0.2):
        stream["hour"] = [0.0] * 8 + [1.0] + [0.0] * 15
    return stream


def _while_waiting(luck: Luck) -> Table:
    rates: Table = {"unwell_per_day": luck.pick((0.05, 0.3, 0)), "leaves_per_day": luck.pick((0.05, 0, 0.3))}
    if luck.chance(0.5):
        rates["unwell_stay"] = luck.pick((1, 0, {"mean": 3, "sd": 2}))
    return rates


def _over_prescription(luck: Luck, routes: list[str]) -> Table:
    return {luck.pick(routes): {luck.pick(routes): "rest"} | {routes[-1]: 0.4}}


# ---- changes and escalations ---------------------------------------------------------------------------


def _change(luck: Luck, document: Table, number: int) -> Table:
    begins = document["run"]["start"] + dt.timedelta(days=luck.whole(-8, 25))
    change: Table = {"label": f"change {number}", "from": begins}
    if luck.chance(0.4):
        change["to"] = begins + dt.timedelta(days=luck.whole(0, 12))
    if luck.chance(0.3):
        change["ramp_days"] = luck.whole(1, 6)
    kind, path, value = luck.pick(_possible_changes(luck, document))
    change[kind] = {path: value}
    return change


def _possible_changes(luck: Luck, document: Table) -> list[tuple[str, str, Any]]:
    found: list[tuple[str, str, Any]] = [
        ("scale", "streams.emergency.per_day", luck.pick((1.5, 0, 2))),
        ("set", "while_waiting", {"unwell_per_day": 0.1, "leaves_per_day": 0.1}),
        ("set", "routes.home.stay", duration(luck, 2)),
    ]
    for name, service in document["services"].items():
        path = f"services.{name}"
        found += [
            ("set", f"{path}.starts", luck.pick(({"sat": 2, "sun": 2}, 1, {"mon": 0}))),
            ("set", f"{path}.stay_scale", luck.pick((0.5, 2))),
            ("set", f"{path}.opens", luck.pick(("10:00", "08:00", "00:00"))),
            ("set", f"{path}.counted_share", 0.5),
        ]
        if "capacity" in service:
            # Below what is in use, to nothing at all, for everybody, or a little more.
            found += [("set", f"{path}.capacity", luck.pick((4, 0, "unlimited", 1)))] * 3
            found += [("scale", f"{path}.capacity", luck.pick((0.5, 1.5, 0))), ("add", f"{path}.capacity", 2)]
        if "otherwise" in service:
            found.append(("set", f"{path}.otherwise.after_days", 1))
        if service["kind"] == "team":
            found.append(("set", f"{path}.lead_days", luck.pick((0, 2))))
        else:
            found.append(("set", f"{path}.per_day_waited", luck.pick((0.5, -1))))
    return found


def _escalation(luck: Luck, document: Table, number: int) -> Table:
    above = luck.whole(0, 6)
    escalation: Table = {
        "label": f"level {number}",
        "when_delayed_above": above,
        "until_below": luck.whole(0, above),
        "after_days": luck.pick((0, 0, 1, 2)),
    }
    for _ in range(luck.whole(1, 2)):
        kind, path, value = luck.pick(_possible_effects(luck, document))
        escalation.setdefault(kind, {})[path] = value
    return escalation


def _possible_effects(luck: Luck, document: Table) -> list[tuple[str, str, Any]]:
    found: list[tuple[str, str, Any]] = []
    for name, service in document["services"].items():
        path = f"services.{name}"
        found += [
            ("scale", f"{path}.stay_scale", luck.pick((0.5, 0))),
            ("set", f"{path}.starts", {"sat": 3, "sun": 3}),
        ]
        if "capacity" in service:
            found += [
                ("add", f"{path}.capacity", 4),
                ("set", f"{path}.capacity", luck.pick((9, "unlimited", 0))),
            ]
        if "starts" in service:
            found += [("scale", f"{path}.starts", luck.pick((2, 0.5, 0))), ("add", f"{path}.starts", 1)]
    return found
