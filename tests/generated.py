"""Hypothesis strategy for the made-up scenarios of `flowsim.scenario.generated`; it shrinks towards a city without features."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st

from flowsim.scenario.generated import generated_document, generated_scenario, sensible
from flowsim.scenario.model import Scenario

T = TypeVar("T")


class DrawnLuck:
    """Answers drawn by hypothesis, which shrinks them towards "no", the first and the lowest."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def chance(self, share: float) -> bool:
        """Whether it happens."""
        return bool(self._draw(st.integers(0, 99)) >= round(100 * (1 - share)))

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[self._draw(st.integers(0, len(options) - 1))]

    def whole(self, low: int, high: int) -> int:
        """A whole number."""
        return int(self._draw(st.integers(low, high)))


@st.composite
def scenarios(draw: Any) -> Scenario:
    """Scenarios with all features."""
    found = sensible(generated_document(DrawnLuck(draw), "drawn"))
    assume(found is not None)
    assert found is not None
    return found


def examples(most: int) -> settings:
    """Settings for the tests of laws: as many examples as said; the same ones every time on CI.

    A failure is not shrunk, which would take minutes: to have that, leave out `phases` for a while.
    """
    return settings(
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        max_examples=most,
        deadline=None,
        derandomize=bool(os.environ.get("CI")),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


__all__ = ["DrawnLuck", "examples", "generated_document", "generated_scenario", "scenarios"]
