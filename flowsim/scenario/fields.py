"""The one table of inputs: what a scenario may hold, with label, unit, default, range and hint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from flowsim.scenario.model import Distribution, MixturePart, Part
from flowsim.scenario.shape import Shape, fields, root

# How a name that the user chose stands in a pattern.
ANY: Final = "*"


# A number that may go so far may go as far as anybody likes.
NO_LIMIT_FROM: Final = 100_000


def range_in_words(low: float, high: float) -> str:
    """From where to where a number may go; a limit that nobody will meet is none."""
    return f"{low:g} or more" if high >= NO_LIMIT_FROM else f"From {low:g} to {high:g}"


# The unit of a number that each service counts in units of its own.
CAPACITY_UNITS: Final = "capacity units"


def with_unit(label: str, unit: str, counted_in: str = "") -> str:
    """A label with its unit behind it, unless it says it already; `counted_in` is what a service counts its capacity in."""
    told = (counted_in or unit) if unit == CAPACITY_UNITS else unit
    return label if not told or told.lower() in label.lower() else f"{label} ({told})"


@dataclass(frozen=True)
class InputField:
    """One input as the forms, the check and the handbook see it.

    `path` is a pattern in which * stands for a name the user chose or an entry of a list. `type` is
    "number", "whole number", "text", "choice", "yes or no", "date", or the kind of table:
    "weekdays", "months", "distribution", "size", "shares", "tasks", "list", "edits". `default` is None
    where there is none or none is needed; `required` tells them apart.
    """

    path: str
    label: str
    unit: str
    type: str
    default: Any
    low: float | None
    high: float | None
    hint: str
    group: str
    required: bool
    choices: tuple[str, ...]


def inputs() -> list[InputField]:
    """Every input a scenario may have, read off the model's classes, in the order of the classes.

    The numbers inside a distribution are listed once, under "distribution".
    """
    found = [f for f in _below(root(), ()) if f.path != "name"]
    for part, prefix in ((Distribution, "distribution"), (MixturePart, "distribution.parts.*")):
        found += [_field((*prefix.split("."), key), shape) for key, shape in fields(part).items()]
    return found


def _below(table: Shape, path: tuple[str, ...]) -> Iterator[InputField]:
    for key, shape in _entries(table):
        here = (*path, key)
        inner = shape.item if shape.kind in ("named", "list") and shape.item else shape
        if inner.kind in ("table", "named"):
            yield from _below(inner, here if inner is shape else (*here, ANY))
        else:
            yield _field(
                here if shape.kind != "named" else (*here, ANY), shape if shape.kind != "named" else inner
            )


def _entries(table: Shape) -> list[tuple[str, Shape]]:
    if table.part is not None:
        return list(fields(table.part).items())
    return [(ANY, table.item)] if table.item else []


def _field(path: tuple[str, ...], shape: Shape) -> InputField:
    return InputField(
        path=".".join(path),
        label=shape.label,
        unit=shape.unit,
        type=shape.kind,
        default=_plain(shape.default),
        low=shape.low,
        high=shape.high,
        hint=shape.hint,
        group=path[0],
        required=shape.required,
        choices=shape.choices,
    )


def _plain(default: Any) -> Any:
    """A default as a scenario file would hold it."""
    return default.model_dump(exclude_none=True) if isinstance(default, Part) else default
