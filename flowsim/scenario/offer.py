"""What every service offers on every day: capacity, starts, opening, stay factor, and links.

The engines read these tables at the moment a service acts; what people need is read elsewhere
(`flowsim.people`), at the date they arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from flowsim.scenario.model import EXITS, Escalation, Scenario, Service, WeekTable, setting_of, shares
from flowsim.scenario.timeline import Timeline
from flowsim.units import Floats, grid, on_grid, time_of_day

CAPACITY: Final = 0
STARTS: Final = 1
STAY_SCALE: Final = 2
T = TypeVar("T")
ESCALATED: Final = ("capacity", "starts", "stay_scale")


@dataclass(frozen=True)
class Effect:
    """What one escalation does to one quantity of one service: (put or base) x scale + add, by day."""

    service: int
    quantity: int
    put: Floats
    scale: float
    add: float


@dataclass(frozen=True)
class Alert:
    """One escalation as the engines judge it at each midnight."""

    above: float
    below: float
    after_days: int
    effects: tuple[Effect, ...]


@dataclass(frozen=True, eq=False)
class Offer:
    """The services of a scenario, day by day. Arrays by day have shape (services, days).

    Column d is day `first_day + d`. `dated[quantity]` holds capacity, starts and stay factor;
    infinity stands for no limit. `downstream` lists service numbers, those nearest the exit
    first: the order in which services act at the same instant.
    """

    names: tuple[str, ...]
    first_day: int
    first_ordinal: int  # the first day, counted from a Monday in the distant past
    is_place: NDArray[np.bool_]
    is_hospital: NDArray[np.bool_]
    free: NDArray[np.bool_]
    skip: NDArray[np.bool_]
    dated: Floats
    opens: Floats
    closes: Floats
    decided: Floats
    lead_days: Floats
    per_day_waited: Floats
    plan_b_after: Floats
    counted_share: Floats
    counted_after_days: float
    wait_in: tuple[tuple[int, ...], ...]
    downstream: tuple[int, ...]
    alerts: tuple[Alert, ...]

    def number(self, name: str) -> int:
        """The service's number."""
        return self.names.index(name)

    @cached_property
    def decides_later(self) -> NDArray[np.bool_]:
        """The services where there are days on which not everybody is declared ready whose stay is over."""
        return np.asarray(np.any(self.decided < 1, axis=1), dtype=bool)


def build_offer(timeline: Timeline) -> Offer:
    """Lay out what the services of a scenario offer on every day of warm-up and run."""
    scenario = timeline.scenario
    names = tuple(scenario.services)
    services = [scenario.services[n] for n in names]
    alerts = tuple(_alert(timeline, names, e) for e in scenario.escalations)
    dated = np.stack([_capacity(timeline, names), _starts(timeline, names), _scales(timeline, names)])
    opens = _by_day(timeline, names, lambda s: time_of_day(s.opens))
    closes = _by_day(timeline, names, lambda s: time_of_day(s.closes))
    return Offer(
        names=names,
        first_day=timeline.first_day,
        first_ordinal=timeline.scenario.run.start.toordinal() - 1 + timeline.first_day,
        is_place=np.array([s.kind == "place" for s in services], dtype=bool),
        is_hospital=np.array(
            [
                s.kind == "place" and setting_of(n, s) == "hospital"
                for n, s in zip(names, services, strict=True)
            ],
            dtype=bool,
        ),
        free=_free(dated, opens, closes, alerts),
        skip=np.array([s.skip for s in services], dtype=bool),
        dated=dated,
        opens=opens,
        closes=closes,
        decided=_week_tables(timeline, names, lambda s: s.decided, 1.0),
        lead_days=on_grid(_by_day(timeline, names, lambda s: s.lead_days)),
        per_day_waited=_by_day(timeline, names, lambda s: s.per_day_waited),
        plan_b_after=on_grid(
            _by_day(timeline, names, lambda s: s.otherwise.after_days if s.otherwise else np.inf)
        ),
        counted_share=on_grid(_by_day(timeline, names, lambda s: s.counted_share)),
        counted_after_days=grid(scenario.counting.counted_after_days),
        wait_in=tuple(tuple(names.index(w) for w in s.wait_in) for s in services),
        downstream=_downstream(scenario, names),
        alerts=alerts,
    )


def _of(name: str, read: Callable[[Service], T]) -> Callable[[Scenario], T]:
    return lambda scenario: read(scenario.services[name])


def _by_day(timeline: Timeline, names: tuple[str, ...], read: Callable[[Service], float]) -> Floats:
    return np.stack([timeline.by_day(_of(name, read)) for name in names])


def _week_tables(
    timeline: Timeline, names: tuple[str, ...], read: Callable[[Service], WeekTable | None], missing: float
) -> Floats:
    return np.stack([timeline.by_weekday(_of(name, read), missing) for name in names])


def _capacity(timeline: Timeline, names: tuple[str, ...]) -> Floats:
    return on_grid(_by_day(timeline, names, lambda s: np.inf if s.capacity is None else s.capacity))


def _starts(timeline: Timeline, names: tuple[str, ...]) -> Floats:
    return _week_tables(timeline, names, lambda s: s.starts, np.inf)


def _scales(timeline: Timeline, names: tuple[str, ...]) -> Floats:
    return _by_day(timeline, names, lambda s: s.stay_scale)


def _free(dated: Floats, opens: Floats, closes: Floats, alerts: tuple[Alert, ...]) -> NDArray[np.bool_]:
    """Services that let everybody in at once on every day, whatever happens: nobody ever queues there."""
    unlimited = np.isinf(dated[[CAPACITY, STARTS]]).all(axis=(0, 2))
    free = unlimited & (opens == 0).all(axis=1) & (closes == 1).all(axis=1)
    for alert in alerts:
        for effect in alert.effects:
            free[effect.service] = False
    return np.asarray(free, dtype=bool)


def _alert(timeline: Timeline, names: tuple[str, ...], escalation: Escalation) -> Alert:
    """Turn the dotted paths of an escalation into what they do to each service's quantities."""
    paths = dict.fromkeys([*escalation.put, *escalation.scale, *escalation.add])
    effects = []
    for path in paths:
        _, service, quantity = path.split(".")
        effects.append(
            Effect(
                service=names.index(service),
                quantity=ESCALATED.index(quantity),
                put=_put_by_day(timeline, escalation.put.get(path)),
                scale=escalation.scale.get(path, 1.0),
                add=escalation.add.get(path, 0.0),
            )
        )
    return Alert(escalation.when_delayed_above, escalation.until_below, escalation.after_days, tuple(effects))


def _put_by_day(timeline: Timeline, value: Any) -> Floats:
    """The new value on each day, NaN where none is put; "unlimited" is infinity."""
    if value is None:
        return np.full(timeline.weekday.size, np.nan)
    if value == "unlimited":
        return np.full(timeline.weekday.size, np.inf)
    if isinstance(value, dict):
        week = WeekTable.model_validate(value)
        return timeline.by_weekday(lambda _: week, np.nan)
    return np.full(timeline.weekday.size, float(value))


def _downstream(scenario: Scenario, names: tuple[str, ...]) -> tuple[int, ...]:
    """Service numbers, those nearest the exit first: every service after those it leads to.

    Links that lead back (readmission) do not count; teams come last. Whatever the links leave open
    follows the names, so that the order does not depend on the file's.
    """
    onward = _onward(scenario)
    order: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        seen.add(name)
        for following in sorted(onward[name] - seen):
            if following not in seen:
                visit(following)
        order.append(name)

    entries = sorted({stream.enters for stream in scenario.streams.values()})
    places = sorted(n for n, s in scenario.services.items() if s.kind == "place")
    teams = sorted(n for n, s in scenario.services.items() if s.kind == "team")
    for name in [*entries, *places]:
        if name not in seen:
            visit(name)
    return tuple(names.index(n) for n in [*order, *teams])


def _onward(scenario: Scenario) -> dict[str, set[str]]:
    """Which places each place leads to, on any route."""
    onward = {name: _targets(service.next) for name, service in scenario.services.items()}
    for stream in scenario.streams.values():
        for route in stream.routes:
            onward[stream.enters] |= _targets(scenario.routes[route].next)
    for route_table in scenario.routes.values():
        for name, at in route_table.at.items():
            onward[name] |= _targets(at.next)
    return onward


def _targets(next_shares: Mapping[str, float | str] | None) -> set[str]:
    if not next_shares:
        return set()
    return {name for name, share in shares(next_shares).items() if share > 0 and name not in EXITS}
