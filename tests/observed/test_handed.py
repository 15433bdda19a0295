"""A file that somebody hands over in the browser: told by what it holds, and named as they know it."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from flowsim.errors import DataError
from flowsim.observed import Observed
from flowsim.observed.handed import known_in
from flowsim.observed.today import Today
from flowsim.workbooks import MOST_BYTES

MONTHS = b"month,total,A,E\n2017-08,310,110,200\n2017-09,300,100,200\n"
AREAS = b"""area,period,reason,delayed_days
Sheffield,2017-09,A,30
Sheffield,2017-09,total,30
Wiltshire,2017-09,A,60
Wiltshire,2017-09,total,60
"""


def test_a_census_is_a_start_and_months_are_what_was_observed() -> None:
    today = known_in("my census.csv", b"date,A,E\n2017-10-01,3,5\n2017-10-02,4,6\n")
    assert isinstance(today, Today)
    assert [(c.what, c.delayed) for c in today.counts] == [("A", 4), ("E", 6)]
    assert {c.where for c in today.counts} == {"my census.csv: 2017-10-02"}
    months = known_in("my months.csv", MONTHS)
    assert isinstance(months, Observed)
    assert months.sources == ("my months.csv",)
    assert months.monthly is not None
    assert months.monthly["per_day"].tolist() == [10, 10]


def test_no_disk_holds_what_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may list people."""
    monkeypatch.setattr(Path, "open", lambda *_a, **_k: pytest.fail("opened a file"))
    monkeypatch.setattr("tempfile.mkdtemp", lambda *_a, **_k: pytest.fail("made a folder"))
    book = io.BytesIO()
    pd.DataFrame({"what": ["stit"], "in_hospital": [3]}).to_excel(book, index=False)
    for name, data in (("my counts.csv", b"what,in_hospital\nstit,3\n"), ("my counts.xlsx", book.getvalue())):
        found = known_in(name, data)
        assert isinstance(found, Today)
        assert [(c.what, c.in_hospital) for c in found.counts] == [("stit", 3)]
        assert found.counts[0].where.startswith(name)


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"^my\.csv: is too large for a table: 20,000,001 bytes; at most 20,000,000"
    ):
        known_in("my.csv", b"x" * (MOST_BYTES + 1))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"what,in_hospital\nstit,-3\n", 'my file.csv: row 2, column "in_hospital": "-3" is no number'),
        (b"date,open,occupied\n2017-10-01,100,90\n", "holds neither months of delay nor who is there today"),
        (b"month,total,A\n2017-08,-3,1\n", "my file.csv: row 2"),
        (b"a,b\n1,2\n", "none of its tables is known"),
    ],
)
def test_what_is_wrong_is_said_of_the_file_as_people_know_it(data: bytes, words: str) -> None:
    with pytest.raises(DataError) as problem:
        known_in("my file.csv", data)
    assert words in str(problem.value)
    assert "/" not in str(problem.value).replace("and/or", "")


def test_of_several_areas_one_has_to_be_named() -> None:
    with pytest.raises(DataError, match=r"holds 2 areas .*; say which by its name or code"):
        known_in("areas.csv", AREAS)
    found = known_in("areas.csv", AREAS, "sheffield")
    assert isinstance(found, Observed)
    assert found.monthly is not None
    assert found.monthly["total_days"].tolist() == [30]
