"""What one replication amounts to over the run: one number each, kept small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from flowsim.measures.daily import shared


class Totals(Mapping[str, float]):
    """Numbers by name, eight bytes each: those of a thousand replications are held at once.

    `names` and `numbers` (shape (names,)) are in the same order.
    """

    def __init__(self, totals: Mapping[str, float]) -> None:
        self.names = shared(totals)
        self.numbers = np.array(list(totals.values()), dtype=np.float64)

    def __getitem__(self, name: str) -> float:
        return float(self.numbers[_places(self.names)[name]])

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.names = shared(self.names)


@lru_cache(maxsize=256)
def _places(names: tuple[str, ...]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}
