"""Named generators: the same everywhere and for ever, and strangers to each other."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flowsim.generators import generator

ROOT = Path(__file__).resolve().parents[1]
KEY = (2017, 3, "services.stit.stay")
PINNED = "bbb8d7ac5797e73fd8a9c970cfe3cd3f84b683edb883dd3f899895a1c1d5ec3f"


def test_first_numbers_are_the_ones_they_have_always_been() -> None:
    # Compared as bytes, so that a change in numpy that shifts results cannot pass unnoticed.
    assert generator(*KEY).random(4).tobytes().hex() == PINNED


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_python_hash_seed_plays_no_part(hash_seed: str) -> None:
    code = f"from flowsim.generators import generator; print(generator(*{KEY!r}).random(4).tobytes().hex())"
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == PINNED


def test_another_seed_replication_or_name_is_another_stream() -> None:
    keys = itertools.product(
        (0, 1, 2017, 2**63 - 1), (0, 1, 2, 99_999), ("", "a", "b", "ab", "arrivals", "stay é")
    )
    firsts = [float(generator(*key).random()) for key in keys]
    assert len(set(firsts)) == len(firsts) == 96


def test_streams_do_not_move_together() -> None:
    draws = np.array(
        [generator(2017, r, n).random(20_000) for r in range(4) for n in ("a", "b", "c", "stay")]
    )
    off_diagonal = np.corrcoef(draws)[~np.eye(len(draws), dtype=bool)]
    # 240 coefficients with a standard error of 0.007: five of those leave room for the largest.
    assert np.abs(off_diagonal).max() < 5 / np.sqrt(20_000)
    assert draws.mean() == pytest.approx(0.5, abs=0.003)


def test_a_stream_does_not_remember_who_was_asked_before() -> None:
    first = generator(*KEY).random(3)
    generator(1, 0, "something else").random(1000)
    assert (generator(*KEY).random(3) == first).all()


@pytest.mark.parametrize(("seed", "replication"), [(-1, 0), (0, -1)])
def test_negative_keys_are_refused(seed: int, replication: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        generator(seed, replication, "x")
