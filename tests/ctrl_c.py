"""Processes that a test presses Ctrl-C on."""

from __future__ import annotations

import signal


def heeds_ctrl_c() -> None:
    """For a new process: heed Ctrl-C, even if the tests themselves were started in the background, where it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def is_stopped(returncode: int) -> bool:
    """Whether a process ended as one that Ctrl-C stopped.

    A shell says 130 of both: what flowsim ends with, and what Python makes of that where Ctrl-C came while it made code of a text, as
    some library does when it is loaded. It then ends itself by the signal, although the interrupt was caught.
    """
    return returncode in (130, -signal.SIGINT)
