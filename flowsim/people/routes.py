"""Which route people need, and which they are given: the shares of each dated version as flat tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

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
    rows: dict[int, Floats] = {}  # versions share a table that is not changed
    for version in timeline.versions:
        table = version.over_prescription
        if id(table) not in rows:
            rows[id(table)] = np.stack([_row(table.get(route, {route: 1.0}), routes) for route in routes])
    given = np.stack([rows[id(version.over_prescription)] for version in timeline.versions])
    return Dealing(
        needed=np.cumsum(needed, axis=-1).ravel(),
        needed_last=_last(needed).ravel(),
        given=np.cumsum(given, axis=-1).ravel(),
        given_last=_last(given).ravel(),
        routes=len(routes),
    )


def _row(table: Mapping[str, float | str], routes: tuple[str, ...]) -> Floats:
    """Shares of every route in the scenario's order."""
    given = shares(table)
    return np.array([given.get(route, 0.0) for route in routes])


def _last(table: Floats) -> Ints:
    """The last column that has a share, of every row."""
    last: Ints = table.shape[-1] - 1 - np.argmax(table[..., ::-1] > 0, axis=-1)
    return last
