"""What was drawn and counted, kept for the next plan: small in memory, the same to the bit when it is asked for again.

Somebody who moves one lever after another asks for the same people every time; drawing them takes half of a replication.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")

# What the place of something among the kept is: of what scenario (`Blueprint.same_walk`, `same_people`, `same_unhindered`), and of what draw in it.
Draw = tuple[int, int] | tuple[int, int, bytes]
# A column of which so much is one value is kept as the rest.
NEARLY_ALL: Final = 0.9
GLANCE: Final = 64
WHOLE: Final = (np.int8, np.int16, np.int32, np.int64)


class Kept:
    """Named tuples of arrays (and of such tuples), of the last scenarios, up to so many bytes. Safe to use from several threads.

    Whole scenarios go, those that were not asked for longest first: replications are asked for in order,
    so that letting the oldest replication go would always let go of the next that is wanted.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[bytes, dict[Draw, _Packed]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, who: bytes, draw: Draw, make: Callable[[], T]) -> T:
        """What belongs to a draw: as kept, else made and kept where there is room."""
        with self._lock:
            packed = self._kept.get(who, {}).get(draw)
            if who in self._kept:
                self._kept.move_to_end(who)
        if packed is not None:
            found: T = _unpacked(packed.table)
            return found
        made = make()
        self._keep(who, draw, _packed(made))
        return made

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


class _Packed(NamedTuple):
    """A named tuple with its columns packed, and how much memory they take."""

    table: Any
    nbytes: int


def _packed(table: Any) -> _Packed:
    columns: list[_Column] = []

    def pack(column: np.ndarray) -> _Column:
        columns.append(_column(column))
        return columns[-1]

    found = _each(table, np.ndarray, pack)
    return _Packed(found, sum(column.nbytes for column in columns))


def _unpacked(table: Any) -> Any:
    return _each(table, _Column, _Column.column)


def _each(node: Any, kind: type, do: Callable[[Any], Any]) -> Any:
    """A named tuple, and those within it, with something done to all of a kind."""
    if isinstance(node, kind):
        return do(node)
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        return type(node)(*(_each(inner, kind, do) for inner in node))
    return node


class _Column(NamedTuple):
    """A column in few bytes: whole numbers as narrow as they are, and what differs from the commonest value."""

    shape: tuple[int, ...]
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
            return self.values.astype(self.kind).reshape(self.shape)
        column = np.full(self.shape, self.usual, dtype=self.kind)
        column.reshape(-1)[self.where] = self.values
        return column


def _column(column: np.ndarray) -> _Column:
    """A column packed. Fractions are compared bit by bit: NaN is a value like any other, and -0 is not 0."""
    values = column.reshape(-1)
    bits = values.view(np.int64) if values.dtype == np.float64 else values
    if values.size and _may_be_nearly_one(bits):
        usual = bits[values.size // 2]
        where = np.flatnonzero(bits != usual).astype(np.int32)
        if where.size <= (1 - NEARLY_ALL) * values.size:
            found = values[where]
            return _Column(column.shape, values.dtype, values[values.size // 2], where, _narrow(found))
    return _Column(column.shape, values.dtype, None, None, _narrow(values))


def _may_be_nearly_one(bits: np.ndarray) -> bool:
    """Whether a glance at a few values says that a column may nearly all be one value: most columns are not."""
    glance = bits[:: max(1, bits.size // GLANCE)]
    return bool(np.count_nonzero(glance != bits[bits.size // 2]) <= 2 * (1 - NEARLY_ALL) * glance.size + 1)


def _narrow(values: np.ndarray) -> np.ndarray:
    """Whole numbers in the smallest type that holds them all; others as they are (a copy, so that nothing larger is held)."""
    if not values.size:
        return values.copy()
    whole = _whole(values) if values.dtype == np.float64 else values
    if whole is None or whole.dtype.kind != "i":
        return values.copy()
    low, high = whole.min(), whole.max()
    return whole.astype(next(t for t in WHOLE if np.iinfo(t).min <= low and high <= np.iinfo(t).max))


def _whole(values: np.ndarray) -> np.ndarray | None:
    """Fractions that are all whole numbers, such as people counted, as such; None where any is not."""
    glance = values[:: max(1, values.size // GLANCE)]
    if not (glance == np.floor(glance)).all():
        return None
    with np.errstate(invalid="ignore"):  # of NaN
        whole = values.astype(np.int64)
    return whole if (whole.astype(np.float64).view(np.int64) == values.view(np.int64)).all() else None
