"""Daily measures are kept small, and come back exactly as they were."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from flowsim.measures import measure
from flowsim.measures.daily import Daily
from flowsim.units import Floats
from tests.laws.lived import lived

DAYS = 7
MEASURES: dict[str, Floats] = {
    "in_hospital": np.array([0.0, 1, 2, 65_535, 4, 5, 6]),
    "delayed": np.array([0.1, 1 / 3, 2, 2.0**-40, 1e9, 5, 6]),
    "queue_stit": np.zeros(DAYS),
    "too_many": np.full(DAYS, 65_536.0),
    "used_stit": np.full(DAYS, -0.25),
    "unknown": np.array([np.nan, 1, 2, np.inf, 4, 5, 6]),
}


def test_every_measure_comes_back_exactly() -> None:
    daily = Daily(MEASURES)
    assert list(daily) == list(MEASURES)
    assert len(daily) == len(MEASURES)
    for name, values in MEASURES.items():
        assert daily[name].dtype == np.float64
        assert daily[name].tobytes() == values.tobytes()
    assert daily.table().tobytes() == np.stack(list(MEASURES.values())).tobytes()


def test_what_is_not_there_is_said_not_made_up() -> None:
    daily = Daily(MEASURES)
    assert daily.get("blocked_stit") is None
    with pytest.raises(KeyError, match="blocked_stit"):
        daily["blocked_stit"]


def test_whoever_alters_what_they_were_given_alters_nothing_here() -> None:
    daily = Daily(MEASURES)
    daily["in_hospital"][:] = 9
    daily["delayed"][:] = 9
    assert daily["in_hospital"].tolist() == MEASURES["in_hospital"].tolist()
    assert daily["delayed"].tolist() == MEASURES["delayed"].tolist()


def test_numbers_of_people_take_two_bytes_a_day() -> None:
    people = {f"in_place_{n}": np.arange(500.0) for n in range(80)}
    sent = pickle.dumps(Daily(people))
    assert len(sent) < 80 * 500 * 2 + 4_000
    again = pickle.loads(sent)
    assert all(again[name].tobytes() == values.tobytes() for name, values in people.items())


def test_replications_share_the_names_of_their_measures() -> None:
    found = lived(0)
    one = measure(found.journeys, found.setting)
    other = pickle.loads(pickle.dumps(one))
    assert all(a is b for a, b in zip(one.daily.names, other.daily.names, strict=True))
    assert all(a is b for a, b in zip(one.totals, other.totals, strict=True))
    assert pickle.dumps(one.totals) == pickle.dumps(other.totals)
