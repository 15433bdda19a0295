"""What is it worth, and to whom? The money of `flowsim money`, for the plans that Compare compares."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import streamlit as st

from flowsim.decisions.compare import Comparison, compare_with
from flowsim.decisions.money import PAYERS, PlanCost, money
from flowsim.errors import FlowsimError
from flowsim.experiment.replicate import Progress
from flowsim.experiment.run import Effort
from flowsim.pages.decide.asking import answer, answered, ask, key_of, replications_field, take_away
from flowsim.pages.parts import table
from flowsim.pages.session import choice, complain, place_of, scenario
from flowsim.report.frames import words_of
from flowsim.report.moneyed import money_sentences, money_table
from flowsim.scenario.model import Scenario

NAME: Final = "money"


def draw(shown: Scenario) -> None:
    """The form, and the answer when there is one."""
    st.markdown("Costs of care and of acute beds held beyond need, by who pays, for plans on the same draws.")
    compared(NAME, "Work out the money", shown, _show)


def compared(name: str, button: str, shown: Scenario, show: Any) -> None:
    """A form that chooses the base and some plans, and runs them together; `shown` is the plan to begin with."""
    with st.form(f"{name} {shown.name}"):
        names = choice().offered
        base = st.selectbox("Base", names, place_of(choice().base, names), key=f"{name} base")
        others = [n for n in names if n != base]
        first = [n for n in dict.fromkeys((shown.name, *choice().compared())) if n in others][:2]
        plans = st.multiselect("Plans", names, first, key=f"{name} plans {shown.name}")
        replications = replications_field(20, 2, 500, f"{name} replications")
        pressed, wanted = st.form_submit_button(button, type="primary"), ""
        try:
            scenarios = [scenario(n) for n in dict.fromkeys((base, *plans))]
            wanted = key_of(name, scenarios, replications)
            if pressed:
                ask(name, wanted, partial(_compare, scenarios, replications))
        except FlowsimError as error:
            if pressed:
                complain(error)
    answered(name, "replications", show, wanted)


def _compare(scenarios: list[Scenario], replications: int, on_done: Progress, cores: int) -> Comparison:
    return compare_with(scenarios, Effort(replications=replications, cores=cores, on_done=on_done))


def plan_costs(name: str, found: Comparison) -> tuple[PlanCost, ...]:
    """Fields for what each plan itself costs; what is entered counts at once, nothing is run again."""
    given = []
    with st.expander("What the plans themselves cost"):
        st.markdown("The model prices days of care and beds held beyond need. Staff hired or rooms rented for a plan come on top: pounds over the whole period.")  # fmt: skip
        for result in found.results[1:]:
            plan = result.scenario.name
            left, right = st.columns([2, 1])
            pounds = left.number_input(f"{plan}: costs, £", 0.0, None, 0.0, 10_000.0, format="%.0f", key=f"{name} pounds {plan}")  # fmt: skip
            payer = right.selectbox("Paid by", PAYERS, PAYERS.index("council"), key=f"{name} payer {plan}")
            if pounds:
                given.append(PlanCost(plan, payer, pounds))
    return tuple(given)


def _show(found: Comparison) -> None:
    held = st.container()
    shares = money(found, plan_costs=plan_costs(NAME, found))
    with held:
        answer(money_sentences(found, shares, "enter below what a plan itself costs"))
        table(words_of(money_table(shares)))
    take_away("money", {"Money": shares})
