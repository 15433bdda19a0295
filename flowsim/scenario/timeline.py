"""A scenario day by day: which changes are in force, and what every number comes to on each day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flowsim.errors import ScenarioError
from flowsim.scenario import sense
from flowsim.scenario.edits import (
    Document,
    Edits,
    between,
    document_of,
    edited,
    escalation_complaints,
    rebuilt,
)
from flowsim.scenario.explain import dotted_path
from flowsim.scenario.model import Change, Scenario, WeekTable
from flowsim.scenario.shape import root
from flowsim.scenario.words import Complaint, distinct
from flowsim.units import WEEKDAYS, Floats, Ints, date_of

# Edits applied over all versions: more than this and checking a file would take minutes.
MOST_WORK: Final = 60_000
_KEPT: Final = 32


@dataclass(frozen=True)
class Timeline:
    """A scenario on every day of warm-up and run. Arrays have shape (days,); entry 0 is `first_day`."""

    scenario: Scenario
    first_day: int
    last_day: int
    versions: tuple[Scenario, ...]
    version_of_day: Ints
    weekday: Ints
    holiday: NDArray[np.bool_]

    def on(self, day: int) -> Scenario:
        """The scenario as it stands on a day, from `first_day` to before `last_day`; else IndexError."""
        if not self.first_day <= day < self.last_day:
            raise IndexError(f"day {day} is not from {self.first_day} to {self.last_day - 1}")
        return self.versions[int(self.version_of_day[day - self.first_day])]

    def by_day(self, read: Callable[[Scenario], float]) -> Floats:
        """A number on every day; `read` is called once for each version."""
        values = np.array([read(version) for version in self.versions], dtype=np.float64)
        return values[self.version_of_day]

    def by_weekday(self, read: Callable[[Scenario], WeekTable | None], missing: float) -> Floats:
        """A weekday table's number on every day; `missing` where it gives none for that day."""
        tables = np.array([_row(read(version), missing) for version in self.versions], dtype=np.float64)
        column = np.where(self.holiday, len(WEEKDAYS), self.weekday)
        values: Floats = tables[self.version_of_day, column]
        return values


def _row(table: WeekTable | None, missing: float) -> list[float]:
    """A weekday table as Monday to Sunday and bank holiday."""
    if table is None:
        return [missing] * (len(WEEKDAYS) + 1)
    days = [table.on(weekday, holiday=False) for weekday in range(len(WEEKDAYS))]
    return [missing if value is None else value for value in (*days, table.on(0, holiday=True))]


# A scenario is frozen, so its timeline holds for good; the few last ones are kept for those who ask again.
_kept: dict[int, tuple[Scenario, Timeline]] = {}


def build_timeline(scenario: Scenario, *, checked: bool = False) -> Timeline:
    """Apply every dated change. Raises ScenarioError where the scenario makes no sense on some day.

    What is `checked` has been built without a complaint before, in another process, or will be: most of the work is
    looking for what is wrong.
    """
    found = _kept.get(id(scenario))
    if found is not None and found[0] is scenario:
        return found[1]
    timeline = _built(scenario, checked)
    _kept[id(scenario)] = (scenario, timeline)
    for oldest in list(_kept)[:-_KEPT]:
        _kept.pop(oldest, None)
    return timeline


def _built(scenario: Scenario, checked: bool) -> Timeline:
    if not checked and (sense.complaints(scenario) or _escalations_wrong(scenario)):
        wrong = complaints_at_start(scenario)
        raise ScenarioError(c.sentence(scenario.file) for c in distinct(wrong))
    first_day, last_day = -scenario.run.warm_up_days, scenario.run.days
    progress = _progress(scenario, first_day, last_day)
    steps, version_of_day = _steps(scenario, progress)
    first_of = [int(np.argmax(version_of_day == v)) for v in range(len(steps))]
    versions = _versions(scenario, steps, first_of, checked)
    days = np.arange(first_day, last_day)
    timeline = Timeline(
        scenario=scenario,
        first_day=first_day,
        last_day=last_day,
        versions=versions,
        version_of_day=version_of_day,
        weekday=(scenario.run.start.weekday() + days) % 7,
        holiday=holidays_between(scenario.run.start, first_day, last_day),
    )
    _refuse_crowds(timeline)
    return timeline


def complaints_at_start(scenario: Scenario) -> list[Complaint]:
    """What is wrong before any change, and with the changes in themselves: for what is not worth building."""
    return [*sense.complaints(scenario), *_escalations_wrong(scenario), *_changes_refused(scenario)]


def _progress(scenario: Scenario, first_day: int, last_day: int) -> Floats:
    """How far each change has come on each day, 0 not in force to 1 in full; shape (days, changes)."""
    dates = scenario.run.start.toordinal() + np.arange(first_day, last_day)
    columns = [_progress_of(change, dates) for change in scenario.changes]
    return np.stack(columns, axis=1) if columns else np.zeros((dates.size, 0))


def _progress_of(change: Change, dates: Ints) -> Floats:
    since = dates - change.begins.toordinal()
    grown = np.minimum(1.0, (since + 1) / max(change.ramp_days, 1))
    in_force = (since >= 0) & (dates <= (change.to or dt.date.max).toordinal())
    found: Floats = np.where(in_force, grown, 0.0)
    return found


def _steps(scenario: Scenario, progress: Floats) -> tuple[Floats, Ints]:
    """The distinct rows of progress in order of their first day, and which row each day has."""
    rows, first, inverse = np.unique(progress, axis=0, return_index=True, return_inverse=True)
    edits = sum(len(c.put) + len(c.scale) + len(c.add) for c in scenario.changes)
    if rows.shape[0] * edits > MOST_WORK:
        words = (
            f"alter {edits} numbers on {rows.shape[0]} different days; make ramps shorter or changes fewer"
        )
        raise ScenarioError([Complaint("changes", words).sentence(scenario.file)])
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return rows[order], rank[inverse.reshape(-1)].astype(np.int64)


def _versions(scenario: Scenario, steps: Floats, first_of: list[int], checked: bool) -> tuple[Scenario, ...]:
    """The scenario at each step of the changes. Raises ScenarioError with the complaints of all of them."""
    document = document_of(scenario)
    versions: list[Scenario] = []
    wrong: list[Complaint] = []
    for step, position in zip(steps, first_of, strict=True):
        when = _when(scenario, step, position)
        version, complaints = _version(scenario, document, step, checked)
        wrong += [c.during(when) for c in complaints]
        versions.append(version or scenario)
        if len(wrong) > 1_000:
            break
    if wrong:
        raise ScenarioError(c.sentence(scenario.file) for c in distinct(wrong))
    return tuple(versions)


def _version(
    scenario: Scenario, document: Document, step: Floats, checked: bool
) -> tuple[Scenario | None, list[Complaint]]:
    """The scenario with each change as far as it has come, in the order of the file."""
    if not step.any():
        return scenario, []
    now, complaints = document, []
    for change, progress in zip(scenario.changes, step, strict=True):
        if progress > 0:
            after, refused = edited(now, change)
            now = between(now, after, float(progress), root()) if progress < 1 else after
            complaints += refused
    version, invalid = rebuilt(scenario, document, now)
    complaints += invalid
    if version is not None and not checked:
        complaints += [*sense.complaints(version, since=scenario), *_escalations_wrong(version, now)]
    return version, complaints


def _changes_refused(scenario: Scenario) -> list[Complaint]:
    """What is wrong with the changes in themselves, where the scenario they alter is wrong already."""
    document = document_of(scenario)
    found: list[Complaint] = []
    for change in scenario.changes:
        document, refused = edited(document, change)
        found += [c.during(f'change "{change.label}" on {change.begins.isoformat()}') for c in refused]
    return found


def _when(scenario: Scenario, step: Floats, position: int) -> str:
    """The label and date to name in a complaint: the change in force that began last."""
    active = [c for c, progress in zip(scenario.changes, step, strict=True) if progress > 0]
    if not active:
        return ""
    date = date_of(scenario.run.start, position - scenario.run.warm_up_days)
    latest = max(active, key=lambda c: c.begins)
    return f'change "{latest.label}" on {date.isoformat()}'


# Escalations


def _escalations_wrong(scenario: Scenario, document: Document | None = None) -> list[Complaint]:
    """Complaints about escalations that switch on while the scenario stands like this."""
    if not scenario.escalations:
        return []
    document = document or document_of(scenario)
    return list(_each_escalation(scenario, document))


def _each_escalation(scenario: Scenario, document: Document) -> Iterator[Complaint]:
    for i, escalation in enumerate(scenario.escalations):
        when = f'{dotted_path(("escalations", i))} "{escalation.label}"'
        forbidden = escalation_complaints(document, escalation)
        yield from (c.during(when) for c in forbidden)
        if forbidden:
            continue
        after, refused = edited(document, escalation)
        version, invalid = rebuilt(scenario, document, after)
        # What is odd without the escalation is told of the scenario itself.
        odd = sense.complaints(version, since=scenario) if version is not None else []
        yield from (c.during(when) for c in (*refused, *invalid, *odd))


# How many people


def _refuse_crowds(timeline: Timeline) -> None:
    """Raise ScenarioError where more people would come than a run can hold."""
    scenario = timeline.scenario
    expected = {name: _expected(timeline, name) for name in scenario.streams}
    total = sum(expected.values())
    if total > sense.MOST_PEOPLE:
        most = max(expected, key=lambda n: expected[n])
        words = (
            f"the run would see some {total:,.0f} people over {timeline.last_day - timeline.first_day:,} days "
            f"with warm-up; at most {sense.MOST_PEOPLE:,}: make the run shorter or the streams smaller"
        )
        raise ScenarioError([Complaint(f"streams.{most}.per_day", words).sentence(scenario.file)])


def _expected(timeline: Timeline, stream: str) -> float:
    """People of a stream who are expected over warm-up and run."""
    return float(timeline.by_day(lambda s: s.streams[stream].per_day).sum())


# Bank holidays


def bank_holidays(scenario: Scenario) -> tuple[dt.date, ...]:
    """England's bank holidays from the first day of the warm-up to the last day of the run."""
    first_day = -scenario.run.warm_up_days
    flags = holidays_between(scenario.run.start, first_day, scenario.run.days)
    return tuple(date_of(scenario.run.start, first_day + int(i)) for i in np.flatnonzero(flags))


def holidays_between(start: dt.date, first_day: int, last_day: int) -> NDArray[np.bool_]:
    """Whether each day is a bank holiday in England, shape (last_day - first_day,)."""
    # Imported here: it takes a third of a second.
    from holidays import country_holidays

    days = [date_of(start, day) for day in range(first_day, last_day)]
    known = country_holidays("GB", subdiv="ENG", years=range(days[0].year, days[-1].year + 1))
    return np.array([day in known for day in days], dtype=bool)


# Plans


def altered(scenario: Scenario, plan: Edits, *, checked: bool = False) -> Scenario:
    """A copy with edits that hold throughout (run length and target too), checked on every day.

    With `checked` the rules of sense are taken as kept, which saves nine tenths of the time: for a search among
    plans whose ends were looked at, and which has what it settles on looked at again. Each part is still
    validated by itself. Raises ScenarioError with every complaint.
    """
    document = document_of(scenario)
    after, wrong = edited(document, plan, dated=False)
    copy, invalid = rebuilt(scenario, document, after)
    if copy is None or wrong:
        raise ScenarioError(c.sentence(scenario.file) for c in distinct([*wrong, *invalid]))
    build_timeline(copy, checked=checked)
    return copy
