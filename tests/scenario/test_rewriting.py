"""Rewriting one value leaves the rest of a file, comments included, as it was."""

from __future__ import annotations

import pytest

import flowsim
from flowsim.errors import ScenarioError
from flowsim.scenario import bundled_names, fingerprint, from_text
from flowsim.scenario.files import read_layers
from flowsim.scenario.rewriting import derived_text, differences, value_of, with_value


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
