"""The questions that a new city is asked, and what may be answered: ten for everybody, the rest for who knows more."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from flowsim.errors import ScenarioError
from flowsim.scenario.words import nearest, plain, printable, shortened

Answer = str | float | dt.date

# The columns of a workbook that is filled in; a sheet with these two is read, wherever they stand.
NAME_COLUMN: Final = "Name"
ANSWER_COLUMN: Final = "Your answer"


@dataclass(frozen=True)
class Question:
    """One question. `low` and `high` bound a number; `otherwise` says what holds where no answer is given."""

    name: str
    words: str
    kind: Literal["text", "date", "number", "whole number"]
    unit: str = ""
    low: float = 0
    high: float = 0
    otherwise: str = ""

    @property
    def right(self) -> str:
        """What a right answer is."""
        if self.kind == "text":
            return "a name of at most 60 letters, such as Sheffield"
        if self.kind == "date":
            return "a date such as 2026-10-01 or 1/10/2026 (day first)"
        return f"a {self.kind} from {plain(self.low)} to {plain(self.high)} ({self.unit})"


ASKED: Final = (
    Question("place", "What is the place called?", "text"),
    Question("first_day", "On which day does the period begin that you want to look at?", "date"),
    Question("target", "How many people delayed at midnight is the target?", "number", "people", 0, 10_000),
    Question("admissions_per_day", "How many adults are admitted as an emergency on an average day?", "number", "people a day", 1, 5_000),
    Question("reablement_per_day", "How many people a day go home from hospital with reablement (discharge to assess at home)?", "number", "people a day", 0, 500),
    Question("step_down_per_day", "How many people a day go from hospital to an intermediate-care (step-down) bed?", "number", "people a day", 0, 500),
    Question("long_term_per_day", "How many people a day go straight from hospital to long-term homecare or a care home?", "number", "people a day", 0, 500),
    Question("reablement_places", "How many people can have reablement at home at once?", "whole number", "people", 0, 20_000),
    Question("beds", "How many intermediate-care beds are there?", "whole number", "beds", 0, 10_000),
    Question("homecare_per_week", "How many new people a week can homecare agencies take on?", "number", "people a week", 0, 5_000),
)  # fmt: skip
IF_KNOWN: Final = (
    Question("days", "How many days long is the period?", "whole number", "days", 28, 1_095, "182: half a year"),
    Question("adults", "How many adults live there (for rates per 100,000)?", "whole number", "people", 1_000, 100_000_000, "no rates are shown"),
    Question("care_home_per_day", "Of those who go straight to long-term homecare or a care home: how many a day to a care home?", "number", "people a day", 0, 500, "the part of them that it is in sheffield-2017"),
    Question("care_home_per_week", "How many new residents a week can care homes take from hospital and intermediate care?", "number", "people a week", 0, 2_000, "as much room against demand as in sheffield-2017"),
    Question("reablement_days", "On how many days a week does reablement take on new people?", "whole number", "days", 5, 7, "5, as in sheffield-2017"),
    Question("homecare_days", "On how many days a week does homecare take on new people?", "whole number", "days", 5, 7, "5, as in sheffield-2017"),
    Question("reablement_stay_days", "How long does reablement at home last on average?", "number", "days", 1, 365, "as in sheffield-2017"),
    Question("bed_stay_days", "How long do people stay in an intermediate-care bed on average?", "number", "days", 1, 365, "as in sheffield-2017"),
    Question("community_reablement_per_day", "How many people a day are referred to reablement who are not in hospital?", "number", "people a day", 0, 500, "as many against those from hospital as in sheffield-2017"),
    Question("step_up_per_day", "How many people a day are referred to intermediate-care beds who are not in hospital?", "number", "people a day", 0, 500, "as many against those from hospital as in sheffield-2017"),
    Question("community_homecare_per_day", "How many new people a day ask for homecare who are not in hospital?", "number", "people a day", 0, 500, "as many against those from hospital as in sheffield-2017"),
)  # fmt: skip
QUESTIONS: Final = {question.name: question for question in (*ASKED, *IF_KNOWN)}


def one_answer(question: Question, given: Any) -> Answer:
    """An answer as text, or as a cell of a workbook holds it. Raises ScenarioError that says what would be right."""
    found = _READERS[question.kind](given)
    if found is None or not _within(question, found):
        raise ScenarioError([f"{question.name} = {shortened(given)}: must be {question.right}"])
    return found


def checked_answers(given: Mapping[str, Any], where: str) -> dict[str, Answer]:
    """Every answer that is given, read; blanks are left out. Raises ScenarioError with all complaints at once."""
    found: dict[str, Answer] = {}
    wrong = [f"{name}: there is no such question; {nearest(str(name), QUESTIONS)}" for name in given if name not in QUESTIONS]  # fmt: skip
    for question in QUESTIONS.values():
        value = given.get(question.name)
        if value is None or value == "":
            if question in ASKED:
                wrong.append(f"{question.name}: has no answer ({question.words}); must be {question.right}")
            continue
        try:
            found[question.name] = one_answer(question, value)
        except ScenarioError as error:
            wrong += error.complaints
    if not wrong:
        wrong = list(_together(found))
    if wrong:
        raise ScenarioError(f"{where}: {words}" for words in wrong)
    return found


def answers_in_workbook(path: Path) -> dict[str, Answer]:
    """The answers in a template that was filled in. Raises ScenarioError with every complaint."""
    from flowsim.workbooks import read_workbook

    where = printable(str(path))
    given: dict[str, Any] = {}
    sheets_read = 0
    for rows in read_workbook(path).values():
        head = next((r for r in rows if NAME_COLUMN in r and ANSWER_COLUMN in r), None)
        if head is None:
            continue
        sheets_read += 1
        name_at, answer_at = head.index(NAME_COLUMN), head.index(ANSWER_COLUMN)
        for row in rows[rows.index(head) + 1 :]:
            name = row[name_at] if name_at < len(row) else None
            if name is not None:
                given[printable(str(name)).strip()] = row[answer_at] if answer_at < len(row) else None
    if not sheets_read:
        raise ScenarioError([f'{where}: no sheet has the columns "{NAME_COLUMN}" and "{ANSWER_COLUMN}"; begin with the workbook that `flowsim new --template FILE.xlsx` writes'])  # fmt: skip
    return checked_answers(given, where)


def _within(question: Question, found: Answer) -> bool:
    return isinstance(found, (str, dt.date)) or question.low <= found <= question.high


def _together(found: Mapping[str, Any]) -> list[str]:
    """What does not go together, one sentence each."""
    supported = found["reablement_per_day"] + found["step_down_per_day"] + found["long_term_per_day"]
    wrong = []
    if supported > found["admissions_per_day"]:
        wrong.append(f"reablement_per_day, step_down_per_day and long_term_per_day are {plain(supported)} a day together, more than the {plain(found['admissions_per_day'])} who are admitted (admissions_per_day)")  # fmt: skip
    for people, room, why in (
        (found["reablement_per_day"], "reablement_places", "reablement_per_day"),
        (found["step_down_per_day"], "beds", "step_down_per_day"),
        (supported, "homecare_per_week", "some of those with reablement or a bed need it afterwards"),
    ):
        if people > 0 and found[room] == 0:
            wrong.append(f"{room} = 0: must be above 0, for {plain(people)} people a day are to be supported ({why})")  # fmt: skip
    to_homes = found.get("care_home_per_day", 0)
    if to_homes > found["long_term_per_day"]:
        wrong.append(f"care_home_per_day = {plain(to_homes)}: they are among the {plain(found['long_term_per_day'])} of long_term_per_day, so it cannot be more")  # fmt: skip
    return wrong


# Reading one answer: None where it is not of its kind.


def _text(given: Any) -> str | None:
    text = str(given).strip()
    return text if 0 < len(text) <= 60 and text.isprintable() else None


def _number(given: Any) -> float | None:
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        return None
    try:
        value = float(given)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _whole(given: Any) -> float | None:
    value = _number(given)
    return value if value is not None and value.is_integer() else None


def _date(given: Any) -> dt.date | None:
    if isinstance(given, dt.datetime):
        return given.date()
    if isinstance(given, dt.date):
        return given
    text = str(given).strip()
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    british = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", text)
    parts = iso.groups() if iso else british.groups()[::-1] if british else None
    try:
        year, month, day = (int(part) for part in parts or ())
        found = dt.date(year, month, day)
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2100 else None


_READERS: Final = {"text": _text, "date": _date, "number": _number, "whole number": _whole}
