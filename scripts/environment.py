"""Make, or re-use, flowsim's own Python environment in `.flowsim-env`. Standard library only.

    python3 scripts/environment.py          what flowsim needs to run
    python3 scripts/environment.py --test   that, and what its tests need

Prints the path of the environment's Python. The libraries come from the lock files, to the digit
and checked by hash. Nothing outside `.flowsim-env` is changed; delete that folder at any time.

A virtual environment cannot be built under another name and moved into place, because its own
path is written into it. So a stamp is written last: without the right stamp there is no
environment, and it is built again from nothing.

The project itself is put on the path by a .pth file rather than installed: that needs no build
tool, no network and no second look when the code changes.

This file avoids what Python 3.7 cannot read, so that an old Python is refused in words.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".flowsim-env"
RUN_LOCK = "requirements.lock"
TEST_LOCK = "requirements-test.lock"
STAMP = "flowsim-stamp.json"
MOST_PIPS = 4

OLDEST = (3, 11)
# The newest for which every library in the lock has a wheel; raise it together with the lock.
NEWEST = (3, 14)

# A user's settings that would send the packages, or Python's own search, somewhere else than the environment.
# Settings that say where packages come from (an index, a proxy, a certificate) are the user's, and are kept.
MISLEADING = (
    "PIP_PREFIX",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
    "PYTHONHOME",
    "PYTHONPATH",
    "__PYVENV_LAUNCHER__",  # macOS: makes a child believe that it is another Python
)

# What pip says, and what it means to somebody who does not know pip. The first sign found counts.
EXPLANATIONS = {
    "DO NOT MATCH THE HASHES": (
        "A library did not have the hash that the lock file promises. Do not go on: your package mirror serves "
        "something else, or a download was damaged. Try again; if it stays, tell whoever runs the mirror."
    ),
    "No space left": "The disk is full. About 1 GB is needed.",
    "CERTIFICATE_VERIFY_FAILED": (
        "The package index could be reached, but its certificate is not trusted here. Behind an organisation's "
        "proxy, set PIP_CERT to the file of its certificates (the IT department has it)."
    ),
    "connection": (
        "The libraries could not be fetched: there is no way from here to a package index. Connect to a network; "
        "behind a proxy set HTTPS_PROXY; or set PIP_INDEX_URL to your organisation's mirror; or put the wheels "
        "into a folder and set PIP_NO_INDEX=1 and PIP_FIND_LINKS to that folder."
    ),
    "No matching distribution": (
        "A library of the lock file was not found for this Python and this kind of computer. Either the package "
        "index that pip uses here does not have it (or could not be asked), or there is no ready-made build of it."
    ),
}

NO_PIP = (
    "This Python can neither give an environment its own pip nor lend one. Install one of these, then try again:\n"
    "  Debian, Ubuntu:  sudo apt install python3-venv\n"
    "  elsewhere:       a Python from its makers' installer, which brings pip along"
)


class SetupError(Exception):
    """The environment cannot be made; the message is meant for the user."""


def version_refusal(version: tuple[int, int]) -> str | None:
    """Say why this Python will not do, or None where it will."""
    asked = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
    mine = f"{version[0]}.{version[1]}"
    if version < OLDEST:
        return f"flowsim needs Python {asked}, and this is {mine}. Start the script with a newer one."
    if version > NEWEST:
        return (
            f"flowsim is locked for Python {asked}, and this is {mine}: its libraries are not known to exist "
            f"for it. Start the script with Python {NEWEST[0]}.{NEWEST[1]} or older."
        )
    return None


def python_of(environment: Path, windows: bool = os.name == "nt") -> Path:
    """Where the interpreter of a virtual environment is."""
    if windows:
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


def packages_of(environment: Path, windows: bool = os.name == "nt") -> Path:
    """Where the libraries of a virtual environment are."""
    if windows:
        return environment / "Lib" / "site-packages"
    return environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def clean_settings() -> dict[str, str]:
    """The environment variables of this process without those that would lead a child astray."""
    return {name: value for name, value in os.environ.items() if name.upper() not in MISLEADING}


def base_python() -> str:
    """The interpreter to build with: the one that called, unless that one is about to be replaced."""
    if Path(sys.prefix).resolve() == ENVIRONMENT.resolve():
        return str(getattr(sys, "_base_executable", sys.executable))
    return sys.executable


def fingerprint(lock: Path, place: Path) -> dict[str, str]:
    """What an environment must agree with to be used again: lock, Python, computer and place."""
    # Line endings do not count: a checkout by a tool that ignores .gitattributes is the same lock.
    text = lock.read_bytes().replace(b"\r\n", b"\n")
    return {
        "lock": hashlib.sha256(text).hexdigest(),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "platform": sysconfig.get_platform(),
        "place": str(place),
    }


def stamp_of(environment: Path) -> dict[str, dict[str, str]]:
    """The fingerprints with which the environment was finished, by lock; empty where it never was."""
    if not python_of(environment).exists():  # follows the link: its base Python may be gone
        return {}
    try:
        stamp = json.loads((environment / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(environment: Path, stamp: dict[str, dict[str, str]]) -> None:
    """Say that the environment is whole, in one instant."""
    draft = environment / (STAMP + ".draft")
    draft.write_text(json.dumps(stamp, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(environment / STAMP)


def tell(sentence: str) -> None:
    """Say what is going on, on standard error: standard output is for the answer."""
    print(sentence, file=sys.stderr, flush=True)


def _try_lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def one_at_a_time(environment: Path, patience_seconds: float = 900.0) -> Iterator[None]:
    """Keep a second process from building the same environment; it waits until the first is done.

    The operating system holds the lock, so one that a killed process held is free again.
    """
    with environment.with_name(environment.name + ".lock").open("ab") as file:
        deadline = time.monotonic() + patience_seconds
        waiting = False
        while not _try_lock(file):
            if not waiting:
                tell("Another process is preparing the environment; waiting for it.")
                waiting = True
            if time.monotonic() > deadline:
                raise SetupError(
                    "Another process is still preparing the environment. End it, then try again."
                )
            time.sleep(0.2)
        yield


def call(command: list[str], folder: Path | None = None) -> tuple[int, str]:
    """Run a command to its end, led astray by no settings; its exit code, and all that it said."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**clean_settings(), "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


def explain(pip_output: str) -> str:
    """Turn what pip said into a sentence for people, with pip's own last words below it."""
    said = pip_output.lower()
    meaning = next(
        (sentence for sign, sentence in EXPLANATIONS.items() if sign.lower() in said),
        "The libraries could not be installed.",
    )
    last = [line for line in pip_output.splitlines() if line.strip()][-8:]
    return "\n".join([meaning, "pip said:", *("  " + line for line in last)])


def _remove(environment: Path) -> None:
    if environment.is_symlink():  # whatever it leads to is not ours to delete
        raise SetupError(f"{environment} is a link. Remove the link, then try again.")
    if environment.exists():
        # The stamp first: if the rest cannot be deleted, half an environment must not look like one.
        (environment / STAMP).unlink(missing_ok=True)
        shutil.rmtree(environment)


def _create(environment: Path) -> list[str]:
    """Make an empty environment; return the command that is its pip."""
    inside = str(python_of(environment))
    # Without pip at first, because that works even where Debian has taken ensurepip away.
    code, said = call([base_python(), "-m", "venv", "--without-pip", str(environment)])
    if code == 0:
        if call([inside, "-m", "ensurepip"])[0] == 0:
            return [inside, "-m", "pip"]
        # A pip of 22.3 or newer can work for another Python, also where the system's own is closed to it.
        lent = [base_python(), "-m", "pip", "--python", inside]
        if call([*lent, "--version"])[0] == 0:
            return lent
    if importlib.util.find_spec("virtualenv"):
        code, said = call([base_python(), "-m", "virtualenv", "--clear", str(environment)])
        if code == 0:
            return [inside, "-m", "pip"]
    if code == 0:
        raise SetupError(NO_PIP)
    raise SetupError(f"{NO_PIP}\nPython said:\n  " + "\n  ".join(said.strip().splitlines()[-8:]))


def path_file_text(environment: Path, windows: bool = os.name == "nt") -> str:
    """The one line of the .pth file: the way from the environment's libraries up to the project.

    Python reads these files in an encoding that depends on its version and the system's settings.
    A relative path is plain ASCII whatever the folders above are called.
    """
    up = packages_of(environment, windows).relative_to(environment.parent)
    return "/".join(".." for _ in up.parts) + "\n"


def in_shares(lock: str, hands: int) -> list[str]:
    """The requirements of a lock file in so many files of about the same length."""
    found: list[list[str]] = [[] for _ in range(hands)]
    number = -1
    for line in lock.splitlines():
        if line[:1].isalnum():  # what belongs to a requirement stands below it, set in
            number += 1
        if number >= 0:
            found[number % hands].append(line)
    return ["\n".join([*lines, ""]) for lines in found if lines]


def _install(environment: Path, pip: list[str], lock: Path) -> None:
    """Install what a lock file lists, by as many pips as there are cores: one alone keeps a single core busy.

    They cannot be in each other's way: what one installs needs nothing that another does (--no-deps), and no file belongs to both.
    """
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-input", "--no-compile"]
    quiet = ["--disable-pip-version-check", "--progress-bar", "off", "--quiet"]
    shares: list[Path] = []
    for text in in_shares(lock.read_text(encoding="utf-8"), min(os.cpu_count() or 1, MOST_PIPS)):
        share = environment / f"{lock.stem}-{len(shares) + 1}.txt"
        share.write_text(text, encoding="utf-8")
        shares.append(share)
    with ThreadPoolExecutor(len(shares)) as side_by_side:
        said = list(
            side_by_side.map(
                lambda share: call([*pip, "install", *options, *quiet, "-r", str(share)]), shares
            )
        )
    for code, words in said:
        if code:
            raise SetupError(explain(words))


def _build(environment: Path, lock: Path) -> None:
    _remove(environment)
    pip = _create(environment)
    tell(f"Installing what {lock.name} lists; this takes about a minute.")
    _install(environment, pip, lock)
    # On all cores: pip would compile one file after another. Left to first use, every process would do it anew
    # where PYTHONDONTWRITEBYTECODE is set. What cannot be compiled (templates) is not imported either, nor are
    # the libraries' own tests.
    compiling = [str(python_of(environment)), "-m", "compileall", "-q", "-j", "0", "-x", r"[/\\]tests[/\\]"]
    call([*compiling, str(packages_of(environment))])
    path_file = packages_of(environment) / "flowsim-project.pth"
    path_file.write_text(path_file_text(environment), encoding="ascii")


def ready(environment: Path, wanted: dict[str, dict[str, str]], test: bool) -> bool:
    """Whether the environment stands and holds what is wanted: the test lock contains the other."""
    stamp = stamp_of(environment)
    if stamp.get(TEST_LOCK) == wanted[TEST_LOCK]:
        return True
    return not test and stamp.get(RUN_LOCK) == wanted[RUN_LOCK]


def prepare(test: bool = False, environment: Path = ENVIRONMENT) -> Path:
    """Make the environment if it is not there; return its interpreter.

    Raises SetupError, with a sentence for the user, if that cannot be done.
    """
    refusal = version_refusal(sys.version_info[:2])
    if refusal:
        raise SetupError(refusal)
    try:
        wanted = {name: fingerprint(ROOT / name, environment) for name in (RUN_LOCK, TEST_LOCK)}
        if not ready(environment, wanted, test):
            with one_at_a_time(environment):
                if not ready(environment, wanted, test):  # a process we waited for may have done it
                    tell(f"Preparing {environment.name} with Python {wanted[RUN_LOCK]['python']}.")
                    # Whoever had the tests' libraries gets them again, rather than losing them to a plain run.
                    lock = TEST_LOCK if test or TEST_LOCK in stamp_of(environment) else RUN_LOCK
                    _build(environment, ROOT / lock)
                    write_stamp(environment, {lock: wanted[lock]})
    except OSError as problem:
        raise SetupError(
            f"The environment could not be written: {problem}. Is the folder yours to write in, is there room, "
            "and is no other window still running flowsim from it?"
        ) from problem
    return python_of(environment)


def prepare_or_leave(test: bool = False) -> str:
    """Make the environment for a script; end that script in words (exit code 2) if it cannot be made."""
    try:
        return str(prepare(test))
    except SetupError as problem:
        tell(str(problem))
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        tell("Stopped. The environment is not finished; the next start begins it again.")
        raise SystemExit(130) from None


if __name__ == "__main__":
    unknown = [word for word in sys.argv[1:] if word != "--test"]
    if unknown:
        sys.exit(f"usage: environment.py [--test]; {unknown[0]} is not known")
    print(prepare_or_leave(test="--test" in sys.argv[1:]))
