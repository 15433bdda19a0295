"""The census alone: the same numbers as among all measures, from those people only who can be hindered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowsim import load
from flowsim.errors import RunError
from flowsim.experiment import worker
from flowsim.experiment.worker import Job, Outcome, run_job
from flowsim.journeys import Journeys
from flowsim.measures import Measured, measure_census
from flowsim.people import Blueprint, People, populate
from flowsim.ranks import Ranks
from flowsim.report.plans import plans_markdown, reasons_table, sentences
from flowsim.results import Result
from tests.experiment.city import small_city
from tests.laws.lived import Lived, live, lived

SEEDS = range(40)
OF_THE_CENSUS = ("excess", "delayed", "waiting_")
ONLY_OF_ALL = (
    "in_",
    "queue_",
    "used_",
    "blocked_",
    "starts_",
    "admissions",
    "wait_",
    "occupancy_",
    "cost",
    "still",
)


def only_hindered(found: Lived) -> Journeys:
    """The journeys without those who can never meet a limit."""
    kept = found.people.hindered[found.journeys.person]
    columns = ("person", "step", "purpose", "service", "asked", "started", "ready", "left", "due", "outcome")
    return replace(found.journeys, **{name: getattr(found.journeys, name)[kept] for name in columns})


def census_of(found: Lived) -> Measured:
    return measure_census(only_hindered(found), found.setting)


def test_the_same_numbers_as_among_all_measures() -> None:
    left_out = 0
    for seed in SEEDS:
        found = lived(seed)
        left_out += len(found.journeys) - len(only_hindered(found))
        everything, census = found.measured, census_of(found)
        wanted = [name for name in everything.daily if name.startswith(OF_THE_CENSUS)]
        assert list(census.daily) == wanted
        for name in wanted:
            assert census.daily[name].tobytes() == everything.daily[name].tobytes(), (seed, name)
        assert "delayed_days" in census.totals
        for name, value in census.totals.items():
            assert value == everything.totals[name], (seed, name)
    assert left_out > 400, "hardly anybody was left out"


@pytest.fixture(scope="module")
def census() -> Result:
    scenario = small_city()
    outcomes = [Outcome(0, k, census_of(live(scenario, seed=7, replication=k)), None) for k in range(4)]
    return Result(scenario, tuple(outcomes), 7, "simpy", 0.0)


def test_what_was_not_measured_is_in_no_table(census: Result) -> None:
    measures = [*census.summary["measure"], *census.daily.columns, *census.per_replication]
    assert [name for name in measures if name.startswith(ONLY_OF_ALL)] == []
    assert {"delayed_mean", "delayed_rate", "chance_day_at_or_under_target", "delayed_A_mean"} <= set(
        measures
    )


def test_what_was_not_measured_is_refused_not_made_up(census: Result) -> None:
    with pytest.raises(RunError, match="in_stit"):
        census.by_day("in_stit")
    with pytest.raises(RunError, match="cost"):
        census.interval("cost")


def test_what_was_measured_is_what_a_whole_run_says(census: Result) -> None:
    scenario = census.scenario
    outcomes = [Outcome(0, k, live(scenario, seed=7, replication=k).measured, None) for k in range(4)]
    whole = Result(scenario, tuple(outcomes), 7, "simpy", 0.0)
    for name, values in census.per_replication.items():
        assert values.tolist() == whole.per_replication[name].tolist(), name
    for name in census.daily.columns:
        assert list(census.daily[name]) == list(whole.daily[name]), name


def test_plans_are_shown_without_what_they_cost(census: Result) -> None:
    assert "Cost" not in plans_markdown([census])
    assert "Delayed, mean" in plans_markdown([census])
    assert list(sentences([census]))
    assert reasons_table([census]).row_count > 1


def test_a_measure_that_only_some_replications_have_is_zero_in_the_others(census: Result) -> None:
    daily = dict(census.outcomes[1].measured.daily)
    more = replace(census.outcomes[1].measured, daily=type(census.outcomes[1].measured.daily)({**daily, "delayed_other": daily["delayed"]}))  # fmt: skip
    outcomes = (census.outcomes[0], replace(census.outcomes[1], measured=more))
    result = replace(census, outcomes=outcomes)
    assert result.by_day("delayed_other")[0].tolist() == [0.0] * 28
    assert result.per_replication["delayed_other_mean"].tolist() == [0.0, more.totals["delayed_mean"]]
    assert result.daily["delayed_other"].tolist() == result.by_day("delayed_other").ravel().tolist()


def test_journeys_that_are_kept_are_those_of_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    city = load("sheffield-2017")
    short = city.model_copy(update={"run": city.run.model_copy(update={"days": 20, "warm_up_days": 10})})
    everything = Job((short,), (0, 1), 7, "simpy", keep_journeys=1)
    of_all = run_job(everything)
    asked: list[bool] = []

    def spy(plan: Blueprint, ranks: Ranks, *, hindered_only: bool = False) -> People:
        asked.append(hindered_only)
        return populate(plan, ranks, hindered_only=hindered_only)

    monkeypatch.setattr(worker, "populate", spy)
    of_census = run_job(replace(everything, census_only=True))
    assert asked == [False, True], "where no journeys are kept, nobody else is drawn"
    for found, whole in zip(of_census, of_all, strict=True):
        for name, values in found.measured.daily.items():
            assert values.tobytes() == whole.measured.daily[name].tobytes(), name
        assert all(value == whole.measured.totals[name] for name, value in found.measured.totals.items())
    assert [outcome.journeys is None for outcome in of_census] == [False, True]
    kept, expected = of_census[0].journeys, of_all[0].journeys
    assert kept is not None
    assert expected is not None
    assert kept.who.arrives.size > 3_000
    for column in ("person", "step", "service", "outcome", "asked", "started", "ready", "left"):
        assert getattr(kept, column).tobytes() == getattr(expected, column).tobytes(), column
