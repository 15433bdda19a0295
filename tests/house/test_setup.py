"""The way in: locks that agree with pyproject.toml, and an environment that is whole or not there."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import environment

ROOT = Path(__file__).resolve().parents[2]
LOCKS = (environment.RUN_LOCK, environment.TEST_LOCK)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:4])


def needs(lines: list[str]) -> dict[str, tuple[int, ...]]:
    """Library and lowest version, of lines such as "numpy>=2.1"; a lock writes all names small, and without extras."""
    return {
        name.partition("[")[0].lower(): numbers(low)
        for name, _, low in (line.partition(">=") for line in lines)
    }


def locked(name: str) -> dict[str, list[str]]:
    """Library and versions of a lock file."""
    found: dict[str, list[str]] = {}
    for library, version in re.findall(
        r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text("utf-8"), re.MULTILINE
    ):
        found.setdefault(library, []).append(version)
    return found


def whole_extra(name: str) -> list[str]:
    """What an extra asks for, with what the extras that it names ask for."""
    wanted = []
    for line in PROJECT["optional-dependencies"][name]:
        inner = re.fullmatch(r"flowsim\[([\w,-]+)\]", line)
        wanted += [need for extra in inner[1].split(",") for need in whole_extra(extra)] if inner else [line]
    return wanted


# --- the locks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_path(lock: str) -> None:
    for number, line in enumerate((ROOT / lock).read_text("utf-8").splitlines(), 1):
        assert not re.search(r"://|^\s*-[^-]|^--|@|\.\./|^/", line), f"{lock}, line {number}: {line}"


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_in_a_lock_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    for entry in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry, f"{lock}: {entry.splitlines()[0]} has no hash"


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (environment.RUN_LOCK, PROJECT["dependencies"]),
        (environment.TEST_LOCK, PROJECT["dependencies"] + whole_extra("test")),
    ],
)
def test_a_lock_holds_every_dependency(lock: str, wanted: list[str]) -> None:
    found = locked(lock)
    for library, lowest in needs(wanted).items():
        assert library in found, f"{lock} has no {library}: run scripts/lock.py"
        for version in found[library]:
            assert numbers(version) >= lowest, (
                f"{lock} has {library} {version}, older than pyproject.toml wants"
            )


def test_what_is_tested_is_what_is_used() -> None:
    tested = locked(environment.TEST_LOCK)
    assert locked(environment.RUN_LOCK).items() <= tested.items()


def test_one_version_of_what_computes_for_every_python() -> None:
    found = locked(environment.RUN_LOCK)
    assert len(found["numpy"]) == len(found["scipy"]) == 1


def test_the_version_is_said_the_same_way_everywhere() -> None:
    said = [
        statement.value.value
        for path in (ROOT / "flowsim").glob("*.py")
        for statement in ast.parse(path.read_text("utf-8")).body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        and isinstance(statement.value, ast.Constant)
        and ast.unparse(statement).startswith("__version__")
    ]
    assert said == [PROJECT["version"]], "exactly one module says __version__, as pyproject.toml does"
    assert f"\nversion: {PROJECT['version']}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_python_is_bounded_alike() -> None:
    assert PROJECT["requires-python"] == f">={environment.OLDEST[0]}.{environment.OLDEST[1]}"


# --- the environment ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ((3, 7), "needs Python 3.11"),
        ((3, 10), "this is 3.10"),
        ((3, 99), "locked for"),
        ((4, 0), "this is 4.0"),
    ],
)
def test_a_python_that_will_not_do_is_refused_in_words(version: tuple[int, int], words: str) -> None:
    assert words in (environment.version_refusal(version) or "")


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_a_python_that_will_do_is_not(version: tuple[int, int]) -> None:
    assert environment.version_refusal(version) is None


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/tutorial/index.md"])
def test_every_page_names_the_pythons_that_will_do(page: str) -> None:
    oldest, newest = (f"3.{minor}" for _, minor in (environment.OLDEST, environment.NEWEST))
    text = (ROOT / page).read_text(encoding="utf-8")
    assert re.findall(r"Python (3\.\d+) to (3\.\d+)", text) == [(oldest, newest)]


def test_the_package_names_them_too() -> None:
    named = [words.rpartition(" ")[2] for words in PROJECT["classifiers"] if "Python :: 3." in words]
    assert named == [f"3.{minor}" for minor in range(environment.OLDEST[1], environment.NEWEST[1] + 1)]


def test_where_things_are_on_each_system() -> None:
    folder = Path("project") / ".flowsim-env"
    assert environment.python_of(folder, windows=True) == folder / "Scripts" / "python.exe"
    assert environment.python_of(folder, windows=False) == folder / "bin" / "python"
    assert environment.packages_of(folder, windows=True) == folder / "Lib" / "site-packages"
    assert environment.path_file_text(folder, windows=True) == "../../..\n"
    assert environment.path_file_text(folder, windows=False) == "../../../..\n"


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("hands", [1, 2, 3])
def test_a_lock_in_shares_is_the_whole_lock(lock: str, hands: int) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    dealt = environment.in_shares(text, hands)
    wanted = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = [
        line
        for share in dealt
        for line in share.splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    assert len(dealt) == hands
    assert sorted(found) == sorted(wanted)
    for share in dealt:  # a requirement keeps its hashes
        assert not share.startswith((" ", "#"))
        assert all(
            " --hash=" in f" {one}" for one in share.replace("\\\n", "").splitlines() if one[:1].isalnum()
        )


def test_the_script_can_be_read_by_an_old_python() -> None:
    for name in ("environment.py", "test.py", "compare_winter_plans.py"):
        ast.parse((ROOT / "scripts" / name).read_text("utf-8"), feature_version=(3, 7))


def test_misleading_settings_are_left_out_and_the_mirror_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PIP_CERT", "ours.pem")
    settings = environment.clean_settings()
    assert not {"PIP_USER", "PYTHONPATH"} & set(settings)
    assert settings["PIP_CERT"] == "ours.pem"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError'\nERROR: No matching distribution",
            "network",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "hash"),
        ("ERROR: No matching distribution found for numpy", "was not found"),
        ("[Errno 28] No space left on device", "disk is full"),
        ("something new", "could not be installed"),
    ],
)
def test_what_pip_says_is_explained(said: str, words: str) -> None:
    explained = environment.explain(said)
    assert words in explained.partition("\n")[0]
    assert said.splitlines()[-1] in explained


Built = list[str]


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Callable[..., Path], Built, Path]:
    """A `prepare` whose building is a matter of one empty file; and what it built; and where."""
    built: Built = []
    folder = tmp_path / "a b" / ".flowsim-env"
    folder.parent.mkdir()

    def build(place: Path, lock: Path) -> None:
        environment._remove(place)
        python = environment.python_of(place)
        python.parent.mkdir(parents=True)
        python.touch()
        built.append(lock.name)

    monkeypatch.setattr(environment, "_build", build)
    return lambda test=False: environment.prepare(test, folder), built, folder


Pretend = tuple[Callable[..., Path], Built, Path]


def test_an_environment_is_used_again(pretend: Pretend) -> None:
    prepare, built, folder = pretend
    assert prepare() == prepare() == environment.python_of(folder)
    assert built == [environment.RUN_LOCK]


def test_the_tests_environment_serves_a_plain_run_but_not_the_other_way_round(pretend: Pretend) -> None:
    prepare, built, _ = pretend
    prepare()
    prepare(test=True)
    prepare()
    assert built == [environment.RUN_LOCK, environment.TEST_LOCK]


@pytest.mark.parametrize("damage", ["stamp", "python", "half a stamp", "other lock", "other place"])
def test_an_environment_that_does_not_agree_is_built_again(pretend: Pretend, damage: str) -> None:
    prepare, built, folder = pretend
    prepare()
    stamp = folder / environment.STAMP
    if damage == "stamp":
        stamp.unlink()
    elif damage == "python":
        environment.python_of(folder).unlink()
    elif damage == "half a stamp":
        stamp.write_text(stamp.read_text("utf-8")[:40], "utf-8")
    elif damage == "other lock":
        stamp.write_text(re.sub(r'"lock": "\w{6}', '"lock": "000000', stamp.read_text("utf-8")), "utf-8")
    else:
        stamp.write_text(stamp.read_text("utf-8").replace("a b", "c d"), "utf-8")
    prepare()
    assert len(built) == 2


def test_a_build_that_fails_leaves_no_stamp(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, _built, folder = pretend
    prepare()
    whole = environment._build

    def half(place: Path, lock: Path) -> None:
        whole(place, lock)
        raise environment.SetupError("no network")

    monkeypatch.setattr(environment, "_build", half)
    with pytest.raises(environment.SetupError, match="no network"):
        prepare(test=True)
    assert environment.stamp_of(folder) == {}


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(environment.SetupError, match="could not be written"):
        environment.prepare(environment=tmp_path / "file" / ".flowsim-env")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_what_a_link_leads_to_is_not_deleted(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / ".flowsim-env").symlink_to(precious)
    with pytest.raises(environment.SetupError, match="is a link"):
        environment._remove(tmp_path / ".flowsim-env")
    assert precious.exists()


def test_a_second_process_waits_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / ".flowsim-env"
    other = (
        "import environment, pathlib, sys\n"
        "try:\n"
        "    with environment.one_at_a_time(pathlib.Path(sys.argv[1]), patience_seconds=0.3): print('in')\n"
        "except environment.SetupError: print('refused')\n"
    )
    command = [sys.executable, "-c", other, str(folder)]

    def second() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, check=True)

    with environment.one_at_a_time(folder):
        while_held = second()
    assert while_held.stdout.strip() == "refused"
    assert "waiting" in while_held.stderr
    assert second().stdout.strip() == "in"
