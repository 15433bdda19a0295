"""Which plan is the cheapest that keeps the target? The search of `flowsim optimise`, as a form."""

from __future__ import annotations

from typing import Final

import streamlit as st

from flowsim.charts import frontier_chart, png_of
from flowsim.decisions.levers import UsualLever, usual_levers
from flowsim.decisions.optimise import Optimum, optimise
from flowsim.errors import FlowsimError
from flowsim.pages.decide.asking import answer, answered, ask, key_of, take_away, with_table
from flowsim.pages.parts import table
from flowsim.pages.session import complain
from flowsim.report.frames import words_of
from flowsim.report.optimised import frontier_table, optimum_sentences, rivals_table
from flowsim.scenario.files import identity
from flowsim.scenario.model import Scenario
from flowsim.units import in_percent

NAME: Final = "optimise"
MOST_LEVERS: Final = 6
MOST_AT_FIRST: Final = 3


def draw(shown: Scenario) -> None:
    """The form, and the answer when there is one."""
    usual = {lever.path: lever for lever in usual_levers(shown)}
    if not usual:
        st.markdown("Nothing in this scenario is limited, so there is nothing to buy more of.")
        return
    target = shown.target
    st.markdown(
        f"The cheapest of all these plans that keeps the mean at or under {target.delayed:g} delayed with a chance of at least "
        f"{in_percent(target.confidence)}: surely, not only as it seems. It is searched for on some draws, and chosen and judged on others."
    )
    # What is entered belongs to this very scenario: the same path in another is another number.
    mark = identity(shown)
    short = [path for path, lever in usual.items() if lever.is_short]
    paths = st.multiselect(
        "What may be changed", list(usual), (short or list(usual))[:MOST_AT_FIRST], format_func=lambda p: usual[p].words, max_selections=MOST_LEVERS,
        key=f"levers {mark}",
    )  # fmt: skip
    with st.form(f"optimise {mark}"):
        entered = [_fields(usual[path], mark) for path in paths]
        replications = int(
            st.number_input("Fresh replications of the winner and its rivals", 100, 3_200, 200, 100)
        )
        pressed, wanted = st.form_submit_button("Find the cheapest plan", type="primary"), ""
        try:
            levers = [usual[path].chosen(*numbers) for path, numbers in zip(paths, entered, strict=True)]
            wanted = key_of(NAME, [shown], (list(map(str, levers)), replications))
            if pressed:
                ask(f"{NAME} {shown.name}", wanted, lambda on_done, cores: optimise(
                    shown, levers, replications=replications, cores=cores, on_done=on_done
                ))  # fmt: skip
        except FlowsimError as error:
            if pressed:
                complain(error)
    answered(f"{NAME} {shown.name}", "replications", _show, wanted)


def _fields(usual: UsualLever, mark: str) -> tuple[float, float, float, float]:
    """Four fields for one lever of a scenario, each with the lever's name: the ends of its range, the step and the price."""
    columns = st.columns(4, vertical_alignment="bottom")
    given = (
        (f"from ({usual.unit})", usual.low, None),
        (f"to ({usual.unit})", usual.high, None),
        ("in steps of", usual.step, None),
        (f"price, £ a day for {usual.priced}", usual.price, usual.source),
    )
    low, high, step, price = (
        float(column.number_input(f"{usual.words}, {what}", 0.0, value=value, format="%g", key=f"{what} {usual.path} {mark}", help=about))
        for column, (what, value, about) in zip(columns, given, strict=True)
    )  # fmt: skip
    return low, high, step, price


def _show(found: Optimum) -> None:
    usual = usual_levers(found.space.scenario)
    names = {lever.path: lever.words for lever in usual}
    headings = {lever.path: f"{lever.words} ({lever.unit})" for lever in usual}
    answer(optimum_sentences(found, names))
    st.markdown("**What comes nearest**" if found.winner is None else "**The winner and its rivals**")
    rivals = words_of(rivals_table(found)).rename(columns=headings)
    # Where no plan is chosen nobody says how likely each is the one to choose.
    table(rivals if found.winner is not None else rivals.drop(columns="Choice"))
    if len(found.frontier) > 1:
        with_table(
            png_of(frontier_chart(found.frontier, found.winner)),
            "Line chart of delayed days in the period against the cost of the levers a day; the corner and the winner are marked. The table below has the numbers.",
            "The numbers behind the picture",
            words_of(frontier_table(found)).rename(columns=headings),
        )
    take_away("cheapest-plan", {"Rivals": found.rivals, "Frontier": found.frontier})
