"""Asking for an answer that takes a while: a form, progress with a way to stop, then the answer."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import pandas as pd
import streamlit as st

from flowsim.experiment.replicate import Progress
from flowsim.pages.jobs import Jobs, Stand
from flowsim.pages.parts import answer_line, before_the_first, behind, polled
from flowsim.pages.session import escaped, session_id
from flowsim.pages.takeaway import XLSX
from flowsim.report.takeaway import workbook
from flowsim.scenario.files import identity
from flowsim.scenario.model import Scenario

REPLICATIONS_HINT: Final = (
    "More replications give tighter intervals and take longer. All that is compared meets the same people."
)

CHANGED: Final = "The form asks something else than what was answered last: press its button for an answer."


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """The one place of this server where longer work is done."""
    return Jobs()


def key_of(question: str, scenarios: Iterable[Scenario], inputs: Any) -> str:
    """What tells one piece of work from another: the question, what is asked about, and what was entered."""
    about = [identity(scenario) for scenario in scenarios]
    return hashlib.sha256(repr((question, about, inputs)).encode()).hexdigest()


def ask(question: str, key: str, work: Callable[[Progress, int], Any]) -> None:
    """Begin a piece of work: what the button of a form does. `work(on_done, cores)` is done in the background."""
    jobs().again(key)
    st.session_state[f"asked {question}"] = (key, partial(_on_half, work))


def _on_half(work: Callable[[Progress, int], Any], on_done: Progress) -> Any:
    return work(on_done, jobs().cores)


def answered(question: str, unit: str, show: Callable[[Any], None], wanted: str | None = None) -> None:
    """Show how the work stands that was asked for, and then its answer.

    `wanted` is the key of what the form asks now: below it stands no answer to anything else. Scenario, plans and base can
    be changed where no button is pressed, and an answer would then be read as one about them.
    """
    if f"asked {question}" not in st.session_state:
        return
    key, work = st.session_state[f"asked {question}"]
    if wanted is not None and key != wanted:
        st.markdown(CHANGED)
        return
    pending = not jobs().ask(session_id(), key, work).finished

    def draw() -> bool:
        stand = jobs().ask(session_id(), key, work)
        _progress(question, key, unit, stand)
        if stand.finished and stand.result is not None:
            show(stand.result)
        return pending and stand.finished

    polled(draw, pending)


def _progress(question: str, key: str, unit: str, stand: Stand) -> None:
    if stand.problem:
        st.error(escaped(stand.problem))
    elif stand.finished and stand.stopped and stand.result is None:
        st.markdown("**Stopped.** There is nothing to show yet.")
    elif not stand.finished:
        left, right = st.columns([4, 1], vertical_alignment="bottom")
        words = (
            f"Working: {stand.done:,} of about {stand.total:,} {unit}." if stand.done else before_the_first()
        )
        if stand.ahead:
            words = f"Waiting for {stand.ahead} other {'question' if stand.ahead == 1 else 'questions'} to be answered first."
        left.progress(min(stand.done / stand.total, 1.0) if stand.total else 0.0, words)
        right.button("Stop", on_click=partial(jobs().stop, key), key=f"stop {question}")


def answer(words: Iterable[str]) -> None:
    """The answer in words: the first sentence stands out, the others follow."""
    first, *others = words
    answer_line(first)
    for sentence in others:
        st.markdown(escaped(sentence))


def picture(png: bytes, alt: str) -> None:
    """A picture as on paper, with its text alternative; on a narrow screen one looks at it part by part."""
    data = base64.b64encode(png).decode("ascii")
    name = html.escape(alt.partition(":")[0], quote=True)
    st.html(
        f'<div class="paper" tabindex="0" role="region" aria-label="{name}">'
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}"></div>'
    )


def with_table(png: bytes, alt: str, title: str, frame: pd.DataFrame) -> None:
    """A picture, and the table behind it on request."""
    picture(png, alt)
    behind(title, frame)


def take_away(name: str, tables: dict[str, pd.DataFrame]) -> None:
    """The tables as a workbook."""
    st.download_button(
        "Tables (XLSX)", partial(workbook, tables), f"{name}.xlsx", XLSX, on_click="ignore", key=f"take {name}"
    )  # fmt: skip


def replications_field(usual: int, low: int, high: int, key: str) -> int:
    """How many replications, with what they cost and give."""
    return int(
        st.number_input("Replications of each plan", low, high, usual, key=key, help=REPLICATIONS_HINT)
    )
