"""Journeys: the one table of what happened to everybody, written by an engine, read by the measures.

A row is one person's dealings with one service: when they asked, started, were ready, and left. A
missing time has not happened (yet). `due` is no event but a plan: when a stay will be over, known from
its beginning. A hospital stay that is broken by becoming unwell again is two
rows with one step number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flowsim.units import Floats, Ints

# Why somebody deals with a service.
STAY: Final = 0  # the place of a step of the itinerary
TASK: Final = 1  # a team's task on the person, where they are
PLAN_B: Final = 2  # another place, asked for after a wait
WAIT_IN: Final = 3  # a place to wait for the next one
PURPOSES: Final = ("stay", "task", "plan_b", "wait_in")

# How it ended: the number of the service they went to, or one of these.
OPEN: Final = -1
EXITS: Final = {-2: "leave", -3: "died", -4: "elsewhere"}
UNWELL: Final = -5
LEFT_WAITING: Final = -6
WITHDRAWN: Final = -7
DONE: Final = -8
OUTCOMES: Final = {
    OPEN: "",
    **EXITS,
    UNWELL: "unwell again",
    LEFT_WAITING: "left while waiting",
    WITHDRAWN: "stopped asking",
    DONE: "done",
}


@dataclass(frozen=True)
class Who:
    """Who the people are. Arrays have shape (people,); `index` is a person's place in their stream."""

    streams: tuple[str, ...]
    routes: tuple[str, ...]
    stream: Ints
    index: Ints
    needed_route: Ints
    route: Ints
    arrives: Floats


@dataclass(frozen=True)
class Journeys:
    """Rows in the order of person, then of asking. Arrays have shape (rows,); times in days, NaN if missing.

    `person` is a row of `who`; `horizon` is the time (days) at which the simulation stopped.
    """

    who: Who
    horizon: float
    person: Ints
    step: Ints
    purpose: Ints
    service: Ints
    asked: Floats
    started: Floats
    ready: Floats
    left: Floats
    due: Floats
    outcome: Ints

    def __len__(self) -> int:
        return int(self.person.size)


WHOLE: Final = ("person", "step", "purpose", "service", "outcome")
TIMES: Final = ("asked", "started", "ready", "left")
COLUMNS: Final = (*WHOLE, *TIMES)


def journeys_from(who: Who, tables: list[dict[str, np.ndarray]], horizon: float) -> Journeys:
    """One table from the parts that an engine wrote; what lies at or past the horizon has not happened."""
    columns = {name: np.concatenate([t[name] for t in tables]) for name in COLUMNS}
    happened = columns["asked"] < horizon
    order = np.argsort(columns["person"][happened], kind="stable")
    kept = {name: values[happened][order] for name, values in columns.items()}
    # An engine notes on entry when a stay will be over; past the horizon that is a plan, no event.
    due = kept["ready"]
    for name in TIMES:
        kept[name] = np.where(kept[name] < horizon, kept[name], np.nan)
    kept["outcome"] = np.where(np.isnan(kept["left"]), OPEN, kept["outcome"])
    columns = {name: kept[name].astype(np.int64) if name in WHOLE else kept[name] for name in COLUMNS}
    return Journeys(who=who, horizon=horizon, due=due, **columns)
