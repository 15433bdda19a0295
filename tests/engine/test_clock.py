"""The clock of the SimPy model against SimPy's own: the same events in the same order."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Generator
from typing import Any

import pytest
import simpy
from simpy.core import EmptySchedule

from flowsim.engine import rules
from flowsim.engine.clock import Clock

FIRST_DAY, HORIZON = -3, 4.0
DELAYS = (0, 0, 0.25, 0.5, 1, 1.75, 6)  # ties are common, and some lie days ahead or past the end
Told = list[tuple[float, int, int]]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_happens_as_in_simpy(seed: int) -> None:
    ours, theirs = Clock(FIRST_DAY, HORIZON), simpy.Environment(FIRST_DAY)
    told = crowd(ours, seed, ours.run)
    assert told == crowd(theirs, seed, lambda: theirs.run(until=HORIZON))
    assert len(told) > 20


@pytest.mark.parametrize("seed", range(10))
def test_step_by_step_it_is_the_same(seed: int) -> None:
    ours, stepped = Clock(FIRST_DAY, HORIZON), Clock(FIRST_DAY, HORIZON)

    def steps() -> None:
        while (due := stepped.peek()) < math.inf:
            stepped.step()
            assert stepped.now == due
        with pytest.raises(EmptySchedule):
            stepped.step()

    assert crowd(ours, seed, ours.run) == crowd(stepped, seed, steps)


def crowd(env: simpy.Environment, seed: int, run: Callable[[], Any]) -> Told:
    """What some processes do that wait, for a time or for each other, and begin new ones."""
    luck = random.Random(seed)
    told: Told = []
    doors = [env.event() for _ in range(4)]

    def wander(name: int) -> Generator[simpy.Event, Any, None]:
        for turn in range(6):
            told.append((env.now, name, turn))
            what = luck.random()
            if what < 0.2:
                yield luck.choice(doors) | env.timeout(luck.choice(DELAYS))
            elif what < 0.35:
                door = luck.choice(doors)
                if not door.triggered:
                    door.succeed()
            elif what < 0.45 and name < 100:
                yield env.process(wander(name + 100))
            else:
                yield env.timeout(luck.choice(DELAYS))

    for name in range(8):
        env.process(wander(name))
    run()
    return told


def test_moments_of_one_instant_come_in_the_written_order_after_what_follows_at_once() -> None:
    env = Clock(0, HORIZON)
    told: list[str] = []

    def tell(name: str) -> Callable[[simpy.Event], None]:
        return lambda _: told.append(name)

    def ready(_: simpy.Event) -> None:
        told.append("ready")
        call = env.event()
        assert call.callbacks is not None
        call.callbacks.append(tell("called"))
        call.succeed()
        env.at(2.0, rules.PLAN_B_DUE, 1).callbacks.append(tell("plan B"))

    env.at(2.0, rules.OPENS, 0).callbacks.append(tell("opens"))
    env.at(2.0, rules.READY, 7).callbacks.append(tell("another ready"))
    env.at(2.0, rules.READY, 3).callbacks.append(ready)
    env.at(HORIZON, rules.MIDNIGHT, 0).callbacks.append(tell("the end"))
    env.run()
    assert told == ["ready", "called", "plan B", "another ready", "opens"]


def test_a_process_that_fails_is_heard() -> None:
    env = Clock(0, HORIZON)

    def stumble() -> Generator[simpy.Event, Any, None]:
        yield env.timeout(1.5)
        raise LookupError("nobody there")

    env.process(stumble())
    with pytest.raises(LookupError, match="nobody there"):
        env.run()
