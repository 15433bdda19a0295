"""What a release needs: no warning anywhere, archives that hold what they should, and an audit that is not misread."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import release
from flowsim.compiling import HAS_NUMBA
from tests.experiment.city import SMALL
from tests.house.test_imports import ROOT, modules_below

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def strict(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Python with every warning an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.uncounted  # long, and others go through its lines
def test_every_module_is_imported_without_a_warning() -> None:
    names = [name for name in modules_below(ROOT) if name != "flowsim.__main__"]
    done = strict("-c", f"from importlib import import_module\nfor name in {names}: import_module(name)")
    assert done.returncode == 0, done.stderr


@pytest.mark.uncounted  # long, and others go through its lines
@pytest.mark.parametrize("engine", ["simpy", pytest.param("compiled", marks=pytest.mark.skipif(not HAS_NUMBA, reason="there is no numba"))])  # fmt: skip
def test_a_run_gives_no_warning(engine: str, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL.replace("CAPACITY", "14"), encoding="utf-8")
    out = tmp_path / "out"
    done = strict("-m", "flowsim", "run", str(tmp_path / "small.toml"), "-n", "3", "--cores", "1", "--engine", engine, "--out", str(out))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert (out / "census.png").stat().st_size > 0


def test_the_archives_will_hold_what_they_should() -> None:
    targets = PROJECT["tool"]["hatch"]["build"]["targets"]
    packed = targets["wheel"]["force-include"]
    for name in release.IN_THE_WHEEL:
        source = next((name.replace(to, of, 1) for of, to in packed.items() if name.startswith(to)), name)
        assert (ROOT / source).is_file(), name
    for name in release.IN_THE_SDIST:
        assert (ROOT / name).is_file(), name
        assert any(Path(name).match(p.strip("/")) or f"/{name}".startswith(f"{p}/") for p in targets["sdist"]["include"]), name  # fmt: skip
    tracked = {
        path.parts[0]
        for path in (p.relative_to(ROOT) for p in ROOT.glob("*/"))
        if not path.name.startswith(".")
    }
    ours = {p.strip("/") for p in targets["sdist"]["include"]}
    assert {"flowsim", "scenarios", "scripts", "tests", "docs", "notebooks", "benchmarks"} <= ours & tracked


@pytest.mark.parametrize(
    ("names", "words"),
    [(["README.md"], "lacks LICENSE"), (["LICENSE", "results/mine/summary.csv"], "holds results"), (["LICENSE", "x/secrets.toml"], "secrets")],
)  # fmt: skip
def test_an_archive_that_is_not_right_is_refused(names: list[str], words: str) -> None:
    with pytest.raises(release.Failed, match=words):
        release.refuse_missing("x.tar.gz", names, ("LICENSE",))


@pytest.mark.parametrize(
    ("code", "said", "expected", "words"),
    [
        (0, "No known vulnerabilities found\n", 0, "nothing in requirements.lock"),
        (1, "Found 2 known vulnerabilities in 1 package\nName Version ID", 1, "2 known vulnerabilities"),
        (1, "ERROR:pip_audit._cli:Could not connect to the service", release.NOBODY_ASKED, "NOBODY COULD BE ASKED"),
        (0, "", release.NOBODY_ASKED, "NOBODY COULD BE ASKED"),
    ],
)  # fmt: skip
def test_an_audit_is_not_misread(code: int, said: str, expected: int, words: str) -> None:
    found = release.verdict(code, said)
    assert found.code == expected
    assert words in found.sentence


def test_a_tool_that_fails_is_said_with_its_last_words() -> None:
    with pytest.raises(release.Failed, match="no such option here"):
        release.call([sys.executable, "-c", "import sys; sys.exit('no such option here')"])
    with pytest.raises(release.Failed, match="cannot be started"):
        release.call(["no-such-python"])


def test_the_paperwork_is_there() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert all(f"the {reader}" in contributing for reader in ("analyst", "modeller", "developer"))
    assert "scripts/release.py" in contributing
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    wanted = (
        "cff-version",
        "message",
        "title",
        "type",
        "version",
        "license",
        "authors",
        "abstract",
        "keywords",
    )
    assert all(re.search(rf"^{key}:", citation, re.MULTILINE) for key in wanted)
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert "[RESULTS]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    classifiers = PROJECT["project"]["classifiers"]
    assert all(f"Programming Language :: Python :: 3.{minor}" in classifiers for minor in (11, 12, 13))


def test_a_release_takes_away_an_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    for name in ("flowsim-0.9.0-py3-none-any.whl", "flowsim-0.9.0.tar.gz", "flowsim-0.9.0.cdx.json"):
        (tmp_path / name).touch()
    release.make_room(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "flowsim-0.9.0.tar.gz").touch()
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(release.Failed, match=r"holds thesis\.docx"):
        release.make_room(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flowsim-0.9.0.tar.gz", "thesis.docx"]
    release.make_room(tmp_path / "not yet there")
