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
    from numba import types
    from numba.extending import intrinsic
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
    """An array as a compiled function reads it fastest: itself; a list where nothing is compiled."""
    return array if HAS_NUMBA else array.tolist()


def blank(size: int, dtype: Any) -> Any:
    """Room for a loop to write numbers into: an array, or a list where nothing is compiled."""
    return np.empty(size, dtype=dtype) if HAS_NUMBA else [dtype()] * size


# Whole numbers of 64 bits without a sign. Python's own have no end: code that is to run as it stands has to cut
# products and sums to 64 bits itself, which costs nothing where they are so already.
if HAS_NUMBA:
    unsigned: Any = np.uint64

    @intrinsic
    def high_half(_context: Any, one: Any, other: Any) -> Any:
        """The upper 64 bits of the product of two whole numbers of 64 bits: one instruction of the processor."""

        def build(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            # numba builds on llvmlite, so it is there.
            from llvmlite import ir

            wide = ir.IntType(128)
            product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
            return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

        return types.uint64(types.uint64, types.uint64), build

else:
    unsigned = int

    def high_half(one: int, other: int) -> int:
        """The upper 64 bits of the product of two whole numbers of 64 bits."""
        return (one * other) >> 64
