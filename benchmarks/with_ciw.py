"""The network in Ciw (https://ciw.readthedocs.io), lean: blocking after service is built in, nothing is tracked."""

from __future__ import annotations

import math

import ciw
import numpy as np

from benchmarks.network import HOSPITAL, Network, means_of
from flowsim.units import Floats


def run(network: Network, seed: int) -> dict[str, float]:
    """One replication: means of the daily census."""
    ciw.seed(seed)
    count = len(network.places)
    limited = [n for n in range(count) if n != HOSPITAL]
    simulation = ciw.Simulation(
        ciw.create_network(
            arrival_distributions=[
                ciw.dists.Exponential(network.per_day) if n == HOSPITAL else None for n in range(count)
            ],
            service_distributions=[ciw.dists.Lognormal(place.mu, place.sigma) for place in network.places],
            number_of_servers=[
                place.capacity if math.isinf(place.capacity) else int(place.capacity)
                for place in network.places
            ],
            # No queue of its own: whoever finds no room keeps the place they hold.
            queue_capacities=[math.inf if n == HOSPITAL else 0 for n in range(count)],
            routing=[[place.onward.get(to, 0.0) for to in range(count)] for place in network.places],
        )
    )
    simulation.simulate_until_max_time(network.horizon)
    records = simulation.get_all_records(include_incomplete=True)
    node = np.array([record.node - 1 for record in records])
    arrived, ready, left = (_column([getattr(r, name) for r in records]) for name in ("arrival_date", "service_end_date", "exit_date"))  # fmt: skip
    here = node == HOSPITAL
    inside = {n: (arrived[node == n], left[node == n]) for n in limited}
    return means_of(network, (ready[here], left[here]), inside)


def _column(dates: list[float | None]) -> Floats:
    return np.array([math.nan if date is None else date for date in dates], dtype=np.float64)
