"""Streams of random numbers, each known by what it decides: never by its place in a list.

With a name as the key, adding a service or a stream of people shifts nobody else's luck, and the same
person meets the same chances under every plan (common random numbers).

The numbers are those of Philox4x64-10, which works out any block of four from its number alone (Salmon,
Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, 2011): whoever needs the
numbers of person 40,000 need not draw those of the others.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

import numpy as np

from flowsim.compiling import HAS_NUMBA, compiled, high_half, unsigned

Four = tuple[float, float, float, float]
Key = tuple[int, int]

ALL_BITS: Final = 2**64 - 1
# What a block is multiplied with, and what the key grows by from round to round (Salmon et al., table 2).
TIMES_0: Final = 0xD2E7470EE14C6C93
TIMES_2: Final = 0xCA5A826395121157
GROWS_0: Final = 0x9E3779B97F4A7C15
GROWS_1: Final = 0xBB67AE8584CAA73B
ROUNDS: Final = 10
TO_RANK: Final = 2.0**-53

# How many people's blocks are drawn at a time where nothing is compiled.
SHELF: Final = 128


def generator(seed: int, replication: int, name: str, visit: int = 0, order: int = 0) -> np.random.Generator:
    """The generator for one decision in one replication, such as (2017, 0, "emergency/hospital").

    `visit` says how often the same person came there before, `order` which of several equal things on one
    visit is decided. The name and the seed are the key; the others are words of the counter, so that no two
    generators share a number. Raises ValueError for a negative number.
    """
    if min(replication, visit, order) < 0:
        raise ValueError(
            f"replication, visit and order must not be negative: {replication}, {visit}, {order}"
        )
    counter = np.array([0, replication, visit, order], dtype=np.uint64)
    key = np.array(key_of(seed, name), dtype=np.uint64)
    # Philox by name: numpy may one day change what `default_rng` stands for.
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


@lru_cache(maxsize=2**14)
def key_of(seed: int, name: str) -> Key:
    """The key that belongs to a name under a seed: 128 bits. Raises ValueError for a negative seed.

    A hash by blake2b, the same on every machine: Python's own `hash` of a string differs from run to run.
    """
    if seed < 0:
        raise ValueError(f"a seed must not be negative: {seed}")
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


@compiled
def philox(key_0: int, key_1: int, place: int, replication: int, visit: int, order: int) -> Four:
    """Four ranks: the block at a place (from 0) of a generator, the same as `block` gives.

    That is `generator(…).random(4 * place + 4)[-4:]`, for numpy counts a step before its first block.
    """
    a, b, c, d = unsigned(place + 1), unsigned(replication), unsigned(visit), unsigned(order)
    key_0, key_1 = unsigned(key_0), unsigned(key_1)
    for _ in range(ROUNDS):
        a, b, c, d = (
            high_half(TIMES_2, c) ^ b ^ key_0,
            (TIMES_2 * c) & ALL_BITS,
            high_half(TIMES_0, a) ^ d ^ key_1,
            (TIMES_0 * a) & ALL_BITS,
        )
        key_0, key_1 = (key_0 + GROWS_0) & ALL_BITS, (key_1 + GROWS_1) & ALL_BITS
    return (a >> 11) * TO_RANK, (b >> 11) * TO_RANK, (c >> 11) * TO_RANK, (d >> 11) * TO_RANK


def _from_shelf(key_0: int, key_1: int, place: int, replication: int, visit: int, order: int) -> Four:
    """The same without compiling: first visits, which many people make, are drawn many at a time."""
    if visit or order:
        return philox(key_0, key_1, place, replication, visit, order)
    at = 4 * (place % SHELF)
    first, second, third, fourth = _shelf(key_0, key_1, place // SHELF, replication)[at : at + 4]
    return first, second, third, fourth


@lru_cache(maxsize=256)
def _shelf(key_0: int, key_1: int, number: int, replication: int) -> list[float]:
    counter = np.array([number * SHELF, replication, 0, 0], dtype=np.uint64)
    bits = np.random.Philox(key=np.array([key_0, key_1], dtype=np.uint64), counter=counter)
    drawn: list[float] = np.random.Generator(bits).random(4 * SHELF).tolist()
    return drawn


# Four ranks of one person: key (two numbers), place of the person, replication, visit, order.
block = philox if HAS_NUMBA else _from_shelf
