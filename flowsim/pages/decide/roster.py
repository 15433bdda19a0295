"""How many staff, on which days? The rosters of `flowsim staff`, as a form."""

from __future__ import annotations

from typing import Final

import streamlit as st

from flowsim.charts import pick_up_chart, png_of
from flowsim.decisions.roster import SOURCES, Roster, Work
from flowsim.decisions.staffing import PICK_UP, Staffing, service_of, staff, work_for
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
from flowsim.pages.parts import behind, table
from flowsim.pages.session import complain
from flowsim.report.frames import words_of
from flowsim.report.staffed import roster_book, rosters_table, staffing_sentences, work_table
from flowsim.scenario.files import identity
from flowsim.scenario.model import Scenario
from flowsim.units import WEEKDAYS

NAME: Final = "staff"
SMALLEST: Final = "Find the smallest rosters that pick people up in time"
OWN: Final = "Try a roster of my own"
FIELDS: Final = {
    "visits_per_shift": "Visits that one shift makes", "visit_hours": "Hours that a visit takes, travel included",
    "visits_at_start": "Visits a day at the start of a stay", "visits_at_end": "Visits a day at its end", "stay_days": "Mean stay, days",
    "first_visit_hours": "Extra hours of the first visit", "assessment_hours": "Hours of the assessment at the start",
    "sickness": "Shifts lost to sickness, share", "leave": "Shifts lost to leave and training, share", "shift_pay": "Pay for a weekday shift, £",
    "saturday": "Saturday costs more, share", "sunday": "Sunday costs more, share",
}  # fmt: skip


def draw(shown: Scenario) -> None:
    """The form, and the answer when there is one."""
    places = [name for name, service in shown.services.items() if service.kind == "place"]
    st.markdown("How many reablement staff on shift on which weekdays, so that referrals are picked up within 24 hours; five days against seven at the same pay.")  # fmt: skip
    labels = {name: shown.services[name].label or name for name in places}
    try:
        usual = service_of(shown, None)
    except FlowsimError:
        usual = places[-1]
    # What is entered belongs to this very scenario: a team of the same name in another has other stays.
    mark = identity(shown)
    service = st.selectbox("Team", places, places.index(usual), labels.__getitem__, key=f"team {mark}")
    what = st.radio("What to do", (SMALLEST, OWN), key="staff what")
    with st.form(f"staff {mark} {service}"):
        days = _own_roster() if what == OWN else ()
        pick_up = st.number_input(
            "Share of referrals to be picked up within 24 hours", 0.5, 0.999, PICK_UP, 0.01
        )
        given = _work(shown, service, mark)
        replications = replications_field(10, 2, 200, "staff replications")
        pressed, wanted = st.form_submit_button("Work out the rosters", type="primary"), ""
        try:
            work = Work(**given)
            rosters = [Roster("my roster", days)] if what == OWN else []
            wanted = key_of(NAME, [shown], (service, work, rosters, pick_up, replications))
            if pressed:
                ask(f"{NAME} {shown.name}", wanted, lambda on_done, cores: staff(
                    shown, service=service, work=work, rosters=rosters, pick_up=pick_up, replications=replications, cores=cores, on_done=on_done
                ))  # fmt: skip
        except FlowsimError as error:
            if pressed:
                complain(error)
    answered(f"{NAME} {shown.name}", "replications", _show, wanted)


def _own_roster() -> tuple[float, ...]:
    st.markdown("**Staff on shift**")
    columns = st.columns(len(WEEKDAYS))
    return tuple(
        float(column.number_input(day.capitalize(), 0.0, 1_000.0, 30.0, 1.0, format="%g", key=f"staff {day}"))
        for column, day in zip(columns, WEEKDAYS, strict=True)
    )


def _work(shown: Scenario, service: str, mark: str) -> dict[str, float]:
    usual = work_for(shown, service)
    given = {}
    with st.expander("What a shift does, and what a person needs"):
        columns = st.columns(3)
        for number, (name, words) in enumerate(FIELDS.items()):
            value = float(getattr(usual, name))
            given[name] = columns[number % 3].number_input(words, 0.0, value=value, format="%g", key=f"work {service} {name} {mark}", help=SOURCES[name])  # fmt: skip
    return given


def _show(found: Staffing) -> None:
    answer(staffing_sentences(found))
    table(words_of(rosters_table(found)))
    sheets = roster_book(found)
    with_table(
        png_of(pick_up_chart(found.outlooks, found.pick_up)),
        "Bar charts by weekday: above, staff on shift; below, the share of that day's referrals picked up within 24 hours, with the aim. The table below has the numbers.",
        "The numbers behind the picture, by weekday",
        sheets["Roster"],
    )
    behind("What the rosters rest on, and where it comes from", words_of(work_table(found)))
    take_away("roster", sheets)
