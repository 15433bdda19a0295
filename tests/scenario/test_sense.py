"""What makes no sense is found as surely where only what changed is looked at as where everything is."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from flowsim.scenario import Scenario
from flowsim.scenario.edits import Document, document_of, rebuilt
from flowsim.scenario.generated import generated_scenario
from flowsim.scenario.sense import complaints

CITIES = 60
TRIES = 40


def damaged(scenario: Scenario, luck: random.Random) -> Iterator[Scenario]:
    """The scenario with one leaf of one of its parts replaced at a time, by what may or may not make sense."""
    document = document_of(scenario)
    names = [*scenario.services, *scenario.routes, "leave", "nowhere", "place", "team"]
    for _ in range(TRIES):
        section = luck.choice(
            [s for s in ("streams", "routes", "services", "over_prescription") if document[s]]
        )
        name = luck.choice(list(document[section]))
        part = altered(document[section][name], luck, names)
        now: Document = {**document, section: {**document[section], name: part}}
        version, invalid = rebuilt(scenario, document, now)
        if version is not None and not invalid:
            yield version


def altered(node: Any, luck: random.Random, names: list[str]) -> Any:
    """A nested value with one leaf, or one name in a table, replaced."""
    if isinstance(node, dict) and node:
        key = luck.choice(list(node))
        if luck.random() < 0.1:
            return {**node, key: None}
        if luck.random() < 0.1:
            return {**{k: v for k, v in node.items() if k != key}, luck.choice(names): node[key]}
        return {**node, key: altered(node[key], luck, names)}
    if isinstance(node, bool):
        return not node
    if isinstance(node, (int, float)):
        return luck.choice([0, node / 2, 10 * node, -1, None])
    if isinstance(node, str):
        return luck.choice([*names, "rest"])
    return luck.choice(
        [node, None, 3.0, {names[0]: 1.0}, {"nowhere": 1.0}, (luck.choice(names),), {"rest": "rest"}]
    )


@pytest.mark.uncounted  # long, and others go through its lines
def test_looking_only_at_what_changed_finds_what_looking_at_everything_finds() -> None:
    met: Counter[str] = Counter()
    for seed in range(CITIES):
        scenario = generated_scenario(seed)
        assert complaints(scenario) == []
        for version in damaged(scenario, random.Random(seed)):
            everything = complaints(version)
            assert complaints(version, since=scenario) == everything
            met.update(" ".join(c.path.split(".")[:3:2]) for c in everything)
            met["without a complaint"] += not everything
    # The damage reached rules of every kind: of names, of numbers, and of ways.
    wanted = {
        "services next",
        "services tasks",
        "services wait_in",
        "services stay",
        "streams enters",
        "streams weekday",
    }
    assert wanted <= met.keys(), met
    assert met["without a complaint"] > 300


def test_what_did_not_change_is_not_looked_at_again() -> None:
    scenario = generated_scenario(1)
    name = next(iter(scenario.services))
    wrong = scenario.services[name].model_copy(update={"opens": "23:00", "closes": "01:00"})
    broken = scenario.model_copy(update={"services": {**scenario.services, name: wrong}})
    assert [c.path for c in complaints(broken, since=scenario)] == [f"services.{name}.opens"]
    assert complaints(broken, since=broken) == []
