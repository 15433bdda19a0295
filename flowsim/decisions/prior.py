"""Where nothing has been fitted: how far the numbers of a scenario may be from what they say, as a plausible set.

What a level of delays hangs on most: how many people come, how much each service that people wait for can take on, and how
long the teams' work takes. The spreads are assumptions, and said to be.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from flowsim.decisions.plausible import Plausible, usual_of
from flowsim.decisions.unknowns import unknown_from
from flowsim.scenario.files import fingerprint
from flowsim.scenario.model import Scenario

# Standard deviations of factors: assumptions.
DEMAND: Final = 0.02
ROOM: Final = 0.03
WORK: Final = 0.10
# Fewer than a process keeps ready, so that each is made once.
MEMBERS: Final = 24
# A factor is cut off so many standard deviations out.
FURTHEST: Final = 2.5


def prior_spreads(scenario: Scenario) -> dict[str, float]:
    """The numbers that may be off, by name of the unknown, and the standard deviation of the factor."""
    found = {
        f"streams.{name}.per_day*": DEMAND for name, stream in scenario.streams.items() if stream.per_day > 0
    }
    for name, service in scenario.services.items():
        if service.reason is None:
            continue
        if service.kind == "team":
            if service.work is not None:
                found[f"services.{name}.work*"] = WORK
        elif service.capacity:
            found[f"services.{name}.capacity*"] = ROOM
        elif service.starts is not None and service.starts.given():
            found[f"services.{name}.starts*"] = ROOM
    return found


def prior_set(scenario: Scenario, seed: int, members: int = MEMBERS) -> Plausible:
    """A plausible set that no data have touched: a Latin hypercube of factors about 1, all members alike."""
    from scipy.special import ndtr, ndtri
    from scipy.stats.qmc import LatinHypercube

    spreads = prior_spreads(scenario)
    rank = LatinHypercube(d=len(spreads), rng=np.random.default_rng(seed)).random(members)
    lowest = ndtr(-FURTHEST)
    steps = ndtri(lowest + rank * (1 - 2 * lowest))
    table = pd.DataFrame(1 + steps * np.array(list(spreads.values())), columns=list(spreads))
    table["weight"], table["discrepancy"] = 1 / members, np.nan
    unknowns = tuple(unknown_from(name) for name in spreads)
    about = {"fitted": False, "spreads": spreads}
    return Plausible(
        scenario.name, tuple(spreads), table, fingerprint(scenario), usual_of(scenario, unknowns), about
    )
