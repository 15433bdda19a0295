"""Processes that a test presses Ctrl-C on."""

from __future__ import annotations

import signal


def heeds_ctrl_c() -> None:
    """For a new process: heed Ctrl-C, even if the tests themselves were started in the background, where it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
