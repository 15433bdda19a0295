"""Blocks of code in Markdown, and running them page by page as a reader would: in order, in one folder.

What a block may be, by the word behind its fence: `python` is run; `console` holds commands behind "$ ", each with
what it prints (a line of three dots stands for anything); `sh` holds commands that are small enough to be run as
they stand, and a `text` that follows it is a part of what the last of them prints; `toml` is a scenario or a part of
one, and is written to the file that a comment in its first line names; `csv` is written to the CSV file that the page
named last. Indented lines are commands, run with little to do, and a `text` that follows them has the words and rows that
they print, but other figures. Any other `text` is shown only, and is no command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli

from flowsim.scenario.files import from_text
from tests.words.commands import REPLICATIONS, Command, run_command, words_of

COMMAND = re.compile(r"(\$ )?(python3?|py|pip|flowsim) ")
FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")
SHOWN_ONLY = {
    "text",
    "",
    "{include}",
    "{toctree}",
    "{math}",
    "{eval-rst}",
    "{note}",
    "{tip}",
    "{warning}",
    "{image}",
}


@dataclass(frozen=True)
class Block:
    """One block of a page: the word behind its fence ("indented" where there is none), its text and its line."""

    kind: str
    text: str
    line: int
    file: str = ""  # the CSV file that the page named last before it


@dataclass
class Page:
    """A page while it is run: the folder of its reader, and what its Python has defined so far."""

    folder: Path
    names: dict[str, Any] = field(default_factory=dict)
    printed: str | None = None  # by the commands of the block just before
    quick: bool = False  # whether those were given less to do


def blocks_in(text: str) -> Iterator[Block]:
    """Every block of a page, in order."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        fence = re.match(r"( *)(`{3,})\s*(\S*)", lines[at])
        if fence:
            end = next(i for i in range(at + 1, len(lines)) if lines[i].strip() == fence[2])
            inside = [line[len(fence[1]) :] for line in lines[at + 1 : end]]
            named = re.findall(r"`([\w-]+\.csv)`", "\n".join(lines[:at]))
            yield Block(fence[3], "\n".join(inside), at + 2, named[-1] if named else "")
            at = end + 1
        elif lines[at].startswith("    ") and not (at and lines[at - 1].strip()):
            end = next((i for i in range(at, len(lines)) if lines[i].strip() and not lines[i].startswith("    ")), len(lines))  # fmt: skip
            yield Block("indented", "\n".join(line[4:] for line in lines[at:end]).rstrip(), at + 1)
            at = end
        else:
            at += 1


def commands_in(block: Block) -> Iterator[Command]:
    """The commands of a block: every line of an indented one, those behind "$ " of a console."""
    lines = list(enumerate(block.text.splitlines(), block.line))
    if block.kind == "sh":
        yield from (Command(words_of(line), None, number) for number, line in lines if line.strip())
        return
    if block.kind == "indented":
        if re.match(r"(python|pip|git|streamlit|py )", block.text):
            yield from (Command(words_of(line), None, number) for number, line in lines if line.strip())
        return
    starts = [i for i, (_, line) in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        said = "\n".join(line for _, line in lines[start + 1 : end]).strip("\n")
        yield Command(words_of(lines[start][1][2:]), said or None, lines[start][0])


def run_block(block: Block, page: Page) -> None:
    """Do what a reader would do with a block. Raises AssertionError in words where it does not work."""
    printed, page.printed = page.printed, None
    if block.kind == "python":
        quick = re.sub(r"replications=\d+", f"replications={REPLICATIONS}", block.text)
        exec(compile(quick, f"line {block.line}", "exec"), page.names)
    elif block.kind == "toml":
        _toml(block, page)
    elif block.kind == "csv":
        (page.folder / block.file).write_text(block.text + "\n", encoding="utf-8")
    elif block.kind in ("sh", "console", "indented"):
        page.quick = block.kind != "sh"
        page.printed = "".join(run_command(command, quick=page.quick) for command in commands_in(block))
    elif block.kind == "text" and printed:
        if page.quick:
            _like(block, printed)
        else:
            _part_of(block, printed)
    else:
        _is_shown(block)


def _is_shown(block: Block) -> None:
    """Nothing runs it, so it must be nothing that could be run."""
    assert block.kind in SHOWN_ONLY, f"line {block.line}: a block of {block.kind!r} is not run by anything"
    hidden = [line for line in block.text.splitlines() if COMMAND.match(line)]
    assert not hidden, f"line {block.line}: {hidden} are commands, but nothing runs a block of {block.kind!r}"


def _part_of(block: Block, printed: str) -> None:
    """What a page shows below a command is what it prints: each sentence, however broken, and each figure of a table.

    A page may leave out rows, columns and sentences.
    """
    figures = set(FIGURE.findall(printed))
    rows, sentences = _rows_and_sentences(block.text)
    found = " ".join(printed.split())
    missing = [part for part in sentences if part not in found]
    missing += [figure for row in rows for figure in FIGURE.findall(row) if figure not in figures]
    assert not missing, f"line {block.line}: the page shows {missing}, but it prints\n{printed}"


def _like(block: Block, printed: str) -> None:
    """What a page shows below a command that was given less to do here: each sentence and each row, whatever its figures."""
    rows, sentences = _rows_and_sentences(FIGURE.sub("#", block.text))
    found = FIGURE.sub("#", printed)
    whole = " ".join(found.split())
    printed_rows = {" ".join(line.split()) for line in found.splitlines()}
    missing = [part for part in sentences if part not in whole]
    missing += [row for row in rows if " ".join(row.split()) not in printed_rows]
    assert not missing, f"line {block.line}: the page shows {missing}, but it prints\n{printed}"


def _rows_and_sentences(text: str) -> tuple[list[str], list[str]]:
    """The rows of tables in what is shown, and the sentences of the rest."""
    rows = [line for line in text.splitlines() if re.search("[\u2500-\u257f]", line)]
    prose = " ".join(" ".join(line for line in text.splitlines() if line not in rows).split())
    sentences = [part.strip() for part in re.split(r"(?<=[.?]) (?=[A-Z#])|\.\.\.", prose)]
    return rows, [part for part in sentences if part]


def _toml(block: Block, page: Page) -> None:
    named = re.match(r"# (\S+\.toml)\n", block.text)
    if named:
        (page.folder / named[1]).write_text(block.text + "\n", encoding="utf-8")
    if "title =" in block.text:
        from_text(block.text, "block", page.folder)
    else:
        tomli.loads(block.text)
