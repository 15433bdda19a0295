"""Rewriting a scenario file's text: one value set, everything else, comments included, left as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from flowsim.errors import ScenarioError
from flowsim.scenario.edits import Document, document_of
from flowsim.scenario.model import UNLIMITED, Scenario
from flowsim.scenario.safely import document_in
from flowsim.scenario.shape import root, shape_at
from flowsim.scenario.written import is_blank, literal, written


def with_value(text: str, path: tuple[str, ...], value: Any) -> str:
    """The text of a scenario file with one value set. Raises ScenarioError where the text is not TOML."""

    def put(document: Any) -> None:
        for key in path[:-1]:
            if key not in document:
                document[key] = tomlkit.table()
            document = document[key]
        document[path[-1]] = value

    return _edited(text, _set(document_in(text, "the scenario"), path, value), put)


def _edited(text: str, wanted: Document, edit: Callable[[Any], None]) -> str:
    """The text after an edit that makes it hold `wanted`; where it is written in a way that the editor does not know, the same
    without comments.
    """
    with suppress(TOMLKitError, TypeError, AttributeError, ScenarioError):
        document = tomlkit.parse(text)
        edit(document)
        found = tomlkit.dumps(document)
        if document_in(found, "the scenario") == wanted:
            return found
    return written(wanted, root())


def texts_without(text: str, path: tuple[str, ...], default: Any) -> Iterator[str]:
    """Ways in which the text of a scenario file may come to hold a default: the key left out; else, where what it builds
    on has a value there, something that says that there is none. Whoever asks tries them in turn."""
    document = document_in(text, "the scenario")
    if _holds(document, path):
        yield _without(text, document, path)
    shape = shape_at(path)
    if shape is not None and shape.may_be_unlimited:
        yield with_value(text, path, UNLIMITED)
    elif default is not None:
        yield with_value(text, path, list(default) if isinstance(default, tuple) else default)


def _holds(document: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(document, Mapping) or key not in document:
            return False
        document = document[key]
    return True


def _without(text: str, plain: Document, path: tuple[str, ...]) -> str:
    def leave_out(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        del document[path[-1]]

    return _edited(text, _removed(plain, path), leave_out)


def _removed(document: Document, path: tuple[str, ...]) -> Document:
    key, *rest = path
    if not rest:
        return {name: value for name, value in document.items() if name != key}
    return {**document, key: _removed(document[key], tuple(rest))}


def derived_text(base: str, title: str) -> str:
    """The beginning of a scenario that builds on a bundled one."""
    return f"title = {literal(title)}\nbase = {literal(base)}\n"


def value_of(text: str, where: str) -> Any:
    """What a field of a form holds, written as in a scenario file. Raises ScenarioError in words."""
    try:
        return document_in(f"value = {text}", where)["value"]
    except (ScenarioError, KeyError):
        raise ScenarioError(
            [
                f'{where} = {text[:60]}: cannot be read; write it as in a scenario file, such as 12.5, "text" or {{ mon = 5, sat = 0 }}'
            ]
        ) from None


def differences(scenario: Scenario, base: Scenario) -> list[tuple[str, str, str]]:
    """Every value in which a scenario differs from another: path, value, value of the other."""
    return list(_differences(document_of(scenario), document_of(base), ()))


def _differences(one: Any, other: Any, path: tuple[str, ...]) -> Any:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*one, *other)):
            if path or key not in ("name", "title", "about"):
                yield from _differences(one.get(key), other.get(key), (*path, str(key)))
    elif isinstance(one, tuple) and isinstance(other, tuple) and path[0] in ("changes", "escalations"):
        yield from ((".".join(path), "added: " + entry["label"], "-") for entry in one if entry not in other)
        yield from ((".".join(path), "-", entry["label"]) for entry in other if entry not in one)
    elif one != other:
        yield ".".join(path), _shown(one), _shown(other)


def _shown(value: Any) -> str:
    return "none" if is_blank(value) else literal(value)


def _set(document: Document, path: tuple[str, ...], value: Any) -> Document:
    key, *rest = path
    below = document.get(key)
    return {
        **document,
        key: _set(dict(below) if isinstance(below, Mapping) else {}, tuple(rest), value) if rest else value,
    }
