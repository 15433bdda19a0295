"""Pictures of runs: the census with its band, reasons, occupancy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flowsim.charts.ground import BLUE, GREY, HATCHES, PINK, calendar, plain, save_figures
from flowsim.experiment.intervals import percentile_band
from flowsim.experiment.summary import REASON_LABELS
from flowsim.observed import observed_monthly
from flowsim.results import Result

# Okabe and Ito (2008): ten reasons, told apart with any colour vision, hatched as well.
REASON_COLOURS: Final = {
    "A": "#0072B2", "B": "#999999", "C": "#E69F00", "Di": "#CC79A7", "Dii": "#882255", "E": "#009E73", "F": "#F0E442",
    "G": "#56B4E9", "H": "#D55E00", "I": "#332288", "other": "#DDDDDD",
}  # fmt: skip
DATA_CREDIT: Final = (
    "Official figures: NHS England, monthly delayed transfers of care (Open Government Licence v3.0)"
)


def census_chart(results: Sequence[Result], most_columns: int = 3) -> Figure:
    """Delayed at midnight: the mean of all replications and the band in which nine of ten lie, with the target.

    One panel a scenario, so many side by side at most; from the second on the first is drawn behind as the base. Official
    monthly means stand where there are any.
    """
    columns = min(most_columns, len(results))
    rows = math.ceil(len(results) / columns)
    figure = Figure(figsize=(5.2 * columns if columns > 1 else 10, 3.2 * rows + 0.6), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for panel, result in zip(panels, results, strict=False):
        _census_panel(panel, result, results[0])
    for panel in panels[len(results) :]:
        panel.set_visible(False)
    # Panels of a column share their months, which stand below the last of them; that one may be hidden.
    for panel in panels[max(0, len(results) - columns) : len(results)]:
        panel.tick_params(labelbottom=True)
    top = max(float(r.by_day("delayed").mean(axis=0).max()) for r in results)
    bands = max(float(np.percentile(r.by_day("delayed"), 95, axis=0).max()) for r in results)
    panels[0].set_ylim(0, 1.05 * max(top, bands, results[0].scenario.target.delayed))
    _one_legend(figure)
    if official_means(results[0]) is not None:
        figure.supxlabel(DATA_CREDIT, fontsize=8, color=GREY)
    return figure


def _one_legend(figure: Figure) -> None:
    """One legend for all panels, above them: inside it would hide the lines of one or the other."""
    lines = [panel.get_legend_handles_labels() for panel in figure.axes]
    named = {
        label: handle for handles, labels in lines for handle, label in zip(handles, labels, strict=True)
    }
    figure.legend(
        named.values(), named.keys(), loc="outside upper right", ncols=len(named), fontsize=8, frameon=False
    )


def reasons_chart(results: Sequence[Result]) -> Figure:
    """Who waits for what: mean people delayed at midnight by national reason, one bar a scenario."""
    figure = Figure(figsize=(10, 1.8 + 0.5 * len(results)), layout="constrained")
    panel = figure.subplots()
    names = [r.scenario.name for r in results]
    reasons = [c for c in REASON_COLOURS if any(f"delayed_{c}_mean" in r.per_replication for r in results)]
    left = np.zeros(len(results))
    for number, reason in enumerate(reasons):
        width = np.array([_mean(r, f"delayed_{reason}_mean") for r in results])
        panel.barh(
            names, width, left=left, color=REASON_COLOURS[reason], hatch=HATCHES[number], edgecolor="white",
            label=REASON_LABELS[reason],
        )  # fmt: skip
        left += width
    for row, total in enumerate(left.tolist()):
        panel.text(total, row, f" {total:.0f}", va="center", fontsize=9)
    panel.axvline(
        results[0].scenario.target.delayed, color="black", linestyle="--", linewidth=1.2, label="target"
    )
    panel.invert_yaxis()
    panel.set_xlabel("people delayed at midnight, mean of the period")
    panel.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    panel.set_title("Who waits for what", loc="left", fontweight="bold")
    plain(panel)
    return figure


def occupancy_chart(result: Result) -> Figure:
    """Every service by day: capacity in use (mean and band), capacity, and people waiting for it."""
    names = [n for n, s in result.scenario.services.items() if s.capacity is not None or s.starts is not None]
    names = names or list(result.scenario.services)
    columns = min(2, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(5.6 * columns, 2.7 * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
    for panel, name in zip(panels, names, strict=False):
        _occupancy_panel(panel, result, name)
    for panel in panels[len(names) :]:
        panel.set_visible(False)
    figure.suptitle(f"Services: {result.scenario.title}", fontweight="bold", x=0.01, ha="left")
    return figure


def save_charts(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write census.png, reasons.png and an occupancy picture for every scenario into a folder."""
    pictures = {"census.png": census_chart(results), "reasons.png": reasons_chart(results)}
    for result in results:
        name = "occupancy.png" if len(results) == 1 else f"occupancy-{result.scenario.name}.png"
        pictures[name] = occupancy_chart(result)
    return save_figures(pictures, folder)


def _census_panel(panel: Axes, result: Result, base: Result) -> None:
    dates, delayed = _dates(result), result.by_day("delayed")
    if result is not base:
        panel.plot(dates, base.by_day("delayed").mean(axis=0), color=GREY, linewidth=1.2, linestyle=":", label=base.scenario.name)  # fmt: skip
    low, high = percentile_band(delayed)
    panel.fill_between(dates, low, high, color=BLUE, alpha=0.2, linewidth=0, label="9 of 10 replications")
    panel.plot(dates, delayed.mean(axis=0), color=BLUE, linewidth=1.8, label="mean")
    target = result.scenario.target.delayed
    panel.axhline(target, color="black", linestyle="--", linewidth=1.2, label=f"target {target:g}")
    official = official_means(result)
    if official is not None:
        months = pd.PeriodIndex(official.index)
        panel.hlines(official, months.start_time, months.end_time, color=PINK, linewidth=2.4)
        panel.plot([], [], color=PINK, linewidth=2.4, label="official monthly mean")
    panel.set_title(result.scenario.title, loc="left", fontsize=9.5, fontweight="bold", wrap=True)
    panel.set_ylabel("people delayed at midnight", fontsize=9)
    calendar(panel)


def _occupancy_panel(panel: Axes, result: Result, name: str) -> None:
    service, dates = result.scenario.services[name], _dates(result)
    used = result.by_day(f"used_{name}")
    low, high = percentile_band(used)
    panel.fill_between(dates, low, high, color=BLUE, alpha=0.2, linewidth=0)
    panel.plot(dates, used.mean(axis=0), color=BLUE, linewidth=1.6, label=f"in use ({service.unit})")
    queue = result.by_day(f"queue_{name}").mean(axis=0)
    panel.plot(dates, queue, color=PINK, linewidth=1.4, linestyle="-.", label="people asking for it")
    if service.capacity is not None:
        run = slice(result.scenario.run.warm_up_days, None)
        capacity = result.timeline.by_day(lambda s: s.services[name].capacity or 0.0)[run]
        panel.plot(dates, capacity, color="black", linestyle="--", linewidth=1.0, label="capacity")
    panel.set_title(service.label or name, loc="left", fontsize=10, fontweight="bold")
    panel.set_ylim(bottom=0)
    panel.legend(fontsize=7, frameon=False)
    calendar(panel)


def official_means(result: Result) -> pd.Series | None:
    """Official mean people delayed a day for the months that the run overlaps; None where there are none."""
    table = observed_monthly(result.scenario)
    if table is None:
        return None
    months = pd.DatetimeIndex(table.index).to_period("M")
    level = pd.Series(table["per_day"].to_numpy(), index=months)
    dates = _dates(result)
    inside = level[(months.end_time >= dates[0]) & (months.start_time <= dates[-1])]
    return inside if len(inside) else None


def _dates(result: Result) -> pd.DatetimeIndex:
    return pd.date_range(result.scenario.run.start, periods=result.scenario.run.days)


def _mean(result: Result, measure: str) -> float:
    values = result.per_replication.get(measure)
    return 0.0 if values is None else float(values.mean())
