"""The tables of a city in compiled code: `persons(c, 17).ready_at` is a place in memory, to read or to write."""

from __future__ import annotations

from typing import Any

from flowsim.compiling import fetched_at, floats_at, inlined, records_at
from flowsim.engine.compiled import layout
from flowsim.engine.compiled.layout import World

_arrival = records_at(layout.TABLES["arrival"])
_person = records_at(layout.TABLES["person"])
_step = records_at(layout.TABLES["step"])
_task = records_at(layout.TABLES["task"])
_relapse = records_at(layout.TABLES["relapse"])
_service = records_at(layout.TABLES["service"])
_shelter = records_at(layout.TABLES["shelter"])
_downstream = records_at(layout.TABLES["downstream"])
_taper_first = records_at(layout.TABLES["taper_first"])
_taper_size = records_at(layout.TABLES["taper_size"])
_alert = records_at(layout.TABLES["alert"])
_effect = records_at(layout.TABLES["effect"])
_ward = records_at(layout.TABLES["ward"])
_claim = records_at(layout.TABLES["claim"])
_row = records_at(layout.TABLES["row"])
_call = records_at(layout.TABLES["call"])
_soon = records_at(layout.TABLES["soon"])
_later = records_at(layout.TABLES["later"])
_slot_first = records_at(layout.TABLES["slot_first"])
_offer = records_at(layout.TABLES["offer"])
_put = records_at(layout.TABLES["put"])
_fetch_person = fetched_at(layout.TABLES["person"])
_fetch_step = fetched_at(layout.TABLES["step"])
_fetch_row = fetched_at(layout.TABLES["row"])


@inlined
def arrivals(c: World, n: int) -> Any:
    """How a person comes in."""
    return _arrival(c.arrival, n)


@inlined
def persons(c: World, n: int) -> Any:
    """A person."""
    return _person(c.person, n)


@inlined
def steps(c: World, n: int) -> Any:
    """A step of an itinerary."""
    return _step(c.step, n)


@inlined
def tasks(c: World, n: int) -> Any:
    """A task of a step."""
    return _task(c.task, n)


@inlined
def relapses(c: World, n: int) -> Any:
    """A relapse of a step."""
    return _relapse(c.relapse, n)


@inlined
def services(c: World, n: int) -> Any:
    """A service."""
    return _service(c.service, n)


@inlined
def shelters(c: World, n: int) -> Any:
    """An entry of the list of places to wait in."""
    return _shelter(c.shelter, n)


@inlined
def downstream(c: World, n: int) -> Any:
    """The service that acts n-th at one instant."""
    return _downstream(c.downstream, n)


@inlined
def taper_first(c: World, n: int) -> Any:
    """Where the levels of a falling size begin."""
    return _taper_first(c.taper_first, n)


@inlined
def taper_size(c: World, n: int) -> Any:
    """One level of a falling size."""
    return _taper_size(c.taper_size, n)


@inlined
def alerts(c: World, n: int) -> Any:
    """An escalation."""
    return _alert(c.alert, n)


@inlined
def effects(c: World, n: int) -> Any:
    """An effect of an escalation."""
    return _effect(c.effect, n)


@inlined
def ward(c: World, n: int) -> Any:
    """Somebody in hospital."""
    return _ward(c.ward, n)


@inlined
def claims(c: World, n: int) -> Any:
    """A place in a queue."""
    return _claim(c.claim, n)


@inlined
def rows(c: World, n: int) -> Any:
    """A row of the journeys."""
    return _row(c.row, n)


@inlined
def calls(c: World, n: int) -> Any:
    """A call in the ring."""
    return _call(c.call, n)


@inlined
def soon(c: World, n: int) -> Any:
    """An event in the heap."""
    return _soon(c.soon, n)


@inlined
def later(c: World, n: int) -> Any:
    """An event of a later slot."""
    return _later(c.later, n)


@inlined
def slot_first(c: World, n: int) -> Any:
    """The first event of a slot."""
    return _slot_first(c.slot_first, n)


@inlined
def offers(c: World, s: int, day: int) -> Any:
    """What a service offers on a day."""
    return _offer(c.offer, s * c.days + day)


@inlined
def put(c: World, e: int, day: int) -> Any:
    """What an effect puts in place of the usual on a day."""
    return _put(c.put, e * c.days + day)


@inlined
def decided_by_day(c: World, s: int) -> Any:
    """The chances of being declared ready in a place, day by day: an array."""
    return floats_at(c.decided + 8 * s * c.days, c.days)


# ---- what is wanted soon -----------------------------------------------------------------------------


@inlined
def fetch_person(c: World, n: int) -> None:
    """A person is wanted soon."""
    _fetch_person(c.person, n)


@inlined
def fetch_step(c: World, n: int) -> None:
    """A step is wanted soon."""
    _fetch_step(c.step, n)


@inlined
def fetch_row(c: World, n: int) -> None:
    """A row is wanted soon."""
    _fetch_row(c.row, n)
