"""Escalations in the SimPy model: the midnight census that they are judged by, and which are in force (rule 13)."""

from __future__ import annotations

import math
from collections import defaultdict

from flowsim.engine import rules
from flowsim.engine.clock import Clock
from flowsim.engine.log import LEFT, StepColumns
from flowsim.engine.service import Visit
from flowsim.scenario.offer import Alert, Offer


class Escalations:
    """Which escalations are on. The census behind them is kept only where there are any."""

    def __init__(self, env: Clock, rows: list[float], do: StepColumns, offer: Offer) -> None:
        self.env = env
        self.rows = rows
        self.do = do
        self.offer = offer
        self.alerts = list(offer.alerts)
        self._on = [False] * len(self.alerts)
        self._due = [math.inf] * len(self.alerts)
        # Who will be ready in hospital on which day (an index), and who has been, by person.
        self._ready_on: defaultdict[int, list[Visit]] = defaultdict(list)
        self._kept: dict[int, Visit] = {}

    def in_force(self, day: int) -> list[Alert]:
        """The escalations in force after the census of this midnight."""
        if not self.alerts:
            return []
        census = self.delayed(day)
        for n, alert in enumerate(self.alerts):
            self._on[n], self._due[n] = rules.judged(
                self._on[n], self._due[n], census, alert.above, alert.below, alert.after_days, day
            )
        return [alert for alert, on in zip(self.alerts, self._on, strict=True) if on]

    def delayed(self, day: int) -> float:
        """The midnight census: people ready for long enough, by the share that counts of what they wait for."""
        share = self.offer.counted_share[:, max(day - 1, 0)].tolist()
        latest = self.env.now - self.offer.counted_after_days
        for visit in self._ready_on.pop(day - 1, ()):
            if math.isnan(self.rows[visit.row + LEFT]):
                self._kept[visit.person] = visit
        census = 0.0
        for visit in self._kept.values():
            if visit.ready < latest:
                census += share[self._waits_for(visit)]
        return census

    def expect(self, visit: Visit) -> None:
        """Let the census see somebody in hospital from the day on which they are ready."""
        day = math.floor(visit.ready) - self.offer.first_day
        self._ready_on[max(day, -1)].append(visit)  # -1: at the start they have been ready for long

    def forget(self, visit: Visit) -> None:
        """Somebody leaves hospital."""
        if self._kept.get(visit.person) is visit:
            del self._kept[visit.person]

    def _waits_for(self, visit: Visit) -> int:
        """The service that keeps somebody: the team whose task is not done, else the next place."""
        if visit.task < visit.last_task:
            return self.do.task_team[visit.task]
        return self.do.service[self.do.next[visit.step]]
