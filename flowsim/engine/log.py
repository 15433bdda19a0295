"""What the SimPy model reads and writes as plain lists, which Python handles faster than arrays."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any, Final

import numpy as np

from flowsim.journeys import OPEN, TIMES, WHOLE
from flowsim.people import Steps

Row = list[Any]
COLUMNS: Final = ("person", "step", "purpose", "service", "asked", "started", "ready", "left", "outcome")
ASKED: Final = COLUMNS.index("asked")
STARTED: Final = COLUMNS.index("started")
READY_AT: Final = COLUMNS.index("ready")
LEFT: Final = COLUMNS.index("left")
OUTCOME: Final = COLUMNS.index("outcome")


class Log:
    """Rows in the order in which they were opened."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def open(self, person: int, step: int, purpose: int, service: int, asked: float) -> Row:
        """Begin a row: somebody asks for a service."""
        row = [person, step, purpose, service, asked, math.nan, math.nan, math.nan, OPEN]
        self.rows.append(row)
        return row

    def columns(self) -> dict[str, np.ndarray]:
        """The rows as arrays."""
        # Flat first: numpy takes three times as long to look into a list of lists.
        count = len(self.rows) * len(COLUMNS)
        table = np.fromiter(chain.from_iterable(self.rows), float, count).reshape(-1, len(COLUMNS))
        columns = {name: table[:, at] for at, name in enumerate(COLUMNS)}
        return {
            name: columns[name].astype(np.int64) if name in WHOLE else columns[name]
            for name in (*WHOLE, *TIMES)
        }


class StepLists:
    """The columns of `Steps` that a story looks at, as lists."""

    def __init__(self, steps: Steps) -> None:
        self.number: list[int] = steps.number.tolist()
        self.service: list[int] = steps.service.tolist()
        self.stay: list[float] = steps.stay.tolist()
        self.decided_rank: list[float] = steps.decided_rank.tolist()
        self.size_start: list[float] = steps.size_start.tolist()
        self.size_end: list[float] = steps.size_end.tolist()
        self.priority: list[int] = steps.priority.tolist()
        self.next: list[int] = steps.next.tolist()
        self.otherwise: list[int] = steps.otherwise.tolist()
        self.exit: list[int] = steps.exit.tolist()
        self.leaves_after: list[float] = steps.leaves_after.tolist()
        self.first_task: list[int] = steps.first_task.tolist()
        self.tasks: list[int] = steps.tasks.tolist()
        self.task_team: list[int] = steps.task_team.tolist()
        self.task_work: list[float] = steps.task_work.tolist()
        self.first_relapse: list[int] = steps.first_relapse.tolist()
        self.relapses: list[int] = steps.relapses.tolist()
        self.relapse_after: list[float] = steps.relapse_after.tolist()
        self.relapse_stay: list[float] = steps.relapse_stay.tolist()
        self.relapse_decided_rank: list[float] = steps.relapse_decided_rank.tolist()
