"""What all tests share: long runs are not counted line by line, nor are the processes that they start.

Counting doubles or trebles the time of what is interpreted, and nearly every line of theirs is gone through by a shorter
test: those of the pages by tests that need no browser.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Final

import pytest
from coverage import Coverage

COUNTING: Final = "COVERAGE_PROCESS_CONFIG"  # how coverage reaches processes that a test starts


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What a test that is not counted sets up, runs and starts is not counted either.

    pytest-cov's own mark stops one of the two counters that it has in a worker, and the other goes on.
    """
    if not _is_uncounted(item):
        return (yield)
    kept, stopped = os.environ.pop(COUNTING, None), []
    while (counter := Coverage.current()) is not None:
        counter.stop()
        stopped.append(counter)
    try:
        return (yield)
    finally:
        for counter in reversed(stopped):
            counter.start()
        if kept is not None:
            os.environ[COUNTING] = kept


def _is_uncounted(item: pytest.Item) -> bool:
    """Whether a test is marked so, or is slow."""
    return any(item.get_closest_marker(name) for name in ("slow", "uncounted"))


# The files that take longest, the longest first: begun last, one of them would keep a worker busy when all others are done.
LONGEST: Final = (
    "pages/test_browser.py", "pages/test_decide.py", "words/test_handbook.py", "words/test_notebooks.py",
    "twins/test_twins.py", "decisions/test_sweep.py", "words/test_handbook_build.py", "decisions/test_calibrate.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; whole files go to workers in this order."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    file = item.nodeid.partition("::")[0].removeprefix("tests/")
    return LONGEST.index(file) if file in LONGEST else len(LONGEST)
