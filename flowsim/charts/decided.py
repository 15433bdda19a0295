"""Pictures of decisions: what a perfect part would save, pick-up by staff, what money buys, which number matters."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from flowsim.charts.ground import BLUE, GREEN, GREY, HATCHES, LINES, PINK, plain
from flowsim.decisions.staffing import Outlook
from flowsim.units import WEEKDAYS, in_percent

# Longer names of bars go on in a second line, so that room is left for the bars.
LABEL_WIDTH: Final = 54


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
    plain(panel)
    return figure


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
    below.axhline(
        100 * pick_up, color="black", linestyle="--", linewidth=1.2, label=f"aim {in_percent(pick_up)}"
    )
    below.set_xticks(days, [day.capitalize() for day in WEEKDAYS])
    below.set_ylim(0, 105)
    above.set_ylabel("staff on shift")
    below.set_ylabel("% picked up within 24 hours,\nby day of referral")
    below.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    above.set_title("Staff on shift, and how fast people are picked up", loc="left", fontweight="bold")
    for panel in (above, below):
        plain(panel)
    return figure


def frontier_chart(frontier: pd.DataFrame, winner: int | None) -> Figure:
    """What money buys: delayed days against cost a day, the corner and the winner marked."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    panel = figure.subplots()
    panel.plot(frontier["cost_per_day"], frontier["delayed_days"], color=BLUE, marker="o", markersize=4)
    for chosen, marker, colour, label in (
        (frontier[frontier["corner"]], "D", PINK, "corner: from here a pound buys less"),
        (frontier[frontier["plan"] == winner], "s", GREEN, "the winner"),
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
    plain(panel)
    return figure


def tornado_chart(tornado: pd.DataFrame, by: float, most: int = 15) -> Figure:
    """The widest swings: one bar a number, to where the mean goes when it is smaller and when it is greater."""
    rows = tornado.head(most)
    labels = [textwrap.fill(label, LABEL_WIDTH) for label in rows["label"]]
    figure = Figure(figsize=(10, 1.4 + 0.36 * len(rows)), layout="constrained")
    panel = figure.subplots()
    for side, colour, hatch, label in (
        ("down", PINK, "//", f"{in_percent(by)} smaller"),
        ("up", BLUE, "", f"{in_percent(by)} greater"),
    ):
        panel.barh(labels, rows[side], color=colour, hatch=hatch, edgecolor="white", label=label)
        panel.hlines(labels, rows[f"{side}_low"], rows[f"{side}_high"], color="black", linewidth=0.8)
    panel.axvline(0, color="black", linewidth=0.8)
    panel.invert_yaxis()
    panel.tick_params(axis="y", labelsize=9)
    panel.set_xlabel("change of the mean number delayed at midnight")
    panel.legend(frameon=False, fontsize=9, loc="lower right")
    panel.set_title("What matters", loc="left", fontweight="bold")
    plain(panel)
    return figure
