"""Somebody at the app in a browser of their own, and the small scenario that they look at."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, Page

from flowsim.pages.choice import Choice, to_address

SMALL = (Path(__file__).parent / "small.toml").read_text(encoding="utf-8")
PATIENCE_MS = 60_000


def address_of(choice: Choice) -> str:
    """The parameters of an address that holds a choice."""
    return "?" + urlencode(to_address(choice))


def small_choice(**more: object) -> Choice:
    """A choice about the small scenario, which runs in no time."""
    start = {
        "base": "small",
        "plans": (),
        "on": "small",
        "replications": 20,
        "file_name": "small",
        "file_text": SMALL,
    }
    return Choice(**{**start, **more})  # type: ignore[arg-type]


class Visitor:
    """Somebody at the app in a browser of their own, and everything their browser complained about."""

    def __init__(self, context: BrowserContext, server: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.server = server
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("console", self._console)
        self.page.on("request", self._request)

    def _console(self, message: object) -> None:
        # Streamlit looks for its server below the page's own path first, and is told that it is not there.
        looked_for = "_stcore/" in str(message.location.get("url", ""))  # type: ignore[attr-defined]
        if message.type == "error" and not looked_for:  # type: ignore[attr-defined]
            self.complaints.append(f"console: {message.text}")  # type: ignore[attr-defined]

    def _request(self, request: object) -> None:
        url = request.url  # type: ignore[attr-defined]
        if not url.startswith((self.server, self.server.replace("http", "ws"), "data:", "blob:")):
            self.complaints.append(f"foreign request: {url}")

    def open(self, path: str) -> Page:
        """Open a page and wait until nothing runs any more."""
        self.page.goto(self.server + path)
        self.settle()
        return self.page

    def wait_until_drawn(self) -> None:
        """Wait until the page is drawn, whatever runs behind it."""
        self.page.wait_for_function(
            "() => document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') === 'notRunning'"
        )
        self.page.wait_for_timeout(400)

    def settle(self) -> None:
        """Wait until the page is drawn and nothing runs any more."""
        self.page.wait_for_selector("h1")
        self.page.wait_for_selector("p.answer, [role=tab]")
        self.page.wait_for_function(
            """() => document.querySelector('[data-testid="stApp"]')?.getAttribute('data-test-script-state') === 'notRunning'
                  && !document.querySelector('[data-testid="stProgress"]')
                  && !/Working it out|Following everybody/.test(document.body.innerText)"""
        )
        self.page.wait_for_timeout(400)
