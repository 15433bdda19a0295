"""Results to take away: a workbook, pictures, and everything as one ZIP, the files of `flowsim compare --out`."""

from __future__ import annotations

import io
import math
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
import xlsxwriter

from flowsim.charts import census_chart, reasons_chart, save_charts
from flowsim.decisions.compare import Comparison
from flowsim.files import write_text
from flowsim.frames import safe_csv
from flowsim.report.plans import plans_markdown
from flowsim.results import Result
from flowsim.saving import save
from flowsim.scenario.files import to_toml

# A workbook opens formulas and links by itself; text stays text.
AS_TEXT: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": True, "in_memory": True}  # fmt: skip
LONGEST_SHEET_NAME: Final = 31
DPI: Final = 110
# Columns of a workbook, in letters.
NARROWEST: Final = 18
WIDEST: Final = 60


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as a CSV file that a spreadsheet does not take for formulas."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        safe_csv(table, path)
        return path.read_bytes()


def workbook(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Tables as an Excel workbook, one sheet each by name; nothing in it is a formula."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, AS_TEXT)
    bold = book.add_format({"bold": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for name, table in tables.items():
        sheet = book.add_worksheet(
            "".join(c for c in name if c not in r"[]:*?/\'")[:LONGEST_SHEET_NAME] or "Table"
        )
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(table.columns):
            sheet.write_string(0, column, str(heading), bold)
            for row, value in enumerate(table[heading].tolist(), start=1):
                _write(sheet, row, column, value)
            sheet.set_column(column, column, _width(table[heading], str(heading)), wrapped)
    book.close()
    return held.getvalue()


def tables_of(results: Sequence[Result], comparison: Comparison | None = None) -> dict[str, pd.DataFrame]:
    """The tables worth a sheet: summary, differences, and the daily mean over replications."""
    tables = {"Summary": pd.concat([r.summary for r in results], ignore_index=True)}
    if comparison and len(comparison.results) > 1:
        tables["Differences"] = comparison.differences
    tables["By day"] = pd.concat([_by_day(r) for r in results], ignore_index=True)
    return tables


def census_png(results: Sequence[Result]) -> bytes:
    """The picture of the census as PNG."""
    return _png(census_chart(results))


def reasons_png(results: Sequence[Result]) -> bytes:
    """The picture of the reasons as PNG."""
    return _png(reasons_chart(results))


def everything(results: Sequence[Result], comparison: Comparison | None = None) -> bytes:
    """One ZIP with what `flowsim compare --out` writes, a workbook, and each scenario as TOML."""
    more = {"differences.csv": comparison.differences} if comparison and len(comparison.results) > 1 else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save(results, folder, more)
        write_text(folder / "plans.md", plans_markdown(results, comparison))
        save_charts(results, folder)
        (folder / "tables.xlsx").write_bytes(workbook(tables_of(results, comparison)))
        for result in results:
            write_text(folder / f"{result.scenario.name}.toml", to_toml(result.scenario))
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
        return held.getvalue()


def _by_day(result: Result) -> pd.DataFrame:
    """The mean of every daily measure over the replications."""
    days = result.scenario.run.days
    dates = pd.date_range(result.scenario.run.start, periods=days).strftime("%Y-%m-%d")
    means = {name: result.by_day(name).mean(axis=0) for name in result.daily_measures}
    return pd.DataFrame({"scenario": result.scenario.name, "date": dates, **means})


def _width(column: pd.Series[Any], heading: str) -> int:
    """A width, in letters, at which most of a column can be read; longer text wraps."""
    longest = max((len(str(value)) for value in column if isinstance(value, str)), default=0)
    return max(NARROWEST, min(max(longest, len(heading)) + 2, WIDEST))


def _write(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        sheet.write_string(row, column, "" if value is None else str(value))
    elif math.isfinite(value):
        sheet.write_number(row, column, value)


def _png(figure: object) -> bytes:
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=DPI)  # type: ignore[attr-defined]
    return held.getvalue()
