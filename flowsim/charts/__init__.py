"""The pictures, and the only door to matplotlib."""

from flowsim.charts.decided import frontier_chart, pick_up_chart, tornado_chart, waterfall_chart
from flowsim.charts.evidence import (
    backtest_chart,
    forecast_chart,
    months_chart,
    parameters_chart,
    stays_chart,
)
from flowsim.charts.ground import png_of, save_figures
from flowsim.charts.runs import (
    DATA_CREDIT,
    census_chart,
    occupancy_chart,
    official_means,
    reasons_chart,
    save_charts,
)

__all__ = [
    "DATA_CREDIT",
    "backtest_chart",
    "census_chart",
    "forecast_chart",
    "frontier_chart",
    "months_chart",
    "occupancy_chart",
    "official_means",
    "parameters_chart",
    "pick_up_chart",
    "png_of",
    "reasons_chart",
    "save_charts",
    "save_figures",
    "stays_chart",
    "tornado_chart",
    "waterfall_chart",
]
