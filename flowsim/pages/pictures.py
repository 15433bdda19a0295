"""The pictures of the app, and its only door to plotly: lines with dashes, bars with numbers, never colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from plotly import graph_objects as go

from flowsim.charts import official_means
from flowsim.decisions.compare import Comparison
from flowsim.experiment.intervals import percentile_band
from flowsim.experiment.summary import REASON_LABELS
from flowsim.report.lives import WAIT_KIND, dated
from flowsim.report.where import through
from flowsim.results import Result

BLUE: Final = "#005EB8"
NAVY: Final = "#003087"
GREEN: Final = "#007F3B"
PINK: Final = "#AE2573"
GREY: Final = "#425563"
INK: Final = "#212B32"
PALE: Final = "#E8EDEE"
# Fill and edge of each phase of a journey. No opacity: the legend would show the full colour beside pale bars.
PHASE_COLOURS: Final = {
    "waiting": (PINK, PINK),
    "in hospital": (BLUE, BLUE),
    "in other care": ("#8CC5A3", GREEN),
}
BAND: Final = "rgba(0,94,184,0.18)"
FONT: Final = "Frutiger, Arial, 'Liberation Sans', sans-serif"
DASHES: Final = ("solid", "dash", "dashdot", "longdash", "dot", "longdashdot")
SERIES: Final = (BLUE, PINK, GREEN, NAVY, GREY, INK)
# Letters that have room in a line below a picture on a telephone.
WIDEST_TITLE: Final = 40
PATTERNS: Final = ("/", ".", "x", "\\", "+", "|", "-", "", "/", ".", "")
# Ten reasons from five colours that pass beside white, told apart by pattern and label as well.
REASON_FILL: Final = dict(zip(REASON_LABELS, (BLUE, GREY, GREEN, PINK, NAVY, BLUE, GREY, GREEN, PINK, NAVY, GREY), strict=True))  # fmt: skip


def census(shown: Result, base: Result | None) -> go.Figure:
    """People delayed at midnight by day: mean and band of one scenario, the base's mean, the target, official months."""
    dates = pd.date_range(shown.scenario.run.start, periods=shown.scenario.run.days)
    daily = shown.by_day("delayed")
    low, high = percentile_band(daily)
    figure = go.Figure()
    if shown.replications > 1:
        figure.add_scatter(
            x=dates, y=high, mode="lines", line={"width": 0}, showlegend=False, hoverinfo="skip"
        )
        figure.add_scatter(
            x=dates, y=low, mode="lines", line={"width": 0}, fill="tonexty", fillcolor=BAND, hoverinfo="skip",
            name="nine winters in ten" if shown.scenario.run.days < 200 else "nine runs in ten",
        )  # fmt: skip
    figure.add_scatter(x=dates, y=daily.mean(axis=0), mode="lines", line={"color": BLUE, "width": 2.5}, name=shown.scenario.name)  # fmt: skip
    if base is not None and base is not shown:
        figure.add_scatter(
            x=dates, y=base.by_day("delayed").mean(axis=0), mode="lines", name=base.scenario.name,
            line={"color": GREY, "width": 2, "dash": "dot"},
        )  # fmt: skip
    official = official_means(shown)
    if official is not None:
        months = pd.PeriodIndex(official.index)
        x: list[Any] = []
        y: list[Any] = []
        for month, level in zip(months, official, strict=True):
            x += [month.start_time, month.end_time, None]
            y += [level, level, None]
        figure.add_scatter(
            x=x, y=y, mode="lines", line={"color": PINK, "width": 4}, name="official monthly mean"
        )
    target = shown.scenario.target.delayed
    figure.add_scatter(
        x=[dates[0], dates[-1]], y=[target, target], mode="lines", name=f"target {target:g}",
        line={"color": INK, "width": 1.8, "dash": "dash"}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_yaxes(title_text="people delayed at midnight", rangemode="tozero")
    _by_month(figure, len(dates))
    return _calm(figure, 330)


def reasons(results: Sequence[Result]) -> go.Figure:
    """Mean people delayed by national reason, one bar a scenario."""
    figure = go.Figure()
    names = [r.scenario.name for r in results]
    for number, (code, label) in enumerate(REASON_LABELS.items()):
        measure = f"delayed_{code}_mean"
        if any(measure in r.per_replication for r in results):
            means = [
                float(r.per_replication[measure].mean()) if measure in r.per_replication else 0.0
                for r in results
            ]
            figure.add_bar(
                y=names, x=means, orientation="h", name=" ".join(label.split()), text=[f"{code} {m:.0f}" if m >= 3 else "" for m in means],
                textposition="inside", insidetextanchor="middle", textfont={"color": INK},
                marker={"color": "white", "line": {"color": REASON_FILL[code], "width": 1.6},
                        "pattern": {"shape": PATTERNS[number], "fgcolor": REASON_FILL[code], "bgcolor": "white", "size": 7, "solidity": 0.25}},
            )  # fmt: skip
    target = results[0].scenario.target.delayed
    figure.add_vline(x=target, line={"color": INK, "dash": "dash", "width": 1.8})
    figure.update_layout(barmode="stack")
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title_text=f"people delayed at midnight, mean (dashed line: target {target:g})")
    return _calm(figure, 230 + 46 * len(results))


def differences(comparison: Comparison) -> go.Figure:
    """Each plan's difference from the base with its interval; open markers where it cannot be called."""
    plans = comparison.results[1:]
    found = [comparison.difference(r, "delayed_mean") for r in plans]
    called = [not (f.low <= 0 <= f.high) for f in found]
    figure = go.Figure()
    figure.add_scatter(
        y=[r.scenario.name for r in plans], x=[f.value for f in found], mode="markers+text",
        marker={"size": 12, "color": BLUE, "symbol": ["circle" if c else "circle-open" for c in called]},
        text=[f"{f.value:+.1f}{'' if c else ' (cannot be called)'}" for f, c in zip(found, called, strict=True)],
        textposition="top center", textfont={"color": INK}, cliponaxis=False,
        error_x={"type": "data", "array": [f.half_width for f in found], "color": BLUE, "thickness": 2, "width": 6},
    )  # fmt: skip
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(
        title_text=f"people delayed, difference from {comparison.base.scenario.name} (95 % interval)"
    )
    return _calm(figure, 140 + 52 * len(plans), legend=False)


def road(moves: pd.DataFrame, queues: dict[str, float]) -> go.Figure:
    """The road from admission to home: people per day as bands, with those who wait for each service named on it."""
    names = list(dict.fromkeys([*moves["origin"], *moves["destination"]]))
    people = through(moves)
    sources = set(moves["origin"]) - set(moves["destination"])
    labels = [
        "<br>".join(
            [_wrapped(_short(n), 24 if n in sources else 16), f"{people[n]:.1f} a day", *([f"{queues[n]:.0f} waiting"] if queues.get(n, 0) >= 1 else [])]
        )
        for n in names
    ]  # fmt: skip
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            node={"label": labels, "pad": 38, "thickness": 14, "color": NAVY, "line": {"width": 0},
                  "hovertemplate": "%{label}: %{value:.1f} a day<extra></extra>"},
            link={
                "source": [names.index(o) for o in moves["origin"]],
                "target": [names.index(d) for d in moves["destination"]],
                "value": moves["per_day"],
                "color": "rgba(0,94,184,0.30)",
                "hovertemplate": "%{source.label} to %{target.label}: %{value:.1f} a day<extra></extra>",
            },
        )
    )  # fmt: skip
    figure = _calm(figure, 560, legend=False)
    return figure.update_layout(font={"size": 12}, margin={"l": 10, "r": 10, "t": 24, "b": 24})


def _short(label: str) -> str:
    """The beginning of a service's or stream's name, for where there is little room."""
    return label.partition(":")[0].partition(",")[0]


def bars_with_interval(frame: pd.DataFrame, label: str, axis: str) -> go.Figure:
    """One bar a row (value, low, high) with its interval and number."""
    half = (frame["high"] - frame["low"]) / 2
    figure = go.Figure()
    figure.add_bar(
        x=frame[label], y=frame["value"], marker={"color": BLUE}, text=[f"{v:.0f}" for v in frame["value"]],
        textposition="inside", insidetextanchor="start", textfont={"color": "white"},
        error_y={"type": "data", "array": half.fillna(0), "color": INK, "thickness": 1.5},
    )  # fmt: skip
    figure.update_yaxes(title_text=axis, rangemode="tozero")
    figure.update_xaxes(dtick=1)  # every bar has its name, however narrow the picture
    return _calm(figure, 300, legend=False)


def stages(frame: pd.DataFrame) -> go.Figure:
    """The diagnostic's split of the excess beside the model's."""
    figure = go.Figure()
    for column, name, colour, shape in (
        ("diagnostic", "diagnostic 2016/17", GREY, "/"),
        ("model", "this scenario", BLUE, ""),
    ):
        figure.add_bar(
            y=[_wrapped(stage, 17) for stage in frame["stage"]], x=100 * frame[column], orientation="h", name=name,
            text=[f"{100 * v:.0f} %" for v in frame[column]], textposition="outside", textfont={"color": INK}, cliponaxis=False,
            marker={"color": colour, "pattern": {"shape": shape, "fgcolor": "white", "solidity": 0.25, "fillmode": "overlay"}},
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed")
    # Room for the number behind the longest bar: Plotly leaves none for what stands outside a bar.
    most = 100 * float(np.nanmax(frame[["diagnostic", "model"]].to_numpy(dtype=float)))
    figure.update_xaxes(
        title_text="share of all who are ready and still in hospital, per cent", range=[0, (most or 1) * 1.25]
    )
    return _calm(figure, 340)


def prices(frame: pd.DataFrame) -> go.Figure:
    """What one more unit of each capacity would change, with interval."""
    half = (frame["high"] - frame["low"]) / 2
    names = [
        _wrapped(f"{label}: {what}", 27) for label, what in zip(frame["label"], frame["what"], strict=True)
    ]
    figure = go.Figure()
    figure.add_scatter(
        y=names, x=frame["value"], mode="markers",
        marker={"size": 11, "color": BLUE, "symbol": ["circle" if c else "circle-open" for c in frame["called"]]},
        error_x={"type": "data", "array": half.fillna(0), "color": BLUE, "thickness": 2, "width": 5},
    )  # fmt: skip
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    lines = max((name.count("<br>") + 1 for name in names), default=1)
    figure.update_yaxes(autorange="reversed", tickfont={"size": 12})
    figure.update_xaxes(title_text="change in people delayed (filled: can be called; open: cannot)")
    return _calm(figure, 120 + (16 * lines + 8) * len(frame), legend=False)


def lives(
    tables: Sequence[pd.DataFrame], results: Sequence[Result], people: Sequence[tuple[str, int]]
) -> go.Figure:
    """Journeys as bars, one line a person and scenario: solid in care, hatched while waiting."""
    figure = go.Figure()
    seen: set[str] = set()
    several = len(tables) > 1
    order = []
    for number, person in enumerate(people, start=1):
        for frame, result in zip(tables, results, strict=True):
            row = f"{number} {result.scenario.name}" if several else f"person {number}"
            order.append(row)
            own = frame[(frame["stream"] == person[0]) & (frame["person"] == person[1])]
            for phase in own.itertuples():
                _add_phase(figure, phase, row, result, seen)
    figure.update_layout(barmode="overlay", bargap=0.25)
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1], tickfont={"size": 11})
    figure.update_xaxes(type="date")
    _by_month(figure, results[0].scenario.run.days)
    return _calm(figure, 130 + 22 * len(order))


def _add_phase(figure: go.Figure, phase: Any, row: str, result: Result, seen: set[str]) -> None:
    waiting = phase.kind == WAIT_KIND
    name = "waiting" if waiting else "in hospital" if phase.what == result.scenario.services["hospital"].label else "in other care"  # fmt: skip
    fill, edge = PHASE_COLOURS[name]
    begin = max(phase.begin, -30.0)
    figure.add_bar(
        y=[row], x=[(phase.end - begin) * 86_400_000], base=[dated(result, begin)], orientation="h", name=name, legendgroup=name,
        showlegend=name not in seen,
        marker={"color": fill, "pattern": {"shape": "/" if waiting else "", "fgcolor": "white", "solidity": 0.35, "fillmode": "overlay"},
                "line": {"width": 1, "color": edge}},
        hovertemplate=f"{phase.what}: {phase.end - phase.begin:.1f} days<extra>{row}</extra>",
    )  # fmt: skip
    seen.add(name)


def _wrapped(words: str, width: int) -> str:
    lines, line = [], ""
    for word in words.split():
        if line and len(line) + len(word) + 1 > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "<br>".join([*lines, line])


def _calm(figure: go.Figure, height: int, legend: bool = True) -> go.Figure:
    figure.update_layout(
        height=height, margin={"l": 10, "r": 20, "t": 10, "b": 10}, paper_bgcolor="white", plot_bgcolor="white",
        font={"family": FONT, "size": 14, "color": INK}, showlegend=legend, hovermode="closest",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "font": {"size": 13}},
        dragmode=False,
    )  # fmt: skip
    figure.update_xaxes(
        gridcolor=PALE, zeroline=False, automargin=True, ticklabelstandoff=6, tickangle=0, nticks=6
    )
    figure.update_yaxes(gridcolor=PALE, zeroline=False, automargin=True, ticklabelstandoff=4)
    title = figure.layout.xaxis.title.text
    if title:
        _put_title(figure, title)
    return figure


def _by_month(figure: go.Figure, days: int) -> None:
    """An axis of dates marked by month, the year below where it changes: names that have room on a telephone."""
    figure.update_xaxes(tickformat="%b\n%Y", dtick="M1" if days < 250 else "M2")


def _put_title(figure: go.Figure, title: str) -> None:
    """The title of the horizontal axis, from the right edge of the plot leftwards.

    Plotly centres it below the plot and cuts off what is wider: on a telephone half of it, beside long names of bars.
    """
    words = _wrapped(title, WIDEST_TITLE)
    figure.update_xaxes(title=None)
    figure.add_annotation(
        text=words, x=1, xref="paper", xanchor="right", y=0, yref="paper", yanchor="top", yshift=-26, align="right", showarrow=False,
        font={"size": 13},
    )  # fmt: skip
    figure.update_layout(margin={"b": 36 + 18 * (words.count("<br>") + 1)})
