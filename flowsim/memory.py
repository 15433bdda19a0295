"""What a process keeps in memory: what a replication freed, for the next one, and what was made of something that lives on."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import wraps
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

K = TypeVar("K")
V = TypeVar("V")

# What glibc is told (mallopt(3)): numbers of settings, from malloc.h.
M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
M_ARENA_MAX: Final = -8
# The largest that glibc lets a block be and still counts it as small, and how much of what is freed a process keeps: as much
# as replications of a city of five million people take on two cores.
LARGEST_SMALL_BLOCK: Final = 32 * 2**20
MOST_FREED_KEPT: Final = 512 * 2**20


def keep_freed_memory() -> None:
    """Have the C library keep what is freed, rather than give it back and fetch it page by page again.

    Every replication takes some hundred arrays, as the one before it did. glibc would give the larger ones back to the
    system at once, and all that lies free beyond a little; and threads would each have a store of their own, of which
    most lies idle. Other C libraries have no such settings.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(M_MMAP_THRESHOLD, LARGEST_SMALL_BLOCK)
    mallopt(M_TRIM_THRESHOLD, MOST_FREED_KEPT)
    mallopt(M_ARENA_MAX, 1)


def made_once(make: Callable[[K], V]) -> Callable[[K], V]:
    """A function whose answer is kept as long as what it was asked about lives, which must stay as it is.

    Threads that ask for the same at the same time may each make it.
    """
    kept: WeakKeyDictionary[K, V] = WeakKeyDictionary()

    @wraps(make)
    def made(of: K) -> V:
        if of not in kept:
            kept[of] = make(of)
        return kept[of]

    return made
