"""Pictures of evidence: forecasts and back-tests, stays and their families, how a fit meets the months."""

from __future__ import annotations

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from flowsim.charts.ground import BLUE, GREEN, GREY, LIGHT, PINK, calendar, plain
from flowsim.decisions.backtest import MODEL, Backtest
from flowsim.decisions.forecast import Forecast
from flowsim.decisions.rivals import LAST, LAST_YEAR, SERIES
from flowsim.observed import Observed
from flowsim.observed.stays import Group


def forecast_chart(found: Forecast, observed: Observed | None) -> Figure:
    """What may come: median and bands of 50 and 90 % by day, the target, and the observed months before."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    panel = figure.subplots()
    daily = found.daily
    dates = pd.DatetimeIndex(daily["date"])
    panel.fill_between(
        dates, daily["low90"], daily["high90"], color=BLUE, alpha=0.15, linewidth=0, label="90 % band"
    )
    panel.fill_between(
        dates, daily["low50"], daily["high50"], color=BLUE, alpha=0.30, linewidth=0, label="50 % band"
    )
    panel.plot(dates, daily["median"], color=BLUE, linewidth=1.8, label="median")
    panel.axhline(
        found.target, color="black", linestyle="--", linewidth=1.2, label=f"target {found.target:g}"
    )
    if observed is not None and observed.monthly is not None:
        months = pd.DatetimeIndex(observed.monthly.index)
        recent = (months < dates[0]) & (months >= dates[0] - pd.DateOffset(months=14))
        ends = months[recent] + pd.offsets.MonthEnd()
        panel.hlines(observed.monthly["per_day"][recent], months[recent], ends, color=PINK, linewidth=2.4)
        panel.plot([], [], color=PINK, linewidth=2.4, label="observed monthly mean")
        figure.supxlabel(_credit(observed), fontsize=8, color=GREY)
    panel.set_ylim(bottom=0)
    panel.set_ylabel("people delayed at midnight")
    panel.set_title(f"Forecast: {found.scenario.title}", loc="left", fontweight="bold")
    panel.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    calendar(panel)
    return figure


def _credit(observed: Observed) -> str:
    """Where observed figures come from, in lines that fit below a picture."""
    return textwrap.fill(f"Observed: {'; '.join(observed.sources)}", 120)


def backtest_chart(found: Backtest, observed: Observed) -> Figure:
    """At each cut what the model said of the months after it, against what was seen: one panel a cut."""
    cuts = list(dict.fromkeys(found.table["cut"]))
    columns = min(3, len(cuts))
    rows = math.ceil(len(cuts) / columns)
    figure = Figure(figsize=(5.2 * columns if columns > 1 else 10, 3.2 * rows + 0.6), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    assert observed.monthly is not None  # there would be no back-test
    months = pd.DatetimeIndex(observed.monthly.index)
    for panel, cut in zip(panels, cuts, strict=False):
        panel.plot(
            months,
            observed.monthly["per_day"],
            color=PINK,
            marker="o",
            markersize=3,
            linewidth=1.2,
            label="observed",
        )
        for name, colour, style in (
            (MODEL, BLUE, "-"),
            (LAST, GREY, ":"),
            (LAST_YEAR, GREEN, "-."),
            (SERIES, "#E69F00", "--"),
        ):
            own = found.table[(found.table["cut"] == cut) & (found.table["forecaster"] == name)]
            dates = pd.to_datetime(own["month"])
            if name == MODEL:
                panel.fill_between(dates, own["low90"], own["high90"], color=BLUE, alpha=0.15, linewidth=0)
                panel.fill_between(dates, own["low50"], own["high50"], color=BLUE, alpha=0.30, linewidth=0)
            panel.plot(
                dates, own["forecast"], color=colour, linestyle=style, linewidth=1.6, marker=".", label=name
            )
        panel.set_title(f"known up to {cut}", loc="left", fontsize=9.5, fontweight="bold")
        panel.set_ylim(bottom=0)
        calendar(panel)
    for panel in panels[len(cuts) :]:
        panel.set_visible(False)
    panels[0].set_ylabel("people delayed a day, by month", fontsize=9)
    panels[0].legend(fontsize=7, frameon=False)
    figure.supxlabel(f"{_credit(observed)}\nBands: 50 and 90 %", fontsize=8, color=GREY)
    return figure


def stays_chart(group: Group) -> Figure:
    """How many are still there after so many days: as seen (Kaplan and Meier), and by each family."""
    from scipy.stats import CensoredData, ecdf

    stays = group.stays
    figure = Figure(figsize=(8, 5), layout="constrained")
    panel = figure.subplots()
    data = CensoredData(uncensored=stays.days[stays.ended], right=stays.days[~stays.ended])
    seen = ecdf(data).sf
    panel.step(
        seen.quantiles, seen.probabilities, where="post", color="black", linewidth=1.8, label="as seen"
    )
    days = np.linspace(0, float(np.quantile(stays.days, 0.99)) + 1, 400)
    for one, colour, style in zip(
        group.fits, (BLUE, PINK, GREEN, "#E69F00"), ("-", "--", "-.", ":"), strict=True
    ):
        behind = one.aic - group.fits[0].aic
        label = f"{one.family} ({'best' if not behind else f'AIC {behind:.1f} behind'})"
        panel.plot(days, one.distribution.sf(days), color=colour, linestyle=style, linewidth=1.6, label=label)
    panel.set_ylim(0, 1)
    panel.set_xlabel("days")
    panel.set_ylabel("share still there")
    panel.set_title(f"Stays: {stays.of}, {len(stays.days):,} people", loc="left", fontweight="bold")
    panel.legend(frameon=False)
    plain(panel)
    return figure


def months_chart(figures: pd.DataFrame, title: str) -> Figure:
    """A fit month by month: one panel a target, the band in which nine of ten runs of the set lie, and the official figures.

    `figures` as from `flowsim.decisions.findings.figures`, those of months only.
    """
    names = list(dict.fromkeys(figures["target"]))
    columns = min(2, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(5.6 * columns if columns > 1 else 9, 2.7 * rows + 0.7), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, name in zip(panels, names, strict=False):
        mine = figures[figures["target"] == name]
        months = mine["part"].tolist()
        place = np.arange(len(months))
        panel.fill_between(
            place,
            mine["low"],
            mine["high"],
            color=BLUE,
            alpha=0.2,
            linewidth=0,
            label="9 of 10 runs of the set",
        )
        panel.plot(place, mine["mean"], color=BLUE, linewidth=1.8, label="mean of the set")
        panel.plot(place, mine["observed"], "D", color=PINK, markersize=5, label="official figure")
        step = max(1, len(months) // 6)
        panel.set_xticks(place[::step], months[::step])
        panel.set_ylim(bottom=0)
        panel.set_ylabel("people")
        panel.set_title(name, loc="left", fontsize=9.5, fontweight="bold")
        plain(panel)
    for panel in panels[len(names) :]:
        panel.set_visible(False)
    panels[0].legend(fontsize=8, frameon=False)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left")
    return figure


def parameters_chart(parameters: pd.DataFrame) -> Figure:
    """Posterior against prior: for each number the middle nine tenths of the plausible set within the range it might have had."""
    figure = Figure(figsize=(10, 1.6 + 0.5 * len(parameters)), layout="constrained")
    panel = figure.subplots()
    for row, one in enumerate(parameters.to_dict("records")):
        span = one["high"] - one["low"]
        begins, ends, middle = ((one[key] - one["low"]) / span for key in ("from", "to", "value"))
        panel.barh(row, 1, color=LIGHT, height=0.62, label="range" if row == 0 else None)
        panel.barh(
            row,
            ends - begins,
            left=begins,
            color=BLUE,
            height=0.36,
            label="plausible, nine of ten" if row == 0 else None,
        )
        panel.plot(middle, row, "|", color="white", markersize=11, markeredgewidth=2)
        panel.text(
            1.01, row, f"{one['from']:.3g} to {one['to']:.3g}: {one['verdict']}", va="center", fontsize=8.5
        )
    panel.set_yticks(
        range(len(parameters)),
        [":\n".join(str(path).rsplit(": ", 1)) for path in parameters["path"]],
        fontsize=8,
    )
    panel.set_xticks([0, 1], ["low end\nof the range", "high end"])
    panel.set_xlim(0, 1.45)
    panel.invert_yaxis()
    panel.legend(fontsize=8, frameon=False, loc="lower right")
    panel.set_title("What the data tell", loc="left", fontweight="bold")
    plain(panel)
    panel.grid(visible=False)
    return figure
