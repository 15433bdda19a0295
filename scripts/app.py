"""The app in a browser, from a fresh checkout: `python3 scripts/app.py [anything that flowsim app understands]`.

Makes its own environment at the first start. Ctrl-C ends it.
"""

from __future__ import annotations

import subprocess
import sys

from environment import ROOT, clean_settings, prepare_or_leave


def main(extra: list[str]) -> int:
    """Run the app; the exit code is flowsim's own."""
    python = prepare_or_leave()
    try:
        return subprocess.run(
            [python, "-m", "flowsim", "app", *extra], cwd=ROOT, env=clean_settings(), check=False
        ).returncode
    except KeyboardInterrupt:  # flowsim was interrupted too, and has ended itself
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
