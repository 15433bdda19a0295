"""What all tests share: long runs are not counted line by line, nor are the processes that they start.

Counting doubles the time of what is interpreted, and every line of theirs is gone through by a shorter test.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Final

import pytest

COUNTING: Final = "COVERAGE_PROCESS_CONFIG"  # how coverage reaches processes that a test starts


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests count no lines."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Processes started by a test that counts no lines count none either, nor do those of what it sets up."""
    kept = os.environ.pop(COUNTING, None) if item.get_closest_marker("no_cover") else None
    try:
        return (yield)
    finally:
        if kept is not None:
            os.environ[COUNTING] = kept
