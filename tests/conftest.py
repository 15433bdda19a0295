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
    """Whether a test is marked so, or is slow, or needs the server that browsers talk to."""
    group = item.get_closest_marker("xdist_group")
    in_browser = group is not None and group.args == ("browser",)
    return in_browser or any(item.get_closest_marker(name) for name in ("slow", "uncounted"))
