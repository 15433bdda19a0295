"""The main job: compare the plans for the winter and write the results to results/winter-plans.

    python3 scripts/compare_winter_plans.py [anything that `flowsim compare` understands]

Makes its own environment at the first start. Extra arguments come last, so they win.
"""

from __future__ import annotations

import subprocess
import sys

from environment import ROOT, clean_settings, prepare_or_leave

WINTER_PLANS = (
    "winter-pressure",
    "seven-day-stit",
    "home-first-5q",
    "early-planning",
    "trusted-assessors",
    "offsite-beds",
    "more-homecare",
    "whole-plan",
)
OUT = ROOT / "results" / "winter-plans"


def main(extra: list[str]) -> int:
    """Run the comparison; the exit code is flowsim's own."""
    python = prepare_or_leave()
    command = [python, "-m", "flowsim", "compare", *WINTER_PLANS, "--out", str(OUT), *extra]
    try:
        return subprocess.run(command, env=clean_settings(), check=False).returncode
    except KeyboardInterrupt:  # flowsim was interrupted too, and has said so
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
