"""Pictures of every page at both widths, into docs/app/: `python3 scripts/screenshots.py [NAME...]`.

Run it with the environment of the tests (`python3 scripts/environment.py --test` prints its Python).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from browser import CHROMIUM_SWITCHES, ROOT, chromium, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = ROOT / "docs" / "app"
WIDE, NARROW = (1366, 768), (390, 844)
PLANS = "?replications=12&plans=seven-day-stit,more-homecare,whole-plan"
# Page, its address, and what is there once it is ready; some have to be asked first.
PAGES = {
    "compare": (f"/{PLANS}", "text=/Take it away/"),
    "where": (f"/where{PLANS}&shown=winter-pressure", "text=Each service: load"),
    "people": (f"/people{PLANS}", "text=Every phase of every journey"),
    "decide": (f"/decide{PLANS}&question=diagnose&shown=winter-pressure", "text=Who blocks whom"),
    "scenario": ("/scenario?shown=whole-plan", "text=Is there room?"),
    "method": ("/method", "text=What the figures mean"),
}
BUTTONS = {"decide": "Split the days"}
PATIENCE_MS = 400_000


def settled(page: Page, sign: str) -> None:
    """Wait until a page has what it is waited for, and nothing runs any more."""
    page.wait_for_selector(sign, timeout=PATIENCE_MS)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=\"stProgress\"]')", timeout=PATIENCE_MS
    )
    page.wait_for_timeout(4_000)  # charts are fetched and drawn after the rest


def main(names: list[str]) -> int:
    """Make the pictures; 0 if all went well."""
    from playwright.sync_api import sync_playwright

    found = chromium()
    if found is None:
        print("There is no Chromium here; python3 scripts/browser.py installs it on Debian or Ubuntu.")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with served() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=CHROMIUM_SWITCHES)
        for name in names or PAGES:
            path, sign = PAGES[name]
            for (width, height), ending in ((WIDE, ""), (NARROW, "-narrow")):
                page = browser.new_page(viewport={"width": width, "height": height})
                page.goto(address + path)
                if name in BUTTONS:
                    page.get_by_role("button", name=BUTTONS[name]).click()
                settled(page, sign)
                if name in BUTTONS:  # the answer stands below the form
                    page.evaluate("document.querySelector('p.answer').scrollIntoView({block: 'center'})")
                page.screenshot(path=FOLDER / f"{name}{ending}.png")
                page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
