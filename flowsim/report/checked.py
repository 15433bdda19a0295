"""What a scenario amounts to, before anything is run: dates, changes in words, services and their room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from flowsim.scenario.edits import Edits, spread_out
from flowsim.scenario.fields import with_unit
from flowsim.scenario.flows import ServiceLoad, in_words, offered_load
from flowsim.scenario.model import Change, Escalation, Scenario
from flowsim.scenario.oddities import warnings
from flowsim.scenario.shape import shape_at
from flowsim.scenario.sources import InputRow
from flowsim.scenario.timeline import Timeline, bank_holidays, build_timeline
from flowsim.scenario.words import plain, printable, shortened
from flowsim.units import date_of

# A long ramp has a version for each day; this many of them, evenly spaced, show its worst well enough.
MOST_VERSIONS: Final = 80


@dataclass(frozen=True)
class Dated:
    """The offered load of every service on some date of the run."""

    date: str
    loads: list[ServiceLoad]


def checked(scenario: Scenario) -> Iterator[RenderableType]:
    """The pages of a check, in order, for a rich console. Raises ScenarioError as `build_timeline`."""
    timeline = build_timeline(scenario)
    dated = dated_loads(timeline)
    yield Text(f"{printable(scenario.title)} ({scenario.name})", style="bold")
    yield Text("\n".join(_dates(scenario)))
    if scenario.changes or scenario.escalations:
        yield Text("\n".join(["", "Changes:", *_changes(scenario)]))
    yield Text("")
    yield _table(dated[0])
    for heading, sentences in (
        ("Queues without end", list(queues_without_end(dated))),
        ("Worth a look", [printable(w) for w in warnings(scenario)]),
    ):
        if sentences:
            yield Text("\n".join(["", f"{heading}:", *(f"  {s}" for s in sentences)]))


def figures_in_words(rows: list[InputRow]) -> str:
    """How well the figures of a scenario are founded, as one sentence."""
    figures = [row for row in rows if row.is_figure]
    assumed = sum(row.confidence == "assumption" for row in figures)
    unfounded = sum(not row.source for row in figures)
    return (
        f"{len(figures)} figures are stated, of which {assumed} {'is an assumption' if assumed == 1 else 'are assumptions'} "
        f"and {unfounded} {'names' if unfounded == 1 else 'name'} no source."
    )


def _dates(scenario: Scenario) -> Iterator[str]:
    run = scenario.run
    last = date_of(run.start, run.days - 1)
    warm_up = f", after {run.warm_up_days} days of warm-up" if run.warm_up_days else ""
    yield f"From {run.start} to {last}: {run.days} days{warm_up}; {run.replications} replications, seed {run.seed}."
    yield (
        f"Target: at most {plain(scenario.target.delayed)} people delayed at midnight, "
        f"with a confidence of {plain(100 * scenario.target.confidence)} %."
    )
    holidays = [str(day) for day in bank_holidays(scenario) if day >= run.start]
    yield f"Bank holidays in the run: {', '.join(holidays) or 'none'}."


# Changes


def _changes(scenario: Scenario) -> Iterator[str]:
    for change in scenario.changes:
        yield f"  {_when(change)}: {printable(change.label)}: {edits_in_words(change)}"
    for escalation in scenario.escalations:
        yield f"  {_while(escalation)}: {printable(escalation.label)}: {edits_in_words(escalation)}"


def _when(change: Change) -> str:
    until = f" to {change.to}" if change.to else " on"
    ramp = f", growing over {change.ramp_days} days" if change.ramp_days > 1 else ""
    return f"From {change.begins}{until}{ramp}"


def _while(escalation: Escalation) -> str:
    after = f", {escalation.after_days} days later" if escalation.after_days else ""
    return (
        f"When more than {plain(escalation.when_delayed_above)} are delayed{after}, "
        f"until fewer than {plain(escalation.until_below)} are"
    )


Naming = Callable[[tuple[str, ...]], str]


def edits_in_words(edits: Edits, naming: Naming = ".".join, between: str = ", ") -> str:
    """What edits do, as one phrase: "services.stit.capacity becomes 250, ...", or as `naming` calls each path."""
    phrases = [
        f"{naming(path)} becomes {_value(value, path, naming)}"
        for dotted, nested in edits.put.items()
        for path, value in spread_out(tuple(dotted.split(".")), nested)
    ]
    phrases += [
        f"{naming(tuple(path.split('.')))} is multiplied by {plain(factor)}"
        for path, factor in edits.scale.items()
    ]
    phrases += [
        f"{naming(tuple(path.split('.')))} {'rises' if amount >= 0 else 'falls'} by {plain(abs(amount))}"
        for path, amount in edits.add.items()
    ]
    return printable(between.join(phrases) or "nothing changes")


def labels_in(scenario: Scenario) -> Naming:
    """How people call what a path leads to: "STIT: reablement at home: capacity (people)"."""
    named: dict[str, Mapping[str, Any]] = {
        "streams": scenario.streams, "routes": scenario.routes, "services": scenario.services,
    }  # fmt: skip
    labels = {name: entry.label or name for entries in named.values() for name, entry in entries.items()}

    def words(path: tuple[str, ...]) -> str:
        whose = [labels.get(path[1], path[1])] if path[0] in named and len(path) > 1 else []
        within = [
            labels.get(key) or _label_at(path[: depth + 1], scenario)
            for depth, key in enumerate(path)
            if depth >= len(whose) * 2
        ]
        return ": ".join([*whose, *within])

    return words


def _label_at(path: tuple[str, ...], scenario: Scenario) -> str:
    shape, around = shape_at(path), shape_at(path[:-1])
    if around is not None and around.kind in ("weekdays", "months"):
        return path[-1]  # mon, jan: the table has been named
    label = shape.label if shape is not None and shape.label else path[-1].replace("_", " ")
    label = label[:1].lower() + label[1:]
    if shape is None or shape.kind not in ("number", "whole number"):
        return label
    service = scenario.services.get(path[1]) if path[0] == "services" else None
    return with_unit(label, shape.unit, service.unit if service is not None else "")


def _value(value: Any, path: tuple[str, ...], naming: Naming) -> str:
    if isinstance(value, Mapping):
        return ", ".join(
            f"{_within(key, path, naming)} {_value(inner, (*path, key), naming)}"
            for key, inner in value.items()
        )
    return shortened(value)


def _within(key: str, path: tuple[str, ...], naming: Naming) -> str:
    """What an entry of a table is called, where the table has been named already."""
    return naming((*path, key)).removeprefix(naming(path)).lstrip(".: ")


# Services


def dated_loads(timeline: Timeline) -> list[Dated]:
    """The offered load on the first day of the run, then on the first day of each later version."""
    days = _first_days(timeline)
    if len(days) > MOST_VERSIONS:
        step = (len(days) - 1) / (MOST_VERSIONS - 1)
        days = [days[round(i * step)] for i in range(MOST_VERSIONS)]
    start = timeline.scenario.run.start
    return [Dated(str(date_of(start, day)), offered_load(timeline.on(day))) for day in days]


def _first_days(timeline: Timeline) -> list[int]:
    """The days of the run on which a version begins to hold that has not held in it before."""
    seen: dict[int, int] = {}
    for day in range(timeline.last_day):
        seen.setdefault(int(timeline.version_of_day[day - timeline.first_day]), day)
    return list(seen.values())


def _table(dated: Dated) -> Table:
    table = Table(title=f"Services on {dated.date}, in a steady state", title_justify="left")
    table.add_column("Service", overflow="fold")
    for heading in (
        "People a day",
        "Mean stay, days",
        "Load",
        "Capacity",
        "Use, %",
        "Starts a week",
        "People a week",
    ):
        table.add_column(heading, justify="right")
    table.add_column("Room")
    for load in dated.loads:
        table.add_row(*(Text(cell) for cell in _cells(load)))
    return table


def _cells(load: ServiceLoad) -> tuple[str, ...]:
    return (
        load.label,
        in_words(load.people_per_day),
        in_words(load.mean_stay_days),
        in_words(load.load),
        in_words(load.capacity),
        "-" if load.use is None else in_words(100 * load.use, 0),
        in_words(load.starts_per_week),
        in_words(load.people_per_week),
        load.verdict,
    )


def queues_without_end(dated: list[Dated]) -> Iterator[str]:
    """A sentence for each service that more people need than it can take on: at the start, and at worst."""
    for i, at_start in enumerate(dated[0].loads):
        worst = max(dated, key=lambda d: _pressure(d.loads[i]))
        if at_start.grows:
            yield f"On {dated[0].date}: {at_start.sentence()}"
        if worst is not dated[0] and _pressure(worst.loads[i]) > _pressure(at_start) and worst.loads[i].grows:
            yield f"At worst, from {worst.date}: {worst.loads[i].sentence()}"


def _pressure(load: ServiceLoad) -> float:
    """People who need a service for each whom it can take on."""
    if not load.most_per_day:
        return float("inf") if load.most_per_day == 0 and load.people_per_day > 0 else 0.0
    return load.people_per_day / load.most_per_day
