"""Rewriting a scenario file's text: one value set, everything else, comments included, left as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from flowsim.errors import ScenarioError
from flowsim.scenario.edits import Document, document_of
from flowsim.scenario.model import Scenario
from flowsim.scenario.safely import document_in
from flowsim.scenario.shape import root
from flowsim.scenario.written import literal, written


def with_value(text: str, path: tuple[str, ...], value: Any) -> str:
    """The text of a scenario file with one value set. Raises ScenarioError where the text is not TOML."""
    plain = document_in(text, "the scenario")
    try:
        document = tomlkit.parse(text)
        node: Any = document
        for key in path[:-1]:
            if key not in node:
                node[key] = tomlkit.table()
            node = node[key]
        node[path[-1]] = value
        found = tomlkit.dumps(document)
        if document_in(found, "the scenario") == _set(plain, path, value):
            return found
    except (TOMLKitError, TypeError, AttributeError, ScenarioError):
        pass  # a way of writing TOML that the editor does not know: the same without comments
    return written(_set(plain, path, value), root())


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
    return "none" if value is None else literal(value)


def _set(document: Document, path: tuple[str, ...], value: Any) -> Document:
    key, *rest = path
    below = document.get(key)
    return {
        **document,
        key: _set(dict(below) if isinstance(below, Mapping) else {}, tuple(rest), value) if rest else value,
    }
