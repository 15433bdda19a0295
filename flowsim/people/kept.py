"""People kept for the next plan: small in memory, the same to the bit when they are asked for again.

Somebody who moves one capacity after another asks for the same people every time; drawing them takes half of a replication.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Final, NamedTuple

import numpy as np

from flowsim.people.population import People
from flowsim.people.steps import Steps

# What somebody's place among the kept is: who they are (`Blueprint.same_people`), then seed and replication.
Draw = tuple[int, int]
# A column of which so much is one value is kept as the rest.
NEARLY_ALL: Final = 0.9
GLANCE: Final = 64
WHOLE: Final = (np.int8, np.int16, np.int32, np.int64)


class KeptPeople:
    """The people of the last scenarios, up to so many bytes. Safe to use from several threads.

    Whole scenarios go, those that were not asked for longest first: replications are asked for in order,
    so that letting the oldest replication go would always let go of the next that is wanted.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[bytes, dict[Draw, _Packed]] = OrderedDict()
        self._lock = threading.Lock()

    def people(self, who: bytes, draw: Draw, populate: Callable[[], People]) -> People:
        """The people of a draw: as kept, else drawn by `populate` and kept where there is room."""
        with self._lock:
            packed = self._kept.get(who, {}).get(draw)
            if who in self._kept:
                self._kept.move_to_end(who)
        if packed is not None:
            return packed.people()
        people = populate()
        self._keep(who, draw, _packed(people))
        return people

    def _keep(self, who: bytes, draw: Draw, packed: _Packed) -> None:
        with self._lock:
            own = self._kept.setdefault(who, {})
            self._kept.move_to_end(who)
            while self._bytes + packed.nbytes > self._most_bytes and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= sum(one.nbytes for one in gone.values())
            if draw not in own and self._bytes + packed.nbytes <= self._most_bytes:
                own[draw] = packed
                self._bytes += packed.nbytes


class _Column(NamedTuple):
    """A column in few bytes: whole numbers as narrow as they are, and what differs from the commonest value."""

    size: int
    kind: np.dtype[Any]
    usual: Any
    where: np.ndarray | None  # where it differs; None where all values are kept
    values: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + (0 if self.where is None else self.where.nbytes)

    def column(self) -> np.ndarray:
        """The column as it was."""
        if self.where is None:
            return self.values.astype(self.kind)
        column = np.full(self.size, self.usual, dtype=self.kind)
        column[self.where] = self.values
        return column


@dataclass(frozen=True)
class _Packed:
    """People with their columns packed."""

    rest: People  # names, and columns of no length
    own: dict[str, _Column]
    steps: dict[str, _Column]
    unhindered: dict[str, _Column]

    @property
    def nbytes(self) -> int:
        return sum(c.nbytes for part in (self.own, self.steps, self.unhindered) for c in part.values())

    def people(self) -> People:
        """The people as they were."""
        unhindered = Steps(**_unpacked(self.unhindered))
        return replace(
            self.rest,
            **_unpacked(self.own),
            steps=Steps(**_unpacked(self.steps)),
            look_up_unhindered=lambda: unhindered,
        )


def _packed(people: People) -> _Packed:
    own = _columns(people)
    nobody: Any = np.zeros(0)
    empty = Steps(**{field.name: nobody for field in fields(Steps)})
    rest = replace(people, **dict.fromkeys(own, nobody), steps=empty, look_up_unhindered=lambda: empty)
    return _Packed(rest, own, _columns(people.steps), _columns(people.unhindered_steps))


def _columns(table: People | Steps) -> dict[str, _Column]:
    return {
        field.name: _column(value)
        for field in fields(table)
        if isinstance(value := getattr(table, field.name), np.ndarray)
    }


def _unpacked(columns: dict[str, _Column]) -> dict[str, Any]:
    return {name: column.column() for name, column in columns.items()}


def _column(values: np.ndarray) -> _Column:
    """A column packed. Fractions are compared bit by bit: NaN is a value like any other, and -0 is not 0."""
    bits = values.view(np.int64) if values.dtype == np.float64 else values
    if values.size and _may_be_nearly_one(bits):
        usual = bits[values.size // 2]
        where = np.flatnonzero(bits != usual).astype(np.int32)
        if where.size <= (1 - NEARLY_ALL) * values.size:
            return _Column(values.size, values.dtype, values[values.size // 2], where, _narrow(values[where]))
    return _Column(values.size, values.dtype, None, None, _narrow(values))


def _may_be_nearly_one(bits: np.ndarray) -> bool:
    """Whether a glance at a few values says that a column may nearly all be one value: most columns are not."""
    glance = bits[:: max(1, bits.size // GLANCE)]
    return bool(np.count_nonzero(glance != bits[bits.size // 2]) <= 2 * (1 - NEARLY_ALL) * glance.size + 1)


def _narrow(values: np.ndarray) -> np.ndarray:
    """Whole numbers in the smallest type that holds them all; others as they are (a copy, so that nothing larger is held)."""
    if values.dtype.kind != "i" or not values.size:
        return values.copy()
    low, high = values.min(), values.max()
    return values.astype(next(t for t in WHOLE if np.iinfo(t).min <= low and high <= np.iinfo(t).max))
