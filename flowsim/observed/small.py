"""Small numbers of people are not written out: they could say who somebody is."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from flowsim.observed.model import Observed

FEWEST: Final = 5
TOTAL: Final = "total"


def suppressed(counts: pd.DataFrame, fewest: int = FEWEST) -> pd.DataFrame:
    """Counts with those from 1 to below `fewest` left empty, one row a row.

    Where there is a column `total`, an empty cell alone in its row could be worked out from it; so the smallest other number of
    that row is left empty too, or the total where there is none. A zero says that nobody was there, and stays.
    """
    found = counts.astype(np.float64)
    parts = [column for column in found if column != TOTAL]
    small = (found > 0) & (found < fewest)
    hidden = found.mask(small)
    if TOTAL in found and parts:
        for row in np.flatnonzero(small[parts].sum(axis=1) == 1):
            others = hidden[parts].iloc[row]
            others = others[others > 0]
            column = others.idxmin() if len(others) else TOTAL
            hidden.iloc[row, hidden.columns.get_loc(column)] = np.nan  # type: ignore[index]
    return hidden


def small_number(count: int, fewest: int = FEWEST) -> float:
    """A count, or nothing (NaN) where it is small."""
    return float("nan") if 0 < count < fewest else float(count)


def exported(observed: Observed, fewest: int = FEWEST) -> dict[str, pd.DataFrame]:
    """What may be written of observed figures, by name of the table. Of a list of people only counts, by month and by reason.

    Official months of delay are days, published by their authority, and stay as they are.
    """
    found: dict[str, pd.DataFrame] = {}
    for name, table in (
        ("monthly", observed.monthly),
        ("admissions", observed.admissions),
        ("beds", observed.daily_beds),
    ):
        if table is not None:
            found[f"observed-{name}"] = table.reset_index()
    if observed.census is not None:
        found["observed-census"] = suppressed(observed.census, fewest).reset_index()
    people = observed.discharges
    if people is not None and len(people):
        by_month = _counts(people, people["admitted"].dt.strftime("%Y-%m"), "month")
        found["discharges-by-month"] = suppressed(by_month, fewest).reset_index()
        for column in ("route", "reason"):
            if (people[column] != "").any():
                by_part = _counts(people, people[column].replace("", "not given"), column)
                found[f"discharges-by-{column}"] = suppressed(by_part, fewest).reset_index()
    return found


def _counts(people: pd.DataFrame, key: pd.Series, name: str) -> pd.DataFrame:
    gone = people["left"].notna()
    counts = pd.DataFrame({"left": gone.groupby(key).sum(), "still_there": (~gone).groupby(key).sum()})
    counts[TOTAL] = counts.sum(axis=1)
    counts.index.name = name
    return counts
