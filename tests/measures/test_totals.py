"""Totals are kept small, and come back exactly as they were."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from flowsim.measures.totals import Totals

GIVEN = {"delayed_mean": 1 / 3, "cost": 1e9 + 0.25, "days_over_target": 12.0, "wait_mean_stit": math.nan}


def test_every_number_comes_back_exactly_by_its_name() -> None:
    totals = Totals(GIVEN)
    assert list(totals) == list(GIVEN)
    assert len(totals) == len(GIVEN)
    for name, number in GIVEN.items():
        assert isinstance(totals[name], float)
        assert np.array(totals[name]).tobytes() == np.array(number).tobytes()
    assert totals.numbers.tobytes() == np.array(list(GIVEN.values())).tobytes()


def test_what_is_not_there_is_said_not_made_up() -> None:
    assert Totals(GIVEN).get("excess_mean") is None
    with pytest.raises(KeyError, match="excess_mean"):
        Totals(GIVEN)["excess_mean"]


def test_they_are_sent_in_eight_bytes_each_besides_their_names() -> None:
    names = [f"wait_mean_{n}" for n in range(200)]
    totals = Totals(dict.fromkeys(names, 0.5))
    assert len(pickle.dumps(totals)) < 200 * 8 + sum(len(name) + 8 for name in names) + 400
    again = pickle.loads(pickle.dumps(totals))
    assert again == totals
    assert all(a is b for a, b in zip(again.names, totals.names, strict=True))
