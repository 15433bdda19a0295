"""Who is there at the start: what each kind of them began, and what they have not begun yet."""

from __future__ import annotations

import numpy as np

from flowsim import load
from flowsim.people import prepare
from flowsim.people.start import Began, Dealt, dealt_out, in_days
from flowsim.people.tables import THERE
from flowsim.ranks import Ranks
from flowsim.scenario.edits import document_of
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import build_timeline
from tests.generated import generated_scenario

SEEDS = range(40)


def kind_of(some: Dealt, began: Began, start: float) -> str:
    """What people of one party are, having looked at whether their times are those of such people."""
    entered, asked, stay = began
    if some.source.why == THERE:
        assert np.isnan(asked).all()
        # In the middle of the stay, and it began before the start.
        assert ((entered <= start) & (entered + stay >= start)).all()
        return "in progress"
    if some.may_ask:
        assert np.isnan(entered).all()
        assert np.isnan(stay).all()
        assert (asked <= start).all()
        return "in no place"
    assert (entered + stay <= start).all()  # ready since then
    if some.party.team is not None:
        assert np.isnan(asked).all()
        return "waits for a team"
    assert (asked == entered + stay).all()
    return "waits for a place"


def counted_today() -> Scenario:
    """A city of which it is known how many wait in hospital for a team and for a place, as a forecast has it."""
    document = document_of(load("sheffield-2017"))
    for name in ("allocation", "stit"):
        initial = document["services"][name].setdefault("initial", {})
        initial |= {"waiting_in_hospital": 30, "waited": {"mean": 3, "sd": 2}}
    return Scenario.model_validate(document)


def test_those_who_are_there_have_begun_what_they_are_in() -> None:
    seen = set()
    for scenario in (counted_today(), *map(generated_scenario, SEEDS)):
        start = prepare(build_timeline(scenario)).start
        dealt = dealt_out(start, Ranks(5, 1))
        began = in_days(start, dealt)
        ends = np.cumsum([some.size for some in dealt]).astype(int)
        assert all(column.size == sum(some.size for some in dealt) for column in began)
        for some, end in zip(dealt, ends, strict=True):
            own = Began(*(column[end - some.size : end] for column in began))
            seen.add(kind_of(some, own, start.first_day))
    assert seen == {"in progress", "in no place", "waits for a team", "waits for a place"}
