"""Does `flowsim calibrate` find what is true? Ten made-up cities whose numbers are known.

    python -m benchmarks.recovery [CITIES]

Each city is a small one with a team that allocates routes, a reablement team and beds. Five of its numbers are drawn at random
from their ranges; two years of it are simulated once, with a seed that the fit does not know, and their months by reason and its
level of excess are all that the fit sees. Prints, for each number, in how many cities the true value lies in the middle nine tenths
of the plausible set, in how many of them the report calls it pinned down, and in how many of those it lies inside.
"""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from flowsim.decisions import findings
from flowsim.decisions.calibrate import calibrate
from flowsim.decisions.fit_file import Fit, fit_from
from flowsim.decisions.unknowns import Unknown, with_values
from flowsim.experiment.replicate import cores_here
from flowsim.experiment.run import Effort, run_together
from flowsim.observed import Observed
from flowsim.scenario.files import from_text
from flowsim.scenario.model import Scenario

CITY = """
title = "A made-up city"
[run]
start = 2017-01-01
days = 730
warm_up_days = 120
[target]
delayed = 10
[streams.emergency]
label = "Emergency admissions"
per_day = 9
enters = "hospital"
routes = { home = "rest", d2a_home = 0.30, d2a_step_down = 0.12 }
[routes.home]
label = "Home"
stay = { mean = 2, sd = 2 }
[routes.d2a_home]
label = "D2A at home"
stay = { mean = 5, sd = 4 }
tasks = ["allocation"]
next = { stit = 1.0 }
[routes.d2a_step_down]
label = "D2A in step-down"
stay = { mean = 7, sd = 5 }
tasks = ["allocation"]
next = { ic_beds = 1.0 }
[services.hospital]
kind = "place"
[services.allocation]
kind = "team"
starts = { mon = 7, tue = 7, wed = 7, thu = 7, fri = 7, sat = 0, sun = 0 }
work = { mean = 1.5, sd = 1.0 }
reason = "A"
counted_share = 0.5
[services.stit]
kind = "place"
capacity = 44
starts = { mon = 6, tue = 6, wed = 6, thu = 6, fri = 6, sat = 0, sun = 0 }
stay = { mean = 15, sd = 7 }
initial = { people = 40, waiting = 3, waited = 2 }
reason = "E"
[services.ic_beds]
kind = "place"
capacity = 25
stay = { mean = 21, sd = 10 }
initial = { people = 22, waiting = 3, waited = 2 }
reason = "C"
[while_waiting]
unwell_per_day = 0.01
leaves_per_day = 0.02
"""

RANGES = {
    "services.stit.stay.mean": (13.5, 17.0),
    "services.ic_beds.stay.mean": (19.0, 24.0),
    "services.allocation.work.mean": (0.8, 3.0),
    "services.allocation.counted_share": (0.2, 0.9),
    "while_waiting.leaves_per_day": (0.005, 0.04),
}
TARGETS = {
    **{f"monthly_delayed_{reason}": {"tolerance": 0.02} for reason in "ACE"},
    "excess_mean": {"value": 1.0, "tolerance": 0.02},
}
# Truths are drawn from the middle of the ranges: nobody writes a range at whose very end the truth lies.
MIDDLE = 0.8
EFFORT = {"waves": 3, "points": 60, "replications": 4, "members": 100, "member_replications": 1}
TRUTH_SEED, FIT_SEED = 40_000, 7
CITIES = 10
ENOUGH = 8


def city() -> Scenario:
    """The city before its numbers are settled."""
    return from_text(CITY, "made-up")


def fit_of(excess: float, effort: dict[str, int] | None = None) -> Fit:
    """What is fitted to what, once the level of excess is known."""
    targets = {**TARGETS, "excess_mean": {**TARGETS["excess_mean"], "value": excess}}
    vary = {path: {"low": low, "high": high} for path, (low, high) in RANGES.items()}
    return fit_from({"vary": vary, "targets": targets, "effort": effort or EFFORT})


def truth(number: int) -> dict[str, float]:
    """The true numbers of a city."""
    rng = np.random.default_rng([TRUTH_SEED, number])
    shares = (1 - MIDDLE) / 2 + MIDDLE * rng.random(len(RANGES))
    return {
        path: low + x * (high - low) for x, (path, (low, high)) in zip(shares, RANGES.items(), strict=True)
    }


def years_of(base: Scenario, values: dict[Unknown, float], number: int) -> tuple[Observed, float]:
    """Two years of a city with these numbers: its monthly return and its level of excess."""
    effort = Effort(replications=1, seed=TRUTH_SEED + number, census_only=True)
    result = run_together([with_values(base, values)], effort)[0]
    daily = result.daily.set_index("date")
    columns = {"delayed": "total_days", **{f"delayed_{r}": f"days_{r}" for r in "ACE"}}
    monthly = daily[list(columns)].rename(columns=columns).resample("MS").sum()
    monthly.index.name = "month"
    return Observed(monthly=monthly), float(result.interval("excess_mean").value)


def recovered(number: int, cores: int, effort: dict[str, int] | None = None) -> pd.DataFrame:
    """The fit of a city against its truth: path, truth, from, to, ratio, verdict, inside."""
    base, true = city(), truth(number)
    unknowns = {prior.unknown: true[prior.name] for prior in fit_of(1.0).priors}
    observed, excess = years_of(base, unknowns, number)
    found = calibrate(base, observed, fit_of(excess, effort), seed=FIT_SEED + number, cores=cores)
    rows = findings.parameters(found)
    rows["truth"] = [true[path] for path in rows["path"]]
    return rows.assign(
        inside=(rows["truth"] >= rows["from"]) & (rows["truth"] <= rows["to"]), widened=found.widened
    )


def main() -> None:
    """Fit the cities and print the table."""
    cities = int(sys.argv[1]) if len(sys.argv) > 1 else CITIES
    begun = time.perf_counter()
    tables = []
    for number in range(cities):
        tables.append(recovered(number, cores_here()).assign(city=number))
        inside = tables[-1]["inside"]
        print(
            f"city {number + 1}: {inside.sum()} of {len(inside)} inside, tolerances widened by {tables[-1]['widened'].iloc[0]:.2f}, "
            f"{time.perf_counter() - begun:.0f} s",
            flush=True,
        )
    rows = pd.concat(tables, ignore_index=True)
    print(f"\n{cities} cities: true value in the middle nine tenths of the plausible set\n")
    print(f"{'number':36} {'inside':>8} {'pinned':>8} {'and inside':>11} {'width left':>11}")
    for path, mine in rows.groupby("path", sort=False):
        pinned = mine[mine["verdict"] == "pinned down"]
        print(
            f"{path:36} {mine['inside'].sum():>4} / {len(mine)} {len(pinned):>8} {pinned['inside'].sum():>11} {mine['ratio'].mean():>11.0%}"
        )
    pinned = rows[rows["verdict"] == "pinned down"]
    print(f"\nof {len(pinned)} that are called pinned down, {pinned['inside'].mean():.0%} lie inside")


if __name__ == "__main__":
    main()
