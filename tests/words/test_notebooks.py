"""The notebooks: kept without outputs, run from nothing, and each ends in a decision in words."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.words.commands import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Enough that every branch of a sentence has a number to speak of; what it says is not compared.
REPLICATIONS = 3


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def test_all_six_are_there() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {
        "first-comparison", "sizing-seven-day-stit", "diagnostic-workshop", "writing-your-own-scenario", "reading-a-journey",
        "fitting-your-own-city",
    }  # fmt: skip


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_clean_and_says_what_it_is_for(path: Path) -> None:
    book = read(path)
    nbformat.validate(book)
    for cell in book.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None
    first = book.cells[0]
    assert first.cell_type == "markdown"
    assert "**Question.**" in first.source
    assert [
        c
        for c in book.cells
        if c.cell_type == "markdown" and re.search(r"^## Decision", c.source, re.MULTILINE)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_ends_in_a_decision(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kernel is a process of its own: it finds this tree, one core's worth of threads, and no screen.
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    )
    monkeypatch.setenv("MPLBACKEND", "agg")
    book = read(path)
    for cell in book.cells:
        cell.source = re.sub(r"REPLICATIONS = \d+", f"REPLICATIONS = {REPLICATIONS}", cell.source)
    client = NotebookClient(
        book, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    at = next(i for i, c in enumerate(book.cells) if c.cell_type == "markdown" and "## Decision" in c.source)
    said = "".join(out.get("text", "") for c in book.cells[at:] if c.cell_type == "code" for out in c.outputs)
    assert len(said.split()) >= 12, "it ends in no decision"
    assert "nan" not in said.lower().split()
