"""Percentiles of waits are those of numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flowsim.measures.waits import percentile


@pytest.mark.parametrize("size", [1, 2, 3, 10, 11, 1_000])
def test_percentiles_are_those_of_numpy(size: int) -> None:
    for seed in range(20):
        waited = np.random.default_rng(seed).exponential(3.0, size)
        for percent in (0, 5, 50, 90, 95, 100):
            ours = percentile(np.sort(waited), percent / 100)
            assert ours == float(np.percentile(waited, percent)), (size, seed, percent)


def test_of_nobody_there_is_none() -> None:
    assert math.isnan(percentile(np.zeros(0), 0.5))
