"""Where people wait: the road from admission to home, who blocks whom, and the price of each bottleneck."""

from __future__ import annotations

from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from flowsim.decisions.bottlenecks import OneMore, one_more_of_each, prices
from flowsim.pages import pictures
from flowsim.pages.parts import answer_line, awaited, behind, on_request, picture, progress, section, table
from flowsim.pages.runner import Order
from flowsim.pages.session import (
    choice,
    choose,
    enough_to_show,
    escaped,
    place_of,
    scenario_or_words,
    standings,
)
from flowsim.report.where import (
    BODIES_IN_WORDS,
    HELD_UP_IN_WORDS,
    PRICES_IN_WORDS,
    ROAD_IN_WORDS,
    SERVICES_IN_WORDS,
    STAGES_IN_WORDS,
    WEEKDAYS_IN_WORDS,
    by_body,
    by_weekday,
    held_up,
    in_words,
    road,
    services_table,
    stages,
    straight_home_per_day,
)
from flowsim.results import Result
from flowsim.scenario.files import identity
from flowsim.scenario.model import Scenario

# People a day; thinner bands would only clutter the picture, and stand in the table.
THINNEST: Final = 0.2


def page() -> None:
    """Draw the page."""
    st.title("Where do people wait, and for what?")
    shown = choose_scenario()
    if shown is None:
        return
    numbers = Order(shown, shown.run.seed, choice().replications)
    journeys = Order(shown, shown.run.seed, 1, keep_journeys=1)
    priced = st.session_state.get("priced") == shown.name
    more = _one_more(shown, identity(shown)) if priced else []
    orders = [
        journeys,
        numbers,
        *(Order(one.scenario, shown.run.seed, choice().replications) for one in more),
    ]
    awaited(orders)
    _show(orders, more)


def choose_scenario(label: str = "Scenario") -> Scenario | None:
    """The scenario that a page is about: one of those compared, or any other."""
    c = choice()
    names = c.offered
    current = c.shown if c.shown in names else c.compared()[-1]
    key = f"shown {st.session_state.get('text version', 0)}"
    wanted = st.selectbox(label, names, place_of(current, names), key=key)
    if wanted != current:
        choose(shown=wanted)
    return scenario_or_words(wanted)


@st.cache_resource(show_spinner="Laying out one scenario for each capacity", max_entries=20)
def _one_more(_scenario: Scenario, mark: str) -> list[OneMore]:
    return one_more_of_each(_scenario)


def _show(orders: list[Order], more: list[OneMore]) -> None:
    found = standings(orders)
    ready = enough_to_show(found[:2])
    if ready is None:
        answer_line("Working it out.")
        progress(orders, found, "where", something_shown=False)
        return
    journeys, numbers = ready
    _answer(journeys, numbers)
    progress(orders, found, "where")
    _details(journeys, numbers)
    _prices(numbers, more, [s.result if s.finished else None for s in found[2:]])


def _answer(journeys: Result, numbers: Result) -> None:
    waits = services_table(numbers).sort_values("waiting_in_hospital", ascending=False)
    most = [f"{w.label} ({w.waiting_in_hospital:.0f} at midnight)" for w in waits.head(2).itertuples()]
    said = (
        f"In hospital and ready, most people wait for {' and for '.join(most)}."
        if most
        else "Nobody has to wait."
    )
    answer_line(said)
    moves = road(journeys)
    queues = dict(zip(waits["label"], waits["queue"], strict=True))
    hospital = numbers.scenario.services.get("hospital")
    if hospital:
        queues[hospital.label] = numbers.interval("excess_mean").value
    picture(
        pictures.road(moves[moves["per_day"] >= THINNEST], queues), "Flow picture from admission to home, in people per day; the table below has every band.", "road"
    )  # fmt: skip
    st.html('<p class="narrow">The flow picture needs a wider screen; the table below has its numbers.</p>')
    st.caption(
        f"People a day who need any service beyond the ward, in one repetition of the period. Another "
        f"{straight_home_per_day(journeys):.0f} a day go home with what they had."
    )
    section("In detail")
    behind("The numbers behind the picture", in_words(moves, ROAD_IN_WORDS))


def _details(journeys: Result, numbers: Result) -> None:
    on_request("Each service: load, queue, waits", partial(_each_service, numbers))
    on_request("Who blocks whom", partial(_who_blocks_whom, journeys))
    on_request("The diagnostic's split beside the model's", partial(_split, numbers))
    on_request("Delayed by weekday and by responsible body", partial(_by_weekday_and_body, numbers))


def _each_service(numbers: Result) -> None:
    services = services_table(numbers)
    shut = _never_open(services)
    table(in_words(services[~shut], SERVICES_IN_WORDS))
    st.caption(
        "Means at midnight over the period and all replications; shares are of 1. A dash: no limit, or nobody."
    )
    if shut.any():
        st.caption(
            f"Left out, as nobody is taken on there in this period: {escaped('; '.join(services['label'][shut]))}."
        )


def _never_open(services: pd.DataFrame) -> pd.Series:
    """Places that exist in plans only: whoever might go there stands in their queue, and nobody waits for them in hospital."""
    return (services["in_it"] == 0) & (services["starts"] == 0) & (services["waiting_in_hospital"] == 0)


def _who_blocks_whom(journeys: Result) -> None:
    st.markdown("People who are ready where they are and still hold their place, by what they wait for.")
    st.caption("Means at midnight in one repetition of the period, the first.")
    table(in_words(held_up(journeys), HELD_UP_IN_WORDS))


def _split(numbers: Result) -> None:
    split = stages(numbers)
    picture(pictures.stages(split), "Bar chart of the share of waiting in four stages, the diagnostic's beside the model's; the table below has the numbers.", "stages")  # fmt: skip
    table(in_words(split, STAGES_IN_WORDS))
    st.caption("The diagnostic of 2016/17 counted 72,000 extra days a year: 32 % waiting for a route, 30 % on the way to a bed or care home, 31 % to go home with support. Source: Sheffield Better Care Fund plan 2017-19, section 15.")  # fmt: skip


def _by_weekday_and_body(numbers: Result) -> None:
    weekdays = by_weekday(numbers)
    short = weekdays.assign(weekday=weekdays["weekday"].str[:3])
    picture(pictures.bars_with_interval(short, "weekday", "people delayed"), "Bar chart of people delayed by weekday; the table below has the numbers.", "weekdays")  # fmt: skip
    table(in_words(weekdays, WEEKDAYS_IN_WORDS))
    table(in_words(by_body(numbers), BODIES_IN_WORDS))


def _prices(numbers: Result, more: list[OneMore], results: list[Result | None]) -> None:
    title = "The price of each bottleneck: one more unit of each capacity"
    on_request(title, partial(_price_of_each, numbers, more, results), expanded=bool(more))


def _price_of_each(numbers: Result, more: list[OneMore], results: list[Result | None]) -> None:
    if not more:
        st.markdown(
            "Runs the scenario once more for each of its capacities, with one unit more of it, on the same luck."
        )
        if st.button("Work it out"):
            st.session_state["priced"] = numbers.scenario.name
            st.rerun()  # the whole page: it asks for what is to be run
        return
    done = [(one, r) for one, r in zip(more, results, strict=True) if r is not None and r.replications == numbers.replications]  # fmt: skip
    if not done:
        st.markdown("The first answers are on their way.")
        return
    found = prices(numbers, done)
    picture(pictures.prices(found), "Dot chart of the change in people delayed by one more unit of each capacity; the table below has the numbers.", "prices")  # fmt: skip
    table(in_words(found, PRICES_IN_WORDS))
