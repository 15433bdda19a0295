"""Whether the warm-up was long enough: MSER-5 on the daily number delayed.

Source: K. P. White, An effective truncation heuristic for bias reduction in simulation output,
Simulation 69 (1997), 323-334; batches of five: White, Cobb and Spratt, Proc. Winter Simulation Conf. 2000.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from flowsim.experiment.intervals import can_call, paired_interval
from flowsim.units import Floats

BATCH_DAYS: Final = 5
# Fewer batches than this leave too little after any cut to be called a level.
FEWEST_BATCHES: Final = 6
# A drift smaller than this share of the level is not worth a complaint.
WORTH_SAYING: Final = 0.05
LONGEST_WARM_UP_DAYS: Final = 3650
USUAL_WARM_UP_DAYS: Final = 180


@dataclass(frozen=True)
class WarmUpVerdict:
    """Whether the warm-up was long enough, after how many days things settled (None: not seen), and in words."""

    enough: bool
    settled_after_days: int | None
    sentence: str


def settled_after(series: Floats) -> int | None:
    """How many days to leave out so that the rest is at a steady level; None where the series cannot tell.

    `series` is the mean over replications, one number a day, shape (days,). MSER-5 cuts where the squared
    standard error of what remains is smallest; a smallest value in the second half means that
    the series is too short to tell (White 1997). Cuts in the last quarter are not tried: the few batches
    they leave are alike by chance too often (Hoad, Robinson and Davies, J. Oper. Res. Soc. 61, 2010).
    """
    count = len(series) // BATCH_DAYS
    if count < FEWEST_BATCHES:
        return None
    batches = np.asarray(series[: count * BATCH_DAYS]).reshape(count, BATCH_DAYS).mean(axis=1)
    errors = [float(np.var(batches[cut:])) / (count - cut) for cut in range(count * 3 // 4 + 1)]
    best = int(np.argmin(errors))
    return best * BATCH_DAYS if best <= count // 2 else None


def warm_up_verdict(warm_up_series: Floats, people_at_start: bool = False) -> WarmUpVerdict:
    """Judge a warm-up by the number delayed at each of its midnights, shape (replications, warm_up_days).

    `people_at_start` says whether the scenario puts people there before the first day.
    """
    days = warm_up_series.shape[1]
    if days == 0:
        return _no_warm_up(people_at_start)
    settled = settled_after(warm_up_series.mean(axis=0))
    if settled is None and not _holds_its_level(warm_up_series):
        return WarmUpVerdict(False, None, _too_short(*warm_up_series.shape))
    if not warm_up_series.any():
        what = "nobody is delayed at any time in it"
    elif settled is None:
        what = "the number delayed wavers, but no longer drifts in its second half"
    elif settled == 0:
        what = "the number delayed is at its level from the start"
    else:
        what = f"the number delayed settles after about {settled} days"
    return WarmUpVerdict(True, settled, f"The warm-up of {days} days is long enough: {what}.")


def _holds_its_level(series: Floats) -> bool:
    """Whether the last quarter is no higher or lower than the one before, as far as replications can say.

    MSER alone takes slow wavering for a climb in up to half of all level series. `series` has shape
    (replications, days); the quarters are whole weeks, so that weekends weigh the same in both.
    """
    replications, days = series.shape
    quarter = days // 28 * 7
    if replications < 2 or days < FEWEST_BATCHES * BATCH_DAYS:
        return False
    last, before = series[:, -quarter:].mean(axis=1), series[:, -2 * quarter : -quarter].mean(axis=1)
    drift = paired_interval(last, before)
    level = max(float(last.mean()), float(before.mean()))
    return not can_call(drift) or abs(drift.value) < WORTH_SAYING * level


def _no_warm_up(people_at_start: bool) -> WarmUpVerdict:
    if people_at_start:
        return WarmUpVerdict(
            True, None, "There is no warm-up: the first day begins with the people the scenario puts there."
        )
    said = (
        "There is no warm-up and nobody is there at the start, so the first weeks show services filling up."
    )
    return WarmUpVerdict(False, None, f"{said} Try at least {USUAL_WARM_UP_DAYS} days.")


def _too_short(replications: int, days: int) -> str:
    """What to say when the number delayed has not settled by the end of the warm-up."""
    said = f"The warm-up of {days} day{'' if days == 1 else 's'} is too short"
    if days < FEWEST_BATCHES * BATCH_DAYS:
        said += ": so few days cannot show whether the number delayed has settled."
    elif replications < 2:
        said += ", as far as one replication can show: the number delayed has not settled by its end."
    else:
        said += ": the number delayed is still changing at its end."
    longer = min(LONGEST_WARM_UP_DAYS, 10 * math.ceil(max(2 * days, 60) / 10))
    if longer > days:
        said += f" Try at least {longer} days."
    if days >= USUAL_WARM_UP_DAYS:
        # Twice as long will not help a queue that has no level to settle at.
        said += " If it never settles, more people ask for a service than it can take on."
    return said
