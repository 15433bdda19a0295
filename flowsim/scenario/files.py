"""Scenario files: found by name or path, read safely, laid over their base, checked, and written again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from flowsim.errors import ScenarioError
from flowsim.scenario.columns import rows_of, with_columns
from flowsim.scenario.edits import merged, spread_out
from flowsim.scenario.explain import explained
from flowsim.scenario.model import Scenario
from flowsim.scenario.safely import (
    MOST_BYTES,
    MOST_KEYS,
    beside,
    document_in,
    read_bytes,
    refuse_device,
    text_of,
    there_is,
)
from flowsim.scenario.shape import root, shape_at, stand_in
from flowsim.scenario.timeline import bank_holidays, build_timeline, complaints_at_start
from flowsim.scenario.words import Complaint, distinct, nearest, printable, shortened
from flowsim.scenario.written import count_keys, written

MOST_BASES: Final = 8
LONGEST_NAME: Final = 80
LISTS: Final = ("changes", "escalations")
OFFICIAL_COLUMNS: Final = ("month", "total")

Wrong = ScenarioError


@dataclass(frozen=True)
class Layer:
    """One scenario file as written: what to call it, its folder, its text and its nested tables."""

    file: str
    folder: Path | None
    text: str
    document: dict[str, Any]


# Finding


def bundled_folder() -> Path:
    """The folder of the scenarios that come with flowsim: in the package, else in the checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "bundled"
    return packaged if packaged.is_dir() else package.parent / "scenarios"


def bundled_names() -> tuple[str, ...]:
    """The names of the scenarios that come with flowsim."""
    return tuple(sorted(path.stem for path in bundled_folder().glob("*.toml")))


def _found(name_or_path: str | Path) -> Path:
    """The file of a bundled name or a path. Raises ScenarioError where there is none."""
    text = str(name_or_path)
    names = bundled_names()
    if text in names:
        return bundled_folder() / f"{text}.toml"
    path = Path(name_or_path)
    looks_like_a_name = not path.suffix and len(path.parts) == 1
    refuse_device(path.name, printable(text))
    if looks_like_a_name and "\0" not in text and not path.exists():
        raise Wrong([f"{shortened(text)}: {there_is(text, names)}"])
    return path


# Reading


def load(name_or_path: str | Path | Scenario) -> Scenario:
    """A scenario by bundled name or path, checked on every day of its run.

    Raises ScenarioError with every complaint, each a sentence. A Scenario is checked and handed back.
    """
    if isinstance(name_or_path, Scenario):
        build_timeline(name_or_path)
        return name_or_path
    path = _found(name_or_path)
    return _scenario(_with_bases(_layer(path), (path,)), path.stem)


def from_text(text: str, name: str, folder: Path | None = None) -> Scenario:
    """A scenario from TOML text, checked; `folder` is where files it names lie. Raises ScenarioError."""
    return _scenario(layers_in(text, name, folder), Path(name).stem)


def read_layers(name_or_path: str | Path) -> tuple[Layer, ...]:
    """The file of a scenario and those it builds on, the deepest base first. Raises ScenarioError."""
    path = _found(name_or_path)
    return _with_bases(_layer(path), (path,))


def layers_in(text: str, name: str, folder: Path | None = None) -> tuple[Layer, ...]:
    """TOML text of a scenario and the files that it builds on, the deepest base first. Raises ScenarioError."""
    return _with_bases(Layer(printable(name), folder, text, document_in(text, printable(name))), ())


def _layer(path: Path) -> Layer:
    name = printable(str(path))
    text = text_of(read_bytes(path, MOST_BYTES, "a scenario file"), name)
    return Layer(name, path.parent, text, document_in(text, name))


def _with_bases(layer: Layer, chain: tuple[Path, ...]) -> tuple[Layer, ...]:
    """A layer after those it builds on. `chain` holds the files on the way here."""
    base = layer.document.get("base")
    if base is None:
        return (layer,)
    if not isinstance(base, str):
        raise Wrong(
            [f"{layer.file}: base = {shortened(base)}: must be a bundled name or a file, in quotation marks"]
        )
    path = _base_path(layer, base)
    if path.resolve() in [p.resolve() for p in chain]:
        raise Wrong(
            [f"{layer.file}: base = {shortened(base)}: goes round in a circle: it builds on this file"]
        )
    if len(chain) > MOST_BASES:
        raise Wrong(
            [f"{layer.file}: base = {shortened(base)}: more than {MOST_BASES} scenarios build on one another"]
        )
    return (*_with_bases(_layer(path), (*chain, path)), layer)


def _base_path(layer: Layer, base: str) -> Path:
    names = bundled_names()
    if base in names:
        return bundled_folder() / f"{base}.toml"
    if layer.folder is None:
        raise Wrong(
            [f"{layer.file}: base = {shortened(base)}: there is no such scenario; {nearest(base, names)}"]
        )
    path = beside(layer.folder, base, layer.file, "base")
    for candidate in (path, path.with_name(f"{path.name}.toml")):
        if candidate.exists():
            return candidate
    raise Wrong([f"{layer.file}: base = {shortened(base)}: {there_is(base, names)}"])


def _scenario(layers: tuple[Layer, ...], name: str) -> Scenario:
    """The scenario that the layers amount to, checked as a whole."""
    file = layers[-1].file
    document: dict[str, Any] = {}
    folder: str | None = None
    for layer in layers:
        own = with_columns(layer.document, layer.folder, layer.file)
        folder = _official_folder(layer, own) or folder
        document = over(document, own)
    wrong = [Complaint("name", _NO_NAME)] if "name" in document else []
    document = {**_with_plain_escalations(document), "name": printable(name)[:LONGEST_NAME] or "scenario"}
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        wrong += explained(error, document)
        raise Wrong(c.sentence(file) for c in wrong + _also_odd(document, wrong)) from None
    if wrong:
        raise Wrong(c.sentence(file) for c in wrong)
    scenario.remember(file, folder)
    build_timeline(scenario)
    return scenario


_NO_NAME: Final = "is taken from the name of the file and may not be set in it"


def over(base: dict[str, Any], derived: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario's nested tables over those of its base; changes and escalations follow the base's."""
    own = {k: v for k, v in derived.items() if k != "base"}
    both = [k for k in LISTS if isinstance(own.get(k), list) and isinstance(base.get(k), list)]
    appended = {k: [*base[k], *own[k]] for k in both}
    result: dict[str, Any] = merged(base, own, root())
    return {**result, **appended}


def _with_plain_escalations(document: dict[str, Any]) -> dict[str, Any]:
    """Escalations with one path for each quantity, however their tables were nested."""
    escalations = document.get("escalations")
    if not isinstance(escalations, list):
        return document
    return {**document, "escalations": [_plain_paths(e) for e in escalations]}


def _plain_paths(escalation: Any) -> Any:
    put = escalation.get("set") if isinstance(escalation, Mapping) else None
    if not isinstance(put, Mapping):
        return escalation
    pairs = [pair for path, value in put.items() for pair in spread_out(tuple(path.split(".")), value)]
    return {**escalation, "set": {".".join(path): value for path, value in pairs}}


def _also_odd(document: dict[str, Any], wrong: list[Complaint]) -> list[Complaint]:
    """What else makes no sense in a scenario that is not even well formed.

    What is wrong is left out, or gives way to something that could stand there; if that is a scenario,
    its other complaints are told too, except those about what was mended and its neighbours.
    """
    mended = _copied(document)
    for complaint in wrong:
        _mend(mended, complaint.path)
    try:
        scenario = Scenario.model_validate(mended)
    except ValidationError:
        return []
    near = {c.path.rpartition(".")[0] for c in wrong}
    odd = distinct(complaints_at_start(scenario))
    return [c for c in odd if c.path not in near and c.path.rpartition(".")[0] not in near]


def _copied(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {k: _copied(v) for k, v in node.items()}
    return [_copied(v) for v in node] if isinstance(node, list) else node


def _mend(document: Any, path: str) -> None:
    """Take what lies at a dotted path out of a document, or put what could stand there if something must."""
    *above, last = path.split(".")
    for step in above:
        document = document.get(step) if isinstance(document, dict) else None
    if not isinstance(document, dict):
        return
    document.pop(last, None)
    shape = shape_at(tuple(path.split(".")))
    if shape is not None and shape.required:
        document[last] = stand_in(shape)


# Official figures


def _official_folder(layer: Layer, document: Mapping[str, Any]) -> str | None:
    """The folder in which a layer's official figures lie: its own, else that of the bundled scenarios."""
    counting = document.get("counting")
    file = counting.get("observed") if isinstance(counting, Mapping) else None
    if not isinstance(file, str):
        return None
    for folder in (layer.folder, bundled_folder()):
        if folder is None:
            continue
        source = beside(folder, file, layer.file, "counting.observed")
        if source.is_file():
            _check_official(source, f"{layer.file}: counting.observed = {shortened(file)}")
            return str(folder.resolve())
    if layer.folder is None:
        # Text alone, such as a run's record read elsewhere, need not have the figures at hand.
        return None
    raise Wrong(
        [
            f"{layer.file}: counting.observed = {shortened(file)}: there is no such file in the scenario's folder"
        ]
    )


def _check_official(source: Path, where: str) -> None:
    header = next(rows_of(source, where), [])
    missing = [column for column in OFFICIAL_COLUMNS if column not in header]
    if missing:
        raise Wrong(
            [
                f"{where}: has no column {shortened(missing[0])}; it needs month and total, and may have one for each reason"
            ]
        )


# Writing


def to_toml(scenario: Scenario) -> str:
    """The scenario as resolved, every default written out: loads again with the same fingerprint."""
    document = scenario.model_dump(by_alias=True, exclude_none=True, exclude={"name"})
    if count_keys(document) > MOST_KEYS:
        # What is at its default can stay away where the file would be larger than may be read again.
        document = scenario.model_dump(
            by_alias=True, exclude_none=True, exclude={"name"}, exclude_defaults=True
        )
    holidays = ", ".join(d.isoformat() for d in bank_holidays(scenario))
    head = f"# Scenario {printable(scenario.name)} as resolved.\n# Bank holidays in England: {holidays or 'none'}\n\n"
    return head + written(document, root())


def fingerprint(scenario: Scenario) -> str:
    """SHA-256 (hexadecimal) of everything in a scenario that affects results: no names, labels or paths."""
    document = scenario.model_dump(by_alias=True, mode="json", exclude={"name", "title", "about"})
    document["counting"].pop("observed")
    for section in ("streams", "routes", "services"):
        for part in document[section].values():
            part.pop("label")
    for section in LISTS:
        for part in document[section]:
            part.pop("label")
    # Keys stay in the file's order: that of shares decides which rank leads where.
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def identity(scenario: Scenario) -> str:
    """SHA-256 (hexadecimal) of everything in a scenario, names and labels too: what tells apart two that may be shown to somebody."""
    return hashlib.sha256(scenario.model_dump_json(by_alias=True).encode()).hexdigest()
