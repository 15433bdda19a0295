"""What is marked uncounted is not counted line by line: a counter that goes on unseen trebles the time of the tests."""

from __future__ import annotations

import os
import sys

import pytest
from coverage import Coverage

from tests.conftest import COUNTING


@pytest.mark.uncounted
def test_nothing_counts_here() -> None:
    assert Coverage.current() is None
    assert sys.gettrace() is None
    assert COUNTING not in os.environ
