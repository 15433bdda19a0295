"""What the SimPy model reads and writes: the columns of the people's steps, and the rows of the journeys."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flowsim.journeys import OPEN, TIMES, WHOLE
from flowsim.people import NONE, Steps

COLUMNS: Final = ("person", "step", "purpose", "service", "asked", "started", "ready", "left", "outcome")
ASKED: Final = COLUMNS.index("asked")
STARTED: Final = COLUMNS.index("started")
READY_AT: Final = COLUMNS.index("ready")
LEFT: Final = COLUMNS.index("left")
OUTCOME: Final = COLUMNS.index("outcome")


class Log:
    """Rows in the order in which they were opened.

    They stand one after another in one list of numbers, which takes a third of the time and of the memory of a
    list of lists. A row is the place of its first number: `log.numbers[row + LEFT] = now`.
    """

    def __init__(self) -> None:
        self.numbers: list[float] = []

    def open(self, person: int, step: int, purpose: int, service: int, asked: float) -> int:
        """Begin a row: somebody asks for a service."""
        row = len(self.numbers)
        self.numbers += (person, step, purpose, service, asked, math.nan, math.nan, math.nan, OPEN)
        return row

    def columns(self) -> dict[str, np.ndarray]:
        """The rows as arrays."""
        rows = np.frombuffer(array("d", self.numbers)).reshape(-1, len(COLUMNS))
        kinds = [(name, np.int64) for name in WHOLE] + [(name, np.float64) for name in TIMES]
        return {name: rows[:, COLUMNS.index(name)].astype(kind) for name, kind in kinds}


def plain(column: np.ndarray) -> Sequence[float]:
    """An array read number by number: as plain Python numbers, which are faster than numpy's, and without a copy."""
    return column.data


def whole(column: np.ndarray) -> Sequence[int]:
    """The same for whole numbers."""
    return column.data


class StepColumns:
    """The columns of `Steps` that a story looks at.

    `ends_care` says of which steps nothing but their end is to come, in a place that is never full (shape (services,)).
    """

    def __init__(self, steps: Steps, is_never_full: NDArray[np.bool_]) -> None:
        self.number = whole(steps.number)
        self.service = whole(steps.service)
        self.stay = plain(steps.stay)
        self.decided_rank = plain(steps.decided_rank)
        self.size_start = plain(steps.size_start)
        self.size_end = plain(steps.size_end)
        self.priority = whole(steps.priority)
        self.next = whole(steps.next)
        self.otherwise = whole(steps.otherwise)
        self.exit = whole(steps.exit)
        self.leaves_after = plain(steps.leaves_after)
        self.first_task = whole(steps.first_task)
        self.tasks = whole(steps.tasks)
        self.task_team = whole(steps.task_team)
        self.task_work = plain(steps.task_work)
        self.first_relapse = whole(steps.first_relapse)
        self.relapses = whole(steps.relapses)
        self.relapse_after = plain(steps.relapse_after)
        self.relapse_stay = plain(steps.relapse_stay)
        self.ends_care: Sequence[int] = memoryview(
            is_never_full[steps.service]
            & (steps.next == NONE)
            & (steps.tasks == 0)
            & (steps.size_start == steps.size_end)
        )
        self.relapse_decided_rank = plain(steps.relapse_decided_rank)
