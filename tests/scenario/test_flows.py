"""Traffic equations and what a scenario amounts to."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import flowsim
from flowsim.cli import app
from flowsim.report.checked import dated_loads, edits_in_words, labels_in, queues_without_end
from flowsim.scenario import Plan, altered, build_timeline, from_text, offered_load, warnings
from flowsim.scenario.flows import ServiceLoad, flows
from tests.cities import erlang, little_city, write


def loads(text: str) -> dict[str, ServiceLoad]:
    return {load.service: load for load in offered_load(from_text(text, "x"))}


def test_one_queue_by_hand() -> None:
    found = loads(erlang(per_day=4, capacity=12, mean_stay=2.5))
    beds = found["beds"]
    assert (beds.people_per_day, beds.mean_stay_days, beds.load) == pytest.approx((4, 2.5, 10))
    assert (beds.use, beds.people_per_week, beds.most_per_day) == pytest.approx((10 / 12, 28, 12 / 2.5))
    assert (beds.verdict, beds.starts_per_week) == ("enough", None)
    assert found["hospital"].verdict == "no limit"


@pytest.mark.parametrize(
    ("capacity", "verdict"),
    [(9, "too little room"), (10, "too little room"), (10.2, "tight"), ("unlimited", "no limit")],
)
def test_verdicts(capacity: float | str, verdict: str) -> None:
    assert loads(erlang(capacity=capacity))["beds"].verdict == verdict


def test_a_closed_place_takes_nobody() -> None:
    beds = loads(erlang(capacity=0))["beds"]
    assert (beds.verdict, beds.most_per_day, beds.use) == ("too little room", 0, None)


def test_starts_limit_too() -> None:
    text = erlang(capacity=100).replace(
        "capacity = 100",
        "capacity = 100\nstarts = { mon = 5, tue = 5, wed = 5, thu = 5, fri = 5, sat = 0, sun = 0 }",
    )
    beds = loads(text)["beds"]
    assert (beds.verdict, beds.starts_per_week) == ("too few starts", 25)
    assert (
        "More people need beds (4.0 a day) than it can take on (3.6 a day): its queue grows without end"
        in beds.sentence()
    )


@given(back=st.floats(0, 0.9), again=st.floats(0, 0.9))
def test_people_who_come_back(back: float, again: float) -> None:
    onward = f"next = {{ hospital = {back!r}, leave = 'rest' }}"
    text = erlang(per_day=3).replace("next = { leave = 1.0 }", onward)
    text = text.replace("next = { beds = 1.0 }", f"next = {{ beds = {again!r}, leave = 'rest' }}")
    found = flows(from_text(text, "x"))
    hospital = 3 / (1 - back * again)
    assert found["onward", "hospital"] == pytest.approx(hospital)
    assert found.get(("onward", "beds"), 0) == pytest.approx(hospital * again)


def test_what_goes_in_comes_out() -> None:
    scenario = from_text(little_city(), "x")
    found = flows(scenario)
    left = sum(
        per_day
        * sum(
            share
            for target, share in {
                "hospital": {} if route != "home" else {"out": 1.0},
                "stit": {"out": 0.68},
                "ic_beds": {"out": 0.27},
                "homecare": {"out": 1.0},
                "care_home": {"out": 1.0},
            }.get(service, {}).items()
        )
        for (route, service), per_day in found.items()
    )
    # People from the community who come back to hospital follow the hospital's own next: none, so they leave.
    left += found["from_community", "hospital"]
    assert left == pytest.approx(20.5)


def test_over_prescription_moves_people() -> None:
    found = flows(from_text(little_city(), "x"))
    needed, moved = 20 * 0.77, 20 * 0.77 * 0.02
    assert found["home", "hospital"] == pytest.approx(needed - moved)
    stit = found["d2a_home", "stit"]
    assert found["d2a_home", "hospital"] == pytest.approx(20 * 0.15 + moved + 0.09 * stit)


def test_tasks_count_for_teams() -> None:
    found = flows(from_text(little_city(), "x"))
    assert found["d2a_step_down", "equipment"] == pytest.approx(0.4 * found["d2a_step_down", "hospital"])
    assert found["d2a_home", "review"] == pytest.approx(0.5 * found["d2a_home", "stit"])


def test_sizes_and_stay_factors_count() -> None:
    scenario = from_text(little_city(), "x")
    slower = altered(scenario, Plan(scale={"services.homecare.stay_scale": 2}))
    before, after = (next(s for s in offered_load(c) if s.service == "homecare") for c in (scenario, slower))
    assert before.mean_size == pytest.approx(11.2)
    assert before.load == pytest.approx(before.people_per_day * 146 * 11.2)
    assert after.load == pytest.approx(2 * before.load)


def test_whom_nobody_visits() -> None:
    offsite = loads(little_city())["offsite_beds"]
    assert offsite.verdict == "nobody comes"
    assert math.isnan(offsite.mean_stay_days)


# Warnings


def test_places_that_can_block_one_another() -> None:
    text = little_city().replace(
        '[services.hospital]\nkind = "place"', '[services.hospital]\nkind = "place"\ncapacity = 200'
    )
    found = warnings(from_text(text, "x"))
    assert any("come back to hospital" in w and "may wait for one another" in w for w in found)
    assert not any("wait for one another" in w for w in warnings(from_text(little_city(), "x")))


def test_days_left_out_and_nobody_there() -> None:
    text = (
        little_city()
        .replace('wait_in = ["offsite_beds"]', "")
        .replace("[[escalations]]", "[services.empty]\nkind = 'place'\n[[escalations]]")
    )
    found = warnings(from_text(text, "x"))
    assert any(w.startswith("services.ic_beds.starts says nothing of mon") for w in found)
    assert any(w.startswith("Nobody comes to services.empty") for w in found)
    assert any(w.startswith("Nobody comes to services.offsite_beds") for w in found)


def test_changes_that_never_act() -> None:
    base = from_text(little_city(), "x")
    run = base.run
    first = run.start - dt.timedelta(days=run.warm_up_days)
    past = run.start + dt.timedelta(days=run.days)
    dated = {
        "past the end": f"from = {past}",
        "on the last day": f"from = {past - dt.timedelta(days=1)}",
        "before the beginning": f"from = 2001-01-01\nto = {first - dt.timedelta(days=1)}",
        "on the first day": f"from = 2001-01-01\nto = {first}",
    }
    changes = "".join(
        f'[[changes]]\nlabel = "{name}"\n{when}\nscale = {{ "services.stit.stay" = 1.1 }}\n'
        for name, when in dated.items()
    )
    nothing = f'[[changes]]\nlabel = "void"\nfrom = {run.start}\n'
    found = warnings(
        from_text(little_city().replace("[[escalations]]", changes + nothing + "[[escalations]]"), "x")
    )
    assert 'The change "void" alters nothing: it has neither set, scale nor add.' in found
    (idle,) = (words for words in found if "never act" in words)
    assert idle.endswith('are the changes "past the end", "before the beginning".')
    assert not any("never act" in words for words in warnings(base))


# What a check says


def test_a_check_says_what_a_scenario_amounts_to(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(write(tmp_path, "little", little_city()))])
    assert result.exit_code == 0, result.output
    for fragment in (
        "A little city with everything (little)",
        "From 2017-10-01 to 2017-12-29: 90 days, after 60 days of warm-up",
        "Bank holidays in the run: 2017-12-25, 2017-12-26.",
        "From 2017-11-01 on: Seven-day pick-up by STIT: services.stit.starts becomes sat 4, sun 4",
        "From 2017-12-01 to 2017-12-20, growing over 5 days: Winter: streams.emergency.per_day is multiplied by 1.1",
        "When more than 25 are delayed, 2 days later, until fewer than 15 are: Open off-site beds",
        "On 2017-10-01: More people need STIT (4.8 a day) than it can take on (4.3 a day)",
        "of which 1 is an assumption",
    ):
        assert fragment in result.stdout, result.stdout


def test_the_worst_date_is_told_too() -> None:
    change = '[[changes]]\nlabel = "{0}"\nfrom = 2017-10-{0}\nto = 2017-10-20\nset = {{ "services.beds.capacity" = {1} }}\n'
    text = erlang(capacity=9) + change.format("05", 12) + change.format("09", 8) + change.format("15", 8.5)
    found = list(queues_without_end(dated_loads(build_timeline(from_text(text, "x")))))
    ending = "its queue grows without end unless people leave it otherwise."
    assert found == [
        f"On 2017-10-01: More people need beds (4.0 a day) than it can take on (3.6 a day): {ending}",
        f"At worst, from 2017-10-09: More people need beds (4.0 a day) than it can take on (3.2 a day): {ending}",
    ]


def test_markup_in_a_label_is_text(tmp_path: Path) -> None:
    file = write(tmp_path, "x", erlang().replace("One limited place", "[red]One[/red] [/nonsense]"))
    result = CliRunner().invoke(app, ["check", str(file)])
    assert result.exit_code == 0, result.output
    assert "[red]One[/red] [/nonsense]" in result.stdout


def test_edits_in_words() -> None:
    plan = Plan(put={"services": {"a": {"capacity": "unlimited"}}}, scale={"x": 1.5}, add={"y": -2})
    assert (
        edits_in_words(plan)
        == 'services.a.capacity becomes "unlimited", x is multiplied by 1.5, y falls by 2'
    )


def test_edits_in_the_words_of_the_scenario() -> None:
    city = flowsim.load("winter-pressure")
    plan = Plan(
        put={
            "services.allocation.lead_days": 3,
            "services.stit.starts": {"sat": 13, "sun": 13},
            "services.homecare.tasks": {"allocation": 1, "equipment": 0.5},
        },
        scale={"streams.emergency.routes.d2a_home": 1.04, "services.equipment.capacity": 2},
        add={"services.ic_beds.capacity": -12},
    )
    assert edits_in_words(plan, labels_in(city), "; ").split("; ") == [
        "Allocation of a route: lead (days) becomes 3",
        "STIT: reablement at home: starts becomes sat 13, sun 13",
        "Independent-sector homecare: tasks becomes Allocation of a route 1, Community equipment 0.5",
        "Emergency admissions, adults: routes: Route 2: D2A at home is multiplied by 1.04",
        f"Community equipment: capacity ({city.services['equipment'].unit}) is multiplied by 2",
        f"Intermediate-care beds: capacity ({city.services['ic_beds'].unit}) falls by 12",
    ]
