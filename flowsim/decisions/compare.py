"""Comparing plans: paired differences from a base, and whether they can be called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from flowsim.engine import AUTO
from flowsim.errors import RunError
from flowsim.experiment.intervals import NO_INTERVAL, Interval, can_call, paired_interval, replications_needed
from flowsim.experiment.run import Effort, run_together
from flowsim.experiment.summary import unit_of
from flowsim.results import Result
from flowsim.scenario.files import load
from flowsim.scenario.model import Scenario

if TYPE_CHECKING:
    import pandas as pd

CALLED_FOUR_TIMES_OF_FIVE: Final = 1 + float(ndtri(0.8) / ndtri(0.975))


@dataclass(frozen=True)
class Comparison:
    """Scenarios run on the same draws; the first is the base that the others are held against."""

    results: tuple[Result, ...]

    @property
    def base(self) -> Result:
        """The result that the others are compared with."""
        return self.results[0]

    @property
    def daily(self) -> pd.DataFrame:
        """All daily tables, one under the other."""
        import pandas as pd  # here, for it takes most of a second to load

        return pd.concat([r.daily for r in self.results], ignore_index=True)

    @property
    def summary(self) -> pd.DataFrame:
        """All summaries, one under the other."""
        import pandas as pd

        return pd.concat([r.summary for r in self.results], ignore_index=True)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Tidy: scenario, base, measure, value, low, high, unit, called.

        Plan minus base over the same replications with a 95 % t interval; `called` says whether the
        interval leaves zero out.
        """
        import pandas as pd

        rows = []
        for result in self.results[1:]:
            for measure in result.per_replication:
                if measure in self.base.per_replication:
                    found = self.difference(result, measure)
                    rows.append(
                        (result.scenario.name, self.base.scenario.name, measure, found.value, found.low, found.high,
                         unit_of(measure), can_call(found))
                    )  # fmt: skip
        columns = ["scenario", "base", "measure", "value", "low", "high", "unit", "called"]
        return pd.DataFrame(rows, columns=columns)

    def difference(self, result: Result, measure: str) -> Interval:
        """One measure of a plan minus that of the base, over the replications in which both have it."""
        plan, base = result.per_replication[measure], self.base.per_replication[measure]
        known = ~(np.isnan(plan) | np.isnan(base))
        return paired_interval(plan[known], base[known]) if known.any() else NO_INTERVAL

    def replications_to_call(self, result: Result) -> int | None:
        """How many replications would call the difference in people delayed in four cases of five, if it is what it seems.

        None if it can be called. With an interval as wide as the difference is large it would be called every other time: it has to
        be narrower by the ratio of the normal quantiles of 0.8 and 0.975 (the power of a test: Cohen 1988, section 1.4).
        """
        found = self.difference(result, "delayed_mean")
        if can_call(found) or not found.value or found.low != found.low:
            return None
        values = result.per_replication["delayed_mean"] - self.base.per_replication["delayed_mean"]
        return replications_needed(values, abs(found.value) / CALLED_FOUR_TIMES_OF_FIVE)


def run(
    scenario: Scenario | str | Path,
    *,
    replications: int | None = None,
    seed: int | None = None,
    engine: str = AUTO,
    cores: int = 1,
    keep_journeys: int = 1,
    half_width: float | None = None,
) -> Result:
    """Run one scenario, by name, path or as loaded. Journeys are kept of the first `keep_journeys` replications.

    `cores` above 1 starts processes: a script that asks for them keeps its own work under
    `if __name__ == "__main__":`. Raises ScenarioError and RunError in words.
    """
    effort = Effort(
        replications=replications, seed=seed, engine=engine, cores=cores, keep_journeys=keep_journeys, half_width=half_width
    )  # fmt: skip
    return run_together([load(scenario)], effort)[0]


def compare(
    scenarios: Sequence[Scenario | str | Path],
    *,
    replications: int | None = None,
    seed: int | None = None,
    engine: str = AUTO,
    cores: int = 1,
    keep_journeys: int = 0,
    half_width: float | None = None,
) -> Comparison:
    """Run scenarios on the same draws and hold them against the first."""
    effort = Effort(
        replications=replications, seed=seed, engine=engine, cores=cores, keep_journeys=keep_journeys, half_width=half_width
    )  # fmt: skip
    return compare_with(scenarios, effort)


def compare_with(scenarios: Sequence[Scenario | str | Path], effort: Effort) -> Comparison:
    """`compare`, with an effort that says how much to run and who hears of it."""
    return Comparison(tuple(run_together(comparable(scenarios), effort)))


def comparable(scenarios: Sequence[Scenario | str | Path]) -> list[Scenario]:
    """Load scenarios that are to be compared. Raises RunError in words where that makes no sense."""
    loaded = [load(s) for s in scenarios]
    if len(loaded) < 2:
        raise RunError("a comparison needs two scenarios or more: the base first, then the plans")
    names = [s.name for s in loaded]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise RunError(f"each scenario once, please: {', '.join(twice)} is named more than once")
    for other in loaded[1:]:
        _refuse_other_period(loaded[0], other)
        _refuse_other_scale(loaded[0], other)
    return loaded


def _refuse_other_scale(base: Scenario, other: Scenario) -> None:
    """Chances of one target and pounds of one year are what plans are held against each other by."""
    if other.target.delayed != base.target.delayed:
        raise RunError(
            f"{other.name} has a target of {other.target.delayed:g}, but {base.name} of {base.target.delayed:g}: "
            "plans can only be judged by one target; set target.delayed alike"
        )
    if other.costs.price_year != base.costs.price_year:
        raise RunError(
            f"{other.name} has prices of {other.costs.price_year}, but {base.name} of {base.costs.price_year}: "
            "pounds of different years cannot be compared; set costs.price_year and the prices alike"
        )


def _refuse_other_period(base: Scenario, other: Scenario) -> None:
    if (other.run.start, other.run.days) != (base.run.start, base.run.days):
        raise RunError(
            f"{other.name} runs {other.run.days} days from {other.run.start}, but {base.name} {base.run.days} "
            f"days from {base.run.start}: only the same period can be compared; set run.start and run.days alike"
        )
    if other.run.warm_up_days != base.run.warm_up_days:
        raise RunError(
            f"{other.name} warms up for {other.run.warm_up_days} days, but {base.name} for "
            f"{base.run.warm_up_days}: people keep their luck only with the same warm-up; set "
            "run.warm_up_days alike"
        )
