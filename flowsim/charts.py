"""The pictures, and the only door to matplotlib: census, reasons, occupancy.

Colours are told apart by people with any colour vision, and never carry a meaning alone.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from flowsim.decisions.backtest import MODEL, Backtest
from flowsim.decisions.forecast import Forecast
from flowsim.decisions.rivals import LAST, LAST_YEAR, SERIES
from flowsim.decisions.staffing import Outlook
from flowsim.experiment.intervals import percentile_band
from flowsim.observed import Observed, observed_monthly
from flowsim.observed.stays import Group
from flowsim.results import Result, made_folder, write_whole
from flowsim.units import WEEKDAYS

BLUE: Final = "#005EB8"
PINK: Final = "#AE2573"
GREEN: Final = "#00703C"
GREY: Final = "#425563"
LIGHT: Final = "#D8DDE0"
# Okabe and Ito (2008): ten reasons, told apart with any colour vision, hatched as well.
REASON_COLOURS: Final = {
    "A": "#0072B2", "B": "#999999", "C": "#E69F00", "Di": "#CC79A7", "Dii": "#882255", "E": "#009E73", "F": "#F0E442",
    "G": "#56B4E9", "H": "#D55E00", "I": "#332288", "other": "#DDDDDD",
}  # fmt: skip
REASON_LABELS: Final = {
    "A": "A  completion of assessment", "B": "B  public funding", "C": "C  further non-acute NHS care",
    "Di": "Di  residential home", "Dii": "Dii  nursing home", "E": "E  care package in own home",
    "F": "F  community equipment", "G": "G  patient or family choice", "H": "H  disputes", "I": "I  housing",
    "other": "no reason named",
}  # fmt: skip
LINES: Final = (
    "#425563",
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#332288",
    "#D55E00",
    "#56B4E9",
    "#999999",
)
# Longer names of bars go on in a second line, so that room is left for the bars.
LABEL_WIDTH: Final = 54
HATCHES: Final = ("", "//", "..", "xx", "\\\\", "", "++", "--", "oo", "**", "")
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
    _plain(panel)
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
    _calendar(panel)


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
    _calendar(panel)


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


def _calendar(panel: Axes) -> None:
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    _plain(panel)


def _plain(panel: Axes) -> None:
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="y", color=LIGHT, linewidth=0.6)
    panel.set_axisbelow(True)


def waterfall_chart(parts: pd.DataFrame, measure: str) -> Figure:
    """From what is to what remains: one falling step a part, rising ones where a perfect part makes it worse.

    `parts` are those of a diagnosis; thin lines are 95 % intervals of each step.
    """
    rows = parts[parts["measure"] == measure]
    whole, steps = rows.iloc[0], rows.iloc[1:-1].sort_values("value", ascending=False)
    figure = Figure(figsize=(10, 1.6 + 0.45 * len(rows)), layout="constrained")
    panel = figure.subplots()
    labels = [whole["label"], *steps["label"], rows.iloc[-1]["label"]]
    panel.barh(labels[0], whole["value"], color=GREY)
    level = float(whole["value"])
    for step in steps.to_dict("records"):
        value = float(step["value"])
        panel.barh(step["label"], value, left=level - value, color=BLUE if value >= 0 else PINK)
        panel.hlines(step["label"], level - step["high"], level - step["low"], color="black", linewidth=1)
        panel.text(max(level, level - value), step["label"], f" {-value:+.1f}", va="center", fontsize=9)
        level -= value
    panel.barh(labels[-1], level, color=GREEN)
    for label, value in ((labels[0], whole["value"]), (labels[-1], level)):
        panel.text(value, label, f" {value:.1f}", va="center", fontsize=9)
    panel.invert_yaxis()
    panel.set_xlabel("people at midnight, mean of the period")
    panel.set_title(f"What would have to be perfect: {measure}", loc="left", fontweight="bold")
    _plain(panel)
    return figure


def png_of(figure: Figure) -> bytes:
    """A picture as the bytes of a PNG file, to lie inside a page."""
    held = BytesIO()
    figure.savefig(held, format="png", dpi=110)
    return held.getvalue()


def save_figures(pictures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write pictures by file name into a folder, each whole or not at all."""
    made_folder(folder)
    return [write_whole(folder / name, partial(figure.savefig, dpi=110)) for name, figure in pictures.items()]


def pick_up_chart(outlooks: Sequence[Outlook], pick_up: float) -> Figure:
    """Pick-up against staff by weekday: above the staff on shift, below the share of that day's referrals started in 24 h.

    Scenarios without a roster have only the lower part.
    """
    figure = Figure(figsize=(10, 6.4), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    days = np.arange(len(WEEKDAYS))
    width = 0.8 / max(1, len(outlooks))
    for number, outlook in enumerate(outlooks):
        place = days + (number - (len(outlooks) - 1) / 2) * width
        look = {
            "color": LINES[number % len(LINES)],
            "hatch": HATCHES[number % len(HATCHES)],
            "edgecolor": "white",
        }
        if outlook.roster is not None:
            above.bar(place, outlook.roster.staff, width, **look)
        below.bar(place, np.nan_to_num(100 * np.array(outlook.by_weekday)), width, label=outlook.name, **look)
    below.axhline(100 * pick_up, color="black", linestyle="--", linewidth=1.2, label=f"aim {pick_up:.0%}")
    below.set_xticks(days, [day.capitalize() for day in WEEKDAYS])
    below.set_ylim(0, 105)
    above.set_ylabel("staff on shift")
    below.set_ylabel("% picked up within 24 hours,\nby day of referral")
    below.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    above.set_title("Staff on shift, and how fast people are picked up", loc="left", fontweight="bold")
    for panel in (above, below):
        _plain(panel)
    return figure


def frontier_chart(frontier: pd.DataFrame, winner: int | None) -> Figure:
    """What money buys: delayed days against cost a day, the corner and the winner marked."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    panel = figure.subplots()
    panel.plot(frontier["cost_per_day"], frontier["delayed_days"], color=BLUE, marker="o", markersize=4)
    for chosen, marker, colour, label in (
        (frontier[frontier["corner"]], "D", PINK, "corner: from here a pound buys less"),
        (frontier[frontier["plan"] == winner], "s", GREEN, "cheapest plan that keeps the target"),
    ):
        if len(chosen):
            panel.plot(
                chosen["cost_per_day"],
                chosen["delayed_days"],
                marker,
                color=colour,
                markersize=9,
                label=label,
            )
    panel.set_xlabel("cost of the levers, £ a day")
    panel.set_ylabel("delayed days in the period")
    panel.set_ylim(bottom=0)
    panel.set_title("What money buys", loc="left", fontweight="bold")
    if panel.get_legend_handles_labels()[0]:
        panel.legend(frameon=False, fontsize=9)
    _plain(panel)
    return figure


def tornado_chart(tornado: pd.DataFrame, by: float, most: int = 15) -> Figure:
    """The widest swings: one bar a number, to where the mean goes when it is smaller and when it is greater."""
    rows = tornado.head(most)
    labels = [textwrap.fill(label, LABEL_WIDTH) for label in rows["label"]]
    figure = Figure(figsize=(10, 1.4 + 0.36 * len(rows)), layout="constrained")
    panel = figure.subplots()
    for side, colour, hatch, label in (
        ("down", PINK, "//", f"{by:.0%} smaller"),
        ("up", BLUE, "", f"{by:.0%} greater"),
    ):
        panel.barh(labels, rows[side], color=colour, hatch=hatch, edgecolor="white", label=label)
        panel.hlines(labels, rows[f"{side}_low"], rows[f"{side}_high"], color="black", linewidth=0.8)
    panel.axvline(0, color="black", linewidth=0.8)
    panel.invert_yaxis()
    panel.tick_params(axis="y", labelsize=9)
    panel.set_xlabel("change of the mean number delayed at midnight")
    panel.legend(frameon=False, fontsize=9, loc="lower right")
    panel.set_title("What matters", loc="left", fontweight="bold")
    _plain(panel)
    return figure


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
    _calendar(panel)
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
        _calendar(panel)
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
    _plain(panel)
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
        _plain(panel)
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
    _plain(panel)
    panel.grid(visible=False)
    return figure
