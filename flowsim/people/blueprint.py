"""A scenario prepared once, and read for the people of every replication."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from flowsim.people.arrivals import Demand, demand
from flowsim.people.crowds import Crowds, crowds_of
from flowsim.people.needs import Lookup, VisitNeeds, kinds_of, plan_b_of
from flowsim.people.routes import Dealing, dealing
from flowsim.people.start import Start, start_of
from flowsim.people.tables import Keys, Tables, keys_of, tables_of
from flowsim.scenario.model import Scenario, Service
from flowsim.scenario.offer import STAY_SCALE, Offer, build_offer
from flowsim.scenario.timeline import Timeline

# Seeds whose keys are kept.
_KEPT: Final = 4
# Tables of needs that are kept: a search tries plan after plan whose people need the same.
_KEPT_TABLES: Final = 8
# What services offer at the moment they act: no reader here looks at it, but for whether there is a limit at all (`Offer.free`).
OFFERED: Final = {"capacity", "starts", "label"}


@dataclass(frozen=True, eq=False)
class Blueprint:
    """A scenario prepared for drawing people: demand by stream, needs by route and place.

    The same for every replication, and for every seed but for the keys of the generators.
    """

    scenario: Scenario
    timeline: Timeline
    offer: Offer
    demand: dict[str, Demand]
    dealing: dict[str, Dealing]
    lookup: Lookup
    tables: Tables
    crowds: Crowds
    start: Start
    same_needs: bytes
    _keys: dict[int, Keys] = field(default_factory=dict)

    def needs(self, version: int, entry: int, route: str, service: int) -> VisitNeeds:
        """The needs at a service of people on a route who entered at `entry`, in one dated version."""
        return self.lookup.needs(version, entry, route, service)

    def keys(self, seed: int) -> Keys:
        """The keys of the generators of all that is decided on a visit, under a seed."""
        found = self._keys.get(seed)
        if found is None:
            for oldest in list(self._keys)[: 1 - _KEPT]:
                self._keys.pop(oldest, None)
            found = self._keys[seed] = keys_of(self.tables.sources, self.offer, seed)
        return found

    @cached_property
    def same_walk(self) -> bytes:
        """Blueprints with the same of these have the same people in ranks: they may differ in how long stays are, too.

        Everything that `population.drawn` reads goes into it but who is there at the start, which is different in some
        replications only (`Dealt.mark`); of the table of needs all but which lengths of stay belong to it.
        """
        found = hashlib.sha256(
            repr((self.offer.names, self.tables.sources, self.timeline.first_day)).encode()
        )
        found.update(repr([(name, s.enters) for name, s in self.scenario.streams.items()]).encode())
        for name, column in self.tables.needs._asdict().items():
            if name not in ("stay", "unwell_stay"):
                found.update(np.asarray(column).tobytes())
        for name, wanted in self.demand.items():
            found.update(wanted.expected.tobytes())
            found.update(b"".join(np.asarray(column).tobytes() for column in self.dealing[name]))
        hindered = [self.hindered_routes[entry] for entry in sorted(self.hindered_routes)]
        for column in (self.timeline.version_of_day, self.offer.is_place, self.offer.is_hospital, *hindered):
            found.update(column.tobytes())
        return found.digest()

    def is_hindered(self, stream_entry: int, route: str) -> bool:
        """Whether anybody on this route can ever have to queue, wait or be disturbed while waiting."""
        reached = self.lookup.reached(stream_entry, route)
        if any(not self.offer.free[service] for service in reached):
            return True
        for version in self.lookup.kinds:
            for service in reached:
                needs = self.needs(version, stream_entry, route, service)
                if needs.tasks or needs.size.start != needs.size.end:
                    return True
        return False

    @cached_property
    def same_people(self) -> bytes:
        """Blueprints with the same of these have the same people on the same ranks: they differ in room and starts only.

        Everything that `populate` reads goes into it: needs, demand, shares of routes, who is there at the start.
        """
        found = hashlib.sha256(self.same_needs)
        found.update(repr(self.crowds).encode())
        for name, wanted in self.demand.items():
            found.update(wanted.expected.tobytes())
            found.update(b"".join(np.asarray(column).tobytes() for column in self.dealing[name]))
        for column in (self.timeline.version_of_day, self.offer.free):
            found.update(column.tobytes())
        return found.digest()

    @cached_property
    def same_unhindered(self) -> bytes:
        """Blueprints with the same of these have the same people who never meet a limit, to whom the same happens."""
        found = hashlib.sha256(self.same_people)
        found.update(self.offer.dated[STAY_SCALE][self.offer.free].tobytes())
        return found.digest()

    @cached_property
    def hindered_routes(self) -> dict[int, np.ndarray]:
        """For each place where a stream enters, which routes can be hindered, shape (routes,).

        A route that nobody may be on from there is not looked at.
        """
        used = self.lookup.used
        return {
            entry: np.array(
                [(entry, route) in used and self.is_hindered(entry, route) for route in self.scenario.routes],
                dtype=bool,
            )
            for entry, _ in used
        }


def prepare(timeline: Timeline) -> Blueprint:
    """Prepare a scenario for drawing people."""
    scenario = timeline.scenario
    offer = build_offer(timeline)
    plan_b = np.array([plan_b_of(timeline, offer, name) for name in offer.names], dtype=np.int64)
    lookup = Lookup(timeline, offer, plan_b, kinds_of(timeline.versions))
    same_needs = _digest_of_needs(lookup)
    lookup, tables = _known_tables(same_needs, lookup)
    crowds = crowds_of(lookup)
    return Blueprint(
        scenario=scenario,
        timeline=timeline,
        offer=offer,
        demand={name: demand(timeline, name) for name in scenario.streams},
        dealing={name: dealing(timeline, name) for name in scenario.streams},
        lookup=lookup,
        tables=tables,
        crowds=crowds,
        start=start_of(lookup, crowds),
        same_needs=same_needs,
    )


# The last tables, by all that they are made of.
_tables: OrderedDict[bytes, tuple[Lookup, Tables]] = OrderedDict()


def _known_tables(key: bytes, lookup: Lookup) -> tuple[Lookup, Tables]:
    """The lookup as it is to be used, with what was found before where people need the same, and its tables."""
    known = _tables.get(key)
    if known is None:
        known = _tables[key] = (lookup, tables_of(lookup))
        for oldest in list(_tables)[:-_KEPT_TABLES]:
            _tables.pop(oldest, None)
    before, tables = known
    return lookup.knowing(before), tables


def _digest_of_needs(lookup: Lookup) -> bytes:
    """The same for scenarios in which everybody needs the same at every place, in every dated version."""
    found = hashlib.sha256()
    marks: dict[int, bytes] = {}  # versions share the parts that are not changed
    for kind in lookup.kinds:
        version = lookup.timeline.versions[kind]
        for part in (
            *version.services.values(),
            *version.routes.values(),
            version.while_waiting,
            version.run,
        ):
            if id(part) not in marks:
                dumped = part.model_dump_json(exclude=OFFERED if isinstance(part, Service) else None)
                marks[id(part)] = hashlib.sha256(dumped.encode()).digest()
            found.update(marks[id(part)])
    scenario = lookup.timeline.scenario
    found.update(repr((list(scenario.services), list(scenario.routes))).encode())
    found.update(repr([(name, s.enters) for name, s in scenario.streams.items()]).encode())
    found.update(repr((lookup.kind_of_version, lookup.offer.names)).encode())
    found.update(lookup.plan_b.tobytes())
    return found.digest()
