"""People who are there at the start of the simulation, with residual stays and waits they already have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np

from flowsim.distributions import NO_BLEND, Together, together
from flowsim.people.crowds import NO_PLACE, Crowds
from flowsim.people.needs import Lookup
from flowsim.people.tables import IN_HOSPITAL, THERE, WAITING
from flowsim.ranks import Ranks
from flowsim.scenario.model import Distribution
from flowsim.units import Floats, on_grid

K = TypeVar("K")


@dataclass(frozen=True)
class Party:
    """Who can be there together: people of one route, in one place, who wait for one thing or for none."""

    route: int
    entry: int  # where their route begins
    place: int
    next_service: int | None = None  # what they wait for, if it is a place
    team: int | None = None  # whose task they wait for
    stay: int = NO_BLEND  # the number of their quantile function among those of `Start`


@dataclass(frozen=True)
class Source:
    """Everybody who is there for one reason: `count` people, dealt out over parties by rank, up to each one's edge.

    `waited` is the quantile function of how long they have waited, or NO_BLEND.
    """

    why: str  # THERE, WAITING or IN_HOSPITAL
    service: str
    count: int
    edges: Floats
    parties: tuple[Party, ...]
    waited: int = NO_BLEND

    @property
    def name(self) -> str:
        """The name by which people of this source are known."""
        return self.why + self.service


@dataclass(frozen=True)
class Start:
    """Who can be there at the start of a scenario, source by source: the same for every replication."""

    first_day: int
    sources: tuple[Source, ...]
    quantiles: Together


class Began(NamedTuple):
    """Since when those who are there at the start have been in a place, or have waited in it for another; shape (people,) each.

    `stay` is the whole stay in the place (days); `entered` and `asked` lie before the start, `asked`
    is NaN for those who do not wait yet. Those who wait in no place have no stay yet and entered none (NaN), and the
    party's place is what they wait for. Who waits for a team has been ready since before the start; the tasks that
    come before that team's are done.
    """

    entered: Floats
    asked: Floats
    stay: Floats


class Dealt(NamedTuple):
    """Those of a source who fall to one party: the ranks of their stays, and of the moment in it or of what they have waited."""

    source: Source
    party: Party
    stay_rank: Floats
    rank: Floats

    @property
    def size(self) -> int:
        """How many people."""
        return int(self.rank.size)

    @property
    def mark(self) -> bytes:
        """The same for the same people, however long their stays are."""
        who, party = (self.source.name, self.may_ask), self.party
        said = (*who, party.route, party.entry, party.place, party.next_service, party.team)
        return repr(said).encode() + self.stay_rank.tobytes() + self.rank.tobytes()

    @property
    def may_ask(self) -> bool:
        """Whether they ask for their first place, and so may turn to plan B; else they are in it."""
        is_in_a_place = self.party.team is not None or self.party.next_service is not None
        return self.source.why != THERE and not is_in_a_place


def dealt_out(start: Start, ranks: Ranks) -> list[Dealt]:
    """Who is there at the start, in ranks: service by service and party by party."""
    return [some for source in start.sources for some in _dealt(source, ranks)]


def in_days(start: Start, dealt: Sequence[Dealt]) -> Began:
    """What the ranks of those who are there come to in days, in the order in which they were dealt out."""
    if not dealt:
        nobody = np.zeros(0)
        return Began(nobody, nobody, nobody)
    sizes, rank = [some.size for some in dealt], np.concatenate([some.rank for some in dealt])
    numbers = [[some.party.stay for some in dealt], [some.source.waited for some in dealt]]
    stay, waited = start.quantiles.days(
        np.repeat(numbers, sizes, axis=1).ravel(),
        np.concatenate([some.stay_rank for some in dealt] + [rank]),
    ).reshape(2, -1)
    kinds = [[some.source.why == THERE, some.may_ask, some.party.team is not None] for some in dealt]
    is_in_progress, may_ask, waits_for_team = np.repeat(np.array(kinds), sizes, axis=0).T
    since = start.first_day - waited
    entered = np.where(is_in_progress, start.first_day - on_grid(stay * rank), since - stay)
    entered[may_ask] = stay[may_ask] = np.nan
    return Began(entered, np.where(is_in_progress | waits_for_team, np.nan, since), stay)


def _dealt(source: Source, ranks: Ranks) -> list[Dealt]:
    """Deal the people of a source out."""
    party_rank, first, second, _ = ranks.blocks(source.name, source.count).T
    stay_rank, rank = (first, second) if source.why == THERE else (second, first)
    last = len(source.parties) - 1
    which = np.minimum(np.searchsorted(source.edges, party_rank, side="right"), last)
    order = np.argsort(which, kind="stable")
    ends = np.cumsum(np.bincount(which, minlength=last + 1)).tolist()
    return [
        Dealt(source, party, stay_rank[chosen], rank[chosen])
        for party, (begin, end) in zip(source.parties, pairwise([0, *ends]), strict=True)
        # Whoever would have no stay to be in the middle of is not there.
        if (chosen := order[begin:end]).size and not (source.why == THERE and party.stay == NO_BLEND)
    ]


def start_of(lookup: Lookup, crowds: Crowds) -> Start:
    """Work out who can be there at the start of a scenario, in proportion to the weights of the crowds."""
    return _Gathering(lookup, crowds).start()


class _Gathering:
    """Collects the sources of a scenario, and numbers the distributions that they name."""

    def __init__(self, lookup: Lookup, crowds: Crowds) -> None:
        self.lookup, self.crowds = lookup, crowds
        self.routes = list(lookup.timeline.scenario.routes)
        self.numbers: dict[tuple[Distribution, bool], int] = {}

    def start(self) -> Start:
        """The finished start."""
        timeline = self.lookup.timeline
        sources = tuple(s for name in self.lookup.offer.names for s in self._sources(name) if s.parties)
        under_way = [number for (_, in_progress), number in self.numbers.items() if in_progress]
        return Start(timeline.first_day, sources, together([spec for spec, _ in self.numbers], under_way))

    def _sources(self, name: str) -> Iterator[Source]:
        initial = self.lookup.timeline.scenario.services[name].initial
        crowds, number = self.crowds, self.lookup.offer.number(name)
        waited = self._number(initial.waited)
        if initial.people:
            # Routes in proportion to people-days there, each at a random moment of the stay.
            there = {route: weight for route, weight in crowds.there[name].items() if weight > 0}
            parties = tuple(self._party(route, number, in_progress=True) for route in there)
            yield Source(THERE, name, initial.people, _edges(there), parties)
        if initial.waiting:
            yield self._waiting(WAITING, name, initial.waiting, crowds.waiting[name], waited)
        if initial.waiting_in_hospital:
            yield self._waiting(
                IN_HOSPITAL, name, initial.waiting_in_hospital, crowds.in_hospital[name], waited
            )

    def _waiting(
        self, why: str, name: str, count: int, weights: dict[tuple[str, int], float], waited: int
    ) -> Source:
        """People who wait for a service: in the places that lead to it, in none, or ready in a hospital."""
        awaited = self.lookup.offer.number(name)
        is_team = not self.lookup.offer.is_place[awaited]
        weights = {key: weight for key, weight in weights.items() if weight > 0}
        parties = []
        for route, place in weights:
            if place == NO_PLACE:
                parties.append(Party(self.routes.index(route), self.crowds.entries[route], awaited))
                continue
            party = self._party(route, place)
            parties.append(replace(party, team=awaited) if is_team else replace(party, next_service=awaited))
        return Source(why, name, count, _edges(weights), tuple(parties), waited)

    def _party(self, route: str, place: int, in_progress: bool = False) -> Party:
        entry = self.crowds.entries[route]
        stay = self._number(self.lookup.needs(0, entry, route, place).stay, in_progress)
        return Party(self.routes.index(route), entry, place, stay=stay)

    def _number(self, spec: Distribution | None, in_progress: bool = False) -> int:
        return NO_BLEND if spec is None else self.numbers.setdefault((spec, in_progress), len(self.numbers))


def _edges(weights: Mapping[K, float]) -> Floats:
    """Up to which rank each of the parties with these weights goes."""
    edges = np.cumsum(list(weights.values()))
    return edges / edges[-1] if edges.size else edges
