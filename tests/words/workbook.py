"""A template of `flowsim new`, filled in as a person would."""

from __future__ import annotations

from pathlib import Path

import openpyxl


def filled(path: Path, answers: dict[str, object]) -> None:
    """Fill the answers into a template, as a person would in a spreadsheet."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets[:2]:
        head = [cell.value for cell in sheet[1]]
        for row in sheet.iter_rows(min_row=2):
            name = row[head.index("Name")].value
            if name in answers:
                row[head.index("Your answer")].value = answers[name]
    book.save(path)
