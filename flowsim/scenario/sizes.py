"""Sizes that fall in equal steps over a stay: how many levels there are, and what each amounts to."""

from __future__ import annotations

from flowsim.units import grid


def levels(start: float, end: float) -> int:
    """How many equal levels a falling size has: one for each whole unit it falls, and one more."""
    return 1 if end >= start else max(1, round(start - end)) + 1


def size_at(start: float, end: float, level: int) -> float:
    """A falling size at one of its levels, 0 at the start."""
    last = levels(start, end) - 1
    if last == 0:
        return start
    return grid(start + (end - start) * level / last)
