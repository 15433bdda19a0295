"""Results on a shelf: the same as they were, side by side, and gone when nobody wants them."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from flowsim.errors import Stopped
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


def piece_of(outcome: Outcome) -> np.ndarray:
    """The piece of memory that an outcome's numbers stand in."""
    piece = vars(outcome.measured.daily)["_short"]
    while piece.base is not None:
        piece = piece.base
    return np.asarray(piece)


def test_numbers_begin_where_a_line_of_memory_may(outcomes: list[Outcome]) -> None:
    shelf = Shelf(len(outcomes))
    for outcome in outcomes:
        daily = vars(shelf.put(outcome).measured.daily)
        assert (daily["_long"].ctypes.data - daily["_short"].ctypes.data) % module.LINE == 0


def test_a_later_piece_has_room_for_those_who_may_still_come(
    outcomes: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = outcomes[0].measured.daily.nbytes + 2 * module.LINE
    monkeypatch.setattr(module, "PIECE", 5 * room)
    shelf = Shelf(len(outcomes))
    last = [shelf.put(outcome) for outcome in outcomes][-1]
    assert piece_of(last).nbytes <= 4 * room


def test_a_stopped_study_keeps_what_it_has_and_no_more() -> None:
    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise Stopped("enough")

    plans = (small_city(14, "base"), small_city(16, "plan"))
    found = replicate(Study(plans, 0, 50, 7, "simpy"), on_done=stop)
    assert found.stopped
    assert len(found.outcomes) == 2
    for outcome in found.outcomes[0]:
        assert piece_of(outcome).nbytes <= 2 * (outcome.measured.daily.nbytes + 2 * module.LINE)
    base, plan = found.outcomes[0]
    assert piece_of(base) is not piece_of(plan), "a plan's result keeps those of the others"
    whole = replicate(Study(plans, 0, 2, 7, "simpy"))
    for stopped, other in zip(found.outcomes, whole.outcomes, strict=True):
        for one, same in zip(stopped, other, strict=True):
            assert one.measured.daily.table().tobytes() == same.measured.daily.table().tobytes()


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
