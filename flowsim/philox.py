"""Philox4x64-10 for compiled loops: one block of four ranks at a time, the same that `flowsim.generators` gives."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from flowsim.compiling import compiled, high_half
from flowsim.generators import GROWS_0, GROWS_1, ROUNDS, TIMES_0, TIMES_2, TO_RANK

Block = tuple[float, float, float, float]

ALL_BITS: Final = 2**64 - 1


@compiled
def block(key_0: Any, key_1: Any, place: int, replication: int, visit: int, order: int) -> Block:
    """Four ranks of one person: the block at a place (from 0) of a generator."""
    a, b, c, d = np.uint64(place + 1), np.uint64(replication), np.uint64(visit), np.uint64(order)
    for _ in range(ROUNDS):
        a, b, c, d = (
            high_half(TIMES_2, c) ^ b ^ key_0,
            (TIMES_2 * c) & ALL_BITS,
            high_half(TIMES_0, a) ^ d ^ key_1,
            (TIMES_0 * a) & ALL_BITS,
        )
        key_0, key_1 = (key_0 + GROWS_0) & ALL_BITS, (key_1 + GROWS_1) & ALL_BITS
    return (a >> 11) * TO_RANK, (b >> 11) * TO_RANK, (c >> 11) * TO_RANK, (d >> 11) * TO_RANK
