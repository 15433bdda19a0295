"""Edits by dotted path: set, multiply, add, how tables merge, and what is refused."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.errors import ScenarioError
from flowsim.scenario import Plan, Scenario, altered, from_text
from flowsim.scenario.edits import between, document_of, edited, merged
from flowsim.scenario.files import over
from flowsim.scenario.shape import root, shape_at
from tests.cities import little_city

CITY = from_text(little_city(), "little")


def after(**edits: dict[str, object]) -> Scenario:
    return altered(CITY, Plan(**edits))  # type: ignore[arg-type]


def refusals(**edits: dict[str, object]) -> list[str]:
    _, complaints = edited(document_of(CITY), Plan(**edits))  # type: ignore[arg-type]
    return [c.sentence("x") for c in complaints]


def test_set_multiply_add_in_this_order() -> None:
    path = "services.ic_beds.capacity"
    assert after(put={path: 10}, scale={path: 3}, add={path: 1}).services["ic_beds"].capacity == 31


def test_the_original_is_untouched() -> None:
    before = CITY.model_dump()
    document = document_of(CITY)
    kept = copy.deepcopy(document)
    edited(
        document,
        Plan(put={"services.stit": {"starts": {"sat": 9}, "stay": 3}}, scale={"services.stit.stay": 2}),
    )
    assert document == kept
    assert CITY.model_dump() == before


def test_untouched_parts_are_shared() -> None:
    changed = after(scale={"services.ic_beds.capacity": 2})
    assert changed.services["stit"] is CITY.services["stit"]
    assert changed.routes is CITY.routes


def test_weekdays_merge_by_day_and_a_bare_number_is_every_day() -> None:
    starts = after(put={"services.stit.starts": {"sat": 4}}).services["stit"].starts
    assert starts is not None
    assert starts.given() == {
        "mon": 6,
        "tue": 6,
        "wed": 6,
        "thu": 6,
        "fri": 6,
        "sat": 4,
        "sun": 0,
        "holiday": 0,
    }
    every_day = after(put={"services.stit.starts": 5}).services["stit"].starts
    assert every_day is not None
    assert set(every_day.given().values()) == {5}
    assert len(every_day.given()) == 8


def test_one_day_can_be_named() -> None:
    starts = (
        after(put={"services.stit.starts.sat": 2}, add={"services.stit.starts.mon": 1})
        .services["stit"]
        .starts
    )
    assert starts is not None
    assert (starts.sat, starts.mon) == (2, 7)


def test_multiplying_weekdays_multiplies_each() -> None:
    starts = (
        after(scale={"services.stit.starts": 1.5}, add={"services.stit.starts": 1}).services["stit"].starts
    )
    assert starts is not None
    assert (starts.mon, starts.sat, starts.holiday) == (10, 1, 1)


def test_shares_are_replaced_whole() -> None:
    changed = after(put={"services.ic_beds.next": {"leave": 0.5, "stit": "rest"}})
    assert changed.services["ic_beds"].next == {"leave": 0.5, "stit": "rest"}


def test_one_share_can_be_altered_beside_a_rest() -> None:
    changed = after(
        scale={"streams.emergency.routes.d2a_home": 2}, put={"streams.emergency.routes.d2a_step_down": 0.1}
    )
    assert changed.streams["emergency"].routes == {"home": "rest", "d2a_home": 0.3, "d2a_step_down": 0.1}


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ({"mean": 20}, {"dist": "lognormal", "mean": 20, "sd": 14}),
        ({"dist": "gamma"}, {"dist": "gamma", "mean": 28, "sd": 14}),
        ({"max": 60}, {"dist": "lognormal", "mean": 28, "sd": 14, "max": 60}),
        ({"median": 20, "p90": 40}, {"dist": "lognormal", "median": 20, "p90": 40}),
        ({"dist": "exponential", "mean": 20}, {"dist": "exponential", "mean": 20}),
        (7, {"dist": "fixed", "mean": 7}),
    ],
)
def test_distributions_merge_where_the_keys_fit(new: object, expected: dict[str, object]) -> None:
    stay = after(put={"services.stit.stay": new}).services["stit"].stay
    assert stay is not None
    assert stay.model_dump(exclude_none=True) == expected


def test_multiplying_a_distribution_multiplies_every_length() -> None:
    changed = after(
        scale={
            "services.homecare.stay": 2,
            "services.care_home.stay": 0.5,
            "routes.d2a_home.stay": 3,
            "routes.d2a_step_down.stay": 2,
        }
    )
    mixture, empirical = changed.services["homecare"].stay, changed.services["care_home"].stay
    assert mixture is not None
    assert mixture.parts is not None
    assert [(p.weight, p.of.mean, p.of.sd) for p in mixture.parts] == [(0.7, 400, 360), (0.3, 40, None)]
    assert empirical is not None
    assert (empirical.values, empirical.weights) == ((50, 200, 450), (1, 2, 1))
    stay = changed.routes["d2a_home"].stay
    assert stay is not None
    assert (stay.median, stay.p90) == (24, 60)
    cut = changed.routes["d2a_step_down"].stay
    assert cut is not None
    assert (cut.mean, cut.sd, cut.max) == (26, 18, 180)


def test_defaults_that_the_file_leaves_out_can_be_altered() -> None:
    changed = after(scale={"services.stit.stay_scale": 0.9}, add={"services.review.counted_share": -0.25})
    assert changed.services["stit"].stay_scale == 0.9
    assert changed.services["review"].counted_share == 0.75


def test_nested_tables_mean_dotted_paths() -> None:
    nested = after(put={"services": {"stit": {"capacity": 400, "size": 2, "otherwise": {"after_days": 2}}}})
    stit = nested.services["stit"]
    assert stit.capacity == 400
    assert (stit.size.start, stit.size.end) == (2, 2)
    assert stit.otherwise is not None
    assert (stit.otherwise.after_days, stit.otherwise.service) == (2, "ic_beds")


def test_a_difference_on_a_route_can_begin() -> None:
    changed = after(put={"routes.d2a_home.at.stit": {"stay": {"mean": 5, "sd": 1}, "priority": 3}})
    assert changed.routes["d2a_home"].at["stit"].priority == 3
    assert after(put={"over_prescription.d2a_home": {"home": 1.0}}).over_prescription["d2a_home"] == {
        "home": 1.0
    }


def test_no_limit_can_be_set_but_not_multiplied() -> None:
    assert after(put={"services.homecare.capacity": "unlimited"}).services["homecare"].capacity is None
    assert after(put={"services.stit.starts": "unlimited"}).services["stit"].starts is None
    (sentence,) = refusals(scale={"services.review.starts": 2})
    assert "services.review.starts: has no limit, so cannot be multiplied" in sentence
    (sentence,) = refusals(scale={"services.equipment.starts.mon": 2})
    assert "services.equipment.starts.mon: has no limit, so cannot be multiplied" in sentence


def test_whole_numbers_stay_whole() -> None:
    assert after(scale={"routes.d2a_step_down.priority": 2.6}).routes["d2a_step_down"].priority == -3


@pytest.mark.parametrize(
    ("path", "fragment"),
    [
        ("servces.stit.capacity", 'did you mean "services"?'),
        ("services.stitt.capacity", 'did you mean "stit"?'),
        ("services.stit.capacty", 'did you mean "capacity"?'),
        ("services.stit.capacity.mon", "which has no parts"),
        ("routes.d2a_home.at.nowhere.priority", "names nothing"),
        ("streams.emergency.hour.3", "which has no parts"),
        ("", "names nothing"),
        ("services..capacity", "names nothing"),
        ("run.days", "cannot change during a run"),
        ("title", "cannot change during a run"),
        ("changes", "cannot change during a run"),
        ("target.delayed", "cannot change during a run"),
        ("streams.emergency.enters", "holds for the whole run"),
        ("services.stit.initial.waited.mean", "settled before any change"),
    ],
)
def test_what_cannot_be_altered(path: str, fragment: str) -> None:
    (sentence,) = refusals(put={path: 1})
    assert fragment in sentence
    (sentence,) = refusals(add={path: 1})
    assert fragment in sentence


def test_a_plan_may_alter_the_run_itself() -> None:
    assert after(put={"run.days": 10, "target.delayed": 5}).run.days == 10
    with pytest.raises(ScenarioError, match=r"run\.days = 0: must be a whole number from 1"):
        after(put={"run.days": 0})


def test_a_plan_is_checked_on_every_day() -> None:
    with pytest.raises(ScenarioError, match=r'change "Winter" on 2017-12-0\d: services\.ic_beds\.capacity'):
        after(add={"services.ic_beds.capacity": 1e9 - 48})


# Bases


def test_over_a_base() -> None:
    base = {
        "title": "a",
        "services": {"stit": {"capacity": 3, "starts": 5, "next": {"leave": 1.0}}, "beds": {"kind": "place"}},
        "changes": [{"label": "one"}],
    }
    derived = {
        "base": "a",
        "title": "b",
        "services": {"stit": {"capacity": "unlimited", "starts": {"sun": 0}, "next": {"died": 1.0}}},
        "changes": [{"label": "two"}],
    }
    kept = copy.deepcopy(base)
    result = over(base, derived)
    assert result["title"] == "b"
    assert result["services"]["stit"]["capacity"] is None
    assert result["services"]["stit"]["next"] == {"died": 1.0}
    assert (result["services"]["stit"]["starts"]["mon"], result["services"]["stit"]["starts"]["sun"]) == (
        5,
        0,
    )
    assert result["services"]["beds"] == {"kind": "place"}
    assert [c["label"] for c in result["changes"]] == ["one", "two"]
    assert "base" not in result
    assert base == kept


def test_values_of_the_wrong_kind_pass_through_a_merge_to_be_complained_about_later() -> None:
    assert over({"services": 3, "run": {"days": 1}}, {"services": {"a": 1}, "run": []}) == {
        "services": {"a": 1},
        "run": [],
    }


# Properties

WEEKS = st.dictionaries(st.sampled_from(["mon", "tue", "sat", "sun", "holiday"]), st.floats(0, 100))


@given(WEEKS, WEEKS)
def test_the_later_table_of_weekdays_always_wins(old: dict[str, float], new: dict[str, float]) -> None:
    assert merged(old, new, shape_at(("services", "stit", "starts"))) == {**old, **new}


@given(st.floats(0.01, 1), st.floats(0.5, 2))
def test_part_of_the_way_lies_between(progress: float, factor: float) -> None:
    old = document_of(CITY)
    new, _ = edited(old, Plan(scale={"services.stit.capacity": factor, "services.stit.stay": factor}))
    part = between(old, new, progress, root())["services"]["stit"]
    share = 1 + progress * (factor - 1)
    assert part["capacity"] == pytest.approx(330 * share)
    assert part["stay"]["mean"] == pytest.approx(28 * share)
    assert part["label"] == "STIT"


@given(st.floats(0.01, 0.99), st.floats(0, 0.3))
def test_shares_part_of_the_way_still_add_up(progress: float, leave: float) -> None:
    old = {"leave": leave, "stit": 0.7, "homecare": "rest"}
    new = {"died": leave, "stit": "rest"}
    part = between(old, new, progress, shape_at(("services", "stit", "next")))
    assert sum(part.values()) == pytest.approx(1)
    assert set(part) == {"leave", "stit", "homecare", "died"}
