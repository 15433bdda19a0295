"""Pictures: what is drawn is what was computed."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
from matplotlib.image import imread
from matplotlib.patches import Rectangle

from flowsim.charts import census_chart, occupancy_chart, reasons_chart, save_charts
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
