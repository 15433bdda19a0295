"""Complaints about a scenario: the dotted path, the value, what is allowed, and the nearest name."""

from __future__ import annotations

import datetime as dt
import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

NOT_SHOWN: Final = object()
LONGEST_SHOWN: Final = 60
LONGEST_LIST: Final = 12


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong. `words` goes on after the path and value; `when` names a dated change."""

    path: str
    words: str
    value: Any = NOT_SHOWN
    when: str = ""

    def sentence(self, file: str) -> str:
        """The complaint as a user reads it, in one line."""
        shown = "" if self.value is NOT_SHOWN else f" = {shortened(self.value)}"
        parts = [printable(file), self.when, f"{shortened_path(self.path)}{shown}", self.words]
        return ": ".join(p for p in parts if p)

    def during(self, when: str) -> Complaint:
        """The same complaint, about the scenario as it stands on some date."""
        return replace(self, when=when)


def distinct(complaints: Iterable[Complaint]) -> list[Complaint]:
    """The complaints without repetitions, in order; the first date on which one holds is kept."""
    kept: dict[tuple[str, str], Complaint] = {}
    for complaint in complaints:
        kept.setdefault((complaint.path, complaint.words), complaint)
    return list(kept.values())


def printable(text: str) -> str:
    """Text without control characters, which could command a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def shortened_path(path: str) -> str:
    """A dotted path that fits on a line."""
    clean = printable(path)
    return clean if len(clean) <= 2 * LONGEST_SHOWN else clean[: 2 * LONGEST_SHOWN] + "..."


def shortened(value: Any) -> str:
    """A value as it would be written in a scenario file, cut short where it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a whole number of some " + str(int(value.bit_length() * 0.30103) + 1) + " digits"
    if isinstance(value, str):
        cut = value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "..."
        return json.dumps(printable(cut), ensure_ascii=False)
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    return "unlimited" if value is None else plain(value)


def plain(value: float) -> str:
    """A number without a needless ".0", to ten digits."""
    number = float(value)
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return repr(number) if abs(number) < 1e-4 else f"{number:.10g}"


def one_of(names: Iterable[str]) -> str:
    """A short list of valid names, in quotation marks."""
    quoted = [f'"{printable(n)}"' for n in names]
    if not quoted:
        return "none"
    more = f" and {len(quoted) - LONGEST_LIST} more" if len(quoted) > LONGEST_LIST else ""
    return ", ".join(quoted[:LONGEST_LIST]) + more


def nearest(name: str, among: Iterable[str]) -> str:
    """What a misspelt name may have been meant to be, else the names there are."""
    known = [n for n in among if len(n) <= LONGEST_SHOWN]
    if len(name) <= LONGEST_SHOWN:
        # Case is no reason to miss a name: "Hospital" is meant to be "hospital".
        found = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
        if found:
            return f'did you mean "{found[0]}"?'
    return f"there is {one_of(known)}"
