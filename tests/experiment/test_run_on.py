"""Running on gives what one run would have given."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowsim
from flowsim.errors import Stopped
from flowsim.experiment.run import Effort
from flowsim.experiment.run_on import evened, run_on

SMALL = flowsim.load(Path(__file__).parents[1] / "pages" / "small.toml")


def test_in_parts_or_at_once() -> None:
    first = run_on(SMALL, None, Effort(replications=2, seed=5))
    more = run_on(SMALL, first, Effort(replications=5, seed=5))
    assert more.summary.equals(flowsim.run(SMALL, replications=5, seed=5).summary)
    assert run_on(SMALL, more, Effort(replications=3, seed=5)) is more
    assert [r.replications for r in evened([more, first])] == [2, 2]


def test_the_census_alone_is_the_census_alone() -> None:
    found = run_on(SMALL, None, Effort(replications=2, seed=5, census_only=True))
    assert "cost" not in found.per_replication
    assert found.per_replication["delayed_mean"].size == 2


def test_stopped_before_anything_was_done() -> None:
    def stop(_done: int, _total: int) -> None:
        raise Stopped("enough")

    assert run_on(SMALL, None, Effort(replications=5, seed=5, on_done=stop)).replications == 1
    with pytest.raises(AssertionError):
        run_on(SMALL, None, Effort(seed=5))
