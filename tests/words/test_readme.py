"""The README says which two commands do everything, and links to what there is; test_handbook.py runs its blocks."""

from __future__ import annotations

import re

from tests.words.commands import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_both_scripts_are_there() -> None:
    scripts = re.findall(r"^    python3 (scripts/\S+)", README, flags=re.MULTILINE)
    assert scripts == ["scripts/compare_winter_plans.py", "scripts/test.py"]
    assert all((ROOT / script).is_file() for script in scripts)


def test_it_leads_to_the_handbook() -> None:
    assert "(docs/index.md)" in README
