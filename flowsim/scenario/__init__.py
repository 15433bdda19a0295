"""Scenarios: everything a run needs, read from files, checked, and laid out day by day."""

from typing import TYPE_CHECKING, Any

from flowsim.scenario.edits import Plan, document_of
from flowsim.scenario.files import (
    bundled_names,
    fingerprint,
    from_text,
    load,
    to_toml,
)
from flowsim.scenario.model import Scenario
from flowsim.scenario.oddities import warnings
from flowsim.scenario.timeline import Timeline, altered, bank_holidays, build_timeline

if TYPE_CHECKING:
    from flowsim.scenario.fields import InputField, inputs
    from flowsim.scenario.flows import ServiceLoad, offered_load
    from flowsim.scenario.sources import inputs_of

# Fetched when first asked for: distributions import the model and with it this page, so what needs
# distributions cannot be read here; and reading comments takes a library that a run does not need.
_LATER = {
    "InputField": "flowsim.scenario.fields",
    "inputs": "flowsim.scenario.fields",
    "ServiceLoad": "flowsim.scenario.flows",
    "offered_load": "flowsim.scenario.flows",
    "inputs_of": "flowsim.scenario.sources",
}

__all__ = [
    "InputField", "Plan", "Scenario", "ServiceLoad", "Timeline", "altered", "bank_holidays", "build_timeline",
    "bundled_names", "document_of", "fingerprint", "from_text", "inputs", "inputs_of", "load",
    "offered_load", "to_toml", "warnings",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'flowsim.scenario' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_LATER[name]), name)
