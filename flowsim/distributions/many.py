"""Many distributions at once: one look for all stays of a replication, instead of one for each distribution.

Most distributions are one lognormal, or a mixture that is read from a table. Both come to exp(something of the normal
score), so that whoever they belong to, they are worked out in the same few array operations; the rest go one by one.
The numbers are those of `quantile`, to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from flowsim.distributions import looking_at_once
from flowsim.distributions.blends import Blend
from flowsim.distributions.curves import CELLS, inverse, is_tabled, table_of
from flowsim.distributions.pieces import Cut, Lognormal, Piece
from flowsim.distributions.solving import exactly
from flowsim.loops import are_compiled
from flowsim.units import Floats, Ints, on_grid

NO_BLEND: Final = -1
LOGNORMAL, TABLED, OTHER = range(3)  # kinds of blends, in the order in which they are put


@dataclass(frozen=True, eq=False)
class Together:
    """Blends in a convenient order: first the single lognormals, then those read from tables, then the others.

    `place` says where each stands in that order, by its number among those that were given; its last entry,
    which is that of NO_BLEND, is beyond them all. Lognormals are exp(`mu` + `sigma` Z), given that they are at most
    `most`, which has a chance of `chance`; these four have shape (lognormals,).
    """

    place: NDArray[Any]  # of 16 bits where that will do
    mu: Floats
    sigma: Floats
    chance: Floats
    most: Floats
    tabled: tuple[Blend, ...]
    others: tuple[Blend, ...]

    def days(self, number: Ints, ranks: Floats) -> Floats:
        """Days (on the grid) at every rank in [0, 1), by the blend with its number; 0 for NO_BLEND. Shape (ranks,).

        As with `flowsim.counting`, compiled loops and arrays find the same.
        """
        ways, last = _ways_to_look_up(), self.place.size - 1  # the place of NO_BLEND
        place, whole = ways.scaled(self.place, number, ranks, self.chance)
        logarithm, far = ways.logarithms(place, ndtri(whole), self.mu, self.sigma, *self._tables, last)
        with np.errstate(invalid="ignore", over="ignore"):  # see `curve`
            days: Floats = np.exp(logarithm)
        days = ways.rounded(place, days, self.most)
        if far.size:
            self._one_by_one(place, ranks, far, days)
        return days

    def _one_by_one(self, place: NDArray[Any], ranks: Floats, far: Ints, days: Floats) -> None:
        """Write the days of those that no lognormal and no table gives."""
        far = far[np.argsort(place[far], kind="stable")]
        blends = (*self.tabled, *self.others)
        begins = np.searchsorted(place[far], self.mu.size + np.arange(len(blends) + 1)).tolist()
        for number, (begin, end) in enumerate(pairwise(begins)):
            if begin < end:
                rows, work_out = far[begin:end], exactly if number < len(self.tabled) else inverse
                days[rows] = on_grid(work_out(blends[number], ranks[rows]))

    @cached_property
    def _tables(self) -> tuple[Floats, NDArray[np.bool_], Ints, Floats]:
        """The tables, each once: points, shape (tables, CELLS, 4); is_close; and for each tabled blend which and its unit."""
        tables = [table_of(blend) for blend in self.tabled]
        each = list({id(table.points): table for table in tables}.values())
        which = {id(table.points): number for number, table in enumerate(each)}
        return (
            np.stack([table.points for table in each]) if each else np.zeros((0, CELLS, 4)),
            np.stack([table.is_close for table in each]) if each else np.zeros((0, CELLS), dtype=bool),
            np.array([which[id(table.points)] for table in tables], dtype=np.int64),
            np.array([table.unit for table in tables], dtype=np.float64),
        )


def _ways_to_look_up() -> Any:
    """The module that looks ranks up: in loops where those are compiled, else all at once."""
    if not are_compiled():
        return looking_at_once
    from flowsim.distributions import looking_in_loops

    return looking_in_loops


def put_together(blends: Sequence[Blend]) -> Together:
    """Put blends together."""
    kinds = [_kind(blend) for blend in blends]
    order = sorted(range(len(blends)), key=lambda number: kinds[number])
    place = np.empty(len(blends) + 1, dtype=np.int16 if len(blends) < 2**15 else np.int64)
    place[order], place[NO_BLEND] = np.arange(len(blends)), len(blends)
    lognormals = [_as_cut(blends[number].pieces[0]) for number in order if kinds[number] == LOGNORMAL]
    mu, sigma, chance, most = np.array(lognormals, dtype=np.float64).reshape(-1, 4).T.copy()
    return Together(
        place, mu, sigma, chance, most,
        tabled=tuple(blends[number] for number in order if kinds[number] == TABLED),
        others=tuple(blends[number] for number in order if kinds[number] == OTHER),
    )  # fmt: skip


def _kind(blend: Blend) -> int:
    if blend.values.size:
        return OTHER
    if is_tabled(blend):
        return TABLED
    return LOGNORMAL if _as_cut(blend.pieces[0]) else OTHER


def _as_cut(piece: Piece) -> tuple[float, float, float, float] | None:
    """mu, sigma, chance and most of a lognormal, whole or cut off; None for any other piece."""
    if isinstance(piece, Lognormal):
        return piece.mu, piece.sigma, 1.0, math.inf
    if isinstance(piece, Cut) and isinstance(piece.whole, Lognormal):
        return piece.whole.mu, piece.whole.sigma, piece.chance, piece.most
    return None
