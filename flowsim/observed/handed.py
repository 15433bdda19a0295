"""A file that somebody hands over in a browser: what it holds is told by its headers."""

from __future__ import annotations

from flowsim.errors import DataError
from flowsim.observed.model import Observed
from flowsim.observed.monthly import WITH_OPTION
from flowsim.observed.reading import read_observed
from flowsim.observed.sheets import Handed
from flowsim.observed.today import Today, holds_today, read_today
from flowsim.scenario.words import printable


def known_in(name: str, data: bytes, area: str | None = None) -> Today | Observed:
    """Counts of one day, as `read_today` reads them, or months of delay, as `read_observed` does (of an `area`, if it has several).

    Raises DataError with every complaint, in which the file is called `name`.
    """
    handed = Handed(name, data)
    try:
        if holds_today(handed):
            return read_today(handed)
        observed = read_observed(handed, area)
    except DataError as error:
        raise DataError([c.replace(WITH_OPTION, "by its name or code") for c in error.complaints]) from None
    if observed.monthly is None:
        words = "holds neither months of delay nor who is there today"
        kinds = "counts, a daily census, or a list of discharges with those who have not left"
        raise DataError([f"{printable(name)}: {words} ({kinds})"])
    return observed
