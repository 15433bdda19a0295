"""People who are kept come back the same to the bit, and never more of them than there is room for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from flowsim.people import prepare
from flowsim.people.crowd import there_at_the_start
from flowsim.people.kept import Kept, _column
from flowsim.people.population import Drawn, drawn
from flowsim.ranks import Ranks
from flowsim.scenario.files import from_text
from flowsim.scenario.timeline import build_timeline
from tests.cities import little_city

PLAN = prepare(build_timeline(from_text(little_city(), "little")))
PLENTY = 10**9


def people(replication: int) -> Drawn:
    ranks = Ranks(3, replication)
    return drawn(PLAN, ranks, there_at_the_start(PLAN, ranks))


def must_not_be_drawn() -> Drawn:
    raise AssertionError("these people are kept")


def columns(table: Any) -> Iterator[np.ndarray]:
    """Every array of a named tuple and of those within it."""
    for column in table:
        if isinstance(column, np.ndarray):
            yield column
        elif hasattr(column, "_fields"):
            yield from columns(column)


def test_they_come_back_as_they_were() -> None:
    kept = Kept(PLENTY)
    for replication in range(3):
        kept.get(b"us", (3, replication), lambda number=replication: people(number))  # type: ignore[misc]
    for replication in range(3):
        again, plain = kept.get(b"us", (3, replication), must_not_be_drawn), people(replication)
        assert [type(part) for part in again] == [type(part) for part in plain]
        assert again.crowd.groups[0] == plain.crowd.groups[0]
        both = list(zip(columns(again), columns(plain), strict=True))
        assert len(both) > 20
        for one, other in both:
            assert one.dtype == other.dtype
            assert one.tobytes() == other.tobytes()


@given(
    st.one_of(
        arrays(np.float64, st.integers(0, 40), elements=st.floats()),
        arrays(np.float64, st.integers(0, 40), elements=st.sampled_from([np.nan, 0.0, -0.0, np.inf, 1.5])),
        arrays(
            np.float64, st.integers(0, 40), elements=st.sampled_from([0.0, -0.0, 3.0, 300.0, 2.0**60, np.nan])
        ),
        arrays(
            np.float64,
            st.tuples(st.integers(0, 6), st.integers(0, 6)),
            elements=st.sampled_from([0.0, 1.0, 2.5]),
        ),
        arrays(np.int64, st.integers(0, 40)),
        arrays(np.int64, st.integers(0, 40), elements=st.sampled_from([-1, 0, 7, 300, 2**40])),
        arrays(np.bool_, st.integers(0, 40)),
    )
)
def test_any_column_comes_back_bit_by_bit(values: np.ndarray) -> None:
    column = _column(values)
    assert column.column().tobytes() == values.tobytes()
    assert (column.column().dtype, column.column().shape) == (values.dtype, values.shape)


def test_what_is_one_value_takes_no_room_and_small_numbers_take_little() -> None:
    assert _column(np.full(1_000, np.nan)).nbytes == 0
    assert _column(np.arange(1_000) % 100).nbytes == 1_000
    assert _column(np.arange(1_000.0) % 100).nbytes == 1_000


def size_of_one() -> int:
    kept = Kept(PLENTY)
    kept.get(b"us", (3, 0), lambda: people(0))
    return kept._bytes


@pytest.mark.parametrize("who", [[b"us"] * 4, [b"us", b"them", b"us", b"others"]])
def test_there_are_never_more_than_there_is_room_for(who: list[bytes]) -> None:
    kept = Kept(2 * size_of_one() + size_of_one() // 2)
    for number, name in enumerate(who):
        kept.get(name, (3, number), lambda number=number: people(number))  # type: ignore[misc]
        assert kept._bytes <= kept._most_bytes
        assert kept._bytes == sum(p.nbytes for own in kept._kept.values() for p in own.values())


def test_who_was_not_asked_for_longest_goes_first_and_as_a_whole() -> None:
    calls: list[int] = []

    def counted(number: int) -> Callable[[], Drawn]:
        def draw() -> Drawn:
            calls.append(number)
            return people(number)

        return draw

    kept = Kept(3 * size_of_one() + size_of_one() // 2)
    for number in range(2):
        kept.get(b"first", (3, number), counted(number))
    kept.get(b"second", (3, 2), counted(2))
    kept.get(b"second", (3, 3), counted(3))  # no room beside the first two: they go
    kept.get(b"second", (3, 2), must_not_be_drawn)
    kept.get(b"first", (3, 0), counted(0))
    assert calls == [0, 1, 2, 3, 0]
