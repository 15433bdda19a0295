"""People moving between services, day by day: the only door to vidigi, which is optional."""

from __future__ import annotations

import importlib.util
from functools import partial
from typing import Any, Final

import pandas as pd
import streamlit as st

from flowsim.pages.parts import PLOTLY, on_request
from flowsim.report.lives import event_log
from flowsim.results import Result

FRAMES_A_DAY: Final = 4
MOST_SHOWN: Final = 40
HEIGHT: Final = 620
# Where people come in and go out, and where they stand meanwhile.
LEFT: Final = 180
RIGHT: Final = 330


def offer(result: Result, most_days: int) -> None:
    """A film of a week or two, on request."""
    on_request("People moving between services, over a week or two", partial(_choose, result, most_days))


def _choose(result: Result, most_days: int) -> None:
    if importlib.util.find_spec("vidigi") is None:
        st.markdown(
            "Films need the library vidigi, which is not installed here: `pip install flowsim[animation]`."
        )
        return
    last = max(1, result.scenario.run.days - most_days)
    first = st.slider("From day", 0, last, min(85, last // 2), key="film from")
    days = st.radio("For", [7, most_days], format_func=lambda d: f"{d} days", horizontal=True, key="film for")
    if not st.checkbox("Show the film", key="film shown"):
        return
    log = event_log(result, first, days)
    figure = _film(log, first, days, str(result.scenario.run.start))
    st.plotly_chart(
        figure, width="stretch", config=PLOTLY, key="film",
        alt="Film of people as dots moving between the services they are in or wait for; the table of phases above has the same.",
    )  # fmt: skip
    st.caption(f"Everybody who was ready in hospital in these days, in {result.scenario.name}; a dot is a person. At most {MOST_SHOWN} are drawn in one place.")  # fmt: skip


@st.cache_data(show_spinner="Making the film", max_entries=8)
def _film(log: pd.DataFrame, first: int, days: int, start: str) -> Any:
    from vidigi.animation import animate_activity_log

    moves = log.assign(time=(log["time"] * 24).round().astype(int))
    moves = moves.sort_values(["entity_id", "time"], kind="stable")
    date = (pd.Timestamp(start) + pd.Timedelta(days=first)).strftime("%Y-%m-%d")
    places = _places(moves)
    figure = animate_activity_log(
        moves, places, simulation_time_unit="hours", every_x_time_units=24 // FRAMES_A_DAY, limit_duration=24 * days,
        wrap_queues_at=20, step_snapshot_max=MOST_SHOWN, plotly_height=HEIGHT, custom_entity_icon_list=["●"], entity_icon_size=11,
        gap_between_entities=9, gap_between_queue_rows=16, start_date=date, time_display_units="%d %B %Y, %H:%M", text_size=13,
        frame_duration=350, frame_transition_duration=350, show_entity_legend=False, override_x_max=700, debug_mode=False,
        queue_direction="right",
    )  # fmt: skip
    # Room on the left for the longest name, on the right for a full row, and nothing around that.
    figure.update_xaxes(range=[LEFT - 40, RIGHT + 20 * 9 + 20])
    figure.update_yaxes(range=[-10, 40 * len(places)])
    figure.update_layout(margin={"l": 10, "r": 10, "t": 10, "b": 10})
    return figure


def _places(moves: pd.DataFrame) -> pd.DataFrame:
    """A row on the picture for each place to be or to wait, those entered first at the top."""
    states = moves[~moves["event"].isin(["arrival", "depart"])]
    order = states.groupby("event")["time"].count().sort_values(ascending=False).index.tolist()
    order = [e for e in order if not e.startswith("Waiting")] + [e for e in order if e.startswith("Waiting")]
    rows = [("arrival", LEFT, 40 * (len(order) + 1), "Arrival"), ("depart", LEFT, 10, "Left")]
    rows += [(event, RIGHT, 40 * (len(order) - number), event) for number, event in enumerate(order)]
    return pd.DataFrame(rows, columns=["event", "x", "y", "label"])
