"""Pictures: what is drawn is what was computed."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from matplotlib.patches import Rectangle

from flowsim.charts import census_chart, occupancy_chart, reasons_chart, save_charts, tornado_chart
from flowsim.decisions.compare import run
from flowsim.results import Result
from tests.experiment.city import small_city


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return [run(small_city(14, "base")), run(small_city(18, "plan"))]


def test_the_census_shows_mean_band_and_target(results: list[Result]) -> None:
    panel = census_chart(results[:1]).axes[0]
    lines = {line.get_label(): np.asarray(line.get_ydata(), dtype=float) for line in panel.lines}
    assert np.allclose(lines["mean"], results[0].daily.groupby("day")["delayed"].mean())
    assert set(lines["target 6"]) == {6.0}
    (band,) = panel.collections
    tops = np.asarray(band.get_paths()[0].vertices)[:, 1]
    assert np.isclose(tops.max(), np.percentile(results[0].by_day("delayed"), 95, axis=0).max())


def test_plans_are_drawn_over_their_base(results: list[Result]) -> None:
    second = census_chart(results).axes[1]
    lines = {line.get_label(): np.asarray(line.get_ydata(), dtype=float) for line in second.lines}
    assert np.allclose(lines["base"], results[0].by_day("delayed").mean(axis=0))


def test_every_column_ends_with_its_months(results: list[Result]) -> None:
    """Also where the last row has fewer panels than the others."""
    figure = census_chart([results[0]] * 5)
    figure.canvas.draw()
    shown = [panel for panel in figure.axes if panel.get_visible()]
    dated = [bool(any(t.label1.get_visible() for t in panel.xaxis.get_major_ticks())) for panel in shown]
    assert dated == [False, False, True, True, True]


def test_one_legend_stands_outside_all_panels(results: list[Result]) -> None:
    figure = census_chart(results)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "9 of 10 replications",
        "mean",
        "target 6",
        "base",
    ]
    figure.draw_without_rendering()
    beside = [panel.get_window_extent().y1 for panel in figure.axes]
    assert legend.get_window_extent().y0 >= max(beside)
    assert all(panel.get_legend() is None for panel in figure.axes)


def test_long_names_leave_room_for_the_bars() -> None:
    names = [
        "Emergency admissions, adults: share who need Older way: long-term homecare arranged from the ward",
        "Stay",
    ]
    sides = {f"{side}{end}": [2.0, 1.0] for side in ("down", "up") for end in ("", "_low", "_high")}
    figure = tornado_chart(pd.DataFrame({"label": names, **sides}), 0.1)
    figure.draw_without_rendering()
    (panel,) = figure.axes
    assert panel.get_window_extent().width > figure.bbox.width / 2
    label = panel.xaxis.label.get_window_extent()
    assert figure.bbox.x0 <= label.x0 <= label.x1 <= figure.bbox.x1


def test_bars_of_reasons_are_as_long_as_the_delayed(results: list[Result]) -> None:
    panel = reasons_chart(results).axes[0]
    ends: dict[int, float] = {}
    for bar in cast("list[Rectangle]", panel.patches):
        row = round(bar.get_y() + bar.get_height() / 2)
        ends[row] = max(ends.get(row, 0.0), bar.get_x() + bar.get_width())
    assert [ends[row] for row in sorted(ends)] == pytest.approx(
        [r.interval("delayed_mean").value for r in results]
    )


def test_every_limited_service_has_its_panel(results: list[Result]) -> None:
    figure = occupancy_chart(results[0])
    assert {panel.get_title(loc="left") for panel in figure.axes if panel.get_visible()} == {
        "allocation",
        "stit",
    }


def test_pictures_are_written_and_not_empty(results: list[Result], tmp_path: Path) -> None:
    written = save_charts(results, tmp_path)
    assert sorted(p.name for p in written) == [
        "census.png",
        "occupancy-base.png",
        "occupancy-plan.png",
        "reasons.png",
    ]
    for path in written:
        assert np.asarray(imread(path)).std() > 0.01


def test_lines_of_different_meaning_are_told_apart_without_colour() -> None:
    panel = occupancy_chart(run(small_city())).axes[0]
    styles = [line.get_linestyle() for line in panel.lines]
    assert len(set(styles)) == len(styles)
