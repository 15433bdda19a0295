"""Journeys: the one table of what happened to everybody, written by an engine, read by the measures.

A row is one person's dealings with one service: when they asked, started, were ready, and left. A
missing time has not happened (yet). `due` is no event but a plan: when a stay will be over, known from
its beginning. A hospital stay that is broken by becoming unwell again is two
rows with one step number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from flowsim.counting import order_of
from flowsim.loops import are_compiled
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


Table = dict[str, np.ndarray]


def journeys_from(who: Who, tables: Sequence[Table], horizon: float) -> Journeys:
    """One table from the parts that an engine wrote; what lies at or past the horizon has not happened.

    Each part has the columns COLUMNS, and a person's rows in the order of asking; whose rows are in no part
    are simply not there. The parts are left as they are.
    """
    tables = [_begun(table, horizon) for table in tables]
    order = order_of(np.concatenate([table["person"] for table in tables]), who.route.size)
    whole: tuple[Ints, ...] = tuple(np.empty(order.size, dtype=np.int64) for _ in WHOLE)
    times: tuple[Floats, ...] = tuple(np.empty(order.size) for _ in (*TIMES, "due"))
    begin = 0
    for table in tables:
        _put(order, begin, table, horizon, whole, times)
        begin += table["person"].size
    # An engine notes on entry when a stay will be over; past the horizon that is a plan, no event.
    columns: dict[str, Any] = dict(zip((*WHOLE, *TIMES, "due"), (*whole, *times), strict=True))
    return Journeys(who, horizon, **columns)


def _begun(table: Table, horizon: float) -> Table:
    """The rows of those who have asked by the horizon: as a rule, all of them."""
    happened = table["asked"] < horizon
    return table if happened.all() else {name: table[name][happened] for name in COLUMNS}


def _put(
    order: Ints, begin: int, table: Table, horizon: float, whole: Sequence[Ints], times: Sequence[Floats]
) -> None:
    columns = [table[name] for name in COLUMNS]
    if not are_compiled():
        put_by_columns(order, begin, columns, horizon, whole, times)
        return
    from flowsim.journeys_loop import put_rows

    put_rows(order, begin, tuple(columns), horizon, whole, times, OPEN)


def put_by_columns(
    order: Ints,
    begin: int,
    columns: Sequence[np.ndarray],
    horizon: float,
    whole: Sequence[Ints],
    times: Sequence[Floats],
) -> None:
    """Write the columns of a part, in the order of COLUMNS, into the places of its rows, and `ready` once more.

    `order` holds for each place the row that comes there, among the rows of all parts: those of this one from `begin`.
    `whole` are the columns WHOLE of all rows, `times` TIMES and another: there `ready` stays as it is, elsewhere a
    time at or past the horizon becomes NaN, and an outcome whose time has not come OPEN.
    """
    rows = order - begin
    place = np.flatnonzero((rows >= 0) & (rows < columns[0].size))
    rows = rows[place]
    for to, column in zip((*whole, *times[:-1]), columns, strict=True):
        to[place] = column[rows]
    times[-1][place] = columns[COLUMNS.index("ready")][rows]
    for to in times[:-1]:
        now = to[place]
        to[place] = np.where(now < horizon, now, np.nan)
    left, outcome = times[TIMES.index("left")][place], whole[WHOLE.index("outcome")]
    outcome[place[np.isnan(left)]] = OPEN
