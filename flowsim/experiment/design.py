"""Designs of a sweep: which numbers of a scenario vary, over which values, at which points together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, get_args

import numpy as np

from flowsim.errors import RunError
from flowsim.scenario.edits import Plan
from flowsim.scenario.model import Scenario
from flowsim.scenario.shape import Shape, shape_at
from flowsim.scenario.timeline import altered
from flowsim.scenario.words import plain, shortened
from flowsim.units import Floats

Kind = Literal["grid", "sobol", "lhs"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
MOST_POINTS: Final = 1_000_000
# So many points are tried before any of them is run; at most some two seconds.
MOST_TRIED: Final = 128
# What a path may lead to: one number, or a table that one number may stand for.
VARIES: Final = ("number", "whole number", "weekdays", "size")


@dataclass(frozen=True)
class Axis:
    """One number of a scenario, by dotted path, that goes from `low` to `high`, both included.

    With a `step`, only low, low + step, low + 2 x step and so on up to high. Decimal, so that 0.1 and its
    multiples are what they say.
    """

    path: str
    low: Decimal
    high: Decimal
    step: Decimal | None = None

    @property
    def levels(self) -> int:
        """How many values there are in steps."""
        return int((self.high - self.low) / self.step) + 1 if self.step else 0

    def level(self, number: int) -> float:
        """The value after so many steps."""
        return float(self.low + number * (self.step or 0))

    def __str__(self) -> str:
        ends = [self.low, self.high] if self.step is None else [self.low, self.high, self.step]
        return f"{self.path}={':'.join(f'{end:f}' for end in ends)}"


@dataclass(frozen=True)
class Design:
    """Axes, and how their values are put together: every combination, or `points` spread out evenly."""

    kind: Kind
    axes: tuple[Axis, ...]
    points: int

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that vary."""
        return tuple(axis.path for axis in self.axes)


# Reading


def axis_from(text: str) -> Axis:
    """An axis from PATH=FROM:TO:STEP or PATH=FROM:TO. Raises RunError in words."""
    path, equals, ends = text.partition("=")
    numbers = ends.split(":")
    if not equals or not path.strip() or len(numbers) not in (2, 3):
        raise RunError(
            f"--vary {shortened(text)}: must be PATH=FROM:TO:STEP, such as services.stit.capacity=200:260:10"
        )
    low, high, *step = (_decimal(number, path) for number in numbers)
    return _sensible(Axis(path.strip(), low, high, step[0] if step else None))


def _decimal(text: str, path: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("nan")
    # Beyond these no number of a scenario lies, and exact sums would take long.
    if not value.is_finite() or (value and not -12 <= value.adjusted() <= 12):
        raise RunError(f"--vary {path}: {shortened(text)} is not a number that can be used")
    return value


def _sensible(axis: Axis) -> Axis:
    if axis.low > axis.high:
        raise RunError(f"--vary {axis}: goes from {axis.low} down to {axis.high}; write the lower end first")
    if axis.step is not None and axis.step <= 0:
        raise RunError(f"--vary {axis}: the step is {axis.step}, but must be above 0")
    return axis


def design_of(
    scenario: Scenario, axes: tuple[Axis, ...], kind: str = "grid", points: int | None = None
) -> Design:
    """A design for a scenario. Raises RunError or ScenarioError in words where it cannot be run."""
    if kind not in KINDS:
        raise RunError(f'there is no design "{kind}"; choose one of: {", ".join(KINDS)}')
    if not axes:
        raise RunError("nothing varies: say --vary PATH=FROM:TO:STEP at least once")
    _refuse_overlaps(axes)
    fitted = tuple(_fitted(scenario, axis) for axis in axes)
    count = _grid_size(fitted, points) if kind == "grid" else _asked_for(kind, points)
    if count > MOST_POINTS:
        raise RunError(
            f"this design has {count:,} points, but at most {MOST_POINTS:,} can be run; use larger steps"
        )
    return Design(kind, fitted, count)  # type: ignore[arg-type]  # one of KINDS


def _refuse_overlaps(axes: tuple[Axis, ...]) -> None:
    for one, other in itertools.permutations(axes, 2):
        if one.path == other.path:
            raise RunError(f"--vary {one.path}: is named twice")
        if other.path.startswith(f"{one.path}."):
            raise RunError(f"--vary {one.path}: holds {other.path}, which varies too; vary one of the two")


def _grid_size(axes: tuple[Axis, ...], points: int | None) -> int:
    if points is not None:
        raise RunError("a grid has as many points as its steps give; --points is for sobol and lhs")
    count = 1
    for axis in axes:
        if axis.step is None:
            raise RunError(f"--vary {axis}: a grid needs a step: PATH=FROM:TO:STEP")
        count *= axis.levels
    return count


def _asked_for(kind: str, points: int | None) -> int:
    if points is None:
        raise RunError(f"a {kind} design needs --points, the number of points to spread out")
    if points < 1:
        raise RunError(f"{points} points cannot be run; ask for 1 or more")
    return points


def _fitted(scenario: Scenario, axis: Axis) -> Axis:
    """The axis, in whole steps where the field takes whole numbers only. Raises RunError where it cannot vary."""
    keys = axis.path.split(".")
    if keys[0] == "run":
        raise RunError(f"--vary {axis.path}: period and draws are the same at every point of a sweep")
    shape = shape_at(tuple(keys))
    if shape is None:
        altered(scenario, Plan(put={axis.path: 0}))  # says what the nearest name is
        raise RunError(f"--vary {axis.path}: names nothing that can vary")
    if shape.kind == "distribution":
        raise RunError(
            f"--vary {axis.path}: is a distribution; vary one of its numbers, such as {axis.path}.mean"
        )
    if shape.kind not in VARIES:
        raise RunError(f"--vary {axis.path}: is {shape.allowed()}; only numbers can vary")
    _refuse_beyond(axis, shape)
    return _in_whole_steps(axis) if shape.kind == "whole number" else axis


def _refuse_beyond(axis: Axis, shape: Shape) -> None:
    for end in (axis.low, axis.high):
        below = shape.low is not None and end < Decimal(shape.low)
        if below or (shape.high is not None and end > Decimal(shape.high)):
            raise RunError(
                f"--vary {axis.path}: {plain(float(end))} is out of range: it must be {shape.allowed()}"
            )


def _in_whole_steps(axis: Axis) -> Axis:
    for number in (axis.low, axis.high, axis.step or Decimal(1)):
        if number != int(number):
            raise RunError(f"--vary {axis}: takes whole numbers only, and {number} is none")
    return replace(axis, step=axis.step or Decimal(1))


# Points


def table_of(design: Design, seed: int) -> Floats:
    """The points, shape (points, axes); the last axis of a grid changes fastest.

    A Sobol' design is scrambled (Owen 1998), a Latin hypercube random within its cells, both by `seed`.
    Where an axis has steps, its range is cut into as many equal parts, so every level is equally likely.
    """
    if design.kind == "grid":
        levels = [[axis.level(n) for n in range(axis.levels)] for axis in design.axes]
        return np.stack([grid.ravel() for grid in np.meshgrid(*levels, indexing="ij")], axis=1)
    spread = _spread_evenly(design, seed)
    return np.stack([_scaled(axis, spread[:, n]) for n, axis in enumerate(design.axes)], axis=1)


def _spread_evenly(design: Design, seed: int) -> Floats:
    """Numbers in [0, 1), shape (points, axes)."""
    # Imported here: it takes a second.
    from scipy.stats import qmc

    axes = len(design.axes)
    found: Floats
    if design.kind == "lhs":
        found = qmc.LatinHypercube(axes, rng=seed).random(design.points)
    else:
        # Drawn to the next power of two, as the sequence is balanced there, and cut to the number asked for.
        found = qmc.Sobol(axes, rng=seed).random_base2((design.points - 1).bit_length())[: design.points]
    return found


def _scaled(axis: Axis, spread: Floats) -> Floats:
    if axis.step is None:
        low, high = float(axis.low), float(axis.high)
        return np.clip(low + spread * (high - low), low, high)
    levels = np.minimum((spread * axis.levels).astype(np.int64), axis.levels - 1)
    return np.array([axis.level(int(n)) for n in levels])


def values_at(scenario: Scenario, paths: tuple[str, ...], row: Floats) -> dict[str, float]:
    """What stands at each path at a point: whole where the scenario has whole numbers."""
    found = {}
    for path, value in zip(paths, row.tolist(), strict=True):
        shape = shape_at(tuple(path.split(".")))
        found[path] = int(value) if shape is not None and shape.kind == "whole number" else value
    return found


def try_points(scenario: Scenario, design: Design, table: Floats) -> None:
    """Build the scenario at some points: all, or the ends of every axis and some in between.

    Raises ScenarioError, in words, at the first that makes no sense.
    """
    numbers = set(range(len(table)))
    if len(table) > MOST_TRIED:
        between = np.linspace(0, len(table) - 1, MOST_TRIED // 2).astype(int)
        numbers = {*between.tolist(), *table.argmin(axis=0).tolist(), *table.argmax(axis=0).tolist()}
    for number in sorted(numbers):
        altered(scenario, Plan(put=values_at(scenario, design.paths, table[number])))


def overridden(scenario: Scenario, design: Design) -> list[str]:
    """Which of the numbers that vary a change of the scenario sets anew on some date, in sentences."""
    return [
        f'{axis.path} holds until the change "{change.label}" sets {path} on {change.begins.isoformat()}'
        for axis in design.axes
        for change in scenario.changes
        for path in dict.fromkeys(
            leaf for dotted, value in change.put.items() for leaf in _leaves(dotted, value)
        )
        if f"{path}.".startswith(f"{axis.path}.") or f"{axis.path}.".startswith(f"{path}.")
    ]


def _leaves(path: str, value: object) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    else:
        yield path
