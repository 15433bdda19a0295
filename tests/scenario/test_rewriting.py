"""Rewriting one value leaves the rest of a file, comments included, as it was."""

from __future__ import annotations

import pytest

import flowsim
from flowsim.errors import ScenarioError
from flowsim.scenario import bundled_names, fingerprint, from_text
from flowsim.scenario.files import read_layers
from flowsim.scenario.rewriting import derived_text, differences, texts_without, value_of, with_value
from flowsim.scenario.written import is_blank, literal


@pytest.mark.parametrize("name", ["sheffield-2017", "winter-pressure"])
def test_one_value_and_every_comment(name: str) -> None:
    text = read_layers(name)[-1].text
    changed = with_value(text, ("services", "stit", "capacity"), 260.0)
    assert from_text(changed, f"{name}.toml").services["stit"].capacity == 260
    assert changed.count("#") == text.count("#")


def test_a_value_in_a_new_scenario_on_a_base() -> None:
    text = with_value(derived_text("winter-pressure", "Mine"), ("run", "days"), 28)
    assert from_text(text, "mine.toml").run.days == 28


def test_text_that_is_no_value() -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        value_of("{ mon = ", "services.stit.starts")
    assert value_of("{ mon = 5 }", "x") == {"mon": 5}


@pytest.mark.uncounted  # the same lines for every scenario
@pytest.mark.parametrize("name", bundled_names())
def test_no_difference_from_itself(name: str) -> None:
    assert differences(flowsim.load(name), flowsim.load(name)) == []


def test_differences_are_those_of_the_file() -> None:
    found = differences(flowsim.load("more-homecare"), flowsim.load("winter-pressure"))
    assert [(path, new) for path, new, _ in found] == [("changes", "added: More homecare")]
    assert fingerprint(flowsim.load("more-homecare")) != fingerprint(flowsim.load("winter-pressure"))


def test_a_value_left_out_of_ones_own_file_takes_nothing_else_with_it() -> None:
    text = "# mine\n" + with_value(
        derived_text("winter-pressure", "Mine"), ("services", "stit", "capacity"), 9.0
    )
    text = with_value(text, ("services", "stit", "opens"), "09:00")
    first, *_ = texts_without(text, ("services", "stit", "capacity"), None)
    assert first.startswith("# mine")
    services = from_text(first, "mine.toml").services
    assert services["stit"].capacity == flowsim.load("winter-pressure").services["stit"].capacity
    assert services["stit"].opens == "09:00"


def test_what_a_base_says_is_left_out_by_saying_that_there_is_none() -> None:
    text = derived_text("winter-pressure", "Mine")
    (unlimited,) = texts_without(text, ("services", "stit", "starts"), None)
    assert from_text(unlimited, "mine.toml").services["stit"].starts is None
    (opens,) = texts_without(text, ("services", "stit", "opens"), "00:00")
    assert from_text(opens, "mine.toml").services["stit"].opens == "00:00"
    assert list(texts_without(text, ("services", "stit", "attribution"), None)) == []


def test_a_table_in_which_nothing_is_set_is_no_word_of_python() -> None:
    nothing = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"))
    assert literal(nothing) == "{}"
    assert is_blank(nothing)
    assert is_blank({})
    assert is_blank(())
    assert not is_blank(0)
    assert not is_blank({"mon": 0})
