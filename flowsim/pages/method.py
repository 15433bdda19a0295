"""Method: the rules in plain words, every assumption with its source, the limits, and the reporting checklist."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from flowsim.errors import FlowsimError
from flowsim.pages.parts import answer_line, table
from flowsim.pages.session import choice, complain
from flowsim.report.checked import figures_in_words
from flowsim.report.method import CHECKLIST, FIGURES, LIMITS, RULES
from flowsim.scenario.files import bundled_names
from flowsim.scenario.sources import InputRow, input_rows

CONFIDENCE: Final = {
    "H": "documented, holds here", "M": "documented, of another place or year", "L": "documented, weakly", "assumption": "assumption",
    "tuned": "tuned to an official figure", "fitted": "fitted to official figures, with a plausible range", "": "no source named",
}  # fmt: skip


def page() -> None:
    """Draw the page."""
    st.title("How does it work, and how far can it be trusted?")
    answer_line(
        "Every person is followed from admission to home. All luck is drawn beforehand, so person 17 is the "
        "same person in every plan, and a difference between plans is the plans’ doing. Intervals hold chance, not doubt "
        "about the assumptions."
    )
    rules, figures, sources, limits, checklist = st.tabs(["Rules", "What the figures mean", "Assumptions and sources", "Limits", "STRESS-DES"])  # fmt: skip
    with rules:
        for rule in RULES:
            st.markdown(f"- {rule}")
    with figures:
        table(pd.DataFrame(FIGURES, columns=["Figure", "What it means"]))
    with sources:
        _sources()
    with limits:
        for limit in LIMITS:
            st.markdown(f"- {limit}")
    with checklist:
        st.markdown("Strengthening the reporting of empirical simulation studies: discrete-event simulation (Monks and others, *Journal of Simulation* 2019; 13: 55-67).")  # fmt: skip
        table(pd.DataFrame(CHECKLIST, columns=["Item", "Where it is answered, or what is missing"]))


def _sources() -> None:
    c = choice()
    names = bundled_names()
    name = st.selectbox(
        "Scenario", names, names.index(c.base) if c.base in names else 0, key="method scenario"
    )
    try:
        rows = _rows(name)
    except FlowsimError as error:
        complain(error)
        return
    st.markdown(figures_in_words(rows))
    kinds = st.multiselect(
        "Show", list(CONFIDENCE), ["assumption", "tuned", "fitted"], format_func=CONFIDENCE.__getitem__
    )
    shown = [row for row in rows if row.is_figure and row.confidence in kinds]
    st.caption(f"{len(shown)} figures")
    table(
        pd.DataFrame(
            [(r.path, str(r.value), r.unit, r.source or "-", CONFIDENCE[r.confidence]) for r in shown],
            columns=["Figure", "Value", "Unit", "Source or reason", "Confidence"],
        )
    )


@st.cache_data(show_spinner=False, max_entries=30)
def _rows(name: str) -> list[InputRow]:
    return input_rows(name)
