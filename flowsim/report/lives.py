"""Journeys of single people, for the eye: the same people in several scenarios, as bars and as an event log."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from flowsim.results import Result
from flowsim.units import date_of

STAY_KIND: Final = "in care"
WAIT_KIND: Final = "waiting"
SAME_DAYS: Final = 1e-9
Person = tuple[str, int]
BAR_COLUMNS: Final = ["scenario", "stream", "person", "kind", "what", "begin", "end"]


def chosen_people(base: Result, count: int = 20) -> list[Person]:
    """People (stream, place in stream) who waited in hospital during the run, evenly spread over it.

    From the first replication of the base, in the order in which they were ready.
    """
    table = _first_replication(base)
    hospital = [n for n, s in base.scenario.services.items() if n == "hospital" or s.setting == "hospital"]
    waited = table[
        table["service"].isin(hospital) & (table["ready"] >= 0) & (table["left"] > table["ready"]) & (table["purpose"] == "stay")
    ].sort_values("ready")  # fmt: skip
    people = list(dict.fromkeys(zip(waited["stream"].astype(str), waited["person"].astype(int), strict=True)))
    if len(people) <= count:
        return people
    return [people[int(i)] for i in np.linspace(0, len(people) - 1, count).round()]


def bars(result: Result, people: Sequence[Person]) -> pd.DataFrame:
    """What happened to each of these people: scenario, stream, person, kind, what, begin, end (days).

    `kind` is "in care" or "waiting". What had not ended at the horizon ends there.
    """
    table = _first_replication(result)
    horizon = float(result.scenario.run.days)
    labels = {name: service.label or name for name, service in result.scenario.services.items()}
    rows = []
    for (stream, person), own in _rows_of(table, people).items():
        rows += [
            (result.scenario.name, stream, person, kind, what, begin, min(end, horizon))
            for kind, what, begin, end in _phases(own, labels, horizon)
            if end > begin
        ]
    return pd.DataFrame(rows, columns=BAR_COLUMNS)


def dated(result: Result, days: float) -> pd.Timestamp:
    """A time in days as a date and time of the run."""
    return pd.Timestamp(date_of(result.scenario.run.start, 0)) + pd.Timedelta(days=days)


def differences_in_wait(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Days that each person waited in each scenario: stream, person, and a column a scenario."""
    found = [
        t[t["kind"] == WAIT_KIND].assign(days=t["end"] - t["begin"]).groupby(["stream", "person"])["days"].sum().rename(name)
        for t in tables
        if len(t) and (name := str(t["scenario"].iloc[0]))
    ]  # fmt: skip
    everybody = pd.MultiIndex.from_frame(pd.concat(tables)[["stream", "person"]].drop_duplicates())
    return pd.concat([f.reindex(everybody).fillna(0.0) for f in found], axis=1).reset_index()


def in_words(waits: pd.DataFrame, names: Sequence[str]) -> str:
    """What `differences_in_wait` shows of one scenario, or of a plan against a base, in a sentence."""
    mean = waits[list(names)].mean()
    if len(names) == 1:
        return f"These {len(waits)} people waited {mean[names[0]]:.1f} days each on average, in hospital and after it."
    less = int((waits[names[1]] < waits[names[0]] - SAME_DAYS).sum())
    longer = int((waits[names[1]] > waits[names[0]] + SAME_DAYS).sum())
    return (
        f"Of these {len(waits)} people {less} wait less with {names[1]} and {longer} wait longer: "
        f"{mean[names[1]]:.1f} days on average instead of {mean[names[0]]:.1f}."
    )


def event_log(result: Result, first_day: int, days: int) -> pd.DataFrame:
    """Who is where from `first_day` for `days`, as events: entity_id, event_type, event, time (days from first_day).

    Of everybody who was ready in hospital at some time of it. Each event is a state that holds until the next;
    "arrival" and "depart" begin and end a life.
    """
    table = _first_replication(result)
    last_day = first_day + days
    ready = table["ready"].fillna(np.inf)
    left = table["left"].fillna(np.inf)
    inside = (table["purpose"] == "stay") & (table["service"] == "hospital") & (ready < last_day) & (left > first_day) & (left > ready)  # fmt: skip
    people = list(dict.fromkeys(zip(table["stream"][inside].astype(str), table["person"][inside].astype(int), strict=True)))  # fmt: skip
    phases = bars(result, people)
    phases = phases[(phases["end"] > first_day) & (phases["begin"] < last_day)].sort_values(
        ["stream", "person", "begin"]
    )
    rows = list(_events(phases, first_day, last_day))
    return pd.DataFrame(rows, columns=["entity_id", "event_type", "event", "time"])


def _events(phases: pd.DataFrame, first_day: int, last_day: int) -> Iterator[tuple[int, str, str, float]]:
    for number, (_, own) in enumerate(phases.groupby(["stream", "person"], sort=True)):
        begin = max(float(own["begin"].min()), first_day) - first_day
        yield number, "arrival_departure", "arrival", begin
        for what, at in zip(own["what"], own["begin"], strict=True):
            yield number, "queue", what, max(float(at), first_day) - first_day
        yield number, "arrival_departure", "depart", min(float(own["end"].max()), last_day) - first_day


def _first_replication(result: Result) -> pd.DataFrame:
    table = result.journeys
    return table[table["replication"] == table["replication"].min()] if len(table) else table


def _rows_of(table: pd.DataFrame, people: Sequence[Person]) -> dict[Person, list[Any]]:
    """The rows of each of these people, in the order of the people. Plain tuples: pandas is slow one by one."""
    wanted = pd.MultiIndex.from_tuples(people) if people else pd.MultiIndex.from_arrays([[], []])
    everybody = pd.MultiIndex.from_arrays([table["stream"].astype(str), table["person"].astype(int)])
    found: dict[Person, list[Any]] = {}
    rows: Iterable[Any] = table[everybody.isin(wanted)].itertuples(index=False)
    for row in rows:
        found.setdefault((str(row.stream), int(row.person)), []).append(row)
    return {person: found[person] for person in people if person in found}


def _phases(
    own: list[Any], labels: dict[str, str], horizon: float
) -> Iterator[tuple[str, str, float, float]]:
    """The phases of one person's life, place by place: kind, what, begin, end."""
    for place in own:
        if place.purpose == "task" or math.isnan(place.started):
            continue
        left = horizon if math.isnan(place.left) else place.left
        ready = left if math.isnan(place.ready) else min(max(place.ready, place.started), left)
        here = labels[place.service]
        if place.purpose == "wait_in":
            yield WAIT_KIND, f"Waiting in {here}", place.started, left
            continue
        yield STAY_KIND, here, place.started, ready
        at = ready
        for what, until in _awaited(own, place.step, labels, horizon):
            end = min(until, left)
            if end > at:
                yield WAIT_KIND, f"Waiting for {what}", at, end
                at = end


def _awaited(own: list[Any], step: int, labels: dict[str, str], horizon: float) -> list[tuple[str, float]]:
    """What a person waits for during a step, in order, and until when: its tasks, then the next place."""
    tasks = [row for row in own if row.purpose == "task" and row.step == step]
    places = [row for row in own if row.purpose == "stay" and row.step == step + 1]
    found = [(labels[t.service], t.left) for t in sorted(tasks, key=lambda row: float(row.asked))]
    places.sort(key=lambda row: float(row.asked))
    found += [(labels[p.service], p.left if math.isnan(p.started) else p.started) for p in places]
    return [(what, horizon if math.isnan(until) else until) for what, until in found]
