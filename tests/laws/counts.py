"""The measures counted again by hand: loops over people and midnights, no arrays."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator

from flowsim.journeys import OPEN, TASK, UNWELL, WAIT_IN
from flowsim.measures.ground import REASONS
from tests.laws.lived import NEVER, Lived, Row

Tally = defaultdict[str, float]


def counted_again(lived: Lived) -> dict[str, list[float]]:
    """Every daily measure of the census and of occupancy, by name; a day's midnight is the one that ends it."""
    days = [_midnight(lived, day + 1) for day in lived.days]
    names = dict.fromkeys(name for day in days for name in day)
    return {name: [day.get(name, 0.0) for day in days] for name in names}


def _midnight(lived: Lived, midnight: int) -> Tally:
    count: Tally = defaultdict(float)
    _occupancy(lived, midnight, count)
    _excess(lived, midnight, count)
    _delayed(lived, midnight, count)
    return count


def _occupancy(lived: Lived, midnight: int, count: Tally) -> None:
    for row in lived.rows:
        name = lived.names[row.service]
        if row.is_in(midnight):
            count[f"in_{name}"] += 1
        if row.asked < midnight <= row.queued_until:
            count[f"queue_{name}"] += 1
        if _is_blocked(lived, row, midnight):
            count[f"blocked_{name}"] += 1


def _is_blocked(lived: Lived, row: Row, midnight: int) -> bool:
    service = lived.scenario.services[lived.names[row.service]]
    elsewhere = (
        service.kind == "place" and not lived.is_hospital[row.service] and service.setting != "waiting"
    )
    return elsewhere and row.purpose not in (TASK, WAIT_IN) and row.is_in(midnight) and row.ready < midnight


def _excess(lived: Lived, midnight: int, count: Tally) -> None:
    for row in lived.ready_at(midnight, 0.0):
        count["excess"] += 1
        count[f"excess_route_{_route(lived, row)}"] += 1
        count[f"waiting_{lived.names[lived.awaited(row, midnight)]}"] += 1


def _delayed(lived: Lived, midnight: int, count: Tally) -> None:
    for row, awaited, weight in lived.delayed[midnight - lived.first_day]:
        service = lived.scenario.services[lived.names[awaited]]
        count["delayed"] += weight
        count[f"delayed_route_{_route(lived, row)}"] += weight
        count[f"delayed_{service.reason or 'other'}"] += weight
        for body in ("nhs", "social_care", "both"):
            share = getattr(service.attribution, body) if service.attribution else 0.0
            count[f"delayed_by_{body}"] += weight * share


def _route(lived: Lived, row: Row) -> str:
    return lived.journeys.who.routes[int(lived.journeys.who.route[row.person])]


def census_is_right(lived: Lived) -> Iterator[str]:
    """Every daily number of census and occupancy is what counting people by hand gives."""
    ours, theirs = counted_again(lived), lived.measured.daily
    for name, values in theirs.items():
        if name.startswith(("excess", "delayed", "waiting_", "in_", "queue_", "blocked_")):
            again = ours.pop(name, [0.0] * len(values))
            if any(abs(a - b) > 1e-9 for a, b in zip(values.tolist(), again, strict=True)):
                yield f"{name}: {values.tolist()}, counted by hand {again}"
    yield from (f"{name} is nowhere among the measures" for name, values in ours.items() if any(values))


def parts_make_up_the_whole(lived: Lived) -> Iterator[str]:
    """The excess is the sum over awaited services, and over routes; so is what is delayed, by reason and body."""
    daily = lived.measured.daily
    zero = daily["excess"] * 0
    reasons = sum((daily.get(f"delayed_{r}", zero) for r in (*REASONS, "other")), start=zero)
    routes = lived.journeys.who.routes
    sums = {
        "excess by awaited service": (
            sum((daily[f"waiting_{n}"] for n in lived.names), start=zero),
            daily["excess"],
        ),
        "excess by route": (sum((daily[f"excess_route_{r}"] for r in routes), start=zero), daily["excess"]),
        "delayed by route": (
            sum((daily[f"delayed_route_{r}"] for r in routes), start=zero),
            daily["delayed"],
        ),
        "delayed by reason": (reasons, daily["delayed"]),
    }
    for what, (parts, whole) in sums.items():
        if (parts != whole).any():
            yield f"{what}: {parts.tolist()} against {whole.tolist()}"
    if (daily["delayed"] > daily["excess"]).any():
        yield "more delayed than in excess"


def flow_is_right(lived: Lived) -> Iterator[str]:
    """Admissions, discharges and starts, counted by hand."""
    count: dict[str, Counter[int]] = {n: Counter() for n in ("admissions", "discharges")}
    goes_on = {(r.person, r.left) for r in lived.hospital_rows if r.outcome == UNWELL}
    for row in lived.hospital_rows:
        if (row.person, row.started) not in goes_on:
            count["admissions"][math.floor(row.started)] += 1
        if row.left < NEVER and row.outcome != UNWELL:
            count["discharges"][math.floor(row.left)] += 1
    for number, name in enumerate(lived.names):
        if not lived.is_hospital[number]:
            count[f"starts_{name}"] = Counter(
                math.floor(r.started) for r in lived.of_service[number] if r.has_started
            )
    for name, by_day in count.items():
        again = [float(by_day[day]) for day in lived.days]
        if lived.measured.daily[name].tolist() != again:
            yield f"{name}: {lived.measured.daily[name].tolist()}, counted by hand {again}"


def totals_are_right(lived: Lived) -> Iterator[str]:
    """Sums over the run, and what they cost, computed again day by day."""
    daily, totals = lived.measured.daily, lived.measured.totals
    run = [day for day in lived.days if day >= 0]
    at = {day: day - lived.first_day for day in run}
    again = {
        "delayed_days": sum(daily["delayed"][at[d]] for d in run),
        "excess_days": sum(daily["excess"][at[d]] for d in run),
        "delayed_mean": sum(daily["delayed"][at[d]] for d in run) / len(run),
        "delayed_peak": max(daily["delayed"][at[d]] for d in run),
        "cost_excess_days": sum(
            daily["excess"][at[d]] * lived.timeline.on(d).costs.hospital_excess_day for d in run
        ),
    }
    cost = again["cost_excess_days"]
    for name in lived.names:
        care = sum(daily[f"in_{name}"][at[d]] * lived.timeline.on(d).services[name].cost_per_day for d in run)
        cost += care
        if abs(totals.get(f"cost_{name}", 0.0) - care) > 1e-6:
            yield f"cost of {name}: {totals.get(f'cost_{name}')}, by hand {care}"
    again["cost"] = cost
    for name, value in again.items():
        if abs(totals[name] - value) > 1e-6:
            yield f"{name}: {totals[name]}, by hand {value}"


def waits_are_right(lived: Lived) -> Iterator[str]:
    """Mean waits of those taken on during the run, and the share taken on within a day."""
    for number, name in enumerate(lived.names):
        waits = [r.started - r.asked for r in lived.of_service[number] if 0 <= r.started < NEVER]
        if lived.plan.offer.free[number] or not waits:
            continue
        mean, soon = sum(waits) / len(waits), sum(w <= 1 for w in waits) / len(waits)
        if abs(lived.measured.totals[f"wait_mean_{name}"] - mean) > 1e-9:
            yield f"mean wait for {name}: {lived.measured.totals[f'wait_mean_{name}']}, by hand {mean}"
        if abs(lived.measured.totals[f"wait_within_24h_{name}"] - soon) > 1e-9:
            yield f"within 24 hours for {name}: by hand {soon}"


def nobody_is_lost(lived: Lived) -> Iterator[str]:
    """At every midnight: arrived = in a place + queueing for the first one + left for good."""
    steps_in = [r for r in lived.rows if r.purpose != TASK and r.has_started]
    ended = {
        p: max((r.left for r in rows if r.purpose != TASK and r.has_started), default=NEVER)
        for p, rows in lived.of_person.items()
    }
    first = {
        p: min((r.started for r in rows if r.purpose != TASK), default=NEVER)
        for p, rows in lived.of_person.items()
    }
    arrives = lived.people.arrives.tolist()
    for midnight in range(lived.first_day + 1, int(lived.horizon)):
        arrived = sum(a < midnight for a in arrives)
        present = sum(r.is_in(midnight) for r in steps_in)
        outside = sum(a < midnight <= first[p] for p, a in enumerate(arrives))
        left = sum(end < midnight for end in ended.values())
        if arrived != present + outside + left:
            yield f"midnight {midnight}: {arrived} arrived, {present} present, {outside} outside, {left} left"


def entered_is_in_or_left(lived: Lived) -> Iterator[str]:
    """At every midnight and in every service: entered = in it + left it, and nobody twice."""
    for number, name in enumerate(lived.names):
        rows = [r for r in lived.of_service[number] if r.has_started]
        inside = lived.measured.daily[f"in_{name}"]
        for position, day in enumerate(lived.days):
            entered = sum(r.started < day + 1 for r in rows)
            left = sum(r.left < day + 1 for r in rows)
            if entered != inside[position] + left:
                yield f"{name} on day {day}: {entered} entered, {inside[position]} in it, {left} left"


def times_follow_one_another(lived: Lived) -> Iterator[str]:
    """asked <= started <= ready <= left; missing ones last, except for who stopped asking; none past the horizon."""
    for row in lived.rows:
        times = [row.asked, row.started, row.ready, row.left]
        if row.has_started and times != sorted(times):
            yield f"out of order: {row}"
        if not row.has_started and row.ready < NEVER:
            yield f"ready without having started: {row}"
        if any(lived.horizon <= t < NEVER for t in times):
            yield f"past the horizon: {row}"
        if (row.left == NEVER) != (row.outcome == OPEN):
            yield f"open and ended at once: {row}"
        if row.outcome == UNWELL and not lived.is_hospital[row.service]:
            yield f"unwell elsewhere: {row}"


LAWS_OF_COUNTING = (
    census_is_right,
    parts_make_up_the_whole,
    flow_is_right,
    totals_are_right,
    waits_are_right,
    nobody_is_lost,
    entered_is_in_or_left,
    times_follow_one_another,
)
