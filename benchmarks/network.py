"""One network for all libraries: its parameters, read from network.toml, its people drawn at once, its census."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from flowsim.scenario.model import EXITS, Distribution, Scenario, shares
from flowsim.units import Floats, Ints

FILE: Final = Path(__file__).with_name("network.toml")
HOSPITAL: Final = 0


@dataclass(frozen=True)
class Place:
    """A place: room (infinite without a limit), lognormal stay, and the shares of where people go next."""

    name: str
    capacity: float
    mu: float
    sigma: float
    onward: dict[int, float]  # by number of the place; the rest leaves


@dataclass(frozen=True)
class Network:
    """Places, the hospital first; people arrive there evenly. Days from the beginning of the warm-up."""

    places: tuple[Place, ...]
    per_day: float
    warm_up_days: int
    days: int

    @property
    def horizon(self) -> int:
        """The last midnight."""
        return self.warm_up_days + self.days

    @property
    def midnights(self) -> Floats:
        """The midnights that end the days that count."""
        return np.arange(self.warm_up_days + 1, self.horizon + 1, dtype=np.float64)


def network_of(scenario: Scenario) -> Network:
    """The network that the scenario is. Everything any library gets is read from it."""
    (stream,), (route,) = scenario.streams.values(), scenario.routes.values()
    names = list(scenario.services)
    places = []
    for name, service in scenario.services.items():
        first = name == stream.enters
        stay, onward = (route.stay, route.next) if first else (service.stay, service.next)
        assert stay is not None
        assert onward is not None
        capacity = math.inf if service.capacity is None else service.capacity
        to = {names.index(n): share for n, share in shares(onward).items() if n not in EXITS}
        places.append(Place(name, capacity, *lognormal(stay), to))
    return Network(tuple(places), stream.per_day, scenario.run.warm_up_days, scenario.run.days)


def lognormal(stay: Distribution) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm of a stay given by mean and sd."""
    assert stay.mean
    assert stay.sd is not None
    variance = math.log1p((stay.sd / stay.mean) ** 2)
    return math.log(stay.mean) - variance / 2, math.sqrt(variance)


# ---- people --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """Everybody's arrival, and their places and stays one after the other."""

    arrives: list[float]
    steps: list[list[tuple[int, float]]]


def draw(network: Network, seed: int) -> Drawn:
    """All people of a replication, drawn at once with numpy."""
    rng = np.random.default_rng(seed)
    count = int(rng.poisson(network.per_day * network.horizon))
    arrives = np.sort(rng.random(count) * network.horizon)
    steps: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    who, where = np.arange(count), np.full(count, HOSPITAL)
    while who.size:
        mu = np.array([place.mu for place in network.places])[where]
        sigma = np.array([place.sigma for place in network.places])[where]
        for person, place, stay in zip(
            who.tolist(), where.tolist(), rng.lognormal(mu, sigma).tolist(), strict=True
        ):
            steps[person].append((place, stay))
        onward = _onward(network, where, rng.random(who.size))
        who, where = who[onward >= 0], onward[onward >= 0]
    return Drawn(arrives.tolist(), steps)


def _onward(network: Network, where: Ints, rank: Floats) -> Ints:
    """Where each goes next; -1 for out."""
    found = np.full(where.size, -1)
    for number, place in enumerate(network.places):
        edges = np.cumsum([0.0, *place.onward.values()])
        for to, low, high in zip(place.onward, edges, edges[1:], strict=False):
            found[(where == number) & (rank >= low) & (rank < high)] = to
    return found


# ---- what is compared ----------------------------------------------------------------------------


def mean_census(network: Network, begin: Floats, end: Floats) -> float:
    """Mean number of people at midnight from intervals (begin, end]; NaN: has not happened."""
    begun, ended = np.sort(begin[~np.isnan(begin)]), np.sort(end[~np.isnan(end)])
    at = network.midnights
    # Somebody who comes or goes at the very midnight was not yet there, or still was.
    return float((np.searchsorted(begun, at) - np.searchsorted(ended, at)).mean())


def means_of(
    network: Network, delayed: tuple[Floats, Floats], inside: dict[int, tuple[Floats, Floats]]
) -> dict[str, float]:
    """Mean number delayed in hospital and in every limited place, by name."""
    found = {"delayed": mean_census(network, *delayed)}
    return found | {
        f"in_{network.places[n].name}": mean_census(network, *spell) for n, spell in inside.items()
    }
