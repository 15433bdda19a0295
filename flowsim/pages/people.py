"""People: twenty journeys as bars, the same people in two scenarios, and people moving between services."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from flowsim.pages import animation, pictures
from flowsim.pages.choice import NOBODY
from flowsim.pages.parts import answer_line, awaited, behind, picture, progress, section
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
from flowsim.report.lives import bars, chosen_people, differences_in_wait, in_words
from flowsim.results import Result

COUNT = 20
MOST_DAYS = 14


def page() -> None:
    """Draw the page."""
    st.title("What happens to single people?")
    c = choice()
    names = tuple(dict.fromkeys((*c.compared(), *c.names)))
    left, right = st.columns(2)
    others = (NOBODY, *names)
    first = c.people or (c.base, c.compared()[-1])
    one = left.selectbox("Scenario", names, place_of(first[0], names), key="people one")
    other = right.selectbox("The same people in", others, place_of(first[-1], others), key="people other")
    if (one, other) != first:
        choose(people=(one, other))
    loaded = [
        s for s in map(scenario_or_words, [one] if other in (NOBODY, one) else [one, other]) if s is not None
    ]
    if not loaded:
        return
    if len(loaded) == 2 and (loaded[0].run.start, loaded[0].run.days) != (
        loaded[1].run.start,
        loaded[1].run.days,
    ):
        st.error("Only scenarios of the same period can be set side by side.")
        return
    orders = [Order(s, loaded[0].run.seed, 1, keep_journeys=1) for s in loaded]
    awaited(orders)
    _show(orders)


def _show(orders: list[Order]) -> None:
    found = standings(orders)
    results = enough_to_show(found)
    progress(orders, found, "people", something_shown=results is not None)
    if results is None:
        answer_line("Following everybody through one winter.")
        return
    people = chosen_people(results[0], COUNT)
    tables = [bars(result, people) for result in results]
    waits = differences_in_wait(tables)
    answer_line(in_words(waits, [r.scenario.name for r in results]))
    picture(
        pictures.lives(tables, results, people), f"Bars of {len(people)} people's journeys: in hospital, waiting, in other care; the table below has every phase.", "lives"
    )  # fmt: skip
    st.caption(
        f"People who waited in hospital in {escaped(results[0].scenario.name)}, evenly spread over its first replication, in the order in which they were ready. "
        "The same number is the same person with the same luck in both scenarios, so a difference is the plan's doing. "
        "They are made up by the model; nobody here exists."
    )
    section("In detail")
    behind("Days each of them waited", _days(waits, people))
    behind("Every phase of every journey", _phases(tables, results, people))
    animation.offer(results[-1], MOST_DAYS)


def _days(waits: pd.DataFrame, people: list[tuple[str, int]]) -> pd.DataFrame:
    numbers = {person: number for number, person in enumerate(people, start=1)}
    person = [numbers[s, n] for s, n in zip(waits["stream"], waits["person"], strict=True)]
    return (
        waits.assign(Person=person)
        .drop(columns=["stream", "person"])
        .set_index("Person")
        .sort_index()
        .reset_index()
    )


def _phases(tables: list[pd.DataFrame], results: list[Result], people: list[tuple[str, int]]) -> pd.DataFrame:
    numbers = {person: number for number, person in enumerate(people, start=1)}
    both = pd.concat(tables, ignore_index=True)
    start = pd.Timestamp(results[0].scenario.run.start)
    return pd.DataFrame(
        {
            "Person": [numbers[s, n] for s, n in zip(both["stream"], both["person"], strict=True)],
            "Scenario": both["scenario"],
            "What": both["what"],
            "From": (start + pd.to_timedelta(both["begin"], unit="D")).dt.strftime("%d %b %Y"),
            "Days": both["end"] - both["begin"],
        }
    ).sort_values(["Person", "Scenario"], kind="stable")
