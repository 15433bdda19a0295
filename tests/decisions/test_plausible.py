"""Plausible sets: what is stored comes back, and replications meet the members they should."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import flowsim
from flowsim.decisions.compare import Comparison
from flowsim.decisions.plausible import Met, Plausible, bundled_sets, fitted_scenario, run_plausible, usual_of
from flowsim.decisions.unknowns import unknown_from, with_values
from flowsim.errors import RunError
from flowsim.experiment.run import Effort, run_together
from flowsim.report.plans import sentences
from flowsim.scenario.edits import Plan
from flowsim.scenario.files import fingerprint, from_text
from flowsim.scenario.timeline import altered
from tests.cities import little_city
from tests.experiment.city import small_city

CAPACITY = "services.stit.capacity"


def a_set(values: list[int], weights: list[float] | None = None) -> Plausible:
    base = small_city()
    table = pd.DataFrame({CAPACITY: values, "weight": weights or [1.0] * len(values), "discrepancy": 1.0})
    return Plausible("small", (CAPACITY,), table, fingerprint(base), {CAPACITY: 14.0}, {"waves": 3})


def test_a_set_comes_back_whole(tmp_path: Path) -> None:
    saved = a_set([10, 14, 18], [1.0, 2.0, 1.0])
    saved.save(tmp_path / "set")
    found = Plausible.load(tmp_path / "set")
    pd.testing.assert_frame_equal(found.table, saved.table)
    assert (found.base, found.paths, found.fingerprint) == (saved.base, saved.paths, saved.fingerprint)
    assert found.usual == saved.usual
    assert found.about == {"waves": 3}


def test_members_are_met_in_their_shares_and_every_few_replications_are_spread_out() -> None:
    plausible = a_set([10, 14, 18], [1.0, 2.0, 1.0])
    met = np.bincount([plausible.member_of(k) for k in range(400)], minlength=3)
    assert np.abs(met / 400 - [0.25, 0.5, 0.25]).max() < 0.02
    assert {plausible.member_of(k) for k in range(5)} == {0, 1, 2}


def test_a_replication_is_that_of_its_member() -> None:
    plausible = a_set([10, 18])
    result = run_plausible(small_city(), plausible, replications=4)
    for k in range(4):
        member = small_city((10, 18)[plausible.member_of(k)])
        alone = run_together([member], Effort(replications=k + 1))[0]
        np.testing.assert_array_equal(result.by_day("delayed")[k], alone.by_day("delayed")[k])
        for measure in ("occupancy_stit", "wait_mean_stit"):
            assert result.per_replication[measure][k] == alone.per_replication[measure][k]


def test_the_same_on_one_core_and_on_two() -> None:
    plausible = a_set([10, 18])
    one, two = (run_plausible(small_city(), plausible, replications=6, cores=c) for c in (1, 2))
    pd.testing.assert_frame_equal(one.daily, two.daily)


def test_bands_are_wider_than_by_chance_alone() -> None:
    spread = run_plausible(small_city(), a_set([8, 10, 14, 20]), replications=24)
    chance = flowsim.run(small_city(), replications=24)
    assert spread.per_replication["delayed_mean"].std() > 1.3 * chance.per_replication["delayed_mean"].std()


def test_pairs_of_a_comparison_meet_the_same_member() -> None:
    met = Met(a_set([10, 18]))
    more = small_city().model_copy(update={"name": "twin"})
    found = Comparison(tuple(run_together([small_city(), more], Effort(replications=4, met=met))))
    assert found.difference(found.results[1], "delayed_mean").value == 0.0


def test_a_plan_keeps_its_own_doing() -> None:
    """A plan with half the places meets half of every member's places, not the member's."""
    plan = altered(small_city(), Plan(put={CAPACITY: 7}))
    found = [s.services["stit"].capacity for s in a_set([10, 14, 18]).scenarios(plan)]
    assert found == [5, 7, 9]


def test_a_set_written_into_its_scenario_means_the_same() -> None:
    base = small_city()
    factor = "services.stit.starts*"
    table = pd.DataFrame({factor: [0.8, 1.2, 1.6], "weight": 1.0, "discrepancy": 1.0})
    before = Plausible("small", (factor,), table, fingerprint(base), {factor: 1.0})
    fitted = with_values(base, {unknown_from(factor): before.typical()[factor]})
    after = before.written_into(fitted)
    for one, two in zip(before.scenarios(base), after.scenarios(fitted), strict=True):
        assert one.services["stit"].starts is not None
        assert two.services["stit"].starts is not None
        assert two.services["stit"].starts.on(0, holiday=False) == pytest.approx(
            one.services["stit"].starts.on(0, holiday=False)
        )


def test_a_strength_written_into_its_scenario_means_the_same() -> None:
    base = from_text(little_city(), "little")
    table = pd.DataFrame({"Winter: *": [0.5, 1.5, 4.0], "weight": 1.0, "discrepancy": 1.0})
    before = Plausible("little", ("Winter: *",), table, fingerprint(base), {"Winter: *": 1.0})
    fitted = fitted_scenario(base, before)
    for one, two in zip(before.scenarios(base), before.written_into(fitted).scenarios(fitted), strict=True):
        assert two.changes[1].scale == pytest.approx(one.changes[1].scale)
        assert two.changes[1].add == pytest.approx(one.changes[1].add)


def test_the_size_of_a_dated_change_can_be_unknown() -> None:
    city = from_text(little_city(), "little")
    unknown = unknown_from("Winter: streams.emergency.per_day")
    assert unknown.now(city) == 1.1
    assert with_values(city, {unknown: 1.3}).changes[1].scale == {"streams.emergency.per_day": 1.3}


def test_the_strength_of_a_dated_change_can_be_unknown() -> None:
    city = from_text(little_city(), "little")
    unknown = unknown_from("Winter: *")
    assert unknown.now(city) == 1.0
    twice = with_values(city, {unknown: 2.0}).changes[1]
    assert twice.scale == {"streams.emergency.per_day": pytest.approx(1.2)}
    assert twice.add == {"services.ic_beds.capacity": 12}
    with pytest.raises(RunError, match="have no strength"):
        unknown_from("Seven-day pick-up by STIT: *").now(city)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Wintr: streams.emergency.per_day", 'did you mean "Winter"?'),
        ("Winter: streams.emergency.per_dey", "does nothing at"),
        (": services.stit.capacity", "names no number"),
        ("", "names no number"),
    ],
)
def test_names_of_nothing_are_said_in_words(name: str, words: str) -> None:
    city = from_text(little_city(), "little")
    with pytest.raises(RunError, match=words.replace("?", r"\?")):
        unknown_from(name).now(city)


def test_a_folder_without_a_set_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no plausible set"):
        Plausible.load(tmp_path)
    a_set([14]).save(tmp_path)
    (tmp_path / "plausible.parquet").write_bytes(b"nothing")
    with pytest.raises(RunError, match="cannot read"):
        Plausible.load(tmp_path)


@pytest.mark.uncounted  # long, and others go through its lines
def test_the_bundled_sets_are_of_the_scenarios_as_they_are_shipped() -> None:
    assert set(bundled_sets()) >= {"sheffield-2016", "sheffield-2017", "sheffield-series"}
    for name in bundled_sets():
        plausible, base = Plausible.load(name), flowsim.load(name)
        assert plausible.base == name
        assert plausible.fingerprint == fingerprint(base)
        assert plausible.usual == usual_of(base, plausible.unknowns)
        # What the scenario says lies within the middle nine tenths of what is plausible.
        for path in plausible.paths:
            low, high = plausible.range_of(path)
            assert low <= plausible.usual[path] <= high


def test_the_interval_of_a_mean_is_not_said_to_hold_what_is_not_known_of_the_numbers() -> None:
    """It shrinks with every replication, whatever the numbers may be; how far apart replications are does not."""
    plausible = a_set([8, 40])
    results = [run_plausible(small_city(), plausible, replications=n) for n in (12, 48)]
    few, many = (result.interval("delayed_mean").half_width for result in results)
    assert many < 0.6 * few
    said = " ".join(sentences(results[1:]))
    assert "The 95 % intervals in brackets do not" in said
    means = results[1].per_replication["delayed_mean"]
    low, high = np.percentile(means, (5, 95))
    assert f"nine replications in ten have a mean of {low:.1f} to {high:.1f} people delayed." in said
    assert high - low > 8 * many


def test_of_a_plan_it_is_said_in_how_many_replications_it_is_lower() -> None:
    plausible = a_set([8, 40])
    base, plan = run_together(
        [small_city(), small_city(20, "plan")], Effort(replications=8, met=Met(plausible))
    )
    lower = (plan.per_replication["delayed_mean"] < base.per_replication["delayed_mean"]).mean()
    said = " ".join(sentences([base, plan], Comparison((base, plan))))
    assert f"people delayed; in {100 * lower:.0f} % of all it is lower than in {base.scenario.name}." in said
