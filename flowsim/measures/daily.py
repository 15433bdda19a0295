"""Daily measures of one replication, kept small: numbers of people as short whole numbers, the rest as they are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsim.units import Floats


class Daily(Mapping[str, Floats]):
    """Daily measures by name, each of shape (days,) and exactly as it was given.

    The results of a thousand replications are held at once, and most measures are numbers of people: two bytes
    a day hold those as well as eight.
    """

    def __init__(self, measures: Mapping[str, Floats]) -> None:
        table = np.array(list(measures.values()), dtype=np.float64)
        with np.errstate(invalid="ignore"):  # of what is no such number: it comes back as another
            short = table.astype(np.uint16)
        self.names = shared(measures)
        self._is_short = (short == table).all(axis=1)
        self._short = short[self._is_short]
        self._long = table[~self._is_short]

    def __getitem__(self, name: str) -> Floats:
        if name not in self.names:
            raise KeyError(name)
        place = self.names.index(name)
        is_short = self._is_short[place]
        kept = self._short if is_short else self._long
        values: Floats = kept[np.count_nonzero(self._is_short[:place] == is_short)].astype(np.float64)
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def nbytes(self) -> int:
        """How much memory they take."""
        return int(self._short.nbytes + self._long.nbytes)

    def table(self) -> Floats:
        """All of them, one row a measure in the order of `names`; shape (measures, days)."""
        found = np.empty((len(self.names), self._short.shape[1]))
        found[self._is_short], found[~self._is_short] = self._short, self._long
        return found

    def moved(self, room: Callable[[int], NDArray[np.uint8]]) -> Daily:
        """The same measures, in memory of so many bytes that is given for them."""
        found = copy(self)
        found.__dict__.update(_short=_moved(self._short, room), _long=_moved(self._long, room))
        return found

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.names = shared(self.names)


def _moved(values: np.ndarray, room: Callable[[int], NDArray[np.uint8]]) -> np.ndarray:
    place = room(values.nbytes).view(values.dtype).reshape(values.shape)
    place[...] = values
    return place


def shared(names: Iterable[str]) -> tuple[str, ...]:
    """Names, of which a process keeps each list once, however many replications have it."""
    return _shared(tuple(names))


@lru_cache(maxsize=256)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sys.intern(name) for name in names)
