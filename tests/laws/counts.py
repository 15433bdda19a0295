"""The measures counted again by hand: loops over people and midnights, no arrays."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from statistics import median, quantiles

from flowsim.journeys import EXITS, OPEN, TASK, UNWELL, WAIT_IN
from flowsim.measures import measure
from flowsim.measures.ground import REASONS
from flowsim.scenario.model import Target
from flowsim.units import WEEKDAYS, date_of
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
    for name, by_day in _flow_again(lived).items():
        again = [float(by_day[day]) for day in lived.days]
        if lived.measured.daily[name].tolist() != again:
            yield f"{name}: {lived.measured.daily[name].tolist()}, counted by hand {again}"


def _flow_again(lived: Lived) -> dict[str, Counter[int]]:
    """Admissions, discharges and starts by day."""
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
    return count


def totals_are_right(lived: Lived) -> Iterator[str]:
    """Every number that a run amounts to, worked out again day by day and person by person."""
    again = {**_of_the_census(lived), **_costs(lived), **_by_weekday(lived), **_of_leaving(lived)}
    totals = lived.measured.totals
    for name, value in again.items():
        # What has no price is not among the costs.
        if not _alike(totals.get(name, 0.0 if name.startswith("cost_") else NEVER), value):
            yield f"{name}: {totals.get(name)}, by hand {value}"
    yield from (f"{n} is not counted by hand" for n in totals if n not in again and not n.startswith("wait_"))
    yield from _days_over_any_target_are_right(lived)


def _alike(one: float, other: float) -> bool:
    """Whether two numbers are the same but for rounding; NaN is NaN."""
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))


def _days_of_run(lived: Lived) -> list[int]:
    return [day for day in lived.days if day >= 0]


def _over_the_run(lived: Lived, name: str) -> list[float]:
    """A daily measure on the days of the run, which begins where the warm-up ends."""
    by_day: list[float] = lived.measured.daily[name].tolist()
    return by_day[lived.scenario.run.warm_up_days :]


def _of_the_census(lived: Lived) -> dict[str, float]:
    delayed, excess = _over_the_run(lived, "delayed"), _over_the_run(lived, "excess")
    return {
        "delayed_days": sum(delayed),
        "excess_days": sum(excess),
        "delayed_mean": sum(delayed) / len(delayed),
        "excess_mean": sum(excess) / len(excess),
        "delayed_peak": max(delayed),
        "days_over_target": sum(d > lived.scenario.target.delayed for d in delayed),
    }


def _days_over_any_target_are_right(lived: Lived) -> Iterator[str]:
    """A day on the target is not over it: the target is put where a day of the run lies."""
    delayed = _over_the_run(lived, "delayed")
    on_a_day = sorted(delayed)[len(delayed) // 2]
    moved = lived.scenario.model_copy(update={"target": Target(delayed=on_a_day)})
    setting = replace(lived.setting, timeline=replace(lived.timeline, scenario=moved))
    over = measure(lived.journeys, setting).totals["days_over_target"]
    if over != sum(d > on_a_day for d in delayed):
        yield f"{over} days over a target of {on_a_day}, of {delayed}"


def _costs(lived: Lived) -> dict[str, float]:
    """Days beyond need and days of care at the prices of their day."""
    on = [lived.timeline.on(day) for day in _days_of_run(lived)]
    excess = zip(_over_the_run(lived, "excess"), on, strict=True)
    found = {"cost_excess_days": sum(people * s.costs.hospital_excess_day for people, s in excess)}
    for name in lived.names:
        there = zip(_over_the_run(lived, f"in_{name}"), on, strict=True)
        found[f"cost_{name}"] = sum(people * s.services[name].cost_per_day for people, s in there)
    return {"cost": sum(found.values()), **found}


def _by_weekday(lived: Lived) -> dict[str, float]:
    """Discharges and starts on the Mondays of the run, on its Tuesdays, and so on; admissions to care homes in a year like it."""
    found: dict[str, float] = {}
    days, flow = _days_of_run(lived), _flow_again(lived)
    del flow["admissions"]
    for name, by_day in flow.items():
        for number, weekday in enumerate(WEEKDAYS):
            such = [by_day[d] for d in days if date_of(lived.scenario.run.start, d).weekday() == number]
            found[f"{name}_on_{weekday}"] = sum(such) / len(such)
    homes = [n for n, s in lived.scenario.services.items() if s.setting == "care_home"]
    if homes:
        admitted = sum(flow[f"starts_{name}"][day] for name in homes for day in days)
        found["care_home_admissions"] = admitted / len(days) * 365
    return found


def _of_leaving(lived: Lived) -> dict[str, float]:
    """From being ready to leaving hospital, by route; and the share at home on the 91st day after it."""
    gone = [r for r in lived.hospital_rows if 0 <= r.left < NEVER and r.outcome != UNWELL]
    found = {}
    for route in lived.journeys.who.routes:
        days = [r.left - r.ready for r in gone if _route(lived, r) == route]
        found[f"ready_to_left_{route}"] = sum(days) / len(days) if days else math.nan
    at_home = [_is_at_home(lived, r.person, r.left + 91) for r in judged_after_91_days(lived)]
    found["still_at_home"] = sum(at_home) / len(at_home) if at_home else math.nan
    return found


def judged_after_91_days(lived: Lived) -> list[Row]:
    """Who left hospital for care at home or in a bed, and whose 91st day after that lies in the run."""
    left = [r for r in lived.hospital_rows if r.outcome >= 0 and 0 <= r.left + 91 < lived.horizon]
    return [r for r in left if _is_place(lived, r.outcome, "home", "bed")]


def _is_place(lived: Lived, number: int, *settings: str) -> bool:
    service = lived.scenario.services[lived.names[number]]
    # A place that says nothing of itself, and is no hospital, is at home.
    return (
        service.kind == "place" and (service.setting or "home") in settings and not lived.is_hospital[number]
    )


def _is_at_home(lived: Lived, person: int, time: float) -> bool:
    """Whether somebody is in care at home at a time, or has gone home and needs none."""
    rows = lived.of_person[person]
    cared_for = any(r.started <= time < r.left and _is_place(lived, r.service, "home") for r in rows)
    return cared_for or any(r.left <= time and EXITS.get(r.outcome) == "leave" for r in rows)


def waits_are_right(lived: Lived) -> Iterator[str]:
    """Waits of those taken on during the run: mean, median, 90th percentile, and the share taken on within a day."""
    for number, name in enumerate(lived.names):
        waits = [r.started - r.asked for r in lived.of_service[number] if 0 <= r.started < NEVER]
        if lived.plan.offer.free[number] or not waits:
            continue
        again = {
            "mean": sum(waits) / len(waits),
            "median": median(waits),
            "p90": _ninth_decile(waits),
            "within_24h": sum(w <= 1 for w in waits) / len(waits),
        }
        for what, value in again.items():
            found = lived.measured.totals[f"wait_{what}_{name}"]
            if not _alike(found, value):
                yield f"wait for {name}, {what}: {found}, by hand {value}"


def _ninth_decile(values: list[float]) -> float:
    """What nine tenths of the way from the least to the greatest lies below, straight between neighbours."""
    return quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else values[0]


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
