"""Validation errors turned into plain complaints: path, value, what is allowed, nearest name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from flowsim.scenario.shape import Shape, shape_at
from flowsim.scenario.words import NOT_SHOWN, Complaint, distinct, nearest, one_of

Path = tuple[str | int, ...]

_NAME_RULE = "must be a name of small letters, digits and _ that begins with a letter, at most 40 long"


def explained(error: ValidationError, document: Any, before: Path = ()) -> list[Complaint]:
    """One complaint for each place that is wrong. `before` is the path of the document in its scenario."""
    found: dict[Path, Complaint] = {}
    for detail in error.errors(include_url=False, include_context=False):
        path, is_key = _path_in(document, detail["loc"])
        complaint = _complaint(str(detail["type"]), (*before, *path), _value_at(document, path), is_key)
        # Several alternatives that all failed are one thing that is wrong with one value.
        found.setdefault(path, complaint)
    return distinct(found.values())


def _path_in(document: Any, location: Path) -> tuple[Path, bool]:
    """The location without what names no place in the document, and whether it is a key that is wrong."""
    path: list[str | int] = []
    node = document
    for step in location:
        inside = _inside(node, step)
        if inside is not NOT_SHOWN:
            node = inside
        elif not isinstance(node, Mapping) or step != location[-1] or _is_union_tag(step):
            continue
        path.append(step)
    return tuple(path), location[-1:] == ("[key]",)


def _inside(node: Any, step: str | int) -> Any:
    """What lies one step down in a document; NOT_SHOWN where nothing does."""
    if isinstance(node, Mapping) and step in node:
        return node[step]
    if isinstance(node, (list, tuple)) and isinstance(step, int) and step < len(node):
        return node[step]
    return NOT_SHOWN


def _is_union_tag(step: str | int) -> bool:
    """Whether a step names one alternative of a type and no key: "constrained-float", "[key]"."""
    return not isinstance(step, str) or not step.isidentifier()


def _value_at(document: Any, path: Path) -> Any:
    for step in path:
        document = _inside(document, step)
    return document


def _complaint(kind: str, path: Path, value: Any, is_key: bool) -> Complaint:
    shape = shape_at(path)
    dotted = dotted_path(path)
    if kind == "extra_forbidden" or shape is None:
        return Complaint(dotted, _unknown(path))
    if is_key:
        return Complaint(dotted, _NAME_RULE)
    if kind == "missing":
        return Complaint(dotted, f"is missing; it must be {shape.allowed()}{_hint(shape)}")
    return Complaint(dotted, _wrong(kind, shape, value), value)


def _wrong(kind: str, shape: Shape, value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"is not a number that can be used; it must be {shape.allowed()}"
    if kind == "string_pattern_mismatch":
        return (
            _NAME_RULE if shape.label not in ("Name", "Unit", "Title") else "must not hold control characters"
        )
    if kind == "string_too_long":
        return "must be at most 120 characters long"
    if shape.label in ("Opens", "Closes"):
        return 'must be a time of day from "00:00" to "24:00", in quotation marks'
    return f"must be {shape.allowed()}"


def _unknown(path: Path) -> str:
    """What to say of a key that no table of this kind has."""
    if path == ("name",):
        return "is taken from the name of the file and may not be set in it"
    table = shape_at(path[:-1])
    keys = table.keys if table else ()
    return f"is not a key that is known here; {nearest(str(path[-1]), keys)}" if keys else "is not known here"


def _hint(shape: Shape) -> str:
    if shape.kind == "choice" and shape.hint:
        return f" ({shape.hint})" if len(shape.hint) < 90 else ""
    return f": {shape.hint}" if shape.hint else ""


def dotted_path(path: Path) -> str:
    """A path as users write it: "changes[1].scale"; entries of lists are counted from 1."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            text += ("." if text else "") + (step if _is_bare(step) else f'"{step}"')
    return text or one_of(())


def _is_bare(step: str) -> bool:
    return bool(step) and all(c.isalnum() or c in "_-" for c in step)
