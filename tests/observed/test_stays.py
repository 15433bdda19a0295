"""Stays fitted from a list, people who are still there included; and small numbers left out of what is written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from flowsim.distributions import quantile
from flowsim.observed import Observed
from flowsim.observed.small import exported, suppressed
from flowsim.observed.stays import FAMILIES, UNTIL_READY, fit, fitted_groups, stays_fitted, stays_of
from flowsim.scenario.model import Distribution

START = pd.Timestamp("2017-01-01")
KNOWN = {
    "lognormal": stats.lognorm(1.0, scale=6.0),
    "gamma": stats.gamma(3.0, scale=3.0),
    "weibull": stats.weibull_min(2.2, scale=9.0),
    "exponential": stats.expon(scale=7.0),
}


def people(stay: np.ndarray, ends: float = 200.0, whole_days: bool = True) -> pd.DataFrame:
    """People admitted over 180 days, with these stays until ready and one day more, as far as seen `ends` days after the start."""
    generator = np.random.default_rng(11)
    admitted = generator.uniform(0, 180, stay.size)
    ready = admitted + stay
    table = pd.DataFrame(
        {
            name: START + pd.to_timedelta(days, unit="D")
            for name, days in (("admitted", admitted), ("ready", ready), ("left", ready + 1))
        }
    )
    last = START + pd.Timedelta(days=ends)
    for name in ("ready", "left"):
        table[name] = table[name].where(table[name] <= last)
    table = table[table["admitted"] <= last]
    if whole_days:
        table = table.apply(lambda column: column.dt.normalize())
    return table.assign(id="", route="", reason="").reset_index(drop=True)


@pytest.mark.parametrize("whole_days", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_family_that_made_the_stays_is_found(family: str, whole_days: bool) -> None:
    true = KNOWN[family]
    stay = true.rvs(600, random_state=np.random.default_rng(5))
    found = stays_of(people(stay, whole_days=whole_days), UNTIL_READY)
    fits = {name: fit(found, name) for name in FAMILIES}
    best = min(fits.values(), key=lambda one: one.aic)
    # The exponential is a gamma and a Weibull with one parameter less: they may fit as well, never far better.
    assert fits[family].aic <= best.aic + 2.5
    assert fits[family].distribution.mean() == pytest.approx(true.mean(), rel=0.10)
    assert fits[family].distribution.std() == pytest.approx(true.std(), rel=0.20)


def test_people_who_are_still_there_are_not_left_out() -> None:
    true = KNOWN["gamma"]
    stay = true.rvs(2_500, random_state=np.random.default_rng(6))
    table = people(stay, ends=12.0)
    found = stays_of(table, UNTIL_READY)
    assert (~found.ended).mean() > 0.3
    only_ended = found.days[found.ended].mean()
    fitted = fit(found, "gamma").distribution.mean()
    assert abs(fitted - true.mean()) < 0.15 * true.mean()
    assert only_ended < 0.75 * true.mean()


def test_who_left_without_being_ready_is_left_out_and_said() -> None:
    table = people(KNOWN["gamma"].rvs(60, random_state=np.random.default_rng(7)))
    table.loc[:9, "ready"] = pd.NaT
    assert stays_of(table, UNTIL_READY).left_out == table["left"][:10].notna().sum()
    sentences = stays_fitted(table).sentences
    assert any("left without a day on which they were ready" in sentence for sentence in sentences)


def test_what_is_written_can_stand_in_a_scenario() -> None:
    import tomllib

    table = people(KNOWN["weibull"].rvs(300, random_state=np.random.default_rng(8)))
    found = stays_fitted(table)
    fits, sentences = found.table, found.sentences
    assert set(fits["family"]) == set(FAMILIES)
    for row in fits.to_dict("records"):
        spec = Distribution.model_validate(tomllib.loads(f"stay = {row['toml']}")["stay"])
        assert quantile(spec, np.array([0.5]))[0] == pytest.approx(row["median"], rel=0.02)
    assert any("fits best" in sentence for sentence in sentences)


def test_a_few_people_are_not_fitted() -> None:
    found = stays_fitted(people(np.full(8, 3.0)))
    assert not len(found.table)
    assert "Too few ended stays" in found.sentences[0]
    assert not fitted_groups(people(np.full(8, 3.0)))


def test_small_numbers_are_left_empty_and_cannot_be_worked_out() -> None:
    counts = pd.DataFrame({"A": [3, 0, 7], "E": [20, 9, 8], "F": [9, 4, 6], "total": [32, 13, 21]})
    found = suppressed(counts)
    assert found.isna().sum(axis=1).tolist() == [2, 2, 0]
    assert found["A"].isna().tolist() == [True, False, False]
    assert found["F"].isna().tolist() == [True, True, False]
    assert found["E"].isna().tolist() == [False, True, False]
    assert found["A"][1] == 0
    alone = suppressed(pd.DataFrame({"A": [3], "total": [3]}))
    assert alone.isna().all().all()


@pytest.mark.parametrize("fewest", [5, 12])
def test_nothing_small_is_exported(fewest: int) -> None:
    generator = np.random.default_rng(9)
    table = people(KNOWN["gamma"].rvs(90, random_state=generator))
    table["route"] = generator.choice(["home", "d2a", "care home"], 90, p=[0.8, 0.15, 0.05])
    table["reason"] = generator.choice(["", "A", "E"], 90, p=[0.8, 0.17, 0.03])
    census = pd.DataFrame(
        generator.poisson(5, (30, 3)),
        columns=["A", "E", "F"],
        index=pd.date_range("2017-01-01", periods=30, name="date"),
    )
    census["total"] = census.sum(axis=1)
    found = exported(Observed(census=census, discharges=table), fewest)
    assert set(found) == {
        "observed-census",
        "discharges-by-month",
        "discharges-by-route",
        "discharges-by-reason",
    }
    for counts in found.values():
        numbers = counts.select_dtypes("number").to_numpy()
        numbers = numbers[~np.isnan(numbers)]
        assert not ((numbers > 0) & (numbers < fewest)).any()
        parts, total = counts.drop(columns=[counts.columns[0], "total"]), counts["total"]
        assert not ((parts.isna().sum(axis=1) == 1) & total.notna()).any()
        # Nobody's row is written.
        assert "admitted" not in counts
