"""Blocks of code in Markdown, and running them page by page as a reader would: in order, in one folder.

What a block may be, by the word behind its fence: `python` is run; `console` holds commands behind "$ ", each with
what it prints (a line of three dots stands for anything); `sh` holds commands that are small enough to be run as
they stand, and a `text` that follows it is a part of what the last of them prints; `toml` is a scenario or a part of
one, and is written to the file that a comment in its first line names; `csv` is written to the CSV file that the page
named last; any other `text` is shown only. Indented lines
are commands, run with few replications.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli
from typer.testing import CliRunner

from flowsim.cli import app
from flowsim.scenario.files import from_text, load

ROOT = Path(__file__).parents[2]
REPLICATIONS = "2"
# Commands that are given fewer replications; some also less of what they try.
QUICKER = {
    "run": [], "compare": [], "money": [], "report": [], "where": [], "verify": [],
    "sweep": ["--points", "2"], "sensitivity": ["--points", "2"], "diagnose": ["--orders", "4"], "staff": [],
}  # fmt: skip
LONG = ("app", "optimise", "calibrate", "backtest")
FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")
FLOWSIM = ("python", "-m", "flowsim")
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


@dataclass(frozen=True)
class Command:
    """A command as a reader would type it, and what it is said to print (None where nothing is said)."""

    words: list[str]
    output: str | None
    line: int


@dataclass
class Page:
    """A page while it is run: the folder of its reader, and what its Python has defined so far."""

    folder: Path
    names: dict[str, Any] = field(default_factory=dict)
    printed: str | None = None  # by the commands of the block just before


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
        yield from (Command(_words(line), None, number) for number, line in lines if line.strip())
        return
    if block.kind == "indented":
        if re.match(r"(python|pip|git|streamlit|py )", block.text):
            yield from (Command(_words(line), None, number) for number, line in lines if line.strip())
        return
    starts = [i for i, (_, line) in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        said = "\n".join(line for _, line in lines[start + 1 : end]).strip("\n")
        yield Command(_words(lines[start][1][2:]), said or None, lines[start][0])


def _words(line: str) -> list[str]:
    return shlex.split(line, comments=True)


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
    elif block.kind == "sh":
        page.printed = "".join(run_command(command, quick=False) for command in commands_in(block))
    elif block.kind in ("console", "indented"):
        for command in commands_in(block):
            run_command(command)
    elif block.kind == "text" and printed is not None:
        _part_of(block, printed)
    else:
        assert block.kind in SHOWN_ONLY, (
            f"line {block.line}: a block of {block.kind!r} is not run by anything"
        )


def _part_of(block: Block, printed: str) -> None:
    """What a page shows below a command is what it prints: each sentence, however broken, and each figure of a table.

    A page may leave out rows, columns and sentences.
    """
    found = " ".join(printed.split())
    rows = [line for line in block.text.splitlines() if re.search("[\u2500-\u257f]", line)]
    prose = " ".join(" ".join(line for line in block.text.splitlines() if line not in rows).split())
    sentences = [part for part in re.split(r"(?<=[.?]) (?=[A-Z])|\.\.\.", prose) if part.strip()]
    figures = set(FIGURE.findall(printed))
    missing = [part for part in sentences if part.strip() not in found]
    missing += [figure for row in rows for figure in FIGURE.findall(row) if figure not in figures]
    assert not missing, f"line {block.line}: the page shows {missing}, but it prints\n{printed}"


def _toml(block: Block, page: Page) -> None:
    named = re.match(r"# (\S+\.toml)\n", block.text)
    if named:
        (page.folder / named[1]).write_text(block.text + "\n", encoding="utf-8")
    if "title =" in block.text:
        from_text(block.text, "block", page.folder)
    else:
        tomli.loads(block.text)


def run_command(command: Command, quick: bool = True) -> str:
    """Run one command in the present folder, and hand back what it prints; compare that where the page shows it."""
    words = command.words
    if words[:1] == ["flowsim"]:
        words = [*FLOWSIM, *words[1:]]
    if tuple(words[:3]) == FLOWSIM:
        return _flowsim(words[3:], command, quick=quick and not command.output)
    known = [check for pattern, check in OTHERS if re.match(pattern, " ".join(words))]
    assert known, f"line {command.line}: nothing checks this command: {' '.join(words)}"
    known[0](words)
    return ""


def _flowsim(words: list[str], command: Command, quick: bool) -> str:
    long = words[0] in LONG or (words[0] == "forecast" and "--observed" in words)
    if quick and long:
        _is_right(words, command)
        return ""
    answer = CliRunner().invoke(app, quickened(words) if quick else words)
    assert answer.exit_code == 0, f"line {command.line}: exit code {answer.exit_code}\n{answer.output}"
    assert "Traceback" not in answer.output
    if command.output:
        _same(command, answer.stdout)
    return answer.stdout


def _is_right(words: list[str], command: Command) -> None:
    """A command that serves until it is stopped, or works for minutes: its options are there, and what it names can be read.

    Each has tests of its own that run it.
    """
    from flowsim.decisions.fit_file import check_fit, read_fit
    from flowsim.decisions.levers import space_of

    said = CliRunner().invoke(app, [words[0], "--help"], env={"COLUMNS": "200"}).output
    missing = [word for word in words if word.startswith("--") and word not in said]
    assert not missing, f"line {command.line}: {words[0]} has no {missing}"
    if words[0] == "app":
        return
    scenario = load(words[1])
    given = {
        name: [words[i + 1] for i, w in enumerate(words) if w == name]
        for name in ("--lever", "--limit", "--fit")
    }
    if words[0] == "optimise":
        space_of(scenario, given["--lever"], given["--limit"])
    for fit in given["--fit"]:
        check_fit(read_fit(Path(fit)), scenario, fit)


def quickened(words: list[str]) -> list[str]:
    """The command with few replications, and less to try."""
    if words[0] not in QUICKER:
        return words
    kept = list(words)
    # Pictures take longer than runs, and tests/words/test_commands.py looks at what --out writes.
    for option in ("--until-half-width", "--out") if words[0] in ("run", "compare") else ():
        if option in kept:
            del kept[kept.index(option) : kept.index(option) + 2]
    for option in ("--replications", "-n"):
        if option in kept:
            kept[kept.index(option) + 1] = REPLICATIONS
    if not {"--replications", "-n"} & set(kept):
        kept += ["--replications", REPLICATIONS]
    for option, value in zip(QUICKER[words[0]][::2], QUICKER[words[0]][1::2], strict=True):
        if option in kept:
            kept[kept.index(option) + 1] = value
    return kept


def _same(command: Command, printed: str) -> None:
    """What is printed is what the page shows, line for line, but for blanks at the ends and lines of dots."""
    shown = [line.rstrip() for line in (command.output or "").splitlines()]
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in shown)
    found = "\n".join(line.rstrip() for line in printed.strip("\n").splitlines()) + "\n"
    assert re.fullmatch(pattern, found), (
        f"line {command.line}: the page shows\n{command.output}\nbut it prints\n{found}"
    )


def _is_there(words: list[str]) -> None:
    for word in words:
        if re.search(r"\.(py|lock)$", word) or word.startswith("tests/"):
            assert (ROOT / word.partition("::")[0]).exists(), f"there is no {word}"


def _is_a_module(words: list[str]) -> None:
    assert (ROOT / Path(*words[2].split("."))).with_suffix(".py").exists(), f"there is no module {words[2]}"


# Commands that are not run a second time here: what they name has to be there. Tests are run as tests.
OTHERS: tuple[tuple[str, Callable[[list[str]], None]], ...] = (
    (r"python3? scripts/\w+\.py", _is_there),
    (r"python3? -m pytest", _is_there),
    (r"python3? -m (benchmarks|tests\.\w+)\.\w+", _is_a_module),
    (r"(python3? -m )?pip install", _is_there),
    (r"git clone", lambda _: None),
    (r"streamlit run app\.py", _is_there),
    (r"cd ", lambda _: None),
)


def refreshed(path: Path, folder: Path) -> str:
    """A page with what its commands print written anew; output with a line of dots is left as it is."""
    text = path.read_text(encoding="utf-8")
    page = Page(folder)
    for block in blocks_in(text):
        if block.kind != "console":
            run_block(block, page)
            continue
        told = []
        for command, line in zip(commands_in(block), [x for x in block.text.splitlines() if x.startswith("$ ")], strict=True):  # fmt: skip
            shown = command.output
            if shown is None or "\n..." in f"\n{shown}":
                run_command(command)
            else:
                shown = CliRunner().invoke(app, command.words[3:]).stdout.strip("\n")
            told.append(
                line if shown is None else f"{line}\n" + "\n".join(x.rstrip() for x in shown.splitlines())
            )
        text = text.replace(block.text, "\n".join(told))
    return text
