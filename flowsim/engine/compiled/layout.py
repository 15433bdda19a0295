"""What the compiled engine works on: everybody's needs, the services' offer and its own notes, as tables of records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from flowsim.compiling import LINE, compiled
from flowsim.memory import made_once
from flowsim.people import People
from flowsim.scenario.offer import CAPACITY, ESCALATED, Offer
from flowsim.scenario.sizes import levels, size_at
from flowsim.units import Floats, Ints

NIL: Final = -1
SLOTS_PER_DAY: Final = 32  # a power of two, so that the slot of a time on the grid is exact


def _record(
    whole: str = "", real: str = "", *, middle: str = "", short: str = "", lines: int = 0
) -> np.dtype[np.void]:
    """A record of times and amounts, and of whole numbers of 64, 32 or 16 bits; filled up to so many lines of memory.

    Large cities lie far from the processor, which fetches memory line by line: the less of it an event touches, the sooner
    it is over. 16 bits hold the number of whatever a scenario file, of 256 KB at most, can name.
    """
    kinds = ((real, np.float64), (whole, np.int64), (middle, np.int32), (short, np.int16))
    names = [name for some, _ in kinds for name in some.split()]
    formats = [kind for some, kind in kinds for _ in some.split()]
    spec: Any = {"names": names, "formats": formats}
    if lines:
        spec["itemsize"] = lines * LINE
    found: np.dtype[np.void] = np.dtype(spec, align=True)
    return found


# How a person who can be hindered comes in: as `people.People`.
ARRIVAL: Final = _record(middle="first_step first_otherwise", real="arrives entered asked")
# What `process.Visit` and `process.Wait` hold. `visit` and `wait` count, so that an event of an earlier one is known
# as such; `bed` is the place in the list of those in hospital; `otherwise` is the step that plan B of the present
# wait leads to; `state` is one of `story`.
PERSON: Final = _record(
    real="ready_at size disturbed_at refer_at leaves_after timer task_until",
    middle="step row task last_task visit wait bed first_claim last_claim otherwise task_row relapse unheard",
    short="service state is_asking",
    lines=2,
)
# As `people.Steps`, but `next` also says how a person leaves (below 0), relapses end before `last_relapse`, and `taper`
# says which falling size a step has.
STEP: Final = _record(
    real="stay decided_rank size_start leaves_after",
    middle="next otherwise first_task first_relapse last_relapse taper",
    short="service number tasks priority",
    lines=1,
)
TASK: Final = _record("team", "work")
RELAPSE: Final = _record("", "after stay decided_rank")
SERVICE: Final = _record(
    "is_free is_never_full may_pass is_hospital downstream head tail opening_is_due first_shelter last_shelter",
    "in_use taken_today capacity starts stay_scale opens closes",
)
# `ahead` and `behind` in the queue; `next` of the same person, or the next free record.
CLAIM: Final = _record(
    real="size joined", middle="person step row ahead behind next", short="service purpose priority"
)
ROW: Final = _record(real="asked started ready left", middle="person", short="step purpose service outcome")
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
    "arrival": ARRIVAL, "person": PERSON, "step": STEP, "task": TASK, "relapse": RELAPSE, "service": SERVICE, "offer": OFFER,
    "decided": REAL, "shelter": WHOLE, "downstream": WHOLE, "taper_first": WHOLE, "taper_size": REAL, "alert": ALERT,
    "effect": EFFECT, "put": REAL, "ward": WHOLE, "claim": CLAIM, "row": ROW, "call": CALL, "soon": EVENT,
    "later": EVENT, "slot_first": WHOLE,
}  # fmt: skip
# One record, all that compiled code is handed: where each table is, how large the city is, and how far everything
# has come. `coming` arrives next; `slot` of the calendar; events in the heap; the first free record and the number used
# of later events and of claims; calls in the ring; `is_full` where a list was too short.
WORLD: Final = _record(
    " ".join(TABLES)
    + " first_day first_ordinal days people services alerts effects calls events_room rows_room "
    "today coming slot soon_events later_free later_used calls_from calls_up_to rows claim_free claim_used in_hospital events "
    "is_full",
    "horizon counted_after_days now",
)
World = Any  # a record of WORLD, in compiled code
Table = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class City:
    """All of one replication: the world, and the tables to which it points.

    People here are those who can be hindered, numbered from 0 in their order in `People`: there they are `who`.
    """

    world: Table
    tables: dict[str, Table]
    who: Ints

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
    who, needs = _needs(people)
    tables = needs | _offers(offer)
    count = who.size
    most_shelters = max((len(w) for w in offer.wait_in), default=0)
    visits = 1 + tables["step"].size + tables["relapse"].size
    events = roominess * (4 * count + 1_000)
    rows = roominess * (visits * (2 + most_shelters) + tables["task"].size)
    calls = 1 << events.bit_length()
    tables |= {
        # What the offer says of these is where they begin.
        "service": tables["service"].copy(), "alert": tables["alert"].copy(),
        "slot_first": np.full(offer.opens.shape[1] * SLOTS_PER_DAY, NIL, dtype=np.int64).view(WHOLE),
        "person": _at_first(count),
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
    return City(world, tables, who)


@made_once
def _needs(people: People) -> tuple[Ints, dict[str, Table]]:
    """Who can be hindered, and tables of what each would need: only to be read, for plans may share their people."""
    who, steps = np.flatnonzero(people.hindered), people.steps
    taper, taper_first, taper_sizes = _tapers(steps.size_start, steps.size_end)
    arrival, step = np.empty(who.size, ARRIVAL), _lined_up(len(steps), STEP)
    _fill_arrivals(
        arrival, who, people.first_step, people.first_otherwise, people.arrives, people.entered, people.asked
    )
    _fill_steps(
        step, steps.number, steps.service, steps.priority, steps.next, steps.otherwise, steps.exit, steps.first_task,
        steps.tasks, steps.first_relapse, steps.relapses, taper, steps.stay, steps.decided_rank, steps.size_start,
        steps.leaves_after,
    )  # fmt: skip
    return who, {
        "arrival": arrival,
        "step": step,
        "task": _filled(TASK, steps, steps.task_work.size, prefix="task_"),
        "relapse": _filled(RELAPSE, steps, steps.relapse_after.size, prefix="relapse_"),
        "taper_first": taper_first.view(WHOLE),
        "taper_size": taper_sizes.view(REAL),
    }


def _lined_up(size: int, record: np.dtype[np.void]) -> Table:
    """A table of records full of zeros, each of which begins where a line of memory does."""
    memory = np.zeros(size * record.itemsize + LINE, dtype=np.uint8)
    begin = -memory.ctypes.data % LINE
    return memory[begin : begin + size * record.itemsize].view(record)


def _at_first(people: int) -> Table:
    """What is known of people before anything has happened to them."""
    person = _lined_up(people, PERSON)
    for name in ("first_claim", "last_claim", "otherwise", "bed"):
        person[name] = NIL
    return person


@compiled
def _fill_arrivals(
    arrival: Table, who: Ints, first_step: Ints, first_otherwise: Ints, arrives: Floats, entered: Floats,
    asked: Floats,
) -> None:  # fmt: skip
    for n in range(who.size):
        p = who[n]
        arrival[n].first_step, arrival[n].first_otherwise = first_step[p], first_otherwise[p]
        arrival[n].arrives, arrival[n].entered, arrival[n].asked = arrives[p], entered[p], asked[p]


@compiled
def _fill_steps(
    step: Table, number: Ints, service: Ints, priority: Ints, following: Ints, otherwise: Ints, leaves: Ints,
    first_task: Ints, tasks: Ints, first_relapse: Ints, relapses: Ints, taper: Ints, stay: Floats, decided_rank: Floats,
    size_start: Floats, leaves_after: Floats,
) -> None:  # fmt: skip
    # Record by record: numpy fills such a table column by column, and goes through all of it for each.
    for n in range(step.size):
        step[n].number, step[n].service, step[n].priority = number[n], service[n], priority[n]
        step[n].next = leaves[n] if following[n] == NIL else following[n]
        step[n].otherwise, step[n].first_task, step[n].tasks = otherwise[n], first_task[n], tasks[n]
        step[n].first_relapse, step[n].last_relapse = first_relapse[n], first_relapse[n] + relapses[n]
        step[n].stay, step[n].decided_rank, step[n].leaves_after = stay[n], decided_rank[n], leaves_after[n]
        step[n].size_start, step[n].taper = size_start[n], taper[n]


def _filled(record: np.dtype[np.void], source: object, size: int, prefix: str = "") -> Table:
    """A table with the columns of the same names."""
    table = np.empty(size, record)
    for name in record.names or ():
        table[name] = getattr(source, prefix + name)
    return table


@made_once
def _offers(offer: Offer) -> dict[str, Table]:
    """What the services offer on every day, and how they begin: only to be read."""
    table = np.zeros(len(offer.names), SERVICE)
    table["is_free"], table["may_pass"], table["is_hospital"] = offer.free, offer.skip, offer.is_hospital
    # Nobody ever waits for room there, so nobody notices when some comes free.
    table["is_never_full"] = np.isinf(offer.dated[CAPACITY]).all(axis=1)
    table["is_never_full"][
        [e.service for one in offer.alerts for e in one.effects if e.quantity == CAPACITY]
    ] = 0
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
        "alert": np.array([(a.above, a.below, np.inf, 0, a.after_days) for a in offer.alerts], dtype=ALERT),
        "effect": np.array([(e.scale, e.add, n, e.service, e.quantity) for n, e in effects], dtype=EFFECT),
        "put": np.array([e.put for _, e in effects], dtype=np.float64).reshape(-1).view(REAL),
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
