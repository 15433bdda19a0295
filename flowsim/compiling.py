"""The one door to numba: functions on numbers and arrays, compiled where numba is there, as they stand where not.

A compiled function gives the same bits as the same function in plain Python: no fast-math, and no
contraction of a product and a sum into one rounding. It lets go of the interpreter's lock, so threads share the cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])

# FLOWSIM_NO_NUMBA is for tests and for machines where numba is there but does not work.
try:
    if os.environ.get("FLOWSIM_NO_NUMBA"):
        raise ImportError("numba was asked to stay away")
    import numba
except ImportError as _missing:  # also what numba raises for a numpy it does not know
    WHY_NOT: Final[str] = str(_missing)
    HAS_NUMBA: Final[bool] = False
else:
    WHY_NOT = ""
    HAS_NUMBA = True


def compiled(function: F) -> F:
    """The function compiled at its first call, kept on disk for the next start; without numba the function itself."""
    if not HAS_NUMBA:
        return function
    options = {"nogil": True, "fastmath": False, "error_model": "numpy"}
    try:
        made: F = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither the install nor the home folder can be written: compile at every start
        made = numba.njit(**options)(function)
    return made


def for_loops(array: np.ndarray) -> Any:
    """An array as a loop reads it fastest: itself where the loop is compiled, else a list."""
    return array if HAS_NUMBA else array.tolist()


def blank(size: int, kind: type[int | float]) -> Any:
    """Room for a loop to write numbers into: an array where the loop is compiled, else a list."""
    return np.empty(size, dtype=kind) if HAS_NUMBA else [kind()] * size


def _plain_high_half(one: int, other: int) -> int:
    return (one * other) >> 64


def _compiled_high_half() -> Any:
    """The same as one instruction of the processor, for compiled functions to call."""
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def high_half(_context: Any, one: Any, other: Any) -> Any:
        def build(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            narrow = arguments[0].type
            wide = type(narrow)(128)
            product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
            return builder.trunc(builder.lshr(product, wide(64)), narrow)

        return types.uint64(types.uint64, types.uint64), build

    return high_half


# Whole numbers of 64 bits without a sign, and the upper 64 bits of the product of two. Python's own numbers have no
# end: code that is to run as it stands has to cut sums and products to 64 bits itself, which costs nothing compiled.
unsigned: Any = np.uint64 if HAS_NUMBA else int
high_half: Any = _compiled_high_half() if HAS_NUMBA else _plain_high_half
