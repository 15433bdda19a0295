"""People: what everybody who arrives would need, looked up from their ranks before the engine starts."""

from flowsim.people.blueprint import Blueprint, prepare
from flowsim.people.population import People, populate
from flowsim.people.steps import NONE, Steps

__all__ = ["NONE", "Blueprint", "People", "Steps", "populate", "prepare"]
