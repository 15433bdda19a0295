"""The price of each bottleneck: what one more unit of each capacity, on the same draws, would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from flowsim.decisions.compare import Comparison
from flowsim.experiment.intervals import can_call
from flowsim.results import Result
from flowsim.scenario.edits import Plan
from flowsim.scenario.model import Scenario, WeekTable
from flowsim.scenario.timeline import altered
from flowsim.units import WEEKDAYS


@dataclass(frozen=True)
class OneMore:
    """A scenario with one more unit of one capacity. `what` says which, in words."""

    service: str
    label: str
    what: str
    scenario: Scenario


def one_more_of_each(scenario: Scenario) -> list[OneMore]:
    """The scenario once for each limit it has: one more unit of room, or one more start on each day that has any.

    The more holds throughout, warm-up included, and before what dated changes multiply.
    """
    found = []
    for name, service in scenario.services.items():
        label = service.label or name
        if service.capacity is not None:
            plan = Plan(add={f"services.{name}.capacity": 1.0})
            what = "one more place" if service.kind == "place" and service.unit == "people" else f"one more of capacity ({service.unit})"  # fmt: skip
            found.append(_one(scenario, name, label, what, "capacity", plan))
        days = _days_with_starts(service.starts)
        if service.starts is not None and days:
            more = {day: getattr(service.starts, day) + 1 for day in days}
            plan = Plan(put={f"services.{name}.starts": more})
            found.append(_one(scenario, name, label, f"one more start on {_in_words(days)}", "starts", plan))
    return found


def prices(
    base: Result, more: Sequence[tuple[OneMore, Result]], measure: str = "delayed_mean"
) -> pd.DataFrame:
    """One line a limit: service, label, what, value, low, high, called; plan minus base with 95 % interval.

    The results must be of the same seed and number of replications as the base's.
    """
    comparison = Comparison((base, *(result for _, result in more)))
    rows = []
    for one, result in more:
        found = comparison.difference(result, measure)
        rows.append((one.service, one.label, one.what, found.value, found.low, found.high, can_call(found)))
    table = pd.DataFrame(rows, columns=["service", "label", "what", "value", "low", "high", "called"])
    return table.sort_values("value", ignore_index=True)


def _one(scenario: Scenario, name: str, label: str, what: str, kind: str, plan: Plan) -> OneMore:
    copy = altered(scenario, plan).model_copy(
        update={"name": f"{name}-{kind}-plus-1", "title": f"{label}: {what}"}
    )
    return OneMore(name, label, what, copy)


def _days_with_starts(table: WeekTable | None) -> list[str]:
    return [day for day in WEEKDAYS if table is not None and (getattr(table, day) or 0) > 0]


def _in_words(days: Sequence[str]) -> str:
    if len(days) == len(WEEKDAYS):
        return "every day"
    return (
        "each working day"
        if list(days) == list(WEEKDAYS[:5])
        else f"each of {', '.join(d.capitalize() for d in days)}"
    )
