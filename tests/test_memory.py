"""Freed memory is kept: work that is done again finds its memory ready. And what is made of something once lives as long as that."""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import platform
import subprocess
import sys
import weakref

import pytest

from flowsim.memory import keep_freed_memory, made_once

ARRAYS = 20  # that a thread holds at a time
# Pages that the system had to fetch while the same arrays were made and let go again and again, in so many threads, which
# all hold theirs at the same time: else how much is held at most would differ from run to run.
WORK = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import numpy as np
from flowsim.memory import keep_freed_memory
how, size, arrays, threads = sys.argv[1], *map(int, sys.argv[2:])
if how == "kept":
    keep_freed_memory()
everybody_holds_theirs = Barrier(threads)
def work(_):
    held = [np.ones(size) for _ in range(arrays)]
    everybody_holds_theirs.wait()
    return len(held)
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(work, range(4 * threads)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    list(pool.map(work, range(20 * threads)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
# Lengths of an array of a city of half a million people, and of one of five.
SMALL, LARGE = 60_000, 600_000
on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to")


def pages_fetched(how: str, size: int, threads: int) -> float:
    """As a share of the pages that all threads hold together."""
    # A library of another test may have left settings for the C library behind.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", WORK, how, str(size), str(ARRAYS), str(threads)],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return int(done.stdout) / (threads * ARRAYS * size * 8 / mmap.PAGESIZE)


@on_glibc
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_same_work_again_fetches_no_new_memory(size: int, threads: int) -> None:
    assert pages_fetched("kept", size, threads) < 0.05


@on_glibc
@pytest.mark.parametrize("threads", [1, 2])
def test_a_system_that_is_not_told_fetches_it_again(threads: int) -> None:
    assert pages_fetched("given back", LARGE, threads) > 1


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
