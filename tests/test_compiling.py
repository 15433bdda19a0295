"""Compiled code on disk: what is kept of versions of the sources that have gone."""

from __future__ import annotations

import os
from pathlib import Path

from flowsim.compiling import MOST_FOLDERS, _let_go_of_the_oldest


def test_of_older_versions_the_last_few_are_kept(tmp_path: Path) -> None:
    names = [f"compiled-{letter}" for letter in "fedcba"]
    for age, name in enumerate(reversed(names)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "code.nbi").touch()
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "something.pyc").touch()
    _let_go_of_the_oldest(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*names[-MOST_FOLDERS:], "something.pyc"}


def test_where_there_is_none_nothing_is_done(tmp_path: Path) -> None:
    _let_go_of_the_oldest(tmp_path / "nowhere")
