"""Make a release ready: `python3 scripts/release.py [--python PYTHON]... [--out FOLDER]`.

Builds the sdist, and the wheel from the sdist; installs the wheel with what requirements.lock names into an empty environment
of every Python asked for, and runs it there, far from the checkout, with every warning an error; writes a software bill of materials
(CycloneDX) of what was installed; and asks whether anything of it is known to be vulnerable. All of it lands in dist/.
Nothing is published.

The tools are fetched into environments of their own, so that they can neither break nor be counted among what flowsim needs.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from environment import ROOT, RUN_LOCK, clean_settings, python_of

BUILDING = ("build>=1.2", "hatchling>=1.27")
# Each in an environment of its own: they bring dependencies that are nobody else's business.
LISTING = ("cyclonedx-bom>=7.0",)
AUDITING = ("pip-audit>=2.9",)
# What an installed flowsim is asked to do: say its version, read a bundled scenario, run one with every warning an error.
TRIALS = (
    ("-m", "flowsim", "--version"),
    ("-W", "error", "-m", "flowsim", "check", "sheffield-2017", "three-localities"),
    ("-W", "error", "-m", "flowsim", "run", "three-localities", "--replications", "2", "--engine", "simpy", "--cores", "1"),
)  # fmt: skip
IN_THE_WHEEL = ("flowsim/bundled/sheffield-2017.toml", "flowsim/bundled/observed/sheffield_dtoc_monthly.csv", "flowsim/bundled/sources/README.md", "flowsim/pages/packaged/app.py", "flowsim/py.typed")  # fmt: skip
IN_THE_SDIST = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "LICENSE", "NOTICE", "requirements.lock", "docs/index.md", "notebooks/first-comparison.ipynb", "tests/house/test_setup.py")  # fmt: skip
NOBODY_ASKED = 3
# What a release is made of.
OURS = re.compile(r"flowsim-.*\.(whl|tar\.gz|cdx\.json)")


@dataclass(frozen=True)
class Said:
    """How a step went: 0 is well; and a sentence."""

    code: int
    sentence: str


class Failed(Exception):
    """A step that cannot be gone on from; the message is meant for the user."""


def main(arguments: list[str]) -> int:
    """Do everything; 0 if all went well, 3 if only the audit could not ask anybody, else 1."""
    parser = argparse.ArgumentParser(description="Make a release ready; nothing is published.")
    parser.add_argument(
        "--python", action="append", help="a Python to try the wheel on; repeat [the one that runs this]"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where sdist, wheel and SBOM go")
    asked = parser.parse_args(arguments)
    work = ROOT / "build" / "release"
    try:
        wheel = built(work, asked.out)
        pythons = [installed(work, python, wheel) for python in asked.python or [sys.executable]]
        listed = bill_of_materials(work, pythons[0], wheel, asked.out)
        audit = audited(work)
    except Failed as problem:
        print(f"\nNOT READY: {problem}", file=sys.stderr)
        return 1
    print(f"\nBuilt and tried: {wheel.name}\nBill of materials: {listed.name}\nAudit: {audit.sentence}")
    return audit.code


# Steps


def built(work: Path, out: Path) -> Path:
    """Build the sdist, and the wheel from it; say what is missing in them."""
    tell("building sdist and wheel")
    python = tool_environment(work / "tools-build", BUILDING)
    make_room(out)
    call([python, "-m", "build", "--outdir", str(out), str(ROOT)])
    (wheel,), (sdist,) = list(out.glob("*.whl")), list(out.glob("*.tar.gz"))
    with zipfile.ZipFile(wheel) as archive:
        refuse_missing(wheel.name, archive.namelist(), IN_THE_WHEEL)
    with tarfile.open(sdist) as tar:
        names = [name.partition("/")[2] for name in tar.getnames()]
    refuse_missing(sdist.name, names, IN_THE_SDIST)
    return wheel


def make_room(out: Path) -> None:
    """Take away what an earlier release left in a folder; raise Failed where it holds anything else, which is the user's."""
    found = list(out.iterdir()) if out.is_dir() else []
    ours = [path for path in found if path.is_file() and OURS.fullmatch(path.name)]
    if len(ours) < len(found):
        other = next(path for path in found if path not in ours)
        raise Failed(
            f"{out} holds {other.name}, which is no part of a release; name another folder with --out"
        )
    for path in ours:
        path.unlink()


def refuse_missing(archive: str, names: list[str], wanted: tuple[str, ...]) -> None:
    """Raise Failed where an archive lacks a file, or holds what is nobody's business."""
    missing = [name for name in wanted if name not in names]
    if missing:
        raise Failed(f"{archive} lacks {', '.join(missing)}")
    strange = [n for n in names if re.match(r"(results|build|dist|\.flowsim-env|\.git)/|.*secrets\.toml$", n)]
    if strange:
        raise Failed(f"{archive} holds {strange[0]}, which belongs to nobody else")


def installed(work: Path, python: str, wheel: Path) -> str:
    """Install the wheel into an empty environment of a Python, run it there, and hand back that environment's Python."""
    version = call([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).strip()
    tell(f"installing into an empty environment of Python {version}")
    place = work / f"installed-{version}"
    own = empty_environment(place, python)
    call(
        [own, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(ROOT / RUN_LOCK)]
    )
    # By name, so that the bill of materials holds a version and no path of this computer.
    name = wheel.name.split("-")
    call([own, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--find-links", str(wheel.parent), f"{name[0]}=={name[1]}"])  # fmt: skip
    call([own, "-m", "pip", "check"])
    # Far from the checkout, so that only what was installed can be found.
    away = place / "away"
    away.mkdir()
    for trial in TRIALS:
        tell("  python " + " ".join(trial))
        call([own, *trial], away)
    return own


def bill_of_materials(work: Path, python: str, wheel: Path, out: Path) -> Path:
    """Write down everything that was installed with the wheel, as CycloneDX."""
    tell("writing the bill of materials")
    lister = tool_environment(work / "tools-sbom", LISTING)
    path = out / f"{'-'.join(wheel.name.split('-')[:2])}.cdx.json"
    call([lister, "-m", "cyclonedx_py", "environment", python, "--output-format", "JSON", "--output-reproducible", "-o", str(path)])  # fmt: skip
    return path


def audited(work: Path) -> Said:
    """Whether anything in the lock is known to be vulnerable, or why nobody could say."""
    tell("asking whether anything is known to be vulnerable")
    auditor = tool_environment(work / "tools-audit", AUDITING)
    command = [
        auditor,
        "-m",
        "pip_audit",
        "--strict",
        "--disable-pip",
        "--require-hashes",
        "-r",
        str(ROOT / RUN_LOCK),
    ]
    done = subprocess.run(command, cwd=ROOT, env=settings(), capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr, end="")
    return verdict(done.returncode, done.stdout + done.stderr)


def verdict(code: int, said: str) -> Said:
    """What an audit's exit code and words amount to: pip-audit ends with 1 for a finding and for a failure to ask."""
    if code == 0 and "No known vulnerabilities found" in said:
        return Said(0, "nothing in requirements.lock is known to be vulnerable")
    found = re.search(r"Found (\d+) known vulnerabilit", said)
    if found:
        return Said(
            1, f"{found[1]} known vulnerabilities: see above, take newer versions (scripts/lock.py --upgrade)"
        )
    why = next(
        (line for line in reversed(said.splitlines()) if line.startswith("ERROR")), "pip-audit gave no reason"
    )
    return Said(
        NOBODY_ASKED,
        f"NOBODY COULD BE ASKED ({why}), so this says nothing about vulnerabilities. Ask again where the service can be reached.",
    )


# Means


def tell(sentence: str) -> None:
    """Say what is being done."""
    print(f"== {sentence}", flush=True)


def settings() -> dict[str, str]:
    """The settings of a child: nothing of this checkout on its path."""
    return {**clean_settings(), "PYTHONNOUSERSITE": "1"}


def call(command: list[str], folder: Path = ROOT) -> str:
    """Run a command; hand back what it printed. Raises Failed with the end of what it said."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=settings(), capture_output=True, text=True, check=False
        )
    except OSError as problem:
        raise Failed(f"{command[0]} cannot be started: {problem.strerror}") from problem
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise Failed(f"{' '.join(command)}\nended with {done.returncode}:\n{last}")
    return done.stdout


def empty_environment(place: Path, python: str) -> str:
    """A new environment with pip and nothing else; hand back its Python."""
    shutil.rmtree(place, ignore_errors=True)
    call([python, "-m", "venv", str(place)])
    return str(python_of(place, os.name == "nt"))


def tool_environment(place: Path, tools: tuple[str, ...]) -> str:
    """An environment for release tools; hand back its Python."""
    python = empty_environment(place, sys.executable)
    call([python, "-m", "pip", "install", "--quiet", *tools])
    return python


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
