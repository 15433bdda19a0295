"""What the compiled engine works on: everybody's needs, the services' offer and its own notes, as tables of records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from flowsim.people import People
from flowsim.scenario.offer import ESCALATED, Offer
from flowsim.scenario.sizes import levels, size_at
from flowsim.units import Floats, Ints

NIL: Final = -1
SLOTS_PER_DAY: Final = 8  # a power of two, so that the slot of a time on the grid is exact


def _record(whole: str, real: str) -> np.dtype[np.void]:
    """A record of whole numbers, then of times and amounts."""
    return np.dtype([(n, np.int64) for n in whole.split()] + [(n, np.float64) for n in real.split()])


# A person who can be hindered: who they are, then what `process.Visit` and `process.Wait` hold. `visit` and
# `wait` count, so that an event of an earlier one is known as such; `bed` is the place in the list of those in
# hospital; `otherwise` is the step that plan B of the present wait leads to; `state` is one of `story`.
PERSON: Final = _record(
    "number first_step first_otherwise step service row task last_task task_row relapse visit wait is_asking unheard "
    "first_claim last_claim otherwise state bed",
    "arrives entered asked size ready_at refer_at disturbed_at leaves_after timer task_until",
)
# As `people.Steps`; `taper` says which falling size a step has.
STEP: Final = _record(
    "number service priority next otherwise exit first_task tasks first_relapse relapses taper",
    "stay decided_rank size_start size_end leaves_after",
)
TASK: Final = _record("team", "work")
RELAPSE: Final = _record("", "after stay decided_rank")
SERVICE: Final = _record(
    "is_free may_pass is_hospital downstream head tail opening_is_due first_shelter last_shelter",
    "in_use taken_today capacity starts stay_scale opens closes",
)
# `ahead` and `behind` in the queue; `next` of the same person, or the next free record.
CLAIM: Final = _record("person service step purpose row priority ahead behind next", "size joined")
ROW: Final = _record("person step purpose service outcome", "asked started ready left")
EVENT: Final = _record("order note next", "time")
CALL: Final = _record("whom what", "")
ALERT: Final = _record("is_on after_days", "above below due")
EFFECT: Final = _record("alert service quantity", "scale add")
# What a service offers on a day, as `Offer`.
OFFER: Final = _record(
    "", "capacity starts stay_scale opens closes lead_days per_day_waited plan_b_after counted_share"
)
WHOLE: Final = _record("value", "")
REAL: Final = _record("", "value")

# The tables of a city by name. Shelters are places to wait in, service by service; the ward lists the people in
# hospital, in no order; coming events lie in a heap (soon) or in a list for each slot (later); calls in a ring.
TABLES: Final[dict[str, np.dtype[np.void]]] = {
    "person": PERSON, "step": STEP, "task": TASK, "relapse": RELAPSE, "service": SERVICE, "offer": OFFER,
    "decided": REAL, "shelter": WHOLE, "downstream": WHOLE, "taper_first": WHOLE, "taper_size": REAL, "alert": ALERT,
    "effect": EFFECT, "put": REAL, "ward": WHOLE, "claim": CLAIM, "row": ROW, "call": CALL, "soon": EVENT,
    "later": EVENT, "slot_first": WHOLE,
}  # fmt: skip
# One record, all that compiled code is handed: where each table is, how large the city is, and how far everything
# has come. `slot` of the calendar; events in the heap; the first free record and the number used of later events
# and of claims; calls in the ring; `is_full` where a list was too short.
WORLD: Final = _record(
    " ".join(TABLES)
    + " first_day first_ordinal days people services alerts effects calls events_room rows_room "
    "today slot soon_events later_free later_used calls_from calls_up_to rows claim_free claim_used in_hospital events "
    "is_full",
    "horizon counted_after_days now",
)
World = Any  # a record of WORLD, in compiled code
Table = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class City:
    """All of one replication: the world, and the tables to which it points.

    People here are those who can be hindered, numbered from 0 in their order in `People`.
    """

    world: Table
    tables: dict[str, Table]

    @property
    def is_full(self) -> bool:
        """Whether some list was too short, so that all of it has to be done again with longer ones."""
        return bool(self.world["is_full"][0])

    @property
    def rows(self) -> Table:
        """The rows of the journeys that were opened, in that order."""
        return self.tables["row"][: self.world["rows"][0]]

    @property
    def events(self) -> int:
        """How many things happened."""
        return int(self.world["events"][0])


def lay_out(people: People, offer: Offer, horizon: float, roominess: int) -> City:
    """Everything at the beginning of time. A larger `roominess` gives longer lists."""
    tables = _needs(people) | _offers(offer)
    count = tables["person"].size
    most_shelters = max((len(w) for w in offer.wait_in), default=0)
    visits = 1 + tables["step"].size + tables["relapse"].size
    events = roominess * (4 * count + 1_000)
    rows = roominess * (visits * (2 + most_shelters) + tables["task"].size)
    calls = 1 << events.bit_length()
    tables |= {
        "ward": np.empty(count + 1, WHOLE), "claim": np.empty((2 + 2 * most_shelters) * count + 1, CLAIM),
        "row": np.empty(rows, ROW), "call": np.empty(calls, CALL), "soon": np.empty(events, EVENT),
        "later": np.empty(events, EVENT),
    }  # fmt: skip
    world = np.zeros(1, WORLD)
    for name in TABLES:
        world[name] = tables[name].ctypes.data
    known = {
        "first_day": offer.first_day, "first_ordinal": offer.first_ordinal, "days": offer.opens.shape[1],
        "people": count, "services": len(offer.names), "alerts": tables["alert"].size,
        "effects": tables["effect"].size, "calls": calls, "events_room": events, "rows_room": rows,
        "later_free": NIL, "claim_free": NIL, "horizon": horizon, "counted_after_days": offer.counted_after_days,
        "now": offer.first_day,
    }  # fmt: skip
    for name, value in known.items():
        world[name] = value
    return City(world, tables)


def _needs(people: People) -> dict[str, Table]:
    """Who comes, and what each would need."""
    steps = people.steps
    step = _filled(STEP, steps, len(steps))
    step["taper"], taper_first, taper_sizes = _tapers(steps.size_start, steps.size_end)
    return {
        "person": _persons(people),
        "step": step,
        "task": _filled(TASK, steps, steps.task_work.size, prefix="task_"),
        "relapse": _filled(RELAPSE, steps, steps.relapse_after.size, prefix="relapse_"),
        "taper_first": taper_first.view(WHOLE),
        "taper_size": taper_sizes.view(REAL),
    }


def _persons(people: People) -> Table:
    who = np.flatnonzero(people.hindered)
    table = np.zeros(who.size, PERSON)
    table["number"] = who
    for name in ("arrives", "entered", "asked", "first_step", "first_otherwise"):
        table[name] = getattr(people, name)[who]
    for name in ("first_claim", "last_claim", "otherwise", "bed"):
        table[name] = NIL
    return table


def _filled(record: np.dtype[np.void], source: object, size: int, prefix: str = "") -> Table:
    """A table with the columns of the same names."""
    table = np.empty(size, record)
    for name in record.names or ():
        if name != "taper":
            table[name] = getattr(source, prefix + name)
    return table


def _offers(offer: Offer) -> dict[str, Table]:
    """What the services offer on every day."""
    days = offer.opens.shape[1]
    table = np.zeros(len(offer.names), SERVICE)
    table["is_free"], table["may_pass"], table["is_hospital"] = offer.free, offer.skip, offer.is_hospital
    table["downstream"][list(offer.downstream)] = np.arange(len(offer.downstream))
    table["head"] = table["tail"] = NIL
    up_to = np.cumsum([len(places) for places in offer.wait_in])
    table["first_shelter"], table["last_shelter"] = up_to - [len(places) for places in offer.wait_in], up_to
    shelters = [place for places in offer.wait_in for place in places]
    by_day = np.empty(offer.opens.shape, OFFER)
    for quantity, name in enumerate(ESCALATED):
        by_day[name] = offer.dated[quantity]
    for name in ("opens", "closes", "lead_days", "per_day_waited", "plan_b_after", "counted_share"):
        by_day[name] = getattr(offer, name)
    effects = [(n, e) for n, one in enumerate(offer.alerts) for e in one.effects]
    return {
        "service": table,
        "offer": by_day.reshape(-1),
        "decided": np.ascontiguousarray(offer.decided, dtype=np.float64).reshape(-1).view(REAL),
        "shelter": np.array(shelters, dtype=np.int64).view(WHOLE),
        "downstream": np.array(offer.downstream, dtype=np.int64).view(WHOLE),
        "alert": np.array([(0, a.after_days, a.above, a.below, np.inf) for a in offer.alerts], dtype=ALERT),
        "effect": np.array([(n, e.service, e.quantity, e.scale, e.add) for n, e in effects], dtype=EFFECT),
        "put": np.array([e.put for _, e in effects], dtype=np.float64).reshape(-1).view(REAL),
        "slot_first": np.full(days * SLOTS_PER_DAY, NIL, dtype=np.int64).view(WHOLE),
    }


def _tapers(start: Floats, end: Floats) -> tuple[Ints, Ints, Floats]:
    """The falling sizes that occur, level by level: which one each step has, where each begins, and the sizes."""
    taper = np.full(start.size, NIL, dtype=np.int64)
    falls = np.flatnonzero(start != end)
    if not falls.size:
        return taper, np.zeros(1, dtype=np.int64), np.zeros(0)
    pairs, which = np.unique(np.stack([start[falls], end[falls]], axis=1), axis=0, return_inverse=True)
    taper[falls] = which.reshape(-1)
    sizes = [[size_at(a, b, level) for level in range(levels(a, b))] for a, b in pairs.tolist()]
    first = np.concatenate([[0], np.cumsum([len(s) for s in sizes])]).astype(np.int64)
    return taper, first, np.array([size for one in sizes for size in one])
