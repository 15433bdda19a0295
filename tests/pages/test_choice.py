"""The address holds the choice, and strangers' addresses do no harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flowsim.pages.choice import Choice, from_address, own_file_name, to_address

SMALL = (Path(__file__).parent / "small.toml").read_text(encoding="utf-8")
CHOICES = (
    Choice(),
    Choice(base="sheffield-2016", plans=(), on="sheffield-2016"),
    Choice(plans=("more-homecare", "whole-plan"), replications=30, shown="more-homecare"),
    Choice(levers={"services.stit.capacity": 260.0, "changes.0": 0.0, "routes.stay": 1.05}),
    Choice(people=("winter-pressure", "more-homecare")),
    Choice(levers={"services.stit.capacity": 260.0}, people=("my-plan", "none")),
    Choice(base="small", plans=("winter-pressure",), on="small", file_name="small", file_text=SMALL),
)


@pytest.mark.parametrize("choice", CHOICES)
def test_an_address_gives_back_the_choice(choice: Choice) -> None:
    found, wrong = from_address(to_address(choice))
    assert wrong == []
    assert found == replace(choice, levers=dict(choice.levers))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"base": "no-such"}, "not known here"),
        ({"base": "../../etc/passwd"}, "not known here"),
        ({"replications": "999999999999"}, "must be from 2 to"),
        ({"replications": "-5"}, "must be from 2 to"),
        ({"lever.services.stit.capacity": "nan"}, "cannot be"),
        ({"lever.services.stit.capacity": "-1"}, "cannot be"),
        ({"lever.run.seed": "5"}, "cannot be"),
        ({"people": "winter-pressure,<script>"}, "not known here"),
        ({"people": "my-plan,none"}, "not known here"),  # there is no plan of one's own
        ({"people": "winter-pressure"}, "not known here"),
        ({"plausible": "no-such-set"}, "not known here"),
        ({"file": "AAAA", "name": "x"}, "damaged"),
        ({"file": "é", "name": "x"}, "damaged"),
        ({"plans": "whole-plan,<script>"}, "not known here"),
    ],
)
def test_a_strange_address_is_said_in_words(parameters: dict[str, str], words: str) -> None:
    choice, wrong = from_address(parameters)
    assert words in " ".join(wrong)
    assert choice.base in choice.names
    assert choice.levers == {}


def test_a_bomb_in_an_address_is_not_unpacked() -> None:
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b"#" * 50_000_000)).decode()
    _, wrong = from_address({"file": bomb, "name": "bomb"})
    assert wrong


@pytest.mark.parametrize(("given", "name"), [("a.toml", "a"), ("../x/y.toml", "xy"), ("whole-plan.toml", "my-whole-plan"), ("", "my-scenario")])  # fmt: skip
def test_names_of_files(given: str, name: str) -> None:
    assert own_file_name(given) == name
