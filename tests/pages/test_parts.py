"""When a page is drawn anew: seldom enough for the runs, and soon enough for who is waiting."""

from __future__ import annotations

from typing import Any

import pytest

from flowsim.pages.parts import worth_drawing
from flowsim.pages.runner import Standing

WANTED = 50
SOME: Any = object()  # a result; nobody looks into it


def standing(done: int, ahead: int = 0, problem: str = "") -> Standing:
    return Standing(SOME if done else None, done, WANTED, ahead, problem)


@pytest.mark.parametrize(
    ("drawn", "now", "something_shown", "worth"),
    [
        (0, 0, False, False),  # nothing yet
        (0, 3, False, False),  # too few for a first look
        (0, 4, False, True),  # a first look
        (0, 4, True, True),  # the same instead of the previous result
        (4, 15, True, False),
        (4, 16, True, True),  # four times as much
        (40, 49, True, False),
        (40, 50, True, True),  # all of it
    ],
)
def test_a_page_is_drawn_anew_for_a_first_look_for_much_more_and_for_all(
    drawn: int, now: int, something_shown: bool, worth: bool
) -> None:
    assert worth_drawing([standing(drawn)], [standing(now)], something_shown) is worth


def test_where_others_wait_a_page_that_shows_something_is_drawn_when_all_is_done() -> None:
    assert not worth_drawing([standing(4)], [standing(49, ahead=3)], True)
    assert worth_drawing([standing(0)], [standing(4, ahead=3)], False)
    assert worth_drawing([standing(4)], [standing(50, ahead=3)], True)


def test_the_slowest_of_several_decides_and_a_problem_is_an_end() -> None:
    assert not worth_drawing([standing(0)] * 2, [standing(40), standing(2)], False)
    assert worth_drawing([standing(4)] * 2, [standing(50), standing(0, problem="no")], True)
