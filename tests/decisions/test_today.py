"""Start from today: the people counted are there when the run begins, and nobody is lost after it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import flowsim
from flowsim.decisions.forecast import forecast
from flowsim.decisions.prior import prior_set
from flowsim.decisions.today import started
from flowsim.errors import DataError
from flowsim.journeys import Journeys
from flowsim.observed.today import Count, Today, read_today
from flowsim.people import populate, prepare
from flowsim.ranks import Ranks
from flowsim.scenario import Plan, Scenario, altered, build_timeline, from_text
from tests.cities import little_city
from tests.laws.counts import LAWS_OF_COUNTING
from tests.laws.lived import live
from tests.laws.needs import needs_are_those_of_the_scenario
from tests.laws.queues import LAWS_OF_A_DESK, desks
from tests.laws.stories import stories
from tests.twins.both import in_both_engines

SUNDAY = dt.date(2018, 1, 14)


def city() -> Scenario:
    return from_text(little_city(), "city")


def today(*counts: Count) -> Today:
    return Today(counts, SUNDAY)


def count(what: str, **values: float) -> Count:
    return Count(what, f"today.csv: {what}", **values)  # type: ignore[arg-type]


KNOWN = (
    count("A", in_hospital=9, waited_days=2.0),
    count("F", in_hospital=4),
    count("stit", in_hospital=6, caseload=70, waiting_elsewhere=2, waited_days=3.0),
    count("ic_beds", in_hospital=5, caseload=44),
    count("hospital", caseload=90),
)


def lives(scenario: Scenario, replication: int = 0) -> Journeys:
    """What happens to everybody, the same in both engines."""
    plan = prepare(build_timeline(scenario))
    people = populate(plan, Ranks(3, replication))
    return in_both_engines(people, plan.offer, float(scenario.run.days))


def waiting_at_the_start(scenario: Scenario, journeys: Journeys) -> dict[str, int]:
    """People who were in hospital ready when the run began, by what kept them there: each is asked for at that instant."""
    names = list(scenario.services)
    hospital = names.index("hospital")
    in_hospital = (journeys.service == hospital) & (journeys.started <= 0) & (journeys.ready <= 0)
    who = set(journeys.person[in_hospital].tolist())
    found: dict[str, int] = {}
    for person in who:
        rows = np.flatnonzero(
            (journeys.person == person) & (journeys.asked <= 0) & (journeys.service != hospital)
        )
        assert rows.size, "somebody is ready and waits for nothing"
        first = names[int(journeys.service[rows[0]])]
        found[first] = found.get(first, 0) + 1
    return found


def test_those_counted_are_there_when_the_run_begins() -> None:
    scenario, day_0, _ = started(city(), today(*KNOWN), SUNDAY, 28)
    assert scenario.run.warm_up_days == 0
    assert scenario.run.start == SUNDAY
    wanted = {"allocation": 9, "equipment": 4, "stit": 6, "ic_beds": 5}
    assert dict(zip(day_0["service"], day_0["people"], strict=True)) == wanted
    for replication in range(3):
        assert waiting_at_the_start(scenario, lives(scenario, replication)) == wanted


def there_at_the_start(journeys: Journeys, place: int) -> tuple[int, int]:
    """Everybody who was in a place when the run began, and those of them who were ready."""
    inside = (journeys.service == place) & (journeys.started < 0) & ~(journeys.left <= 0)
    return int(inside.sum()), int((inside & (journeys.ready <= 0)).sum())


def test_caseloads_are_there_too() -> None:
    scenario, _, _ = started(city(), today(*KNOWN), SUNDAY, 28)
    names = list(scenario.services)
    for replication in range(3):
        journeys = lives(scenario, replication)
        # Everybody who is ready in hospital (9 + 4 + 6 + 5) is among those counted in it.
        assert there_at_the_start(journeys, names.index("hospital")) == (90, 24)
        assert there_at_the_start(journeys, names.index("stit")) == (70, 0)
        # Two wait for STIT, in a bed or in no place: which of them is up to chance, and one is expected to be in a bed.
        people, ready = there_at_the_start(journeys, names.index("ic_beds"))
        assert people - ready in (42, 43)
        assert ready <= 2


# Nobody has a memory in this town, so the counts of a midnight are all that is to know of it. Some fourteen of the 66 people
# in STIT wait for homecare.
TOWN = """
title = "People who wait for homecare block STIT"

[run]
start = 2018-01-10
days = 28
warm_up_days = 200

[streams.emergency]
label = "Emergency admissions"
per_day = 5
enters = "hospital"
routes = { d2a = 1.0 }

[routes.d2a]
label = "D2A at home"
stay = { dist = "exponential", mean = 4 }
next = { stit = 1.0 }

[services.hospital]
kind = "place"

[services.stit]
kind = "place"
capacity = 66
stay = { dist = "exponential", mean = 10 }
next = { leave = 0.4, homecare = 0.6 }
reason = "E"

[services.homecare]
kind = "place"
starts = { mon = 5, tue = 4, wed = 5, thu = 4, fri = 5, sat = 0, sun = 0 }
opens = "08:00"
stay = { dist = "exponential", mean = 30 }
next = { leave = 1.0 }
reason = "E"
"""


def in_town(capacity: float, *counts: Count) -> tuple[Scenario, tuple[str, ...]]:
    """The town with so much room in STIT, from counts of a Wednesday, and what is said of them."""
    scenario = altered(from_text(TOWN, "town"), Plan(put={"services.stit.capacity": capacity}))
    begun, _, notes = started(scenario, today(*counts), dt.date(2018, 1, 10), 14)
    return begun, notes


@pytest.mark.parametrize(
    ("counted", "waiting", "there"),
    [(225, 17, (225, 17)), (225, 0, (225, 0)), (17, 17, (17, 17)), (10, 17, (17, 17))],
)
def test_who_waits_in_a_place_is_among_those_counted_in_it(
    counted: int, waiting: int, there: tuple[int, int]
) -> None:
    scenario, _ = in_town(
        242, count("stit", caseload=counted), count("homecare", caseload=300, waiting_elsewhere=waiting)
    )
    for replication in range(2):
        journeys = lives(scenario, replication)
        assert there_at_the_start(journeys, list(scenario.services).index("stit")) == there


def test_who_waits_in_a_place_that_nobody_counted_is_beyond_its_usual_people() -> None:
    bare, _ = in_town(242)
    scenario, notes = in_town(242, count("homecare", waiting_elsewhere=17))
    # Five a day for ten days.
    assert bare.services["stit"].initial.people == scenario.services["stit"].initial.people == 50
    assert there_at_the_start(lives(scenario), list(scenario.services).index("stit")) == (67, 17)
    assert [note.split(":")[0] for note in notes] == ["Not counted, so taken from the scenario"]


def test_counts_that_contradict_one_another_are_said() -> None:
    hospital, homecare = count("hospital", caseload=20), count("homecare", caseload=90, waiting_elsewhere=17)
    said = (
        "Counts contradict one another: 16 people were counted in stit, but of those who wait for something else 17 should be "
        "there by the scenario's routes, so it begins with 17."
    )
    assert in_town(66, hospital, homecare, count("stit", caseload=16))[1] == (said,)
    assert in_town(66, hospital, homecare, count("stit", caseload=17))[1] == ()
    # More who are ready in hospital than people in it.
    (note,) = in_town(
        66, hospital, count("homecare", caseload=90), count("stit", caseload=50, in_hospital=21)
    )[1]
    assert "20 people were counted in hospital, but of those who wait for something else 21" in note


def test_more_people_than_fit_are_said() -> None:
    counts = (count("hospital", caseload=20), count("homecare", caseload=90, waiting_elsewhere=17))
    assert in_town(66, *counts, count("stit", caseload=66))[1] == ()
    assert in_town(66, *counts, count("stit", caseload=69))[1] == (
        "More at the start than fit: stit 69 for a capacity of 66 people. Nobody is taken on there until there is room.",
    )


def test_room_is_that_of_the_first_day_in_the_service_s_own_unit() -> None:
    winter = """
[[changes]]
label = "A rota falls away"
from = 2018-01-09
set = { "services.stit.capacity" = 96 }
"""
    sized = TOWN.replace(
        "capacity = 66", 'capacity = 160\nunit = "visits per day"\nsize = { start = 3, end = 1 }'
    )
    # On average two visits each for those in the middle of their stay, and one for those at its end: 2 x 40 + 17.
    counts = (
        count("hospital", caseload=20),
        count("stit", caseload=57),
        count("homecare", caseload=90, waiting_elsewhere=17),
    )
    _, _, notes = started(from_text(sized, "town"), today(*counts), dt.date(2018, 1, 10), 14)
    assert notes == ()
    _, _, notes = started(from_text(sized + winter, "town"), today(*counts), dt.date(2018, 1, 10), 14)
    assert [note.split(": ")[1].split(".")[0] for note in notes] == [
        "stit 97 for a capacity of 96 visits per day"
    ]


def test_people_counted_where_no_route_leads_are_left_out_and_said() -> None:
    counts = (*KNOWN, count("offsite_beds", caseload=3))
    scenario, _, notes = started(city(), today(*counts), SUNDAY, 14)
    assert scenario.services["offsite_beds"].initial.people == 0
    assert "Left out, because nobody has a stay there in the scenario: offsite_beds 3." in notes


def test_the_model_s_own_midnight_is_forecast_without_a_bias() -> None:
    """A perfect model: what comes after the counts of its own midnights is what it forecasts from them, on average."""
    town, runs = from_text(TOWN, "town"), 24
    truth = flowsim.run(town, replications=runs, seed=5)
    # No number may be off: room that may be, a little less or more, would add to the mean.
    spread = prior_set(town, 1)
    sure = replace(spread, table=spread.table.assign(**dict.fromkeys(spread.paths, 1.0)))

    def last_night(measure: str, run: int) -> int:
        return int(truth.by_day(measure, warm_up=True)[run, town.run.warm_up_days - 1])

    errors = []
    for run in range(runs):
        counts = (
            count("hospital", caseload=last_night("in_hospital", run)),
            count("stit", caseload=last_night("in_stit", run), in_hospital=last_night("queue_stit", run)),
            count(
                "homecare",
                caseload=last_night("in_homecare", run),
                waiting_elsewhere=last_night("queue_homecare", run),
            ),
        )
        known = Today(counts, town.run.start)
        found = forecast(town, today=known, weeks=4, paths=24, seed=run, plausible=sure)
        errors.append(float((found.daily["mean"] - truth.by_day("delayed")[run]).mean()))
    # Some six people are delayed. With those who wait in STIT counted twice, eight too many were forecast.
    doubt = np.std(errors, ddof=1) / np.sqrt(runs)
    assert abs(np.mean(errors)) < 3 * doubt
    assert doubt < 1.2


def test_on_a_day_on_which_nobody_moves_the_census_is_what_was_counted() -> None:
    """A Sunday: no team begins, no place takes anybody on; who is ready in hospital on Sunday morning is so at night."""
    quiet = little_city()
    for old, new in (
        ("unwell_per_day = 0.01", "unwell_per_day = 0.0"),
        ("leaves_per_day = 0.007", "leaves_per_day = 0.0"),
        ("counted_after_days = 0.5", "counted_after_days = 0.0"),
        ("decided = { sat = 0.4, sun = 0.3 }", "decided = { sat = 0.4, sun = 0.0 }"),
        ("{ sat = 4, sun = 4 }", "{ sat = 4 }"),
    ):
        assert old in quiet
        quiet = quiet.replace(old, new)
    nobody = {"sun": 0.0}
    closed = {f"services.{name}.starts": nobody for name in ("allocation", "equipment", "stit", "ic_beds")}
    scenario = altered(from_text(quiet, "still"), Plan(put=closed))
    # Nobody but those who are ready.
    counts = (*(c for c in KNOWN if c.what != "hospital"), count("hospital", caseload=24))
    start, day_0, _ = started(scenario, today(*counts), SUNDAY, 7)
    result = flowsim.run(start, replications=2, seed=4)
    for row in day_0.to_dict("records"):
        assert result.by_day(f"waiting_{row['service']}")[:, 0].tolist() == [row["people"]] * 2
    assert result.by_day("excess")[:, 0].tolist() == [24.0, 24.0]
    assert result.by_day("delayed")[:, 0].tolist() == pytest.approx([day_0["delayed"].sum()] * 2)


def test_all_laws_hold_from_the_first_instant() -> None:
    """Conservation, queue discipline, starts and room: what must hold of every run holds of one that begins from counts."""
    scenario, _, _ = started(city(), today(*KNOWN), SUNDAY, 42)
    found = live(scenario)
    for law in (*LAWS_OF_COUNTING, needs_are_those_of_the_scenario):
        assert next(iter(law(found)), None) is None
    for desk in desks(found, stories(found)):
        for law_of_a_desk in LAWS_OF_A_DESK:
            assert next(iter(law_of_a_desk(desk)), None) is None


def test_an_official_count_is_divided_by_the_share_that_is_counted() -> None:
    _, day_0, _ = started(city(), today(count("A", delayed=10), count("C", delayed=3)), SUNDAY, 14)
    assert dict(zip(day_0["service"], day_0["people"], strict=True)) == {"allocation": 20, "ic_beds": 3}
    assert day_0["delayed"].tolist() == [10, 3]


def test_a_reason_is_dealt_over_its_services() -> None:
    two = (
        little_city()
        .replace("d2a_home = 0.15", "d2a_home = 0.15, package = 0.05")
        .replace(
            "[routes.from_community]",
            '[routes.package]\nlabel = "Package"\nstay = { mean = 9, sd = 8 }\nnext = { homecare = 1.0 }\n\n[routes.from_community]',
        )
    )
    _, day_0, _ = started(from_text(two, "two"), today(count("E", in_hospital=41)), SUNDAY, 14)
    people = dict(zip(day_0["service"], day_0["people"], strict=True))
    assert people["stit"] + people["homecare"] == 41
    # STIT from hospital: 15 % and what is over-prescribed of the others; homecare 5 %.
    assert 2 < people["stit"] / people["homecare"] < 4.5


def test_what_nobody_counted_is_said() -> None:
    _, _, notes = started(city(), today(count("A", in_hospital=3)), SUNDAY, 14)
    assert "Not counted, so taken from the scenario" in notes[0]
    assert "stit 60" in notes[0]
    assert "hospital" in notes[0]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((count("Z", in_hospital=1),), '"Z" is neither a service nor the reason of one'),
        ((count("stitt", caseload=1),), 'did you mean "stit"?'),
        ((count("H", in_hospital=1),), 'reasons: "A", "C", "Dii", "E", "F"'),
        ((count("E", caseload=4),), "a reason has no caseload"),
        ((count("A", in_hospital=4, delayed=2),), "give in_hospital or delayed, not both"),
        (
            (count("A", in_hospital=4), count("allocation", in_hospital=2)),
            "counted twice, by service and by reason",
        ),
        ((count("allocation", caseload=4),), "is a team: people wait for it in hospital"),
        ((count("review", in_hospital=4),), 'nobody comes to wait for "review" in hospital'),
    ],
)
def test_counts_that_make_no_sense(counts: tuple[Count, ...], words: str) -> None:
    with pytest.raises(DataError) as problem:
        started(city(), today(*counts), SUNDAY, 14)
    assert words in str(problem.value)


def test_a_census_file_is_a_start(tmp_path: Path) -> None:
    path = tmp_path / "census.csv"
    path.write_text("date,A,C,E\n2018-01-12,1,1,1\n2018-01-13,6,2,5\n", encoding="utf-8")
    found = read_today(path)
    assert found.date == SUNDAY
    assert {c.what: c.delayed for c in found.counts} == {"A": 6, "C": 2, "E": 5}
    _, day_0, _ = started(city(), found, SUNDAY, 14)
    assert day_0["delayed"].sum() == pytest.approx(13)


LIST = """admitted,ready,left,reason
2018-01-01,2018-01-04,2018-01-09,E
2018-01-02,2018-01-10,,E
2018-01-03,2018-01-12,,E
2018-01-05,2018-01-13,,A
2018-01-06,2018-01-13,,
2018-01-11,,,
"""


def test_a_list_of_discharges_with_those_who_have_not_left_is_a_start(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST, encoding="utf-8")
    found = read_today(path)
    assert found.date == SUNDAY
    # Days from being ready until the midnight that ends the last day of the list.
    assert {c.what: (c.in_hospital, c.waited_days) for c in found.counts} == {"E": (2, 3.0), "A": (1, 1.0)}
    _, day_0, notes = started(city(), found, SUNDAY, 14)
    assert day_0["people"].sum() == 3
    assert notes[0] == "1 person is ready and still there without a reason, and not counted."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "admitted,ready,left,reason\n2018-01-01,2018-01-04,2018-01-09,E\n",
            "everybody in the list has left",
        ),
        ("admitted,ready,left,reason\n2018-01-01,2018-01-04,,\n", "nobody there is ready and has a reason"),
        ("admitted,ready,left,name\n2018-01-01,2018-01-04,,Ann\n", "would say who somebody is"),
    ],
)
def test_a_list_that_does_not_say_who_waits(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as problem:
        read_today(path)
    assert words in str(problem.value)


def test_counts_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "today.csv"
    path.write_text(
        "What,In hospital,Caseload,Waited days,Date\nA,9,,2,14/01/2018\nstit,6,70,3,14/01/2018\n",
        encoding="utf-8",
    )
    found = read_today(path)
    assert found.date == SUNDAY
    assert found.counts[1] == Count(
        "stit", found.counts[1].where, in_hospital=6, caseload=70, waited_days=3.0
    )
    assert isinstance(pd.Timestamp(found.date), pd.Timestamp)
