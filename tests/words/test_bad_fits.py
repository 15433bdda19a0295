"""Every broken fit file is refused in words: the file, what is wrong, and what would be right; nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from flowsim.cli import app
from tests.cities import little_city

GOOD = """
from = "2017-10"
to = "2017-11"
[vary]
"services.stit.stay.mean" = { low = 24, high = 32 }
"Winter: streams.emergency.per_day" = { low = 1.0, high = 1.3 }
[targets]
monthly_delayed = { tolerance = 0.1 }
wait_mean_stit = { value = 3, within = 1 }
"""
RETURN = "month,A,E,total\n2017-10,100,200,300\n2017-11,120,220,340\n2017-12,90,200,290\n"

BAD = {
    "empty": ("", "is empty"),
    "no TOML": ("vary = {", "bad.toml"),
    "misspelt key": (GOOD.replace("[vary]", "[varry]"), 'did you mean "vary"?'),
    "no ranges": (GOOD.partition("[vary]")[0] + "[targets]\nmonthly_delayed = {}", "vary: is missing"),
    "empty ranges": ("[vary]\n[targets]\nmonthly_delayed = {}", "vary: is empty"),
    "no targets": (GOOD.partition("[targets]")[0], "targets: is missing"),
    "targets that do not count": (GOOD.replace("tolerance = 0.1", "weight = 0").replace("within = 1", "weight = 0"), "none has a weight"),
    "month": (GOOD.replace('"2017-10"', '"October"'), 'must be a month such as "2016-04"'),
    "a number for a month": (GOOD.replace('"2017-10"', "2017"), "must be a month"),
    "months backwards": (GOOD.replace('"2017-11"', '"2017-01"'), "is after to"),
    "months out of the run": (GOOD.replace('"2017-10"', '"2019-01"').replace('"2017-11"', '"2019-02"'), "there is no month to fit"),
    "range backwards": (GOOD.replace("low = 24, high = 32", "low = 32, high = 24"), "must be below high"),
    "half a range": (GOOD.replace("low = 24, ", ""), "lacks low"),
    "a text for a number": (GOOD.replace("low = 24", 'low = "24"'), "must be a number"),
    "yes for a number": (GOOD.replace("low = 24", "low = true"), "must be a number"),
    "not a number": (GOOD.replace("low = 24", "low = nan"), "must be a number"),
    "infinity": (GOOD.replace("high = 32", "high = inf"), "must be a number"),
    "no table": (GOOD.replace("{ low = 24, high = 32 }", "28"), "must be a table such as { low = 24, high = 34 }"),
    "misspelt end": (GOOD.replace("low = 24", "lo = 24"), 'did you mean "low"?'),
    "unknown scale": (GOOD.replace("high = 32", 'high = 32, scale = "lag"'), "must be one of: linear, log"),
    "logarithm of nothing": (GOOD.replace("low = 24, high = 32", 'low = 0, high = 32, scale = "log"'), "needs a low end above 0"),
    "misspelt path": (GOOD.replace("services.stit.stay.mean", "services.stitt.stay.mean"), 'did you mean "stit"?'),
    "a distribution": (GOOD.replace("services.stit.stay.mean", "services.stit.stay"), "such as services.stit.stay.mean"),
    "a text of the scenario": (GOOD.replace("services.stit.stay.mean", "services.stit.label"), "only numbers can be fitted"),
    "the run": (GOOD.replace("services.stit.stay.mean", "run.days"), "not for the data to tell"),
    "misspelt change": (GOOD.replace('"Winter:', '"Wintre:'), 'did you mean "Winter"?'),
    "a change that does nothing there": (GOOD.replace("streams.emergency.per_day", "services.stit.stay.mean", 1).replace('"services.stit.stay.mean" = { low = 24', '"services.stit.stay_scale" = { low = 1', 1).replace('"Winter: streams.emergency.per_day"', '"Winter: services.stit.capacity"'), "does nothing at"),
    "out of range": (GOOD.replace("low = 24", "low = -24"), "services.stit.stay.mean"),
    "misspelt target": (GOOD.replace("monthly_delayed", "montly_delayed"), 'did you mean "monthly_delayed"?'),
    "a target of no service": (GOOD.replace("wait_mean_stit", "wait_mean_stid"), 'did you mean "wait_mean_stit"?'),
    "a reason that nobody has": (GOOD.replace("monthly_delayed", "monthly_delayed_H"), "as its reason"),
    "a target without its value": (GOOD.replace("value = 3, ", ""), "needs a value (in days)"),
    "one value for many months": (GOOD.replace("tolerance = 0.1", "value = 30"), "takes no value"),
    "a target that was not observed": (GOOD.replace("monthly_delayed ", "weekday_beds "), "do not have it"),
    "tolerance below nothing": (GOOD.replace("tolerance = 0.1", "tolerance = -0.1"), "must be a number from 0"),
    "tolerance twice": (GOOD.replace("within = 1", "within = 1, tolerance = 0.1"), "not both"),
    "a weight above 1": (GOOD.replace("tolerance = 0.1", "weight = 2"), "must be a number from 0 to 1"),
    "misspelt effort": (GOOD + "[effort]\nwave = 3\n", 'did you mean "waves"?'),
    "no effort": (GOOD + "[effort]\nwaves = 0\n", "must be a whole number from 1 to 20"),
    "half a wave": (GOOD + "[effort]\nwaves = 1.5\n", "must be a whole number"),
    "effort is no table": ('effort = "much"\n' + GOOD, "effort"),
}  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "city.toml").write_text(little_city(), encoding="utf-8")
    (tmp_path / "return.csv").write_text(RETURN, encoding="utf-8")
    return tmp_path


def asked(folder: Path) -> list[str]:
    return [
        "calibrate", str(folder / "city.toml"), "--observed", str(folder / "return.csv"), "--fit", str(folder / "bad.toml"),
        "--out", str(folder / "out"), "--cores", "1",
    ]  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_broken_fit_is_refused_in_words(what: str, files: Path) -> None:
    text, words = BAD[what]
    (files / "bad.toml").write_text(text, encoding="utf-8")
    answer = CliRunner().invoke(app, asked(files))
    assert answer.exit_code == 2, answer.output
    assert words in answer.output
    assert "Traceback" not in answer.output
    assert not list(files.glob("out/*.parquet"))


def test_all_complaints_come_at_once(files: Path) -> None:
    (files / "bad.toml").write_text(
        GOOD.replace("low = 24", "low = 40").replace("tolerance = 0.1", "tolerance = -1"), encoding="utf-8"
    )
    answer = CliRunner().invoke(app, asked(files))
    assert "must be below high" in answer.output
    assert "must be a number from 0" in answer.output


def test_a_bundled_fit_is_known_by_its_name_and_a_misspelt_one_is_guessed(files: Path) -> None:
    words = asked(files)
    at = words.index("--fit") + 1
    answer = CliRunner().invoke(app, [*words[:at], "sheffield-2017", *words[at + 1 :]])
    # It was read: what is wrong is that it is of another city.
    assert answer.output.startswith("sheffield-2017: vary: ")
    assert "services.nursing_home" in answer.output
    answer = CliRunner().invoke(app, [*words[:at], "sheffeld-2017", *words[at + 1 :]])
    assert answer.exit_code == 2
    assert 'is neither a fit file nor a bundled one; did you mean "sheffield-2017"?' in answer.output


def test_data_that_are_not_there_are_said_in_words(files: Path) -> None:
    (files / "bad.toml").write_text(GOOD, encoding="utf-8")
    (files / "return.csv").unlink()
    answer = CliRunner().invoke(app, asked(files))
    assert answer.exit_code == 2
    assert "return.csv" in answer.output
