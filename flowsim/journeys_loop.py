"""Rows of journeys put into their places, one after the other: a loop for numba to compile."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowsim.compiling import compiled


@compiled
def put_rows(
    order: Any, begin: int, columns: Any, horizon: float, whole: Any, times: Any, still_open: int
) -> None:
    """As `flowsim.journeys.put_by_columns`.

    Place by place: a part whose columns lie in one table is read a row at a time, and all columns are written in order.
    """
    person, step, purpose, service, outcome, asked, started, ready, left = columns
    to_person, to_step, to_purpose, to_service, to_outcome = whole
    to_asked, to_started, to_ready, to_left, to_due = times
    for to in range(order.size):
        row = order[to] - begin
        if not 0 <= row < person.size:
            continue
        to_person[to], to_step[to], to_purpose[to] = person[row], step[row], purpose[row]
        to_service[to], to_outcome[to] = service[row], outcome[row]
        to_asked[to] = asked[row] if asked[row] < horizon else np.nan
        to_started[to] = started[row] if started[row] < horizon else np.nan
        to_ready[to] = ready[row] if ready[row] < horizon else np.nan
        to_due[to] = ready[row]
        if left[row] < horizon:
            to_left[to] = left[row]
        else:
            to_left[to], to_outcome[to] = np.nan, still_open
