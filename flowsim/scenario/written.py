"""A scenario's nested tables as TOML text that a person can read."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

from flowsim.scenario.shape import Shape
from flowsim.units import WEEKDAYS

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def written(
    document: Mapping[str, Any],
    shape: Shape | None,
    path: tuple[str, ...] = (),
    comments: Mapping[str, str] | None = None,
) -> str:
    """A table as TOML: its values, then a section for each table below it.

    What belongs on one line (shares, weekdays, distributions) is written as an inline table. `comments`
    go behind the values at their dotted paths.
    """
    comments = comments or {}
    sections: list[str] = []
    lines: list[str] = []
    for key, value in document.items():
        inner = shape.child(key) if shape else None
        if isinstance(value, Mapping) and inner is not None and inner.kind in ("table", "named"):
            if value:
                sections.append(written(value, inner, (*path, key), comments))
        elif _is_list_of_tables(value, inner):
            sections += [_entry(entry, (*path, key)) for entry in value]
        else:
            lines.append(f"{_key(key)} = {literal(value)}{_behind(comments, (*path, key))}\n")
    head = f"[{'.'.join(map(_key, path))}]\n" if path and lines else ""
    own = head + "".join(lines) + ("\n" if lines else "")
    return own + "".join(sections)


def _behind(comments: Mapping[str, str], path: tuple[str, ...]) -> str:
    comment = comments.get(".".join(path), "")
    return f"  # {comment}" if comment else ""


def _is_list_of_tables(value: Any, shape: Shape | None) -> bool:
    return isinstance(value, (list, tuple)) and shape is not None and bool(shape.item and shape.item.part)


def _entry(entry: Mapping[str, Any], path: tuple[str, ...]) -> str:
    lines = [f"{_key(k)} = {literal(v)}\n" for k, v in entry.items()]
    return f"[[{'.'.join(map(_key, path))}]]\n" + "".join(lines) + "\n"


def literal(value: Any) -> str:
    """A value as it stands behind the equals sign; what is missing in a table is left out."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return _inline(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(literal(v) for v in value) + "]"
    return repr(value)


def is_blank(value: Any) -> bool:
    """Whether nothing is set: no value, or a table or list in which none is."""
    if isinstance(value, Mapping):
        return all(is_blank(inner) for inner in value.values())
    return value is None or (isinstance(value, (list, tuple)) and not value)


def _inline(table: Mapping[str, Any]) -> str:
    same = (
        table.get("mon") is not None
        and set(table) == {*WEEKDAYS, "holiday"}
        and len(set(map(repr, table.values()))) == 1
    )
    if same:
        return literal(table["mon"])
    inside = ", ".join(f"{_key(k)} = {literal(v)}" for k, v in table.items() if v is not None)
    return f"{{ {inside} }}" if inside else "{}"


def _text(value: str) -> str:
    # TOML wants DEL escaped too, which JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def count_keys(node: Any) -> int:
    """How many keys a document has in all its tables."""
    if isinstance(node, Mapping):
        return len(node) + sum(count_keys(v) for v in node.values())
    return sum(count_keys(v) for v in node) if isinstance(node, (list, tuple)) else 0
