"""Build the handbook into build/handbook: `python3 scripts/handbook.py [--out FOLDER] [--here]`.

Makes the environment that it needs first; `--here` uses the Python that runs it instead. A warning is an error, and
nothing is fetched: the pages load nothing from another host.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from environment import ROOT, clean_settings, prepare_or_leave


def main(arguments: list[str]) -> int:
    """Build it; 0 if there was no warning."""
    parser = argparse.ArgumentParser(description="Build the handbook.")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "handbook", help="the folder for the pages"
    )
    parser.add_argument("--here", action="store_true", help="with the Python that runs this, set up nothing")
    asked = parser.parse_args(arguments)
    python = sys.executable if asked.here else prepare_or_leave(test=True)
    done = subprocess.run(
        [python, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", str(asked.out)],
        cwd=ROOT, env=clean_settings(), check=False,
    )  # fmt: skip
    if done.returncode == 0:
        print(f"Open {asked.out / 'index.html'}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
