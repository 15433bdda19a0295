"""What may stand at each dotted path of a scenario: kind, label, unit and range, read off the model classes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from flowsim.scenario import model
from flowsim.scenario.model import REST, UNLIMITED, Part
from flowsim.scenario.words import one_of, plain
from flowsim.units import WEEKDAYS

Kind = Literal[
    "table",  # fixed keys
    "named",  # a table for each name the user chose
    "weekdays",
    "months",
    "distribution",
    "size",
    "shares",  # adds up to 1; replaced whole
    "tasks",
    "list",
    "number",
    "whole number",
    "text",
    "choice",
    "yes or no",
    "date",
    "edits",
]
Path = tuple[str, ...]

_SPECIAL: dict[type[Part], Kind] = {
    model.WeekTable: "weekdays",
    model.MonthTable: "months",
    model.Distribution: "distribution",
    model.Size: "size",
    model.Attribution: "shares",
}
_SIMPLE: dict[Any, Kind] = {
    float: "number",
    int: "whole number",
    str: "text",
    bool: "yes or no",
    dt.date: "date",
}


@dataclass(frozen=True)
class Shape:
    """What may stand in one place of a scenario."""

    kind: Kind
    label: str = ""
    unit: str = ""
    hint: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    required: bool = False
    default: Any = None
    part: type[Part] | None = None
    item: Shape | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys a table of this shape may have; empty where the user chooses the names."""
        return tuple(fields(self.part)) if self.part else ()

    def child(self, key: str | int) -> Shape | None:
        """The shape one step down; None where there is none of that name."""
        if self.part is None:
            return self.item
        found = fields(self.part).get(str(key))
        if found is not None and self.kind in ("weekdays", "months"):
            return replace(found, label=f"{self.label}, {key}", unit=self.unit, low=self.low, high=self.high)
        return found

    def allowed(self) -> str:
        """What may stand here, in words, to follow "must be"."""
        unit = f" ({self.unit})" if self.unit and self.kind in ("number", "whole number") else ""
        extra = f', or "{UNLIMITED}"' if self.may_be_unlimited else ""
        if self.kind in ("number", "whole number"):
            rest = f', or "{REST}"' if REST in self.choices else ""
            return f"a {self.kind}{self._range()}{unit}{rest}{extra}"
        if self.kind == "list" and self.item:
            return "a list of tables" if self.item.part else f"a list, each {self.item.allowed()}"
        if self.kind == "choice":
            return f"one of {one_of(self.choices)}"
        return _ALLOWED[self.kind] + extra

    @property
    def may_be_unlimited(self) -> bool:
        """Whether "unlimited" is a value for it."""
        return self.optional and self.label in ("Capacity", "Starts")

    def _range(self) -> str:
        if self.low is None or self.high is None:
            return ""
        return f" from {plain(self.low)} to {plain(self.high)}"


_ALLOWED: dict[str, str] = {
    "table": "a table",
    "named": "a table with a table for each name",
    "weekdays": "a number, or a table of numbers by weekday: " + ", ".join((*WEEKDAYS, "holiday")),
    "months": "a table of numbers by month: jan to dec",
    "distribution": "a number of days, or a table such as { mean = 10, sd = 8 } or { median = 8, p90 = 20 }",
    "size": "a number, or a table such as { start = 4, end = 1 }",
    "shares": 'a table of names and shares from 0 to 1 that add up to 1; one may be "rest"',
    "tasks": "a list of teams, or a table of teams and the share of people who need each",
    "list": "a list",
    "text": "text in quotation marks",
    "yes or no": "true or false",
    "date": "a date such as 2017-10-01, without quotation marks and without a time of day",
    "edits": 'a table of dotted paths and values, such as { "services.stit.capacity" = 250 }',
}


@cache
def fields(part: type[Part]) -> dict[str, Shape]:
    """The shape of every key of a table, by the name it has in a scenario file."""
    return {info.alias or name: _of_field(info) for name, info in part.model_fields.items()}


def root() -> Shape:
    """The shape of a whole scenario."""
    return Shape("table", part=model.Scenario)


def _of_field(info: FieldInfo) -> Shape:
    """The shape of one field: its annotation, with what the field itself says of label and range."""
    found = _of(info.annotation)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    unit, (low, high) = str(extra.get("unit", "")), _range_of(found, info, extra)
    item = replace(found.item, unit=unit) if found.item else None
    if item is not None and found.kind == "named":
        item = replace(item, label=info.title or "")
    return replace(
        found,
        # A dated change holds paths and values that only `edits` can judge.
        kind="edits" if info.title in ("Set", "Multiply", "Add") else found.kind,
        label=info.title or "",
        unit=unit,
        hint=info.description or "",
        low=low,
        high=high,
        required=info.is_required(),
        default=None if info.is_required() else info.default,
        item=item,
    )


def _range_of(found: Shape, info: FieldInfo, extra: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """The range that the field, its declaration or its type gives, in this order."""
    low, high = _range_in(info.metadata)
    return (
        next((v for v in (low, extra.get("low"), found.low) if v is not None), None),
        next((v for v in (high, extra.get("high"), found.high) if v is not None), None),
    )


def _of(annotation: Any) -> Shape:
    """The shape that an annotation stands for."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotated(inner)
    if origin in (Union, UnionType):
        return _union([a for a in inner if a is not NoneType], optional=NoneType in inner)
    if origin is Literal:
        return Shape("choice", choices=tuple(str(v) for v in inner))
    if origin is dict:
        return _mapping(inner[1])
    if origin is tuple:
        return Shape("list", item=_of(inner[0]))
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return Shape(_SPECIAL.get(annotation, "table"), part=annotation)
    return Shape(_SIMPLE.get(annotation, "text"))


def _annotated(inner: tuple[Any, ...]) -> Shape:
    found = _of(inner[0])
    low, high = _range_in(inner[1:])
    return replace(
        found,
        low=found.low if low is None else low,
        high=found.high if high is None else high,
    )


def _union(members: list[Any], *, optional: bool) -> Shape:
    """An optional value, or a number that may also be the word "rest"."""
    shapes = [_of(m) for m in members]
    words = tuple(w for s in shapes[1:] for w in s.choices)
    return replace(shapes[0], optional=optional or shapes[0].optional, choices=shapes[0].choices + words)


def _mapping(value: Any) -> Shape:
    item = _of(value)
    if item.kind == "number":
        # Tasks are the one table of shares that need not add up to 1, so it takes no "rest".
        return Shape("shares" if item.choices else "tasks", item=item)
    return Shape("named", item=item)


def _range_in(metadata: Any) -> tuple[float | None, float | None]:
    low = high = None
    for note in metadata:
        for bound in note.metadata if isinstance(note, FieldInfo) else (note,):
            low = bound.ge if isinstance(bound, Ge) else low
            high = bound.le if isinstance(bound, Le) else high
    return low, high  # type: ignore[return-value]  # bounds are numbers here


def shape_at(path: tuple[str | int, ...]) -> Shape | None:
    """The shape at a path from the root of a scenario; None where the path leads nowhere."""
    found: Shape | None = root()
    for key in path:
        found = found.child(key) if found is not None else None
    return found


def stand_in(shape: Shape) -> Any:
    """A value that could stand in a place, for going on past one that could not."""
    if shape.kind in ("number", "whole number"):
        nearest_to_one = min(max(1, shape.low or 0), 1 if shape.high is None else shape.high)
        return int(nearest_to_one) if shape.kind == "whole number" else float(nearest_to_one)
    if shape.kind == "choice":
        return shape.choices[0]
    return {"text": "", "date": dt.date(2017, 10, 1), "yes or no": False}.get(shape.kind, {})


def normal(value: Any, shape: Shape | None) -> Any:
    """A value in its long form: a bare number for a table, a list of teams, "unlimited" for no limit."""
    if shape is None:
        return value
    if value == UNLIMITED and shape.may_be_unlimited:
        return None
    if shape.kind == "tasks" and _is_list_of_text(value):
        return dict.fromkeys(value, 1.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if shape.kind == "weekdays":
        return dict.fromkeys((*WEEKDAYS, "holiday"), value)
    if shape.kind == "distribution":
        return {"dist": "fixed", "mean": value}
    return {"start": value, "end": value} if shape.kind == "size" else value


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value)


def is_table(value: Any) -> bool:
    """Whether a value of a document is a table."""
    return isinstance(value, Mapping)
