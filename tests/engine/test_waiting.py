"""Waiting: where else (rule 9), plan B (10), what happens meanwhile (11), coming back (12), escalations (13)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.engine.tiny import City, Someone, changed, someone, stay

NAN: Any = pytest.approx(math.nan, nan_ok=True)
TEN_DAYS_FULL = someone(0, stay("homecare", 10))

# ---- somewhere else (rule 9) --------------------------------------------------------------------------------

SHELTERED = City(
    {"hospital": {}, "homecare": {"capacity": 1, "wait_in": ["offsite"]}, "offsite": {"capacity": 1}}
)


def test_waiting_elsewhere_ends_the_stay_in_hospital_but_not_the_turn() -> None:
    told = SHELTERED.lives(
        TEN_DAYS_FULL,
        someone(0, stay("hospital", 2), stay("homecare", 1)),
        someone(0, stay("hospital", 3), stay("homecare", 1)),
    )
    assert told.rows(1, "hospital") == [(0.0, 0.0, 2.0, 2.0, "offsite")]
    assert told.rows(1, "offsite") == [(2.0, 2.0, 2.0, 10.0, "homecare")]
    assert told.rows(1, "homecare") == [(2.0, 10.0, 11.0, 11.0, "leave")]
    assert told.rows(2, "offsite") == [(3.0, 10.0, 10.0, 11.0, "homecare")]
    assert told.rows(2, "homecare") == [(3.0, 11.0, 12.0, 12.0, "leave")]


def test_the_place_to_wait_in_is_not_asked_for_where_there_is_no_wait() -> None:
    told = SHELTERED.lives(someone(0, stay("hospital", 2), stay("homecare", 1)))
    assert told.rows(0, "offsite") == []


def test_only_somebody_in_hospital_waits_elsewhere() -> None:
    city = City(SHELTERED.services | {"beds": {}})
    told = city.lives(TEN_DAYS_FULL, someone(0, stay("beds", 2), stay("homecare", 1)))
    assert told.rows(1, "offsite") == []
    assert told.stay(1, "beds") == (0.0, 10.0)


def test_with_room_in_two_places_people_wait_in_one() -> None:
    services = SHELTERED.services | {"hotel": {"capacity": 1}}
    city = City(services).with_("homecare", wait_in=["offsite", "hotel"])
    told = city.lives(TEN_DAYS_FULL, someone(0, stay("hospital", 2), stay("homecare", 1)))
    assert told.stay(1, "offsite") == (2.0, 10.0)
    assert told.rows(1, "hotel") == []


def test_stopping_to_ask_for_one_place_frees_the_way_for_the_next() -> None:
    """Taken on elsewhere, somebody's claim on the place to wait in no longer stands before the next."""
    city = SHELTERED.with_("offsite", capacity=0, starts=None)
    city = City(city.services, more=changed(12, add={"services.offsite.capacity": 1}))
    told = city.lives(
        TEN_DAYS_FULL,
        someone(0, stay("hospital", 2), stay("homecare", 5)),
        someone(0, stay("hospital", 3), stay("homecare", 1)),
    )
    assert told.rows(1, "offsite") == [(2.0, NAN, NAN, 10.0, "stopped asking")]
    assert told.rows(2, "offsite") == [(3.0, 12.0, 12.0, 15.0, "homecare")]


# ---- plan B (rule 10) -------------------------------------------------------------------------------------------


def plan_b(after_days: float, **beds: Any) -> City:
    """Homecare is full for ten days; beds are plan B."""
    otherwise = {"after_days": after_days, "service": "beds"}
    return City({"hospital": {}, "homecare": {"capacity": 1, "otherwise": otherwise}, "beds": beds})


# The plan B of a step hangs on the step before it, because it is asked for from there.
def wants_homecare() -> Someone:
    """Somebody whose next place is homecare, or else a bed."""
    return someone(0, stay("hospital", 1, otherwise=(stay("beds", 4),)), stay("homecare", 2))


def test_after_a_wait_the_other_place_is_asked_for_and_the_first_forgotten() -> None:
    told = plan_b(3).lives(TEN_DAYS_FULL, wants_homecare())
    assert told.rows(1, "hospital") == [(0.0, 0.0, 1.0, 4.0, "beds")]
    assert told.rows(1, "homecare") == [(1.0, NAN, NAN, 4.0, "stopped asking")]
    assert told.rows(1, "beds") == [(4.0, 4.0, 8.0, 8.0, "leave")]


def test_whichever_comes_first_counts() -> None:
    told = plan_b(3, capacity=0).lives(TEN_DAYS_FULL, wants_homecare())
    assert told.rows(1, "homecare") == [(1.0, 10.0, 12.0, 12.0, "leave")]
    assert told.rows(1, "beds") == [(4.0, NAN, NAN, 10.0, "stopped asking")]


def test_plan_b_after_no_days_is_asked_for_at_the_same_instant() -> None:
    told = plan_b(0).lives(TEN_DAYS_FULL, wants_homecare())
    assert told.rows(1, "beds") == [(1.0, 1.0, 5.0, 5.0, "leave")]


def test_no_plan_b_where_the_first_place_comes_in_time() -> None:
    told = plan_b(9.5).lives(TEN_DAYS_FULL, wants_homecare())
    assert told.rows(1, "beds") == []


def test_the_same_beds_as_plan_b_and_to_wait_in() -> None:
    """Two claims of one person in one queue: the stay comes before the wait."""
    city = plan_b(0, capacity=1).with_("homecare", wait_in=["beds"])
    told = city.lives(someone(0, stay("beds", 3)), TEN_DAYS_FULL, wants_homecare())
    assert told.rows(2, "beds") == [(1.0, NAN, NAN, 3.0, "stopped asking"), (1.0, 3.0, 7.0, 7.0, "leave")]


# ---- meanwhile (rule 11) -----------------------------------------------------------------------------------------


def test_unwell_again_is_a_new_stay_and_the_end_of_the_queue() -> None:
    """The first becomes unwell two days after being ready, needs three more, and finds the second before her."""
    city = City({"hospital": {}, "homecare": {"capacity": 1}})
    told = city.lives(
        TEN_DAYS_FULL,
        someone(0, stay("hospital", 1, unwell=((2.0, 3.0),)), stay("homecare", 1)),
        someone(0, stay("hospital", 4), stay("homecare", 1)),
    )
    assert told.rows(1, "hospital") == [
        (0.0, 0.0, 1.0, 3.0, "unwell again"),
        (3.0, 3.0, 6.0, 11.0, "homecare"),
    ]
    assert told.rows(1, "homecare") == [
        (1.0, NAN, NAN, 3.0, "stopped asking"),
        (6.0, 11.0, 12.0, 12.0, "leave"),
    ]
    assert told.stay(2, "homecare") == (10.0, 11.0)


def test_tasks_done_stay_done() -> None:
    city = City({"hospital": {}, "team": {"kind": "team"}, "homecare": {"capacity": 1}})
    told = city.lives(
        TEN_DAYS_FULL,
        someone(0, stay("hospital", 1, tasks=(("team", 0.5),), unwell=((2.0, 3.0),)), stay("homecare", 1)),
    )
    assert told.rows(1, "team") == [(1.0, 1.0, 1.5, 1.5, "done")]
    assert told.rows(1, "hospital")[1] == (3.0, 3.0, 6.0, 10.0, "homecare")


def test_unwell_while_waiting_for_a_team_is_referred_again() -> None:
    city = City({"hospital": {}, "team": {"kind": "team", "capacity": 1, "lead_days": 1}})
    told = city.lives(
        someone(0, stay("hospital", 1, tasks=(("team", 20.0),))),
        someone(0, stay("hospital", 2, tasks=(("team", 1.0),), unwell=((2.0, 3.0),))),
    )
    assert told.rows(1, "team") == [(1.0, NAN, NAN, 4.0, "stopped asking"), (6.0, 20.0, 21.0, 21.0, "done")]


def test_leaving_another_way_ends_a_task_and_the_wait() -> None:
    city = City({"hospital": {}, "team": {"kind": "team"}, "homecare": {"capacity": 1}})
    told = city.lives(
        TEN_DAYS_FULL,
        someone(0, stay("hospital", 1, tasks=(("team", 5.0),), leaves_after=2.0)),
        someone(0, stay("hospital", 1, leaves_after=3.0), stay("homecare", 1)),
    )
    assert told.rows(1, "team") == [(1.0, 1.0, 3.0, 3.0, "left while waiting")]
    assert told.rows(1, "hospital") == [(0.0, 0.0, 1.0, 3.0, "left while waiting")]
    assert told.rows(2, "homecare") == [(1.0, NAN, NAN, 4.0, "stopped asking")]


def test_only_days_of_waiting_count_towards_leaving() -> None:
    """Two days waited, unwell for three, and the other three days later: leaves at day 9."""
    city = City({"hospital": {}, "homecare": {"capacity": 1}})
    told = city.lives(
        TEN_DAYS_FULL,
        someone(0, stay("hospital", 1, unwell=((2.0, 3.0),), leaves_after=5.0), stay("homecare", 1)),
    )
    assert told.rows(1, "hospital")[1] == (3.0, 3.0, 6.0, 9.0, "left while waiting")


# ---- coming back (rule 12) -----------------------------------------------------------------------------------------


def test_readmission_goes_back_to_a_hospital_with_the_same_rules() -> None:
    city = City({"hospital": {"capacity": 1}, "stit": {}})
    told = city.lives(
        someone(0, stay("hospital", 1), stay("stit", 2), stay("hospital", 1), stay("stit", 1)),
        someone(0.5, stay("hospital", 4)),
    )
    assert told.rows(0, "hospital")[1] == (3.0, 5.0, 6.0, 6.0, "stit")
    assert told.rows(0, "stit")[0] == (1.0, 1.0, 3.0, 5.0, "hospital")


def test_from_one_hospital_to_another_the_census_goes_along() -> None:
    """Ready in the first at 1, in the second at 3; with an escalation that looks at both."""
    city = City(
        {"hospital": {}, "cottage": {"setting": "hospital", "capacity": 1}, "homecare": {"capacity": 1}},
        days=12,
        more={
            "escalations": [
                {
                    "label": "e",
                    "when_delayed_above": 1,
                    "until_below": 1,
                    "add": {"services.homecare.capacity": 1},
                }
            ]
        },
    )
    told = city.lives(
        TEN_DAYS_FULL,
        someone(0, stay("hospital", 1), stay("cottage", 1.5), stay("homecare", 1)),
        someone(0, stay("hospital", 1), stay("cottage", 1), stay("homecare", 1)),
    )
    assert told.stay(1, "cottage") == (1.0, 3.0)
    assert told.stay(2, "cottage") == (3.0, 10.0)
    assert told.delayed()[:6] == [0.0, 1.0, 2.0, 0.0, 1.0, 1.0]


# ---- escalations (rule 13) -------------------------------------------------------------------------------------------


def escalated(**levels: Any) -> City:
    """Three people are ready for homecare from 0.5, 1.5 and 2.5 on; an escalation opens two places."""
    usual = {
        "label": "e",
        "when_delayed_above": 1,
        "until_below": 1,
        "add": {"services.homecare.capacity": 2},
    }
    return City(
        {"hospital": {}, "homecare": {"capacity": 0}}, days=10, more={"escalations": [usual | levels]}
    )


THREE = [someone(0, stay("hospital", days), stay("homecare", 20)) for days in (0.5, 1.5, 2.5)]


def test_an_escalation_is_judged_at_midnight_and_acts_at_once() -> None:
    """One delayed at midnight 1, two at midnight 2: both get in then, the third finds it full."""
    told = escalated().lives(*THREE)
    assert told.started("homecare") == [2.0, 2.0, NAN]
    assert told.delayed()[:4] == [1.0, 2.0, 1.0, 1.0]


def test_it_takes_effect_days_after_the_census_that_crossed_the_level() -> None:
    assert escalated(after_days=3).lives(*THREE).started("homecare") == [5.0, 5.0, NAN]


def test_it_ends_when_the_census_is_below_the_lower_level() -> None:
    """On at 2 and 3; with nobody delayed at midnight 3 it is off, and who comes then waits."""
    told = escalated().lives(*THREE[:2], someone(2.25, stay("hospital", 1), stay("homecare", 1)))
    assert told.started("homecare") == [2.0, 2.0, NAN]


def test_it_stays_on_between_the_levels() -> None:
    """Three places: on at 2; one more is delayed at 3, not below the level, so still on for the third."""
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)
    city = escalated(until_below=1, add={"services.homecare.capacity": 3})
    told = city.with_("homecare", starts=week).lives(*THREE)
    assert told.started("homecare") == [2.0, 3.0, 4.0]


def test_no_days_off_can_be_multiplied_away_by_an_escalation() -> None:
    """A weekday without a limit has none, however an escalation scales the other days."""
    city = City(
        {"hospital": {}, "homecare": {"capacity": 0, "starts": {"mon": 1}}},
        more={
            "escalations": [
                {
                    "label": "e",
                    "when_delayed_above": 0,
                    "until_below": 0,
                    "scale": {"services.homecare.starts": 0},
                }
            ]
        },
    )
    assert city.lives(*THREE).started("homecare") == [NAN, NAN, NAN]


def test_ready_at_midnight_counts_from_the_next_and_left_at_midnight_still_counts() -> None:
    city = City({"hospital": {}, "homecare": {"capacity": 1}}, days=5)
    told = city.lives(someone(0, stay("homecare", 3)), someone(0, stay("hospital", 1), stay("homecare", 1)))
    assert told.delayed() == [0.0, 1.0, 1.0, 0.0, 0.0]


def test_delays_count_only_after_so_many_days() -> None:
    city = City(
        {"hospital": {}, "homecare": {"capacity": 0}}, days=5, more={"counting": {"counted_after_days": 1.5}}
    )
    told = city.lives(someone(0, stay("hospital", 1), stay("homecare", 1)))
    assert told.delayed() == [0.0, 0.0, 1.0, 1.0, 1.0]
    assert told.measured.daily["excess"].tolist() == [0.0, 1.0, 1.0, 1.0, 1.0]


# ---- at the start -------------------------------------------------------------------------------------------------------


def test_people_who_are_there_at_the_start_hold_room_and_have_turns_from_before() -> None:
    city = City({"hospital": {}, "homecare": {"capacity": 1}})
    told = city.lives(
        someone(0, stay("homecare", 5), entered=-3.0),
        someone(0, stay("hospital", 2), stay("homecare", 1), entered=-6.0, asked=-4.0),
        someone(0, stay("hospital", 2), stay("homecare", 1), entered=-7.0, asked=-5.0),
    )
    assert told.rows(0, "homecare") == [(-3.0, -3.0, 2.0, 2.0, "leave")]
    assert told.rows(2, "homecare") == [(-5.0, 2.0, 3.0, 3.0, "leave")]
    assert told.rows(1, "homecare") == [(-4.0, 3.0, 4.0, 4.0, "leave")]


def test_more_room_in_use_than_there_is_at_the_start_only_shuts_the_door() -> None:
    city = City({"homecare": {"capacity": 1}})
    there = [someone(0, stay("homecare", days), entered=-1.0) for days in (2, 3, 4)]
    told = city.lives(*there, someone(0, stay("homecare", 1)))
    assert told.started("homecare")[3] == 3.0
