"""How long does a fit take, and does one that is stopped half-way end with the same bytes?

    python -m benchmarks.fit [--scenario sheffield-series] [--cores 2]

The scenario is fitted to Sheffield's official months by the bundled fit file of its name, twice: in one go, which is timed, and once
more in another folder, stopped after half of its replications and taken up again. Exits with 1 if the first takes more than a
quarter of an hour, or if any file of the two sets differs.
"""

# ruff: noqa: T201 - a benchmark talks to a terminal

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import flowsim
from flowsim.decisions.calibrate import Calibration, calibrate
from flowsim.decisions.fit_file import read_fit
from flowsim.errors import Stopped
from flowsim.experiment.replicate import Progress, ignore

MOST_SECONDS: Final = 900


def main() -> None:
    """Fit twice, and say how long it took and whether both are the same."""
    parser = argparse.ArgumentParser(description="the time of a fit, and of one that is stopped")
    parser.add_argument("--scenario", default="sheffield-series")
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    # The engine is compiled once for each computer: not what is timed.
    flowsim.run(asked.scenario, replications=1, engine="compiled")
    with tempfile.TemporaryDirectory() as place:
        whole, halved = Path(place) / "whole", Path(place) / "halved"
        wall, cpu = time.perf_counter(), time.process_time()
        found = _fitted(asked.scenario, asked.cores, whole)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        unknowns = len(found.plausible.paths)
        print(f"{asked.scenario}: {unknowns} numbers, {found.runs:,} replications, {asked.cores} cores")
        print(
            f"{wall:.0f} s, of which it worked {cpu:.0f} s of CPU time; at most {MOST_SECONDS} s are asked for"
        )
        with contextlib.suppress(Stopped):
            _fitted(asked.scenario, asked.cores, halved, _stopping_at_half)
        kept = len(list(halved.glob("wave-*.parquet")))
        _fitted(asked.scenario, asked.cores, halved)
        same = _files_of(whole) == _files_of(halved)
    print(
        f"stopped at half, with {kept} waves kept, and taken up again: {'the same bytes' if same else 'NOT the same'}"
    )
    sys.exit(0 if same and wall <= MOST_SECONDS else 1)


def _fitted(scenario: str, cores: int, folder: Path, on_done: Progress = ignore) -> Calibration:
    return calibrate(
        scenario,
        "sheffield",
        read_fit(scenario),
        folder=folder,
        engine="compiled",
        cores=cores,
        on_done=on_done,
    )


def _stopping_at_half(done: int, total: int) -> None:
    if done > total / 2:
        raise Stopped("the benchmark")


def _files_of(folder: Path) -> dict[str, bytes]:
    """The waves and the set."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix}


if __name__ == "__main__":
    main()
