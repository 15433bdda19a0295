"""Rows of journeys put into their places, one after the other: a loop for numba to compile."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowsim.compiling import compiled


@compiled
def put_rows(place: Any, columns: Any, horizon: float, whole: Any, times: Any, still_open: int) -> None:
    """As `flowsim.journeys.put_by_columns`."""
    person, step, purpose, service, outcome, asked, started, ready, left = columns
    for row in range(place.size):
        to = place[row]
        whole[0, to], whole[1, to], whole[2, to] = person[row], step[row], purpose[row]
        whole[3, to], whole[4, to] = service[row], outcome[row]
        times[0, to] = asked[row] if asked[row] < horizon else np.nan
        times[1, to] = started[row] if started[row] < horizon else np.nan
        times[2, to] = ready[row] if ready[row] < horizon else np.nan
        times[4, to] = ready[row]
        if left[row] < horizon:
            times[3, to] = left[row]
        else:
            times[3, to], whole[4, to] = np.nan, still_open
