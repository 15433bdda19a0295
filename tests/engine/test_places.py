"""Places, tasks and queues: rules 1 to 8, 15 and 16, each a little story worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from flowsim.units import time_of_day
from tests.engine.tiny import City, changed, someone, stay

NAN: Any = pytest.approx(math.nan, nan_ok=True)
ONE_BED = City({"hospital": {}, "beds": {"capacity": 1}})


def test_somebody_alone_goes_straight_through() -> None:
    told = ONE_BED.lives(someone(0.5, stay("hospital", 2), stay("beds", 3)))
    assert told.rows(0, "hospital") == [(0.5, 0.5, 2.5, 2.5, "beds")]
    assert told.rows(0, "beds") == [(2.5, 2.5, 5.5, 5.5, "leave")]


def test_a_stay_of_no_length_is_over_at_once() -> None:
    told = ONE_BED.lives(someone(1, stay("hospital", 0), stay("beds", 0)))
    assert told.stay(0, "hospital") == told.stay(0, "beds") == (1.0, 1.0)


def test_stay_factor_is_read_when_the_stay_begins() -> None:
    city = City({"hospital": {}, "beds": {}}, more=changed(3, set={"services.beds.stay_scale": 0.5}))
    told = city.lives(
        someone(0, stay("hospital", 2.5), stay("beds", 4)), someone(0, stay("hospital", 3), stay("beds", 4))
    )
    assert told.stay(0, "beds") == (2.5, 6.5)
    assert told.stay(1, "beds") == (3.0, 5.0)


@pytest.mark.parametrize(("per_day", "left"), [(0.0, 9.0), (0.5, 9.5), (-0.5, 8.5), (-10.0, 5.0)])
def test_waiting_for_a_place_lengthens_or_shortens_the_stay_there(per_day: float, left: float) -> None:
    city = ONE_BED.with_("beds", per_day_waited=per_day)
    told = city.lives(someone(0, stay("beds", 5)), someone(0, stay("hospital", 4), stay("beds", 4)))
    assert told.rows(1, "beds") == [(4.0, 5.0, left, left, "leave")]


def test_declared_ready_only_on_days_that_decide() -> None:
    """Ready on Saturday or Sunday means Monday, where nobody decides at weekends."""
    city = City({"hospital": {"decided": {"sat": 0.0, "sun": 0.0}}})
    told = city.lives(*(someone(0, stay("hospital", days)) for days in (4.5, 5.5, 6.25, 7.0)))
    assert [told.stay(p, "hospital")[1] for p in range(4)] == [4.5, 7.5, 7.25, 7.0]


def test_one_rank_serves_all_days_that_may_decide() -> None:
    """With a chance of 0.5 on every day, a rank of 0.8 falls short of 0.5 and 0.75, but not of 0.875."""
    city = City(
        {"hospital": {"decided": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 0.5)}}
    )
    told = city.lives(*(someone(0, stay("hospital", 1, decided_rank=rank)) for rank in (0.2, 0.5, 0.8)))
    assert [told.stay(p, "hospital")[1] for p in range(3)] == [1.0, 2.0, 3.0]


def test_never_declared_before_the_horizon_is_never_ready() -> None:
    city = City({"hospital": {"decided": {"mon": 0.0, "tue": 1.0}}}, days=8)
    told = city.lives(someone(0, stay("hospital", 7)))
    assert told.rows(0, "hospital") == [(0.0, 0.0, NAN, NAN, "")]


# ---- tasks (rule 3) --------------------------------------------------------------------------------------

TEAMS = City(
    {
        "hospital": {},
        "allocation": {"kind": "team", "capacity": 1, "lead_days": 1.0},
        "funding": {"kind": "team"},
    }
)


def test_tasks_are_done_one_after_another_and_delay_whoever_is_ready() -> None:
    told = TEAMS.lives(someone(0, stay("hospital", 5, tasks=(("allocation", 2.0), ("funding", 1.5)))))
    assert told.rows(0, "allocation") == [(4.0, 4.0, 6.0, 6.0, "done")]
    assert told.rows(0, "funding") == [(6.0, 6.0, 7.5, 7.5, "done")]
    assert told.rows(0, "hospital") == [(0.0, 0.0, 5.0, 7.5, "leave")]


def test_tasks_done_in_time_delay_nobody_and_none_begins_before_the_person_is_there() -> None:
    told = TEAMS.lives(someone(0, stay("hospital", 0.5, tasks=(("allocation", 0.25),))))
    assert told.rows(0, "allocation") == [(0.0, 0.0, 0.25, 0.25, "done")]
    assert told.stay(0, "hospital") == (0.0, 0.5)


def test_a_teams_room_is_held_while_it_works() -> None:
    two = [someone(0, stay("hospital", 1, tasks=(("allocation", 2.0),))) for _ in range(2)]
    told = TEAMS.lives(*two)
    assert told.rows(1, "allocation") == [(0.0, 2.0, 4.0, 4.0, "done")]


def test_work_of_no_length_takes_no_time() -> None:
    three = [
        someone(0, stay("hospital", 1, tasks=(("allocation", 0.0), ("allocation", 0.0)))) for _ in range(3)
    ]
    assert [TEAMS.lives(*three).stay(p, "hospital")[1] for p in range(3)] == [1.0, 1.0, 1.0]


# ---- blocking and chains (rules 4 and 5) -------------------------------------------------------------------


def test_whoever_cannot_move_on_keeps_the_place_they_hold() -> None:
    city = City({"hospital": {}, "beds": {"capacity": 1}, "homecare": {"capacity": 1}})
    told = city.lives(
        someone(0, stay("homecare", 10)),
        someone(0, stay("beds", 2), stay("homecare", 3)),
        someone(0, stay("hospital", 1), stay("beds", 1)),
    )
    assert told.rows(1, "beds") == [(0.0, 0.0, 2.0, 10.0, "homecare")]
    assert told.rows(2, "hospital") == [(0.0, 0.0, 1.0, 10.0, "beds")]


def test_one_person_leaving_moves_a_whole_chain_at_the_same_instant() -> None:
    city = City({n: {"capacity": 1} for n in ("hospital", "beds", "stit", "homecare")})
    told = city.lives(
        someone(0, stay("homecare", 6)),
        someone(0, stay("stit", 1), stay("homecare", 1)),
        someone(0, stay("beds", 1), stay("stit", 1)),
        someone(0, stay("hospital", 1), stay("beds", 1)),
        someone(2, stay("hospital", 1)),
    )
    assert told.stay(1, "homecare")[0] == told.stay(2, "stit")[0] == told.stay(3, "beds")[0] == 6.0
    assert told.stay(4, "hospital")[0] == 6.0


def test_two_full_places_that_wait_for_one_another_wait_for_ever() -> None:
    city = City({"beds": {"capacity": 1}, "stit": {"capacity": 1}})
    told = city.lives(
        someone(0, stay("beds", 1), stay("stit", 1)), someone(0, stay("stit", 1), stay("beds", 1))
    )
    assert told.rows(0, "beds") == [(0.0, 0.0, 1.0, NAN, "")]
    assert told.rows(1, "stit") == [(0.0, 0.0, 1.0, NAN, "")]


# ---- calendars (rule 6) --------------------------------------------------------------------------------------


def test_starts_come_back_each_day_at_opening_and_none_are_carried_over() -> None:
    city = City({"stit": {"starts": {"mon": 1, "tue": 0, "wed": 2, "thu": 1}, "opens": "06:00"}})
    told = city.lives(*(someone(0, stay("stit", 1)) for _ in range(5)))
    assert told.started("stit") == [0.25, 2.25, 2.25, 3.25, 4.0 + 0.25]


def test_a_day_left_out_of_starts_has_no_limit() -> None:
    told = City({"stit": {"starts": {"mon": 0}}}).lives(*(someone(0, stay("stit", 1)) for _ in range(3)))
    assert told.started("stit") == [1.0, 1.0, 1.0]


def test_nobody_is_taken_on_after_closing() -> None:
    city = City({"stit": {"opens": "06:00", "closes": "12:00"}})
    arrivals = (0.0, 0.25, 0.375, 0.5, 0.75)
    told = city.lives(*(someone(t, stay("stit", 1)) for t in arrivals))
    assert told.started("stit") == [0.25, 0.25, 0.375, 1.25, 1.25]


def test_room_that_comes_free_while_closed_is_filled_at_opening() -> None:
    city = City({"beds": {"capacity": 1, "opens": "12:00"}})
    told = city.lives(someone(0.5, stay("beds", 0.75)), someone(0.75, stay("beds", 1)))
    assert told.started("beds") == [0.5, 1.5]


def test_half_a_start_is_one_every_other_week() -> None:
    week = {"mon": 0.5, **dict.fromkeys(("tue", "wed", "thu", "fri", "sat", "sun"), 0)}
    told = City({"stit": {"starts": week}}, days=60).lives(*(someone(0, stay("stit", 1)) for _ in range(3)))
    first, second, third = told.started("stit")
    assert first in {0.0, 7.0}
    assert (second - first, third - second) == (14.0, 14.0)


# ---- turns (rule 7) ----------------------------------------------------------------------------------------


def test_first_come_first_served_then_lower_number() -> None:
    told = ONE_BED.lives(*(someone(t, stay("beds", 1)) for t in (0, 0, 0.25, 0.25)))
    assert told.started("beds") == [0.0, 1.0, 2.0, 3.0]


def test_priority_goes_before_waiting_longer() -> None:
    told = ONE_BED.lives(
        someone(0, stay("beds", 1)),
        someone(0.25, stay("beds", 1, priority=1)),
        someone(0.5, stay("beds", 1, priority=-1)),
    )
    assert told.started("beds") == [0.0, 2.0, 1.0]


def big_and_small(*, skip: bool) -> list[float]:
    """Room for two; one is there, somebody who takes two waits, somebody who takes one comes."""
    city = City({"beds": {"capacity": 2, "skip": skip}})
    told = city.lives(
        someone(0, stay("beds", 3)), someone(1, stay("beds", 1, size=2)), someone(2, stay("beds", 2))
    )
    return told.started("beds")


def test_a_head_that_does_not_fit_holds_up_the_queue() -> None:
    assert big_and_small(skip=False) == [0.0, 3.0, 4.0]


def test_unless_people_may_pass() -> None:
    assert big_and_small(skip=True) == [0.0, 4.0, 2.0]


def test_where_people_may_pass_nobody_passes_who_is_no_smaller() -> None:
    """At the very instant of opening, somebody who comes finds a queue that has not been looked at yet."""
    city = City({"beds": {"capacity": 1, "skip": True, "opens": "12:00"}})
    told = city.lives(someone(0, stay("beds", 1)), someone(0.5, stay("beds", 1)))
    assert told.started("beds") == [0.5, 1.5]


def test_somebody_who_stops_waiting_lets_those_behind_be_seen_at_once() -> None:
    """The head takes two and leaves another way at 4; one who takes one fits at once."""
    city = City({"hospital": {}, "beds": {"capacity": 2}})
    told = city.lives(
        someone(0, stay("beds", 20)),
        someone(0, stay("hospital", 1, leaves_after=3), stay("beds", 1, size=2)),
        someone(0, stay("hospital", 2), stay("beds", 1)),
    )
    assert told.rows(1, "hospital") == [(0.0, 0.0, 1.0, 4.0, "left while waiting")]
    assert told.stay(2, "beds") == (4.0, 5.0)


# ---- room (rule 8 and sizes) ---------------------------------------------------------------------------------


def test_when_capacity_falls_nobody_is_put_out_and_nobody_gets_in_until_there_is_room() -> None:
    city = City({"beds": {"capacity": 3}}, more=changed(1, set={"services.beds.capacity": 1}))
    told = city.lives(*(someone(0, stay("beds", days)) for days in (2, 3, 4)), someone(0.5, stay("beds", 1)))
    assert told.started("beds") == [0.0, 0.0, 0.0, 4.0]


def test_more_capacity_is_used_from_midnight() -> None:
    city = City({"beds": {"capacity": 0}}, more=changed(2, add={"services.beds.capacity": 1}))
    assert city.lives(someone(0.5, stay("beds", 1))).started("beds") == [2.0]


def test_a_falling_size_frees_room_in_equal_steps() -> None:
    """From 3 to 1 over 6 days: 3, 2 and 1 for two days each."""
    city = City({"stit": {"capacity": 3}})
    told = city.lives(
        someone(0, stay("stit", 6, size=(3.0, 1.0))), *(someone(0, stay("stit", 9)) for _ in range(3))
    )
    assert told.started("stit") == [0.0, 2.0, 4.0, 6.0]


def test_a_size_falls_at_once_in_a_stay_of_no_length() -> None:
    """Blocked from behind, the first takes 1 of 2 from the beginning; there is room for another."""
    city = City({"stit": {"capacity": 2}, "homecare": {"capacity": 0}})
    told = city.lives(
        someone(0, stay("stit", 3)),
        someone(0, stay("stit", 0, size=(2.0, 1.0)), stay("homecare", 1)),
        someone(1, stay("stit", 1)),
    )
    assert told.started("stit") == [0.0, 3.0, 3.0]


def test_a_size_that_falls_at_the_instant_of_leaving_frees_no_room_twice() -> None:
    """A stay of one step of the grid: its last fall is rounded to its end, when the person has gone already."""
    city = City({"stit": {"capacity": 3}})
    told = city.lives(
        someone(0, stay("stit", 2**-32, size=(3.0, 1.0))), *(someone(1, stay("stit", 1)) for _ in range(4))
    )
    assert told.started("stit") == [0.0, 1.0, 1.0, 1.0, 2.0]


def test_capacity_nought_takes_nobody() -> None:
    assert City({"beds": {"capacity": 0}}).lives(someone(0, stay("beds", 1))).rows(0, "beds") == [
        (0.0, NAN, NAN, NAN, "")
    ]


# ---- the horizon (rule 15) -------------------------------------------------------------------------------------


def test_at_the_horizon_everything_stops() -> None:
    city = City({"hospital": {}, "beds": {"capacity": 1}}, days=3)
    told = city.lives(
        someone(0, stay("hospital", 3)),
        someone(0, stay("beds", 9)),
        someone(1, stay("hospital", 1), stay("beds", 1)),
        someone(2.5, stay("hospital", 1)),
    )
    assert told.rows(0, "hospital") == [(0.0, 0.0, NAN, NAN, "")]
    assert told.rows(2, "hospital") == [(1.0, 1.0, 2.0, NAN, "")]
    assert told.rows(2, "beds") == [(2.0, NAN, NAN, NAN, "")]


# ---- one written order (rule 16) -------------------------------------------------------------------------------


def test_at_midnight_the_new_day_begins_before_anything_else() -> None:
    """The start that comes back at midnight goes to who has been waiting, not to who arrives at that instant."""
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)
    told = City({"stit": {"starts": week}}).lives(*(someone(t, stay("stit", 1)) for t in (0, 0.5, 1)))
    assert told.started("stit") == [0.0, 1.0, 2.0]


def test_arrivals_come_before_those_who_get_ready_and_lower_numbers_first() -> None:
    """Two get ready and one arrives at noon, for two beds: the arrival, then the lower number."""
    city = City({"hospital": {}, "beds": {"capacity": 2}})
    told = city.lives(
        someone(0, stay("hospital", 0.5), stay("beds", 5)),
        someone(0, stay("hospital", 0.5), stay("beds", 5)),
        someone(0.5, stay("beds", 5)),
    )
    assert told.started("beds") == [0.5, 5.5, 0.5]


def test_room_given_up_goes_to_the_queue_not_to_whoever_gets_ready_next() -> None:
    city = City({"hospital": {}, "beds": {"capacity": 1}})
    told = city.lives(
        someone(0, stay("beds", 2)),
        someone(0, stay("hospital", 2), stay("beds", 1)),
        someone(1, stay("beds", 1)),
    )
    assert told.started("beds") == [0.0, 3.0, 2.0]


def test_a_size_falls_after_those_who_get_ready_have_asked() -> None:
    """Room for 2: one falls from 2 to 1 at day 1, when another gets ready: they are let in at that instant."""
    city = City({"hospital": {}, "stit": {"capacity": 2}})
    told = city.lives(
        someone(0, stay("stit", 2, size=(2.0, 1.0))), someone(0, stay("hospital", 1), stay("stit", 1))
    )
    assert told.started("stit") == [0.0, 1.0]


def test_who_leaves_at_the_instant_of_opening_lets_the_next_in_before_somebody_with_priority_asks() -> None:
    """There is room for all but one start a day, so that leaving matters at no other instant."""
    eight = time_of_day("08:00")
    city = City({"hospital": {}, "homecare": {"starts": 1, "opens": "08:00"}})
    told = city.lives(
        someone(eight, stay("homecare", 2)),
        someone(1 + eight, stay("homecare", 9)),
        someone(1.5, stay("homecare", 9, priority=1)),
        someone(1.5, stay("hospital", 0.5 + eight), stay("homecare", 9, priority=0)),
    )
    assert told.started("homecare") == [eight, 1 + eight, 2 + eight, 3 + eight]


def test_opening_comes_last_and_the_service_nearest_the_exit_opens_first() -> None:
    """All open at noon: homecare lets one go from stit, stit one from hospital, in a single instant."""
    noon = {"capacity": 1, "opens": "12:00"}
    city = City(
        {"hospital": {"next": {"stit": 1.0}}, "stit": {**noon, "next": {"homecare": 1.0}}, "homecare": noon}
    )
    told = city.lives(
        someone(0, stay("hospital", 1), stay("stit", 3)),
        someone(0.5, stay("homecare", 0.75)),
        someone(0.5, stay("stit", 0.75), stay("homecare", 3)),
    )
    assert told.stay(2, "homecare")[0] == 1.5
    assert told.stay(0, "stit")[0] == 1.5
