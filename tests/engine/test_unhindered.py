"""People who never meet a limit, and the table of journeys: one by one and all at once, to the same bytes."""

from __future__ import annotations

import numpy as np
import pytest

from flowsim.engine import unhindered
from flowsim.engine.unhindered import Table
from flowsim.journeys import COLUMNS, OPEN, TIMES, WHOLE, put_by_columns
from flowsim.journeys_loop import put_rows
from flowsim.scenario.files import from_text
from tests.cities import erlang
from tests.laws.lived import live, lived


def in_order(tables: list[Table]) -> list[tuple[float, ...]]:
    """All rows by person, a person's by asking."""
    rows = [zip(*(table[name].tolist() for name in COLUMNS), strict=True) for table in tables]
    return sorted((row for table in rows for row in table), key=lambda row: (row[0], row[1]))


ROUND_AND_ROUND = (
    erlang(per_day=30.0, capacity="unlimited")
    + """
[services.hospital.decided]
sat = 0.2
sun = 0.0
mon = 0.9

[routes.onward.at.beds]
next = { hospital = 0.4, leave = 0.6 }
"""
)


def test_with_numba_and_without_it_are_the_same() -> None:
    stays, longest = 0, 0.0
    for found in (live(from_text(ROUND_AND_ROUND, "round")), *map(lived, range(20))):
        asked = found.people, found.setting.offer, found.journeys.horizon
        loop, arrays = in_order([unhindered._one_by_one(*asked)]), in_order(unhindered._all_at_once(*asked))
        assert loop == arrays
        stays, longest = stays + len(loop), max([longest, *(row[COLUMNS.index("step")] for row in loop)])
    assert stays > 3000
    assert longest > 5


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_put_into_their_places_in_the_same_way(seed: int) -> None:
    """With times missing, before, at and past the horizon."""
    luck, size, horizon = np.random.default_rng(seed), 200, 7.0
    given = luck.choice([np.nan, 1.5, 6.999, 7.0, 7.5, np.inf], (len(TIMES), size))
    columns = [*luck.integers(-8, 9, (len(WHOLE), size)), *given]
    order = luck.permutation(size)
    whole = tuple(np.zeros(size, dtype=np.int64) for _ in WHOLE)
    times = tuple(np.zeros(size) for _ in (*TIMES, "due"))
    other_whole, other_times = [c.copy() for c in whole], [c.copy() for c in times]
    first, last = [c[:150] for c in columns], [c[150:] for c in columns]
    for begin, part in ((0, first), (150, last)):
        put_rows(order, begin, tuple(part), horizon, whole, times, OPEN)
        put_by_columns(order, begin, part, horizon, other_whole, other_times)
    for one, other in zip((*whole, *times), (*other_whole, *other_times), strict=True):
        assert one.tobytes() == other.tobytes()
    asked, _, ready, left, due = times
    assert not (asked >= horizon).any()
    assert due.tobytes() == columns[COLUMNS.index("ready")][order].tobytes()
    assert (np.isnan(ready) | (ready == due)).all()
    assert (whole[WHOLE.index("outcome")][np.isnan(left)] == OPEN).all()
