"""What matters most? The tornado, the indices and the thresholds of `flowsim sensitivity`, as a form."""

from __future__ import annotations

from typing import Final

import streamlit as st

from flowsim.charts import png_of, tornado_chart
from flowsim.decisions.sensitivity import Sensitivity, sensitivity
from flowsim.errors import FlowsimError
from flowsim.pages.decide.asking import (
    answer,
    answered,
    ask,
    key_of,
    replications_field,
    take_away,
    with_table,
)
from flowsim.pages.parts import table
from flowsim.pages.session import choice, complain, scenario
from flowsim.report.frames import words_of
from flowsim.report.sensitive import flips_table, indices_table, sensitivity_sentences, tornado_table
from flowsim.scenario.model import Scenario

NAME: Final = "sensitivity"
NOBODY: Final = "no second plan"
POINTS: Final = (0, 8, 16, 32, 64)


def draw(shown: Scenario) -> None:
    """The form, and the answer when there is one."""
    st.markdown("Every number of the scenario a little smaller and a little greater; then the strongest all together over wider ranges; and, with a second plan, how wrong an assumption would have to be to change the choice.")  # fmt: skip
    with st.form(f"sensitivity {shown.name}"):
        others = [NOBODY, *(name for name in choice().offered if name != shown.name)]
        against = st.selectbox("Hold it against", others, key=f"against {shown.name}")
        percent = st.number_input("Move each number by, %", 1, 50, 10, key="by")
        points = st.select_slider("Size of the design for all together (0: leave it out)", POINTS, 0, key="points")  # fmt: skip
        replications = replications_field(5, 2, 200, "sensitivity replications")
        pressed, wanted = st.form_submit_button("Find what matters", type="primary"), ""
        try:
            other = None if against == NOBODY else scenario(against)
            scenarios = [shown] if other is None else [shown, other]
            wanted = key_of(NAME, scenarios, (percent, points, replications))
            if pressed:
                ask(f"{NAME} {shown.name}", wanted, lambda on_done, cores: sensitivity(
                    shown, against=other, by=percent / 100, points=points, replications=replications, cores=cores, on_done=on_done
                ))  # fmt: skip
        except FlowsimError as error:
            if pressed:
                complain(error)
    answered(f"{NAME} {shown.name}", "plans of this part", _show, wanted)


def _show(found: Sensitivity) -> None:
    answer(sensitivity_sentences(found))
    with_table(
        png_of(tornado_chart(found.tornado, found.by)),
        "Tornado chart: for each number the change in people delayed when it is smaller and when it is greater, the widest first. The table below has the numbers.",
        "The numbers behind the picture",
        words_of(tornado_table(found)),
    )
    if len(found.indices):
        st.markdown("**All together over wide ranges**")
        table(words_of(indices_table(found.indices)))
    if len(found.flips):
        st.markdown("**Where the choice would flip**")
        table(words_of(flips_table(found)))
    tables = {"Tornado": found.tornado, "Indices": found.indices, "Flips": found.flips}
    take_away("what-matters", {name: frame for name, frame in tables.items() if len(frame)})
