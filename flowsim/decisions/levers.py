"""Levers: numbers of a scenario that somebody may choose, their steps and prices, and all plans they allow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property, partial
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from flowsim.decisions.trials import Maker
from flowsim.errors import RunError
from flowsim.experiment.design import Axis
from flowsim.scenario.edits import Plan
from flowsim.scenario.flows import TIGHT, offered_load
from flowsim.scenario.model import Scenario
from flowsim.scenario.shape import shape_at
from flowsim.scenario.timeline import altered
from flowsim.scenario.words import shortened
from flowsim.units import Floats, Ints

How = Literal["set", "add", "scale"]
SIGNS: Final[dict[str, How]] = {"": "set", "+": "add", "*": "scale"}
MOST_PLANS: Final = 1_000_000
MOST_LEVERS: Final = 12
_LEVER: Final = re.compile(r"^(?P<path>[^=+*@:]+)(?P<sign>[+*]?)=(?P<ends>[^@]+)@(?P<price>.+)$")
_LIMIT: Final = re.compile(r"^(?P<paths>[^<>=]+)<=(?P<most>[^<>=]+)$")


@dataclass(frozen=True)
class Lever:
    """A number that may be chosen: set to, raised by or multiplied by a step of its axis, at a price.

    `price` is pounds a day for one unit: of the whole number where it is set, of what is added where it is raised, and
    of a factor of 1 more where it is multiplied.
    """

    axis: Axis
    how: How
    price: float

    @property
    def path(self) -> str:
        """The dotted path of the number."""
        return self.axis.path

    def values(self) -> Floats:
        """Every value it may have, ascending."""
        return np.array([self.axis.level(n) for n in range(self.axis.levels)])

    def costs(self) -> Floats:
        """Pounds a day at every value."""
        return self.price * (self.values() - (1.0 if self.how == "scale" else 0.0))

    def __str__(self) -> str:
        sign = next(sign for sign, how in SIGNS.items() if how == self.how)
        path, _, ends = str(self.axis).partition("=")
        return f"{path}{sign}={ends}@{self.price:g}"


@dataclass(frozen=True)
class Limit:
    """Levers whose values together may be at most so much."""

    paths: tuple[str, ...]
    most: float


def lever_from(text: str) -> Lever:
    """A lever from PATH=FROM:TO:STEP@PRICE; += adds, *= multiplies. Raises RunError in words."""
    found = _LEVER.match(text.strip())
    ends = found["ends"].split(":") if found else []
    if found is None or len(ends) != 3:
        raise RunError(
            f"--lever {shortened(text)}: must be PATH=FROM:TO:STEP@PRICE, such as services.stit.capacity=220:320:10@125"
        )
    path = found["path"].strip()
    low, high, step, price = (_decimal(number, path) for number in (*ends, found["price"]))
    return _lever(f"--lever {path}", path, SIGNS[found["sign"]], low, high, step, price)


def _lever(
    called: str, path: str, how: How, low: Decimal, high: Decimal, step: Decimal, price: Decimal
) -> Lever:
    """A lever; what is wrong with its numbers is said of what it is `called`."""
    if low > high:
        raise RunError(f"{called}: goes from {low} down to {high}; write the lower end first")
    if step <= 0:
        raise RunError(f"{called}: the step is {step}, but must be above 0")
    if price < 0:
        raise RunError(f"{called}: the price is {price}, but must be 0 or more (pounds a day for one unit)")
    return Lever(Axis(path, low, high, step), how, float(price))


def limit_from(text: str) -> Limit:
    """A limit from PATH+PATH<=MOST. Raises RunError in words."""
    found = _LIMIT.match(text.strip())
    if found is None:
        raise RunError(
            f"--limit {shortened(text)}: must be PATH<=MOST or PATH+PATH<=MOST, such as "
            "services.ic_beds.capacity+services.offsite_beds.capacity<=140"
        )
    paths = tuple(path.strip() for path in found["paths"].split("+"))
    return Limit(paths, float(_decimal(found["most"], text)))


def _decimal(text: str, where: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("nan")
    # Beyond these no number of a scenario lies, and exact sums would take long.
    if not value.is_finite() or (value and not -12 <= value.adjusted() <= 12):
        raise RunError(f"{where}: {shortened(text)} is not a number that can be used")
    return value


@dataclass(frozen=True)
class Space:
    """All plans that levers and limits allow, for one scenario."""

    scenario: Scenario
    levers: tuple[Lever, ...]
    limits: tuple[Limit, ...] = ()

    @cached_property
    def steps(self) -> Ints:
        """The step of every lever in every plan that is allowed, shape (plans, levers)."""
        grids = np.meshgrid(*(np.arange(lever.axis.levels) for lever in self.levers), indexing="ij")
        steps = np.stack([grid.ravel() for grid in grids], axis=1)
        return steps[self._allowed(steps)]

    def _allowed(self, steps: Ints) -> NDArray[np.bool_]:
        allowed = np.ones(len(steps), dtype=bool)
        number = {lever.path: n for n, lever in enumerate(self.levers)}
        for limit in self.limits:
            total = sum(self._values[number[path]][steps[:, number[path]]] for path in limit.paths)
            allowed &= total <= limit.most + 1e-9
        return allowed

    @cached_property
    def _values(self) -> list[Floats]:
        return [lever.values() for lever in self.levers]

    @cached_property
    def amounts(self) -> Floats:
        """The value of every lever in every plan, shape (plans, levers)."""
        return np.stack([v[self.steps[:, n]] for n, v in enumerate(self._values)], axis=1)

    @cached_property
    def costs(self) -> Floats:
        """Pounds a day of every plan, shape (plans,)."""
        total: Floats = sum(
            (lever.costs()[self.steps[:, n]] for n, lever in enumerate(self.levers)),
            np.zeros(len(self.steps)),
        )
        return total

    @cached_property
    def unit(self) -> Floats:
        """Every plan with each lever from 0 at its lowest to 1 at its highest, shape (plans, levers that move)."""
        tops = np.array([lever.axis.levels - 1 for lever in self.levers])
        moving = tops > 0
        found: Floats = self.steps[:, moving] / tops[moving]
        return found

    def __len__(self) -> int:
        return len(self.steps)

    def maker(self, plan: int) -> Maker:
        """What makes the scenario of a plan, for trying it: quickly, without looking for what is wrong with it."""
        return partial(altered, self.scenario, self.edits(plan), checked=True)

    def checked(self, plan: int) -> Scenario:
        """The scenario of a plan, looked at on every day. Raises ScenarioError in words where it makes no sense."""
        return altered(self.scenario, self.edits(plan))

    def edits(self, plan: int) -> Plan:
        """What a plan does to the scenario."""
        edits: dict[str, dict[str, Any]] = {"set": {}, "add": {}, "scale": {}}
        for lever, value in zip(self.levers, self.amounts[plan].tolist(), strict=True):
            shape = shape_at(tuple(lever.path.split(".")))
            whole = lever.how == "set" and shape is not None and shape.kind == "whole number"
            edits[lever.how][lever.path] = int(value) if whole else value
        return Plan(edits["set"], edits["scale"], edits["add"])


def space_of(scenario: Scenario, levers: Sequence[Lever | str], limits: Sequence[Limit | str] = ()) -> Space:
    """The plans of a scenario. Raises RunError or ScenarioError in words where some make no sense."""
    found = tuple(lever if isinstance(lever, Lever) else lever_from(lever) for lever in levers)
    bounds = tuple(limit if isinstance(limit, Limit) else limit_from(limit) for limit in limits)
    paths = [lever.path for lever in found]
    if not found:
        raise RunError("nothing can be chosen: say --lever PATH=FROM:TO:STEP@PRICE at least once")
    if len(found) > MOST_LEVERS:
        raise RunError(f"{len(found)} levers are too many to search; choose at most {MOST_LEVERS}")
    for path in paths:
        if paths.count(path) > 1:
            raise RunError(f"--lever {path}: is named twice")
    for limit in bounds:
        for path in limit.paths:
            if path not in paths:
                raise RunError(f"--limit: {path} is no lever; the levers are {', '.join(paths)}")
    count = int(np.prod([lever.axis.levels for lever in found], dtype=object))
    if count > MOST_PLANS:
        raise RunError(
            f"these levers give {count:,} plans, but at most {MOST_PLANS:,} can be searched; use larger steps"
        )
    space = Space(scenario, found, bounds)
    if not len(space):
        raise RunError("the limits allow no plan at all; raise a limit or lower the ends of a lever")
    _try_ends(space)
    return space


def _try_ends(space: Space) -> None:
    """Build the scenario at both ends of every lever. Raises ScenarioError, in words, where it makes no sense."""
    ends = {*space.amounts.argmin(axis=0).tolist(), *space.amounts.argmax(axis=0).tolist()}
    for plan in sorted(ends):
        space.checked(plan)


# Levers that a form offers


@dataclass(frozen=True)
class UsualLever:
    """A lever that makes sense for a scenario, with a range and a price to begin with, and where the price comes from."""

    path: str
    words: str
    unit: str
    sign: str
    low: float
    high: float
    step: float
    price: float
    priced: str
    source: str
    use: float  # what people need of it, as a share of what there is, on the first day and in a steady state

    @property
    def is_short(self) -> bool:
        """Whether people need all of it or nearly so: where more of it may help."""
        return self.use >= TIGHT

    def chosen(self, low: float, high: float, step: float, price: float) -> Lever:
        """The lever with a range, a step and a price of somebody's own. Raises RunError in words."""
        exact = [Decimal(f"{number:.12g}") for number in (low, high, step, price)]
        return _lever(self.words, self.path, SIGNS[self.sign], *exact)


PER_START: Final = 100.0


def usual_levers(scenario: Scenario) -> list[UsualLever]:
    """For every limit of a scenario a lever that raises it: room by up to a quarter, starts by up to a half.

    The tightest come first. Room is priced as the scenario prices a day of care there; what more starts cost nobody has
    published.
    """
    loads = {load.service: load for load in offered_load(scenario)}
    found = []
    for name, service in scenario.services.items():
        label = service.label or name
        if service.kind == "place" and service.capacity:
            step = float(max(1, round(service.capacity / 20)))
            priced = "one place" if service.unit == "people" else f"one of its {service.unit}"
            known = "the scenario's price of a day there"
            assumed = "assumption: nothing; the scenario gives no price of a day there"
            source = known if service.cost_per_day and service.unit == "people" else assumed
            price = float(service.cost_per_day or 0) if service.unit == "people" else 0.0
            found.append(
                UsualLever(f"services.{name}.capacity", f"{label}: more room", service.unit, "+", 0.0, 5 * step, step, price, priced, source, loads[name].use or 0.0)
            )  # fmt: skip
        days = list(service.starts.given().values()) if service.starts is not None else []
        if any(days):
            a_day = sum(days) / 7
            found.append(
                UsualLever(f"services.{name}.starts", f"{label}: more starts", "times what it is", "*", 1.0, 1.5, 0.125, float(round(PER_START * a_day)), "twice as many",
                           f"assumption: £{PER_START:g} for each start more", loads[name].people_per_week / (7 * a_day))
            )  # fmt: skip
    return sorted(found, key=lambda lever: -lever.use)
