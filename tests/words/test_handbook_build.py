"""The handbook builds without a warning, from the program as it is, and asks nothing of another host."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import flowsim
from flowsim.cli.app import COMMANDS
from flowsim.scenario import bundled_names, inputs
from tests.verification import figures
from tests.words.commands import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("handbook")
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "handbook.py"), "--here", "--out", str(out)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def text_of(page: Path) -> str:
    return re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))


def test_nothing_is_asked_of_another_host(built: Path) -> None:
    pages = list(built.rglob("*.html"))
    assert len(pages) >= 20
    for page in pages:
        html = page.read_text(encoding="utf-8")
        loaded = re.findall(
            r"<(?:script|img|iframe|source)[^>]+src=\"([^\"]+)\"|<link[^>]+href=\"([^\"]+)\"", html
        )
        assert not [a or b for a, b in loaded if re.match(r"(https?:)?//", a or b)], page.name
    for sheet in built.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet.name


def test_the_reference_holds_what_the_program_has(built: Path) -> None:
    generated = built / "reference" / "generated"
    commands, python, table, scenarios = (text_of(generated / f"{n}.html") for n in ("commands", "python", "inputs", "scenarios"))  # fmt: skip
    assert all(f"flowsim {command.__name__}" in commands for command in COMMANDS)
    assert all(name in python for name in flowsim.__all__ if name != "__version__")
    assert all(field.label in table for field in inputs() if field.label)
    assert all(name in scenarios for name in bundled_names())


def test_formulas_are_formulas(built: Path) -> None:
    html = (built / "explanation" / "method.html").read_text(encoding="utf-8")
    assert html.count("<math") >= 20
    assert "$$" not in html


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("wait: simulated 0.251 +- 0.03 (99.9 %), exact 0.25", True),
        ("wait: simulated 0.270 +- 0.04 (99.9 %), exact 0.25", True),
        ("wait: simulated 0.290 +- 0.03 (99.9 %), exact 0.25", False),
        ("wait: simulated 0.251 +- 0.03 (99.9 %), exact 0.24", False),
    ],
)
def test_a_figure_that_is_not_its_tests_is_found(line: str, same: bool) -> None:
    assert figures.agree(line, "wait: simulated 0.25 +- 0.03 (99.9 %), exact 0.25") is same


def test_a_figure_that_the_handbook_lacks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(figures.ASKED_FOR, raising=False)
    with pytest.raises(AssertionError, match="does not show"):
        figures.stands_in_the_handbook("a figure that nobody wrote down: simulated 1 +- 0, exact 1")


def test_the_figures_are_those_of_tests_that_there_are() -> None:
    for name in re.findall(
        r"^    python -m pytest (\S+) -s$", figures.KEPT.read_text(encoding="utf-8"), re.MULTILINE
    ):
        assert (ROOT / name).is_file()
