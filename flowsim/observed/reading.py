"""Reading what people have: a file, a folder of files, or the figures of Sheffield that come with flowsim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from flowsim.errors import DataError
from flowsim.observed.cells import Findings, Table
from flowsim.observed.daily import read_admissions, read_beds, read_census
from flowsim.observed.discharges import read_discharges
from flowsim.observed.dtoc_return import read_by_body, read_by_reason, read_extract
from flowsim.observed.kinds import WORDS, kind_of
from flowsim.observed.model import Observed
from flowsim.observed.monthly import Row, monthly_table, read_areas, read_monthly
from flowsim.observed.sheets import Handed, read_sheets
from flowsim.scenario.files import bundled_folder
from flowsim.scenario.words import nearest, printable, shortened

SHEFFIELD: Final = "sheffield"
SHEFFIELD_FILES: Final = (
    "sheffield_dtoc_monthly.csv",
    "sth_winter_daily.csv",
    "sth_emergency_admissions_monthly.csv",
)
ENDINGS: Final = (".csv", ".xlsx", ".xlsm", ".xls")
MOST_FILES: Final = 120
LICENCE: Final = "NHS England, Open Government Licence v3.0"

Found = tuple[str, Table]


def read_observed(source: str | Path | Handed, area: str | None = None) -> Observed:
    """What a file holds, or all CSV files and workbooks of a folder together, or "sheffield": the bundled figures.

    `area` names the local authority (name or code) where a national file has several. Raises DataError with every
    complaint, naming file, sheet, row and column.
    """
    files = _files(source)
    found, tables = Findings(), []
    for file in files:
        try:
            tables += _tables(file, found)
        except DataError as error:
            found.complaints += error.complaints
    observed = _together(tables, area, found)
    found.raise_if_any()
    return observed


def _files(source: str | Path | Handed) -> tuple[Path | Handed, ...]:
    """The files that are meant. Raises DataError where there are none."""
    if isinstance(source, Handed):
        return (source,)
    if str(source) == SHEFFIELD:
        return tuple(bundled_folder() / "observed" / name for name in SHEFFIELD_FILES)
    path = Path(source)
    try:
        if path.is_dir():
            files = sorted(
                p for p in path.iterdir() if p.suffix.lower() in ENDINGS and not p.name.startswith((".", "~"))
            )
            if not files:
                raise DataError(
                    [f"{printable(str(path))}: holds no CSV file and no workbook (.xlsx or .xls)"]
                )
            if len(files) > MOST_FILES:
                raise DataError(
                    [f"{printable(str(path))}: holds {len(files)} files; at most {MOST_FILES} can be read"]
                )
            return tuple(files)
        if not path.exists() and not path.suffix and len(path.parts) == 1:
            hint = nearest(str(source), [SHEFFIELD])
            raise DataError(
                [f"{shortened(str(source))}: is neither a file, a folder nor the bundled figures; {hint}"]
            )
    except (OSError, ValueError):
        raise DataError([f"{shortened(str(source))}: its name is not one a file can have"]) from None
    return (path,)


def _tables(file: Path | Handed, found: Findings) -> list[Found]:
    """The known tables of a file; a workbook may have sheets besides, a file without any is a complaint."""
    sheets = read_sheets(file)
    tables = [known for sheet in sheets if (known := kind_of(sheet))]
    if not tables:
        first = next((row for sheet in sheets for row in sheet.rows if any(row)), ())
        begins = ", ".join(printable(str(cell))[:30] for cell in first[:8] if cell is not None)
        what = f"none of its tables is known; it begins with: {begins}" if begins else "is empty"
        found.wrong(printable(str(file)), f"{what}. What can be read: {'; '.join(WORDS.values())}")
    return tables


def _together(tables: list[Found], area: str | None, found: Findings) -> Observed:
    """One set of figures from all tables. What is there twice and differs is a complaint."""
    months: dict[pd.Timestamp, Row] = {}
    frames: dict[str, list[pd.DataFrame]] = {"beds": [], "admissions": [], "census": [], "discharges": []}
    # Bodies last: they are checked against the totals by reason.
    for kind, table in sorted(tables, key=lambda known: known[0] == "by_body"):
        if kind in frames:
            frames[kind].append(_frame(kind, table, found))
            continue
        read: Mapping[pd.Timestamp, Row]
        if kind == "by_body":
            read = read_by_body(table, area, found, months)
            for month, row in read.items():
                months[month] = {**months.get(month, {}), **row}
            continue
        read = {
            "monthly": lambda t: read_monthly(t, found), "areas": lambda t: read_areas(t, area, found),
            "extract": lambda t: read_extract(t, area, found), "by_reason": lambda t: read_by_reason(t, area, found),
        }[kind](table)  # fmt: skip
        for month in read:
            if month in months:
                found.wrong(table.sheet.where, f"has {month:%Y-%m}, which another table has as well")
        months |= read
    where = printable(tables[0][1].sheet.file) if tables else ""
    return Observed(
        monthly=monthly_table(months, found, where) if months else None,
        daily_beds=_one(frames["beds"], "date", found, where),
        admissions=_one(frames["admissions"], "month", found, where),
        census=_one(frames["census"], "date", found, where),
        discharges=pd.concat(frames["discharges"], ignore_index=True) if frames["discharges"] else None,
        sources=tuple(_sources(tables)),
        notes=tuple(found.notes),
    )


def _frame(kind: str, table: Table, found: Findings) -> pd.DataFrame:
    read = {
        "beds": read_beds, "admissions": read_admissions, "census": read_census, "discharges": read_discharges,
    }[kind](table, found)  # fmt: skip
    if not len(read) and not found.complaints:
        found.wrong(table.sheet.where, "has a header but nothing under it")
    return read


def _one(frames: list[pd.DataFrame], index: str, found: Findings, where: str) -> pd.DataFrame | None:
    if not frames:
        return None
    table = pd.concat(frames).sort_index()
    twice = table.index[table.index.duplicated()]
    if len(twice):
        found.wrong(where, f"{len(twice)} days or months are in two files, the first on {twice[0]:%Y-%m-%d}")
    table.index.name = index
    return table


def _sources(tables: Iterable[Found]) -> Iterable[str]:
    """The files, with the licence of those that come with flowsim."""
    bundled = bundled_folder() / "observed"
    for file in dict.fromkeys(Path(table.sheet.file) for _, table in tables):
        yield f"{file.name} ({LICENCE})" if file.parent == bundled else file.name


def contents(observed: Observed) -> list[tuple[str, str]]:
    """What there is, as pairs of what it is and how much of it, for a reader to see that it was understood."""
    rows = []
    for what, table in (
        ("days of delay by month", observed.monthly), ("beds by day", observed.daily_beds),
        ("emergency admissions by month", observed.admissions), ("people delayed by day", observed.census),
    ):  # fmt: skip
        if table is not None and len(table):
            first, last = table.index.min(), table.index.max()
            rows.append(
                (what, f"{len(table)} rows, {first:%Y-%m-%d} to {last:%Y-%m-%d}: {', '.join(table.columns)}")
            )
    people = observed.discharges
    if people is not None:
        complete = int((people["ready"].notna() & people["left"].notna()).sum())
        rows.append(("discharges", f"{len(people)} people, {complete} with all dates"))
    return rows
