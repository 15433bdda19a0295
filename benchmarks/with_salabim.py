"""The network in salabim (https://www.salabim.org), lean: people drawn beforehand, no monitors, no trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import salabim

from benchmarks.network import HOSPITAL, Network, draw, means_of

salabim.yieldless(False)


def run(network: Network, seed: int) -> dict[str, float]:
    """One replication: means of the daily census."""
    drawn = draw(network, seed)
    env = salabim.Environment(trace=False)
    rooms = [salabim.Resource(capacity=place.capacity, monitor=False) for place in network.places]
    ready: list[float] = []
    entered: list[list[float]] = [[] for _ in network.places]
    left: list[list[float]] = [[] for _ in network.places]

    class Person(salabim.Component):  # type: ignore[misc]  # salabim has no types
        def setup(self, steps: list[tuple[int, float]]) -> None:
            self.steps = steps
            self.mode.monitor(False)
            self.status.monitor(False)

        def process(self) -> Any:
            yield self.hold(self.steps[0][1])
            ready.append(env.now())
            held = HOSPITAL
            for place, stay in self.steps[1:]:
                yield self.request(rooms[place])
                left[held].append(env.now())
                entered[place].append(env.now())
                if held != HOSPITAL:
                    self.release(rooms[held])
                held = place
                yield self.hold(stay)
            left[held].append(env.now())  # what is held is released as the component ends

    class Arrivals(salabim.Component):  # type: ignore[misc]
        def process(self) -> Any:
            for arrives, steps in zip(drawn.arrives, drawn.steps, strict=True):
                yield self.hold(till=arrives)
                Person(steps=steps)

    Arrivals()
    env.run(till=network.horizon)
    limited = [n for n in range(len(network.places)) if n != HOSPITAL]
    inside = {n: (np.array(entered[n]), np.array(left[n])) for n in limited}
    return means_of(network, (np.array(ready), np.array(left[HOSPITAL])), inside)
