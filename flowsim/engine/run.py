"""One door to the engines: people and services in, journeys out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from flowsim.engine.process import Model
from flowsim.engine.unhindered import Table, journeys_of_unhindered
from flowsim.errors import RunError
from flowsim.journeys import Journeys, Who, journeys_from
from flowsim.people import People
from flowsim.scenario.offer import Offer


def _simpy(people: People, offer: Offer, horizon: float) -> Table:
    model = Model(people, offer, horizon)
    with undisturbed():
        model.run()
        log = model.log
        del model  # while nobody looks: see `undisturbed`
    return log.columns()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Without the garbage collector: it would look through everybody's past again and again and find little."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# An engine works out the rows of those who can be hindered.
ENGINES: Final[dict[str, Callable[[People, Offer, float], Table]]] = {"simpy": _simpy}


def simulate(people: People, offer: Offer, horizon: float, engine: str = "simpy") -> Journeys:
    """What happens to everybody until the horizon (days), by the rules of the design, section 5."""
    if engine not in ENGINES:
        raise RunError(f'there is no engine "{engine}"; choose one of: {", ".join(ENGINES)}')
    who = Who(
        people.streams,
        people.routes,
        people.stream,
        people.index,
        people.needed_route,
        people.route,
        people.arrives,
    )
    return journeys_from(
        who,
        [ENGINES[engine](people, offer, horizon), *journeys_of_unhindered(people, offer, horizon)],
        horizon,
    )
