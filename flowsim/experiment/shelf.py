"""Where the daily results of one scenario stand: side by side, apart from what every replication takes and frees."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flowsim.experiment.worker import Outcome

# A piece of memory so large that it lies by itself (`memory.LARGEST_SMALL_BLOCK`), so that what is never written of it takes no
# memory. Fewer results than fill one have a piece of their size.
PIECE: Final = 48 * 2**20
LINE: Final = 64  # bytes: where numbers begin


class Shelf:
    """Room for the results of so many outcomes. Not to be used by several threads.

    Left where it was made, each result would keep apart the room that lies free before and behind it: a process with a
    thousand of them held 40 MB that were too short for anything. What stands on a shelf is freed together.
    """

    def __init__(self, outcomes: int) -> None:
        self._outcomes = outcomes  # that may still come
        self._piece: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        self._used = 0

    def put(self, outcome: Outcome) -> Outcome:
        """The same outcome, with its daily measures on the shelf."""
        daily = outcome.measured.daily
        if self._used + daily.nbytes + 2 * LINE > self._piece.size:
            wanted = max(self._outcomes, 1) * (daily.nbytes + 2 * LINE)
            self._piece = np.empty(max(min(PIECE, wanted), daily.nbytes + 2 * LINE), dtype=np.uint8)
            self._used = 0
        self._outcomes -= 1
        return replace(outcome, measured=replace(outcome.measured, daily=daily.moved(self._room)))

    def _room(self, nbytes: int) -> NDArray[np.uint8]:
        begin = self._used
        self._used = begin + nbytes + -nbytes % LINE
        return self._piece[begin : begin + nbytes]
