"""The handbook and the README: every block of code in them runs, in order, as a reader would run it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.words.blocks import (
    ROOT,
    Block,
    Command,
    Page,
    blocks_in,
    commands_in,
    quickened,
    run_block,
    run_command,
)

GENERATED = "generated"
PAGES = sorted(
    path for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "scenarios" / "README.md", *(ROOT / "docs").rglob("*.md")]
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
        (Block("indented", "python -m flowsim app --colour red", 1), "line 1"),
        (Block("indented", "python -c 'print(1)'", 3), "line 3: nothing checks this command"),
    ],
)
def test_what_does_not_work_is_found(block: Block, words: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=re.escape(words)):
        run_block(block, Page(tmp_path))


def test_dots_stand_for_anything() -> None:
    run_command(Command(["flowsim", "check", "sheffield-2017"], "Sheffield, autumn 2017: some 65 delayed a day (sheffield-2017)\n...", 1))  # fmt: skip


def test_commands_are_made_quick() -> None:
    assert quickened(["run", "x", "-n", "50"]) == ["run", "x", "-n", "2"]
    assert quickened(["compare", "x", "y", "--out", "r"]) == ["compare", "x", "y", "--replications", "2"]
    assert quickened(["run", "x", "--until-half-width", "3"]) == ["run", "x", "--replications", "2"]
    assert quickened(["check", "x"]) == ["check", "x"]
