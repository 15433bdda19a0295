"""The one door to numba: functions on numbers and arrays, compiled where numba is there, as they stand where not.

A compiled function gives the same bits as the same function in plain Python: no fast-math, and no
contraction of a product and a sum into one rounding. It lets go of the interpreter's lock, so threads share the cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

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
