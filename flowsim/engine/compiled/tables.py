"""The tables of a city in compiled code: `persons(c, 17).ready_at` is a place in memory, to read or to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flowsim.compiling import fetched_at, floats_at, inlined, records_at
from flowsim.engine.compiled import layout
from flowsim.engine.compiled.layout import World


def _records(table: str) -> Callable[[World, int], Any]:
    return records_at(layout.TABLES[table], layout.WORLD, table)


def _fetched(table: str) -> Callable[[World, int], None]:
    return fetched_at(layout.TABLES[table], layout.WORLD, table)


_arrival = _records("arrival")
_person = _records("person")
_step = _records("step")
_task = _records("task")
_relapse = _records("relapse")
_service = _records("service")
_shelter = _records("shelter")
_downstream = _records("downstream")
_taper_first = _records("taper_first")
_taper_size = _records("taper_size")
_alert = _records("alert")
_effect = _records("effect")
_ward = _records("ward")
_claim = _records("claim")
_row = _records("row")
_call = _records("call")
_soon = _records("soon")
_later = _records("later")
_slot_first = _records("slot_first")
_offer = _records("offer")
_put = _records("put")
# How far ahead whatever is gone through in order is fetched: people who arrive, rows that are opened.
AHEAD: Final = 4
_fetch_person = _fetched("person")
_fetch_step = _fetched("step")
_fetch_row = _fetched("row")


@inlined
def arrivals(c: World, n: int) -> Any:
    """How a person comes in."""
    return _arrival(c, n)


@inlined
def persons(c: World, n: int) -> Any:
    """A person."""
    return _person(c, n)


@inlined
def steps(c: World, n: int) -> Any:
    """A step of an itinerary."""
    return _step(c, n)


@inlined
def tasks(c: World, n: int) -> Any:
    """A task of a step."""
    return _task(c, n)


@inlined
def relapses(c: World, n: int) -> Any:
    """A relapse of a step."""
    return _relapse(c, n)


@inlined
def services(c: World, n: int) -> Any:
    """A service."""
    return _service(c, n)


@inlined
def shelters(c: World, n: int) -> Any:
    """An entry of the list of places to wait in."""
    return _shelter(c, n)


@inlined
def downstream(c: World, n: int) -> Any:
    """The service that acts n-th at one instant."""
    return _downstream(c, n)


@inlined
def taper_first(c: World, n: int) -> Any:
    """Where the levels of a falling size begin."""
    return _taper_first(c, n)


@inlined
def taper_size(c: World, n: int) -> Any:
    """One level of a falling size."""
    return _taper_size(c, n)


@inlined
def alerts(c: World, n: int) -> Any:
    """An escalation."""
    return _alert(c, n)


@inlined
def effects(c: World, n: int) -> Any:
    """An effect of an escalation."""
    return _effect(c, n)


@inlined
def ward(c: World, n: int) -> Any:
    """Somebody in hospital."""
    return _ward(c, n)


@inlined
def claims(c: World, n: int) -> Any:
    """A place in a queue."""
    return _claim(c, n)


@inlined
def rows(c: World, n: int) -> Any:
    """A row of the journeys."""
    return _row(c, n)


@inlined
def calls(c: World, n: int) -> Any:
    """A call in the ring."""
    return _call(c, n)


@inlined
def soon(c: World, n: int) -> Any:
    """An event in the heap."""
    return _soon(c, n)


@inlined
def later(c: World, n: int) -> Any:
    """An event of a later slot."""
    return _later(c, n)


@inlined
def slot_first(c: World, n: int) -> Any:
    """The first event of a slot."""
    return _slot_first(c, n)


@inlined
def offers(c: World, s: int, day: int) -> Any:
    """What a service offers on a day."""
    return _offer(c, s * c.days + day)


@inlined
def put(c: World, e: int, day: int) -> Any:
    """What an effect puts in place of the usual on a day."""
    return _put(c, e * c.days + day)


@inlined
def decided_by_day(c: World, s: int) -> Any:
    """The chances of being declared ready in a place, day by day: an array."""
    return floats_at(c.decided + 8 * s * c.days, c.days)


@inlined
def service_of(record: Any) -> int:
    """The service of a step, a person or a claim: kept in few bits, but one kind of number for all that is compiled."""
    return int(record.service)


# ---- what is wanted soon -----------------------------------------------------------------------------


@inlined
def fetch_person(c: World, n: int) -> None:
    """A person is wanted soon."""
    _fetch_person(c, n)


@inlined
def fetch_step(c: World, n: int) -> None:
    """A step is wanted soon."""
    _fetch_step(c, n)


@inlined
def fetch_row(c: World, n: int) -> None:
    """A row is wanted soon."""
    _fetch_row(c, n)
