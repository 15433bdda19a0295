"""The app with many visitors at once, each in a browser of their own: does everybody get their own answer, and how soon?

    python -m benchmarks.sessions [--visitors 20] [--rounds 3] [--lever room|stays]

Every visitor opens Compare on a winter and moves a lever to a place of their own, round after round: how many places
there are, which leaves everybody's needs as they are, or how long people stay, which does not. The number
on the page must be the one that flowsim gives for that scenario; then times and the server's memory are printed. Needs
the environment of the tests (Playwright, psutil, and a Chromium: python3 scripts/browser.py).
"""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import flowsim
from benchmarks.ground import ROOT, interpreter, spread
from flowsim.pages.choice import Choice, to_address
from flowsim.scenario.levers import levers_of, with_levers

sys.path.append(str(ROOT / "scripts"))  # its files are run as files, not imported as a package

import browser as tools

SCENARIO: Final = "winter-pressure"
REPLICATIONS: Final = 50
PATIENCE_MS: Final = 300_000
GLANCE_MS: Final = 100
MOST_MEGABYTES: Final = 2_000


class Moved(NamedTuple):
    """A lever: its key, what stands above its field and its group, and where it is moved to, step by step."""

    key: str
    field: str
    group: str
    first: float
    step: float


LEVERS: Final = {
    "room": Moved("services.stit.capacity", "STIT: reablement at home: capacity", "STIT", 200, 1),
    "stays": Moved("routes.stay", "Stays in hospital until ready", "Demand and winter", 1.01, 0.01),
}


@dataclass
class Visit:
    """What one visitor met: seconds from a lever moved to its answer, numbers shown, complaints of the browser."""

    number: int
    lever: Moved
    values: list[float]
    seconds: list[float] = field(default_factory=list)
    shown: dict[float, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


def main() -> int:
    """Let them in, print what they met; 1 if anybody failed, met another's number, or memory was too much."""
    parser = argparse.ArgumentParser(description="the app with many visitors at once")
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3, help="levers moved by each")
    parser.add_argument("--lever", choices=LEVERS, default="room", help="which is moved")
    asked = parser.parse_args()
    print(
        f"{asked.visitors} visitors, {asked.lever} of {SCENARIO}, {REPLICATIONS} replications each time, {interpreter()}"
    )
    with tools.served() as server:
        values = _values(LEVERS[asked.lever], asked.visitors, asked.rounds)
        visits = [Visit(number, LEVERS[asked.lever], own) for number, own in enumerate(values)]
        megabytes = asyncio.run(_all_visits(server, visits))
    return 0 if _said(visits, megabytes) else 1


async def _all_visits(server: str, visits: list[Visit]) -> float:
    """Let everybody in; the most memory that the server held, in MB."""
    from playwright.async_api import async_playwright

    path = tools.chromium()
    if path is None:
        raise SystemExit("there is no Chromium here: python3 scripts/browser.py installs it")
    async with async_playwright() as play:
        started = await play.chromium.launch(executable_path=path, args=tools.CHROMIUM_SWITCHES)
        pages = [await started.new_page() for _ in visits]
        seen = [0.0]
        watch = asyncio.create_task(_watch_memory(server.rpartition(":")[2], seen))
        # Nobody moves a lever before the last page is open: to open twenty takes the browsers longer than to answer.
        all_there = asyncio.Barrier(len(visits))
        await asyncio.gather(*(_visit(v, p, server, all_there) for v, p in zip(visits, pages, strict=True)))
        watch.cancel()
        await started.close()
    return max(seen)


async def _watch_memory(port: str, seen: list[float]) -> None:
    """Note, once a second, what the server and the processes that it started hold, in MB."""
    import psutil

    [server] = [
        p for p in psutil.process_iter(["cmdline"]) if f"--server.port={port}" in (p.info["cmdline"] or ())
    ]
    while True:
        held = [_held_by(p) for p in (server, *server.children(recursive=True)) if p.is_running()]
        seen.append(sum(held) / 1e6)
        await asyncio.sleep(1.0)


def _held_by(process: Any) -> int:
    """Bytes of memory; what several processes share counts once, where the system tells that."""
    info = process.memory_full_info()
    return int(getattr(info, "pss", info.rss))


async def _visit(visit: Visit, page: Any, server: str, all_there: asyncio.Barrier) -> None:
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    start = Choice(base=SCENARIO, plans=(), on=SCENARIO, replications=REPLICATIONS)
    await page.goto(f"{server}/?{urlencode(to_address(start))}")
    await page.wait_for_selector("table")
    await page.locator("summary", has_text=visit.lever.group).first.click()
    lever = page.get_by_role("spinbutton", name=visit.lever.field)
    # The first answer stands there, and nothing is being drawn any more: nobody moves a lever in that second.
    await page.wait_for_function(_QUIET, polling=GLANCE_MS)
    await all_there.wait()
    for value in visit.values:
        begun = time.monotonic()
        await lever.fill(f"{value:g}")
        await lever.press("Enter")
        moved = f"() => location.search.includes('lever.{visit.lever.key}={value:g}')"
        # Looked at now and then: to read the whole page sixty times a second takes half a core of its own.
        await page.wait_for_function(moved, polling=GLANCE_MS)
        await page.wait_for_function(_FINISHED, polling=GLANCE_MS)
        visit.seconds.append(time.monotonic() - begun)
        row = page.locator("table").first.locator("tr", has_text=re.compile("^my-plan"))
        visit.shown[value] = await row.locator("td").first.inner_text()


_QUIET: Final = """() => {
    const runs = document.querySelector('[data-testid="stApp"]')?.getAttribute('data-test-script-state') !== 'notRunning';
    if (runs || document.querySelector('[data-testid="stProgress"]')) { window.quietSince = undefined; return false; }
    window.quietSince = window.quietSince ?? Date.now();
    return Date.now() - window.quietSince > 1000;
}"""
# Nothing runs, nothing is on its way, and the plan of one's own is in the table.
_FINISHED: Final = """() => document.querySelector('[data-testid="stApp"]')?.getAttribute('data-test-script-state') === 'notRunning'
    && !document.querySelector('[data-testid="stProgress"]') && /my-plan/.test(document.querySelector('table')?.innerText ?? '')
    && !/Working it out|previous result/.test(document.body.innerText)"""


def _values(lever: Moved, visitors: int, rounds: int) -> list[list[float]]:
    """For every visitor the values to ask for: nobody else's, and not the scenario's own, where a lever is at its place."""
    [own] = [known.value for known in levers_of(flowsim.load(SCENARIO)) if known.key == lever.key]
    every = [round(lever.first + number * lever.step, 6) for number in range(visitors * rounds + 1)]
    free = [value for value in every if value != own]
    return [free[visitor : visitors * rounds : visitors] for visitor in range(visitors)]


def _expected(lever: Moved, value: float) -> str:
    scenario = with_levers(flowsim.load(SCENARIO), {lever.key: value})
    found = flowsim.run(scenario, replications=REPLICATIONS).interval("delayed_mean")
    return f"{found.value:.1f} ({found.low:.1f} to {found.high:.1f})"


def _said(visits: list[Visit], megabytes: float) -> bool:
    wrong = [
        f"visitor {visit.number}, {value:g}: shown {shown}, should be {right}"
        for visit in visits
        for value, shown in visit.shown.items()
        if shown != (right := _expected(visit.lever, value))
    ]
    complaints = [f"visitor {v.number}: {words}" for v in visits for words in v.complaints]
    print(*wrong, *complaints, sep="\n", end="\n" if wrong or complaints else "")
    print(f"answers: {sum(len(v.shown) for v in visits)}, of them wrong: {len(wrong)}")
    print(f"seconds from a lever moved to its whole answer: {spread([s for v in visits for s in v.seconds])}")
    print(f"memory of the server at most {megabytes:.0f} MB (at most {MOST_MEGABYTES} is asked for)")
    return not wrong and not complaints and megabytes <= MOST_MEGABYTES


if __name__ == "__main__":
    sys.exit(main())
