"""Results on a shelf: the same as they were, side by side, and gone when nobody wants them."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from flowsim.experiment import shelf as module
from flowsim.experiment.replicate import Study, replicate
from flowsim.experiment.shelf import Shelf
from flowsim.experiment.worker import Job, Outcome, run_job
from tests.experiment.city import small_city


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return run_job(Job((small_city(),), tuple(range(8)), 7, "simpy"))


def place_of(outcome: Outcome) -> int:
    """Where in memory the numbers of people stand."""
    return int(vars(outcome.measured.daily)["_short"].ctypes.data)


def test_what_is_put_on_a_shelf_stays_what_it_is(outcomes: list[Outcome]) -> None:
    shelf = Shelf(len(outcomes))
    for before in outcomes:
        after = shelf.put(before)
        assert (after.scenario, after.replication, after.journeys) == (
            before.scenario,
            before.replication,
            None,
        )
        assert after.measured.totals is before.measured.totals
        assert list(after.measured.daily) == list(before.measured.daily)
        assert after.measured.daily.table().tobytes() == before.measured.daily.table().tobytes()
        assert place_of(after) != place_of(before)


def test_results_stand_side_by_side(outcomes: list[Outcome]) -> None:
    shelf = Shelf(len(outcomes))
    places = np.diff([place_of(shelf.put(outcome)) for outcome in outcomes])
    largest = max(outcome.measured.daily.nbytes for outcome in outcomes)
    assert (places > 0).all()
    assert (places <= largest + 2 * module.LINE).all()


@pytest.mark.parametrize("expected", [0, 1, 8])
def test_more_than_was_expected_and_more_than_a_piece_holds_finds_room_too(
    outcomes: list[Outcome], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A piece for not even three of them, and at last one that is smaller than a single result.
    for piece in (int(2.9 * outcomes[0].measured.daily.nbytes), 1):
        monkeypatch.setattr(module, "PIECE", piece)
        shelf = Shelf(expected)
        kept = [shelf.put(outcome) for outcome in outcomes]
        assert len({place_of(one) for one in kept}) == len(outcomes)
        for one, other in zip(kept, outcomes, strict=True):
            assert one.measured.daily.table().tobytes() == other.measured.daily.table().tobytes()


def test_a_study_leaves_nothing_behind() -> None:
    done = replicate(Study((small_city(),), 0, 3, 7, "simpy"))
    (first,), (second,) = done.outcomes[:2]
    assert 0 < place_of(second) - place_of(first) <= first.measured.daily.nbytes + 2 * module.LINE
    piece = vars(first.measured.daily)["_short"].base
    while piece.base is not None:
        piece = piece.base
    gone = weakref.ref(piece)
    del done, first, second, piece
    gc.collect()
    assert gone() is None
