"""Commands of the handbook, run as a reader would type them; those that work for minutes are given less to do."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typer.testing import CliRunner

import browser
from flowsim.cli import app
from tests.scenario.test_new_city import ANSWERS
from tests.words.workbook import filled

ROOT: Final = Path(__file__).parents[2]
FLOWSIM: Final = ("python", "-m", "flowsim")
REPLICATIONS: Final = "2"
FEW: Final = {"--replications": REPLICATIONS}
# What a command is given in place of what the page says, or as well.
LESS: Final = {
    "run": FEW, "compare": FEW, "money": FEW, "report": FEW, "where": FEW, "verify": FEW, "sweep": FEW, "sensitivity": FEW,
    "diagnose": FEW, "staff": FEW,
    "optimise": {"--replications": "100"},
    "forecast": {"--paths": "20"},
    "backtest": {"--paths": "20", "--months": "1", "--cuts": "2017-02-01"},
}  # fmt: skip
# The same, only where the page gives the option.
LESS_IF_GIVEN: Final = {
    "sweep": {"--points": "2"}, "sensitivity": {"--points": "2"}, "diagnose": {"--orders": "4"}, "forecast": {"--weeks": "2"},
}  # fmt: skip
# A forecast from months runs over all of them: fewer here.
EARLY: Final = {"--from": "2016-10-01"}
SHORT: Final = {"-n": "--replications"}
# Appended to a fit file, which says how much a fit runs.
EFFORT: Final = (
    "\n[effort]\nwaves = 1\npoints = 10\nreplications = 2\nmembers = 10\nmember_replications = 1\n"
)
# 1 where the answer is no: with so little to go by it may be.
ANSWERS_NO: Final = {"optimise": (0, 1), "backtest": (0, 1)}


@dataclass(frozen=True)
class Command:
    """A command as a reader would type it, and what it is said to print (None where nothing is said)."""

    words: list[str]
    output: str | None
    line: int


def words_of(line: str) -> list[str]:
    """The words of a line as a shell would see them."""
    return shlex.split(line, comments=True)


def run_command(command: Command, quick: bool = True) -> str:
    """Run a command in the present folder, and hand back what it prints; compare that where the page shows it."""
    printed = ""
    for part in _parts(command.words):
        words = [*FLOWSIM, *part[1:]] if part[:1] == ["flowsim"] else part
        if tuple(words[:3]) == FLOWSIM:
            printed += _flowsim(words[3:], command, quick=quick and not command.output)
            continue
        known = [check for pattern, check in OTHERS if re.match(pattern, " ".join(words))]
        assert known, f"line {command.line}: nothing checks this command: {' '.join(words)}"
        known[0](words)
    return printed


def _parts(words: list[str]) -> list[list[str]]:
    """The commands of a line with "&&" between them."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "&&":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _flowsim(words: list[str], command: Command, quick: bool) -> str:
    if words[0] == "app":
        _starts(words, command)
        return ""
    if words[:2] == ["new", "--from"]:
        filled(Path(words[2]), ANSWERS)
    answer = CliRunner().invoke(app, quickened(words) if quick else words)
    fine = ANSWERS_NO.get(words[0], (0,)) if quick else (0,)
    assert answer.exit_code in fine, f"line {command.line}: exit code {answer.exit_code}\n{answer.output}"
    assert "Traceback" not in answer.output
    if command.output:
        _same(command, answer.stdout)
    return answer.stdout


def _starts(words: list[str], command: Command) -> None:
    """The app serves until it is stopped: it is started, asked whether it is well, and ended."""
    try:
        with browser.served(*words[1:]):
            pass
    except RuntimeError as problem:
        raise AssertionError(f"line {command.line}: {problem}") from None


def quickened(words: list[str]) -> list[str]:
    """The command with less to do: few replications, less to try, fewer months."""
    given, name = list(words), words[0]
    # Pictures take longer than runs, and tests/words/test_commands.py looks at what --out writes.
    for option in ("--until-half-width", "--out") if name in ("run", "compare") else ():
        given = _without(given, option)
    wanted = dict(LESS.get(name, {}))
    wanted |= {k: v for k, v in LESS_IF_GIVEN.get(name, {}).items() if k in given}
    if name == "forecast" and "--observed" in given:
        wanted |= EARLY
    given = [SHORT.get(word, word) for word in given] if wanted else given
    for option, value in wanted.items():
        given = _with(given, option, value)
    if name == "optimise":
        given = _one_plan(given)
    if name == "calibrate" and "--fit" in given:
        given = _with(given, "--fit", str(_short_fit(Path(given[given.index("--fit") + 1]))))
    return given


def _without(words: list[str], option: str) -> list[str]:
    if option not in words:
        return words
    at = words.index(option)
    return words[:at] + words[at + 2 :]


def _with(words: list[str], option: str, value: str) -> list[str]:
    if option not in words:
        return [*words, option, value]
    at = words.index(option) + 1
    return [*words[:at], value, *words[at + 1 :]]


def _one_plan(words: list[str]) -> list[str]:
    """Every lever at its upper end; one that is not written as it should be is for the command to refuse."""
    return [
        re.sub(r"^([^:@]*=)[^:@]*:([^:@]*):([^:@]*@)", r"\1\2:\2:\3", word) if before == "--lever" else word
        for before, word in zip(["", *words], words, strict=False)
    ]


def _short_fit(path: Path) -> Path:
    """A copy of a fit file that runs little. The name of one that is not there is handed back for the command to refuse."""
    if not path.is_file():
        return path
    text = path.read_text(encoding="utf-8")
    assert "[effort]" not in text, f"{path} says how much to run already"
    short = path.with_name(f"short-{path.name}")
    short.write_text(text + EFFORT, encoding="utf-8")
    return short


def _same(command: Command, printed: str) -> None:
    """What is printed is what the page shows, line for line, but for blanks at the ends and lines of dots."""
    shown = [line.rstrip() for line in (command.output or "").splitlines()]
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in shown)
    found = "\n".join(line.rstrip() for line in printed.strip("\n").splitlines()) + "\n"
    assert re.fullmatch(pattern, found), (
        f"line {command.line}: the page shows\n{command.output}\nbut it prints\n{found}"
    )


def _is_there(words: list[str]) -> None:
    """What is named is there, and every option is one that the script names itself."""
    for word in words:
        if re.search(r"\.(py|lock)$", word) or word.startswith("tests/"):
            assert (ROOT / word.partition("::")[0]).exists(), f"there is no {word}"
    if words[1].startswith("scripts/"):
        _knows(words[1], ROOT / words[1], words)


def _is_a_module(words: list[str]) -> None:
    """The module is there, and names every option itself."""
    path = (ROOT / Path(*words[2].split("."))).with_suffix(".py")
    assert path.exists(), f"there is no module {words[2]}"
    _knows(words[2], path, words)


def _knows(name: str, path: Path, words: list[str]) -> None:
    source = path.read_text(encoding="utf-8")
    options = [word.strip("[]") for word in words if word.lstrip("[").startswith("--")]
    unknown = [option for option in options if not re.search(rf"{re.escape(option)}(?![\w-])", source)]
    assert not unknown, f"{name} has no {unknown}"


# Commands that are not run a second time here: what they name has to be there. Tests are run as tests.
OTHERS: Final[tuple[tuple[str, Callable[[list[str]], None]], ...]] = (
    (r"python3? scripts/\w+\.py", _is_there),
    (r"python3? -m pytest", _is_there),
    (r"python3? -m (benchmarks|tests\.\w+)\.\w+", _is_a_module),
    (r"(python3? -m )?pip install", _is_there),
    (r"git clone", lambda _: None),
    (r"streamlit run app\.py", _is_there),
    (r"cd ", lambda _: None),
)
