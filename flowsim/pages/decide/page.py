"""Decide: one question at a time about one scenario."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import streamlit as st

from flowsim.pages.decide import ahead, days, numbers, paper, pounds, roster, search
from flowsim.pages.session import choice, choose, place_of
from flowsim.pages.where import choose_scenario
from flowsim.scenario.model import Scenario


class Question(NamedTuple):
    """A question that can be asked: its short name (in the address), what people read, and who draws it."""

    name: str
    words: str
    draw: Callable[[Scenario], None]


QUESTIONS: Final = (
    Question("optimise", "Which plan is the cheapest?", search.draw),
    Question("staff", "How many staff, on which days?", roster.draw),
    Question("sensitivity", "What matters most?", numbers.draw),
    Question("diagnose", "Where do the days come from?", days.draw),
    Question("forecast", "What comes in the next weeks?", ahead.draw),
    Question("money", "What is it worth, and to whom?", pounds.draw),
    Question("report", "A paper for a board", paper.draw),
)


def page() -> None:
    """Draw the page."""
    st.title("What should we decide?")
    names = [question.name for question in QUESTIONS]
    words = {question.name: question.words for question in QUESTIONS}
    first = place_of(choice().question, names)
    wanted = st.radio(
        "Question", names, first, format_func=words.__getitem__, horizontal=True, key="question"
    )
    if wanted != choice().question:
        choose(question=wanted)
    shown = choose_scenario()
    if shown is not None:
        QUESTIONS[names.index(wanted)].draw(shown)
