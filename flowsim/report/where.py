"""Where people wait: the road from admission to home, each service's load and queue, and who blocks whom.

All tables are tidy and in people at midnight or people per day. What needs everybody's journey (`road`, `held_up`)
reads the replications whose journeys were kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from flowsim.counting import pairs
from flowsim.errors import RunError
from flowsim.experiment.intervals import mean_interval
from flowsim.journeys import EXITS, LEFT_WAITING, STAY, TASK, WITHDRAWN, Journeys
from flowsim.measures.ground import BODIES, Setting, Spells, at_midnights, spells
from flowsim.results import Result
from flowsim.scenario.offer import build_offer
from flowsim.units import WEEKDAYS, Floats, Ints

BODY_LABELS: Final = {"nhs": "NHS", "social_care": "Social care", "both": "Both"}
WEEKDAY_LABELS: Final = dict(zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))  # fmt: skip
EXIT_LABELS: Final = {
    "leave": "Home, no further care",
    "died": "Died",
    "elsewhere": "Elsewhere, or still in that care",
}
BACK: Final = "Back in hospital"
LEFT_LABEL: Final = "Left while waiting"

# The diagnostic of 2016/17 split the excess by what people waited for (Sheffield's Better Care Fund plan
# 2017-19, section 15); the reasons under which those waits are recorded.
STAGES: Final = (
    ("Waiting for a route to be allocated", 0.32, ("A",)),
    ("Waiting for a bed or a care home", 0.30, ("C", "Di", "Dii")),
    ("Waiting to go home with support", 0.31, ("E",)),
    ("Other", 0.07, ()),
)

# What the columns of the tables are called where somebody reads them.
STAGES_IN_WORDS: Final = {"stage": "Stage", "diagnostic": "Diagnostic 2016/17", "model": "This scenario", "people": "People"}  # fmt: skip
SERVICES_IN_WORDS: Final = {
    "label": "Service", "in_it": "People there", "queue": "Queue", "waiting_in_hospital": "of these ready in hospital",
    "blocked": "Blocked there", "use": "Share of capacity used", "starts": "Starts a day", "wait_mean": "Mean wait, days", "within_24h": "Taken on within 24 h",
}  # fmt: skip
HELD_UP_IN_WORDS: Final = {"held_in": "Held in", "waits_for": "Waits for", "people": "People at midnight"}
BODIES_IN_WORDS: Final = {"body": "Responsible body", "people": "People delayed", "share": "Share"}
WEEKDAYS_IN_WORDS: Final = {"weekday": "Weekday", "value": "People delayed", "low": "from", "high": "to"}
ROAD_IN_WORDS: Final = {"origin": "From", "destination": "To", "per_day": "People a day"}
PRICES_IN_WORDS: Final = {"label": "Capacity", "what": "What", "value": "Change in people delayed", "low": "from", "high": "to", "called": "Can be called"}  # fmt: skip


def in_words(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Those columns of a table, as they are called; yes and no for whether something can be called."""
    found = table[list(names)]
    if "called" in names:
        found = found.assign(called=["yes" if called else "no" for called in found["called"]])
    return found.rename(columns=dict(names))


def label_of(result: Result, service: str) -> str:
    """What people call a service."""
    return result.scenario.services[service].label or service


def stages(result: Result) -> pd.DataFrame:
    """The excess by the diagnostic's stages: stage, diagnostic (share), model (share), people (mean at midnight).

    A wait belongs to the stage of its national reason code.
    """
    named = {reason for _, _, reasons in STAGES for reason in reasons}
    people: dict[str, float] = {}
    for stage, _, reasons in STAGES:
        found = [
            result.per_replication[f"waiting_{name}_mean"].mean()
            for name, service in result.scenario.services.items()
            if f"waiting_{name}_mean" in result.per_replication
            and (service.reason in reasons if reasons else service.reason not in named)
        ]
        people[stage] = float(sum(found))
    total = sum(people.values()) or np.nan
    return pd.DataFrame(
        [(stage, share, people[stage] / total, people[stage]) for stage, share, _ in STAGES],
        columns=["stage", "diagnostic", "model", "people"],
    )


def by_weekday(result: Result, measure: str = "delayed") -> pd.DataFrame:
    """A daily measure at the midnight that ends each weekday: weekday, value, low, high (95 % over replications)."""
    daily = result.by_day(measure)
    weekday = result.timeline.weekday[result.scenario.run.warm_up_days :]
    rows = []
    for number, name in enumerate(WEEKDAYS):
        of_day = daily[:, weekday == number]
        if of_day.shape[1]:
            found = mean_interval(of_day.mean(axis=1))
            rows.append((WEEKDAY_LABELS[name], found.value, found.low, found.high))
    return pd.DataFrame(rows, columns=["weekday", "value", "low", "high"])


def by_body(result: Result) -> pd.DataFrame:
    """Delayed by the body held responsible: body, people (mean at midnight), share."""
    means = {b: result.per_replication.get(f"delayed_by_{b}_mean") for b in BODIES}
    people = {b: 0.0 if v is None else float(v.mean()) for b, v in means.items()}
    total = sum(people.values()) or np.nan
    return pd.DataFrame(
        [(BODY_LABELS[b], n, n / total) for b, n in people.items()], columns=["body", "people", "share"]
    )


def services_table(result: Result) -> pd.DataFrame:
    """Every service that can make people wait, over the run.

    service, label, in_it, queue, waiting_in_hospital, blocked (mean people at midnight), use (share of capacity,
    NaN without a limit), starts (people per day), wait_mean (days), within_24h (share of those taken on).
    """
    rows = []
    for name, service in result.scenario.services.items():
        if service.capacity is None and service.starts is None and service.kind == "place":
            continue
        rows.append(
            (
                name, service.label or name, _mean(result, f"in_{name}_mean"), _mean(result, f"queue_{name}_mean"),
                _mean(result, f"waiting_{name}_mean"), _mean(result, f"blocked_{name}_mean"),
                _mean(result, f"occupancy_{name}"), _mean(result, f"starts_{name}_mean"),
                _mean(result, f"wait_mean_{name}"), _mean(result, f"wait_within_24h_{name}"),
            )
        )  # fmt: skip
    columns = ["service", "label", "in_it", "queue", "waiting_in_hospital", "blocked", "use", "starts", "wait_mean", "within_24h"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _mean(result: Result, measure: str) -> float:
    values = result.per_replication.get(measure)
    known = values[~np.isnan(values)] if values is not None else np.zeros(0)
    return float(known.mean()) if known.size else np.nan


# From the journeys


def road(result: Result) -> pd.DataFrame:
    """How people with any need beyond the ward move: origin, destination, per_day (mean over the kept replications).

    Whoever goes home with what they had, and meets no team, is left out; coming back to hospital is a
    destination of its own. Raises RunError where no journeys were kept.
    """
    counts: dict[tuple[str, str], float] = {}
    kept = list(_kept(result))
    for journeys, setting in kept:
        for way, number in _moves(result, journeys, setting):
            counts[way] = counts.get(way, 0.0) + number
    days = result.scenario.run.days * len(kept)
    rows = [
        (origin, destination, number / days) for (origin, destination), number in counts.items() if number > 0
    ]
    table = pd.DataFrame(rows, columns=["origin", "destination", "per_day"])
    return table.sort_values("per_day", ascending=False, ignore_index=True)


def through(moves: pd.DataFrame) -> dict[str, float]:
    """People a day through each place of a road: those who come, or who go where nobody comes from elsewhere."""
    into = moves.groupby("destination")["per_day"].sum()
    out = moves.groupby("origin")["per_day"].sum()
    return {
        str(n): float(max(into.get(n, 0.0), out.get(n, 0.0)))
        for n in dict.fromkeys([*out.index, *into.index])
    }


def straight_home_per_day(result: Result) -> float:
    """People a day who leave hospital without needing any other service (mean over the kept replications)."""
    kept = list(_kept(result))
    total = 0
    for journeys, setting in kept:
        gone = (
            setting.offer.is_hospital[journeys.service]
            & (journeys.left >= 0)
            & ~_supported(journeys, setting)
        )
        total += int(gone.sum())
    return total / (result.scenario.run.days * len(kept))


def held_up(result: Result) -> pd.DataFrame:
    """Who blocks whom: held_in, waits_for, people (mean at midnight over the kept replications).

    People who are ready in a place and still hold it, by what they wait for there. Raises RunError
    where no journeys were kept.
    """
    kept = list(_kept(result))
    services = len(result.scenario.services)
    total = np.zeros((services, services))
    for journeys, setting in kept:
        waits, place = _waits_in_places(journeys, setting)
        key = place * services + journeys.service[waits.row]
        days = at_midnights(waits, setting, key, services * services)[:, -setting.first_day :]
        total += days.mean(axis=1).reshape(services, services)
    names = list(result.scenario.services)
    rows = [
        (label_of(result, names[i]), label_of(result, names[j]), total[i, j] / len(kept))
        for i, j in zip(*np.nonzero(total), strict=True)
    ]
    table = pd.DataFrame(rows, columns=["held_in", "waits_for", "people"])
    return table.sort_values("people", ascending=False, ignore_index=True)


def _kept(result: Result) -> Iterator[tuple[Journeys, Setting]]:
    setting = Setting(result.timeline, build_offer(result.timeline))
    kept = [o.journeys for o in result.outcomes if o.journeys is not None]
    if not kept:
        raise RunError(f"{result.scenario.name}: no journeys were kept; run it with keep_journeys=1 or more")
    return iter([(journeys, setting) for journeys in kept])


def _supported(journeys: Journeys, setting: Setting) -> np.ndarray:
    """Rows of people who deal with anything but the hospital itself."""
    beyond = np.zeros(len(journeys.who.index), dtype=bool)
    beyond[journeys.person[~setting.offer.is_hospital[journeys.service]]] = True
    found: np.ndarray = beyond[journeys.person]
    return found


def _moves(result: Result, journeys: Journeys, setting: Setting) -> Iterator[tuple[tuple[str, str], float]]:
    """How many people made each move during the run."""
    names = [label_of(result, name) for name in setting.offer.names]
    known = result.scenario.streams
    # Those who were there at the start belong to streams that no scenario names.
    streams = [known[name].label if name in known else name for name in journeys.who.streams]
    here = (journeys.purpose != TASK) & _supported(journeys, setting)
    first = here & (journeys.step == 0) & (journeys.asked >= 0) & (journeys.purpose == STAY)
    first &= np.r_[True, journeys.person[1:] != journeys.person[:-1]]
    for stream, service, number in _counted(
        journeys.who.stream[journeys.person[first]], journeys.service[first]
    ):
        yield (streams[stream], names[service]), number
    moved = here & (journeys.left >= 0) & (journeys.outcome != WITHDRAWN)
    in_it = moved & ~np.isnan(journeys.started)
    for service, outcome, number in _counted(journeys.service[in_it], journeys.outcome[in_it]):
        destination = _destination(outcome, names, setting)
        if destination:
            yield (names[service], destination), number


def _destination(outcome: int, names: Sequence[str], setting: Setting) -> str:
    """Where an outcome leads; empty where people stay where they are."""
    if outcome >= 0:
        return BACK if setting.offer.is_hospital[outcome] else names[outcome]
    if outcome == LEFT_WAITING:
        return LEFT_LABEL
    return EXIT_LABELS.get(EXITS.get(outcome, ""), "")


def _counted(left: Ints, right: Ints) -> Iterator[tuple[int, int, float]]:
    ways, numbers = np.unique(np.stack([left, right], axis=1), axis=0, return_counts=True)
    for (one, other), number in zip(ways.tolist(), numbers.tolist(), strict=True):
        yield int(one), int(other), float(number)


def _waits_in_places(journeys: Journeys, setting: Setting) -> tuple[Spells, Ints]:
    """Time in which people are ready in a place and wait there: spells by row of what is awaited, and the place."""
    in_places = (journeys.purpose != TASK) & setting.offer.is_place[journeys.service]
    ready = spells(journeys, in_places, journeys.ready)
    tasks, stays = np.flatnonzero(journeys.purpose == TASK), np.flatnonzero(journeys.purpose == STAY)
    awaited = np.concatenate([tasks, stays])
    # A task is done during the step itself; the next place is asked for by the step before it.
    during = np.concatenate([journeys.step[tasks], journeys.step[stays] - 1])
    until = np.concatenate([journeys.left[tasks], _until(journeys, stays)])
    wait, spell = pairs(journeys.person[awaited], journeys.person[ready.row], journeys.who.route.size)
    begin: Floats = np.maximum(journeys.asked[awaited[wait]], ready.begin[spell])
    # NaN is later than everything: of two ends the earlier is the one that has come.
    end: Floats = np.fmin(until[wait], ready.end[spell])
    real = (during[wait] == journeys.step[ready.row[spell]]) & ~(end <= begin)
    return Spells(awaited[wait][real], begin[real], end[real]), journeys.service[ready.row[spell[real]]]


def _until(journeys: Journeys, rows: Ints) -> Floats:
    started = journeys.started[rows]
    return np.where(np.isnan(started), journeys.left[rows], started)
