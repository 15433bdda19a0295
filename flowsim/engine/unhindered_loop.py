"""People who never meet a limit, one after the other: a loop for numba to compile."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowsim.compiling import compiled, inlined
from flowsim.engine import rules
from flowsim.people.steps import NONE
from flowsim.units import GRID_PER_DAY

_declared_after = inlined(rules.declared_after)


@compiled
def lived(
    hindered: Any, first_step: Any, arrives: Any, number: Any, service: Any, stay: Any, decided_rank: Any,
    following: Any, exit_code: Any, scale: Any, chances: Any, varies: Any, first_day: int, horizon: float,
) -> Any:  # fmt: skip
    """Columns of the journeys of everybody who is not hindered: person, step, service, outcome, asked and ready.

    In the order of people, each with as many rows as there are steps; and how many rows there are.
    """
    whole, times, rows = np.empty((4, number.size), dtype=np.int64), np.empty((2, number.size)), 0
    person, step, place, outcome = whole[0], whole[1], whole[2], whole[3]
    asked, ready = times[0], times[1]
    for p in range(hindered.size):
        if hindered[p]:
            continue
        at, now = first_step[p], arrives[p]
        while at != NONE and now < horizon:
            s = service[at]
            over = now + round(stay[at] * scale[s, math.floor(now) - first_day] * GRID_PER_DAY) / GRID_PER_DAY
            if varies[s]:
                over += _declared_after(decided_rank[at], chances[s], math.floor(over) - first_day)
            follows = following[at]
            person[rows], step[rows], place[rows], asked[rows], ready[rows] = p, number[at], s, now, over
            outcome[rows] = exit_code[at] if follows == NONE else service[follows]
            rows += 1
            at, now = follows, over
    return person, step, place, outcome, asked, ready, rows
