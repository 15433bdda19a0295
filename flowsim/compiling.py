"""The one door to numba: functions on numbers and arrays, compiled where numba is there, as they stand where not.

A compiled function gives the same bits as the same function in plain Python: no fast-math, and no
contraction of a product and a sum into one rounding. It lets go of the interpreter's lock, so threads share the cores.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from typing import Any, Final, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])

numba: Any = None  # its own types say little of what a decorator makes of a function
WHY_NOT = ""
# FLOWSIM_NO_NUMBA is for tests, and for machines where numba is there but does not work.
if os.environ.get("FLOWSIM_NO_NUMBA"):
    WHY_NOT = "FLOWSIM_NO_NUMBA is set"
else:
    try:
        numba = import_module("numba")
        import_module("numba.extending")
    except ImportError as missing:  # also what numba raises for a numpy that it does not know
        numba, WHY_NOT = None, str(missing)
HAS_NUMBA: Final[bool] = numba is not None

LINE: Final = 64  # bytes that a processor fetches from memory together

_OPTIONS: Final[dict[str, Any]] = {"nogil": True, "fastmath": False, "error_model": "numpy"}

# Versions of the sources of which compiled code is kept, some 3 MB each.
MOST_FOLDERS: Final = 4

# What compiled code is made of. numba looks only at the file of the function that is called, and would go on with
# code that was compiled from an older version of the others.
_SOURCES: Final = ("compiling.py", "generators.py", "philox.py", "ranks.py", "counting_loops.py", "units.py", "journeys.py", "journeys_loop.py", "distributions/curves.py", "distributions/looking_in_loops.py", "scenario/offer.py", "scenario/sizes.py", "engine/**/*.py", "people/**/*.py", "measures/**/*.py")  # fmt: skip


def compiled(function: F) -> F:
    """The function compiled at its first call, kept on disk for the next start; without numba the function itself."""
    if not HAS_NUMBA:
        return function
    if _FOLDER is None:
        plain: F = numba.njit(**_OPTIONS)(function)
        return plain
    usual = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_FOLDER)  # read while the decorator works, and at no other time
    try:
        made: F = numba.njit(cache=True, **_OPTIONS)(function)
    finally:
        numba.config.CACHE_DIR = usual
    return made


def is_on_disk(function: Any) -> bool:
    """Whether a compiled function need not be compiled again. True without numba: there is nothing to wait for."""
    if not HAS_NUMBA:
        return True
    made = function.py_func
    found = Path(function.stats.cache_path or os.devnull).glob(
        f"{made.__module__.rpartition('.')[2]}.{made.__qualname__}-*.nbi"
    )
    return _FOLDER is not None and any(found)


def _folder_for_compiled() -> Path | None:
    """Where compiled code is kept: beside the package, else in the user's cache; None where neither can be written.

    The folder's name holds a hash of the sources.
    """
    package = Path(__file__).resolve().parent
    digest = hashlib.blake2b(digest_size=8)
    for pattern in _SOURCES:
        for source in sorted(package.glob(pattern)):
            digest.update(source.read_bytes())
    name = f"compiled-{digest.hexdigest()}"
    given = numba.config.CACHE_DIR
    users = Path(
        os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    ).expanduser()
    for place in [Path(given)] if given else [package / "__pycache__", users / "flowsim"]:
        folder = place / name
        is_new = not folder.exists()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            if is_new:
                _let_go_of_the_oldest(place)
            return folder
    return None


def _let_go_of_the_oldest(place: Path) -> None:
    """Remove code of sources that have changed since: all but the last few, which other versions may still use."""
    with suppress(OSError):  # somebody else may be at it
        folders = sorted(place.glob("compiled-*"), key=lambda folder: folder.stat().st_mtime)
        for folder in folders[:-MOST_FOLDERS]:
            rmtree(folder, ignore_errors=True)


_FOLDER: Final = _folder_for_compiled() if HAS_NUMBA else None


def inlined(function: F) -> F:
    """A part of compiled functions, set into each place that calls it; without numba the function itself."""
    if not HAS_NUMBA:
        return function
    made: F = numba.njit(forceinline=True, **_OPTIONS)(function)
    return made


def records_at(record: np.dtype[np.void], whole: np.dtype[np.void], table: str) -> Callable[[Any, int], Any]:
    """For compiled code: a function of (record of `whole`, number) that gives a record of a table in memory.

    `whole` holds the address of each table under its name, and that does not change while compiled code runs.
    Tables are passed as addresses because a compiled call counts references to every array that it is handed,
    which takes longer than most events do. Whoever passes an address keeps the table alive.
    """
    if not HAS_NUMBA:
        return _needs_numba
    type_of_record = numba.from_dtype(record)

    def at(_typing: Any, _whole: Any, _number: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            place = _place_in(context, builder, signature, arguments, record, whole, table)
            return builder.inttoptr(place, context.get_value_type(type_of_record))

        return type_of_record(_whole, _number), code

    made: Callable[[Any, int], Any] = numba.extending.intrinsic(at)
    return made


def _place_in(
    context: Any, builder: Any, signature: Any, arguments: Any, record: Any, whole: Any, table: str
) -> Any:
    """The address of a record of a table."""
    ir = import_module("llvmlite.ir")
    begin = builder.ptrtoint(arguments[0], ir.IntType(64))
    place = builder.add(begin, ir.Constant(ir.IntType(64), whole.fields[table][1]))
    address = builder.load(builder.inttoptr(place, ir.IntType(64).as_pointer()))
    # So it need not be read again after whatever was written.
    address.set_metadata("invariant.load", builder.module.add_metadata([]))
    number = context.cast(builder, arguments[1], signature.args[1], numba.types.int64)
    return builder.add(address, builder.mul(number, ir.Constant(ir.IntType(64), record.itemsize)))


def fetched_at(record: np.dtype[np.void], whole: np.dtype[np.void], table: str) -> Callable[[Any, int], None]:
    """For compiled code: as `records_at`, a function that has the processor fetch a record that is wanted soon.

    Any number will do, for nothing comes of fetching what is not there.
    """
    if not HAS_NUMBA:
        return _needs_numba
    ir = import_module("llvmlite.ir")
    byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    how = [ir.Constant(number, code) for code in (0, 3, 1)]  # to be read, kept close at hand, no code
    kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])

    def fetch(_typing: Any, _whole: Any, _number: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
            begin = _place_in(context, builder, signature, arguments, record, whole, table)
            for line in range(0, record.itemsize, LINE):
                place = builder.add(begin, ir.Constant(ir.IntType(64), line))
                builder.call(prefetch, [builder.inttoptr(place, byte), *how])
            return context.get_dummy_value()

        return numba.types.void(_whole, _number), code

    made: Callable[[Any, int], None] = numba.extending.intrinsic(fetch)
    return made


def _needs_numba(*_: object) -> Any:
    raise RuntimeError(f"only compiled code can do this, and numba is not there: {WHY_NOT}")


def _floats_at() -> Callable[[int, int], Any]:
    """Make `floats_at`."""
    if not HAS_NUMBA:
        return _needs_numba
    pointer = numba.types.CPointer(numba.types.float64)

    def at(_typing: Any, address: Any) -> Any:
        def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(address), code

    pointed, array = numba.extending.intrinsic(at), numba.carray

    def floats(address: int, count: int) -> Any:
        return array(pointed(address), count)

    return inlined(floats)


# For compiled code: a function of (address, count) that gives so many numbers in memory as an array.
floats_at: Final = _floats_at()


def _high_half() -> Any:
    """Make `high_half`: one instruction of the processor."""
    types = numba.types

    def high_half(_context: Any, one: Any, other: Any) -> Any:
        def build(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            narrow = arguments[0].type
            wide = type(narrow)(128)
            product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
            return builder.trunc(builder.lshr(product, wide(64)), narrow)

        return types.uint64(types.uint64, types.uint64), build

    return numba.extending.intrinsic(high_half)


# The upper 64 bits of the product of two whole numbers of 64 bits without a sign.
high_half: Final = _high_half() if HAS_NUMBA else _needs_numba
