"""Many replications: intervals that hold what they promise, and pairs that are worth pairing.

Law, "Simulation Modeling and Analysis", 5th ed. 2015: section 9.4 for coverage, 11.2 for common random numbers.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import flowsim
from tests.verification import trial

EXPERIMENTS, REPLICATIONS = 80, 6


def unlimited() -> str:
    return """
title = "An unlimited caseload"
[run]
start = 2018-01-01
days = 20
warm_up_days = 60
[streams.referrals]
label = "Referrals"
per_day = 6
enters = "caseload"
routes = { reablement = 1.0 }
[routes.reablement]
label = "Reablement"
[services.caseload]
kind = "place"
stay = { dist = "exponential", mean = 5 }
"""


@pytest.mark.uncounted  # long, and others go through its lines
def test_ninety_five_in_a_hundred_intervals_hold_the_truth() -> None:
    """The census of M/G/infinity is 6 x 5; how many of the summary's 95 % intervals hold it is binomial."""
    held = 0
    case = trial.scenario(unlimited())
    for seed in range(EXPERIMENTS):
        summary = flowsim.run(case, replications=REPLICATIONS, seed=seed).summary
        row = summary[summary["measure"] == "in_caseload_mean"]
        held += int(((row["low"] <= 30) & (row["high"] >= 30)).sum())
    fewest, most = (int(stats.binom.ppf(p, EXPERIMENTS, 0.95)) for p in trial.TAILS)
    trial.say(f"{held} of {EXPERIMENTS} hold it, from {fewest} to {most}")
    assert fewest <= held <= most


def beds(capacity: int) -> str:
    return f"""
title = "Step-down beds"
[run]
start = 2018-01-01
days = 120
warm_up_days = 60
[streams.emergency]
label = "Emergency admissions"
per_day = 8
enters = "hospital"
routes = {{ home = 0.6, step_down = 0.4 }}
[routes.home]
label = "Home"
stay = {{ mean = 3, sd = 4 }}
[routes.step_down]
label = "Step-down"
stay = {{ mean = 9, sd = 6 }}
next = {{ beds = 1.0 }}
[services.hospital]
kind = "place"
[services.beds]
kind = "place"
capacity = {capacity}
stay = {{ mean = 20, sd = 14 }}
"""


def test_pairs_of_replications_differ_far_less_than_strangers() -> None:
    """One more bed, same draws: the variance of the difference is below a tenth of that of independent runs."""
    fewer = trial.by_day(trial.ran(beds(62), 30), "delayed").mean(axis=1)
    more = trial.by_day(trial.ran(beds(63), 30), "delayed").mean(axis=1)
    paired = np.var(more - fewer, ddof=1)
    independent = np.var(more, ddof=1) + np.var(fewer, ddof=1)
    trial.say(f"variance of the difference: paired {paired:.3f}, independent {independent:.3f}")
    assert 0 < paired < independent / 10
    assert (more - fewer).mean() < 0


def test_replications_do_not_resemble_one_another() -> None:
    """Replications k and k + 1 are independent: no correlation beyond what 30 pairs show by chance."""
    daily = trial.by_day(trial.ran(beds(62), 31), "delayed")
    delayed = daily.mean(axis=1)
    assert stats.pearsonr(delayed[:-1], delayed[1:]).pvalue > 1 - trial.LEVEL
    assert np.unique(daily, axis=0).shape == daily.shape
