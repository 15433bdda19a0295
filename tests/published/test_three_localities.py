"""Three localities: what the scenario holds is what IPACS published, and moving beds is worth what arithmetic says it is."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator

import pytest

import flowsim
from flowsim.scenario.files import bundled_folder
from flowsim.scenario.flows import offered_load

LOCALITIES = {"B": "bristol", "NS": "north_somerset", "SG": "south_gloucestershire"}
PATHWAYS = {"P1": "home", "P2": "rehabilitation", "P3": "complex"}
DAYS = {"Mon": "mon", "Tue": "tue", "Wed": "wed", "Thu": "thu", "Fri": "fri", "Sat": "sat", "Sun": "sun"}


def rows(table: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of one table by the name that its node has in the scenario."""
    path = bundled_folder() / "sources" / f"lit_ipacs_bnssg_{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pathway, _, locality = row["node"].partition("_")
            yield f"{PATHWAYS[pathway]}_{LOCALITIES[locality]}", row


def test_referrals_are_as_published() -> None:
    streams = flowsim.load("three-localities").streams
    published = dict(rows("arrivals_by_dow_2022"))
    assert set(streams) == set(published)
    for name, row in published.items():
        assert 7 * streams[name].per_day == pytest.approx(float(row["per_week"]), abs=0.002)
        assert streams[name].weekday.given() == {day: float(row[column]) for column, day in DAYS.items()}


def test_room_is_as_published() -> None:
    services = flowsim.load("three-localities").services
    for name, row in rows("capacity_2023"):
        size = services[name].size
        assert services[name].capacity == float(row["capacity"]) * (size.start + size.end) / 2
        assert services[name].initial.people == int(row["capacity"])


@pytest.mark.parametrize(
    ("scenario", "of"), [("three-localities", "Blos"), ("three-localities-shorter-stays", "S1los")]
)
def test_stays_are_as_published(scenario: str, of: str) -> None:
    services = flowsim.load(scenario).services
    stays = {name: row for name, row in rows("los_lognormal_2023") if row["scenario"] == of}
    assert len(stays) == 9
    for name, row in stays.items():
        stay, mean, median = services[name].stay, float(row["mean_los"]), float(row["median"])
        assert stay is not None
        # A lognormal's mean over its median is exp(sigma^2 / 2), so its sd is the mean times sqrt(that^2 - 1).
        assert stay.mean == mean
        assert stay.sd == pytest.approx(mean * math.sqrt((mean / median) ** 2 - 1), abs=0.006)
        assert services[name].size.start == (float(row["IVR"]) if row["IVR"] else 1)
        assert services[name].size.end == (float(row["FVR"]) if row["FVR"] else 1)


def test_beds_are_moved_not_made() -> None:
    before, after = (
        flowsim.load(n).services for n in ("three-localities-shorter-stays", "three-localities-moved-beds")
    )
    for pathway in PATHWAYS.values():
        names = [f"{pathway}_{locality}" for locality in LOCALITIES.values()]
        assert sum(before[n].capacity or 0 for n in names) == sum(after[n].capacity or 0 for n in names)


def test_where_there_is_no_room_the_queue_grows_as_arithmetic_says() -> None:
    """A queue that gets more than it can pass on grows by the difference: after half a year, by 182 times that."""
    scenario = flowsim.load("three-localities")
    result = flowsim.run(scenario, replications=10)
    for load in offered_load(scenario):
        if not load.service.startswith("rehabilitation"):
            continue  # the stays at home vary too much, those in complex beds last too long, for half a year to show it
        assert load.most_per_day is not None
        queue = result.by_day(f"queue_{load.service}")
        growth = (queue[:, -1] - queue[:, 30]).mean() / (queue.shape[1] - 31)
        assert growth == pytest.approx(load.people_per_day - load.most_per_day, abs=0.35), load.service


def test_shorter_stays_help_and_moved_beds_help_more() -> None:
    names = ("three-localities", "three-localities-shorter-stays", "three-localities-moved-beds")
    differences = flowsim.compare(names, replications=6).differences
    means = differences[differences["measure"] == "delayed_mean"].to_dict("records")
    low, high = ({row["scenario"]: float(row[end]) for row in means} for end in ("low", "high"))
    assert high[names[2]] < low[names[1]] < high[names[1]] < 0
