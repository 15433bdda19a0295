"""The page that decides, in a real browser: each question opens, is accessible, and gives the numbers of its function."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest

from flowsim.decisions.compare import compare
from flowsim.decisions.diagnose import diagnose
from flowsim.decisions.forecast import forecast
from flowsim.decisions.levers import usual_levers
from flowsim.decisions.money import PlanCost, money
from flowsim.decisions.optimise import optimise
from flowsim.decisions.roster import Roster
from flowsim.decisions.sensitivity import sensitivity
from flowsim.decisions.staffing import staff
from flowsim.errors import DataError, Stopped
from flowsim.experiment.replicate import Progress
from flowsim.observed import read_observed
from flowsim.observed.handed import known_in
from flowsim.observed.today import Count, Today
from flowsim.pages.choice import to_address
from flowsim.pages.decide.ahead import FILE, MONTHS, PLAIN, TYPED
from flowsim.pages.decide.asking import CHANGED
from flowsim.pages.decide.page import QUESTIONS
from flowsim.pages.decide.roster import OWN, SMALLEST
from flowsim.pages.jobs import Jobs, Stand
from flowsim.report.diagnosed import parts_table
from flowsim.report.evidence import forecast_sentences, weeks_table
from flowsim.report.frames import words_of
from flowsim.report.moneyed import change_in_words
from flowsim.report.optimised import optimum_sentences
from flowsim.report.sensitive import tornado_table
from flowsim.report.staffed import rosters_table
from flowsim.scenario import from_text
from flowsim.workbooks import read_workbook
from tests.pages.test_asking import answered, decide, is_answered, switched
from tests.pages.visitors import SMALL, Visitor, address_of, small_choice

browser = pytest.mark.uncounted  # so is the server; tests without a browser go through the same lines
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
CITY = from_text(SMALL, "small.toml")
# What lies further right than the screen is wide is not seen, although nothing scrolls.
FURTHEST_RIGHT_IN_A_FORM = "Math.max(0, ...[...document.querySelectorAll('[data-testid=stForm] :is(input, button, label, p)')].map(one => one.getBoundingClientRect().right))"
CENSUS = "date,A,E\n2017-10-01,3,5\n2017-10-02,4,6\n"
PEOPLE = "admitted,ready,left,reason\n2017-10-01,2017-10-04,2017-10-05,E\n2017-10-02,2017-10-06,,E\n2017-10-03,2017-10-07,,A\n"


def opened(visitor: Visitor, question: str) -> Page:
    return visited(visitor, address_of(small_choice(shown="small", question=question)))


def visited(visitor: Visitor, address: str) -> Page:
    visitor.page.goto(f"{visitor.server}/decide{address}")
    visitor.page.wait_for_selector("[data-testid=stFormSubmitButton]")
    return visitor.page


def asked(page: Page, button: str) -> str:
    """Press the button of a form; the words of the answer, when it is there and the last step is drawn."""
    page.get_by_role("button", name=button).click()
    page.wait_for_selector("p.answer", timeout=60_000)
    page.get_by_role("button", name="Stop", exact=True).wait_for(state="detached", timeout=60_000)
    still(page)
    return page.locator("p.answer").inner_text()


def still(page: Page) -> None:
    """Wait until nothing is drawn any more: what is being drawn anew is pale, and what has just been opened fades in."""
    page.wait_for_function(
        """() => {
            const resting = document.querySelector('[data-testid="stApp"]')?.getAttribute('data-test-script-state') === 'notRunning';
            window.restingSince = resting ? (window.restingSince ?? Date.now()) : undefined;
            return resting && Date.now() - window.restingSince > 1200;
        }"""
    )


def fine(visitor: Visitor, page: Page) -> None:
    assert page.locator("[data-testid=stException]").count() == 0
    assert visitor.complaints == []
    still(page)
    found = Axe().run(page, options=WCAG).response["violations"]
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:3]) for v in found] == []
    page.set_viewport_size({"width": 390, "height": 768})
    still(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(FURTHEST_RIGHT_IN_A_FORM) <= 390


@browser
def test_the_cheapest_plan(visitor: Visitor) -> None:
    page = opened(visitor, "optimise")
    page.get_by_role("spinbutton", name="Fresh replications").fill("100")
    said = asked(page, "Find the cheapest plan")
    levers = ["services.stit.capacity+=0:5:1@0", "services.allocation.starts*=1:1.5:0.125@286"]
    found = optimise(CITY, levers, replications=100)
    words = {lever.path: lever.words for lever in usual_levers(CITY)}
    assert said == next(optimum_sentences(found, words))
    assert words["services.stit.capacity"] in page.locator("table").first.inner_text()
    fine(visitor, page)


@browser
@pytest.mark.parametrize("question", [question.name for question in QUESTIONS])
def test_every_question_can_be_asked_of_what_comes_along(visitor: Visitor, question: str) -> None:
    page = visited(visitor, f"?question={question}&shown=winter-pressure")
    still(page)
    assert page.locator("[data-testid=stException]").count() == 0


@browser
def test_an_answer_goes_with_its_scenario(visitor: Visitor) -> None:
    page = opened(visitor, "diagnose")
    page.get_by_role("spinbutton", name="Replications of each plan").fill("2")
    asked(page, "Split the days")
    page.get_by_role("combobox", name="Scenario").click()
    page.get_by_role("option", name="sheffield-2017", exact=True).click()
    page.locator("p.answer").wait_for(state="detached")
    assert page.locator("[data-testid=stException]").count() == 0


@browser
def test_the_rosters(visitor: Visitor) -> None:
    page = opened(visitor, "staff")
    page.get_by_text("Try a roster of my own").click()
    page.get_by_role("spinbutton", name="Mon", exact=True).wait_for()
    asked(page, "Work out the rosters")
    found = staff(CITY, service="stit", rosters=[Roster("my roster", (30.0,) * 7)], replications=10)
    words = words_of(rosters_table(found)).set_index("Roster")
    row = page.locator("tr", has_text="my roster").first.inner_text()
    assert str(words.loc["my roster", "Picked up in 24 h"]) in row
    assert str(words.loc["my roster", "Delayed, mean"]) in row
    fine(visitor, page)


def staff_fields(test: AppTest) -> dict[str, float]:
    return {n.label: float(n.value or 0) for n in test.number_input}


@pytest.mark.usefixtures("quiet")
def test_what_a_person_needs_begins_with_the_numbers_of_the_scenario_whatever_was_shown_before() -> None:
    small = small_choice(shown="small", question="staff")
    fresh = staff_fields(decide(small))
    test = decide(replace(small, shown="winter-pressure"))
    before = staff_fields(test)
    assert before["Mean stay, days"] == 26.7  # not 26.699999999999996
    assert before["Mean stay, days"] != fresh["Mean stay, days"]
    assert staff_fields(switched(test, "small")) == fresh


@pytest.mark.usefixtures("quiet")
def test_a_roster_is_answered_first_and_the_answer_goes_when_another_is_asked_about() -> None:
    test = decide(small_choice(shown="small", question="staff"))
    next(r for r in test.radio if r.label == "What to do").set_value(OWN).run()
    answered(test, "Work out the rosters", 2)
    assert any("With my roster " in m.value for m in test.markdown if 'class="answer"' in m.value)
    next(r for r in test.radio if r.label == "What to do").set_value(SMALLEST).run()
    assert not is_answered(test)
    assert CHANGED in [m.value for m in test.markdown]


@browser
def test_what_matters(visitor: Visitor) -> None:
    page = opened(visitor, "sensitivity")
    said = asked(page, "Find what matters")
    found = sensitivity(CITY, by=0.1, points=0, replications=5)
    assert found.tornado["label"].iloc[0] in said
    page.locator("summary", has_text="The numbers behind the picture").click()
    first = words_of(tornado_table(found)).iloc[0]
    assert first["Change in delayed, 10 % smaller"] in page.locator("table").first.inner_text()
    fine(visitor, page)


@browser
def test_where_the_days_come_from(visitor: Visitor) -> None:
    page = opened(visitor, "diagnose")
    asked(page, "Split the days")
    found = diagnose(
        CITY, switches=[s.name for s in diagnose(CITY, replications=2).switches][:4], replications=5
    )
    page.locator("summary", has_text="The numbers behind the picture: excess").click()
    shown = page.locator("table").first.inner_text()
    assert all(words in shown for words in words_of(parts_table(found, "excess"))["People"])
    fine(visitor, page)


@browser
def test_the_money_and_the_paper(visitor: Visitor) -> None:
    page = visited(visitor, "?question=money&shown=seven-day-stit")
    page.get_by_role("spinbutton", name="Replications of each plan").fill("2")
    asked(page, "Work out the money")
    row = money(compare(["winter-pressure", "seven-day-stit", "whole-plan"], replications=2)).iloc[-1]
    assert change_in_words(row.to_dict()) in page.locator("tr").last.inner_text()
    page.locator("summary", has_text="What the plans themselves cost").click()
    page.get_by_role("spinbutton", name="whole-plan: costs").fill("3000000")
    page.keyboard.press("Enter")
    costs = (PlanCost("whole-plan", "council", 3e6),)
    compared = compare(["winter-pressure", "seven-day-stit", "whole-plan"], replications=2)
    row = money(compared, plan_costs=costs).iloc[-1]
    page.locator("tr", has_text=change_in_words(row.to_dict())).wait_for()
    fine(visitor, page)
    page.set_viewport_size({"width": 1366, "height": 768})
    page = visited(visitor, "?question=report&shown=seven-day-stit")
    page.get_by_role("spinbutton", name="Replications of each plan").fill("2")
    asked(page, "Prepare the paper")
    with page.expect_download() as held:
        page.get_by_role("button", name="The paper for a word processor (DOCX)").click()
    file = docx.Document(io.BytesIO(Path(held.value.path()).read_bytes()))
    assert page.locator("p.answer").inner_text()[:60] in file.paragraphs[1].text
    fine(visitor, page)


@browser
def test_the_next_weeks_from_counts(visitor: Visitor) -> None:
    page = opened(visitor, "forecast")
    page.get_by_role("spinbutton", name="Possible courses").fill("40")
    page.get_by_role("spinbutton", name="Ready in hospital, waiting for: STIT").fill("9")
    page.get_by_role("spinbutton", name="Everybody there now: STIT").fill("25")
    said = asked(page, "Forecast")
    counts = (Count("stit", "the test", in_hospital=9, caseload=25),)
    found = forecast(CITY, today=Today(counts, CITY.run.start), paths=40)
    assert said == next(forecast_sentences(found))
    assert found.day_0 is not None
    last = words_of(weeks_table(found)).iloc[-1]
    row = page.locator("table", has_text="90 % band").locator("tr").last.inner_text()
    assert last["90 % band"] in row
    assert last.iloc[-1] in row
    with page.expect_download() as held:
        page.get_by_role("button", name="Tables (XLSX)").click()
    sheets = read_workbook(Path(held.value.path()))
    assert list(sheets) == ["By day", "By week", "By month", "At the start"]
    assert len(sheets["By day"]) == 1 + 84
    fine(visitor, page)


@browser
def test_the_next_weeks_from_files_that_are_handed_over(visitor: Visitor, tmp_path: Path) -> None:
    page = opened(visitor, "forecast")
    page.get_by_text(FILE, exact=True).click()
    still(page)  # for a moment the field that goes stands beside the one that comes
    page.get_by_role("spinbutton", name="Possible courses").fill("20")
    for name, text in (("census.csv", CENSUS), ("people.csv", PEOPLE)):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_text(name).first.wait_for()
        today = known_in(name, file.read_bytes())
        assert isinstance(today, Today)
        found = forecast(CITY, today=today, paths=20)
        page.get_by_role("button", name="Forecast", exact=True).click()
        page.get_by_text(words_of(weeks_table(found)).iloc[-1]["From"], exact=True).wait_for()
        assert page.locator("p.answer").inner_text() == next(forecast_sentences(found))
        page.get_by_role("button", name=f"Remove {name}").click()
    fine(visitor, page)


@browser
def test_the_next_weeks_from_official_months_and_a_stop(visitor: Visitor) -> None:
    longer = SMALL.replace("2017-10-02", "2017-02-01").replace("days = 56", "days = 300")
    longer = longer.replace(
        "per_day = 6\n", "per_day = 7.2\n"
    )  # about as many delayed as in Sheffield's months
    choice = small_choice(shown="small", question="forecast", file_text=longer)
    page = visited(visitor, address_of(choice))
    page.get_by_text(MONTHS, exact=True).click()
    still(page)
    page.get_by_role("spinbutton", name="Possible courses").fill("20")
    said = asked(page, "Forecast")
    found = forecast(from_text(longer, "small.toml"), read_observed("sheffield"), paths=20)
    assert said == next(forecast_sentences(found))
    assert page.get_by_text("weighted by the 8 months before 2017-10-01").count() == 1
    fine(visitor, page)
    page.get_by_role("spinbutton", name="Possible courses").fill("2000")
    page.get_by_role("button", name="Forecast", exact=True).click()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("Stopped").wait_for()
    assert page.locator("[data-testid=stException]").count() == 0


# Without a browser


def _decide() -> None:
    from flowsim.pages.decide.page import page

    page()


def at_forecast(how: str, **more: object) -> AppTest:
    test = AppTest.from_function(_decide, default_timeout=60)
    for key, value in to_address(small_choice(shown="small", question="forecast", **more)).items():
        test.query_params[key] = value
    test.run()
    next(radio for radio in test.radio if radio.key == "forecast how").set_value(how).run()
    return test


@pytest.mark.usefixtures("quiet")
def test_nobody_waits_in_hospital_to_be_admitted_whatever_the_hospital_is_called() -> None:
    """A hospital is told by its setting; a second one can be waited for in the first."""
    acute = SMALL.replace('"hospital"', '"acute"').replace("hospital = 0.1", "cottage = 0.1")
    acute = acute.replace("[services.hospital]", '[services.acute]\nsetting = "hospital"')
    acute += '\n[services.cottage]\nkind = "place"\nlabel = "Cottage hospital"\nsetting = "hospital"\ncapacity = 5\nstay = { mean = 5, sd = 2 }\n'
    acute += "next = { leave = 1.0 }\n"
    labels = [n.label for n in at_forecast(TYPED, file_text=acute).number_input]
    assert "Everybody there now: Hospital" in labels
    assert "Ready in hospital, waiting for: Hospital" not in labels
    assert "Waiting outside hospital for: Hospital" not in labels
    assert "Ready in hospital, waiting for: Cottage hospital" in labels


@pytest.mark.parametrize(("how", "words"), [(TYPED, "no count is entered"), (FILE, "no file is chosen")])
@pytest.mark.usefixtures("quiet")
def test_a_forecast_from_nothing_is_refused_in_words(how: str, words: str) -> None:
    test = at_forecast(how)
    next(button for button in test.button if button.label == "Forecast").click().run()
    assert not test.exception
    assert [words in error.value for error in test.error] == [True]


@pytest.mark.usefixtures("quiet")
def test_a_forecast_from_the_scenario_as_it_is() -> None:
    test = at_forecast(PLAIN)
    next(n for n in test.number_input if n.key == "forecast paths").set_value(20)
    next(button for button in test.button if button.label == "Forecast").click().run()
    for _ in range(100):
        if any("target of 4 is" in m.value for m in test.markdown):
            break
        time.sleep(0.3)
        test.run()
    assert not test.exception
    said = next(forecast_sentences(forecast(CITY, paths=20)))
    assert any(said in m.value for m in test.markdown)


def test_a_file_handed_over_is_read_and_named_by_its_name() -> None:
    today = known_in("my census.csv", b"date,A,E\n2017-10-01,3,5\n2017-10-02,4,6\n")
    assert isinstance(today, Today)
    assert [(c.what, c.delayed) for c in today.counts] == [("A", 4), ("E", 6)]
    assert {c.where for c in today.counts} == {"my census.csv: 2017-10-02"}
    with pytest.raises(DataError, match=r"^my counts\.csv.*-3"):
        known_in("my counts.csv", b"what,in_hospital\nstit,-3\n")


def waited(jobs: Jobs, session: str, key: str, work: object) -> Stand:
    for _ in range(500):
        stand = jobs.ask(session, key, work)  # type: ignore[arg-type]
        if stand.finished:
            return stand
        time.sleep(0.01)
    raise AssertionError("it never ended")


def test_work_is_done_once_for_two_and_stopped_when_asked() -> None:
    jobs, begun = Jobs(), []

    def counted(on_done: Progress) -> str:
        begun.append(1)
        on_done(1, 2)
        return "done"

    def endless(on_done: Progress) -> None:
        while True:
            on_done(3, 10)
            time.sleep(0.005)

    def kept(on_done: Progress) -> str:
        try:
            endless(on_done)
        except Stopped:
            return "best so far"
        return ""

    def broken(_on_done: Progress) -> None:
        raise RuntimeError("inside")

    assert waited(jobs, "one", "a", counted).result == waited(jobs, "two", "a", counted).result == "done"
    assert len(begun) == 1
    for work, result in ((endless, None), (kept, "best so far")):
        key = work.__name__
        jobs.ask("one", key, work)
        while not jobs.ask("one", key, work).done:
            time.sleep(0.01)
        assert jobs.ask("three", f"after {key}", counted).ahead == 1
        jobs.stop(key)
        stand = waited(jobs, "one", key, work)
        assert (stand.stopped, stand.result, stand.problem) == (True, result, "")
        jobs.again(key)
        assert jobs.look(key) is None
    assert "fault of the program" in waited(jobs, "one", "b", broken).problem
    # What a session asked for before is dropped: nobody waits for it.
    jobs.ask("one", "long", endless)
    assert waited(jobs, "one", "c", counted).result == "done"
    assert jobs.look("long") is None
    jobs.close()
