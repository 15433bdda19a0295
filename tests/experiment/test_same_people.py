"""Scenarios that differ only in what services offer share their people; the results are those of each by itself."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from flowsim.experiment.worker import Job, run_job
from flowsim.people import Blueprint, populate, prepare
from flowsim.people import blueprint as preparing
from flowsim.ranks import Ranks
from flowsim.scenario.edits import Plan
from flowsim.scenario.files import from_text
from flowsim.scenario.model import UNLIMITED, Scenario
from flowsim.scenario.timeline import altered, build_timeline
from tests.cities import little_city

BASE = from_text(little_city(), "little")
HALF_WAY = BASE.run.start + dt.timedelta(days=BASE.run.days // 2)
OFFERED = {
    "room": Plan(add={"services.ic_beds.capacity": 3.0}, scale={"services.stit.capacity": 1.1}),
    "starts": Plan(scale={"services.stit.starts": 1.5}, put={"services.ic_beds.starts": {"sun": 0}}),
}
NEEDED = {
    "stay": Plan(scale={"services.stit.stay": 1.1}),
    "people": Plan(scale={"streams.emergency.per_day": 1.1}),
    "share": Plan(put={"streams.emergency.routes": {"home": "rest", "d2a_home": 0.2}}),
    "there": Plan(put={"services.stit.initial": {"people": 5}}),
    "no limit": Plan(put={"services.review.capacity": UNLIMITED}),
    "unwell": Plan(scale={"while_waiting.unwell_per_day": 1.5}),
    "ways": Plan(put={"services.stit.next": {"leave": "rest", "homecare": 0.4, "care_home": 0.03, "hospital": 0.09}}),
    "tasks": Plan(put={"routes.d2a_step_down.tasks": {"allocation": 1.0, "equipment": 0.8}}),
    "plan B": Plan(put={"services.stit.otherwise": {"after_days": 5, "service": "homecare"}}),
    "days": Plan(put={"run.warm_up_days": 40}),
}  # fmt: skip


def blueprint(scenario: Scenario) -> Blueprint:
    return prepare(build_timeline(scenario))


def test_room_and_starts_leave_people_the_same_and_nothing_else_does() -> None:
    base = blueprint(BASE).same_people
    for plan in OFFERED.values():
        assert blueprint(altered(BASE, plan)).same_people == base
    for what, plan in NEEDED.items():
        assert blueprint(altered(BASE, plan)).same_people != base, what


LASTING = {
    "stay at a service": Plan(scale={"services.stit.stay": 1.1}),
    "stay of a route": Plan(scale={"routes.home.stay": 0.9, "routes.d2a_home.stay": 1.2}),
    "stay when unwell": Plan(put={"while_waiting.unwell_stay": 3.0}),
}


def test_longer_stays_leave_people_the_same_in_ranks() -> None:
    base = blueprint(BASE)
    for what, plan in (OFFERED | LASTING).items():
        assert blueprint(altered(BASE, plan)).same_walk == base.same_walk, what
    for what in ("people", "share", "unwell", "ways", "tasks", "plan B", "days"):
        assert blueprint(altered(BASE, NEEDED[what])).same_walk != base.same_walk, what


def dated(words: str) -> Scenario:
    """The little city with something altered half-way."""
    return from_text(f'{little_city()}\n[[changes]]\nlabel = "later"\nfrom = {HALF_WAY}\n{words}\n', "dated")


def test_what_happens_to_those_who_never_meet_a_limit_is_shared_where_it_is_the_same() -> None:
    """Nobody needs anything else where stays are stretched for a while, yet they leave later."""
    longer, longest, roomier = (
        dated('scale = { "services.hospital.stay_scale" = 1.2 }'),
        dated('scale = { "services.hospital.stay_scale" = 1.4 }'),
        dated('scale = { "services.hospital.stay_scale" = 1.2, "services.stit.capacity" = 1.1 }'),
    )
    assert blueprint(longer).same_people == blueprint(longest).same_people
    assert blueprint(longer).same_unhindered != blueprint(longest).same_unhindered
    assert blueprint(longer).same_unhindered == blueprint(roomier).same_unhindered
    scenarios = (longer, longest, roomier)
    for found in run_job(Job(scenarios, (0,), 5, "compiled")):
        (alone,) = run_job(Job((scenarios[found.scenario],), (0,), 5, "compiled"))
        assert repr(dict(found.measured.totals)) == repr(dict(alone.measured.totals))
        assert all(
            v.tobytes() == alone.measured.daily[name].tobytes() for name, v in found.measured.daily.items()
        )


@pytest.mark.uncounted  # whole runs, whose lines others go through
@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_together_as_by_themselves(engine: str) -> None:
    scenarios = (BASE, *(altered(BASE, plan) for plan in (*OFFERED.values(), *NEEDED.values())))
    together = run_job(Job(scenarios, (0, 1), 5, engine, 1))
    for n, scenario in enumerate(scenarios):
        alone = run_job(Job((scenario,), (0, 1), 5, engine, 1))
        mine = [outcome for outcome in together if outcome.scenario == n]
        for one, other in zip(mine, alone, strict=True):
            assert one.measured.totals.keys() == other.measured.totals.keys()
            for name, value in one.measured.totals.items():
                assert (
                    value == other.measured.totals[name]
                    or np.isnan([value, other.measured.totals[name]]).all()
                )
        assert mine[0].journeys is not None
        assert alone[0].journeys is not None
        assert np.array_equal(mine[0].journeys.left, alone[0].journeys.left, equal_nan=True)


def test_with_people_who_are_kept_as_without() -> None:
    """Plan after plan gives what it gives by itself."""
    for plan in (Plan(), *OFFERED.values(), *LASTING.values(), *NEEDED.values(), *LASTING.values()):
        scenario = altered(BASE, plan)
        shared = run_job(Job((scenario,), (0, 1), 5, "compiled", keep_people_bytes=10**8))
        for one, other in zip(shared, run_job(Job((scenario,), (0, 1), 5, "compiled")), strict=True):
            assert repr(dict(one.measured.totals)) == repr(dict(other.measured.totals))
            assert list(one.measured.daily) == list(other.measured.daily)
            for name, values in one.measured.daily.items():
                assert values.tobytes() == other.measured.daily[name].tobytes(), name


@pytest.mark.parametrize("name", ["stay", "unwell"])
def test_tables_that_are_kept_are_not_taken_for_another_scenarios(name: str) -> None:
    """Prepared after its like, a plan whose people need something else has the people that it has by itself."""
    plan = altered(BASE, NEEDED[name])
    preparing._tables.clear()
    alone = populate(prepare(build_timeline(plan)), Ranks(3, 0)).steps
    preparing._tables.clear()
    other = populate(prepare(build_timeline(BASE)), Ranks(3, 0)).steps
    after = populate(prepare(build_timeline(plan)), Ranks(3, 0)).steps
    for column in ("stay", "relapse_after"):
        np.testing.assert_array_equal(getattr(after, column), getattr(alone, column))
    assert any(not np.array_equal(getattr(other, c), getattr(alone, c)) for c in ("stay", "relapse_after"))
