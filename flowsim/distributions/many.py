"""Many distributions at once: one look for all stays of a replication, instead of one for each distribution.

Most distributions are one lognormal, or a mixture that is read from a table. Both come to exp(something of the normal
score), so that whoever they belong to, they are worked out in the same few array operations; the rest go one by one.
The numbers are those of `quantile`, to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from flowsim.distributions.blends import Blend
from flowsim.distributions.curves import cells_of, curve, inverse, is_tabled, table_of
from flowsim.distributions.pieces import Cut, Lognormal, Piece
from flowsim.distributions.solving import exactly
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

    place: NDArray[Any]  # of 16 bits where that will do: numpy sorts those by counting them
    mu: Floats
    sigma: Floats
    chance: Floats
    most: Floats
    tabled: tuple[Blend, ...]
    others: tuple[Blend, ...]

    def days(self, number: Ints, ranks: Floats) -> Floats:
        """Days (on the grid) at every rank in [0, 1), by the blend with its number; 0 for NO_BLEND. Shape (ranks,)."""
        place = self.place[number]
        order = np.argsort(place, kind="stable")
        place, ranks = place[order], ranks[order]
        lognormals, tabled = self.mu.size, self.mu.size + len(self.tabled)
        begins = np.searchsorted(place, np.arange(self.place.size, dtype=place.dtype)).tolist()
        found = np.zeros(ranks.size)
        by_score = slice(0, begins[tabled])
        found[by_score] = self._by_score(place[by_score], ranks[by_score], begins[lognormals : tabled + 1])
        for blend, (begin, end) in zip(self.others, pairwise(begins[tabled:]), strict=True):
            if begin < end:
                found[begin:end] = inverse(blend, ranks[begin:end])
        values = np.empty_like(found)
        values[order] = on_grid(found)
        return values

    def _by_score(self, place: NDArray[Any], ranks: Floats, begins: Sequence[int]) -> Floats:
        """Days of those that come to exp(something of the normal score); tables change at `begins`."""
        smooth, tabled = slice(0, begins[0]), slice(begins[0], None)
        which = place[smooth]
        whole = ranks.copy()
        whole[smooth] *= self.chance[which]
        logarithm = ndtri(whole)
        cell, part = cells_of(logarithm[tabled])
        logarithm[smooth] = self.mu[which] + self.sigma[which] * logarithm[smooth]
        points, is_far = np.empty((cell.size, 4)), np.zeros(cell.size, dtype=bool)
        stretches = [slice(begin - begins[0], end - begins[0]) for begin, end in pairwise(begins)]
        for blend, here in zip(self.tabled, stretches, strict=True):
            if here.start < here.stop:
                table = table_of(blend)
                # "clip" spares a copy; there is nothing to clip.
                np.take(table.points, cell[here], axis=0, out=points[here], mode="clip")
                is_far[here] = ~table.is_close[cell[here]]
        with np.errstate(invalid="ignore", over="ignore"):  # see `curve`
            logarithm[tabled] = curve(points, part)
            days: Floats = np.exp(logarithm)
        np.minimum(days[smooth], self.most[which], out=days[smooth])
        for blend, here in zip(self.tabled, stretches, strict=True):
            far = begins[0] + here.start + np.flatnonzero(is_far[here])
            if far.size:
                days[far] = exactly(blend, ranks[far])
        return days


def put_together(blends: Sequence[Blend]) -> Together:
    """Put blends together."""
    kinds = [_kind(blend) for blend in blends]
    order = sorted(range(len(blends)), key=lambda number: kinds[number])
    place: NDArray[Any] = np.empty(len(blends) + 1, dtype=np.int16 if len(blends) < 2**15 else np.int64)
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
