"""Rosters: arithmetic by hand, pick-up against a queue simulated independently, five days against seven, the workbook."""

from __future__ import annotations

import heapq
import inspect
import math
from dataclasses import asdict, replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from flowsim.charts import pick_up_chart
from flowsim.cli import app
from flowsim.cli.staff import staff as staff_command
from flowsim.decisions.roster import SOURCES, Roster, Work, offered, roster_for, same_pay, with_roster
from flowsim.decisions.staffing import (
    PICK_UP,
    Outlook,
    Staffing,
    _surely_least,
    judges_for,
    picked_up,
    staff,
)
from flowsim.errors import RunError
from flowsim.experiment.intervals import Interval, wilson_interval
from flowsim.journeys import Journeys, Who
from flowsim.report.plans import percent
from flowsim.report.staffed import in_time, roster_book, rosters_table, staffing_sentences
from flowsim.report.takeaway import workbook
from flowsim.scenario.edits import Plan
from flowsim.scenario.files import from_text
from flowsim.scenario.model import Scenario
from flowsim.scenario.timeline import altered, bank_holidays, build_timeline
from tests.experiment.city import SMALL

# Ten visits a shift, nobody off; a stay takes 10 days of 1 visit, a start 2 visits more.
PLAIN = Work(
    visits_per_shift=10, visit_hours=0.5, visits_at_start=1, visits_at_end=1, stay_days=10, first_visit_hours=0.25,
    assessment_hours=0.75, sickness=0, leave=0, shift_pay=100, saturday=0.3, sunday=0.6,
)  # fmt: skip
PER_DAY = 4.4


def reablement(days: int = 364) -> Scenario:
    """Nothing but referrals to a team, from a Monday on."""
    return from_text(
        f"""
title = "Referrals to a team"
[run]
start = 2018-01-01
days = {days}
warm_up_days = 84
[streams.referrals]
label = "Referrals"
per_day = {PER_DAY}
enters = "stit"
routes = {{ reablement = 1.0 }}
[routes.reablement]
label = "Reablement"
[services.stit]
kind = "place"
opens = "08:00"
stay = {{ mean = 10, sd = 5 }}
""",
        "referrals",
    )


def test_what_a_roster_offers_by_hand() -> None:
    # 7 x 70 visits a week. With S starts a week: 10 S visits for the caseload, 2 S for starting: S = 490 / 12.
    given = offered(Roster("even", (7.0,) * 7), PLAIN)
    assert sum(given.starts) == pytest.approx(490 / 12)
    assert given.caseload == given.visits == pytest.approx(490 / 12 * 10 / 7)
    assert given.starts == pytest.approx((490 / 84,) * 7)
    # Five days: 350 visits from Monday to Friday hold 5 C + 2 S with C = 10 S / 7.
    five = offered(Roster("five", (7.0,) * 7, starts_at_weekends=False), PLAIN)
    assert sum(five.starts) == pytest.approx(350 / (50 / 7 + 2))
    assert five.starts[5:] == (0.0, 0.0)
    # A lean Sunday limits the caseload, and what the other days have beyond it starts people.
    lean = offered(Roster("lean", (7.0,) * 6 + (3.0,)), PLAIN)
    assert lean.visits == 30
    assert lean.starts == pytest.approx((20.0,) * 6 + (0.0,))


def test_needs_fall_in_equal_steps_and_absence_takes_its_share() -> None:
    work = Work(
        visits_at_start=4, visits_at_end=1, stay_days=20, visits_per_shift=10, sickness=0.1, leave=0.15
    )
    assert work.mean_visits == 2.5
    assert work.visits_of_a_stay == 50
    assert work.visits_worked == pytest.approx(7.5)


@pytest.mark.parametrize(
    "pattern", [(5.0,) * 5 + (0.0, 0.0), (4.0,) * 7, (6.0, 5.0, 5.0, 5.0, 4.0, 2.0, 1.0)]
)
def test_there_and_back(pattern: tuple[float, ...]) -> None:
    """Staff for starts, then starts from staff: at least as many, and with one on shift less, fewer."""
    roster = roster_for("r", pattern, PLAIN)
    assert all(float(s).is_integer() for s in roster.staff)
    given = offered(roster, PLAIN)
    assert sum(given.starts) >= sum(pattern) - 1e-9
    fewer = offered(Roster("f", tuple(s - 1 for s in roster.staff), roster.starts_at_weekends), PLAIN)
    # Either the starts are fewer, or the caseload that they need cannot be visited.
    assert min(sum(fewer.starts), 7 * fewer.visits / PLAIN.visits_of_a_stay) < sum(pattern)
    same = same_pay("same", 5000.0, pattern, PLAIN)
    assert same.pay(PLAIN) == pytest.approx(5000)
    shape = np.array(offered(same, PLAIN).starts)
    assert shape / shape.sum() == pytest.approx(np.array(pattern) / sum(pattern))


def queue_simulated(scenario: Scenario, places: int, starts: tuple[int, ...], seed: int) -> np.ndarray:
    """Share picked up within 24 hours, of all and by weekday of referral: a first-come queue written for this test alone."""
    rng = np.random.default_rng(seed)
    first, last = -scenario.run.warm_up_days, scenario.run.days
    off = {(day - scenario.run.start).days for day in bank_holidays(scenario)}
    a_day = {d: starts[6] if d in off else starts[d % 7] for d in range(first, last)}
    events = [(day + 8 / 24, 0) for day in range(first, last)]
    events += [(t, 1) for t in rng.uniform(first, last, rng.poisson(PER_DAY * (last - first)))]
    heapq.heapify(events)
    waiting: list[float] = []
    there, left, today = 0, 0, first - 1
    referred, in_time = np.zeros(7), np.zeros(7)
    while events:
        now, kind = heapq.heappop(events)
        if kind == 1:
            waiting.append(now)
        there -= kind == 2
        if int(np.floor(now)) != today:
            today = int(np.floor(now))
            left = a_day[today]
        while waiting and there < places and left and now % 1 >= 8 / 24 - 1e-12:
            asked = waiting.pop(0)
            there, left = there + 1, left - 1
            if 0 <= asked <= last - 1:
                referred[int(asked) % 7] += 1
                in_time[int(asked) % 7] += now - asked <= 1
            # Lognormal with a mean of 10 and a standard deviation of 5.
            stay = 10 * float(np.exp(rng.normal(-np.log(1.25) / 2, np.sqrt(np.log(1.25)))))
            if now + stay < last:
                heapq.heappush(events, (now + stay, 2))
    return np.concatenate([[in_time.sum() / referred.sum()], in_time / referred])


@pytest.mark.parametrize(
    ("staffed", "starts"),
    [((6.0,) * 7, (5,) * 7), ((6.4,) * 5 + (5.0, 5.0), (7,) * 5 + (0, 0))],
    ids=["seven days", "five days"],
)
def test_pick_up_is_that_of_a_queue_with_daily_starts(
    staffed: tuple[float, ...], starts: tuple[int, ...]
) -> None:
    """M/G/50 whose starts come by the day: from staff on shift to the share picked up within 24 hours."""
    city = reablement()
    roster = Roster("r", staffed, any(starts[5:]))
    given = offered(roster, PLAIN)
    assert given.caseload == pytest.approx(50)
    assert given.starts == pytest.approx(starts)
    found = staff(city, service="stit", work=PLAIN, rosters=[roster], replications=40).found["r"]
    assert found is not None
    queue = np.stack([queue_simulated(city, 50, starts, seed) for seed in range(40)])
    mean, error = queue.mean(axis=0), queue.std(axis=0, ddof=1) / np.sqrt(len(queue))
    spread = 1.5 * found.picked_up.half_width  # three standard errors of ours, and three of the queue's
    assert found.picked_up.value == pytest.approx(mean[0], abs=spread + 3 * error[0])
    assert found.picked_up.half_width < 0.08
    assert found.by_weekday == pytest.approx(mean[1:], abs=0.06)
    assert sum(found.referred) == pytest.approx(7 * PER_DAY, rel=0.03)


@pytest.fixture(scope="module")
def answer() -> Staffing:
    return staff(reablement(182), service="stit", work=PLAIN, replications=4)


def test_the_smallest_roster_picks_up_in_time_and_a_smaller_one_does_not(answer: Staffing) -> None:
    seven = answer.found["seven days"]
    assert seven is not None
    assert seven.roster is not None
    assert seven.picked_up.low >= 0.95
    assert answer.base.picked_up.value > 0.99  # no limit
    one_less = tuple(s - 1 for s in seven.roster.staff)
    less = staff(
        reablement(182),
        service="stit",
        work=PLAIN,
        rosters=[Roster("less", one_less)],
        replications=60,
        seed=1,
    )
    assert less.found["less"] is not None
    assert less.found["less"].picked_up.value < 0.95


def outlook_at(level: float) -> Outlook:
    """What more staff come to: a share and a chance that grow by a hundredth each, with intervals of four hundredths either way."""
    nothing, share, chance = Interval(0, 0, 0), level / 100, (level - 10) / 100
    intervals = [Interval(value, value - 0.04, value + 0.04) for value in (share, chance)]
    return Outlook("", None, None, 0.0, intervals[0], (), (), nothing, intervals[1])


@given(luck=st.integers(-60, 60))
@pytest.mark.parametrize(
    ("pick_up", "chance", "smallest"), [(0.5, 0.0, 54), (0.5, 0.6, 74), (0.97, 0.0, None)]
)
def test_the_smallest_that_is_surely_enough_is_found_whatever_the_luck_of_the_search(
    pick_up: float, chance: float, smallest: int | None, luck: int
) -> None:
    found = _surely_least(lambda level: outlook_at(level + luck), outlook_at, range(1, 101), pick_up, chance)
    assert found == smallest


def test_rosters_are_judged_on_replications_that_did_not_find_them() -> None:
    city = from_text(SMALL.replace("CAPACITY", "14"), "x")
    found = staff(city, service="stit", work=PLAIN, replications=3)
    seven = found.found["seven days"]
    assert seven is not None
    assert seven.roster is not None
    of_all = staff(city, service="stit", work=PLAIN, rosters=[seven.roster], replications=83).found[
        "seven days"
    ]
    of_three = staff(city, service="stit", work=PLAIN, rosters=[seven.roster], replications=3).found[
        "seven days"
    ]
    assert of_all is not None
    assert of_three is not None
    assert found.judges == 80
    assert seven.delayed.value == pytest.approx((83 * of_all.delayed.value - 3 * of_three.delayed.value) / 80)


@pytest.mark.parametrize(("confidence", "pick_up"), [(0.9, 0.95), (0.97, 0.5), (0.6, 0.97)])
def test_so_many_replications_judge_that_what_is_asked_can_be_told(confidence: float, pick_up: float) -> None:
    judges = judges_for(2, pick_up, confidence)
    assert wilson_interval(judges, judges).low >= max(confidence, pick_up)


def test_a_chance_that_few_replications_cannot_tell_is_told() -> None:
    short = reablement(28)
    city = short.model_copy(update={"target": short.target.model_copy(update={"confidence": 0.95})})
    found = staff(city, service="stit", work=PLAIN, pick_up=0.5, replications=2)
    assert found.judges == judges_for(2, 0.5, 0.95)
    seven = found.found["seven days, target"]
    assert seven is not None
    assert seven.chance.low >= 0.95
    assert seven.picked_up.low >= 0.5


def test_more_is_not_promised_than_replications_that_end_some_day_can_tell() -> None:
    short = reablement(28)
    city = short.model_copy(update={"target": short.target.model_copy(update={"confidence": 0.9999})})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flowsim.decisions.staffing.MOST_JUDGES", 61)
        found = staff(city, service="stit", work=PLAIN, pick_up=0.5, replications=2)
    assert found.judges >= 61
    assert found.found["seven days, target"] is None
    assert any("seems enough" in s and "replications cannot show it" in s for s in staffing_sentences(found))


@pytest.mark.parametrize(("staffed", "share"), [(60.0, 1.0), (0.0, 0.0)])
def test_where_all_replications_agree_the_share_still_has_an_interval(staffed: float, share: float) -> None:
    mine = Roster("mine", (staffed,) * 7)
    found = staff(reablement(28), service="stit", work=PLAIN, rosters=[mine], replications=10).found["mine"]
    assert found is not None
    assert found.picked_up == wilson_interval(10 * share, 10)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[[changes]]\nlabel = "more"\nfrom = 2017-10-10\nadd = { "services.stit.capacity" = 20 }\n', 'the change "more" adds 20 to'),
        ('[[changes]]\nlabel = "new"\nfrom = 2017-10-10\nset = { "services.stit.capacity" = 20 }\n', 'the change "new" sets'),
        ('[[escalations]]\nlabel = "surge"\nwhen_delayed_above = 9\nuntil_below = 5\nadd = { "services.stit.starts" = 2 }\n', 'the escalation "surge" adds 2'),
        ('[[escalations]]\nlabel = "surge"\nwhen_delayed_above = 9\nuntil_below = 5\nset = { "services.stit.capacity" = 20 }\n', 'the escalation "surge" sets'),
        ('[routes.d2a_home.at.stit]\nsize = 2\n', r"routes\.d2a_home\.at\.stit\.size"),
        ('[[changes]]\nlabel = "two"\nfrom = 2017-10-10\nset = { "routes.d2a_home.at.stit.size" = 2 }\n', 'the change "two" sets routes.d2a_home.at.stit.size'),
        ('[[changes]]\nlabel = "two"\nfrom = 2017-10-10\nset = { "routes.d2a_home.at" = { stit = { size = 2 } } }\n', 'the change "two" sets routes.d2a_home.at.stit.size'),
    ],
)  # fmt: skip
def test_what_would_be_taken_for_visits_or_undo_a_roster_is_refused(more: str, words: str) -> None:
    text = SMALL.replace("CAPACITY", "14")
    text += more
    with pytest.raises(RunError, match=words):
        staff(
            from_text(text, "x"),
            service="stit",
            work=PLAIN,
            rosters=[Roster("r", (9.0,) * 7)],
            replications=2,
        )


def test_a_change_of_nothing_is_none_of_a_roster() -> None:
    more = '[[changes]]\nlabel = "none"\nfrom = 2017-10-10\nset = { "services.stit" = {} }\n'
    city = from_text(SMALL.replace("CAPACITY", "14") + more, "x")
    assert with_roster(city, "stit", Roster("r", (9.0,) * 7), PLAIN).services["stit"].unit == "visits per day"


def test_a_factor_holds_for_visits_too() -> None:
    more = '[[changes]]\nlabel = "more"\nfrom = 2017-10-10\nscale = { "services.stit.capacity" = 1.5 }\n'
    city = from_text(SMALL.replace("CAPACITY", "14") + more, "x")
    plan = with_roster(city, "stit", Roster("r", (9.0,) * 7), PLAIN)
    before, after = (build_timeline(plan).on(day).services["stit"].capacity for day in (0, 20))
    assert before is not None
    assert after == pytest.approx(1.5 * before)


def test_on_a_bank_holiday_staff_are_the_sundays() -> None:
    """Christmas Day of 2017 is a Monday; the roster has another number of staff on every day."""
    roster = Roster("r", (16.0, 15.0, 14.0, 13.0, 12.0, 11.0, 10.0))
    winter = altered(from_text(SMALL.replace("CAPACITY", "14"), "x"), Plan(put={"run.days": 100}))
    timeline = build_timeline(with_roster(winter, "stit", roster, PLAIN))
    starts = timeline.by_weekday(lambda s: s.services["stit"].starts, missing=-1.0)[-timeline.first_day :]
    monday = winter.run.start
    on = {day: float(starts[(day - monday).days]) for day in (monday + timedelta(d) for d in range(100))}
    given = offered(roster, PLAIN).starts
    assert len(set(given)) == 7
    for day, started in on.items():
        is_holiday = day in (date(2017, 12, 25), date(2017, 12, 26), date(2018, 1, 1))
        assert started == pytest.approx(given[6 if is_holiday else day.weekday()]), day


HORIZON = 28.0
WAITS_ON, NOBODY = math.nan, math.nan


@pytest.mark.parametrize(
    ("asked", "started", "left", "counts"),
    [
        (3.5, 3.75, NOBODY, (1, 1)),
        (3.5, 4.5, NOBODY, (1, 1)),  # a day is within 24 hours
        (3.5, 4.75, NOBODY, (1, 0)),
        (3.5, WAITS_ON, NOBODY, (1, 0)),
        (0.0, 0.5, NOBODY, (1, 1)),
        # Before the run.
        (-0.5, 0.25, NOBODY, (0, 0)),
        # Who stopped asking within 24 hours could not be picked up in time; who waited longer could.
        (3.5, WAITS_ON, 4.0, (0, 0)),
        (3.5, WAITS_ON, 5.0, (1, 0)),
        # Of the last 24 hours nobody knows who will be picked up in time: to count those who are would flatter.
        (26.75, 27.25, NOBODY, (1, 1)),
        (26.75, WAITS_ON, NOBODY, (1, 0)),
        (27.25, 27.5, NOBODY, (0, 0)),
        (27.25, WAITS_ON, NOBODY, (0, 0)),
    ],
)
def test_referrals_are_counted_where_it_can_be_known_whether_they_were_picked_up_in_time(
    asked: float, started: float, left: float, counts: tuple[int, int]
) -> None:
    referred, in_time = picked_up(referral(asked, started, left), 1, first_weekday=3)
    weekday = (3 + math.floor(asked)) % 7  # of a run that begins on a Thursday
    for found, count in zip((referred, in_time), counts, strict=True):
        assert found.tolist() == [count if day == weekday else 0 for day in range(7)]


def referral(asked: float, started: float, left: float) -> Journeys:
    """One person who asks for service 1, from service 0."""
    one, none = np.ones(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    who = Who(("s",), ("r",), none, none, none, none, np.array([asked - 2]))
    nobody = np.array([math.nan])
    return Journeys(
        who, HORIZON, person=none, step=one, purpose=none, service=one, asked=np.array([asked]), started=np.array([started]),
        ready=nobody, left=np.array([left]), due=nobody, outcome=-one,
    )  # fmt: skip


def test_no_five_day_roster_picks_up_at_weekends(answer: Staffing) -> None:
    assert answer.found["five days"] is None
    largest = answer.largest["five days"]
    # Whoever is referred on Saturday, or on Friday after the last start, waits longer than a day.
    assert largest.by_weekday[5] == 0
    assert largest.picked_up.value < 6 / 7


def test_at_the_same_pay_seven_days_pick_up_more(answer: Staffing) -> None:
    five, seven = answer.same_pay
    assert five.pay == pytest.approx(seven.pay)
    assert five.picked_up.high < seven.picked_up.low
    # Weekend enhancement by hand: the shifts of Saturday at 30 % and of Sunday at 60 % of a hundred pounds.
    for outlook in (five, seven):
        assert outlook.roster is not None
        by_hand = 30 * outlook.roster.staff[5] + 60 * outlook.roster.staff[6]
        assert answer.enhancement(outlook) == pytest.approx(by_hand)


def test_what_was_found_is_said_first(answer: Staffing) -> None:
    seven = answer.found["seven days"]
    assert seven is not None
    said = list(staffing_sentences(answer))
    assert said[0].startswith(
        "The smallest roster of seven days that is surely enough for 95 % to be picked up within 24 hours: "
    )
    assert f"for £{seven.pay:,.0f} a week" in said[0]
    assert any(words.startswith("The smallest roster that follows the referrals") for words in said)
    assert any(words.startswith("No roster of five days") for words in said)
    assert "Looked for on 4 replications, and judged on 80 others, which all figures are of" in said[-1]


def test_of_a_roster_that_was_given_it_is_said_first_what_it_comes_to() -> None:
    found = staff(
        reablement(182), service="stit", work=PLAIN, rosters=[Roster("mine", (8.0,) * 7)], replications=3
    )
    mine = found.found["mine"]
    assert mine is not None
    first, *_, last = staffing_sentences(found)
    assert first.startswith(
        f"With mine {percent(mine.picked_up)} of those referred are picked up within 24 hours, "
    )
    assert "3 replications of each, on the same draws" in last


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        (Interval(0.97, 0.96, 0.98), ", which is surely the 95 % asked for; "),
        (Interval(0.96, 0.94, 0.98), ", which seems to be the 95 % asked for, but 4 replications cannot show it; "),
        (Interval(0.94, 0.92, 0.96), ", which seems less than the 95 % asked for; "),
        (Interval(0.92, 0.90, 0.94), ", which is less than the 95 % asked for; "),
    ],
)  # fmt: skip
def test_of_a_roster_that_was_given_it_is_said_whether_it_picks_up_what_was_asked(
    answer: Staffing, mine: Interval, words: str
) -> None:
    given_one = replace(answer.base, name="mine", picked_up=mine)
    odd = replace(answer, found={"mine": given_one}, largest={}, same_pay=(), judges=0)
    assert words in next(staffing_sentences(odd))


@pytest.mark.parametrize(
    ("share", "chance", "start", "end"),
    [
        (Interval(0.92, 0.90, 0.94), Interval(1, 0.95, 1), "No roster of seven days that was tried is enough for 95 %", "chance of it is 100 % (95 % to 100 %)."),
        (Interval(0.97, 0.96, 0.98), Interval(0.5, 0.3, 0.7), "No roster of seven days that was tried is enough for 95 %", ": others hold them up."),
        (Interval(0.97, 0.96, 0.98), Interval(0.88, 0.8, 0.94), "No roster of seven days that was tried is surely enough for 95 %", ": others hold them up."),
        (Interval(0.97, 0.96, 0.98), Interval(0.95, 0.88, 0.98), "With up to 8 on shift a roster of seven days seems enough for 95 %", "chance of it is 95 % (88 % to 98 %)."),
    ],
)  # fmt: skip
def test_what_is_not_sure_is_told_from_what_is_not_so(
    answer: Staffing, share: Interval, chance: Interval, start: str, end: str
) -> None:
    largest = replace(answer.base, roster=Roster("seven days", (8.0,) * 7), picked_up=share, chance=chance)
    odd = replace(answer, found={"seven days, target": None}, largest={"seven days": largest}, same_pay=())
    said, *_ = staffing_sentences(odd)
    assert said.startswith(start)
    assert said.endswith(end)
    assert ("cannot show it" in said) == ("seems" in said)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (Interval(0.9966, 0.9954, 0.9977), "99.7 % (99.5 % to 99.8 %)"),
        (Interval(0.004, 0.0, 0.008), "0.4 % (0.0 % to 0.8 %)"),
        (Interval(0.97, 0.96, 1.0), "97 % (96 % to 100 %)"),
        (Interval(1.0, 0.722, 1.0), "100 % (72 % to 100 %)"),
    ],
)
def test_a_share_that_is_neither_all_nor_nobody_does_not_read_so(
    answer: Staffing, share: Interval, words: str
) -> None:
    assert in_time(share) == words
    odd = replace(answer, found={"mine": replace(answer.base, name="mine", picked_up=share)}, largest={})
    assert words in next(staffing_sentences(odd))
    assert words in list(rosters_table(odd).columns[5].cells)


def test_the_chance_is_said_of_a_roster_that_keeps_the_target(answer: Staffing) -> None:
    seven = answer.found["seven days, target"]
    assert seven is not None
    odd = replace(answer, found={"seven days, target": seven})
    assert next(staffing_sentences(odd)).endswith(f"; the chance of it is {percent(seven.chance)}.")


def test_the_chart_shows_staff_and_pick_up(answer: Staffing) -> None:
    above, below = pick_up_chart(answer.outlooks, answer.pick_up).axes
    heights = [bar.get_height() for bar in below.patches]  # type: ignore[attr-defined]
    assert heights == pytest.approx([100 * share for o in answer.outlooks for share in o.by_weekday])
    assert len(above.patches) == 7 * sum(o.roster is not None for o in answer.outlooks)


def test_the_workbook_holds_the_roster_and_no_formula(answer: Staffing) -> None:
    seven = answer.found["seven days"]
    assert seven is not None
    assert seven.roster is not None
    odd = replace(answer, found={**answer.found, "odd": replace(seven, name="=1+1")})
    book = openpyxl.load_workbook(BytesIO(workbook(roster_book(odd))))
    rows = list(book["Roster"].iter_rows(min_row=2, values_only=True))
    assert ("seven days", "staff on shift", *seven.roster.staff) in rows
    assert ("=1+1", "staff on shift", *seven.roster.staff) in rows
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)


def test_the_command_begins_with_the_usual_values() -> None:
    """They are written there as well, so that its help needs nothing of the model and comes at once."""
    defaults = {name: field.default for name, field in inspect.signature(staff_command).parameters.items()}
    usual = asdict(Work()) | {"stay_days": None, "pick_up": PICK_UP}  # the stay is the scenario's
    usual["replications"] = inspect.signature(staff).parameters["replications"].default
    assert {name: defaults[name] for name in usual} == usual


def test_every_usual_value_says_where_it_comes_from(answer: Staffing) -> None:
    assert set(SOURCES) == set(asdict(Work()))
    assumed = roster_book(answer)["Assumptions"].set_index("What").iloc[:, 1]
    assert assumed["sickness"] == "as given"  # nobody off, in these tests
    assert assumed["saturday"].startswith("assumption: ")


def test_words_for_what_cannot_be() -> None:
    for wrong, words in (({"sickness": 0.6, "leave": 0.5}, "leave nobody at work"), ({"visits_at_start": 1, "visits_at_end": 2}, "is above --visits-at-start"), ({"stay_days": 0}, "--stay-days: 0 is out of range")):  # fmt: skip
        with pytest.raises(RunError, match=words):
            Work(**wrong)
    with pytest.raises(RunError, match="seven numbers"):
        Roster("short", (1.0, 2.0))
    with pytest.raises(RunError, match="say which with --service"):
        staff(reablement())
    with pytest.raises(RunError, match="has no such place"):
        staff(reablement(), service="stitt")
    with pytest.raises(RunError, match="above 0 and below 1"):
        staff(reablement(), service="stit", pick_up=1.0)


def test_the_command_tries_a_roster_and_writes_it(tmp_path: Path) -> None:
    file, out = tmp_path / "base.toml", tmp_path / "out"
    file.write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    command = ["staff", str(file), "--service", "stit", "--cores", "1", "-n", "2"]
    said = CliRunner().invoke(app, [*command, "--staff", "9,9,9,9,9,8,8", "--out", str(out)])
    assert said.exit_code == 0, said.output
    assert "staff 9,9,9,9,9,8,8" in said.output
    assert {p.name for p in out.iterdir()} == {"roster.xlsx", "pick-up.png", "manifest.json"}
    for wrong, words in (
        ("--staff=1,2,x", "must be seven numbers"),
        ("--leave=2", "--leave: 2 is out of range"),
    ):
        said = CliRunner().invoke(app, [*command, wrong])
        assert said.exit_code == 2
        assert words in said.output
