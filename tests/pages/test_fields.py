"""Fields of the app without a browser: what is emptied, what goes along, what the address holds, how things are called."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from flowsim.pages.choice import to_address
from tests.pages.visitors import SMALL, small_choice

ROOT = Path(__file__).resolve().parents[2]


pytestmark = pytest.mark.usefixtures("one_core")


def _scenario() -> None:
    from flowsim.pages import scenario

    scenario.page()


def _people() -> None:
    from flowsim.pages import people

    people.page()


def _compare() -> None:
    from flowsim.pages import compare

    compare.page()


def opened(page: object, **more: object) -> AppTest:
    test = AppTest.from_function(page, default_timeout=60)  # type: ignore[arg-type]
    for key, value in to_address(small_choice(**more)).items():
        test.query_params[key] = value
    return test


def unfolded(**more: object) -> AppTest:
    test = opened(_compare, **{"replications": 2, **more})
    test.session_state["group STIT"] = True
    return test.run()


def the_form(part: str, **more: object) -> AppTest:
    """The form of the scenario page at one part of the small scenario."""
    test = opened(_scenario, shown="small", **more).run()
    return test.selectbox(key="form part").select(part).run()


def held(test: AppTest) -> dict[str, object]:
    return tomllib.loads(test.session_state["choice"].file_text)


def in_time(test: AppTest, kind: str, words: str) -> str:
    """What a page says with some words in it, once the runs that it waits for are done."""
    for _ in range(80):
        told = [str(getattr(found, "value", "")) for found in test.get(kind)]
        said = [text for text in told if words in text]
        if said:
            return said[0]
        test.run()
    pytest.fail(f"the page does not say: {words}")


def errors(test: AppTest) -> str:
    return " ".join(error.value for error in test.error).replace("\\", "")


def test_an_emptied_field_goes_back_to_what_was_typed_last() -> None:
    """A browser puts the default of the last drawing into a number field that is emptied."""
    test = unfolded()
    for value in (27.0, 28.0, 29.0):
        (field,) = [n for n in test.number_input if n.label == "STIT: capacity (people)"]
        field.set_value(value).run()
        (field,) = [n for n in test.number_input if n.label == "STIT: capacity (people)"]
        assert field.proto.default == value
    for value in (3, 4):
        (replications,) = [n for n in test.number_input if n.label == "Replications"]
        replications.set_value(value).run()
        (replications,) = [n for n in test.number_input if n.label == "Replications"]
        assert replications.proto.default == value


def test_levers_go_along_to_what_the_plan_is_built_on_and_the_page_says_so() -> None:
    test = unfolded(levers={"services.stit.capacity": 27.0, "services.stit.stay_scale": 1.1})
    test.selectbox(key="on").select("winter-pressure").run()
    assert not test.exception
    assert test.session_state["choice"].levers == {"services.stit.capacity": 27.0, "services.stit.stay_scale": 1.1}  # fmt: skip
    assert "2 of 2 moved levers kept." in [caption.value for caption in test.caption]
    (back,) = [button for button in test.button if button.label == "Put all levers back"]
    back.click().run()
    assert not [caption.value for caption in test.caption if "moved levers" in caption.value]


def test_a_lever_that_the_other_scenario_has_not_is_named() -> None:
    test = unfolded(on="winter-pressure", levers={"services.homecare.starts.weekend": 1.0, "services.stit.capacity": 9.0})  # fmt: skip
    test.selectbox(key="on").select("small").run()
    assert test.session_state["choice"].levers == {"services.stit.capacity": 9.0}
    (said,) = [c.value.replace("\\", "") for c in test.caption if "moved levers" in c.value]
    assert said.startswith("1 of 2 moved levers kept. Put back, as small has no such lever: ")
    assert "homecare" in said


def test_where_nothing_is_compared_no_difference_is_called() -> None:
    test = opened(_compare, replications=300).run()
    said = in_time(test, "markdown", "Tight enough:")
    assert "difference" not in said
    assert "every average is known to within 5 people." in said


def test_a_field_where_nothing_is_set_shows_nothing() -> None:
    test = the_form("Services: STIT")
    shown = {field.label: (field.value, field.placeholder) for field in test.text_input}
    assert shown["Declared ready"] == shown["Tasks"] == shown["Starts"] == ("", "not set")
    assert not [label for label, (value, _) in shown.items() if value in ("None", "{}", "[]")]


def test_labels_of_the_form_say_a_unit_once_and_in_words() -> None:
    labels = [number.label for number in the_form("Services: STIT").number_input]
    assert "Capacity (people)" in labels
    assert "Stay factor" in labels
    assert "Lead (days)" in labels


def test_an_emptied_field_takes_the_value_out() -> None:
    test = the_form("Services: Allocation of a route")
    (starts,) = [field for field in test.text_input if field.label == "Starts"]
    starts.input("").run()
    assert errors(test) == ""
    assert "starts" not in held(test)["services"]["allocation"]  # type: ignore[index]
    assert "work" in held(test)["services"]["allocation"]  # type: ignore[index]


def test_an_emptied_field_that_the_base_has_set_says_that_there_is_none() -> None:
    test = opened(_scenario, shown="winter-pressure").run()
    test.selectbox(key="form part").select("Services: STIT: reablement at home").run()
    (starts,) = [field for field in test.text_input if field.label == "Starts"]
    starts.input("").run()
    assert held(test)["services"]["stit"] == {"starts": "unlimited"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("shown", "part", "label", "why"),
    [
        ("small", "Routes: Home", "Name", "routes.home.label: cannot be left empty, as every scenario says something here"),
        ("small", "Services: Allocation of a route", "Work", "services.allocation"),  # in the words of the check
        ("winter-pressure", "Services: STIT: reablement at home", "Attribution", "as what this scenario builds on says it too"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_empty_says_why(shown: str, part: str, label: str, why: str) -> None:
    test = opened(_scenario, shown=shown).run()
    test.selectbox(key="form part").select(part).run()
    (field,) = [field for field in test.text_input if field.label == label]
    field.input("").run()
    assert why in errors(test)
    assert test.session_state["choice"].file_text == SMALL


def test_whose_people_are_followed_stands_in_the_address_and_comes_back() -> None:
    test = opened(_people).run()
    test.selectbox(key="people one").select("sheffield-2016").run()
    test.selectbox(key="people other").select("none").run()
    chosen = test.session_state["choice"]
    assert chosen.people == ("sheffield-2016", "none")
    again = AppTest.from_function(_people, default_timeout=60)
    for key, value in to_address(chosen).items():
        again.query_params[key] = value
    again.run()
    assert [box.value for box in again.selectbox] == ["sheffield-2016", "none"]
    assert not again.exception


def test_the_people_page_says_in_which_scenario_they_waited() -> None:
    test = opened(_people).run()
    assert "waited in hospital in small," in in_time(test, "caption", "waited in hospital")


def _where() -> None:
    from flowsim.pages import where

    where.page()


def test_what_is_of_one_replication_says_so() -> None:
    test = opened(_where, replications=4)
    test.session_state["fold Who blocks whom"] = True
    test.run()
    assert in_time(test, "caption", "one repetition of the period, the first")


def test_a_place_that_is_never_open_is_no_queue_without_beds() -> None:
    shut = '\n[services.spare]\nkind = "place"\nlabel = "Spare beds"\ncapacity = 0\nstay = { mean = 5, sd = 2 }\nnext = { leave = 1.0 }\n'
    text = SMALL.replace("capacity = 25", 'capacity = 5\nwait_in = ["spare"]') + shut
    test = opened(_where, replications=4, file_text=text)
    test.session_state["fold Each service: load, queue, waits"] = True
    test.run()
    said = in_time(test, "caption", "Left out, as nobody is taken on there")
    assert said.endswith("Spare beds.")
