"""What people wait for: found person by person and all at once, it is the same."""

from __future__ import annotations

import numpy as np
import pytest

from flowsim.journeys import STAY, TASK
from flowsim.measures import waiting, waiting_loop
from flowsim.measures.ground import ready_in_hospital
from tests.laws.lived import lived


@pytest.mark.parametrize("first_seed", range(0, 60, 20))
def test_with_numba_and_without_it_are_the_same(first_seed: int) -> None:
    seen = 0
    for seed in range(first_seed, first_seed + 20):
        found = lived(seed)
        ready = ready_in_hospital(found.journeys, found.setting)
        loop, arrays = (
            waiting_loop.waits_by_loop(found.journeys, ready),
            waiting.waits_by_arrays(found.journeys, ready),
        )
        assert [one.tobytes() for one in loop] == [other.tobytes() for other in arrays], seed
        seen += loop[0].size
    assert seen > 300


def test_where_there_is_too_little_room_the_walk_says_how_much_it_needs() -> None:
    nobody, once = np.zeros(3, dtype=np.int64), np.zeros(3)
    purpose = np.array([STAY, TASK, TASK])
    left = np.array([9.0, 5.0, np.nan])
    row, times = np.zeros(1, dtype=np.int64), np.zeros((3, 1))
    needed = waiting_loop._walk(
        nobody, nobody, purpose, once, once, left, np.array([0]), np.array([1.0]), left[:1], row, times, TASK, STAY
    )  # fmt: skip
    assert needed == 2
    assert row.tolist() == [1]
    assert times.ravel().tolist() == [1.0, 1.0, 5.0]
