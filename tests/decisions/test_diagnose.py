"""Diagnosis: parts that add up, whatever the order; two switches by hand; a perfect system is what it says."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import flowsim
from flowsim.cli import app
from flowsim.decisions.diagnose import Diagnosis, diagnose
from flowsim.decisions.shapley import part_interval, random_orders, sets_of, shapley, shapley_of_orders
from flowsim.decisions.switches import Switch, perfected, standard_switches
from flowsim.errors import RunError
from flowsim.scenario.files import from_text
from flowsim.scenario.timeline import build_timeline
from tests.cities import little_city
from tests.experiment.city import SMALL, small_city


@pytest.fixture(scope="module")
def found() -> Diagnosis:
    return diagnose(small_city(), replications=6)


def test_shapley_of_three_is_the_mean_over_all_six_orders() -> None:
    left = np.array([30.0, 21.0, 25.0, 11.0, 28.0, 17.0, 20.0, 2.0])
    byhand = np.zeros(3)
    for order in itertools.permutations(range(3)):
        on = 0
        for switch in order:
            byhand[switch] += (left[on] - left[on | 1 << switch]) / 6
            on |= 1 << switch
    assert shapley(left) == pytest.approx(byhand)
    assert shapley(left).sum() == pytest.approx(left[0] - left[-1])


def test_random_orders_share_out_the_whole_and_come_to_the_exact_parts() -> None:
    """Seven switches that shade one another: each pair of orders adds up; intervals hold the exact parts as often as they say."""
    rng = np.random.default_rng(8)
    worth = rng.random((7, 1)) + 0.2 * rng.standard_normal((7, 12))
    on = (np.arange(128)[:, None] >> np.arange(7)) & 1
    # The worth of a set falls behind the sum of its members.
    left = 20 - 4 * np.sqrt(on @ np.abs(worth))
    exact = shapley(left).mean(axis=1)
    within = []
    for seed in range(30):
        orders = random_orders(7, 16, seed)
        sets = sets_of(orders)
        assert len(sets) < 128
        pairs = shapley_of_orders(left[sets], sets, orders)
        assert pairs.shape == (8, 7, 12)
        assert pairs.sum(axis=1) == pytest.approx(np.tile(left[0] - left[-1], (8, 1)))
        within += [
            part_interval(pairs[:, n]).low <= exact[n] <= part_interval(pairs[:, n]).high for n in range(7)
        ]
    assert (
        np.mean(within) > 0.95
    )  # with the chance of the replications in them they are wider than the draw of orders needs
    every = np.array(list(itertools.permutations(range(3))))
    three = left[:8]
    both = np.concatenate([np.stack([order, order[::-1]]) for order in every])
    assert shapley_of_orders(three, np.arange(8), both).mean(axis=0) == pytest.approx(shapley(three))


def test_a_diagnosis_by_random_orders_is_that_of_all_sets() -> None:
    """Three switches and all six orders among those drawn: the same parts, from the same runs."""
    city = small_city()
    exact = diagnose(city, replications=4)
    drawn = diagnose(city, orders=20, replications=4)
    whole = drawn.of("excess")[0] - drawn.of("excess")[-1]
    assert drawn.parts_of("excess").mean(axis=0).sum(axis=0) == pytest.approx(whole)
    one, other = (d.parts.set_index(["measure", "part"])["value"] for d in (exact, drawn))
    assert other["excess", "whole"] == one["excess", "whole"]
    rows = drawn.parts[drawn.parts["measure"] == "excess"].to_dict("records")
    alone = exact.parts.set_index(["measure", "part"])["alone"]
    for row in rows[1:-1]:
        assert row["low"] <= one["excess", row["part"]] <= row["high"]
        assert row["alone"] == pytest.approx(alone["excess", row["part"]])
    with pytest.raises(RunError, match="must be an even number"):
        diagnose(city, orders=7)


def test_two_switches_by_hand() -> None:
    """Each alone, and each after the other, from runs of the four scenarios by themselves."""
    city = small_city()
    team, places = (s for s in standard_switches(city) if s.name in ("allocation", "homecare"))
    neither, one, other, both = (
        flowsim.run(perfected(city, on), replications=5).per_replication["excess_mean"]
        for on in ((), (team,), (places,), (team, places))
    )
    of_team = ((neither - one) + (other - both)) / 2
    of_places = ((neither - other) + (one - both)) / 2
    found = diagnose(city, switches=[team, places], replications=5)
    assert shapley(found.of("excess")) == pytest.approx(np.stack([of_team, of_places]))
    table = found.parts.set_index(["measure", "part"])["value"]["excess"]
    assert table["allocation"] == pytest.approx(of_team.mean())
    assert table["whole"] - table["perfect"] == pytest.approx((of_team + of_places).mean())


@pytest.mark.parametrize("measure", ["excess", "delayed"])
def test_parts_add_up_in_every_replication(found: Diagnosis, measure: str) -> None:
    values = found.of(measure)
    assert shapley(values).sum(axis=0) == pytest.approx(values[0] - values[-1], abs=1e-9)


def test_the_order_of_switches_does_not_matter(found: Diagnosis) -> None:
    names = [switch.name for switch in found.switches]
    assert len(names) == 3
    again = diagnose(small_city(), switches=names[::-1], replications=6)
    one, other = (d.parts.set_index(["measure", "part"]) for d in (found, again))
    assert one.loc[other.index, "value"].to_numpy() == pytest.approx(other["value"].to_numpy(), abs=1e-9)
    # Where weekends meet no limit at all, it does not matter which was said first either.
    city = small_city()
    switches = standard_switches(city)
    assert (
        build_timeline(perfected(city, switches)).versions
        == build_timeline(perfected(city, switches[::-1])).versions
    )


def test_nobody_is_delayed_where_everything_is_perfect(found: Diagnosis) -> None:
    assert found.of("excess")[0].mean() > 3
    assert not found.of("excess")[-1].any()
    # What each does alone and last are ends of the range that its part is an average over.
    rows = found.parts[found.parts["part"].isin([s.name for s in found.switches])]
    assert len(rows) == 2 * len(found.switches)


def test_recorded_waits_add_up_to_the_excess(found: Diagnosis) -> None:
    whole = found.parts.iloc[0]["value"]
    assert found.waiting["value"].sum() == pytest.approx(whole)
    assert found.waiting["share"].sum() == pytest.approx(1.0)
    assert set(found.blocking["holds"]) == {"hospital"}
    assert len(found.weeks) == 4
    assert found.weeks["excess"].mean() == pytest.approx(whole)
    assert not found.weeks["perfect"].any()


def test_a_city_with_everything_can_be_made_perfect() -> None:
    """Dated changes and escalations that touch what is perfect no longer do; all else they do stays."""
    city = from_text(little_city(), "little")
    switches = standard_switches(city)
    assert [s.name for s in switches] == [
        "allocation", "stit_starts", "stit_flow", "beds", "homecare", "other_tasks", "seven_days", "over_prescription",
    ]  # fmt: skip
    ideal = perfected(city, switches)
    assert [c.label for c in ideal.changes] == ["Winter"]
    assert ideal.changes[0].scale == {"streams.emergency.per_day": 1.1}
    assert not ideal.changes[0].add
    assert ideal.escalations  # off-site beds are nobody's switch
    day = ideal.run.days - 5
    offer = build_timeline(ideal).on(day)
    assert offer.services["stit"].capacity is None
    assert offer.services["stit"].starts is None
    assert offer.over_prescription["home"] == {"home": 1.0}


def test_people_in_beds_are_blocked_by_homecare() -> None:
    city = from_text(little_city().replace("capacity = 3400", "capacity = 1200"), "little")
    found = diagnose(city, switches=["homecare"], replications=2)
    blocking = found.blocking.set_index(["holds", "waits_for"])["people"]
    assert blocking["ic_beds", "homecare"] > 0
    assert blocking["stit", "homecare"] > 0
    # As many as a census at midnight counts, less those who died while waiting.
    numbers = found.base.per_replication
    for place in ("ic_beds", "stit"):
        counted = float(numbers[f"blocked_{place}_mean"].mean())
        assert 0.85 * counted <= blocking[place].sum() <= 1.1 * counted


def test_words_for_what_cannot_be_split() -> None:
    with pytest.raises(RunError, match="no such switch; it has allocation"):
        diagnose(small_city(), switches=["alocation"])
    with pytest.raises(RunError, match="give no intervals"):
        diagnose(small_city(), replications=1)
    one, other = (Switch(n, n, {"services.stit.capacity": c}) for n, c in (("a", 3), ("b", 4)))
    with pytest.raises(RunError, match=r"two switches set services\.stit\.capacity, one to 3 and one to 4"):
        diagnose(small_city(), switches=[one, other])


def test_the_command_says_and_writes_it(tmp_path: Path) -> None:
    file, out = tmp_path / "base.toml", tmp_path / "out"
    file.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    answer = CliRunner().invoke(app, ["diagnose", str(file), "-n", "3", "--cores", "1", "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    assert "What would have to be perfect" in answer.output
    assert {p.name for p in out.iterdir()} == {
        "parts.csv", "waiting.csv", "blocking.csv", "weeks.csv", "stages.csv", "waterfall-excess.png", "waterfall-delayed.png",
        "manifest.json",
    }  # fmt: skip
    wrong = CliRunner().invoke(app, ["diagnose", str(file), "--switch", "nothing"])
    assert wrong.exit_code == 2
    assert "no such switch" in wrong.output
