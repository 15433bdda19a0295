"""Both engines on the same people, so that whatever a test says of one holds for the other."""

from __future__ import annotations

from flowsim.compiling import HAS_NUMBA
from flowsim.engine import simulate
from flowsim.experiment.verify import people_who_differ
from flowsim.journeys import Journeys
from flowsim.people import People
from flowsim.scenario.offer import Offer


def in_both_engines(people: People, offer: Offer, horizon: float) -> Journeys:
    """What the SimPy model tells, after seeing that the compiled engine tells the same of everybody."""
    model = simulate(people, offer, horizon, "simpy")
    if HAS_NUMBA:
        twin = simulate(people, offer, horizon, "compiled")
        different = people_who_differ(model, twin)
        assert not different.size, f"the engines differ over {different.size} people, first {different[0]}"
    return model
