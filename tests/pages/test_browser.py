"""The app in a real browser: what somebody sees who opens, changes, saves, sends, stops."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import flowsim
from flowsim.scenario import from_text
from flowsim.scenario.levers import with_levers
from tests.pages.visitors import SMALL, Visitor, address_of, small_choice

pytestmark = pytest.mark.uncounted  # so is the server; tests without a browser go through the same lines

PATHS = ("/", "/where", "/people", "/scenario", "/method")
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def mean_shown(visitor: Visitor, name: str) -> str:
    """The mean that the first table of Compare gives for a scenario."""
    row = visitor.page.locator("table").first.locator("tr", has_text=re.compile(rf"^{re.escape(name)}"))
    return row.locator("td").first.inner_text()


def words_of(result: flowsim.Result) -> str:
    found = result.interval("delayed_mean")
    return f"{found.value:.1f} ({found.low:.1f} to {found.high:.1f})"


def is_on(page: Page, name: str) -> bool:
    """Whether a switch comes to be on in a few seconds."""
    try:
        expect(page.get_by_role("checkbox", name=name)).to_be_checked(timeout=5_000)
    except AssertionError:
        return False
    return True


def barriers(page: Page) -> list[object]:
    """What axe finds wrong on a page."""
    found = Axe().run(page, options=WCAG).response["violations"]
    return [(v["id"], [n["html"][:200] for n in v["nodes"]][:3]) for v in found]


def test_a_film_plays(visitor: Visitor) -> None:
    page = visitor.open("/people" + address_of(small_choice()))
    page.locator("summary", has_text="People moving between services").click()
    page.wait_for_timeout(1_000)  # while it opens, things move away from under the mouse
    page.get_by_text("Show the film").click()
    if not is_on(page, "Show the film"):  # a busy machine takes longer to open it
        page.get_by_text("Show the film").click()
    film = page.locator(".js-plotly-plot").last
    dots = film.locator(".scatterlayer")
    expect(dots).to_contain_text("Waiting for STIT")
    before = dots.inner_html()
    film.locator(".updatemenu-button").first.click()
    page.wait_for_timeout(3_000)
    assert dots.inner_html() != before
    assert visitor.complaints == []


@pytest.mark.parametrize("width", [1366, 390])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_opens_without_a_complaint_and_is_accessible(visitor: Visitor, path: str, width: int) -> None:
    visitor.page.set_viewport_size({"width": width, "height": 768})
    page = visitor.open(path + address_of(small_choice()))
    assert page.locator("[data-testid=stException]").count() == 0
    assert visitor.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert barriers(page) == []
    if width == 1366:
        for closed in page.locator("[data-testid=stMain] details:not([open]) > summary").all()[::-1]:
            closed.click()
        page.wait_for_timeout(1_500)
        assert barriers(page) == []
        assert visitor.complaints == []


def test_the_number_is_the_command_lines(visitor: Visitor, tmp_path: Path) -> None:
    visitor.open("/" + address_of(small_choice()))
    file = tmp_path / "small.toml"
    file.write_text(SMALL, encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "flowsim", "run", str(file), "--cores", "1"], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip
    assert mean_shown(visitor, "small") in said


def test_a_lever_changes_the_right_number(visitor: Visitor) -> None:
    page = visitor.open("/" + address_of(small_choice()))
    page.locator("summary", has_text="STIT").click()
    field = page.get_by_role("spinbutton", name="STIT: capacity")
    field.fill("27")
    field.press("Enter")
    page.wait_for_selector("table >> text=my-plan")
    visitor.settle()
    base = from_text(SMALL, "small.toml")
    expected = flowsim.run(with_levers(base, {"services.stit.capacity": 27.0}), replications=20)
    assert mean_shown(visitor, "my-plan") == words_of(expected)
    assert mean_shown(visitor, "small") == words_of(flowsim.run(base, replications=20))
    assert "lever.services.stit.capacity=27" in page.url
    # Somebody who goes on from here finds the field where it was, with the cursor in it.
    expect(field).to_be_focused()
    field.fill("28")
    field.press("Enter")
    page.wait_for_url("**lever.services.stit.capacity=28**")
    visitor.settle()
    further = flowsim.run(with_levers(base, {"services.stit.capacity": 28.0}), replications=20)
    assert mean_shown(visitor, "my-plan") == words_of(further)


def test_a_lever_that_is_emptied_goes_back_to_what_was_typed_last(visitor: Visitor) -> None:
    page = visitor.open("/" + address_of(small_choice(replications=4)))
    page.locator("summary", has_text="STIT").click()
    field = page.get_by_role("spinbutton", name="STIT: capacity")
    for value in ("27", "28", "29"):
        field.fill(value)
        field.press("Enter")
        page.wait_for_url(f"**lever.services.stit.capacity={value}**")
        visitor.settle()
    field.fill("")
    field.press("Enter")
    expect(field).to_have_value("29")
    visitor.settle()
    expect(field).to_have_value("29")
    assert "lever.services.stit.capacity=29" in page.url


def test_a_new_answer_is_told_to_who_does_not_see_it(visitor: Visitor) -> None:
    page = visitor.open("/" + address_of(small_choice(replications=4)))
    answer = page.locator("p.answer")
    expect(answer).to_have_attribute("role", "status")
    before = answer.inner_text()
    answer.evaluate("node => { window.answer = node }")
    page.locator("summary", has_text="STIT").click()
    page.get_by_role("spinbutton", name="STIT: capacity").fill("9")
    page.get_by_role("spinbutton", name="STIT: capacity").press("Enter")
    expect(answer).not_to_have_text(before)
    # What is put in anew is not read out; what changes in a place that was there is.
    assert answer.evaluate("node => node === window.answer")


def test_who_goes_by_the_keyboard_sees_where_they_are(visitor: Visitor) -> None:
    page = visitor.open("/" + address_of(small_choice(replications=4)))
    ringed = """() => {
        const ring = node => getComputedStyle(node).outlineStyle === 'solid' && getComputedStyle(node).outlineWidth === '3px';
        let node = document.activeElement;
        for (let up = 0; node && up < 4; up++, node = node.parentElement) if (ring(node)) return true;
        return false;
    }"""
    seen = set()
    for _ in range(24):
        page.keyboard.press("Tab")
        kind = page.evaluate("() => document.activeElement.tagName")
        if kind == "BODY":
            break
        seen.add(kind)
        assert page.evaluate(ringed), page.evaluate("() => document.activeElement.outerHTML.slice(0, 200)")
    assert {"A", "BUTTON", "INPUT", "SUMMARY"} <= seen


@pytest.mark.parametrize(("path", "name"), [("/", "Compare"), ("/where", "Where people wait"), ("/method", "Method")])  # fmt: skip
def test_a_page_has_a_title_and_headings(visitor: Visitor, path: str, name: str) -> None:
    page = visitor.open(path + address_of(small_choice(replications=4)))
    assert page.title() == f"{name} - flowsim"
    headings = page.locator("[data-testid=stMain] h2").all_inner_texts()
    assert "The answer" in headings
    assert page.locator("h2.unseen a").count() == 0  # else who goes by the keyboard gets lost there


def test_a_link_shows_the_same(visitor: Visitor, chromium: Browser, server: str) -> None:
    visitor.open("/" + address_of(small_choice(levers={"services.stit.capacity": 28.0})))
    other = Visitor(chromium.new_context(), server)
    other.open(visitor.page.url.removeprefix(server))
    assert mean_shown(other, "my-plan") == mean_shown(visitor, "my-plan")
    other.page.context.close()


def test_downloads(visitor: Visitor) -> None:
    page = visitor.open("/" + address_of(small_choice(levers={"services.stit.capacity": 28.0})))
    page.locator("summary", has_text="Take it away").click()

    def taken(label: str) -> bytes:
        with page.expect_download() as held:
            page.get_by_role("button", name=label).click()
        return Path(held.value.path()).read_bytes()

    book = openpyxl.load_workbook(io.BytesIO(taken("Tables (XLSX)")))
    assert book.sheetnames == ["Summary", "Differences", "By day"]
    means = {
        row[0]: row[2]
        for row in book["Summary"].iter_rows(min_row=2, values_only=True)
        if row[1] == "delayed_mean"
    }
    assert f"{means['my-plan']:.1f}" == mean_shown(visitor, "my-plan").split()[0]
    assert taken("Summary (CSV)").startswith(b"scenario,measure,value,low,high,unit")
    assert taken("Picture of the census (PNG)").startswith(b"\x89PNG")
    saved = from_text(taken("Scenario my-plan (TOML)").decode(), "my-plan.toml")
    assert saved.services["stit"].capacity == 28
    names = zipfile.ZipFile(io.BytesIO(taken("Everything (ZIP)"))).namelist()
    assert {"summary.csv", "differences.csv", "daily.parquet", "manifest.json", "census.png", "tables.xlsx", "my-plan.toml"} <= set(names)  # fmt: skip
    assert visitor.complaints == []


def test_a_saved_scenario_opens_again(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.open("/scenario" + address_of(small_choice(shown="small")))
    page.get_by_role("tab", name="As TOML").click()
    with page.expect_download() as held:
        page.get_by_role("button", name="Save this file (TOML)").click()
    file = tmp_path / "again.toml"
    file.write_bytes(Path(held.value.path()).read_bytes())
    page.locator("summary", has_text="Open a scenario file").click()
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_function("() => location.search.includes('name=again')")
    assert page.get_by_text("A small hospital").count() >= 1


def test_a_broken_upload_gets_the_words_of_the_check(visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(SMALL.replace("capacity = 25", "capasity = -25"), encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "flowsim", "check", file.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert said.returncode == 2
    page = visitor.open("/scenario" + address_of(small_choice()))
    page.locator("summary", has_text="Open a scenario file").click()
    page.locator("input[type=file]").set_input_files(file)
    for complaint in said.stderr.strip().splitlines():
        expect(page.get_by_text(complaint, exact=True)).to_be_visible()


def test_a_run_is_stopped_and_goes_on(visitor: Visitor) -> None:
    long = SMALL.replace("days = 56", "days = 700").replace("per_day = 6", "per_day = 60")
    visitor.page.goto(visitor.server + "/" + address_of(small_choice(file_text=long, replications=2_000)))
    visitor.page.get_by_role("button", name="Stop").click()
    expect(visitor.page.get_by_text(re.compile(r"Stopped after [\d,]+ of 2,000"))).to_be_visible()
    visitor.wait_until_drawn()  # nobody presses within the millisecond in which a button appears
    visitor.page.get_by_role("button", name="Go on").click()
    expect(visitor.page.get_by_role("button", name="Stop")).to_be_visible()
    visitor.page.get_by_role("button", name="Stop").click()
    expect(visitor.page.get_by_role("button", name="Go on")).to_be_visible()


def test_two_visitors_do_not_mix(visitor: Visitor, chromium: Browser, server: str) -> None:
    one, two = (
        small_choice(levers={"services.stit.capacity": 23.0}),
        small_choice(levers={"services.stit.capacity": 31.0}),
    )
    other = Visitor(chromium.new_context(), server)
    visitor.page.goto(server + "/" + address_of(one))
    other.page.goto(server + "/" + address_of(two))
    visitor.settle()
    other.settle()
    base = from_text(SMALL, "small.toml")
    for who, choice in ((visitor, one), (other, two)):
        expected = flowsim.run(with_levers(base, choice.levers), replications=20)
        assert mean_shown(who, "my-plan") == words_of(expected)
    other.page.context.close()


def test_running_on_adds_replications(visitor: Visitor) -> None:
    page = visitor.open("/" + address_of(small_choice(replications=5)))
    page.get_by_role("button", name="Run on to 10 replications").click()
    page.wait_for_function("() => location.search.includes('replications=10')")
    visitor.settle()
    assert mean_shown(visitor, "small") == words_of(
        flowsim.run(from_text(SMALL, "small.toml"), replications=10)
    )
