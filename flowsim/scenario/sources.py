"""Where the figures of one scenario come from: the comment behind a figure is its source.

Convention: `# <source> (H|M|L)` with the confidence in it, `# assumption: <why>`, `# tuned: <why>`,
`# fitted: <by what; plausible range>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError

from flowsim.scenario.explain import dotted_path
from flowsim.scenario.files import LISTS, Layer, over, read_layers
from flowsim.scenario.shape import Shape, shape_at

if TYPE_CHECKING:
    import pandas as pd

Path_ = tuple[str | int, ...]
_CONFIDENCE: Final = re.compile(r"\s*\((H|M|L)\)\s*$")
_OWN_DOING: Final = re.compile(r"(assumption|tuned|fitted)\b[:\s]*", re.IGNORECASE)


class InputRow(NamedTuple):
    """One value that a scenario's file, or one it builds on, states.

    `confidence` is "H", "M", "L", "assumption", "tuned", "fitted" or "".
    """

    path: str
    value: Any
    unit: str
    label: str
    hint: str
    low: float | None
    high: float | None
    source: str
    confidence: str

    @property
    def is_figure(self) -> bool:
        """Whether it is a number, or a list of numbers: what needs a source."""
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        return all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)


def inputs_of(scenario_name_or_path: str | Path) -> pd.DataFrame:
    """The rows of `input_rows` as a table, one column for each field of `InputRow`."""
    import pandas as pd

    return pd.DataFrame(input_rows(scenario_name_or_path), columns=list(InputRow._fields))


def input_rows(scenario_name_or_path: str | Path) -> list[InputRow]:
    """One row for each value that a scenario's file, or one it builds on, states.

    Raises ScenarioError where the files cannot be read; what they say is not checked here.
    """
    return rows_of(read_layers(scenario_name_or_path))


def rows_of(layers: Iterable[Layer]) -> list[InputRow]:
    """The same for a file and those it builds on, as they were read."""
    document: dict[str, Any] = {}
    comments: dict[Path_, str] = {}
    for layer in layers:
        comments = _laid_over(comments, document, layer)
        document = over(document, layer.document)
    return [_row(path, value, _nearest_comment(comments, path)) for path, value in _values(document, ())]


def _laid_over(comments: dict[Path_, str], document: Mapping[str, Any], layer: Layer) -> dict[Path_, str]:
    """Comments of a layer over those of its base: a figure that is stated again loses its old source."""
    before = {name: len(document.get(name, ())) for name in LISTS}
    own = _comments(layer.text)
    result = dict(comments)
    stated: set[Path_] = set()
    for path, _ in _values(layer.document, ()):
        # Changes of a derived scenario come after those of its base, so their numbers move up.
        moved = _moved(path, before)
        result[moved] = _nearest_comment(own, path)
        stated.add(moved)
    # A number for all days, say, takes the place of a table by day, and its source that of theirs.
    return {
        p: c for p, c in result.items() if p in stated or not any(p[:n] in stated for n in range(1, len(p)))
    }


def _moved(path: Path_, by: Mapping[str, int]) -> Path_:
    section, *below = path
    if below and isinstance(below[0], int) and isinstance(section, str):
        return (section, below[0] + by.get(section, 0), *below[1:])
    return path


def _in_list(path: Path_) -> bool:
    return path[0] in LISTS and len(path) > 1 and isinstance(path[1], int)


def _nearest_comment(comments: Mapping[Path_, str], path: Path_) -> str:
    """The comment on the line that states a value, be it alone or in a table written on that line."""
    return next((comments[path[:n]] for n in range(len(path), 0, -1) if path[:n] in comments), "")


def _comments(text: str) -> dict[Path_, str]:
    """The comments of a file by the path of what they stand behind."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError:
        # The reader of scenarios knows a few newer ways of writing TOML; such a file has no sources.
        return {}
    return dict(_comments_in(document, ()))


def _comments_in(node: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    if isinstance(node, tomlkit.items.AoT):
        for i, entry in enumerate(node):
            yield from _comments_in(entry, (*path, i))
    elif isinstance(node, Mapping):
        for key, value in node.items():
            here = (*path, str(key))
            trivia = getattr(value, "trivia", None)
            is_section = isinstance(value, (tomlkit.items.Table, tomlkit.items.AoT))
            if trivia is not None and trivia.comment and not is_section:
                yield here, trivia.comment.lstrip("#").strip()
            yield from _comments_in(value, here)


def _values(node: Any, path: Path_) -> Iterator[tuple[Path_, Any]]:
    """Every single value with its path; a list of plain values is one value."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if (*path, key) != ("base",):
                yield from _values(value, (*path, str(key)))
    elif isinstance(node, (list, tuple)) and any(isinstance(v, Mapping) for v in node):
        for i, value in enumerate(node):
            yield from _values(value, (*path, i))
    elif node is not None or path:
        yield path, node


def _row(path: Path_, value: Any, comment: str) -> InputRow:
    shape, label = _described(path)
    source, confidence = source_in(comment)
    return InputRow(
        path=dotted_path(path),
        value="unlimited" if value is None else tuple(value) if isinstance(value, list) else value,
        unit=shape.unit,
        label=label,
        hint=shape.hint,
        low=shape.low,
        high=shape.high,
        source=source,
        confidence=confidence,
    )


def source_in(comment: str) -> tuple[str, str]:
    """A comment taken apart into source and confidence."""
    own_doing = _OWN_DOING.match(comment)
    if own_doing:
        return comment, own_doing[1].lower()
    confidence = _CONFIDENCE.search(comment)
    return _CONFIDENCE.sub("", comment), confidence[1] if confidence else ""


def _described(path: Path_) -> tuple[Shape, str]:
    """The shape of a value and its label, with that of the table it stands in where that says more."""
    if _in_list(path) and len(path) > 3:
        # A change says what it alters by dotted path: the label is that of what it alters.
        altered = tuple(step for part in path[3:] for step in str(part).split("."))
        shape, label = _described(altered)
        if path[2] == "scale":
            shape = replace(shape, unit="factor", low=None, high=None)
        return shape, label
    shape = shape_at(path) or Shape("text")
    above = shape_at(path[:-1]) if len(path) > 1 else None
    if above is not None and above.kind in ("distribution", "size", "shares", "tasks") and above.label:
        own = shape.label or str(path[-1])
        return shape, f"{above.label}: {own[:1].lower() + own[1:]}"
    return shape, shape.label
