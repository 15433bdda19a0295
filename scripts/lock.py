"""Make the lock files anew from pyproject.toml. Needs uv (`python -m pip install uv`).

Extra arguments go to uv, such as `--upgrade` or `--upgrade-package numpy`. Without them what is
locked stays where it can.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The test lock is bound by the run-time one, so that what is tested is what is used.
LOCKS = {
    "requirements.lock": (),
    "requirements-test.lock": ("--extra", "test", "--constraint", "requirements.lock"),
}
OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    # One version of numpy and scipy for every Python: otherwise the last digits could differ between them.
    "--fork-strategy=fewest",
    # The command in the head of the file would otherwise be the one of whoever made it, paths and all.
    "--custom-compile-command=python scripts/lock.py",
    "--quiet",
)


def main(extra: list[str]) -> int:
    """Compile each lock in turn; the first failure ends it."""
    for lock, own in LOCKS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *OPTIONS, *own, *extra]
        print(f"Making {lock}", flush=True)
        code = subprocess.run([*command, "--output-file", lock], cwd=ROOT, check=False).returncode
        if code:
            print(f"{lock} was not made. Is uv there? python -m pip install uv", file=sys.stderr)
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
