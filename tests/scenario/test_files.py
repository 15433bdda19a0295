"""Scenario files: bases, columns of CSV files, official figures, and the way there and back."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.errors import InputError, ScenarioError
from flowsim.observed import observed_monthly
from flowsim.scenario import (
    Plan,
    altered,
    build_timeline,
    bundled_names,
    fingerprint,
    from_text,
    load,
    to_toml,
)
from flowsim.scenario.files import bundled_folder
from flowsim.scenario.flows import offered_load
from flowsim.scenario.safely import document_in
from flowsim.scenario.shape import root
from flowsim.scenario.written import written
from tests.cities import erlang, little_city, write

CITIES = {"erlang": erlang(), "little_city": little_city()}


@pytest.mark.parametrize("city", CITIES)
def test_there_and_back(city: str) -> None:
    scenario = from_text(CITIES[city], "one")
    again = from_text(to_toml(scenario), "two")
    assert fingerprint(again) == fingerprint(scenario)
    assert again.model_dump(exclude={"name"}) == scenario.model_dump(exclude={"name"})
    assert to_toml(again).split("\n", 1)[1] == to_toml(scenario).split("\n", 1)[1]


def test_the_resolved_scenario_lists_its_bank_holidays() -> None:
    assert "# Bank holidays in England: 2017-08-28, 2017-12-25, 2017-12-26\n" in to_toml(
        from_text(little_city(), "x")
    )


@pytest.mark.uncounted  # the same lines for every scenario
@pytest.mark.parametrize("name", bundled_names())
def test_every_bundled_scenario_loads_and_comes_back(name: str) -> None:
    scenario = load(name)
    assert scenario.name == name
    assert fingerprint(from_text(to_toml(scenario), name)) == fingerprint(scenario)
    assert all(load.people_per_day >= 0 for load in offered_load(scenario))


def test_the_name_is_that_of_the_file(tmp_path: Path) -> None:
    assert load(write(tmp_path, "winter 2017", erlang())).name == "winter 2017"
    assert from_text(erlang(), "plan.toml").name == "plan"


def test_a_scenario_is_handed_back() -> None:
    scenario = from_text(erlang(), "x")
    assert load(scenario) is scenario
    with pytest.raises(ScenarioError, match="must be at least one stream"):
        load(scenario.model_copy(update={"streams": {}}))


def test_a_derived_scenario_says_only_what_differs(tmp_path: Path) -> None:
    write(tmp_path, "base", little_city())
    derived = load(
        write(
            tmp_path,
            "derived",
            'base = "base"\ntitle = "derived"\n[services.homecare]\ncapacity = "unlimited"\n'
            '[services.stit]\nstarts = { sat = 3 }\n[[changes]]\nlabel = "third"\nfrom = 2017-12-03\n'
            'add = { "services.stit.capacity" = 3 }\n',
        )
    )
    assert (derived.name, derived.title) == ("derived", "derived")
    assert derived.services["homecare"].capacity is None
    stit = derived.services["stit"]
    assert stit.starts is not None
    assert (stit.starts.sat, stit.starts.mon, stit.capacity) == (3, 6, 330)
    assert [c.label for c in derived.changes] == ["Seven-day pick-up by STIT", "Winter", "third"]


def test_removing_a_capacity_that_a_change_of_the_base_alters_is_told(tmp_path: Path) -> None:
    write(tmp_path, "base", little_city())
    with pytest.raises(ScenarioError, match=r'change "Winter".*services\.ic_beds\.capacity: has no limit'):
        load(write(tmp_path, "derived", 'base = "base"\n[services.ic_beds]\ncapacity = "unlimited"\n'))


def test_a_base_by_bundled_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    monkeypatch.setattr("flowsim.scenario.files.bundled_folder", lambda: bundled)
    write(bundled, "city", erlang())
    assert bundled_names() == ("city",)
    assert load("city").name == "city"
    scenario = from_text('base = "city"\n[target]\ndelayed = 3\n', "plan")
    assert (scenario.target.delayed, scenario.title) == (3, "One limited place")


# Fingerprints


def test_names_and_labels_do_not_matter_and_numbers_do() -> None:
    scenario = from_text(little_city(), "x")
    relabelled = (
        little_city()
        .replace("Off-site", "Spot")
        .replace("A little city", "A town")
        .replace('"Winter"', '"Cold"')
    )
    assert fingerprint(from_text(relabelled, "y")) == fingerprint(scenario)
    assert fingerprint(altered(scenario, Plan(add={"run.days": 1}))) != fingerprint(scenario)
    assert fingerprint(altered(scenario, Plan(scale={"services.stit.stay": 1.000001}))) != fingerprint(
        scenario
    )


def test_the_same_fingerprint_in_every_folder(tmp_path: Path) -> None:
    text = little_city().replace("adults =", 'observed = "o.csv"\nadults =')
    found = set()
    for name in ("here", "there"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "o.csv").write_text("month,total\n2017-10,310\n")
        found.add(fingerprint(load(write(folder, "x", text))))
    assert len(found) == 1


# Columns


def test_a_column_becomes_values_and_weights(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "stays.csv").write_bytes(
        "\ufeffward,days\r\nA,3\r\nB,1.5\r\nA,3\r\nC,\r\n\r\n".encode()
    )
    text = erlang().replace(
        '{ dist = "exponential", mean = 3.0 }',
        '{ dist = "empirical", file = "data/stays.csv", column = "days" }',
    )
    scenario = load(write(tmp_path, "x", text))
    stay = scenario.routes["onward"].stay
    assert stay is not None
    assert stay.model_dump(exclude_none=True) == {"dist": "empirical", "values": (1.5, 3), "weights": (1, 2)}
    assert fingerprint(from_text(to_toml(scenario), "y")) == fingerprint(scenario)


def test_a_column_in_a_change_and_a_very_long_one(tmp_path: Path) -> None:
    (tmp_path / "stays.csv").write_text("days\n" + "\n".join(str(i / 1000) for i in range(50_000)))
    change = '[[changes]]\nlabel = "x"\nfrom = 2017-10-05\nset = { "services.beds.stay" = { file = "stays.csv", column = "days" } }\n'
    scenario = load(write(tmp_path, "x", erlang() + change))
    stay = build_timeline(scenario).on(10).services["beds"].stay
    assert stay is not None
    assert stay.values is not None
    assert len(stay.values) == 4_000
    assert sum(stay.values) / 4_000 == pytest.approx(25, rel=1e-3)
    assert fingerprint(from_text(to_toml(scenario), "y")) == fingerprint(scenario)


# Official figures


def official(folder: Path) -> Path:
    (folder / "observed").mkdir()
    (folder / "observed" / "city.csv").write_text(
        "month,A,total,acute\n2017-10,100,310,300\n2017-11,60,300,280\n"
    )
    return write(folder, "x", little_city().replace("adults =", 'observed = "observed/city.csv"\nadults ='))


def test_official_figures_beside_a_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = official(tmp_path)
    monkeypatch.chdir(tmp_path)
    scenario = load(path.name)
    monkeypatch.chdir(os.sep)
    figures = observed_monthly(scenario)
    assert figures is not None
    assert [f"{month:%Y-%m}" for month in figures.index] == ["2017-10", "2017-11"]
    assert figures["total_days"].tolist() == [310, 300]
    assert figures["per_day"].tolist() == [10, 10]
    assert {"days_A", "days_acute"} <= set(figures.columns)


def test_copies_versions_and_workers_know_the_figures_too(tmp_path: Path) -> None:
    scenario = load(official(tmp_path))
    others = [
        altered(scenario, Plan(add={"services.stit.capacity": 1})),
        altered(scenario, Plan(put={"run.days": 5})),
        build_timeline(scenario).versions[-1],
        pickle.loads(pickle.dumps(scenario)),
    ]
    assert all(observed_monthly(other) is not None for other in others)


def test_a_derived_scenario_takes_the_figures_of_its_base(tmp_path: Path) -> None:
    official(tmp_path)
    assert observed_monthly(load(write(tmp_path, "y", 'base = "x"'))) is not None


def test_text_alone_has_no_figures_at_hand(tmp_path: Path) -> None:
    scenario = load(official(tmp_path))
    alone = from_text(to_toml(scenario), "x")
    assert alone.counting.observed == "observed/city.csv"
    assert observed_monthly(alone) is None
    assert observed_monthly(from_text(erlang(), "x")) is None


def test_figures_of_the_bundled_scenarios_are_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    official(bundled)
    monkeypatch.setattr("flowsim.scenario.files.bundled_folder", lambda: bundled)
    mine = tmp_path / "mine"
    mine.mkdir()
    assert observed_monthly(load("x")) is not None
    assert observed_monthly(load(write(mine, "y", 'base = "x"'))) is not None
    assert observed_monthly(load(shutil.copy(bundled / "x.toml", mine / "copy.toml"))) is not None
    assert observed_monthly(from_text(to_toml(load("x")), "z")) is not None


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        ("total\n3\n", "no column"),
        ("month,total\nsoon,3\n", "no month; write it as 2017-10"),
        ("month,total\n2017-10,many\n", "no number of days"),
    ],
)
def test_official_figures_that_are_none(tmp_path: Path, content: str, fragment: str) -> None:
    path = official(tmp_path)
    (tmp_path / "observed" / "city.csv").write_text(content)
    with pytest.raises(InputError, match=fragment):
        observed_monthly(load(path))


def test_the_bundled_folder_is_that_of_the_checkout() -> None:
    assert bundled_folder().name in ("scenarios", "bundled")
    assert bundled_folder().is_dir()


# Writing and reading anything

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)


@given(TEXTS, st.floats(0, 1e9), TEXTS)
def test_whatever_is_written_can_be_read(title: str, number: float, key: str) -> None:
    document = {"title": title, "run": {"days": number}, "changes": [{"label": title, "set": {key: number}}]}
    assert document_in(written(document, root()), "x") == document


@given(st.text(max_size=60))
def test_no_text_is_answered_otherwise_than_in_words(text: str) -> None:
    with pytest.raises(ScenarioError) as found:
        from_text(text, "x")
    assert all(c.startswith("x: ") for c in found.value.complaints)


@given(st.data())
def test_damaged_scenarios_are_answered_in_words_or_load(data: st.DataObject) -> None:
    text = little_city()
    begin = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 30))
    instead = data.draw(
        st.sampled_from(
            ["", "-1", '"', "[", "]", "{", "nan", "= 3", "\n", "true", "2017-10-01", '"x"', "[1]", "{}"]
        )
    )
    assert_loads_or_is_told(text[:begin] + instead + text[begin + length :])


def assert_loads_or_is_told(text: str) -> None:
    complaints: tuple[str, ...] = ()
    try:
        from_text(text, "x")
    except ScenarioError as error:
        complaints = error.complaints
    assert all(c.startswith("x: ") for c in complaints)
