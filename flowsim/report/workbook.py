"""Workbooks to take away, and the only door to xlsxwriter: no cell is ever taken for a formula or a link."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flowsim.results import write_whole

# What people type may begin with "=" or look like an address; it stays text.
OPTIONS: Final = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}
WIDEST: Final = 60
# Excel's own rules for the name of a sheet.
LONGEST_NAME: Final = 31
NOT_IN_NAMES: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))

Cell = str | float | int | None


@dataclass(frozen=True)
class Sheet:
    """A table of a workbook: headings, rows, and a sentence above them if there is one."""

    about: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def save_workbook(sheets: Mapping[str, Sheet], path: Path) -> Path:
    """Write sheets by name into an XLSX file, whole or not at all."""
    return write_whole(path, lambda beside: _write(sheets, str(beside)))


def workbook_bytes(sheets: Mapping[str, Sheet]) -> bytes:
    """Sheets by name as an XLSX file in memory."""
    held = io.BytesIO()
    _write(sheets, held)
    return held.getvalue()


def _write(sheets: Mapping[str, Sheet], target: str | io.BytesIO) -> None:
    # Imported here: most runs write no workbook.
    import xlsxwriter

    book = xlsxwriter.Workbook(target, OPTIONS)
    try:
        looks = {"bold": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})}
        looks["number"] = book.add_format({"num_format": "#,##0.##"})
        for name, sheet in sheets.items():
            _fill(book.add_worksheet(name.translate(NOT_IN_NAMES)[:LONGEST_NAME] or "Table"), sheet, looks)
    finally:
        book.close()


def _fill(page: Any, sheet: Sheet, looks: Mapping[str, Any]) -> None:
    top = 2 if sheet.about else 0
    if sheet.about:
        page.write_string(0, 0, sheet.about)
    for column, heading in enumerate(sheet.headings):
        page.write_string(top, column, heading, looks["bold"])
        page.set_column(column, column, _width(heading, (row[column] for row in sheet.rows)))
    for number, row in enumerate(sheet.rows, start=top + 1):
        for column, cell in enumerate(row):
            _put(page, number, column, cell, looks["number"])
    page.freeze_panes(top + 1, 1)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _put(page: Any, row: int, column: int, cell: Cell, number: Any) -> None:
    if isinstance(cell, str):
        page.write_string(row, column, cell)
    elif cell is not None and math.isfinite(cell):
        page.write_number(row, column, cell, number)


def _width(heading: str, cells: Iterable[Cell]) -> int:
    # A long heading wraps; a long cell does not.
    longest = max((len(str(cell)) for cell in cells if isinstance(cell, str)), default=8)
    return min(WIDEST, max(longest, len(heading) // 2, 8) + 2)
