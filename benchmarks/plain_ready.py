"""A scenario made ready for the plain SimPy model: what that does not have is refused, and how many people come by the hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from flowsim.people import Blueprint
from flowsim.scenario.model import Distribution, MonthTable, Scenario, Stream
from flowsim.scenario.offer import CAPACITY, STARTS, Offer
from flowsim.units import MONTHS, WEEKDAYS, date_of


class NotInThePlainModel(Exception):
    """The scenario uses something that the plain model does not have."""


def refuse_what_is_missing(plan: Blueprint) -> None:
    """Raise NotInThePlainModel with every feature of the scenario that this model does not have."""
    missing = list(_missing_of_services(plan))
    for version in plan.timeline.versions:
        missing += [
            f"a {spec.dist} given like this" for spec in _distributions(version) if not _is_known(spec)
        ]
    if missing:
        raise NotInThePlainModel(f"the plain model does not have: {', '.join(dict.fromkeys(missing))}")


def _missing_of_services(plan: Blueprint) -> Iterator[str]:
    for number, (name, service) in enumerate(plan.scenario.services.items()):
        capacity = plan.offer.dated[CAPACITY, number]
        if service.otherwise:
            yield f"plan B ({name})"
        if service.skip:
            yield f"passing in a queue ({name})"
        if np.isinf(capacity).any() and not np.isinf(capacity).all():
            yield f"a limit that comes and goes ({name})"
        if service.initial.people * service.size.start > capacity[0]:
            yield f"more people at the start than there is room ({name})"
        for shelter in plan.offer.wait_in[number]:
            if has_starts(plan.offer, shelter):
                yield f"starts or opening hours of a place to wait in ({plan.offer.names[shelter]})"


def _is_known(spec: Distribution) -> bool:
    return spec.dist != "weibull" and (spec.dist != "gamma" or spec.mean is not None)


def _distributions(scenario: Scenario) -> Iterator[Distribution]:
    found = [scenario.while_waiting.unwell_stay]
    for service in scenario.services.values():
        found += [service.stay, service.work]
    for route in scenario.routes.values():
        found += [route.stay, *(at.stay for at in route.at.values())]
    for spec in found:
        if spec is not None:
            yield spec
            yield from (part.of for part in spec.parts or ())


@dataclass(frozen=True)
class Prepared:
    """A scenario made ready, once for all replications: people per day for each hour of each day, by stream."""

    plan: Blueprint
    rates: dict[str, list[float]]


def prepare_plain(plan: Blueprint) -> Prepared:
    """Make a scenario ready. Raises NotInThePlainModel, in words."""
    refuse_what_is_missing(plan)
    return Prepared(plan, {name: _hourly_rates(plan, name) for name in plan.scenario.streams})


def _hourly_rates(plan: Blueprint, name: str) -> list[float]:
    timeline = plan.timeline
    rates = []
    for position, version in enumerate(timeline.version_of_day.tolist()):
        stream = timeline.versions[version].streams[name]
        weekday = 7 if timeline.holiday[position] else int(timeline.weekday[position])
        month = date_of(plan.scenario.run.start, timeline.first_day + position).month - 1
        of_day = stream.per_day * _week(stream)[weekday] * _year(stream.month)[month]
        rates += [of_day * hour * 24 / sum(stream.hour) for hour in stream.hour]
    return rates


def _week(stream: Stream) -> list[float]:
    week = [getattr(stream.weekday, d) if getattr(stream.weekday, d) is not None else 1.0 for d in WEEKDAYS]
    holiday = stream.weekday.holiday if stream.weekday.holiday is not None else week[6]
    return [w * 7 / sum(week) for w in (*week, holiday)]


def _year(table: MonthTable) -> list[float]:
    months = [float(getattr(table, month)) for month in MONTHS]
    return [m * 12 / sum(months) for m in months]


def has_starts(offer: Offer, number: int) -> bool:
    """Whether starts are limited, or it is closed at times."""
    limited = np.isfinite(offer.dated[STARTS, number]).any() or is_escalated(offer, number, STARTS)
    return bool(limited or (offer.opens[number] > 0).any() or (offer.closes[number] < 1).any())


def is_escalated(offer: Offer, number: int, quantity: int) -> bool:
    """Whether an escalation alters a quantity of a service."""
    effects = [effect for alert in offer.alerts for effect in alert.effects]
    return any(e.service == number and e.quantity == quantity for e in effects)
