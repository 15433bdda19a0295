"""Where the days come from: excess and delays split over what would have to be perfect, by Shapley values.

Bottlenecks shade one another: what a perfect STIT is worth depends on whether homecare takes people on. The Shapley
value of a switch is its effect averaged over the orders in which the switches could be turned on (`shapley`), so the parts
add up to the whole, to the last person.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from flowsim.decisions.shapley import (
    all_sets,
    in_set,
    part_interval,
    random_orders,
    sets_of,
    shapley,
    shapley_of_orders,
    single_and_last,
)
from flowsim.decisions.switches import Switch, chosen_switches, perfected
from flowsim.decisions.trials import Trials, Trying, tried
from flowsim.engine import AUTO
from flowsim.errors import RunError
from flowsim.experiment.intervals import Interval, can_call, mean_interval, paired_interval
from flowsim.experiment.replicate import Progress, ignore
from flowsim.experiment.run import Effort, run_together
from flowsim.journeys import STAY, TASK, Journeys
from flowsim.results import Result
from flowsim.scenario.files import load
from flowsim.scenario.model import Scenario, setting_of
from flowsim.units import Floats, Ints, date_of

# Twice as many runs for each switch more: beyond so many, random orders are drawn unless somebody says how many.
MOST_WITH_ALL_SETS: Final = 10
USUAL_ORDERS: Final = 32
MOST_SWITCHES: Final = 40
MEASURES: Final = ("excess", "delayed")
# Who blocks whom is read from journeys, which are large.
MOST_JOURNEYS: Final = 10


@dataclass(frozen=True)
class Diagnosis:
    """What each switch is worth. Row n of `trials` is the scenario with those switches on whose bits are set in `sets[n]`.

    `orders` are those that were drawn, shape (orders, switches), none where every set was run. `base` and `ideal` are full results
    with no switch on and with all, in the same replications.
    """

    scenario: Scenario
    switches: tuple[Switch, ...]
    sets: Ints
    orders: Ints
    trials: Trials
    base: Result
    ideal: Result

    def of(self, measure: str) -> Floats:
        """ "excess" or "delayed": mean people at midnight, shape (sets, replications)."""
        if measure not in MEASURES:
            raise RunError(f'there is no "{measure}" to split; choose one of: {", ".join(MEASURES)}')
        values: Floats = getattr(self.trials, measure)
        return values

    def parts_of(self, measure: str) -> Floats:
        """What each switch takes away, shape (pairs of orders, switches, replications); one pair stands for every set."""
        values = self.of(measure)
        if not len(self.orders):
            return shapley(values)[None]
        return shapley_of_orders(values, self.sets, self.orders)

    @cached_property
    def parts(self) -> pd.DataFrame:
        """Tidy: measure, part, label, value, low, high, alone, last: mean people at midnight.

        First `whole`, then a line a switch (how many fewer), then `perfect`: what remains with all on. `alone` is what a
        switch does when it is the only one on, `last` what it adds when all others are on.
        """
        return pd.DataFrame([row for measure in MEASURES for row in self._rows(measure)], columns=_COLUMNS)

    def greatest(self, measure: str) -> tuple[int, list[int]]:
        """The switch that takes away most, and those that these replications cannot tell from it, the greatest first."""
        parts = self.parts_of(measure)
        order = (-parts.mean(axis=(0, 2))).argsort(kind="stable").tolist()
        first, *others = order
        return first, [n for n in others if not can_call(part_interval(parts[:, first] - parts[:, n]))]

    def _rows(self, measure: str) -> Iterator[tuple[str | float, ...]]:
        values = self.of(measure)
        nan = math.nan
        yield (measure, "whole", "As it is", *_three(mean_interval(values[0])), nan, nan)
        for n, switch in enumerate(self.switches):
            part = part_interval(self.parts_of(measure)[:, n])
            yield (measure, switch.name, switch.label, *_three(part), *single_and_last(self.sets, values, n))
        yield (measure, "perfect", "What remains", *_three(mean_interval(values[-1])), nan, nan)

    @cached_property
    def waiting(self) -> pd.DataFrame:
        """The same excess by what people are recorded as waiting for: service, label, value, low, high, share."""
        numbers = self.base.per_replication
        whole = float(numbers["excess_mean"].mean())
        rows = []
        for name, service in self.scenario.services.items():
            found = mean_interval(numbers[f"waiting_{name}_mean"])
            if found.value > 0:
                share = found.value / whole if whole > 0 else math.nan
                rows.append((name, service.label or name, *_three(found), share))
        return pd.DataFrame(rows, columns=["service", "label", "value", "low", "high", "share"])

    @cached_property
    def blocking(self) -> pd.DataFrame:
        """Who blocks whom: holds, waits_for, people: mean people who are ready in a place and wait for another.

        In hospital by what they are recorded as waiting for. Elsewhere by the team that finishes last with them, then by
        where they went: of those who died while waiting, the second part is not in it.
        """
        names = tuple(self.scenario.services)
        kept = [o.journeys for o in self.base.outcomes if o.journeys is not None]
        total = np.mean([_blocked(journeys, len(names)) for journeys in kept], axis=0)
        hospital = {n for n, s in self.scenario.services.items() if setting_of(n, s) == "hospital"}
        rows = [
            (names[holds], names[awaited], float(total[holds, awaited]))
            for holds, awaited in zip(*np.nonzero(total), strict=True)
            if names[holds] not in hospital
        ]
        rows += [
            ("hospital", service, value) for service, _, value, *_ in self.waiting.itertuples(index=False)
        ]
        found = pd.DataFrame(rows, columns=["holds", "waits_for", "people"])
        return found.sort_values("people", ascending=False, ignore_index=True)

    @cached_property
    def weeks(self) -> pd.DataFrame:
        """How far each whole week is from a perfect one: week (its first day), excess, perfect, gap, low, high."""
        base, ideal = (_by_week(result.by_day("excess")) for result in (self.base, self.ideal))
        start = self.scenario.run.start
        rows: list[tuple[dt.date | float, ...]] = []
        for week in range(base.shape[1]):
            gap = paired_interval(base[:, week], ideal[:, week])
            rows.append((date_of(start, 7 * week), base[:, week].mean(), ideal[:, week].mean(), *_three(gap)))
        return pd.DataFrame(rows, columns=["week", "excess", "perfect", "gap", "low", "high"])


_COLUMNS: Final = ["measure", "part", "label", "value", "low", "high", "alone", "last"]


def diagnose(
    scenario: Scenario | str | Path,
    *,
    switches: Sequence[str | Switch] = (),
    orders: int | None = None,
    replications: int = 10,
    seed: int | None = None,
    engine: str = AUTO,
    cores: int = 1,
    on_done: Progress = ignore,
) -> Diagnosis:
    """Split the excess of a scenario over switches: names of standard ones, or switches of your own; none means all.

    Every set of switches is run in the same replications; or, with `orders` (an even number; the default for more than ten
    switches is 32), those that so many random orders pass through: the parts still add up, and their intervals hold the chance
    of the draw as well. `on_done(done, total)` hears of finished sets. Raises ScenarioError and RunError in words.
    """
    base = load(scenario)
    chosen = _asked_for(base, switches)
    if replications < 2:
        raise RunError(f"{replications} replications give no intervals; ask for 2 or more")
    trying = Trying(base.run.seed if seed is None else seed, engine, cores, on_done=on_done)
    drawn = _orders(len(chosen), orders, trying.seed)
    sets = sets_of(drawn) if len(drawn) else all_sets(len(chosen))
    for switch in chosen:
        perfected(base, [switch])  # complaints before any run; those of all together come with the last
    ideal = perfected(base, chosen)
    makers = [
        partial(perfected, base, [chosen[n] for n in in_set(chosen, s)], checked=True) for s in sets.tolist()
    ]
    trials = tried(makers, range(replications), trying)
    effort = Effort(
        replications=replications,
        seed=trying.seed,
        engine=engine,
        cores=cores,
        keep_journeys=min(replications, MOST_JOURNEYS),
    )
    # The perfect scenario keeps its name, so that a reader sees what it was made from.
    whole, perfect = run_together([base, ideal], effort)
    if whole.stopped:
        raise RunError("stopped before the last two runs were finished: there is nothing to show")
    return Diagnosis(base, chosen, sets, drawn, trials, whole, perfect)


def _asked_for(scenario: Scenario, switches: Sequence[str | Switch]) -> tuple[Switch, ...]:
    own = tuple(s for s in switches if isinstance(s, Switch))
    names = [s for s in switches if isinstance(s, str)]
    chosen = own + (chosen_switches(scenario, names) if names or not own else ())
    if len(chosen) > MOST_SWITCHES:
        raise RunError(f"{len(chosen)} switches are too many; choose at most {MOST_SWITCHES}")
    if len({s.name for s in chosen}) < len(chosen):
        raise RunError(f"each switch once, please: {', '.join(s.name for s in chosen)}")
    return chosen


def _orders(switches: int, asked: int | None, seed: int) -> Ints:
    """The orders to go by; none means every set. Raises RunError in words."""
    if asked is None and switches <= MOST_WITH_ALL_SETS:
        return random_orders(switches, 0, seed)
    count = USUAL_ORDERS if asked is None else asked
    if count < 4 or count % 2:
        raise RunError(
            f"--orders {count}: must be an even number from 4, since each order is run with its reverse"
        )
    return random_orders(switches, count, seed)


def _blocked(journeys: Journeys, services: int) -> Floats:
    """Mean people over the run who are ready in one place and wait for another, shape (services, services).

    First for the team that finishes last with them, then for the place they go to.
    """
    rows = np.flatnonzero((journeys.purpose == STAY) & ~np.isnan(journeys.ready))
    ready = journeys.ready[rows]
    left = np.where(np.isnan(journeys.left[rows]), journeys.horizon, journeys.left[rows])
    done, team = _last_task(journeys, rows)
    free = np.clip(done, ready, left)
    gone = ~np.isnan(journeys.left[rows])
    onward = np.where(gone, journeys.outcome[rows], _asks_for(journeys)[journeys.person[rows]])
    total = np.zeros((services, services))
    for awaited, begin, end in ((team, ready, free), (onward, free, left)):
        days = np.maximum(end, 0.0) - np.maximum(begin, 0.0)
        known = (awaited >= 0) & (days > 0)
        np.add.at(total, (journeys.service[rows[known]], awaited[known]), days[known])
    return total / journeys.horizon


def _last_task(journeys: Journeys, rows: Ints) -> tuple[Floats, Ints]:
    """When the last task of each of these stays is done (-inf: there is none), and the team that does it (-1: none)."""
    tasks = np.flatnonzero(journeys.purpose == TASK)
    until = np.where(np.isnan(journeys.left[tasks]), journeys.horizon, journeys.left[tasks])
    tasks, until = tasks[np.argsort(until, kind="stable")], np.sort(until)
    steps = int(journeys.step.max(initial=0)) + 1
    done = np.full(journeys.who.route.size * steps, -np.inf)
    team = np.full(done.size, -1, dtype=np.int64)
    # In the order of their ends, so that the last one written is the last one done.
    key = journeys.person[tasks] * steps + journeys.step[tasks]
    done[key], team[key] = until, journeys.service[tasks]
    of_rows = journeys.person[rows] * steps + journeys.step[rows]
    return done[of_rows], team[of_rows]


def _asks_for(journeys: Journeys) -> Ints:
    """The service that each person still asks for at the end of the run; -1 where there is none."""
    found = np.full(journeys.who.route.size, -1, dtype=np.int64)
    rows = np.flatnonzero(np.isnan(journeys.started) & ~np.isnan(journeys.asked) & np.isnan(journeys.left))
    found[journeys.person[rows]] = journeys.service[rows]
    return found


def _by_week(daily: Floats) -> Floats:
    """Means of whole weeks, shape (replications, weeks), of a daily measure, shape (replications, days)."""
    weeks = daily.shape[1] // 7
    found: Floats = daily[:, : 7 * weeks].reshape(len(daily), weeks, 7).mean(axis=2)
    return found


def _three(interval: Interval) -> tuple[float, float, float]:
    return interval.value, interval.low, interval.high
