"""The handbook and the README: every block of code in them runs, in order, as a reader would run it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.main import get_command

from flowsim.cli import app
from flowsim.decisions.compare import compare
from flowsim.saving import save
from tests.experiment.city import small_city
from tests.words.blocks import Block, Page, blocks_in, commands_in, run_block
from tests.words.commands import ROOT, Command, quickened, run_command, words_of

GENERATED = "generated"
TOWN = ROOT / "docs" / "how-to" / "small-town.toml"
PAGES = sorted(
    path for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "scenarios" / "README.md", *(ROOT / "benchmarks").glob("*.md"),
     *(ROOT / "notebooks").glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if GENERATED not in path.parts
)  # fmt: skip


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_block_of_a_page_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A reader sits in a checkout: its scenarios are there, and what they write is theirs.
    if os.name == "nt":
        pytest.skip("links to folders need rights on Windows")
    for folder in ("scenarios", "docs"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    page = Page(tmp_path)
    for block in blocks_in(path.read_text(encoding="utf-8")):
        run_block(block, page)


def test_there_are_pages_and_blocks() -> None:
    counted = {
        name_of(p): sum(1 for b in blocks_in(p.read_text(encoding="utf-8")) if b.kind != "text")
        for p in PAGES
    }
    assert len(counted) >= 12
    assert sum(counted.values()) >= 40
    assert counted["README.md"] >= 3


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"`[^`]*`", "", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"(https?|mailto):", target):
            assert (path.parent / target).exists() or GENERATED in target, f"{name_of(path)}: {target}"


def test_the_columns_of_the_files_are_those_that_are_written(tmp_path: Path) -> None:
    comparison = compare([small_city(14, "base"), small_city(20, "plan")], replications=2, keep_journeys=1)
    save(comparison.results, tmp_path, {"differences.csv": comparison.differences})
    page = (ROOT / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
    said = {row[0]: row[-1] for row in re.findall(r"^\| `([\w.]+)` \|([^|]*)\|(.*)\|$", page, re.MULTILINE)}
    for file in ("journeys.parquet", "summary.csv", "differences.csv"):
        read = pd.read_parquet if file.endswith("parquet") else pd.read_csv
        # What is in other brackets is a value.
        named = re.findall(r"`([a-z_]+)`", said[file])
        assert named == list(read(tmp_path / file).columns), file
    for column in re.findall(r"`([a-z_]+)`", said["daily.parquet"]):
        assert column in pd.read_parquet(tmp_path / "daily.parquet").columns


# The means above are silent where all is well, so each is shown something that is not.


def test_blocks_are_told_apart() -> None:
    text = "words\n\n    python -m flowsim check x\n\n```python\na = 1\n```\n\n```console\n$ flowsim check x\nfine\n$ flowsim new\n```\n"
    indented, python, console = blocks_in(text)
    assert (indented.kind, indented.text, indented.line) == ("indented", "python -m flowsim check x", 3)
    assert (python.kind, python.text) == ("python", "a = 1")
    assert list(commands_in(console)) == [Command(["flowsim", "check", "x"], "fine", 10), Command(["flowsim", "new"], None, 12)]  # fmt: skip


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (Block("python", 'assert 1 == 2, "so"', 1), "so"),
        (Block("ruby", "puts 1", 7), "line 7"),
        (Block("console", "$ flowsim check no-such-place", 1), "no-such-place"),
        (Block("console", "$ flowsim --version\nflowsim 0.0.9", 1), "but it prints"),
        (Block("indented", "python -m flowsim chek sheffield-2017", 1), "exit code 2"),
        (Block("indented", "python3 scripts/no_such.py", 1), "there is no scripts/no_such.py"),
        (Block("indented", "python -m pytest tests/no_such.py", 1), "there is no tests/no_such.py"),
        (Block("indented", "python -m flowsim app --colour red", 1), "No such option"),
        (Block("indented", "python3 scripts/lock.py --upgrad", 1), "scripts/lock.py has no ['--upgrad']"),
        (Block("indented", "python -m benchmarks.engines [--cores 2]", 1), "benchmarks.engines has no"),
        (Block("indented", f"python -m flowsim optimise {TOWN} --lever services.stt.capacity=1:2:1@5", 1), "exit code 2"),
        (Block("indented", f"python -m flowsim optimise {TOWN} --leever services.stit.capacity=1:2:1@5", 1), "No such option"),
        (Block("console", "$ flowsim forecast sheffield-series --observed sheffield --week 3", 1), "No such option"),
        (Block("console", "$ flowsim forecast sheffield-series --observed no-such-file", 1), "exit code 2"),
        (Block("console", "$ flowsim backtest sheffield-series --observe sheffield", 1), "No such option"),
        (Block("console", "$ flowsim calibrate sheffield-2016 --observed sheffield --fit none.toml --out x", 1), "none.toml"),
        (Block("text", "python -m flowsim chek x", 4), "line 4"),
        (Block("", "$ flowsim check x", 4), "nothing runs a block"),
        (Block("indented", "python -c 'print(1)'", 3), "line 3: nothing checks this command"),
    ],
)  # fmt: skip
def test_what_does_not_work_is_found(block: Block, words: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=re.escape(words)):
        run_block(block, Page(tmp_path))


def test_dots_stand_for_anything() -> None:
    run_command(Command(["flowsim", "check", "sheffield-2017"], "Sheffield, autumn 2017: some 65 delayed a day (sheffield-2017)\n...", 1))  # fmt: skip


def test_commands_are_made_quick() -> None:
    assert quickened(["run", "x", "-n", "50"]) == ["run", "x", "--replications", "2"]
    assert quickened(["compare", "x", "y", "--out", "r"]) == ["compare", "x", "y", "--replications", "2"]
    assert quickened(["run", "x", "--until-half-width", "3"]) == ["run", "x", "--replications", "2"]
    assert quickened(["sweep", "x", "--points", "9"]) == [
        "sweep",
        "x",
        "--points",
        "2",
        "--replications",
        "2",
    ]
    assert quickened(["check", "x"]) == ["check", "x"]


def test_long_commands_are_given_less_to_do_and_keep_what_else_they_say(tmp_path: Path) -> None:
    assert quickened(["forecast", "x", "--today", "t.csv"]) == ["forecast", "x", "--today", "t.csv", "--paths", "20"]  # fmt: skip
    months = quickened(["forecast", "x", "--observed", "o", "--weeks", "26", "--from", "2017-04-01"])
    assert months == [
        "forecast",
        "x",
        "--observed",
        "o",
        "--weeks",
        "2",
        "--from",
        "2016-10-01",
        "--paths",
        "20",
    ]
    plans = quickened(
        ["optimise", "x", "--lever", "a=1:9:2@5", "--lever", "b*=1:1.5:0.25@7", "--limit", "a<=4"]
    )
    assert plans[3:6:2] == ["a=9:9:2@5", "b*=1.5:1.5:0.25@7"]
    assert plans[6:] == ["--limit", "a<=4", "--replications", "100"]
    fit = tmp_path / "fit.toml"
    fit.write_text("[vary]\n", encoding="utf-8")
    short = quickened(["calibrate", "x", "--fit", str(fit)])[3]
    assert "waves = 1" in Path(short).read_text(encoding="utf-8")
    assert fit.read_text(encoding="utf-8") == "[vary]\n"


def test_both_commands_of_a_line_run() -> None:
    line = ["pip", "install", "-r", "requirements.lock", "&&", "flowsim", "check", "no-such-place"]
    with pytest.raises(AssertionError, match="no-such-place"):
        run_command(Command(line, None, 1))


SHOWN = "│ seven days │ 10 │ 95 % │\nSome 30 people wait. Nobody else does."


@pytest.mark.parametrize(
    ("shown", "wrong"),
    [
        (SHOWN, ""),
        ("│ seven days │ 9 │ 3 % │\nSome 4 people\nwait.", ""),
        ("│ nine days │ 10 │ 95 % │", "nine days"),
        ("│ seven days │ 10 │", "seven days"),
        ("Some 30 people sit.", "people sit"),
    ],
)
def test_what_is_shown_below_a_command_that_did_less_has_its_words_and_rows(
    shown: str, wrong: str, tmp_path: Path
) -> None:
    page = Page(tmp_path, printed=SHOWN, quick=True)
    if not wrong:
        run_block(Block("text", shown, 1), page)
        return
    with pytest.raises(AssertionError, match=wrong):
        run_block(Block("text", shown, 1), page)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_command_within_a_sentence_is_one_of_flowsims(path: Path) -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]  # a group
    for said in re.findall(r"`(?:python -m )?flowsim ([a-z]+(?: [^`]*)?)`", path.read_text(encoding="utf-8")):
        words = words_of(said)
        assert words[0] in commands, f"{name_of(path)}: flowsim {said}"
        known = {name for option in commands[words[0]].params for name in option.opts}
        unknown = [word for word in words if word.startswith("-") and word not in known]
        assert not unknown, f"{name_of(path)}: flowsim {said} has no {unknown}"
