"""Engines: from people and services to journeys. They record times and do nothing else."""

from flowsim.engine.run import (
    AUTO,
    ENGINES,
    chosen_engine,
    runs_in_threads,
    simulate,
    simulate_unhindered,
    what_to_expect,
)

__all__ = [
    "AUTO",
    "ENGINES",
    "chosen_engine",
    "runs_in_threads",
    "simulate",
    "simulate_unhindered",
    "what_to_expect",
]
