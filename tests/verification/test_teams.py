"""A team's task while the person stays in hospital: M/M/c, and what comes after it once more.

Hospital stays are exponential and its room unlimited, so referrals are Poisson (Mirasol 1963), what leaves
a queue M/M/c is Poisson again (Burke 1956), and the two queues in line are independent (Jackson 1957).
"""

from __future__ import annotations

from functools import cache

import flowsim
from tests.verification import formulas as theory
from tests.verification import trial

REPLICATIONS = 30
PER_DAY, WORK, DESKS, STAY, PLACES = 3.0, 0.65, 3, 0.8, 4

TEXT = f"""
title = "Allocation, then a bed"
[run]
start = 2018-01-01
days = 450
warm_up_days = 60
[streams.emergency]
label = "Emergency admissions"
per_day = {PER_DAY}
enters = "hospital"
routes = {{ step_down = 1.0 }}
[routes.step_down]
label = "Step-down"
stay = {{ dist = "exponential", mean = 4 }}
tasks = ["allocation"]
next = {{ beds = 1.0 }}
[services.hospital]
kind = "place"
[services.allocation]
kind = "team"
capacity = {DESKS}
work = {{ dist = "exponential", mean = {WORK} }}
lead_days = 0.0
reason = "A"
[services.beds]
kind = "place"
capacity = {PLACES}
stay = {{ dist = "exponential", mean = {STAY} }}
reason = "C"
"""


@cache
def result() -> flowsim.Result:
    return trial.ran(TEXT, REPLICATIONS)


def test_delayed_for_the_team_are_those_in_its_queue_and_in_its_hands() -> None:
    exact = theory.erlang_c(PER_DAY, WORK, DESKS)
    trial.agree("delayed, A", trial.by_day(result(), "delayed_A").mean(axis=1), exact.present, within=0.10)
    queue = trial.by_day(result(), "queue_allocation")
    trial.agree("queue of the team", queue.mean(axis=1), exact.queue, within=0.20)


def test_wait_for_the_team() -> None:
    table = trial.rows(result(), "allocation", "task")
    exact = theory.erlang_c(PER_DAY, WORK, DESKS)
    trial.agree(
        "wait for the team", trial.per_replication(table, trial.waits(table)), exact.wait, within=0.20
    )
    share = trial.per_replication(table, trial.waits(table) > 0)
    trial.agree("P(wait) for the team", share, exact.p_wait, within=0.08)


def test_delayed_for_the_bed_is_the_next_queue_in_line() -> None:
    exact = theory.erlang_c(PER_DAY, STAY, PLACES)
    trial.agree("delayed, C", trial.by_day(result(), "delayed_C").mean(axis=1), exact.queue, within=0.25)


def test_delayed_is_the_sum_of_both() -> None:
    exact = theory.erlang_c(PER_DAY, WORK, DESKS).present + theory.erlang_c(PER_DAY, STAY, PLACES).queue
    trial.agree("delayed, A and C", trial.by_day(result(), "delayed").mean(axis=1), exact, within=0.10)


def test_referred_early_enough_nobody_waits_for_the_team_after_being_ready() -> None:
    """With stays and tasks of fixed length, unlimited desks and a lead as long as the task, all is done in time."""
    text = TEXT.replace('stay = { dist = "exponential", mean = 4 }', "stay = 4").replace(
        "days = 450", "days = 60"
    )
    text = text.replace(f"capacity = {DESKS}\n", "").replace(
        f'work = {{ dist = "exponential", mean = {WORK} }}', "work = 2"
    )
    early = trial.ran(text.replace("lead_days = 0.0", "lead_days = 2"), 1)
    late = trial.ran(text.replace("lead_days = 0.0", "lead_days = 0.5"), 1)
    assert trial.by_day(early, "delayed_A").max() == 0
    done = trial.rows(late, "hospital")
    asked = trial.rows(late, "beds").set_index("person")["asked"]
    gap = (asked - done.set_index("person")["ready"]).dropna()
    assert len(gap) > 100
    assert (gap == 1.5).all()
