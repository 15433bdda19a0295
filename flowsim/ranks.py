"""Ranks: all the luck of one replication, fixed before anything is simulated. Knows no scenario.

A rank is a uniform number in [0, 1) for one person and one decision. Scenarios that share a seed share
their luck (common random numbers), because a person's ranks depend on who they are and on what is
decided, never on what else is drawn. There are two ways to come by them:

- what is decided about everybody (when they arrive, their route) has a name and is drawn here, in sequence:
  person i of a stream takes the i-th number;
- what is decided about few (the stay at a place, the work of a team) is worked out when it is asked for:
  person i owns the i-th block of four numbers of a named generator, by `flowsim.generators.block`.
"""

from __future__ import annotations

import numpy as np

from flowsim.generators import generator
from flowsim.units import Floats


class Ranks:
    """The draws of one (seed, replication); grows on demand and never draws a number twice.

    Several scenarios may take from one object: what each takes is a prefix of the same sequence.
    """

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication
        self._generators: dict[str, np.random.Generator] = {}
        self._drawn: dict[str, Floats] = {}
        self._epochs: dict[str, Floats] = {}

    def uniform(self, decision: str, count: int) -> Floats:
        """The first `count` ranks of a decision, shape (count,)."""
        drawn = self._drawn.get(decision)
        if drawn is None or drawn.size < count:
            drawn = self._drawn[decision] = self._more(decision, drawn, count)
        return drawn[:count]

    def epochs(self, decision: str, up_to: float) -> Floats:
        """Times of a Poisson process with one event per unit of time, below `up_to`, ascending."""
        times = self._epochs.get(decision)
        while times is None or times[-1] < up_to:
            known = 0 if times is None else times.size
            # Enough at once in all but one case in a thousand million, by the normal distribution.
            count = max(int(up_to + 6 * up_to**0.5) + 16, 2 * known)
            gaps = -np.log1p(-self.uniform(decision, count))
            times = self._epochs[decision] = np.cumsum(gaps)
        return times[: np.searchsorted(times, up_to)]

    def _more(self, decision: str, drawn: Floats | None, count: int) -> Floats:
        source = self._generators.get(decision)
        if source is None:
            source = self._generators[decision] = generator(self.seed, self.replication, decision)
        if drawn is None:
            return source.random(count)
        return np.concatenate([drawn, source.random(count - drawn.size)])
