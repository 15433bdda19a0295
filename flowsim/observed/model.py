"""What was observed: monthly figures, daily counts, discharges, in one shape whatever file they came from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import pandas as pd


@dataclass(frozen=True)
class Observed:
    """Figures that a model can be held against. What nobody has is None.

    `monthly`: index `month` (first day); days of delay in the month `days_A` ... `days_I` (`days_O` where there is one),
    `total_days`, `days_nhs`, `days_social_care`, `days_both`, `days_acute`, `days_non_acute` as far as the source has them, and
    `per_day` = total_days / days of the month, the mean number of people delayed.
    `daily_beds`: index `date`; `open`, `occupied` (general and acute beds), and what else the source has.
    `admissions`: index `month`; `admissions` (all types), `admissions_type_1` (through a type 1 A&E), `attendances`,
    `per_day` = admissions / days of the month.
    `census`: index `date`; people delayed at that midnight by reason code, and `total`.
    `discharges`: a row a person; `id`, `admitted`, `ready`, `left` (NaT: not yet, or not known), `route`, `reason`.
    `sources`: where it comes from and under which licence. `notes`: what a reader of the figures should know.
    """

    monthly: pd.DataFrame | None = None
    daily_beds: pd.DataFrame | None = None
    admissions: pd.DataFrame | None = None
    census: pd.DataFrame | None = None
    discharges: pd.DataFrame | None = None
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def until(self, cut: dt.date | str) -> Observed:
        """What was known when the day `cut` began: whole months and days before it; what people did later is missing."""
        at = pd.Timestamp(cut)
        return replace(
            self,
            monthly=_whole_months(self.monthly, at),
            admissions=_whole_months(self.admissions, at),
            daily_beds=_days(self.daily_beds, at),
            census=_days(self.census, at),
            discharges=_people(self.discharges, at),
        )


def _whole_months(table: pd.DataFrame | None, at: pd.Timestamp) -> pd.DataFrame | None:
    if table is None:
        return None
    ends = pd.DatetimeIndex(table.index) + pd.offsets.MonthBegin()
    return table[ends <= at]


def _days(table: pd.DataFrame | None, at: pd.Timestamp) -> pd.DataFrame | None:
    return None if table is None else table[table.index < at]


def _people(table: pd.DataFrame | None, at: pd.Timestamp) -> pd.DataFrame | None:
    if table is None:
        return None
    known = table[table["admitted"] < at].copy()
    for column in ("ready", "left"):
        known[column] = known[column].where(known[column] < at)
    return known
