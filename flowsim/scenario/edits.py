"""Edits by dotted path on a scenario's document: set, multiply, add, and how tables merge.

A document is the scenario as plain nested tables with every default filled in
(`document_of`). Edits never alter a document: they build another that shares what is untouched,
so that a scenario can be rebuilt part by part (`rebuilt`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from pydantic import BaseModel, ValidationError

from flowsim.scenario.explain import explained
from flowsim.scenario.model import Route, Scenario, Service, Stream, shares
from flowsim.scenario.shape import Shape, is_table, normal, root
from flowsim.scenario.words import Complaint, nearest

Document = dict[str, Any]

# Tables that say one thing as a whole: half of an old one means nothing beside half of a new one.
WHOLE: Final = ("shares", "tasks", "list")
SPREAD: Final = ("mean", "sd", "median", "p90", "max", "values")
PLAN: Final = ("capacity", "starts", "stay_scale")
ALWAYS_MERGES: Final = {"dist", "max"}

_BY_NAME: Final[dict[str, type[BaseModel]]] = {"services": Service, "streams": Stream, "routes": Route}
_FROZEN_TOP: Final = ("run", "target", "counting", "name", "title", "about", "changes", "escalations")
_ONCE: Final = "it is read once for the whole run; write it into the scenario itself"
_FROZEN_PART: Final = {
    ("services", "initial"): "who is there at the start is settled before any change",
    ("services", "kind"): "a place cannot become a team, nor a team a place",
    ("services", "skip"): _ONCE,
    ("services", "wait_in"): _ONCE,
    ("services", "setting"): _ONCE,
    ("services", "reason"): _ONCE,
    ("services", "attribution"): _ONCE,
    ("streams", "enters"): "where a stream arrives holds for the whole run",
}


class Edits(Protocol):
    """What a change, an escalation or a plan of the user does: values, factors and amounts by dotted path."""

    @property
    def put(self) -> Mapping[str, Any]: ...
    @property
    def scale(self) -> Mapping[str, float]: ...
    @property
    def add(self) -> Mapping[str, float]: ...


class Plan(NamedTuple):
    """Edits that belong to no date: what a form or an experiment alters in a scenario."""

    put: Mapping[str, Any] = {}
    scale: Mapping[str, float] = {}
    add: Mapping[str, float] = {}


class Refused(Exception):
    """An edit that cannot be made; carries the complaint."""

    def __init__(self, complaint: Complaint) -> None:
        self.complaint = complaint
        super().__init__(complaint.words)


def document_of(scenario: Scenario) -> Document:
    """The scenario as plain nested tables, under the names of a scenario file, with every default."""
    return scenario.model_dump(by_alias=True, mode="python")


def edited(document: Document, edits: Edits, *, dated: bool = True) -> tuple[Document, list[Complaint]]:
    """A document after edits (set, then multiply, then add), and what could not be done.

    `dated` refuses what cannot change during a run, such as its length.
    """
    complaints: list[Complaint] = []
    for path, change in _steps(edits):
        try:
            document = _at(document, root(), path, (), change, document, dated)
        except Refused as refused:
            complaints.append(refused.complaint)
    return document, complaints


Step = Callable[[Any, Shape, str], Any]


def _steps(edits: Edits) -> Iterator[tuple[tuple[str, ...], Step]]:
    """Every edit as a path and what to do with the value there."""
    for dotted, value in edits.put.items():
        for path, leaf in spread_out(tuple(dotted.split(".")), value):
            yield path, _setter(leaf)
    for dotted, factor in edits.scale.items():
        yield tuple(dotted.split(".")), _multiplier(factor)
    for dotted, amount in edits.add.items():
        yield tuple(dotted.split(".")), _adder(amount)


def spread_out(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A nested value as (path, value) pairs, down to the tables that merge by rules of their own."""
    shape: Shape | None = root()
    for key in path:
        shape = shape.child(key) if shape else None
    if is_table(value) and value and shape is not None and shape.kind in ("table", "named"):
        for key, inner in value.items():
            yield from spread_out((*path, str(key)), inner)
    else:
        yield path, value


# Finding the place


def _at(
    node: Any,
    shape: Shape,
    rest: tuple[str, ...],
    done: tuple[str, ...],
    change: Step,
    document: Document,
    dated: bool,
) -> Any:
    """A node with what lies at the end of the path changed; everything else is shared, not copied."""
    if not rest:
        return change(node, shape, ".".join(done))
    key, path = rest[0], (*done, rest[0])
    inner = shape.child(key) if shape.kind != "list" else None
    if inner is None:
        raise Refused(_names_nothing(shape, key, done))
    if dated:
        _refuse_frozen(path, ".".join((*done, *rest)))
    table = node if is_table(node) else {}
    if shape.kind == "named" and key not in table and not _may_begin(document, path):
        raise Refused(Complaint(".".join(path), f"names nothing; {nearest(key, table)}"))
    return {**table, key: _at(table.get(key), inner, rest[1:], path, change, document, dated)}


def _may_begin(document: Document, path: tuple[str, ...]) -> bool:
    """Whether a table that the file does not have may come into being: a route's difference at a service."""
    if path[0] == "routes" and len(path) == 4 and path[2] == "at":
        return path[3] in document["services"]
    return path[0] == "over_prescription" and path[1] in document["routes"]


def _names_nothing(shape: Shape, key: str, done: tuple[str, ...]) -> Complaint:
    path = ".".join((*done, key))
    if not shape.keys:
        where = ".".join(done)
        return Complaint(path, f"names nothing: {where} is {shape.allowed()}, which has no parts to alter")
    return Complaint(path, f"names nothing; {nearest(key, shape.keys)}")


def _refuse_frozen(path: tuple[str, ...], dotted: str) -> None:
    if path[0] in _FROZEN_TOP:
        words = "cannot change during a run; write it in the scenario itself"
    else:
        why = _FROZEN_PART.get((path[0], path[2])) if len(path) > 2 else None
        if why is None:
            return
        words = f"cannot change during a run: {why}"
    raise Refused(Complaint(dotted, words))


# Setting


def _setter(value: Any) -> Step:
    return lambda old, shape, path: merged(old, value, shape)


def merged(old: Any, new: Any, shape: Shape | None) -> Any:
    """A table over another: what the new one says holds, what it does not say stays.

    Shares, tasks and lists are replaced whole, weekdays merge by day, distributions as `_distribution`.
    """
    long = normal(new, shape)
    before = normal(old, shape)
    if not (is_table(long) and is_table(before)) or shape is None or shape.kind in WHOLE:
        return long
    if shape.kind == "distribution":
        # A bare number means "the same for everybody", so nothing of the old spread stays.
        return long if long is not new else _distribution(before, long)
    return {**before, **{k: merged(before.get(k), v, shape.child(k)) for k, v in long.items()}}


def _distribution(old: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Any]:
    """Merge where the new keys are all among the old, else replace: mean and sd do not mix with a median.

    A new family with numbers of its own is a new distribution; a family alone keeps the numbers.
    """
    present = {k for k, v in old.items() if v is not None} | ALWAYS_MERGES
    family = new.get("dist")
    same_family = family is None or len(new) == 1 or family == old.get("dist", "lognormal")
    return {**old, **new} if same_family and set(new) <= present else new


# Multiplying and adding


def _multiplier(factor: float) -> Step:
    return lambda old, shape, path: _each_number(old, shape, path, lambda v: v * factor, "multiplied")


def _adder(amount: float) -> Step:
    def add(old: Any, shape: Shape, path: str) -> Any:
        if shape.kind == "distribution":
            raise Refused(Complaint(path, "is a distribution: add to one of its numbers, such as its mean"))
        return _each_number(old, shape, path, lambda v: v + amount, "added to")

    return add


def _each_number(old: Any, shape: Shape, path: str, do: Callable[[float], float], verb: str) -> Any:
    """The value with `do` done to its number, or to each of its numbers where it is a table of them."""
    if old is None:
        has = "no limit" if shape.may_be_unlimited or "starts" in path.split(".") else "no value"
        raise Refused(Complaint(path, f"has {has}, so cannot be {verb}; set it first"))
    if shape.kind == "distribution":
        return _scaled_distribution(old, do)
    if shape.kind in ("weekdays", "size") and is_table(old):
        return {k: do(v) if _is_number(v) else v for k, v in old.items()}
    if not _is_number(old):
        raise Refused(Complaint(path, f"cannot be {verb}: it is {shape.allowed()}; name one number", old))
    return round(do(old)) if shape.kind == "whole number" else do(old)


def _scaled_distribution(old: Any, do: Callable[[float], float]) -> Any:
    """Every length in a distribution changed, its parts' too; weights stay."""
    if _is_number(old):
        return do(old)
    new = dict(old)
    for key in SPREAD:
        value = new.get(key)
        if isinstance(value, (list, tuple)):
            new[key] = tuple(do(v) for v in value)
        elif value is not None:
            new[key] = do(value)
    if new.get("parts"):
        new["parts"] = tuple({**p, "of": _scaled_distribution(p["of"], do)} for p in new["parts"])
    return new


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# Growing into a change


def between(old: Any, new: Any, progress: float, shape: Shape | None) -> Any:
    """A node part of the way from old to new: old + progress x (new - old) for every number touched.

    What cannot be part of the way (a limit where there was none, another family of distribution,
    a name) is new from the first day.
    """
    if old is new or shape is None:
        return new
    if _is_number(old) and _is_number(new):
        value = old + progress * (new - old)
        return round(value) if shape.kind == "whole number" else value
    if is_table(old) and is_table(new):
        return _between_tables(old, new, progress, shape)
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)) and len(old) == len(new):
        return tuple(between(o, n, progress, shape.item) for o, n in zip(old, new, strict=True))
    return new


def _between_tables(old: Any, new: Any, progress: float, shape: Shape) -> Any:
    if shape.kind in ("shares", "tasks"):
        # A name that comes or goes grows from nothing or fades to nothing; "rest" follows the others.
        before, after = shares(old), shares(new)
        names = dict.fromkeys((*before, *after))
        return {n: between(before.get(n, 0.0), after.get(n, 0.0), progress, shape.child(n)) for n in names}
    if shape.kind == "distribution" and _family(old) != _family(new):
        return new
    return {k: between(old.get(k), v, progress, shape.child(k)) for k, v in new.items()}


def _family(spec: Mapping[str, Any]) -> tuple[Any, ...]:
    return spec.get("dist"), tuple(sorted(k for k, v in spec.items() if v is not None))


# From a document back to a scenario


def rebuilt(scenario: Scenario, old: Document, new: Document) -> tuple[Scenario | None, list[Complaint]]:
    """The scenario with the parts of the document that differ validated anew.

    None, with complaints, where a part is not valid. What is shared between the documents is shared
    between the scenarios too.
    """
    changed = [key for key in new if new[key] is not old.get(key)]
    if not set(changed) <= set(_BY_NAME):
        return _whole(scenario, new)
    update: dict[str, Any] = {}
    complaints: list[Complaint] = []
    for section in changed:
        parts = dict(getattr(scenario, section))
        for name, part in new[section].items():
            if part is not old[section].get(name):
                try:
                    fresh = _BY_NAME[section].model_validate(part)
                    parts[name] = _sharing(parts.get(name), old[section].get(name), part, fresh)
                except ValidationError as error:
                    complaints += explained(error, part, (section, name))
        update[section] = parts
    return (None if complaints else scenario.model_copy(update=update)), complaints


def _sharing(before: BaseModel | None, old: Any, new: Document, fresh: BaseModel) -> BaseModel:
    """A part that was validated anew, with the fields that did not change as they were before: the same objects."""
    if before is None:
        return fresh
    named = {info.alias or name: name for name, info in type(fresh).model_fields.items()}
    same = {
        named[key]: getattr(before, named[key]) for key in new if key in named and old.get(key) is new[key]
    }
    return fresh.model_copy(update=same)


def _whole(scenario: Scenario, document: Document) -> tuple[Scenario | None, list[Complaint]]:
    try:
        fresh = Scenario.model_validate(document)
    except ValidationError as error:
        return None, explained(error, document)
    # A copy of the old one keeps what is no input, such as the folder its files lie in.
    return scenario.model_copy(update={k: getattr(fresh, k) for k in Scenario.model_fields}), []


def escalation_complaints(document: Document, edits: Edits) -> list[Complaint]:
    """What an escalation may not touch: everything but what a service offers at the moment it acts."""
    paths = dict.fromkeys((*edits.put, *edits.scale, *edits.add))
    return [c for c in (_escalation_path(document, path) for path in paths) if c is not None]


def _escalation_path(document: Document, dotted: str) -> Complaint | None:
    path = dotted.split(".")
    if path[0] == "services" and len(path) > 1 and path[1] not in document["services"]:
        return Complaint(dotted, f"names nothing; {nearest(path[1], document['services'])}")
    if len(path) == 3 and path[0] == "services" and path[2] in PLAN:
        return None
    if len(path) == 4 and path[0] == "services" and path[2] == "starts":
        return Complaint(dotted, f"must be written for the whole table here: {'.'.join(path[:3])}")
    return Complaint(
        dotted,
        "an escalation may only touch services.<name>.capacity, .starts or .stay_scale, because what "
        "people need is settled before the run",
    )
