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
    import numba.extending
except ImportError as _missing:  # also what numba raises for a numpy it does not know
    WHY_NOT: Final[str] = str(_missing)
    HAS_NUMBA: Final[bool] = False
else:
    WHY_NOT = ""
    HAS_NUMBA = True


_OPTIONS: Final[dict[str, Any]] = {"nogil": True, "fastmath": False, "error_model": "numpy"}


def compiled(function: F) -> F:
    """The function compiled at its first call, kept on disk for the next start; without numba the function itself."""
    if not HAS_NUMBA:
        return function
    try:
        made: F = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # neither the install nor the home folder can be written: compile at every start
        made = numba.njit(**_OPTIONS)(function)
    return made


def inlined(function: F) -> F:
    """A part of compiled functions, set into each place that calls it; without numba the function itself."""
    if not HAS_NUMBA:
        return function
    made: F = numba.njit(forceinline=True, **_OPTIONS)(function)
    return made


def records_at(record: np.dtype[np.void]) -> Callable[[int, int], Any]:
    """For compiled code: a function of (address, number) that gives a record of a table in memory.

    Tables are passed as addresses because a compiled call counts references to every array that it is handed,
    which takes longer than most events do. Whoever passes an address keeps the table alive.
    """
    if not HAS_NUMBA:
        return _needs_numba
    type_of_record = numba.from_dtype(record)

    @numba.extending.intrinsic
    def at(_typing: Any, address: Any, number: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            wide = [
                context.cast(builder, value, given, numba.types.int64)
                for value, given in zip(arguments, signature.args, strict=True)
            ]
            offset = builder.mul(wide[1], context.get_constant(numba.types.int64, record.itemsize))
            return builder.inttoptr(
                builder.add(wide[0], offset), context.get_value_type(type_of_record)
            )

        return type_of_record(address, number), code

    return at  # type: ignore[no-any-return]


def _needs_numba(*_: object) -> Any:
    raise RuntimeError(f"only compiled code can do this, and numba is not there: {WHY_NOT}")


if HAS_NUMBA:

    @numba.extending.intrinsic
    def _pointer(_typing: Any, address: Any) -> Any:
        pointer = numba.types.CPointer(numba.types.float64)

        def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(address), code

    @numba.njit(forceinline=True, **_OPTIONS)
    def floats_at(address: int, count: int) -> Any:
        """For compiled code: so many numbers in memory, as an array."""
        return numba.carray(_pointer(address), count)

else:
    floats_at = _needs_numba
