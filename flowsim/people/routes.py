"""Which route people need, and which they are given: shares of the day they arrive, looked up by rank."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from flowsim.compiling import blank, compiled, for_loops
from flowsim.ranks import Ranks
from flowsim.scenario.model import shares
from flowsim.scenario.timeline import Timeline
from flowsim.units import Floats, Ints


class Dealing(NamedTuple):
    """Shares of routes as flat tables.

    `needed` has cumulative shares by (version, route), `given` by (version, needed route, given route), the
    last changing fastest. The last route that has a share at all stands in `needed_last` by version, and
    in `given_last` by (version, needed route): not even rounding at the top leads to a route without a share.
    """

    needed: Any
    needed_last: Any
    given: Any
    given_last: Any
    routes: int


def dealing(timeline: Timeline, stream: str) -> Dealing:
    """How a stream's people are dealt out over the routes, in every dated version."""
    routes = tuple(timeline.scenario.routes)
    needed = np.stack([_row(version.streams[stream].routes, routes) for version in timeline.versions])
    given = np.stack(
        [
            [_row(version.over_prescription.get(route, {route: 1.0}), routes) for route in routes]
            for version in timeline.versions
        ]
    )
    return Dealing(
        needed=for_loops(np.cumsum(needed, axis=-1).ravel()),
        needed_last=for_loops(_last(needed).ravel()),
        given=for_loops(np.cumsum(given, axis=-1).ravel()),
        given_last=for_loops(_last(given).ravel()),
        routes=len(routes),
    )


def _row(table: Mapping[str, float | str], routes: tuple[str, ...]) -> Floats:
    """Shares of every route in the scenario's order."""
    given = shares(table)
    return np.array([given.get(route, 0.0) for route in routes])


def _last(table: Floats) -> Ints:
    """The last column that has a share, of every row."""
    columns = table.shape[-1]
    return columns - 1 - np.argmax(table[..., ::-1] > 0, axis=-1)


def routes_of(dealt: Dealing, ranks: Ranks, stream: str, version: Ints) -> tuple[Ints, Ints]:
    """The route that each person of a stream needs and the one that they are given (over-prescription).

    `version` is that of the day they arrive, shape (people,).
    """
    count = version.size
    needed, given = blank(count, int), blank(count, int)
    needed_rank = ranks.uniform(f"{stream}/route needed", count)
    given_rank = ranks.uniform(f"{stream}/route given", count)
    _deal(dealt, for_loops(version), for_loops(needed_rank), for_loops(given_rank), needed, given)
    return np.asarray(needed, dtype=np.int64), np.asarray(given, dtype=np.int64)


@compiled
def _deal(
    dealt: Dealing, version: Any, needed_rank: Any, given_rank: Any, needed: Any, given: Any
) -> None:
    """Write the route that each person needs and is given."""
    routes = dealt.routes
    for person in range(len(version)):
        today = version[person]
        need = _column(dealt.needed, today * routes, dealt.needed_last[today], needed_rank[person])
        row = today * routes + need
        needed[person] = need
        given[person] = _column(dealt.given, row * routes, dealt.given_last[row], given_rank[person])


@compiled
def _column(cumulative: Any, begin: int, last: int, rank: float) -> int:
    """The column of a row of cumulative shares that a rank falls into."""
    column = 0
    while column < last and rank >= cumulative[begin + column]:
        column += 1
    return column
