"""Files as people and NHS England make them, for tests of the readers; figures are made up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

REASONS = {
    "A_COMPLETION_ASSESSMENT": 30, "B_PUBLIC_FUNDING": 2, "C_FURTHER_NON_ACUTE_NHS": 20, "DI_RESIDENTIAL_HOME": 5,
    "DII_NURSING_HOME": 12, "E_CARE_PACKAGE_IN_HOME": 40, "F_COMMUNITY_EQUIP_ADAPT": 3, "G_PATIENT_FAMILY_CHOICE": 4,
    "H_DISPUTES": 0, "I_HOUSING": 1,
}  # fmt: skip
EXTRACT_HEADER = (
    "Year,Period Name,Provider Parent Org Code,Provider Parent Name,Provider Org Code,Provider Org Name,Local Authority "
    "Code,Local Authority Name,Acute Or Non Acute Description,Reason For Delay,NHS A SUM,NHS B SUM,Social Care A SUM,"
    "Social Care B SUM,Both A SUM,Both B SUM"
)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def extract_rows(
    area: str, code: str, factor: int = 1, year: str = "2016-17", month: str = "OCTOBER"
) -> list[str]:
    """Two trusts, acute and not: for each reason so many days to the NHS, half as many to social care, none to both."""
    return [
        f"{year},{month},Q72,NORTH,{trust},TRUST {trust},{code},{area},{bed},{reason},1,{days * factor},0,{days * factor},0,0"
        for trust in ("RHQ", "TAH")
        for bed in ("Acute", "Non-Acute")
        for reason, days in REASONS.items()
    ]


def extract(rows: Iterable[str]) -> str:
    """The published CSV: three lines of words, then the table."""
    return "\n".join(["Monthly SitReps - DTOC extract,,,", ",,,", "England,,,", EXTRACT_HEADER, *rows]) + "\n"


def workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


HEADINGS = (
    "A) COMPLETION ASSESSMENT", "B) PUBLIC FUNDING", "C) FURTHER NON ACUTE NHS", "DI) RESIDENTIAL HOME", "DII) NURSING HOME",
    "E) CARE PACKAGE IN HOME", "F) COMMUNITY EQUIP ADAPT", "G) PATIENT FAMILY CHOICE", "H) DISPUTES", "I) HOUSING", "TOTAL",
)  # fmt: skip


def return_sheets(month: Any = "October 2016") -> dict[str, list[list[Any]]]:
    """The sheets of a monthly return workbook that matter, and one of contents."""
    above: list[list[Any]] = [
        [None, "Title:", "Delayed Transfers of Care"],
        [None, "Summary:", "Number of Delayed Days during the reporting period, by reason"],
        [None, None],
        [None, None],
        [None, "Period:", month],
        [None, "Source:", "Monthly Situation Report"],
        [None, "Published:", "8 December 2016"],
        [None, "Revised:", "11 May 2017"],
        [], [], [], [],
    ]  # fmt: skip
    sheffield, wiltshire = [20, 1, 15, 4, 9, 30, 2, 3, 0, 1], [8, 0, 2, 1, 1, 12, 1, 0, 0, 0]
    reasons = [
        *above,
        [None, "Region", "Code", "Name", *HEADINGS],
        [],
        [None, "North", "E08000019", "Sheffield", *sheffield, sum(sheffield)],
        [None, "South", "E06000054", "Wiltshire UA", *wiltshire, sum(wiltshire)],
    ]
    bodies = [
        *above,
        [None, None, None, None, "Acute", None, None, "Total", None, None],
        [None, "Region", "Code", "Name", "NHS", "Social Care", "Both", "NHS", "Social Care", "Both"],
        [None, "North", "E08000019", "Sheffield", 30, 10, 5, 50, 25, 10],
        [None, "South", "E06000054", "Wiltshire UA", 3, 2, 1, 15, 7, 3],
    ]
    return {"Contents": [["Delayed transfers"]], "LA - by responsible org": bodies, "LA - by reason": reasons}
