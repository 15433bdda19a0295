"""A server and a browser for all browser tests; where there is no Chromium they are skipped, in CI they fail."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
import streamlit as st
from playwright.sync_api import Browser, expect, sync_playwright

import browser as tools
from flowsim.pages import runner as runners
from flowsim.pages.decide.asking import jobs
from flowsim.pages.session import runner
from tests.pages.visitors import PATIENCE_MS, Visitor

expect.set_options(timeout=PATIENCE_MS)  # five seconds are few where other tests run beside these


@pytest.fixture(autouse=True)
def same_main() -> Iterator[None]:
    """AppTest leaves its script as the main module, which every process that a later test starts would run."""
    ours = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = ours


@pytest.fixture
def quiet() -> Iterator[None]:
    """What a test's server began is ended with it."""
    yield
    jobs().close()
    st.cache_resource.clear()


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No processes for a test's runner, and a new runner for each test."""
    monkeypatch.setattr(runners, "cores_here", lambda: 1)
    yield
    runner().close()
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with tools.served() as address:
        yield address


# Not for the session: while Playwright runs, its event loop is in the way of tests that start one of their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = tools.chromium()
    if path is None:
        words = "there is no Chromium here; python3 scripts/browser.py installs it on Debian or Ubuntu"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=path, args=tools.CHROMIUM_SWITCHES)
        yield started
        started.close()


@pytest.fixture
def visitor(chromium: Browser, server: str) -> Iterator[Visitor]:
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
    yield Visitor(context, server)
    context.close()
