"""Ranks: all the luck of one replication, drawn before anything is simulated. Knows no scenario.

A rank is a uniform number in [0, 1) for one person and one decision. Person i of a stream takes
the i-th number of each decision's own generator, whatever else is drawn, so that scenarios that
share a seed share their luck (common random numbers).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from flowsim.generators import generator
from flowsim.units import Floats, Ints

# To skip to one rank takes as long as to draw this many.
FEW: Final = 500


class Ranks:
    """The draws of one (seed, replication); grows on demand and never draws a number twice.

    Several scenarios may take from one object: what each takes is a prefix of the same sequence.
    """

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication
        self._generators: dict[str, np.random.Generator] = {}
        self._drawn: dict[str, Floats] = {}

    def uniform(self, decision: str, count: int) -> Floats:
        """The first `count` ranks of a decision, shape (count,)."""
        drawn = self._drawn.get(decision)
        if drawn is None or drawn.size < count:
            drawn = self._grow(decision, drawn, count)
        return drawn[:count]

    def of(self, decision: str, index: Ints) -> Floats:
        """The ranks of a decision for some people, by their place in the stream; shape of `index`.

        The same numbers as `uniform` gives. For a few people out of many it goes from one to the
        next without drawing, or keeping, what lies between.
        """
        if index.size == 0:
            return np.zeros(0)
        last = int(index.max())
        drawn = self._drawn.get(decision)
        if index.size * FEW > last or (drawn is not None and drawn.size > last):
            return self.uniform(decision, last + 1)[index]
        return self._one_by_one(decision, index)

    def _one_by_one(self, decision: str, index: Ints) -> Floats:
        source = generator(self.seed, self.replication, decision)
        known: dict[int, float] = {}
        reached = 0
        for place in np.unique(index).tolist():
            source.bit_generator.advance(place - reached)  # type: ignore[attr-defined]
            known[place] = source.random()
            reached = place + 1
        return np.array([known[place] for place in index.tolist()])

    def epochs(self, decision: str, up_to: float) -> Floats:
        """Times of a Poisson process with one event per unit of time, below `up_to`, ascending."""
        count = int(up_to + 6 * up_to**0.5) + 16
        while True:
            times = np.cumsum(-np.log1p(-self.uniform(decision, count)))
            if times[-1] >= up_to:
                return times[: np.searchsorted(times, up_to)]
            count *= 2

    def _grow(self, decision: str, drawn: Floats | None, count: int) -> Floats:
        source = self._generators.get(decision)
        if source is None:
            source = self._generators[decision] = generator(self.seed, self.replication, decision)
        if drawn is None:
            drawn = source.random(count)
        else:
            drawn = np.concatenate([drawn, source.random(count - drawn.size)])
        self._drawn[decision] = drawn
        return drawn
