"""The figures that tests print and the handbook shows (docs/explanation/figures.txt): each is held against its test.

    python -m tests.verification.figures

runs the tests that print figures and writes them anew, for whoever has altered results on purpose.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "explanation" / "figures.txt"
# Where the lines go instead, while they are written anew.
ASKED_FOR = "FLOWSIM_FIGURES"
FOLDERS = ("tests/verification", "tests/published")
NUMBER = re.compile(r"(?<![A-Za-z])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def stands_in_the_handbook(line: str) -> None:
    """Raise AssertionError where the handbook does not show this figure of the test that is running, or another one.

    What was simulated may differ within the half-width beside it, as on a processor that rounds otherwise.
    """
    file = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
    asked_for = os.environ.get(ASKED_FOR)
    if asked_for:
        with Path(asked_for).open("a", encoding="utf-8") as out:
            out.write(f"{file}\t{line}\n")
        return
    shown = _shown().get(file, {}).get(_words(line))
    assert shown is not None, (
        f"{KEPT.name} does not show {line!r} of {file}: python -m tests.verification.figures"
    )
    assert agree(line, shown), f"{KEPT.name} shows {shown!r}, but {file} finds {line!r}"


def agree(line: str, shown: str) -> bool:
    """Whether two lines of the same words say the same, within the half-width where one is given."""
    simulated = re.search(r"(\S+) \+- (\S+)", shown)
    if simulated is None:
        return True
    here = re.search(r"(\S+) \+- ", line)
    assert here is not None  # the words are the same
    same_theory = NUMBER.findall(line)[2:] == NUMBER.findall(shown)[2:] or "tolerance" in line
    return same_theory and abs(float(here[1]) - float(simulated[1])) <= float(simulated[2].strip(","))


def _words(line: str) -> str:
    """A line without what was simulated: what it is about, and what it is held against."""
    about = re.split(r": (?=simulated|paired|[-+]?\d|\[)", line)[0]
    return about if about != line else NUMBER.sub("#", line)


@cache
def _shown() -> dict[str, dict[str, str]]:
    """The lines of the handbook by file and words."""
    found: dict[str, dict[str, str]] = {}
    file = ""
    for line in KEPT.read_text(encoding="utf-8").splitlines():
        command = re.fullmatch(r"    python -m pytest (\S+) -s", line)
        if command:
            file = command[1]
        elif file and line and not line.startswith(("#", "```")):
            found.setdefault(file, {})[_words(line)] = line
    return found


def write_anew() -> int:
    """Run the tests that print figures, and write down what they print."""
    KEPT.touch()
    said = KEPT.with_suffix(".new")
    said.unlink(missing_ok=True)
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *FOLDERS], cwd=ROOT, env={**os.environ, ASKED_FOR: str(said)}, check=False
    ).returncode  # fmt: skip
    lines: dict[str, list[str]] = {}
    for entry in said.read_text(encoding="utf-8").splitlines():
        file, _, line = entry.partition("\t")
        lines.setdefault(file, []).append(line)
    said.unlink()
    KEPT.write_text(
        "\n".join(_section(file, found) for file, found in sorted(lines.items())), encoding="utf-8"
    )
    return code


def _section(file: str, lines: list[str]) -> str:
    title = (ast.get_docstring(ast.parse((ROOT / file).read_text(encoding="utf-8"))) or file).partition("\n")[
        0
    ]
    shown = "\n".join(dict.fromkeys(lines))
    return f"### {title.rstrip('.')}\n\n    python -m pytest {file} -s\n\n```text\n{shown}\n```\n"


if __name__ == "__main__":
    sys.exit(write_anew())
