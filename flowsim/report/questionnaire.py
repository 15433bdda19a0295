"""The questions to a new city as tables for a workbook that somebody fills in and hands back to `flowsim new`."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from flowsim.scenario.questions import ANSWER_COLUMN, ASKED, IF_KNOWN, NAME_COLUMN, Question


def questionnaire() -> dict[str, pd.DataFrame]:
    """A sheet for the ten questions, one for what may be left empty, and one that says what to do."""
    return {
        "Questions": _sheet(ASKED),
        "If you know more": _sheet(IF_KNOWN),
        "Read me": pd.DataFrame({"What to do": _READ_ME}),
    }


_READ_ME = (
    f'Fill in the column "{ANSWER_COLUMN}" of the first sheet: all ten, numbers as numbers, without units.',
    "On the second sheet fill in what you know; what stays empty is taken from Sheffield, autumn 2017, and is named as an assumption.",
    "Save it as an Excel workbook (.xlsx), then: flowsim new --from THIS-FILE.xlsx --out my-city.toml",
    "flowsim says what is wrong with an answer, and what would be right. Nothing is written until all is well.",
    "The scenario that is made is a text file with a comment behind every figure: go on there with what you know better.",
)


def _sheet(questions: Sequence[Question]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Question": [question.words for question in questions],
            ANSWER_COLUMN: [None] * len(questions),
            "Unit": [question.unit for question in questions],
            "A right answer is": [question.right for question in questions],
            "If left empty": [question.otherwise or "must be answered" for question in questions],
            NAME_COLUMN: [question.name for question in questions],
        }
    )
