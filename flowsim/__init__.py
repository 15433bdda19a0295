"""flowsim: a simulator of hospital discharge and delayed transfers of care.

import flowsim
base = flowsim.load("sheffield-2017")
result = flowsim.run(base, replications=50, seed=2017)
comparison = flowsim.compare([base, "winter-pressure", "seven-day-stit"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsim.version import __version__

if TYPE_CHECKING:
    from flowsim.decisions.backtest import Backtest, backtest
    from flowsim.decisions.calibrate import Calibration, calibrate
    from flowsim.decisions.compare import Comparison, compare, run
    from flowsim.decisions.diagnose import Diagnosis, diagnose
    from flowsim.decisions.forecast import Forecast, forecast
    from flowsim.decisions.money import money
    from flowsim.decisions.optimise import Optimum, optimise
    from flowsim.decisions.plausible import Plausible, run_plausible
    from flowsim.decisions.roster import Roster, Work
    from flowsim.decisions.sensitivity import Sensitivity, sensitivity
    from flowsim.decisions.staffing import Staffing, staff
    from flowsim.decisions.sweep import Sweep, read_sweep, sweep
    from flowsim.errors import FlowsimError, RunError, ScenarioError
    from flowsim.observed import Observed, read_observed
    from flowsim.observed.today import Today, read_today
    from flowsim.results import Result
    from flowsim.scenario.files import load
    from flowsim.scenario.model import Scenario

# What is public, and where it lives; fetched when first asked for, so that `flowsim --help` need not
# load the numerical libraries.
_HOME = {
    "Backtest": "flowsim.decisions.backtest",
    "backtest": "flowsim.decisions.backtest",
    "Forecast": "flowsim.decisions.forecast",
    "forecast": "flowsim.decisions.forecast",
    "Observed": "flowsim.observed",
    "read_observed": "flowsim.observed",
    "Today": "flowsim.observed.today",
    "read_today": "flowsim.observed.today",
    "Calibration": "flowsim.decisions.calibrate",
    "calibrate": "flowsim.decisions.calibrate",
    "Comparison": "flowsim.decisions.compare",
    "compare": "flowsim.decisions.compare",
    "run": "flowsim.decisions.compare",
    "Diagnosis": "flowsim.decisions.diagnose",
    "diagnose": "flowsim.decisions.diagnose",
    "money": "flowsim.decisions.money",
    "Optimum": "flowsim.decisions.optimise",
    "optimise": "flowsim.decisions.optimise",
    "Plausible": "flowsim.decisions.plausible",
    "run_plausible": "flowsim.decisions.plausible",
    "Roster": "flowsim.decisions.roster",
    "Work": "flowsim.decisions.roster",
    "Sensitivity": "flowsim.decisions.sensitivity",
    "sensitivity": "flowsim.decisions.sensitivity",
    "Staffing": "flowsim.decisions.staffing",
    "staff": "flowsim.decisions.staffing",
    "Sweep": "flowsim.decisions.sweep",
    "read_sweep": "flowsim.decisions.sweep",
    "sweep": "flowsim.decisions.sweep",
    "FlowsimError": "flowsim.errors",
    "RunError": "flowsim.errors",
    "ScenarioError": "flowsim.errors",
    "Result": "flowsim.results",
    "Scenario": "flowsim.scenario.model",
    "load": "flowsim.scenario.files",
}

__all__ = [
    "Backtest", "Calibration", "Comparison", "Diagnosis", "FlowsimError", "Forecast", "Observed",
    "Optimum", "Plausible", "Result", "Roster", "RunError", "Scenario", "ScenarioError", "Sensitivity",
    "Staffing", "Sweep", "Today", "Work", "__version__", "backtest", "calibrate", "compare", "diagnose",
    "forecast", "load", "money", "optimise", "read_observed", "read_sweep", "read_today", "run",
    "run_plausible", "sensitivity", "staff", "sweep",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'flowsim' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
