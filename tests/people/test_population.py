"""The people of a replication, against itineraries that are looked up by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from flowsim import load
from flowsim.errors import RunError
from flowsim.journeys import EXITS
from flowsim.people import NONE, Blueprint, People, populate, prepare
from flowsim.ranks import Ranks
from flowsim.scenario.edits import document_of
from flowsim.scenario.model import Scenario, shares
from flowsim.scenario.timeline import Timeline, build_timeline
from tests.generated import generated_scenario
from tests.people.by_hand import Draws, Person, Stop, column, written

SEEDS = range(30)
SEED, REPLICATION = 6, 3


def people_of(scenario: Scenario) -> tuple[Blueprint, People]:
    """A scenario's people under the seed of these tests."""
    plan = prepare(build_timeline(scenario))
    return plan, populate(plan, Ranks(SEED, REPLICATION))


def arrived(people: People) -> list[int]:
    """Those who come with a stream: who is there at the start is no part of this."""
    is_there = ~np.isnan(people.entered) | ~np.isnan(people.asked)
    found: list[int] = np.flatnonzero(~is_there).tolist()
    return found


def person_of(people: People, number: int, timeline: Timeline, draws: Draws) -> Person:
    """Somebody, with the scenario as it stood on the day they came."""
    arrives = float(people.arrives[number])
    return Person(
        people.streams[int(people.stream[number])],
        int(people.index[number]),
        arrives,
        people.routes[int(people.route[number])],
        timeline.on(math.floor(arrives)),
        timeline,
        draws,
    )


def same(one: Stop | None, other: Stop | None) -> bool:
    """Whether two itineraries are the same; times that come from a logarithm to the last step of the grid."""
    if one is None or other is None:
        return one is other
    close = pytest.approx([one.leaves_after, *(t[0] for t in one.relapses)], abs=2.0**-31)
    return (
        (one.place, one.stay, one.decided_rank, one.tasks, one.leaves)
        == (other.place, other.stay, other.decided_rank, other.tasks, other.leaves)
        and close == [other.leaves_after, *(t[0] for t in other.relapses)]
        and [t[1:] for t in one.relapses] == [t[1:] for t in other.relapses]
        and same(one.following, other.following)
        and same(one.otherwise, other.otherwise)
    )


@pytest.mark.uncounted  # long, and others go through its lines
def test_everybody_has_the_itinerary_that_one_finds_by_hand() -> None:
    seen: dict[str, int] = dict.fromkeys(("tasks", "relapses", "otherwise", "again", "unhindered"), 0)
    for seed in SEEDS:
        plan, people = people_of(generated_scenario(seed))
        draws = Draws(SEED, REPLICATION)
        for number in arrived(people):
            itinerary = person_of(people, number, plan.timeline, draws).itinerary()
            hindered = bool(people.hindered[number])
            steps = people.steps if hindered else people.unhindered_steps
            found = written(steps, plan.offer.names, int(people.first_step[number]), EXITS)
            other = written(steps, plan.offer.names, int(people.first_otherwise[number]), EXITS)
            first, plan_b = itinerary if hindered else (without_waiting(itinerary[0]), None)
            assert same(found, first), f"seed {seed}, person {number}:\n{found}\n{first}"
            assert same(other, plan_b), f"seed {seed}, person {number}, plan B"
            count(seen, first, hindered)
    assert all(seen.values()), f"not all was tried: {seen}"


def without_waiting(stop: Stop | None) -> Stop | None:
    """The same itinerary of somebody who never waits, and so needs nothing that happens while waiting."""
    if stop is None:
        return None
    stop.leaves_after, stop.relapses, stop.otherwise = math.inf, [], None
    stop.following = without_waiting(stop.following)
    return stop


def count(seen: dict[str, int], stop: Stop | None, hindered: bool) -> None:
    """Note what an itinerary has that could go wrong."""
    places: list[str] = []
    seen["unhindered"] += not hindered
    while stop is not None:
        seen["tasks"] += len(stop.tasks)
        seen["relapses"] += len(stop.relapses)
        seen["otherwise"] += stop.otherwise is not None
        seen["again"] += stop.place in places
        places.append(stop.place)
        stop = stop.following


def test_everybody_has_the_route_that_one_finds_by_hand() -> None:
    changed = 0
    for seed in SEEDS:
        plan, people = people_of(generated_scenario(seed))
        for number in arrived(people):
            person = person_of(people, number, plan.timeline, Draws(SEED, REPLICATION))
            needed, given = ranks_of_routes(person)
            need = column(shares(person.scenario.streams[person.stream].routes), needed)
            table = person.scenario.over_prescription.get(need, {need: 1.0})
            routes = list(plan.scenario.routes)
            # The columns of a table of shares stand in the order of the scenario's routes.
            by_route = {route: shares(table).get(route, 0.0) for route in routes}
            needs = {r: shares(person.scenario.streams[person.stream].routes).get(r, 0.0) for r in routes}
            assert routes[int(people.needed_route[number])] == column(needs, needed)
            assert person.route == column(by_route, given) or need != column(needs, needed)
            changed += person.route != routes[int(people.needed_route[number])]
    assert changed > 50


def ranks_of_routes(person: Person) -> tuple[float, float]:
    """Two numbers a person, one after the other: half a block."""
    half = person.draws.block(f"{person.stream}/which route", person.index // 2)
    return (half[2], half[3]) if person.index % 2 else (half[0], half[1])


def test_people_arrive_when_the_expected_number_reaches_their_epoch() -> None:
    for seed in SEEDS:
        plan, people = people_of(generated_scenario(seed))
        for place, stream in enumerate(people.streams):
            if stream not in plan.scenario.streams:
                continue
            demand = plan.demand[stream]
            epochs = Ranks(SEED, REPLICATION).epochs(f"{stream}/time of arrival", demand.total)
            hours = demand.first_day + np.arange(demand.expected.size) / 24
            chosen = people.stream == place
            assert people.index[chosen].tolist() == list(range(epochs.size))
            assert people.arrives[chosen] == pytest.approx(
                np.interp(epochs, demand.expected, hours), abs=2.0**-31
            )


def test_people_are_numbered_by_arrival_then_source_then_place() -> None:
    for seed in SEEDS:
        _, people = people_of(generated_scenario(seed))
        keys = [
            (float(a), people.streams[int(s)], int(i))
            for a, s, i in zip(people.arrives, people.stream, people.index, strict=True)
        ]
        assert keys == sorted(keys)
        assert len(set(keys)) == len(keys)


def test_every_step_belongs_to_one_itinerary() -> None:
    """From the first steps every row is reached once, with its person and its number in the itinerary."""
    for seed in SEEDS:
        _, people = people_of(generated_scenario(seed))
        for kind, steps in ((True, people.steps), (False, people.unhindered_steps)):
            of = np.flatnonzero(people.hindered == kind).tolist()
            frontier = [(p, int(people.first_step[p]), 0) for p in of]
            frontier += [(p, int(people.first_otherwise[p]), 0) for p in of]
            reached = []
            while frontier:
                person, row, number = frontier.pop()
                if row == NONE:
                    continue
                assert (int(steps.person[row]), int(steps.number[row])) == (person, number)
                assert (int(steps.next[row]) == NONE) != (int(steps.exit[row]) == NONE)
                reached.append(row)
                frontier += [
                    (person, int(column[row]), number + 1) for column in (steps.next, steps.otherwise)
                ]
            assert sorted(reached) == list(range(len(steps)))


def test_nobody_looks_up_who_is_never_hindered_until_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def look_up(*given: Any) -> str:
        asked.append(given)
        return "steps"

    monkeypatch.setattr("flowsim.people.population._look_up_free", look_up)
    _, people = people_of(load("sheffield-2017"))
    assert not asked
    assert people.unhindered_steps is people.unhindered_steps
    assert len(asked) == 1


def test_scenarios_that_share_ranks_draw_arrivals_once() -> None:
    plan = prepare(build_timeline(load("sheffield-2017")))
    ranks = Ranks(1, 0)
    one = populate(plan, ranks)
    epochs = ranks.epochs("emergency/time of arrival", 10.0)
    two = populate(plan, ranks)
    assert np.shares_memory(epochs, ranks.epochs("emergency/time of arrival", 100.0))
    assert one.arrives.tobytes() == two.arrives.tobytes()
    assert one.steps.stay.tobytes() == two.steps.stay.tobytes()


def test_the_people_of_a_replication_take_little_memory() -> None:
    """Everybody of half a year and its warm-up, with all itineraries, in at most 25 MB."""
    _, people = people_of(load("sheffield-2017"))
    tables = (people, people.steps, people.unhindered_steps)
    arrays = [v for table in tables for v in vars(table).values() if isinstance(v, np.ndarray)]
    bases = {id(a if a.base is None else a.base): (a if a.base is None else a.base) for a in arrays}
    assert sum(base.nbytes for base in bases.values()) < 25e6


def test_somebody_who_goes_round_and_round_is_refused() -> None:
    document: dict[str, Any] = document_of(generated_scenario(0))
    stay = {"kind": "place", "stay": 1.0, "next": {"hospital": 0.97, "leave": 0.03}}
    scenario = Scenario.model_validate(
        document
        | {
            "streams": {"s": {"label": "s", "per_day": 30, "enters": "hospital", "routes": {"r": 1.0}}},
            "routes": {"r": {"label": "r"}},
            "services": {"hospital": stay},
            "over_prescription": {}, "changes": [], "escalations": [],
        }
    )  # fmt: skip
    with pytest.raises(RunError, match="more than 200 steps"):
        len(people_of(scenario)[1].unhindered_steps)


# ---- those who can be hindered, without the others ---------------------------------------------------

OF_A_PERSON = ("arrives", "stream", "index", "needed_route", "route", "first_step", "first_otherwise", "entered", "asked")  # fmt: skip


@pytest.mark.parametrize("name", ["sheffield-2017", *SEEDS])
def test_without_those_who_never_meet_a_limit_the_others_stay_who_they_are(name: str | int) -> None:
    scenario = load(name) if isinstance(name, str) else generated_scenario(name)
    plan, everybody = people_of(scenario)
    only = populate(plan, Ranks(SEED, REPLICATION), hindered_only=True)
    of = np.flatnonzero(everybody.hindered)
    assert len(only) == of.size
    assert name != "sheffield-2017" or 4 * len(only) < len(everybody)
    assert only.hindered.all()
    named = np.array(everybody.streams)[everybody.stream[of]]
    assert np.array(only.streams)[only.stream].tolist() == named.tolist()
    for column_ in OF_A_PERSON:
        if column_ != "stream":
            assert getattr(only, column_).tobytes() == getattr(everybody, column_)[of].tobytes(), column_
    assert of[only.steps.person].tolist() == everybody.steps.person.tolist()
    for column_, values in vars(everybody.steps).items():
        if column_ != "person":
            assert getattr(only.steps, column_).tobytes() == values.tobytes(), column_
    assert not len(only.unhindered_steps)
