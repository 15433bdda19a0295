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
from numpy.typing import NDArray

from flowsim.units import Floats, Ints

Key = tuple[int, int]
Words = NDArray[np.uint64]
Four = tuple[Floats, Floats, Floats, Floats]

# What a block is multiplied with, and what the key grows by from round to round (Salmon et al., table 2).
TIMES_0: Final = 0xD2E7470EE14C6C93
TIMES_2: Final = 0xCA5A826395121157
GROWS_0: Final = 0x9E3779B97F4A7C15
GROWS_1: Final = 0xBB67AE8584CAA73B
ROUNDS: Final = 10
TO_RANK: Final = 2.0**-53

# How many blocks are worked out at a time: few enough for the processor to have all of them at hand.
AT_ONCE: Final = 8192
LOW_HALF: Final = np.uint64(2**32 - 1)
HALF: Final = np.uint64(32)
TIMES: Final = np.array([[TIMES_2], [TIMES_0]], dtype=np.uint64)
TIMES_LOW: Final = TIMES & LOW_HALF
TIMES_HIGH: Final = TIMES >> HALF
GROWS: Final = np.array([[GROWS_0], [GROWS_1]], dtype=np.uint64)


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
    return _generator(key_of(seed, name), [0, replication, visit, order])


def numbers(key: Key, replication: int, count: int) -> Floats:
    """The first ranks of the generator with a key, shape (count,)."""
    return _generator(key, [0, replication, 0, 0]).random(count)


def _generator(key: Key, counter: list[int]) -> np.random.Generator:
    # Philox by name: numpy may one day change what `default_rng` stands for.
    return np.random.Generator(
        np.random.Philox(key=np.array(key, dtype=np.uint64), counter=np.array(counter, dtype=np.uint64))
    )


@lru_cache(maxsize=2**14)
def key_of(seed: int, name: str) -> Key:
    """The key that belongs to a name under a seed: 128 bits. Raises ValueError for a negative seed.

    A hash by blake2b, the same on every machine: Python's own `hash` of a string differs from run to run.
    """
    if seed < 0:
        raise ValueError(f"a seed must not be negative: {seed}")
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def blocks(key_0: Words, key_1: Words, place: Ints, replication: int, visit: Ints, order: int = 0) -> Four:
    """Four ranks for each of many people: the block at a place (from 0) of a generator.

    A block is what `generator(…).random(4 * place + 4)[-4:]` gives, for numpy counts a step before its first one.
    Arrays have shape (people,), and so has what is returned; anybody may have a generator of their own.
    """
    found = np.empty((4, place.size))
    for begin in range(0, place.size, AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        size = place[part].size
        multiplied, added, keys = np.empty((3, 2, size), dtype=np.uint64)
        multiplied[0], multiplied[1] = visit[part], place[part]
        multiplied[1] += np.uint64(1)
        added[0], added[1] = replication, order
        keys[0], keys[1] = key_0[part], key_1[part]
        multiplied, added = _mixed(multiplied, added, keys)
        for rank, word in zip(found, (multiplied[1], added[0], multiplied[0], added[1]), strict=True):
            np.multiply(word >> np.uint64(11), TO_RANK, out=rank[part])
    return found[0], found[1], found[2], found[3]


def _mixed(multiplied: Words, added: Words, keys: Words) -> tuple[Words, Words]:
    """Ten rounds of Philox4x64 on words (c, a) and (b, d), shape (2, people); `flowsim.philox` says them plainly.

    Nothing is left of what is handed over.
    """
    spare, room = np.empty_like(added), np.empty((3, *added.shape), dtype=np.uint64)
    for _ in range(ROUNDS):
        _high_halves(multiplied, spare, room)
        spare ^= added
        spare ^= keys
        multiplied *= TIMES
        # The upper halves are a and c now, and c and a what is multiplied next; the lower ones are b and d.
        multiplied, added, spare = spare[::-1], multiplied, added
        keys += GROWS
    return multiplied, added


def _high_halves(words: Words, high: Words, room: Words) -> None:
    """Write the upper 64 bits of the products of words and TIMES into `high`: long multiplication by halves."""
    low, middle, carried = room
    np.bitwise_and(words, LOW_HALF, out=low)
    np.right_shift(words, HALF, out=high)
    np.multiply(low, TIMES_LOW, out=carried)
    carried >>= HALF
    np.multiply(high, TIMES_LOW, out=middle)
    middle += carried
    low *= TIMES_HIGH
    np.bitwise_and(middle, LOW_HALF, out=carried)
    low += carried
    low >>= HALF
    middle >>= HALF
    high *= TIMES_HIGH
    high += low
    high += middle
