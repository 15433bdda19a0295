"""What the forms of Decide ask, without a browser: of which scenario, of which plans, and whether an answer is still theirs."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from flowsim.decisions.levers import usual_levers
from flowsim.pages.choice import Choice, to_address
from flowsim.pages.decide.asking import CHANGED
from flowsim.scenario.levers import OWN_NAME
from tests.pages.visitors import small_choice

MOVED = {"services.stit.capacity": 300.0}
pytestmark = pytest.mark.usefixtures("quiet")


def _decide() -> None:
    from flowsim.pages.decide.page import page

    page()


def decide(choice: Choice) -> AppTest:
    test = AppTest.from_function(_decide, default_timeout=60)
    for key, value in to_address(choice).items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def switched(test: AppTest, scenario: str) -> AppTest:
    next(s for s in test.selectbox if s.label == "Scenario").set_value(scenario).run()
    assert not test.exception
    return test


def chosen_plans(test: AppTest) -> list[str]:
    return list(next(m for m in test.multiselect if m.label == "Plans").value)


def is_answered(test: AppTest) -> bool:
    return any('class="answer"' in m.value for m in test.markdown)


def answered(test: AppTest, button: str, replications: int) -> AppTest:
    """Press the button of a form and wait for the answer."""
    next(n for n in test.number_input if "eplications of " in n.label).set_value(replications)
    next(b for b in test.button if b.label == button).click().run()
    for _ in range(200):
        if is_answered(test):
            return test
        time.sleep(0.3)
        test.run()
        assert not test.exception
    raise AssertionError("there is no answer")


def entered(test: AppTest) -> list[float]:
    """Ends, step and price of the first lever that the search offers."""
    return [float(n.value or 0) for n in test.number_input][:4]


def test_the_levers_of_a_scenario_begin_with_its_own_numbers_whatever_was_shown_before() -> None:
    """Both have a place called stit, but the small hospital's has 25 places and no price."""
    small = small_choice(shown="small", question="optimise")
    first = next(lever for lever in usual_levers(small.scenario("small")) if lever.path == "services.stit.capacity")  # fmt: skip
    fresh = entered(decide(small))
    assert fresh == [first.low, first.high, first.step, first.price]
    test = decide(replace(small, shown="winter-pressure"))
    assert entered(test) != fresh
    assert entered(switched(test, "small")) == fresh


def test_each_field_of_a_lever_says_which_lever_it_is_of() -> None:
    labels = [n.label for n in decide(Choice(question="optimise", shown="winter-pressure")).number_input]
    assert len(set(labels)) == len(labels) > 9
    assert "Independent-sector homecare: more starts, from (times what it is)" in labels


@pytest.mark.parametrize("question", ["money", "report"])
def test_the_plan_of_ones_own_can_be_priced_and_written_about(question: str) -> None:
    test = decide(Choice(question=question, shown=OWN_NAME, levers=MOVED))
    assert chosen_plans(test) == [OWN_NAME, "whole-plan"]
    test = decide(Choice(question=question, shown="whole-plan", levers=MOVED))
    assert chosen_plans(test) == ["whole-plan", OWN_NAME]


def test_a_scenario_can_be_held_against_the_plan_of_ones_own() -> None:
    test = decide(Choice(question="sensitivity", shown="winter-pressure", levers=MOVED))
    assert OWN_NAME in next(s for s in test.selectbox if s.label == "Hold it against").options


@pytest.mark.parametrize("question", ["money", "report"])
def test_no_plan_is_chosen_twice(question: str) -> None:
    assert chosen_plans(decide(Choice(question=question, shown="whole-plan"))) == ["whole-plan"]


def test_a_paper_can_be_made_of_the_plan_of_ones_own() -> None:
    moved = {"services.stit.capacity": 27.0}
    test = decide(small_choice(question="report", shown=OWN_NAME, levers=moved))
    answered(test, "Prepare the paper", 2)
    said = " ".join(m.value for m in test.markdown)
    assert CHANGED not in said
    assert not test.error


def test_an_answer_goes_when_the_form_asks_something_else() -> None:
    """The base is not of the page: it may be changed on another one."""
    moved = {"services.stit.capacity": 27.0}
    choice = small_choice(question="money", shown=OWN_NAME, levers=moved)
    test = answered(decide(choice), "Work out the money", 2)
    assert CHANGED not in " ".join(m.value for m in test.markdown)
    assert not is_answered(switched(test, "winter-pressure"))
    assert is_answered(switched(test, OWN_NAME))
    test.session_state["choice"] = replace(choice, levers={"services.stit.capacity": 28.0})
    test.run()
    assert not is_answered(test)
    assert CHANGED in [m.value for m in test.markdown]


def test_an_answer_about_levers_goes_when_others_are_chosen() -> None:
    test = decide(small_choice(question="optimise", shown="small"))
    levers = next(m for m in test.multiselect if m.label == "What may be changed")
    levers.set_value(["services.stit.capacity"]).run()
    answered(test, "Find the cheapest plan", 100)
    levers = next(m for m in test.multiselect if m.label == "What may be changed")
    levers.set_value(["services.allocation.starts"]).run()
    assert not is_answered(test)
    assert CHANGED in [m.value for m in test.markdown]
