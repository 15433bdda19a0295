"""One door to the engines: people and services in, journeys out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from flowsim.engine.unhindered import Table, journeys_of_unhindered
from flowsim.errors import RunError
from flowsim.journeys import Journeys, Who, journeys_from
from flowsim.loops import compile_loops
from flowsim.people import People
from flowsim.scenario.offer import Offer

AUTO: Final = "auto"


def _simpy(people: People, offer: Offer, horizon: float) -> Table:
    from flowsim.engine.process import Model

    model = Model(people, offer, horizon)
    with undisturbed():
        model.run()
        log = model.log
        del model  # while nobody looks: see `undisturbed`
    return log.columns()


def _compiled(people: People, offer: Offer, horizon: float) -> Table:
    from flowsim.engine.compiled import rows_of_hindered

    return rows_of_hindered(people, offer, horizon)[0]


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
ENGINES: Final[dict[str, Callable[[People, Offer, float], Table]]] = {"simpy": _simpy, "compiled": _compiled}


def chosen_engine(name: str) -> str:
    """The engine of a name; for "auto" the compiled one where it can run. Raises RunError in words."""
    if name not in [AUTO, *ENGINES]:
        raise RunError(f'there is no engine "{name}"; choose one of: {", ".join([AUTO, *ENGINES])}')
    if name == "simpy":
        return name
    why_not = compile_loops()
    if name == AUTO:
        return "simpy" if why_not else "compiled"
    if why_not:
        raise RunError(
            f"the compiled engine needs numba, which cannot be loaded here ({why_not}); "
            'choose the engine "simpy", which gives the same results and takes longer'
        )
    return name


def runs_in_threads(engine: str) -> bool:
    """Whether several cores are best used by threads: compiled code lets go of the interpreter's lock, SimPy does not."""
    return chosen_engine(engine) == "compiled"


def what_to_expect(engine: str) -> str | None:
    """What somebody who waits for an engine should know before it starts; None where there is nothing to say."""
    if engine == AUTO and (why_not := compile_loops()):
        return (
            f"numba cannot be loaded here ({why_not}): running on the SimPy model, same results, but slower."
        )
    if chosen_engine(engine) == "compiled":
        from flowsim.engine.compiled.kernel import is_ready

        if not is_ready():
            return "Preparing the compiled engine for this computer: once only, for about a minute."
    return None


def simulate(
    people: People, offer: Offer, horizon: float, engine: str = "simpy", *, hindered_only: bool = False
) -> Journeys:
    """What happens to everybody until the horizon (days), by the rules of the design, section 5.

    With `hindered_only`, to those who can meet a limit: all that a census of the delayed needs.
    """
    tables = [ENGINES[chosen_engine(engine)](people, offer, horizon)]
    if not hindered_only:
        tables += journeys_of_unhindered(people, offer, horizon)
    return journeys_from(_who(people), tables, horizon)


def simulate_unhindered(people: People, offer: Offer, horizon: float) -> Journeys:
    """What happens to those who never meet a limit: the same whatever there is room for, and in every engine."""
    return journeys_from(_who(people), journeys_of_unhindered(people, offer, horizon), horizon)


def _who(people: People) -> Who:
    return Who(
        people.streams,
        people.routes,
        people.stream,
        people.index,
        people.needed_route,
        people.route,
        people.arrives,
    )
