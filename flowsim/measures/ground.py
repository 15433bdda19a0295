"""What the measures stand on: the journeys of one replication, and the scenario they happened in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from flowsim.counting import under_way
from flowsim.journeys import EXITS, Journeys
from flowsim.scenario.model import ReasonCode, Scenario, Size, setting_of
from flowsim.scenario.offer import Offer
from flowsim.scenario.timeline import Timeline
from flowsim.units import Floats, Ints

BODIES: Final = ("nhs", "social_care", "both")
LEAVE: Final = next(code for code, name in EXITS.items() if name == "leave")
STILL_AT_HOME_DAYS: Final = 91.0
REASONS: Final[tuple[ReasonCode, ...]] = get_args(ReasonCode)


@dataclass(frozen=True)
class Setting:
    """A scenario as the measures read it: made once, read for every replication."""

    timeline: Timeline
    offer: Offer

    @property
    def scenario(self) -> Scenario:
        """The scenario itself."""
        return self.timeline.scenario

    @property
    def first_day(self) -> int:
        """The first day of the warm-up."""
        return self.timeline.first_day

    @property
    def days(self) -> int:
        """Days of warm-up and run together."""
        return int(self.timeline.weekday.size)

    @property
    def run(self) -> slice:
        """The days of the run among those of warm-up and run."""
        return slice(-self.first_day, None)

    @cached_property
    def settings(self) -> tuple[str, ...]:
        """Where a person in each service is: hospital, bed, home, care_home or waiting."""
        services = self.scenario.services
        return tuple(setting_of(name, services[name]) for name in self.offer.names)

    def places_in(self, *settings: str) -> NDArray[np.bool_]:
        """Which services are places where a person is in one of these settings, shape (services,)."""
        return np.array([s in settings for s in self.settings]) & self.offer.is_place

    @cached_property
    def can_be_blocked(self) -> NDArray[np.bool_]:
        """The places, but hospital and those to wait in, that hold people who cannot move on; shape (services,)."""
        return self.offer.is_place & ~self.offer.is_hospital & ~self.places_in("waiting")

    @cached_property
    def sizes(self) -> tuple[tuple[Size, ...] | None, ...]:
        """For each service how much room people of each route take; None where everybody takes 1 all the time."""
        return tuple(self._sizes_in(name) for name in self.offer.names)

    def _sizes_in(self, name: str) -> tuple[Size, ...] | None:
        usual, routes = self.scenario.services[name].size, self.scenario.routes.values()
        sizes = tuple(at.size if (at := r.at.get(name)) and at.size else usual for r in routes)
        return None if all(size.start == size.end == 1 for size in sizes) else sizes

    @cached_property
    def services_of_reason(self) -> dict[ReasonCode | None, Ints]:
        """The services that people wait for with each national reason, and (None) those without one."""
        reasons = [self.scenario.services[name].reason for name in self.offer.names]
        given = [reason for reason in REASONS if reason in reasons]
        return {r: np.flatnonzero([reason == r for reason in reasons]) for r in (*given, None)}

    @cached_property
    def shares_of_body(self) -> dict[str, Floats]:
        """The share of a wait for each service that is put down to each body, shape (services,) each."""
        given = [self.scenario.services[name].attribution for name in self.offer.names]
        return {body: np.array([getattr(a, body) if a else 0.0 for a in given]) for body in BODIES}

    @cached_property
    def excess_price(self) -> Floats:
        """Pounds for a day in hospital beyond need, shape (days of the run,)."""
        return self.timeline.by_day(lambda s: s.costs.hospital_excess_day)[self.run]

    @cached_property
    def care_prices(self) -> dict[str, Floats]:
        """Pounds for a day of care in each service that has a price, shape (days of the run,) each."""
        prices = {
            name: self.timeline.by_day(lambda s, n=name: s.services[n].cost_per_day)[self.run]  # type: ignore[misc]
            for name in self.offer.names
        }
        return {name: price for name, price in prices.items() if price.any()}


@dataclass(frozen=True)
class Spells:
    """Intervals (begin, end] of people, by row of the journeys. Arrays have shape (spells,), times in days.

    An end that is NaN has not come by the horizon.
    """

    row: Ints
    begin: Floats
    end: Floats

    def only(self, chosen: NDArray[np.bool_]) -> Spells:
        """Some of them."""
        kept = np.flatnonzero(chosen)
        return Spells(self.row[kept], self.begin[kept], self.end[kept])


def spells(journeys: Journeys, rows: NDArray[np.bool_], begin: Floats) -> Spells:
    """The intervals of chosen rows that have begun, each until the person left."""
    row = np.flatnonzero(rows & ~np.isnan(begin))
    return Spells(row, begin[row], journeys.left[row])


def at_midnights(spells_: Spells, setting: Setting, key: Ints, keys: int) -> Floats:
    """How many spells are under way at the midnight that ends each day, by key; shape (keys, days).

    The midnight comes before whatever else happens at that instant: a spell (begin, end] counts.
    """
    return under_way(spells_.begin, spells_.end, key, (keys, setting.days), setting.first_day)
