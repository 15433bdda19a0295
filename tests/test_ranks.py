"""Ranks: the same people whatever is asked for first, and however much."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flowsim.generators import generator
from flowsim.ranks import Ranks


def test_ranks_know_no_scenario_and_only_ever_grow() -> None:
    """However far one looks, and in whatever order, the first arrivals are the same."""
    few, many = Ranks(5, 2), Ranks(5, 2)
    many.epochs("b", 10.0)
    first = few.epochs("a", 30.0).copy()
    later = many.epochs("a", 4_000.0)
    assert (later[: first.size] == first).all()
    assert (few.epochs("a", 4_000.0) == later).all()
    assert (few.epochs("a", 30.0) == first).all()
    assert not np.array_equal(Ranks(5, 3).epochs("a", 30.0)[:5], first[:5])


def test_epochs_are_the_exponential_gaps_of_the_named_generator_added_up() -> None:
    gaps = [-math.log1p(-rank) for rank in generator(5, 2, "a").random(200)]
    times = Ranks(5, 2).epochs("a", 100.0)
    assert times == pytest.approx(np.cumsum(gaps)[: times.size], rel=1e-12)
    assert times[-1] < 100.0 <= sum(gaps[: times.size + 1])


def test_nobody_comes_where_nobody_is_expected() -> None:
    assert Ranks(1, 0).epochs("a", 0.0).size == 0


def test_as_many_come_as_are_expected() -> None:
    """The number of events up to a time is a Poisson variate: over 400 replications within five standard errors."""
    counts = [Ranks(7, k).epochs("a", 50.0).size for k in range(400)]
    assert np.mean(counts) == pytest.approx(50, abs=5 * math.sqrt(50 / 400))
    assert np.var(counts) == pytest.approx(50, rel=0.4)


def test_a_person_of_a_source_owns_a_block() -> None:
    blocks = Ranks(5, 2).blocks("a", 10)
    assert (blocks == Ranks(5, 2).blocks("a", 30)[:10]).all()
    assert (blocks.ravel() == generator(5, 2, "a").random(40)).all()
