"""The scenario as frozen classes: every input of a run with its type, unit, range and meaning.

Each number says its label, unit and hint here and nowhere else; the check, the forms and the
handbook read them through `flowsim.scenario.fields`. Rules that need more than one field are
in `flowsim.scenario.sense`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    field_validator,
)

from flowsim.units import WEEKDAYS, time_of_day

ReasonCode = Literal["A", "B", "C", "Di", "Dii", "E", "F", "G", "H", "I"]
EXITS = ("leave", "died", "elsewhere")
REST = "rest"
UNLIMITED = "unlimited"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
# Control characters in a label could command the terminal on which it is shown.
Label = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Share = Annotated[float, Field(ge=0, le=1)]
ShareOrRest = Share | Literal["rest"]


class Part(BaseModel):
    """One table of a scenario file: strict types, no unknown keys, no inf or NaN, never changed."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )


def number(
    label: str,
    unit: str,
    hint: str,
    *,
    low: float,
    high: float,
    default: Any = ...,
    alias: str | None = None,
) -> Any:
    """Declare one number: what it is called, its unit, its range and a hint for whoever fills it in."""
    return Field(
        default,
        ge=low,
        le=high,
        title=label,
        description=hint,
        alias=alias,
        json_schema_extra={"unit": unit, "low": low, "high": high},
    )


def text(label: str, hint: str, default: Any = ..., alias: str | None = None) -> Any:
    """Declare an input that is not a number."""
    return Field(default, title=label, description=hint, alias=alias, json_schema_extra={"unit": ""})


def table(
    label: str,
    unit: str,
    hint: str,
    default: Any = ...,
    *,
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """Declare a table of numbers that share a unit and a range, such as starts by weekday."""
    return Field(
        default,
        title=label,
        description=hint,
        json_schema_extra={"unit": unit, "low": low, "high": high},
    )


def _unlimited_is_none(value: Any) -> Any:
    return None if value == UNLIMITED else value


class WeekTable(Part):
    """A number for each day of the week; `holiday` holds on bank holidays, as Sunday unless given."""

    mon: float | None = None
    tue: float | None = None
    wed: float | None = None
    thu: float | None = None
    fri: float | None = None
    sat: float | None = None
    sun: float | None = None
    holiday: float | None = None

    def on(self, weekday: int, holiday: bool) -> float | None:
        """The number for a weekday (0 is Monday); None where none is given."""
        if holiday and self.holiday is not None:
            return self.holiday
        value: float | None = getattr(self, WEEKDAYS[6 if holiday else weekday])
        return value

    def given(self) -> dict[str, float]:
        """The days that are given, by name."""
        return {k: v for k, v in self.model_dump().items() if v is not None}


def _same_every_day(value: Any) -> Any:
    """A bare number means that number on every day, bank holidays included."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return dict.fromkeys((*WEEKDAYS, "holiday"), value)
    return value


ByWeekday = Annotated[WeekTable, BeforeValidator(_same_every_day)]


class MonthTable(Part):
    """A relative weight for each month; 1 unless given."""

    jan: float = 1.0
    feb: float = 1.0
    mar: float = 1.0
    apr: float = 1.0
    may: float = 1.0
    jun: float = 1.0
    jul: float = 1.0
    aug: float = 1.0
    sep: float = 1.0
    oct: float = 1.0
    nov: float = 1.0
    dec: float = 1.0


class Distribution(Part):
    """How something varies from person to person, in days; lognormal unless `dist` says otherwise.

    Give mean and sd, or median and p90 (nine in ten are below it). `max` cuts the distribution
    off: nobody is above it, and the mean falls accordingly.
    """

    dist: Literal["lognormal", "gamma", "weibull", "exponential", "fixed", "mixture", "empirical"] = text(
        "Shape", "the family of the distribution", "lognormal"
    )
    mean: float | None = number("Mean", "days", "average", low=0, high=36_500, default=None)
    sd: float | None = number("Standard deviation", "days", "spread", low=0, high=36_500, default=None)
    median: float | None = number("Median", "days", "half are below it", low=0, high=36_500, default=None)
    p90: float | None = number(
        "90th percentile", "days", "nine in ten are below it", low=0, high=36_500, default=None
    )
    max: float | None = number("Longest", "days", "nobody is above it", low=0, high=36_500, default=None)
    parts: tuple[MixturePart, ...] | None = text("Parts", "the weighted parts of a mixture", None)
    values: tuple[Annotated[float, Field(ge=0, le=36_500)], ...] | None = text(
        "Values", "observed values, days", None
    )
    weights: tuple[Annotated[float, Field(ge=0)], ...] | None = text(
        "Weights", "how often each value occurs", None
    )
    file: str | None = text("File", "a CSV file beside the scenario that holds the values", None)
    column: str | None = text("Column", "the column of that file", None)

    @field_validator("parts", "values", "weights", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


def _number_is_fixed(value: Any) -> Any:
    """A bare number is a duration that is the same for everybody."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"dist": "fixed", "mean": value}
    return value


Duration = Annotated[Distribution, BeforeValidator(_number_is_fixed)]


class MixturePart(Part):
    """One part of a mixture: its weight, and how it varies."""

    weight: float = number(
        "Weight", "relative", "share of people, relative to the other parts", low=0, high=1e6
    )
    of: Duration = text("Distribution", "how this part varies")


Distribution.model_rebuild()


class Size(Part):
    """What one person takes of a service's capacity; may fall in equal steps over the stay."""

    start: float = number("At the start", "capacity units", "on the first day", low=0, high=1e5)
    end: float = number("At the end", "capacity units", "on the last day", low=0, high=1e5)


def _number_is_size(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"start": value, "end": value}
    return value


SizeOfPerson = Annotated[Size, BeforeValidator(_number_is_size)]


def _names_are_certain(value: Any) -> Any:
    """A list of teams means that everybody needs each of them."""
    if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
        return dict.fromkeys(value, 1.0)
    return value


# In order: which teams have a task on the person, and the share of people who need it.
Tasks = Annotated[dict[Name, Share], BeforeValidator(_names_are_certain)]


class Run(Part):
    """When the run begins, how long it lasts, and how often it is repeated."""

    start: dt.date = text("First day", "the date of the first day that is counted")
    days: int = number("Length", "days", "how many days are counted", low=1, high=7_300, default=182)
    warm_up_days: int = number(
        "Warm-up",
        "days",
        "days simulated before the first day so that queues can form",
        low=0,
        high=3_650,
        default=180,
    )
    replications: int = number(
        "Replications",
        "runs",
        "how often the period is repeated with other draws",
        low=1,
        high=100_000,
        default=50,
    )
    seed: int = number(
        "Seed",
        "",
        "names the set of draws; the same seed gives the same result",
        low=0,
        high=2**63 - 1,
        default=2017,
    )


class Target(Part):
    """What the city wants to reach."""

    delayed: float = number(
        "Target", "people delayed", "people delayed at midnight, at most", low=0, high=1e6, default=50.0
    )
    confidence: float = number(
        "Confidence", "share", "how surely the target should be met", low=0.5, high=0.9999, default=0.9
    )


class Counting(Part):
    """How delays are counted officially, and for which population."""

    counted_after_days: float = number(
        "Counted after",
        "days",
        "days from being ready until a person counts as delayed",
        low=0,
        high=365,
        default=0.0,
    )
    adults: float | None = number(
        "Adults", "people", "adult population, for rates per 100,000", low=1, high=1e9, default=None
    )
    observed: str | None = text(
        "Official figures", "a CSV file of official monthly delayed days, beside the scenario", None
    )


class Stream(Part):
    """A source of people."""

    label: Label = text("Name", "what people call it")
    per_day: float = number("People per day", "people per day", "average over the year", low=0, high=100_000)
    enters: Name = text("Enters", "the place where people of this stream arrive")
    weekday: ByWeekday = table("By weekday", "relative", "1 is an average day", WeekTable(), low=0, high=1e6)
    month: MonthTable = table("By month", "relative", "1 is an average month", MonthTable(), low=0, high=1e6)
    hour: tuple[Annotated[float, Field(ge=0, le=1e6)], ...] = table(
        "By hour", "relative", "24 weights, from the hour after midnight", (1.0,) * 24
    )
    routes: dict[Name, ShareOrRest] = table("Routes", "share", "which route people need; adds up to 1")

    @field_validator("hour", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class At(Part):
    """Where a route differs from what is usual at a service."""

    stay: Duration | None = text("Stay", "length of stay on this route, days", None)
    next: dict[Name, ShareOrRest] | None = table(
        "Next", "share", "where people go next on this route; adds up to 1", None
    )
    tasks: Tasks | None = table("Tasks", "share", "teams whose task is done here", None)
    size: SizeOfPerson | None = text("Size", "what one person takes of the capacity on this route", None)
    priority: int | None = number(
        "Priority", "", "lower goes first in this queue", low=-1000, high=1000, default=None
    )


class Route(Part):
    """One of the ways out of hospital: the stay in the entry place, the tasks there, and what follows."""

    label: Label = text("Name", "what people call it")
    stay: Duration | None = text("Stay", "in the entry place until ready, days", None)
    tasks: Tasks | None = table("Tasks", "share", "teams whose task is done in the entry place", None)
    next: dict[Name, ShareOrRest] | None = table(
        "Next", "share", "where people go from the entry place; adds up to 1", None
    )
    priority: int = number("Priority", "", "lower goes first in every queue", low=-1000, high=1000, default=0)
    at: dict[Name, At] = text("At", "where the route differs from a service's usual", {})


class Attribution(Part):
    """Which body the delayed days of a wait are attributed to; adds up to 1."""

    nhs: Share = number("NHS", "share", "attributed to the NHS", low=0, high=1, default=0.0)
    social_care: Share = number(
        "Social care", "share", "attributed to social care", low=0, high=1, default=0.0
    )
    both: Share = number("Both", "share", "attributed to both", low=0, high=1, default=0.0)


class Initial(Part):
    """Who is there when the simulation starts (before the warm-up)."""

    people: int = number(
        "People there",
        "people",
        "in the service at the start, with residual stays",
        low=0,
        high=1_000_000,
        default=0,
    )
    waiting: int = number(
        "People waiting", "people", "waiting for it at the start", low=0, high=1_000_000, default=0
    )
    waiting_in_hospital: int | None = number(
        "Waiting in hospital",
        "people",
        "ready in hospital and waiting for it at the start (of a team: for its task); those above are then the ones elsewhere",
        low=0,
        high=1_000_000,
        default=None,
    )
    waited: Duration | None = text("Waited", "how long those have already waited, days", None)


class Otherwise(Part):
    """Plan B: after a wait, ask for another place as well."""

    after_days: float = number(
        "After", "days", "wait before the other place is asked for as well", low=0, high=3_650
    )
    service: Name = text("Service", "the other place")


class Service(Part):
    """Anything with limited room: a place that holds a person, or a team that does a task on one."""

    kind: Literal["place", "team"] = text(
        "Kind", '"place" holds a person, "team" does a task where the person is'
    )
    label: Label = text("Name", "what people call it", "")
    setting: Literal["hospital", "bed", "home", "care_home", "waiting"] | None = text(
        "Setting",
        "where a person in this place is; those ready in a hospital count as delayed",
        None,
    )
    capacity: Annotated[float | None, BeforeValidator(_unlimited_is_none)] = number(
        "Capacity",
        "capacity units",
        'how much at once; leave out, or "unlimited", for no limit',
        low=0,
        high=1e9,
        default=None,
    )
    unit: Label = text("Unit", "what capacity is counted in", "people")
    size: SizeOfPerson = text("Size", "what one person takes of the capacity", Size(start=1.0, end=1.0))
    starts: Annotated[ByWeekday | None, BeforeValidator(_unlimited_is_none)] = table(
        "Starts",
        "people per day",
        "how many people can be taken on in one day; a day left out has no limit",
        None,
        low=0,
        high=1e6,
    )
    opens: str = text("Opens", "time of day from which people are taken on", "00:00")
    closes: str = text("Closes", "time of day after which nobody is taken on", "24:00")
    stay: Duration | None = text("Stay", "length of stay, days (places)", None)
    stay_scale: float = number(
        "Stay factor", "factor", "multiplies stays that begin now", low=0, high=100, default=1.0
    )
    work: Duration | None = text("Work", "time a task takes, days (teams)", None)
    lead_days: float = number(
        "Lead",
        "days",
        "referred this long before the person is expected to be ready",
        low=0,
        high=365,
        default=0.0,
    )
    next: dict[Name, ShareOrRest] | None = table(
        "Next", "share", "where people go from here; adds up to 1", None
    )
    tasks: Tasks = table("Tasks", "share", "teams whose task is done here", {})
    decided: ByWeekday = table(
        "Declared ready",
        "share",
        "chance that somebody whose stay ends that day is declared ready that day",
        WeekTable(),
        low=0,
        high=1,
    )
    skip: bool = text(
        "May pass", "whether somebody who fits may pass a head of the queue who does not", False
    )
    wait_in: tuple[Name, ...] = text(
        "Wait in", "places where somebody in hospital may wait for this service", ()
    )
    otherwise: Otherwise | None = text("Plan B", "another place to ask for after a wait", None)
    per_day_waited: float = number(
        "Days added per day waited",
        "days per day",
        "above 0 deconditioning, below 0 care given while waiting",
        low=-10,
        high=10,
        default=0.0,
    )
    initial: Initial = text("At the start", "who is there when the simulation starts", Initial())
    reason: ReasonCode | None = text("Reason", "national delay reason code while someone waits for it", None)
    attribution: Attribution | None = text("Attribution", "to whom delayed days are attributed", None)
    counted_share: Share = number(
        "Counted share",
        "share",
        "share of the days of waiting for it that are recorded as delayed",
        low=0,
        high=1,
        default=1.0,
    )
    cost_per_day: float = number(
        "Cost per day", "pounds per person per day", "of care given", low=0, high=1e6, default=0.0
    )

    @field_validator("wait_in", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("opens", "closes")
    @classmethod
    def _is_time_of_day(cls, value: str) -> str:
        time_of_day(value)
        return value


class WhileWaiting(Part):
    """What happens to people in hospital who are ready and still there."""

    unwell_per_day: float = number(
        "Become unwell",
        "share per day",
        "of those waiting in hospital: unfit again, with a new stay",
        low=0,
        high=5,
        default=0.0,
    )
    unwell_stay: Duration | None = text(
        "Stay when unwell", "the new stay, days; as the route's unless given", None
    )
    leaves_per_day: float = number(
        "Leave another way",
        "share per day",
        "of those waiting in hospital: die, or go another way",
        low=0,
        high=5,
        default=0.0,
    )


def _dotted(value: Any) -> Any:
    """`scale = { services.stit.capacity = 2 }`, a nested table in TOML, means the path in quotation marks."""
    if not isinstance(value, Mapping):
        return value
    flat: dict[Any, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            flat |= {f"{key}.{rest}": v for rest, v in _dotted(inner).items()}
        else:
            flat[key] = inner
    return flat


NumberByPath = Annotated[dict[str, float], BeforeValidator(_dotted)]


class Change(Part):
    """A dated alteration of numbers in the scenario."""

    label: Label = text("Name", "what people call it")
    begins: dt.date = text("From", "the first day on which it holds", alias="from")
    to: dt.date | None = text("To", "the last day on which it holds; for good unless given", None)
    ramp_days: int = number(
        "Ramp", "days", "days over which it grows to its full size", low=0, high=3_650, default=0
    )
    put: dict[str, Any] = Field({}, alias="set", title="Set", description="new values by dotted path")
    scale: NumberByPath = Field({}, title="Multiply", description="factors by dotted path")
    add: NumberByPath = Field({}, title="Add", description="amounts by dotted path")


class Escalation(Part):
    """An alteration that switches on when the midnight census crosses a level, and off again."""

    label: Label = text("Name", "what people call it")
    when_delayed_above: float = number(
        "Switches on above", "people delayed", "at a midnight census", low=0, high=1e6
    )
    until_below: float = number(
        "Switches off below", "people delayed", "at a midnight census", low=0, high=1e6
    )
    after_days: int = number(
        "Takes effect after",
        "days",
        "days from the census that crossed the level",
        low=0,
        high=365,
        default=0,
    )
    put: dict[str, Any] = Field({}, alias="set", title="Set", description="new values by dotted path")
    scale: NumberByPath = Field({}, title="Multiply", description="factors by dotted path")
    add: NumberByPath = Field({}, title="Add", description="amounts by dotted path")


class Costs(Part):
    """Unit costs that belong to no service."""

    hospital_excess_day: float = number(
        "Excess day", "pounds", "an acute bed for one day beyond need", low=0, high=1e6, default=0.0
    )
    price_year: str = text("Price year", "the year in whose prices the costs are", "2017/18")


class Scenario(Part):
    """Everything a run needs. Built by `flowsim.load`; changed only by copy."""

    name: str = text("Name of the scenario", "taken from the file", "scenario")
    title: Label = text("Title", "one line that says what the scenario is")
    about: str = text("About", "what it is for and where it comes from", "")
    run: Run
    target: Target = Target()
    counting: Counting = Counting()
    streams: dict[Name, Stream]
    routes: dict[Name, Route]
    over_prescription: dict[Name, dict[Name, ShareOrRest]] = table(
        "Over-prescription", "share", "from needed route to given route; adds up to 1", {}
    )
    services: dict[Name, Service]
    while_waiting: WhileWaiting = WhileWaiting()
    changes: tuple[Change, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    costs: Costs = Costs()
    # Where it was read: the folder in which its official figures lie, and the file to name in a
    # complaint. No inputs, so in no document; a copy of the scenario keeps them.
    _folder: str | None = PrivateAttr(None)
    _file: str | None = PrivateAttr(None)

    @field_validator("changes", "escalations", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    def remember(self, file: str, folder: str | None) -> None:
        """Keep where it was read: by `flowsim.load`, before anybody else sees it."""
        self._file, self._folder = file, folder

    @property
    def folder(self) -> str | None:
        """The folder in which its official figures lie; None where there are none at hand."""
        return self._folder

    @property
    def file(self) -> str:
        """What to call it in a complaint: its file, else its name."""
        return self._file or self.name


def setting_of(name: str, service: Service) -> str:
    """Where a person in this place is: as given, else "hospital" for the service of that name, else "home"."""
    return service.setting or ("hospital" if name == "hospital" else "home")


def shares(given: Mapping[str, float | str]) -> dict[str, float]:
    """Numbers for a table of shares; the one that says "rest" takes what the others leave.

    Never below zero; that a table adds up to 1 is checked when the scenario is loaded.
    """
    stated = {k: float(v) for k, v in given.items() if v != REST}
    rest = max(0.0, 1.0 - sum(stated.values()))
    return {k: rest if v == REST else stated[k] for k, v in given.items()}
