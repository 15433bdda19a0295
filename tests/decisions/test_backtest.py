"""Back-tests: where the model is true its bands cover as they should; nothing is done twice; what cannot be tested is said."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flowsim.decisions import backtest as work
from flowsim.decisions.backtest import MODEL, Backtest, backtest, usual_cuts
from flowsim.decisions.ensemble import Ensemble, condition
from flowsim.decisions.plausible import Plausible
from flowsim.decisions.prior import prior_set
from flowsim.decisions.rivals import LAST, LAST_YEAR
from flowsim.decisions.scores import band, crps
from flowsim.errors import RunError
from flowsim.experiment.run import Effort, run_together
from flowsim.observed import Observed
from flowsim.results import Result
from flowsim.scenario import Plan, Scenario, altered, from_text
from tests.cities import little_city

FIRST = dt.date(2016, 4, 1)
MONTHS = 18


@cache
def city() -> Scenario:
    """A city over a year and a half, with an event in the second year that everybody knows of."""
    text = little_city().replace(
        "[[escalations]]",
        '[[changes]]\nlabel = "Beds close"\nfrom = 2017-06-01\nadd = { "services.ic_beds.capacity" = -6 }\n\n[[escalations]]',
    )
    days = (pd.Timestamp(FIRST) + pd.DateOffset(months=MONTHS) - pd.Timestamp(FIRST)).days
    return altered(
        from_text(text, "city"), Plan(put={"run.start": FIRST, "run.days": days, "run.warm_up_days": 120})
    )


def as_observed(result: Result, path: int) -> Observed:
    """One replication as the months that an authority would publish."""
    ensemble = Ensemble.of(result)
    months = pd.date_range(FIRST, periods=MONTHS, freq="MS", name="month")
    days = months.days_in_month
    found = {}
    for number, name in enumerate(ensemble.names):
        means = ensemble.monthly(months)[number, path] * days
        for reason in {"D": ("Di", "Dii")}.get(name, (name,)):
            if name != "others":
                found[f"days_{reason}"] = means / len({"D": ("Di", "Dii")}.get(name, (name,)))
    table = pd.DataFrame(found, index=months)
    table["total_days"] = ensemble.monthly(months).sum(axis=0)[path] * days
    return Observed(monthly=table.assign(per_day=table["total_days"] / days), sources=("made up",))


def seen_in(observed: Observed, month: object) -> float:
    """The mean number delayed in a month."""
    assert observed.monthly is not None
    found: dict[Any, float] = observed.monthly["per_day"].to_dict()
    return found[pd.Timestamp(str(month))]


@cache
def truths() -> Result:
    """What really happened, in 30 worlds that the forecasts know nothing of."""
    return run_together([city()], Effort(replications=30, seed=77, census_only=True))[0]


@cache
def guesses() -> Ensemble:
    return Ensemble.of(run_together([city()], Effort(replications=160, seed=5, census_only=True))[0])


@pytest.mark.uncounted  # long, and others go through its lines
def test_where_the_model_is_true_the_bands_cover() -> None:
    """30 worlds made by the model: 3 months ahead of a cut, the 90 % band holds about nine in ten, the 50 % band about half."""
    cut = dt.date(2017, 4, 1)
    wanted = pd.date_range(cut, periods=3, freq="MS")
    inside = {0.5: 0, 0.9: 0}
    scores, flat = [], []
    for world in range(30):
        observed = as_observed(truths(), world)
        assert observed.monthly is not None
        found = condition(guesses(), observed, cut, seed=world)
        values = found.monthly(wanted)
        for n, month in enumerate(wanted):
            truth = seen_in(observed, month)
            for level in inside:
                low, high = band(values[:, n], found.weights, level)
                inside[level] += bool(low <= truth <= high)
            scores.append(crps(values[:, n], truth, found.weights))
            flat.append(abs(truth - seen_in(observed, "2017-03-01")))
    # 90 months in 30 independent worlds; the months of one world go together, so the tolerance is that of some 45.
    assert 0.80 <= inside[0.9] / 90 <= 0.99
    assert 0.33 <= inside[0.5] / 90 <= 0.72
    assert np.mean(scores) < 0.8 * np.mean(flat)


@cache
def two_cuts(folder: Path | None) -> Backtest:
    cuts = [dt.date(2017, 5, 1), dt.date(2017, 7, 1)]
    return backtest(city(), as_observed(truths(), 3), cuts, months=3, paths=48, seed=5, folder=folder)


def test_the_table_holds_every_forecaster_of_every_month() -> None:
    found = two_cuts(None)
    model = found.table[found.table["forecaster"] == MODEL]
    assert model["month"].tolist() == ["2017-05", "2017-06", "2017-07", "2017-07", "2017-08", "2017-09"]
    assert model["ahead"].tolist() == [1, 2, 3, 1, 2, 3]
    observed = as_observed(truths(), 3)
    assert model["observed"].tolist() == pytest.approx([seen_in(observed, f"{m}-01") for m in model["month"]])
    last = found.table[found.table["forecaster"] == LAST].iloc[0]
    assert last["forecast"] == pytest.approx(seen_in(observed, "2017-04-01"))
    year = found.table[found.table["forecaster"] == LAST_YEAR].iloc[0]
    assert year["forecast"] == pytest.approx(seen_in(observed, "2016-05-01"))


def test_scores_are_those_of_the_table() -> None:
    found = two_cuts(None)
    score = found.scores.set_index("forecaster").loc[MODEL]
    rows = found.shared[found.shared["forecaster"] == MODEL]
    assert score["months"] == 6
    assert score["crps"] == pytest.approx(rows["crps"].mean())
    assert score["mae"] == pytest.approx((rows["forecast"] - rows["observed"]).abs().mean())
    inside = (rows["low90"] <= rows["observed"]) & (rows["observed"] <= rows["high90"])
    assert score["coverage90"] == pytest.approx(inside.mean())
    assert set(found.by_cut["cut"]) == {"2017-05-01", "2017-07-01"}
    better = found.scores.set_index("forecaster")["crps"]
    assert found.beats()[LAST] is bool(better[MODEL] < better[LAST])


@pytest.mark.uncounted  # long, and others go through its lines
def test_later_months_change_nothing_before_them() -> None:
    observed = as_observed(truths(), 3)
    assert observed.monthly is not None
    other = observed.monthly.copy()
    other.loc["2017-06-01":, :] *= 3
    cut = [dt.date(2017, 6, 1)]
    first = backtest(city(), observed, cut, months=1, paths=24, seed=5).table
    second = backtest(city(), Observed(monthly=other), cut, months=1, paths=24, seed=5).table
    columns = ["forecast", "low50", "high50", "low90", "high90"]
    pd.testing.assert_frame_equal(first[columns], second[columns])


def test_what_is_done_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = two_cuts(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut-2017-05.json", "cut-2017-07.json"]
    monkeypatch.setattr(work, "ensemble_run", lambda *_: pytest.fail("ran again"))
    again = backtest(
        city(),
        as_observed(truths(), 3),
        [dt.date(2017, 5, 1), dt.date(2017, 7, 1)],
        months=3,
        paths=48,
        seed=5,
        folder=tmp_path,
    )
    pd.testing.assert_frame_equal(first.table, again.table, check_dtype=False)
    monkeypatch.undo()
    # One cut lost and one made from something else: both are done anew.
    (tmp_path / "cut-2017-05.json").unlink()
    held = json.loads((tmp_path / "cut-2017-07.json").read_text())
    (tmp_path / "cut-2017-07.json").write_text(json.dumps({**held, "key": "other", "rows": []}))
    whole = backtest(
        city(),
        as_observed(truths(), 3),
        [dt.date(2017, 5, 1), dt.date(2017, 7, 1)],
        months=3,
        paths=48,
        seed=5,
        folder=tmp_path,
    )
    pd.testing.assert_frame_equal(first.table, whole.table, check_dtype=False)


@pytest.mark.parametrize("what", ["reasons", "fit"])
def test_what_is_kept_is_not_taken_for_what_was_made_from_something_else(tmp_path: Path, what: str) -> None:
    """Reasons told otherwise with the same totals, and a fit that came to other values, give other forecasts."""
    seen, sets = as_observed(truths(), 3), [prior_set(city(), seed=n, members=4) for n in (1, 2)]
    assert seen.monthly is not None
    other = Observed(monthly=seen.monthly.rename(columns={"days_A": "days_E", "days_E": "days_A"}))
    cases = [(seen, sets[0]), (other, sets[0]) if what == "reasons" else (seen, sets[1])]

    def tested(observed: Observed, members: Plausible, folder: Path | None) -> pd.DataFrame:
        cuts, fitted = [dt.date(2017, 5, 1)], lambda *_: members
        return backtest(
            city(), observed, cuts, months=1, paths=20, seed=5, folder=folder, fitting=fitted
        ).table

    kept = [tested(*case, tmp_path) for case in cases]
    assert not kept[0].equals(kept[1])
    pd.testing.assert_frame_equal(kept[1], tested(*cases[1], None))


def test_values_can_be_fitted_anew_for_each_cut() -> None:
    known = []

    def fitting(observed: Observed, cut: dt.date):  # noqa: ANN202
        assert observed.monthly is not None
        known.append((cut, f"{observed.monthly.index[-1]:%Y-%m}"))
        return prior_set(city(), seed=1, members=4)

    cuts = [dt.date(2017, 5, 1), dt.date(2017, 7, 1)]
    found = backtest(city(), as_observed(truths(), 3), cuts, months=1, paths=20, seed=5, fitting=fitting)
    assert known == [(cuts[0], "2017-04"), (cuts[1], "2017-06")]
    assert "fitted anew" in found.method


def test_every_month_after_the_first_year_is_a_cut() -> None:
    seen = as_observed(truths(), 0).monthly
    assert seen is not None
    assert usual_cuts(seen["per_day"])[0] == dt.date(2017, 4, 1)
    with pytest.raises(RunError, match="7 months are too few"):
        usual_cuts(seen["per_day"][:7])


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        ({}, {"cuts": [dt.date(2017, 5, 2)]}, "choose the first day of a month"),
        ({}, {"cuts": [dt.date(2019, 5, 1)]}, "makes no sense"),
        ({}, {"months": 0}, "0 months cannot be forecast"),
        ({"monthly": None}, {}, "there are no observed months"),
        ({"gap": True}, {}, "the months have a gap: 2016-08 is missing"),
    ],
)
def test_what_cannot_be_tested(change: dict, arguments: dict, words: str) -> None:
    observed = as_observed(truths(), 0)
    if "monthly" in change:
        observed = Observed()
    if "gap" in change:
        assert observed.monthly is not None
        observed = Observed(monthly=observed.monthly.drop(pd.Timestamp("2016-08-01")))
    with pytest.raises(RunError, match=words):
        backtest(city(), observed, **arguments)
