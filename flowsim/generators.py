"""Streams of random numbers, each known by what it decides: never by its place in a list.

With a name as the key, adding a service or a stream of people shifts nobody else's luck, and the same
person meets the same chances under every plan (common random numbers).
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

WORDS_OF_A_NAME: Final = 4


def generator(seed: int, replication: int, name: str) -> np.random.Generator:
    """The generator for one decision in one replication, such as (2017, 0, "services.stit.stay").

    Built from numpy's SeedSequence with the replication and a hash of the name as spawn key: streams with
    different keys are independent for all practical purposes (O'Neill 2014; numpy, "Parallel Random Number
    Generation"). The hash is blake2b, because Python's own `hash` of a string differs from run to run.
    Raises ValueError for a negative seed or replication.
    """
    key = np.random.SeedSequence(entropy=seed, spawn_key=(replication, *_words(name)))
    # PCG64 by name: numpy may one day change what `default_rng` stands for.
    return np.random.Generator(np.random.PCG64(key))


def _words(name: str) -> tuple[int, ...]:
    """A name as whole numbers of 32 bits: the same on every machine and in every version of Python."""
    digest = hashlib.blake2b(name.encode("utf-8"), digest_size=4 * WORDS_OF_A_NAME).digest()
    return tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, len(digest), 4))
