"""Running scenarios: enough replications for the interval asked for, and complaints before work begins."""

from __future__ import annotations

import numpy as np
import pytest

from flowsim.errors import RunError
from flowsim.experiment.intervals import mean_interval
from flowsim.experiment.run import Effort, run_together
from tests.experiment.city import small_city


def test_the_scenario_says_how_often_and_with_which_seed() -> None:
    (result,) = run_together([small_city()], Effort())
    assert (result.replications, result.seed) == (4, 7)


def test_replications_are_added_until_the_interval_is_tight_enough() -> None:
    (result,) = run_together([small_city()], Effort(half_width=1.0))
    assert result.interval("delayed_mean").half_width <= 1.0
    assert result.replications >= 10


def test_between_scenarios_it_is_the_difference_that_has_to_be_tight() -> None:
    base, plan = run_together([small_city(14, "base"), small_city(16, "plan")], Effort(half_width=0.8))
    gain = plan.per_replication["delayed_mean"] - base.per_replication["delayed_mean"]
    assert mean_interval(gain).half_width <= 0.8
    assert base.interval("delayed_mean").half_width > 0.8  # the levels alone would have needed more


def test_there_is_an_end_to_adding_replications() -> None:
    (result,) = run_together([small_city()], Effort(half_width=1e-6, most=15))
    assert result.replications == 15


@pytest.mark.parametrize(
    ("effort", "words"),
    [
        (Effort(replications=0), "0 replications cannot be run"),
        (Effort(seed=-1), "the seed is -1"),
        (Effort(engine="abacus"), 'no engine "abacus"'),
        (Effort(half_width=0.0), "never reached"),
        (Effort(replications=2.5), r"replications = 2\.5: must be a whole number"),  # type: ignore[arg-type]
        (Effort(seed="3"), "seed = '3': must be a whole number"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_done_is_said_in_words(effort: Effort, words: str) -> None:
    with pytest.raises(RunError, match=words):
        run_together([small_city()], effort)


def test_stopped_before_anything_was_finished() -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    # The first replication is done when progress is told, so one is kept.
    (result,) = run_together([small_city()], Effort(on_done=stop))
    assert result.stopped
    assert result.replications == 1


def test_the_same_seed_gives_the_same_summary_and_another_seed_another() -> None:
    first, again, other = (run_together([small_city()], Effort(seed=seed))[0].summary for seed in (1, 1, 2))
    assert first.equals(again)
    assert not np.array_equal(first["value"], other["value"])
