"""The pictures of the app fit a narrow screen, and their legends show what is in them."""

from __future__ import annotations

import pandas as pd

import flowsim
from flowsim.pages import pictures
from flowsim.report.lives import bars, chosen_people
from flowsim.report.where import stages
from flowsim.scenario import from_text
from tests.pages.visitors import SMALL

# What a line of so many letters takes, at 13 points, fits beside 16 pixels of margin on a screen of 390.
LETTERS = 40


def a_run() -> flowsim.Result:
    return flowsim.run(from_text(SMALL, "small.toml"), replications=2, keep_journeys=1)


def test_titles_and_names_of_bars_are_broken_into_lines() -> None:
    split = stages(a_run())
    figure = pictures.stages(split)
    (title,) = figure.layout.annotations
    assert max(len(line) for line in title.text.split("<br>")) <= LETTERS
    assert title.xanchor == "right"  # not centred below a plot that is narrow
    assert figure.layout.xaxis.title.text is None
    names = [line for name in figure.data[0].y for line in name.split("<br>")]
    assert max(map(len, names)) <= 17
    assert figure.layout.xaxis.tickangle == 0


def test_there_is_room_for_the_number_behind_the_longest_bar() -> None:
    split = stages(a_run())
    figure = pictures.stages(split)
    longest = 100 * split[["diagnostic", "model"]].max().max()
    assert figure.layout.xaxis.range[1] >= 1.2 * longest


def test_long_names_of_prices_do_not_lie_upon_each_other() -> None:
    frame = pd.DataFrame(
        [("Community equipment", "one more start on each of Mon, Tue, Wed, Thu, Fri, Sat", -1.0, -2.0, 0.0, False)] * 3,
        columns=["label", "what", "value", "low", "high", "called"],
    )  # fmt: skip
    figure = pictures.prices(frame)
    lines = figure.data[0].y[0].count("<br>") + 1
    assert lines > 1
    assert figure.layout.height >= len(frame) * 16 * lines


def test_the_legend_of_journeys_has_the_colours_of_the_bars() -> None:
    """A legend shows a marker's colour without its opacity."""
    result = a_run()
    people = chosen_people(result, 5)
    figure = pictures.lives([bars(result, people)], [result], people)
    assert {trace.marker.opacity for trace in figure.data} == {None}
    by_name = {trace.name: trace.marker.color for trace in figure.data}
    assert len(set(by_name.values())) == len(by_name) > 1
