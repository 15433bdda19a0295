"""Freed memory is kept: work that is done again finds its memory ready. And what is made of something once lives as long as that."""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import subprocess
import sys
import weakref

import pytest

from flowsim.memory import keep_freed_memory, made_once

# Pages that the system had to fetch while the same arrays were made and let go again and again, in so many threads.
WORK = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from flowsim.memory import keep_freed_memory
how, size, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if how == "kept":
    keep_freed_memory()
def work(_):
    return len([np.ones(size) for _ in range(20)])
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(work, range(4 * threads)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    list(pool.map(work, range(20 * threads)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "size", [60_000, 600_000]
)  # an array of a city of half a million people, and of one of five
def test_the_same_work_again_fetches_no_new_memory(size: int, threads: int) -> None:
    # A library of another test may have left settings for the C library behind.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    pages = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", WORK, how, str(size), str(threads)],
                capture_output=True, text=True, check=True, env=environment,
            ).stdout
        )
        for how in ("kept", "given back")
    }  # fmt: skip
    assert pages["kept"] < pages["given back"] / 10, pages


@pytest.mark.parametrize("refusal", [TypeError, OSError, AttributeError])
def test_a_system_without_these_settings_is_left_alone(
    refusal: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def library(name: object) -> object:
        asked.append(name)
        if refusal is AttributeError:
            return object()  # a library that has no such function
        raise refusal("as Windows says of a library without a name")

    monkeypatch.setattr(ctypes, "CDLL", library)
    keep_freed_memory()
    assert asked == [None]


class Thing:
    """Something that others are made of."""


def test_what_is_made_once_is_made_again_for_another_and_goes_with_what_it_was_made_of() -> None:
    asked: list[Thing] = []

    @made_once
    def of(thing: Thing) -> Thing:
        asked.append(thing)
        return Thing()

    one, other = Thing(), Thing()
    assert of(one) is of(one) is not of(other)
    assert asked == [one, other]
    gone = weakref.ref(of(one))
    del one
    asked.clear()
    gc.collect()
    assert gone() is None
