"""A paper for a board: the files of `flowsim report`, made for the plans that are chosen here."""

from __future__ import annotations

from typing import Final

import streamlit as st

from flowsim.decisions.compare import Comparison
from flowsim.decisions.money import money
from flowsim.pages.decide.asking import answer
from flowsim.pages.decide.pounds import compared, plan_costs
from flowsim.pages.session import choice
from flowsim.report.as_docx import as_docx
from flowsim.report.as_html import as_html
from flowsim.report.blocks import Document
from flowsim.report.board import Paper, board_paper, usual_question
from flowsim.report.board import answer as answer_of
from flowsim.scenario.files import layers_in
from flowsim.scenario.levers import OWN_NAME
from flowsim.scenario.model import Scenario
from flowsim.scenario.sources import InputRow, input_rows, rows_of

NAME: Final = "report"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def draw(shown: Scenario) -> None:
    """The form, and the paper when there is one."""
    st.markdown("One file to send: the question, the answer with its uncertainty, pictures, plans, money, what was assumed, how to repeat it.")  # fmt: skip
    st.text_input("The question that the paper answers (leave it empty for the usual one)", key="paper question", max_chars=200)  # fmt: skip
    compared(NAME, "Prepare the paper", shown, _show)


def _show(found: Comparison) -> None:
    held = st.container()
    costs = plan_costs(NAME, found)
    shares = money(found, plan_costs=costs)
    with held:
        answer(answer_of(found, shares))
    question = st.session_state.get("paper question", "").strip() or usual_question(found)

    # Read now: what a button makes is made where nobody knows whose page it is.
    stated = {result.scenario.name: _stated(result.scenario.name) for result in found.results}

    def paper() -> Document:
        return board_paper(Paper(question, found, shares, stated, costs))

    left, right = st.columns(2)
    left.download_button(
        "The paper as a page (HTML)", lambda: as_html(paper()), "report.html", "text/html", on_click="ignore", key="take html", width="stretch"
    )  # fmt: skip
    right.download_button(
        "The paper for a word processor (DOCX)", lambda: as_docx(paper()), "report.docx", DOCX, on_click="ignore", key="take docx", width="stretch"
    )  # fmt: skip


def _stated(name: str) -> list[InputRow]:
    """What the files of a scenario state, with sources; moved levers of one's own are assumptions of whoever moved them."""
    c = choice()
    if name == OWN_NAME:
        moved = [InputRow(path, value, "", "", "", None, None, "set on the page", "assumption") for path, value in c.levers.items()]  # fmt: skip
        return [*_stated(c.on), *moved]
    if name != c.file_name:
        return input_rows(name)
    return rows_of(layers_in(c.file_text, f"{name}.toml"))
