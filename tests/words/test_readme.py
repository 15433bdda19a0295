"""The README: every command and every line of Python in it runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    python -m flowsim (.+?)(?: +#.*)?$", README, flags=re.MULTILINE)
PYTHON = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def quickened(command: str, out: Path) -> list[str]:
    """The command with two replications, and results in a folder of the test's own."""
    words = shlex.split(command)
    if "--out" in words:
        words[words.index("--out") + 1] = str(out)
    if "--until-half-width" in words:
        words[words.index("--until-half-width") + 1] = "1000"
    return words if words[0] == "check" else [*words, "--replications", "2"]


def test_there_is_something_to_try() -> None:
    assert len(COMMANDS) >= 4
    assert len(PYTHON) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command: str, tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "flowsim", *quickened(command, tmp_path / "out")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert "Traceback" not in found.stderr
    assert len(found.stdout.splitlines()) > (1 if command.startswith("verify") else 5)


@pytest.mark.slow
@pytest.mark.parametrize("code", PYTHON)
def test_python_runs(code: str) -> None:
    quick = re.sub(r"replications=\d+", "replications=2", code)
    found = subprocess.run(
        [sys.executable, "-c", quick], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr


def test_both_scripts_are_there() -> None:
    scripts = re.findall(r"^    python3 (scripts/\S+)", README, flags=re.MULTILINE)
    assert scripts == ["scripts/compare_winter_plans.py", "scripts/test.py"]
    assert all((ROOT / script).is_file() for script in scripts)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
