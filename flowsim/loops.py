"""Whether loops run compiled in this process.

numba and the code it has compiled take 110 MB and a third of a second to load. So they are loaded where the compiled
engine is first asked for; until then, and where there is no numba, numpy does the same work to the same numbers.
What looks at every person or every row stands twice for that, and tests hold the two to the same bytes.
"""

from __future__ import annotations

import threading
from importlib import import_module

_compiled = threading.Event()


def compile_loops() -> str:
    """Have loops run compiled from now on; says why that cannot be, nothing where it can."""
    door = import_module("flowsim.compiling")  # here, for it brings numba in
    if door.HAS_NUMBA:
        _compiled.set()
    why_not: str = door.WHY_NOT
    return why_not


def are_compiled() -> bool:
    """Whether loops run compiled."""
    return _compiled.is_set()
