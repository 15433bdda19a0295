"""Ranks: all the luck of one replication, fixed before anything is simulated. Knows no scenario.

A rank is a uniform number in [0, 1) for one person and one decision. Scenarios that share a seed share
their luck (common random numbers), because a person's ranks depend on who they are and on what is
decided, never on what else is drawn. There are two ways to come by them:

- when people arrive is drawn here, in sequence, and kept for the next scenario;
- whatever else is decided about somebody has a named generator of which person i of a source owns the i-th
  block of four numbers (of their routes, which everybody has, half a block). Any block can be worked out by
  itself (`flowsim.generators.block`), so what is not asked for is never drawn.
"""

from __future__ import annotations

import numpy as np

from flowsim.generators import generator
from flowsim.units import Floats


class Ranks:
    """The draws of one (seed, replication).

    Several scenarios may take from one object: they meet the same people.
    """

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication
        self._epochs: dict[str, Floats] = {}

    def blocks(self, decision: str, count: int) -> Floats:
        """The four ranks of each of the first `count` people of a source, shape (count, 4)."""
        return generator(self.seed, self.replication, decision).random((count, 4))

    def epochs(self, decision: str, up_to: float) -> Floats:
        """Times of a Poisson process with one event per unit of time, below `up_to`, ascending."""
        times = self._epochs.get(decision)
        while times is None or times[-1] < up_to:
            known = 0 if times is None else times.size
            # Enough at once in all but one case in a thousand million, by the normal distribution.
            count = max(int(up_to + 6 * up_to**0.5) + 16, 2 * known)
            times = self._epochs[decision] = self._first_epochs(decision, count)
        return times[: np.searchsorted(times, up_to)]

    def _first_epochs(self, decision: str, count: int) -> Floats:
        # Exponential gaps, added up; all in one array, for there are as many as there are people.
        times = generator(self.seed, self.replication, decision).random(count)
        np.negative(times, out=times)
        np.log1p(times, out=times)
        np.negative(times, out=times)
        return np.cumsum(times, out=times)
