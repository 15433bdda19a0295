"""Where do the days come from? The parts of `flowsim diagnose`, as a form."""

from __future__ import annotations

from typing import Final

import streamlit as st

from flowsim.charts import png_of, waterfall_chart
from flowsim.decisions.diagnose import MEASURES, MOST_WITH_ALL_SETS, USUAL_ORDERS, Diagnosis, diagnose
from flowsim.decisions.switches import standard_switches
from flowsim.pages.decide.asking import (
    answer,
    answered,
    ask,
    key_of,
    replications_field,
    take_away,
    with_table,
)
from flowsim.pages.parts import behind
from flowsim.report.diagnosed import (
    blocking_table,
    diagnosis_sentences,
    parts_table,
    stages_table,
    weeks_table,
)
from flowsim.report.frames import words_of
from flowsim.scenario.model import Scenario

NAME: Final = "diagnose"
EVERY: Final = "Every set of switches (exact)"
SOME: Final = "Random orders (quicker, with wider intervals)"


def draw(shown: Scenario) -> None:
    """The form, and the answer when there is one."""
    st.markdown("What each part of the system would be worth if it were perfect. Bottlenecks shade one another, so each part is averaged over the orders in which they could be mended: the parts add up.")  # fmt: skip
    labels = {switch.name: switch.label for switch in standard_switches(shown)}
    if not labels:
        st.markdown("Nothing in this scenario is limited, so there is nothing to make perfect.")
        return
    with st.form(f"diagnose {shown.name}"):
        switches = st.multiselect("What to make perfect", list(labels), list(labels)[:4], labels.__getitem__, key=f"switches {shown.name}")  # fmt: skip
        how = st.radio("How", (EVERY, SOME), key="diagnose how")
        replications = replications_field(5, 2, 200, "diagnose replications")
        pressed = st.form_submit_button("Split the days", type="primary")
        orders = USUAL_ORDERS if how == SOME or len(switches) > MOST_WITH_ALL_SETS else None
        wanted = key_of(NAME, [shown], (switches, orders, replications))
        if pressed:
            ask(f"{NAME} {shown.name}", wanted, lambda on_done, cores: diagnose(
                shown, switches=switches, orders=orders, replications=replications, cores=cores, on_done=on_done
            ))  # fmt: skip
    answered(f"{NAME} {shown.name}", "sets of switches", _show, wanted)


def _show(found: Diagnosis) -> None:
    answer(diagnosis_sentences(found))
    for measure in MEASURES:
        with_table(
            png_of(waterfall_chart(found.parts, measure)),
            f"Waterfall chart of the {measure}: from as it is, by what each part would take away if it were perfect, to what remains. The table below has the numbers.",
            f"The numbers behind the picture: {measure}",
            words_of(parts_table(found, measure)),
        )
    behind("The diagnostic's stages beside the model's", words_of(stages_table(found)))
    behind("Who blocks whom", words_of(blocking_table(found)))
    behind("How far each week is from a perfect one", words_of(weeks_table(found)))
    take_away("where-days-come-from", {"Parts": found.parts, "Waiting": found.waiting, "Blocking": found.blocking, "Weeks": found.weeks})  # fmt: skip
