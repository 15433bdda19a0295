"""The same draws give the same bytes: twice, in any order, on any number of processes, by either way of working."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from flowsim.engine import simulate
from flowsim.experiment.replicate import Study, replicate
from flowsim.experiment.worker import Outcome
from flowsim.people import populate, prepare
from flowsim.people.blueprint import Blueprint
from flowsim.ranks import Ranks
from flowsim.scenario.edits import document_of
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline
from tests.generated import generated_scenario
from tests.laws.lived import live, same


def test_the_same_draws_give_the_same_bytes() -> None:
    for seed in range(12):
        scenario = generated_scenario(seed)
        assert same(
            live(scenario, seed=3, replication=2).journeys, live(scenario, seed=3, replication=2).journeys
        )


def test_other_draws_give_other_journeys() -> None:
    scenario = generated_scenario(1)
    assert not same(live(scenario, seed=3).journeys, live(scenario, seed=4).journeys)
    assert not same(live(scenario, replication=0).journeys, live(scenario, replication=1).journeys)


def without_limits(seed: int) -> Scenario:
    """A generated scenario whose services have no limits, but for one or two; every other one without tasks."""
    document = document_of(generated_scenario(seed)) | {"changes": [], "escalations": []}
    services, routes = dict(document["services"]), dict(document["routes"])
    no_limits: dict[str, Any] = {
        "capacity": None,
        "starts": None,
        "opens": "00:00",
        "closes": "24:00",
        "size": 1.0,
    }
    for name in list(services)[seed % 3 :]:
        services[name] = services[name] | no_limits
    if seed % 2:
        services = {n: s | {"tasks": {}} for n, s in services.items()}
        routes = {n: r | {"tasks": {}, "at": {}} for n, r in routes.items()}
    return Scenario.model_validate(document | {"services": services, "routes": routes})


def test_people_who_are_never_hindered_have_the_same_journeys_as_stories(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rule 14: the shortcut with arrays, against the SimPy story of everybody."""
    shortcuts = [live(without_limits(seed)) for seed in range(24)]
    assert sum(not s.people.hindered.all() for s in shortcuts) >= 12, "the shortcut was hardly ever taken"
    monkeypatch.setattr(Blueprint, "is_hindered", lambda *_: True)
    for shortcut in shortcuts:
        plan = prepare(build_timeline(shortcut.scenario))
        people = populate(plan, Ranks(1, 0))
        assert people.hindered.all()
        assert same(shortcut.journeys, simulate(people, plan.offer, shortcut.horizon))


def test_replications_do_not_depend_on_order_or_processes() -> None:
    """In one process and in two, and each alone: the same measures and journeys."""
    scenarios = (generated_scenario(2), generated_scenario(5))
    one = replicate(Study(scenarios, 0, 3, seed=9, keep_journeys=3))
    two = replicate(Study(scenarios, 0, 3, seed=9, keep_journeys=3), cores=2)
    assert [_bytes(o) for o in one.outcomes] == [_bytes(o) for o in two.outcomes]
    for k in (2, 0, 1):
        alone = replicate(Study(scenarios, k, k + 1, seed=9, keep_journeys=3))
        assert _bytes(alone.outcomes[0]) == _bytes(one.outcomes[k])


def _bytes(outcomes: tuple[Outcome, ...]) -> list[bytes]:
    found = []
    for outcome in outcomes:
        assert outcome.journeys is not None
        found += [pickle.dumps(sorted(outcome.measured.totals.items()))]
        found += [v.tobytes() for _, v in sorted(outcome.measured.daily.items())]
        found += [
            getattr(outcome.journeys, n).tobytes()
            for n in ("person", "asked", "started", "ready", "left", "outcome")
        ]
    return found
