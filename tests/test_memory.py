"""Freed memory is kept: work that is done again finds its memory ready."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

# Pages that the system had to fetch while the same twenty arrays were made and let go again and again.
WORK = """
import resource, sys
import numpy as np
from flowsim.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def work():
    return [np.ones(60_000) for _ in range(20)]
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to")
def test_the_same_work_again_fetches_no_new_memory() -> None:
    # A library of another test may have left settings for the C library behind.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    pages = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", WORK, how], capture_output=True, text=True, check=True, env=environment
            ).stdout
        )
        for how in ("kept", "given back")
    }
    assert pages["kept"] < pages["given back"] / 10, pages
