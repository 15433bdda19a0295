"""Compare, the start: do we keep the target, how surely, and which plan buys most?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from flowsim.charts import DATA_CREDIT, official_means
from flowsim.decisions.compare import Comparison, comparable
from flowsim.errors import FlowsimError
from flowsim.experiment.run_on import evened
from flowsim.experiment.summary import REASON_LABELS
from flowsim.pages import pictures, takeaway
from flowsim.pages.choice import MOST_PLANS, MOST_REPLICATIONS
from flowsim.pages.parts import (
    answer_line,
    awaited,
    on_request,
    picture,
    progress,
    section,
    standing_in,
    table,
)
from flowsim.pages.runner import Order
from flowsim.pages.session import (
    choice,
    choose,
    complain,
    enough_to_show,
    escaped,
    is_stopped,
    place_of,
    plausible_for,
    scenario,
    scenario_or_words,
    sets_for,
    standings,
)
from flowsim.report.answers import TIGHT, answer, change, differences_in_words, key_figures, not_tight
from flowsim.report.checked import edits_in_words, labels_in
from flowsim.results import Result
from flowsim.scenario.fields import range_in_words
from flowsim.scenario.levers import GROUPS, OWN_NAME, Lever, carried_over, levers_of, moved_in_words
from flowsim.scenario.model import Scenario
from flowsim.scenario.sources import InputRow, input_rows

COMPARED_MEASURES: Final = {
    "delayed_mean": "People delayed, mean", "delayed_peak": "People delayed, highest day", "days_over_target": "Days over target",
    "excess_mean": "Ready and still in hospital, counted or not", "delayed_days": "Delayed days", "cost": "Cost, pounds",
}  # fmt: skip


def page() -> None:
    """Draw the page."""
    _sidebar()
    c = choice()
    loaded = [s for s in map(scenario_or_words, c.compared()) if s is not None]
    target = loaded[0].target.delayed if loaded else 50
    st.title(f"Do we keep delayed transfers at or under {target:g}?")
    if len(loaded) < len(c.compared()) or not _can_be_compared(loaded):
        return
    plausible = plausible_for(loaded)
    orders = [Order(s, loaded[0].run.seed, c.replications, plausible=plausible) for s in loaded]
    awaited(orders)
    _results(orders)


def _can_be_compared(loaded: list[Scenario]) -> bool:
    try:
        if len(loaded) > 1:
            comparable(loaded)
    except FlowsimError as error:
        complain(error)
        return False
    return True


# Choosing


def _sidebar() -> None:
    with st.sidebar:
        st.header("Scenarios")
        c = choice()
        count = f"replications {st.session_state.get('replications version', 0)}"
        base = st.selectbox(
            "Base", c.names, place_of(c.base, c.names), key="base", help="What the plans are held against."
        )
        first = [p for p in c.plans if p != c.base and p in c.names]
        plans = st.multiselect("Plans to compare with it", c.names, first, key="plans", max_selections=MOST_PLANS, placeholder="Choose plans")  # fmt: skip
        replications = st.number_input(
            "Replications", 2, MOST_REPLICATIONS, standing_in(count, c.replications), step=10, key=count, help="How often the period is repeated with other luck."
        )  # fmt: skip
        choose(base=base, plans=tuple(p for p in plans if p != base), replications=int(replications))
        _fitted()
        _own_plan()


def _fitted() -> None:
    """Whether bands carry the doubt about fitted numbers too; only where there is a set that suits what is compared."""
    c = choice()
    names = sets_for([s for s in map(scenario_or_words, c.compared()) if s is not None])
    if not names:
        return
    offered = ("", *names)
    chosen = st.selectbox(
        "Uncertainty", offered, place_of(c.plausible, offered), key="plausible", format_func=lambda name: f"chance and fit: {name}" if name else "chance alone",
        help="Chance alone: the scenario's numbers are taken as they are. Chance and fit: each replication meets one of the sets of numbers that the official figures leave plausible.",
    )  # fmt: skip
    choose(plausible=chosen)


def _own_plan() -> None:
    """The levers of the plan of one's own."""
    st.header("Your own plan")
    c = choice()
    on = st.selectbox(
        "Built on", c.names, place_of(c.on, c.names), key="on", help="The scenario whose numbers you change."
    )
    built_on = scenario_or_words(on)
    if built_on is None:
        return
    if on != c.on:
        c = choose(on=on, levers=_carried(c.on, built_on))
    if st.session_state.get("carried"):
        st.caption(escaped(st.session_state["carried"]))
    rows = _rows(on, c.file_name)
    levers = levers_of(built_on, rows)
    version = st.session_state.get("levers version", 0)
    moved: dict[str, float] = {}
    for group in GROUPS:
        own = [lever for lever in levers if lever.group == group]
        if own:
            moved |= _group(group, own, c.levers, f"{version} {on}")
    # What is drawn below reads the choice; above nothing does, so that nothing has to be drawn a second time.
    choose(levers=moved)
    if moved:
        st.button("Put all levers back", on_click=_put_back)


def _carried(before: str, built_on: Scenario) -> dict[str, float]:
    """The levers that go along to another scenario; what becomes of all that were moved is said until they move again."""
    old, moved = scenario_or_words(before), choice().levers
    kept, left = carried_over(moved, old, built_on) if old is not None else ({}, [])
    words = [f"{len(kept)} of {len(moved)} moved levers kept."] if moved else []
    if left:
        words.append(f"Put back, as {built_on.name} has no such lever: {'; '.join(left)}.")
    st.session_state["carried"] = " ".join(words)
    return kept


def _group(group: str, own: Sequence[Lever], set_to: Mapping[str, float], key: str) -> dict[str, float]:
    """A group of levers to unfold; those that are not where the scenario has them, and where they are."""
    # What is folded away is not drawn: forty fields take as long as the answer. Its title never changes, or
    # Streamlit would take it for another one and fold it away under somebody's hands.
    folded = st.expander(group, key=f"group {group}", on_change="rerun")
    beneath = st.empty()
    values = {lever.key: set_to.get(lever.key, lever.value) for lever in own}
    if folded.open:
        with folded:
            values = {lever.key: _lever(lever, values[lever.key], f"{key} {lever.key}") for lever in own}
    changed = {lever.key: values[lever.key] for lever in own if values[lever.key] != lever.value}
    if changed:
        beneath.caption(f"{group}: {len(changed)} changed")
    return changed


def _put_back() -> None:
    st.session_state["levers version"] = st.session_state.get("levers version", 0) + 1
    st.session_state["carried"] = ""
    choose(levers={})


@st.cache_data(show_spinner=False, max_entries=50)
def _rows(name: str, file_name: str) -> list[InputRow]:
    """Where a bundled scenario's figures come from; a file of one's own is not looked up."""
    return [] if name == file_name else input_rows(name)


def _lever(lever: Lever, value: float, key: str) -> float:
    """One lever as a field or a tick; its help says hint, range, source, and what alters it later."""
    about = [escaped(lever.hint)] if lever.hint else []
    if not lever.on_off:
        about.append(f"{range_in_words(lever.low, lever.high)}; {lever.value:g} in the scenario.")
    if lever.source:
        about.append(f"Source: {escaped(lever.source)}.")
    if lever.later:
        about.append(f"Set anew later in the run by: {escaped(lever.later)}.")
    words = "  \n".join(about)
    if lever.on_off:
        return float(st.checkbox(lever.label, bool(value), key=key, help=words))
    found = st.number_input(
        f"{lever.label} ({lever.unit})", float(lever.low), float(lever.high), float(standing_in(key, value)), step=float(lever.step), key=key, help=words, format="%.10g"
    )  # fmt: skip
    return float(found)


# Showing


def _results(orders: list[Order]) -> None:
    """Draw answer, picture and all that follows, as far as there is something."""
    found = standings(orders)
    results = enough_to_show(found)
    earlier: list[Result] | None = st.session_state.get("compared")
    if results is not None:
        results = evened(results)
        st.session_state["compared"] = results
    elif earlier:
        results = earlier
        st.markdown("*The previous result, while the new one is on its way:*")
    if results is None:
        words = "Stopped before there was anything to show." if is_stopped() else "Working it out. A first answer comes as soon as four replications are done."  # fmt: skip
        answer_line(words)
        progress(orders, found, "compare", something_shown=False)
        return
    _answer(results)
    progress(orders, found, "compare")
    _more(results, found_all=all(s.finished for s in found))


def _shown(results: list[Result]) -> Result:
    """The result in the picture: one's own plan, else the one chosen, else the last plan."""
    by_name = {r.scenario.name: r for r in results}
    wanted = choice().shown
    if wanted in by_name:
        return by_name[wanted]
    return by_name.get(OWN_NAME, results[-1])


def _answer(results: list[Result]) -> None:
    base, shown = results[0], _shown(results)
    comparison = Comparison(tuple(results))
    words = answer(shown)
    kind = "yes" if words.startswith("Yes") else "no" if words.startswith("No,") else ""
    against = f" {change(comparison, shown)}" if shown is not base else ""
    answer_line(words + against, kind)
    picture(pictures.census(shown, base), _census_in_words(shown, base), "census")
    if official_means(shown) is not None:
        st.caption(DATA_CREDIT)


def _census_in_words(shown: Result, base: Result) -> str:
    target = shown.scenario.target.delayed
    mean, peak = shown.interval("delayed_mean").value, shown.interval("delayed_peak").value
    against = f", {base.scenario.name} {base.interval('delayed_mean').value:.0f}" if base is not shown else ""
    return (
        f"Line chart of people delayed at midnight by day. {shown.scenario.name}: on average {mean:.0f}{against}; "
        f"highest day {peak:.0f}; target {target:g}. The table below the chart has the numbers by month."
    )


def _more(results: list[Result], found_all: bool) -> None:
    comparison = Comparison(tuple(results)) if len(results) > 1 else None
    if len(results) > 1:
        names = [r.scenario.name for r in results]
        # Where other scenarios are compared the field begins anew: with the plan of one's own, once there is one.
        shown = place_of(_shown(results).scenario.name, names)
        wanted = st.selectbox("Scenario in the picture", names, shown, key=f"picture {' '.join(names)}")
        if wanted != _shown(results).scenario.name:
            choose(shown=wanted)
            st.rerun()
    table(key_figures(results, comparison))
    if results[0].met_words:
        st.caption(escaped(results[0].met_words))
    loose = not_tight(results, comparison)
    if loose and found_all:
        st.markdown("**Not tight enough yet.** " + escaped(" ".join(loose)))
        # Named after what is there, not after what is chosen: pressing it changes the latter.
        more = min(2 * results[0].replications, MOST_REPLICATIONS)
        if st.button(f"Run on to {more:,} replications", on_click=_run_on, args=(more,)):
            st.rerun()  # the whole page: it asks for what is to be run
    elif found_all:
        differences = ", every difference can be called" if comparison else ""
        st.markdown(f'<span class="quiet">Tight enough: every average is known to within {TIGHT:g} people{differences}.</span>', unsafe_allow_html=True)  # fmt: skip
    section("In detail")
    if comparison:
        base = comparison.base.scenario.name
        title = f"What changes against {base}, and whether it can be called"
        on_request(title, partial(_against_the_base, comparison))
    on_request("Who waits for what: delayed by reason", partial(_waits_for_what, results))
    on_request("The numbers behind the picture, month by month", lambda: table(_months(results)))
    on_request("Take it away: tables, pictures, scenario, link", partial(_takeaway, results, comparison))


def _waits_for_what(results: list[Result]) -> None:
    picture(pictures.reasons(results), "Bar chart of people delayed at midnight by national reason; the table below has the numbers.", "reasons")  # fmt: skip
    table(_reasons(results))


def _run_on(replications: int) -> None:
    choose(replications=replications)
    # A field of the sidebar does not hear of what a part of the page sets: a new one takes its place.
    st.session_state["replications version"] = st.session_state.get("replications version", 0) + 1


def _against_the_base(comparison: Comparison) -> None:
    base = comparison.base.scenario.name
    picture(pictures.differences(comparison), f"Dot chart of each plan's difference from {base} in people delayed, with its 95 % interval; the table below has the numbers.", "differences")  # fmt: skip
    rows = [
        (name, COMPARED_MEASURES[measure], f.value, f.low, f.high, called)
        for name, measure, called, f in differences_in_words(comparison, list(COMPARED_MEASURES))
    ]
    table(pd.DataFrame(rows, columns=["Scenario", "Measure", "Difference", "from", "to", "Can be called"]))
    for result in comparison.results[1:]:
        st.markdown(f"**{escaped(result.scenario.name)}**: {escaped(result.scenario.title)}")
        for words in _what_it_does(result.scenario, comparison.base.scenario):
            st.markdown(f"- {escaped(words)}")


def _what_it_does(plan: Scenario, base: Scenario) -> list[str]:
    """A plan's changes beyond those of the base, in words; for one's own plan the levers moved."""
    if plan.name == OWN_NAME:
        return moved_in_words(scenario(choice().on), choice().levers)
    there = {c.label for c in base.changes}
    return [
        f"{c.label}: {edits_in_words(c, labels_in(plan), '; ')}" for c in plan.changes if c.label not in there
    ]


def _reasons(results: list[Result]) -> pd.DataFrame:
    rows = {}
    for code, label in REASON_LABELS.items():
        if any(f"delayed_{code}_mean" in r.per_replication for r in results):
            rows[" ".join(label.split())] = [r.interval(f"delayed_{code}_mean").value if f"delayed_{code}_mean" in r.per_replication else 0.0 for r in results]  # fmt: skip
    return pd.DataFrame(rows, index=[r.scenario.name for r in results]).T.rename_axis("Reason").reset_index()


def _months(results: list[Result]) -> pd.DataFrame:
    """Delayed days of each month, as in the national return."""
    columns = {}
    for result in results:
        names = [m for m in result.per_replication if m.startswith("delayed_days_")]
        columns[result.scenario.name] = {
            m.removeprefix("delayed_days_"): result.interval(m).value for m in names
        }
    return pd.DataFrame(columns).rename_axis("Delayed days in").reset_index()


def _takeaway(results: list[Result], comparison: Comparison | None) -> None:
    takeaway.buttons(results, comparison)
    st.markdown("The address of this page holds what you see: copy it from the browser to show a colleague the same thing.")  # fmt: skip
