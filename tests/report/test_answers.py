"""The headline answers: yes, no or not surely is said as the interval has it, and no surer."""

from __future__ import annotations

import pytest

from flowsim.decisions.compare import Comparison
from flowsim.report.answers import answer, change, key_figures, not_tight
from flowsim.results import Result
from tests.experiment.written import written_result

DAYS = 28


def alike(*means: float, name: str = "plan") -> Result:
    """A result in which a replication has the same number delayed on every day."""
    return written_result(*[[mean] * DAYS for mean in means], name=name)


def kept_by(kept: int, missed: int) -> Result:
    """A result whose target of 6 is kept on average by some replications and missed by others."""
    return alike(*[4.0] * kept, *[9.0] * missed)


@pytest.mark.parametrize(
    ("kept", "missed", "verdict"),
    [
        # Surely: the lower end of the chance's interval is at or above the 90 % that the scenario asks for. Of 35 in 35 it is 0.901,
        # of 34 in 34 0.898 (Wilson).
        (40, 0, "Yes, with plan: "),
        (35, 0, "Yes, with plan: "),
        (34, 0, "Not surely, with plan: "),
        (39, 1, "Not surely, with plan: "),
        (20, 20, "Not surely, with plan: "),
        # No: the upper end is below a half. Of 13 in 40 it is 0.480, of 14 0.505.
        (14, 26, "Not surely, with plan: "),
        (13, 27, "No, not with plan: "),
        (0, 10, "No, not with plan: "),
    ],
)
def test_yes_and_no_are_said_where_the_interval_of_the_chance_is_clear(
    kept: int, missed: int, verdict: str
) -> None:
    assert answer(kept_by(kept, missed)).startswith(verdict)


def test_the_answer_gives_mean_and_chance_with_their_intervals() -> None:
    assert answer(kept_by(40, 0)) == (
        "Yes, with plan: 4 people are delayed at midnight on average (4 to 4), and the chance that the average is at or under 6 is "
        "100 % (91 % to 100 %)."
    )
    # 9, and in one of ten 19: a standard error of 1, and 2.262 of them either way.
    assert answer(alike(*[9.0] * 9, 19.0)) == (
        "No, not with plan: 10 people are delayed at midnight on average (8 to 12), and the chance that the average is at or under "
        "6 is 0 % (0 % to 28 %)."
    )


def test_few_replications_are_a_first_look_and_no_answer() -> None:
    first = answer(kept_by(9, 0))
    assert first == "A first look at plan, 9 replications: some 4 people are delayed at midnight on average."
    assert answer(kept_by(10, 0)).startswith("Not surely, with plan: ")


def one_apart(usual: float, apart: float, name: str = "plan") -> Result:
    """Ten replications, all the same but one: apart by 10 d, their mean is d away and its standard error d, with 2.262 d either way."""
    return alike(*[usual] * 9, apart, name=name)


BASE = alike(*[20.0] * 10, name="base")


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (one_apart(16, 6), "That is 5.0 fewer than base (2.7 to 7.3 fewer)."),
        (one_apart(24, 34), "That is 5.0 more than base (2.7 to 7.3 more)."),
        (alike(*[20.0] * 10), "It changes nothing against base."),
        # To be called in four cases of five it takes an interval of 1 / 1.429 either way: 1.990 times 3.162 over the root of 81.
        (
            one_apart(20, 30),
            "The difference from base cannot be called: +1.0 (-1.3 to +3.3); about 81 replications would tell in four cases of five, if it is what it seems.",
        ),
        (one_apart(19, 29), "The difference from base cannot be called: +0.0 (-2.3 to +2.3)."),
    ],
)
def test_a_change_is_fewer_or_more_only_where_it_can_be_called(plan: Result, words: str) -> None:
    assert change(Comparison((BASE, plan)), plan) == words


def test_of_one_replication_there_is_no_comparison() -> None:
    base, plan = alike(20.0, name="base"), alike(10.0)
    assert change(Comparison((base, plan)), plan) == "Against base too little has been run for a comparison."


def test_what_is_not_known_tightly_is_said_and_nothing_else() -> None:
    tight, wide = one_apart(20, 40), one_apart(40, 70)  # to within 4.5 and 6.8 people
    assert not_tight([tight], None) == []
    assert not_tight([wide], None) == ["plan: the average is known only to within 6.8 people either way."]
    assert not_tight([kept_by(9, 0)], None) == ["plan: only 9 replications so far."]
    assert not_tight([kept_by(10, 0)], None) == []
    uncalled = "plan: the difference from base cannot be called."
    assert not_tight([BASE, one_apart(20, 30)], Comparison((BASE, one_apart(20, 30)))) == [uncalled]
    assert not_tight([BASE, one_apart(24, 34)], Comparison((BASE, one_apart(24, 34)))) == []


def test_the_key_figures_are_those_of_the_days() -> None:
    week = [4.0, 4.0, 4.0, 6.0, 12.0, 12.0, 14.0]  # 8 on average; three days of seven over 6
    plan = written_result(week * 4, week * 4, name="plan")
    base = written_result([6.0] * 28, [6.0] * 28, name="base")
    first, second = key_figures([base, plan], Comparison((base, plan))).to_dict("records")
    assert first == {
        "Scenario": "base",
        "Delayed, mean": "6.0 (6.0 to 6.0)",
        "Chance that the mean is at or under 6": "100 % (34 % to 100 %)",
        "Chance that a day is at or under 6": "100 % (34 % to 100 %)",
        "Highest day": "6.0 (6.0 to 6.0)",
        "Days over 6": "0.0 (0.0 to 0.0)",
        "Difference from base": "base",
    }
    assert second == {
        "Scenario": "plan",
        "Delayed, mean": "8.0 (8.0 to 8.0)",
        "Chance that the mean is at or under 6": "0 % (0 % to 66 %)",
        "Chance that a day is at or under 6": "57 % (12 % to 93 %)",
        "Highest day": "14.0 (14.0 to 14.0)",
        "Days over 6": "12.0 (12.0 to 12.0)",
        "Difference from base": "+2.0 (+2.0 to +2.0)",
    }
