"""A list of discharges, pseudonymous: when each person was admitted, was ready, and left, by which route and reason."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

import pandas as pd

from flowsim.observed.cells import Findings, Table, listed, moment_of, reason_code, shown
from flowsim.workbooks import Cell

_NAMES: Final = {
    "admitted": ("admitted", "admission", "admission_date", "date_admitted", "admitted_at", "admission_datetime"),
    "ready": ("ready", "ready_date", "medically_fit", "mffd_date", "medically_fit_date", "discharge_ready_date", "date_ready", "ready_at"),
    "left": ("left", "discharged", "discharge_date", "date_discharged", "left_date", "date_left", "left_at", "discharge"),
    "route": ("route", "pathway", "destination"),
    "reason": ("reason", "delay_reason", "reason_for_delay", "reason_code"),
    "id": ("id", "person", "pseudonym", "key", "spell", "spell_id"),
}  # fmt: skip
# Headings of what would say who somebody is.
_IDENTIFYING: Final = re.compile(
    r"nhs_(?:number|no)|nhsnumber|(?:fore|sur|first|last|full|patient|family)_?name|^name$|date_of_birth|birth_date|^dob$"
    r"|post_?code|address|hospital_(?:number|no)|unit_number|mrn|telephone|phone|email"
)
_NHS_NUMBER: Final = re.compile(r"\d{3}[ -]?\d{3}[ -]?\d{4}")
LONGEST_STAY_DAYS: Final = 3_650


def is_discharges(header: tuple[str, ...]) -> bool:
    """Whether a header is that of a list of people with the days they were admitted and left."""
    return all(any(name in header for name in _NAMES[needed]) for needed in ("admitted", "left"))


def read_discharges(table: Table, found: Findings) -> pd.DataFrame:
    """A row a person. Not yet ready and not yet left are empty cells; all else is checked.

    Refused: whatever says who somebody is (headings such as NHS number, name, date of birth, postcode; cells that are
    valid NHS numbers), dates that are none or in the wrong order, reasons that are no national code.
    """
    telling = [
        str(table.sheet.rows[table.header_row - 1][place])
        for place, name in enumerate(table.header)
        if _IDENTIFYING.search(name)
    ]
    if telling:
        words = f"would say who somebody is: column {listed(telling)}; delete it, or put a number of no meaning in its place"
        found.wrong(table.where(table.header_row), words)
        return pd.DataFrame(columns=["id", "admitted", "ready", "left", "route", "reason"])
    at = {name: table.position(*names) for name, names in _NAMES.items()}
    records = []
    for number, row in table.rows():
        _refuse_nhs_numbers(table, number, row, found)
        records.append(_record(table, number, row, at, found))
    people = pd.DataFrame(records, columns=["id", "admitted", "ready", "left", "route", "reason"])
    for column in ("admitted", "ready", "left"):
        people[column] = pd.to_datetime(people[column])
    _note_what_is_missing(people, table, found)
    return people


def _record(
    table: Table, number: int, row: tuple[Cell, ...], at: dict[str, int | None], found: Findings
) -> tuple[object, ...]:
    dates = {
        name: _date(table, number, row, at[name], name == "admitted", found)
        for name in ("admitted", "ready", "left")
    }
    known = [(name, date) for name, date in dates.items() if date is not None]
    for (before, first), (after, second) in pairwise(known):
        if second < first:
            found.wrong(
                table.where(number), f"{after} on {second:%Y-%m-%d}, before {before} on {first:%Y-%m-%d}"
            )
        elif (second - first).days > LONGEST_STAY_DAYS:
            found.wrong(
                table.where(number), f"{after} more than ten years after {before}; is the year right?"
            )
    reason_at = at["reason"]
    reason = row[reason_at] if reason_at is not None else None
    code = reason_code(reason)
    if reason is not None and code is None:
        found.wrong(table.where(number, reason_at), f"{shown(reason)} is no national reason code")
    text = {
        name: str(row[place]) if (place := at[name]) is not None and row[place] is not None else ""
        for name in ("id", "route")
    }
    return (text["id"], dates["admitted"], dates["ready"], dates["left"], text["route"], code or "")


def _date(
    table: Table, number: int, row: tuple[Cell, ...], place: int | None, needed: bool, found: Findings
) -> pd.Timestamp | None:
    cell = row[place] if place is not None else None
    if cell is None and not needed:
        return None
    date = moment_of(cell)
    if date is None:
        found.wrong(
            table.where(number, place), f"{shown(cell)} is no date; write it as 2017-10-01 or 01/10/2017"
        )
    return date


def _refuse_nhs_numbers(table: Table, number: int, row: tuple[Cell, ...], found: Findings) -> None:
    for place, cell in enumerate(row):
        text = f"{cell:.0f}" if isinstance(cell, float) else str(cell)
        if cell is not None and _NHS_NUMBER.fullmatch(text) and is_nhs_number(text):
            found.wrong(
                table.where(number, place),
                "holds what is a valid NHS number; put a number of no meaning in its place",
            )


def is_nhs_number(text: str) -> bool:
    """Whether ten digits end in the check digit of an NHS number (modulus 11, NHS Data Dictionary)."""
    digits = [int(c) for c in text if c.isdigit()]
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    check = 11 - sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return digits[9] == (0 if check == 11 else check)


def _note_what_is_missing(people: pd.DataFrame, table: Table, found: Findings) -> None:
    """Say how many rows are incomplete: they are kept, and count as stays that have not ended."""
    for column, words in (("left", "have not left yet"), ("ready", "have no day on which they were ready")):
        count = int(people[column].isna().sum())
        if count:
            found.notes.append(f"{table.sheet.where}: {count} of {len(people)} people {words}")
