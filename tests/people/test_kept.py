"""People who are kept come back the same to the bit, and never more of them than there is room for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from flowsim.people import People, Steps, populate, prepare
from flowsim.people.kept import KeptPeople, _column
from flowsim.ranks import Ranks
from flowsim.scenario.files import from_text
from flowsim.scenario.timeline import build_timeline
from tests.cities import little_city

PLAN = prepare(build_timeline(from_text(little_city(), "little")))
PLENTY = 10**9


def drawn(replication: int) -> People:
    return populate(PLAN, Ranks(3, replication))


def must_not_be_drawn() -> People:
    raise AssertionError("these people are kept")


def assert_same(one: People | Steps, other: People | Steps) -> None:
    for field in fields(one):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype
            assert left.tobytes() == right.tobytes(), field.name
        elif isinstance(left, Steps):
            assert_same(left, right)
        elif not callable(left):
            assert left == right


def test_they_come_back_as_they_were() -> None:
    kept = KeptPeople(PLENTY)
    for replication in range(3):
        kept.people(b"us", (3, replication), lambda number=replication: drawn(number))  # type: ignore[misc]
    for replication in range(3):
        again, plain = kept.people(b"us", (3, replication), must_not_be_drawn), drawn(replication)
        assert_same(again, plain)
        assert_same(again.unhindered_steps, plain.unhindered_steps)


@given(
    st.one_of(
        arrays(np.float64, st.integers(0, 40), elements=st.floats()),
        arrays(np.float64, st.integers(0, 40), elements=st.sampled_from([np.nan, 0.0, -0.0, np.inf, 1.5])),
        arrays(np.int64, st.integers(0, 40)),
        arrays(np.int64, st.integers(0, 40), elements=st.sampled_from([-1, 0, 7, 300, 2**40])),
        arrays(np.bool_, st.integers(0, 40)),
    )
)
def test_any_column_comes_back_bit_by_bit(values: np.ndarray) -> None:
    column = _column(values)
    assert column.column().tobytes() == values.tobytes()
    assert column.column().dtype == values.dtype


def test_what_is_one_value_takes_no_room_and_small_numbers_take_little() -> None:
    assert _column(np.full(1_000, np.nan)).nbytes == 0
    assert _column(np.arange(1_000) % 100).nbytes == 1_000


def size_of_one() -> int:
    kept = KeptPeople(PLENTY)
    kept.people(b"us", (3, 0), lambda: drawn(0))
    return kept._bytes


@pytest.mark.parametrize("who", [[b"us"] * 4, [b"us", b"them", b"us", b"others"]])
def test_there_are_never_more_than_there_is_room_for(who: list[bytes]) -> None:
    kept = KeptPeople(2 * size_of_one() + size_of_one() // 2)
    for number, name in enumerate(who):
        kept.people(name, (3, number), lambda number=number: drawn(number))  # type: ignore[misc]
        assert kept._bytes <= kept._most_bytes
        assert kept._bytes == sum(p.nbytes for own in kept._kept.values() for p in own.values())


def test_who_was_not_asked_for_longest_goes_first_and_as_a_whole() -> None:
    calls: list[int] = []

    def counted(number: int) -> Callable[[], People]:
        def draw() -> People:
            calls.append(number)
            return drawn(number)

        return draw

    kept = KeptPeople(3 * size_of_one() + size_of_one() // 2)
    for number in range(2):
        kept.people(b"first", (3, number), counted(number))
    kept.people(b"second", (3, 2), counted(2))
    kept.people(b"second", (3, 3), counted(3))  # no room beside the first two: they go
    kept.people(b"second", (3, 2), must_not_be_drawn)
    kept.people(b"first", (3, 0), counted(0))
    assert calls == [0, 1, 2, 3, 0]
