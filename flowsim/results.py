"""What the replications of one scenario came to: numbers by day and by replication, intervals, and tables of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from flowsim.errors import RunError
from flowsim.experiment.intervals import Interval
from flowsim.experiment.summary import Row, by_replication, daily_names, summarise
from flowsim.experiment.warm_up import WarmUpVerdict, warm_up_verdict
from flowsim.experiment.worker import Outcome
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import Timeline, build_timeline
from flowsim.scenario.words import nearest
from flowsim.units import Floats

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Result:
    """What the replications of one scenario came to.

    Where replications met variants of it, `met` holds the scenario as each met it, and `met_words` say what that means.
    """

    scenario: Scenario
    outcomes: tuple[Outcome, ...]
    seed: int
    engine: str
    seconds: float
    stopped: bool = False
    met: tuple[Scenario, ...] = ()
    met_words: str = ""

    @property
    def replications(self) -> int:
        """How many replications there are."""
        return len(self.outcomes)

    @cached_property
    def timeline(self) -> Timeline:
        """The scenario day by day."""
        return build_timeline(self.scenario)

    def by_day(self, measure: str, *, warm_up: bool = False) -> Floats:
        """A daily measure in every replication, shape (replications, days); zero in those where it never occurred.

        Raises RunError in words where no replication has it, be it that nobody measured it.
        """
        if measure not in self.daily_measures:
            raise self._no_such(measure, self.daily_measures)
        skip = 0 if warm_up else self.scenario.run.warm_up_days
        nothing = np.zeros(self.timeline.weekday.size)
        return np.stack([o.measured.daily.get(measure, nothing)[skip:] for o in self.outcomes])

    @cached_property
    def daily_measures(self) -> tuple[str, ...]:
        """The names of the daily measures."""
        return daily_names(self.outcomes)

    @cached_property
    def daily(self) -> pd.DataFrame:
        """One row a replication and day of the run: scenario, replication, day, date, and every daily measure."""
        from flowsim.frames import daily_frame  # here, for pandas takes most of a second to load

        return daily_frame(self.scenario, self.outcomes, self.daily_measures)

    @cached_property
    def per_replication(self) -> dict[str, Floats]:
        """Every number a replication amounts to, by measure, shape (replications,)."""
        found = by_replication(self.outcomes, self.timeline)
        if self.met:
            # Only shares of capacity depend on the scenario once the journeys are measured.
            each = [
                by_replication([o], build_timeline(s)) for o, s in zip(self.outcomes, self.met, strict=True)
            ]
            shares = [name for name in found if name.startswith("occupancy_")]
            found |= {name: np.array([one[name][0] for one in each]) for name in shares}
        return found

    @cached_property
    def rows(self) -> dict[str, Row]:
        """The lines of the summary by measure."""
        return {row.measure: row for row in summarise(self.outcomes, self.timeline, self.per_replication)}

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Tidy: scenario, measure, value, low, high, unit; 95 % intervals over replications."""
        from flowsim.frames import summary_frame

        return summary_frame(self.scenario, self.rows.values())

    def interval(self, measure: str) -> Interval:
        """One measure of the summary. Raises RunError in words where there is none of that name."""
        if measure not in self.rows:
            raise self._no_such(measure, self.rows)
        return self.rows[measure].interval

    def _no_such(self, measure: str, among: Iterable[str]) -> RunError:
        return RunError(f"{measure}: {self.scenario.name} has no such measure; {nearest(measure, among)}")

    @cached_property
    def journeys(self) -> pd.DataFrame:
        """What happened to everybody, for the replications that were kept."""
        from flowsim.frames import journeys_frame

        return journeys_frame(self.scenario, self.outcomes)

    @cached_property
    def warm_up(self) -> WarmUpVerdict:
        """Whether the warm-up was long enough."""
        days = self.scenario.run.warm_up_days
        there = any(
            s.initial.people or s.initial.waiting or s.initial.waiting_in_hospital
            for s in self.scenario.services.values()
        )
        return warm_up_verdict(self.by_day("delayed", warm_up=True)[:, :days], there)
