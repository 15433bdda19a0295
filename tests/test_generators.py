"""Named generators: the same everywhere and for ever, and strangers to each other."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flowsim.compiling import HAS_NUMBA
from flowsim.generators import AT_ONCE, blocks, generator, key_of, numbers
from flowsim.units import Floats

ROOT = Path(__file__).resolve().parents[1]
KEY = (2017, 3, "emergency/stit")
PINNED = "fe8178c4b6f7e53f1010e55ca8fdc13f20e859b3f7819b3f738e236fcf61ea3f"


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


@pytest.mark.parametrize(("visit", "order"), [(-1, 0), (0, -1)])
def test_negative_counters_are_refused(visit: int, order: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        generator(0, 0, "x", visit, order)


def test_another_visit_or_order_is_another_stream() -> None:
    keys = itertools.product((0, 1), ("a", "b"), (0, 1, 7), (0, 1, 250))
    firsts = [float(generator(5, r, name, visit, order).random()) for r, name, visit, order in keys]
    assert len(set(firsts)) == len(firsts) == 36


Case = tuple[int, int, str, int, int]
CASES: list[Case] = [
    (2017, 0, "emergency/hospital", 0, 0),
    (0, 99_999, "", 3, 0),
    (2**63 - 1, 1, "stay é", 0, 21),
    (5, 2**40, "a", 2**33, 2**63 - 1),
]


@pytest.mark.parametrize("case", CASES)
def test_any_block_is_worked_out_by_itself_as_numpy_draws_it(case: Case) -> None:
    drawn: Floats = generator(*case).random((300, 4))
    places = [0, 1, 2, 127, 128, 129, 299, 40]
    assert _blocks(case, places) == drawn[places].tolist()
    assert _blocks(case, []) == []


@pytest.mark.skipif(not HAS_NUMBA, reason="nothing is compiled here")
@pytest.mark.parametrize("case", CASES)
def test_a_loop_has_the_same_blocks(case: Case) -> None:
    from flowsim.philox import block

    seed, replication, name, visit, order = case
    key_0, key_1 = np.array(key_of(seed, name), dtype=np.uint64)
    for place in (0, 1, 299, 10**12):
        assert [list(block(key_0, key_1, place, replication, visit, order))] == _blocks(case, [place])


def test_a_block_far_out() -> None:
    far = generator(3, 4, "x", 5, 6)
    far.bit_generator.advance(10**12)  # type: ignore[attr-defined]
    assert _blocks((3, 4, "x", 5, 6), [10**12]) == [far.random(4).tolist()]


def test_many_blocks_are_the_same_as_a_few_at_a_time() -> None:
    """Everybody with a generator, a place and a visit of their own, more people than are worked out at once."""
    luck, size = np.random.default_rng(1), 2 * AT_ONCE + 5
    key_0, key_1 = np.array([key_of(7, f"decision {n}") for n in range(size)], dtype=np.uint64).T
    place, visit = luck.integers(0, 10**6, size), luck.integers(0, 9, size)
    whole = np.array(blocks(key_0, key_1, place, 3, visit, 2))
    few = luck.permutation(size)[:1000]
    assert (np.array(blocks(key_0[few], key_1[few], place[few], 3, visit[few], 2)) == whole[:, few]).all()
    for one in few[:50]:
        generator_of_one = generator(7, 3, f"decision {one}", int(visit[one]), 2)
        generator_of_one.bit_generator.advance(int(place[one]))  # type: ignore[attr-defined]
        assert whole[:, one].tolist() == generator_of_one.random(4).tolist()


def test_numbers_of_a_key_are_those_of_its_generator() -> None:
    assert numbers(key_of(5, "x"), 3, 10).tolist() == generator(5, 3, "x").random(10).tolist()


def _blocks(case: Case, places: list[int]) -> list[list[float]]:
    """The blocks at some places of the generator of a case, each its four ranks."""
    seed, replication, name, visit, order = case
    key_0, key_1 = (np.full(len(places), word, dtype=np.uint64) for word in key_of(seed, name))
    found = blocks(
        key_0, key_1, np.array(places, dtype=np.int64), replication, np.full(len(places), visit), order
    )
    return np.array(found).T.tolist()


def test_every_bit_is_a_coin() -> None:
    """The four numbers of a block, and those of neighbours, are uniform and strangers: 20,000 blocks."""
    blocks = generator(11, 3, "coins").random((20_000, 4))
    assert np.abs(blocks.mean(axis=0) - 0.5).max() < 5 * np.sqrt(1 / 12 / 20_000)
    beside = np.asarray(np.corrcoef(np.hstack([blocks[:-1], blocks[1:]]), rowvar=False))
    assert np.abs(beside[~np.eye(8, dtype=bool)]).max() < 5 / np.sqrt(20_000)
