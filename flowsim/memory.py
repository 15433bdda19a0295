"""What a process does with memory: it keeps what is freed for the next replication."""

from __future__ import annotations

from typing import Final

import numpy as np

# The most that glibc lets a block be and still counts it as small.
LARGEST_SMALL_BLOCK: Final = 31 * 2**20


def keep_freed_memory() -> None:
    """Have the C library keep what is freed, rather than give it back and fetch it page by page again.

    Every replication takes some hundred arrays of about half a megabyte, as the one before it did. glibc gives
    such blocks back to the system at once, until it sees a larger one freed: from then on it keeps all that are
    smaller, up to 64 MB in all (mallopt(3), M_MMAP_THRESHOLD). Other C libraries take no notice.
    """
    block = np.empty(LARGEST_SMALL_BLOCK, dtype=np.uint8)
    del block
