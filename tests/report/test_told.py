"""What is told of a search, a split, a forecast and of money: nothing surer, and nothing more precise, than it is."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import flowsim
from flowsim.decisions.compare import Comparison
from flowsim.decisions.diagnose import Diagnosis, diagnose
from flowsim.decisions.ensemble import Conditioned
from flowsim.decisions.forecast import Forecast, forecast
from flowsim.decisions.money import money
from flowsim.decisions.optimise import Optimum, optimise
from flowsim.decisions.sensitivity import Sensitivity, sensitivity
from flowsim.report.diagnosed import blocking_table, diagnosis_sentences
from flowsim.report.evidence import forecast_sentences
from flowsim.report.frames import words_of
from flowsim.report.moneyed import money_sentences, rounded_pounds
from flowsim.report.optimised import optimum_sentences, rivals_table
from flowsim.report.plans import people
from flowsim.report.sensitive import sensitivity_sentences, tornado_table
from flowsim.units import Floats
from tests.experiment.city import small_city

LEVERS = ("services.stit.capacity+=0:8:2@60", "services.stit.starts*=1:1.5:0.25@90")
BARE_PERCENT = re.compile(r"\d%")


@pytest.fixture(scope="module")
def best() -> Optimum:
    return optimise(small_city(), LEVERS, replications=200, seed=3)


@pytest.fixture(scope="module")
def split() -> Diagnosis:
    city = small_city()
    services = {name: s.model_copy(update={"label": f"The {name}"}) for name, s in city.services.items()}
    return diagnose(city.model_copy(update={"services": services}), replications=6)


@pytest.fixture(scope="module")
def moved() -> Sensitivity:
    return sensitivity(small_city(), points=0, replications=4)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return flowsim.compare([small_city(14, "base"), small_city(20, "plan")], replications=8)


# The cheapest plan


def test_the_winner_is_the_cheapest_that_is_sure_and_cheaper_ones_that_only_seem_to_be_are_told(best: Optimum) -> None:  # fmt: skip
    assert best.winner is not None
    assert best.selection.certain
    first, *others = optimum_sentences(best)
    assert first.startswith("The cheapest plan that surely keeps the mean of the period at or under 6 ")
    rivals = best.rivals.set_index("plan")
    cheaper = rivals[rivals["cost_per_day"] < rivals.loc[best.winner, "cost_per_day"]]
    seem = cheaper[cheaper["chance"] >= 0.9]
    assert len(seem)  # this seed has some
    said = " ".join(others)
    assert f"£{seem['cost_per_day'].min():,.0f} a day" in said
    assert "95 % confidence" in said


def test_the_finals_draws_chose_the_winner_and_that_is_said(best: Optimum) -> None:
    said = " ".join(optimum_sentences(best))
    assert "no part in choosing" not in said
    assert f"chose the winner among {len(best.selection.shares)} finalists" in said


def test_a_plan_that_is_not_sure_is_not_called_the_cheapest_that_keeps_the_target(best: Optimum) -> None:
    unsure = replace(best, selection=replace(best.selection, certain=False))
    first = next(optimum_sentences(unsure))
    assert first.startswith("No plan that was tried surely keeps the mean of the period at or under 6 ")
    early = replace(best, finals=None, stopped=True)
    first = next(optimum_sentences(early))
    assert first.startswith("The cheapest plan so far that seems to keep the mean of the period")


def test_rivals_have_intervals_and_levers_say_what_they_do(best: Optimum) -> None:
    table = words_of(rivals_table(best))
    for (_, shown), row in zip(table.iterrows(), best.rivals.to_dict("records"), strict=True):
        assert shown["Delayed, mean"] == people(best.delayed_of(int(row["plan"])))
        assert shown["services.stit.capacity"] == f"+{row['services.stit.capacity']:g}"
        assert shown["services.stit.starts"] == f"x {row['services.stit.starts']:g}"


# Where the days come from


def test_the_greatest_part_has_its_interval_and_those_that_cannot_be_told_from_it(split: Diagnosis) -> None:
    rows = split.parts[split.parts["measure"] == "excess"].iloc[1:-1].sort_values("value", ascending=False)
    first, second = rows.iloc[0], rows.iloc[1]
    said = next(diagnosis_sentences(split))
    assert f"{first['value']:.1f} ({first['low']:.1f} to {first['high']:.1f}) are due to one thing" in said
    assert f"“{first['label']}”" in said
    assert "cannot be told" not in said
    alike = replace(split, trials=replace(split.trials, excess=np.repeat(_alike(len(split.switches)), 6, 1)))
    said = next(diagnosis_sentences(alike))
    assert f"“{alike.switches[1].label}” (2.0)" in said
    assert "cannot be told with 6 replications" in said
    assert second["label"] != first["label"]
    nobody = replace(split, trials=replace(split.trials, excess=np.zeros_like(split.trials.excess)))
    assert next(diagnosis_sentences(nobody)).endswith("none are due to any one of these.")


def _alike(switches: int) -> Floats:
    """What every set of switches leaves where each takes away two people, shape (sets, 1)."""
    return np.array([[2.0 * (switches - s.bit_count())] for s in range(1 << switches)])


def test_what_alone_and_last_of_all_mean_is_said(split: Diagnosis) -> None:
    assert "Alone: what a part would do if" in " ".join(diagnosis_sentences(split))


def test_who_blocks_whom_goes_by_the_names_that_people_know(split: Diagnosis) -> None:
    labels = {service.label for service in split.scenario.services.values()}
    table = words_of(blocking_table(split))
    assert set(table["Hold a place in"]) | set(table["Wait for"]) <= labels


# What matters


def test_what_matters_most_has_its_intervals_and_columns_say_what_they_hold(moved: Sensitivity) -> None:
    row = moved.tornado.iloc[0]
    said = next(sensitivity_sentences(moved))
    for side in ("down", "up"):
        cell = f"{row[side]:+.1f} ({row[f'{side}_low']:+.1f} to {row[f'{side}_high']:+.1f})"
        assert cell in said
    assert list(words_of(tornado_table(moved)))[1:] == [
        "Change in delayed, 10 % smaller",
        "Change in delayed, 10 % greater",
    ]


# The next weeks


def foreseen(people_by_day: Floats) -> Forecast:
    """A forecast of small paths, shape (paths, days), with a target of 6."""
    dates = pd.date_range("2017-12-01", periods=people_by_day.shape[1])
    shares = np.full(len(people_by_day), 1 / len(people_by_day))
    paths = Conditioned(dates, people_by_day, shares, 0.0, 1.0, float(len(people_by_day)), 0)
    return replace(forecast(small_city(), weeks=1, paths=20), paths=paths)


def test_a_chance_that_does_not_last_is_told_with_its_end() -> None:
    rising = foreseen(np.linspace(4, 60, 84)[None, :].repeat(20, 0))
    said = " ".join(forecast_sentences(rising))
    assert "is not met" in said
    assert "first reaches" not in said
    last = rising.daily[rising.daily["chance"] >= 0.9]["date"].iloc[-1]
    assert f"90 % or more until {last.day} {last:%B %Y}, but does not stay there" in said


def test_a_chance_that_lasts_is_told_from_where_it_begins_to() -> None:
    down_up_down = np.concatenate([np.linspace(20, 2, 20), np.linspace(2, 20, 20), np.linspace(20, 2, 44)])
    falling = foreseen(down_up_down[None, :].repeat(20, 0))
    assert falling.stays_from(0.9) == falling.daily[falling.daily["chance"] < 0.9]["date"].iloc[-1] + pd.Timedelta(days=1)  # fmt: skip
    said = " ".join(forecast_sentences(falling))
    day = falling.stays_from(0.9)
    assert day is not None
    assert f"From {day.day} {day:%B %Y} to the end the chance of being at or under target on a day is 90 %" in said  # fmt: skip
    always = foreseen(np.full((20, 84), 3.0))
    assert "On every day the chance of being at or under target is 90 % or more." in " ".join(forecast_sentences(always))  # fmt: skip
    passing = foreseen(np.concatenate([np.full(9, 20.0), np.full(9, 3.0), np.full(66, 20.0)])[None, :].repeat(20, 0))  # fmt: skip
    assert "on a day" not in " ".join(forecast_sentences(passing)).partition("By month")[0]


# Shares and pounds


def test_every_per_cent_has_its_space(best: Optimum, split: Diagnosis, moved: Sensitivity) -> None:
    said = [*optimum_sentences(best), *diagnosis_sentences(split), *sensitivity_sentences(moved)]
    said += list(forecast_sentences(foreseen(np.full((20, 84), 3.0))))
    assert [words for words in said if BARE_PERCENT.search(words)] == []


def test_pounds_are_no_more_precise_than_they_are_known(comparison: Comparison) -> None:
    assert rounded_pounds(2_612_876, 2_450_009, 2_775_742) == "£2.61m (£2.45m to £2.78m)"
    assert rounded_pounds(36_988, 20_456, 53_520) == "£37,000 (£20,500 to £53,500)"
    assert rounded_pounds(12_340_000, 9_000_000, 15_680_000) == "£12.3m (£9.0m to £15.7m)"
    assert rounded_pounds(950_000, 400_000, 1_500_000) == "£0.95m (£0.40m to £1.50m)"
    assert rounded_pounds(123.4, 45.6, 201.2) == "£123 (£46 to £201)"
    assert rounded_pounds(0, 0, 0) == "£0 (£0 to £0)"
    table = money(comparison)
    row = table[(table["payer"] == "all together") & table["called"].eq(True)].iloc[-1]
    assert rounded_pounds(row["change"], row["change_low"], row["change_high"]) in next(money_sentences(comparison, table))  # fmt: skip
