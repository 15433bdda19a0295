"""Engines: from people and services to journeys. They record times and do nothing else."""

from flowsim.engine.run import ENGINES, simulate

__all__ = ["ENGINES", "simulate"]
