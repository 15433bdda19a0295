"""The test command: every check that CI makes, in an environment of its own.

    python3 scripts/test.py [--quick] [anything for pytest]

Runs ruff, its formatter, mypy, the compiled engine against the model, and pytest with branch
coverage, all of them even if one fails; ends with 0 only if all went well. `--quick` leaves out mypy, coverage and the slow tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from browser import install_chromium
from environment import ROOT, call, clean_settings, prepare_or_leave

CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    # Also compiles the engine and keeps the code on disk, before several workers would each do the same.
    "compiled engine": ("flowsim", "verify", "--generated", "2"),
}
# More workers than this cost more in start-up than they bring.
WORKERS = min(os.cpu_count() or 1, 4)
# A file stays with one worker, so that what its tests share is made once; in the order of tests/conftest.py.
BY_FILE = ("--dist", "loadfile", "--no-loadscope-reorder")
# Property-based tests try the same examples every time, so that a change is judged by what it changes. With `--quick`, and when
# pytest is called by hand, they look for new ones.
SAME_EXAMPLES = "--hypothesis-profile=ci"


def run_checks(python: str, checks: dict[str, tuple[str, ...]]) -> dict[str, bool]:
    """Run tools over the tree, side by side for none keeps more than one core busy; say of each how it went."""
    with ThreadPoolExecutor(len(checks)) as side_by_side:
        under_way = {
            name: side_by_side.submit(call, [python, "-m", *words], ROOT) for name, words in checks.items()
        }
        went_well = {}
        for name, check in under_way.items():
            print(f"\n== {name}", flush=True)
            code, said = check.result()
            print(said, end="", flush=True)
            went_well[name] = code == 0
    return went_well


def run_pytest(python: str, words: list[str]) -> tuple[int, str]:
    """Run pytest, passing on what it prints except its closing line, which is returned with its exit code."""
    print("\n== pytest " + " ".join(words), flush=True)
    held = ""
    with subprocess.Popen(
        [python, "-m", "pytest", *words],
        cwd=ROOT,
        env={**clean_settings(), "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(held, end="", flush=True)
            held = line
    return process.returncode, held


def part_of(file: str) -> str:
    """Name the part of the house a file belongs to: its folder in the package, or the module itself."""
    words = Path(file.replace("\\", "/")).with_suffix("").parts
    return ".".join(word for word in words[:2] if word != "__init__")


def coverage_by_part(report: Path) -> list[str]:
    """One line a part: how many of its lines and branches the tests went through."""
    if not report.exists():
        return []
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    covered: dict[str, int] = defaultdict(int)
    there: dict[str, int] = defaultdict(int)
    for file, entry in files.items():
        summary = entry["summary"]  # says nothing of branches when no test came past the package at all
        for part in (part_of(file), "all of it"):
            covered[part] += summary["covered_lines"] + summary.get("covered_branches", 0)
            there[part] += summary["num_statements"] + summary.get("num_branches", 0)
    whole = [part for part in there if part != "all of it"]
    rows = [(part, covered[part], there[part]) for part in [*sorted(whole), "all of it"] if there[part]]
    return [f"  {part:32}{100 * done / size:6.1f} %  ({done} of {size})" for part, done, size in rows]


def main(arguments: list[str]) -> int:
    """Run everything; 0 if all went well, pytest's own code if only it failed, else 1."""
    quick = arguments[:1] == ["--quick"]
    extra = arguments[1:] if quick else arguments
    if hasattr(sys.stdout, "reconfigure"):  # a Windows console may not have every letter of a test's output
        sys.stdout.reconfigure(errors="replace")
    began = time.monotonic()
    python = prepare_or_leave(test=True)
    install_chromium()
    checks = {name: words for name, words in CHECKS.items() if not (quick and name == "mypy")}
    went_well = run_checks(python, checks)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        whole = [SAME_EXAMPLES, "--cov", "--cov-report=term", f"--cov-report=json:{report}"]
        own = ["-m", "not slow"] if quick else whole
        code, closing_line = run_pytest(python, ["-n", str(WORKERS), *BY_FILE, *own, *extra])
        parts = coverage_by_part(report)
    if parts:
        print("\n== coverage by part, lines and branches", *parts, sep="\n")
    print(f"\n== all of it, {time.monotonic() - began:.0f} s")
    for name, good in {**went_well, "pytest": code == 0}.items():
        print(f"  {name}: {'passed' if good else 'FAILED'}")
    print(closing_line, end="", flush=True)
    return code or (0 if all(went_well.values()) else 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
