"""Unknowns: numbers of a scenario that only data can tell, how they are named, and a scenario with values for them.

A name says where a value goes:

- `services.stit.stay.mean`: the number at a dotted path is that value;
- `services.homecare.starts*`: what stands there, a whole table if it is one, is multiplied by it;
- `services.homecare.starts+`: it is added;
- `Homecare collapse: services.homecare.starts`: the size of a dated change of that label: what the change sets,
  multiplies by or adds at that path is that value;
- `Homecare collapse: *`: the strength of all that a dated change does: 1 as the scenario says, 0 nothing, 2 twice as far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from flowsim.errors import RunError
from flowsim.experiment.design import VARIES
from flowsim.scenario.edits import Plan, document_of
from flowsim.scenario.model import Change, Scenario
from flowsim.scenario.shape import shape_at
from flowsim.scenario.timeline import altered
from flowsim.scenario.words import nearest, printable

How = Literal["set", "add", "scale"]
SIGNS: Final[dict[str, How]] = {"*": "scale", "+": "add"}
# What multiplies or is added to nothing in particular.
NEUTRAL: Final[dict[How, float]] = {"scale": 1.0, "add": 0.0}
PARTS_OF_A_CHANGE: Final = ("put", "scale", "add")
STRENGTH: Final = "*"
BETWEEN: Final = ": "


@dataclass(frozen=True)
class Unknown:
    """One number that data are to tell: in the scenario itself, or the size of a dated change of it."""

    name: str
    change: str | None
    path: str
    how: How

    @property
    def is_factor(self) -> bool:
        """Whether its value multiplies what the scenario says: a factor, or the strength of a change."""
        return self.how == "scale" or self.path == STRENGTH

    @property
    def whole(self) -> bool:
        """Whether only whole numbers may stand there."""
        shape = shape_at(tuple(self.path.split(".")))
        return (
            self.change is None and self.how == "set" and shape is not None and shape.kind == "whole number"
        )

    def now(self, scenario: Scenario) -> float | None:
        """What the scenario says: its number, or 1 for a factor and 0 for an amount; None where no single number stands.

        Raises RunError in words where the scenario has no such place.
        """
        if self.change is not None and self.path == STRENGTH:
            change = change_of(scenario, self.change, self.name)
            if change.put:
                raise RunError(
                    f'{printable(self.name)}: the change "{change.label}" sets numbers, which have no strength; name one of '
                    f"them: {', '.join(change.put)}"
                )
            return 1.0
        if self.change is not None:
            _, value = self._part(scenario)
            return float(value) if isinstance(value, int | float) else None
        if self.how != "set":
            return NEUTRAL[self.how]
        value = document_of(scenario)
        for key in self.path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def _part(self, scenario: Scenario) -> tuple[str, object]:
        """Where in the change the number stands (put, scale or add), and the number."""
        change = change_of(scenario, str(self.change), self.name)
        for part in PARTS_OF_A_CHANGE:
            if self.path in getattr(change, part):
                return part, getattr(change, part)[self.path]
        there = [path for part in PARTS_OF_A_CHANGE for path in getattr(change, part)]
        raise RunError(
            f'{printable(self.name)}: the change "{change.label}" does nothing at {self.path}; {nearest(self.path, there)}'
        )

    def in_change(self, scenario: Scenario, value: float) -> Scenario:
        """The scenario with the size of the dated change put right; not yet checked."""
        if self.path == STRENGTH:
            change = change_of(scenario, str(self.change), self.name)
            stronger = {
                "scale": {path: max(0.0, 1 + value * (factor - 1)) for path, factor in change.scale.items()},
                "add": {path: value * amount for path, amount in change.add.items()},
            }
            return _with_change(scenario, change.label, stronger)
        part, _ = self._part(scenario)
        shape = shape_at(tuple(self.path.split(".")))
        if part == "put" and shape is not None and shape.kind == "whole number":
            value = round(value)
        change = change_of(scenario, str(self.change), self.name)
        return _with_change(scenario, change.label, {part: {**getattr(change, part), self.path: value}})


def _with_change(scenario: Scenario, label: str, update: Mapping[str, Mapping[str, float]]) -> Scenario:
    changes = tuple(c.model_copy(update=dict(update)) if c.label == label else c for c in scenario.changes)
    return scenario.model_copy(update={"changes": changes})


def unknown_from(name: str) -> Unknown:
    """An unknown by its name. Raises RunError in words where it is none."""
    label, between, rest = name.rpartition(BETWEEN)
    path = rest.strip()
    if between and label.strip() and path == STRENGTH:
        return Unknown(name, label.strip(), STRENGTH, "set")
    how = SIGNS.get(path[-1:], "set")
    if how != "set":
        path = path[:-1].rstrip()
    if not path or (between and not label.strip()) or (between and how != "set"):
        raise RunError(
            f"{printable(name)}: names no number; write a dotted path such as services.stit.stay.mean, with * behind "
            "it for a factor or + for an amount, or the label of a change, a colon, and the path that it alters (or * for all of it)"
        )
    return Unknown(name, label.strip() if between else None, path, how)


def change_of(scenario: Scenario, label: str, name: str) -> Change:
    """The one dated change of that label. Raises RunError in words."""
    found = [c for c in scenario.changes if c.label == label]
    if len(found) == 1:
        return found[0]
    many = f"{len(found)} changes are" if found else "no change is"
    raise RunError(
        f'{printable(name)}: {many} called "{printable(label)}" in {scenario.name}; '
        + ("give each a label of its own" if found else nearest(label, [c.label for c in scenario.changes]))
    )


def check_unknown(scenario: Scenario, unknown: Unknown) -> None:
    """Raise RunError or ScenarioError, in words, where an unknown names no number of the scenario."""
    if unknown.change is not None:
        if unknown.now(scenario) is None:
            raise RunError(f"{printable(unknown.name)}: the change sets no single number there")
        return
    keys = tuple(unknown.path.split("."))
    if keys[0] == "run":
        raise RunError(f"{printable(unknown.name)}: period and draws are not for the data to tell")
    if unknown.how != "set":
        altered(scenario, _plan({unknown: NEUTRAL[unknown.how]}))  # says in words what is wrong
        return
    shape = shape_at(keys)
    if shape is None:
        altered(scenario, Plan(put={unknown.path: 0}))  # says what the nearest name is
        raise RunError(f"{printable(unknown.name)}: names nothing that can be fitted")
    if shape.kind not in VARIES:
        more = (
            f"; name one of its numbers, such as {unknown.path}.mean" if shape.kind == "distribution" else ""
        )
        raise RunError(f"{printable(unknown.name)}: is {shape.allowed()}; only numbers can be fitted{more}")


def with_values(scenario: Scenario, values: Mapping[Unknown, float]) -> Scenario:
    """The scenario with these values. Raises RunError or ScenarioError in words where it makes no sense."""
    for unknown, value in values.items():
        if unknown.change is not None:
            scenario = unknown.in_change(scenario, value)
    return altered(scenario, _plan({u: v for u, v in values.items() if u.change is None}))


def _plan(values: Mapping[Unknown, float]) -> Plan:
    edits: dict[How, dict[str, float]] = {"set": {}, "add": {}, "scale": {}}
    for unknown, value in values.items():
        edits[unknown.how][unknown.path] = round(value) if unknown.whole else value
    return Plan(edits["set"], edits["scale"], edits["add"])
