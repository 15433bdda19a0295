"""The walk, everybody's way through the services by their ranks: what goes into it, and what comes out.

It knows no names and no distributions: it reads the numbers of `flowsim.people.tables` and writes ranks, which are
turned into days afterwards, many at a time. It is gone person by person in compiled loops (`one_by_one`) and all at once
in numpy (`all_at_once`), to the same bytes.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from flowsim.errors import RunError

T = TypeVar("T")

MOST_STEPS: Final = 200
TO_NEXT: Final = 0
TO_OTHERWISE: Final = 1

# Rows to make room for at first, for each person: as many as those take who are admitted, stay in two services after each
# other and leave. A walk that needs more gets twice as much.
ROOM: Final = 3.0
ROOM_UNHINDERED: Final = 1.125

# Waits are not rounded to the grid here: a little more is let in than can happen.
A_MOMENT: Final = 1e-6


class Travellers(NamedTuple):
    """People about to be walked through the services; each column has an entry a person."""

    index: Any  # place in the source: which block of each generator is theirs
    group: Any
    version: Any
    route: Any


class Groups(NamedTuple):
    """People of one source who begin at one place; each column has an entry a group."""

    source: Any
    entry: Any  # the place where their routes begin
    begins: Any  # the place of their first step
    leads_to: Any  # where that step leads, if that is settled already; else NONE
    team: Any  # whose task in that step they wait for, those before it being done; else NONE
    may_ask: Any  # whether they ask for their first place, and so may turn to plan B; else they are in it


class Rows(NamedTuple):
    """Columns of steps as the walk writes them; a step comes before those it leads to."""

    traveller: Any  # an entry of Travellers
    number: Any
    service: Any
    need: Any  # a row of Needs
    parent: Any  # the step that leads here, or NONE
    visit: Any
    stay_rank: Any
    decided_rank: Any
    leaves_rank: Any
    next: Any
    otherwise: Any
    exit: Any
    first_task: Any
    tasks: Any


class Chain(NamedTuple):
    """Columns of the steps of people who never wait: without tasks, plan B, relapses or leaving another way.

    The first steps are rows 0, 1, 2… in the order of people, whatever follows comes after them.
    """

    traveller: Any
    number: Any
    service: Any
    need: Any
    stay_rank: Any
    decided_rank: Any
    next: Any
    exit: Any


class TaskRows(NamedTuple):
    """Columns of tasks as the walk writes them."""

    team: Any
    work: Any
    rank: Any


class RelapseRows(NamedTuple):
    """Columns of relapses, those of one step in order."""

    step: Any
    after_rank: Any
    stay_rank: Any
    decided_rank: Any


_RANKS: Final = ("stay_rank", "decided_rank", "leaves_rank", "rank", "after_rank")


def room_for(kind: type[T], size: int) -> T:
    """Columns of some kind with room for so many rows."""
    columns: Any = kind  # each of these is a NamedTuple
    made: T = columns(
        *(np.empty(size, dtype=np.float64 if name in _RANKS else np.int64) for name in columns._fields)
    )
    return made


def extended(table: T, used: int, size: int) -> T:
    """The same columns with room for more rows."""
    longer: Any = room_for(type(table), size)
    columns: Any = table
    for old, new in zip(columns, longer, strict=True):
        new[:used] = old[:used]
    made: T = longer
    return made


def rows_of(table: T, rows: Any) -> T:
    """Some rows of a table: a slice of them, or by their numbers."""
    columns: Any = table
    made: T = type(columns)(*(column[rows] for column in columns))
    return made


def without_end() -> RunError:
    """What is wrong where somebody's itinerary has too many steps."""
    return RunError(
        f"somebody's itinerary has more than {MOST_STEPS} steps: `next` sends people round and round"
    )
