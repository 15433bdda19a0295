"""What belongs to one visitor: their choice (kept in the address), their scenarios, and their place with the runner."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from flowsim.decisions.plausible import Plausible, met_by, offered_sets
from flowsim.errors import FlowsimError, complaints_of
from flowsim.pages.choice import Choice, from_address, to_address
from flowsim.pages.runner import Order, Runner, Standing
from flowsim.results import Result
from flowsim.scenario.files import fingerprint, identity
from flowsim.scenario.levers import OWN_NAME, with_levers
from flowsim.scenario.model import Scenario

# So many replications give a first look; it says itself that it is not tight enough.
FIRST_LOOK: Final = 4


@st.cache_resource(show_spinner=False)
def runner() -> Runner:
    """The one runner of this server."""
    return Runner()


def choice() -> Choice:
    """What the visitor has chosen: at first what the address says."""
    if "choice" not in st.session_state:
        found, wrong = from_address(st.query_params.to_dict())
        st.session_state["choice"] = found
        st.session_state["address_wrong"] = wrong
    kept: Choice = st.session_state["choice"]
    return kept


def choose(**changed: Any) -> Choice:
    """Change the choice."""
    st.session_state["choice"] = replace(choice(), **changed)
    return choice()


def place_of(value: str, among: Sequence[str]) -> int:
    """Where a field that offers some names begins: at what is chosen, else at the first.

    Every field is given what is chosen as its default, never by way of the session's state: that reaches a browser
    once, and one that is busy then begins with the field's lowest or first, and tells the server so.
    """
    return among.index(value) if value in among else 0


def hold_in_address() -> None:
    """Make the address say what is chosen."""
    wanted = to_address(choice())
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def say_what_the_address_got_wrong() -> None:
    """Tell, once, what of the address could not be used."""
    for words in st.session_state.pop("address_wrong", []):
        st.warning(words)


@st.cache_resource(show_spinner=False, max_entries=200)
def _scenario(name: str, file_name: str, file_text: str) -> Scenario:
    return Choice(file_name=file_name, file_text=file_text).scenario(name)


@st.cache_resource(show_spinner=False, max_entries=200)
def _own_plan(_on: Scenario, mark: str, levers: tuple[tuple[str, float], ...]) -> Scenario:
    return with_levers(_on, dict(levers))


def scenario(name: str) -> Scenario:
    """A scenario of the visitor's by name, kept so that it is not read or checked again. Raises ScenarioError in words."""
    c = choice()
    if name == OWN_NAME:
        on = scenario(c.on)
        return _own_plan(on, identity(on), tuple(sorted(c.levers.items())))
    is_file = name == c.file_name
    return _scenario(name, c.file_name if is_file else "", c.file_text if is_file else "")


def scenario_or_words(name: str) -> Scenario | None:
    """A scenario, or its complaints on the page."""
    try:
        return scenario(name)
    except FlowsimError as error:
        complain(error)
        return None


def complain(error: FlowsimError) -> None:
    """Show what is wrong, in the words of the command line."""
    st.error("\n\n".join(escaped(c) for c in complaints_of(error)))


def escaped(text: str) -> str:
    """Text of others so that it is shown as it is, not as Markdown."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-!|$:~" else c for c in text)


# Plausible sets


@st.cache_resource(show_spinner=False, max_entries=20)
def _plausible(name: str, place: str) -> Plausible | None:
    """A set by its name; None where it cannot be read any more."""
    try:
        return Plausible.load(place)
    except FlowsimError:
        return None


@st.cache_data(show_spinner=False, max_entries=500)
def _suits(name: str, place: str, _scenario: Scenario, mark: str) -> bool:
    found = _plausible(name, place)
    try:
        return found is not None and bool(met_by(place, [_scenario]))
    except FlowsimError:
        return False


def sets_for(scenarios: Sequence[Scenario]) -> list[str]:
    """The names of the sets that suit all of these scenarios; a plan of one's own counts as what it is built on."""
    looked_at = [scenario(choice().on) if s.name == OWN_NAME else s for s in scenarios]
    return [
        name
        for name, place in offered_sets().items()
        if scenarios and all(_suits(name, place, s, fingerprint(s)) for s in looked_at)
    ]


def plausible_for(scenarios: Sequence[Scenario]) -> Plausible | None:
    """The set that the visitor has chosen, if it suits what is compared; says so if only their own plan does not suit."""
    name = choice().plausible
    if not name or name not in sets_for(scenarios):
        return None
    place = offered_sets()[name]
    if not all(_suits(name, place, s, fingerprint(s)) for s in scenarios):
        st.warning(f"The set {escaped(name)} does not suit your own plan: what follows carries chance alone.")
        return None
    return _plausible(name, place)


def plausible_by_name(name: str) -> Plausible | None:
    """A set that is offered, by its name; None for no name, or where it cannot be read any more."""
    places = offered_sets()
    return _plausible(name, places[name]) if name in places else None


# Running


def session_id() -> str:
    """The name under which the runner knows this visitor."""
    if "session" not in st.session_state:
        st.session_state["session"] = uuid.uuid4().hex
    name: str = st.session_state["session"]
    return name


def standings(orders: Sequence[Order]) -> list[Standing]:
    """How the orders stand. Asks for them, unless the visitor has stopped exactly these."""
    keys = [(order.key(runner().engine), order.replications) for order in orders]
    if st.session_state.get("stopped") == keys:
        return [runner().look(order) for order in orders]
    st.session_state["stopped"] = None
    st.session_state["asked"] = keys
    return runner().ask(session_id(), orders)


def is_stopped() -> bool:
    """Whether the visitor has stopped what the page wants."""
    return st.session_state.get("stopped") is not None


def stop() -> None:
    """Stop what the page has asked for; what is finished stays."""
    st.session_state["stopped"] = st.session_state.get("asked")
    runner().leave(session_id())


def go_on() -> None:
    """Go on with what was stopped."""
    st.session_state["stopped"] = None


def enough_to_show(found: Sequence[Standing]) -> list[Result] | None:
    """The results, where all have come far enough to be shown."""
    results = [s.result for s in found if s.result is not None]
    far = all(s.finished or s.done >= FIRST_LOOK or is_stopped() for s in found)
    return results if results and len(results) == len(found) and far else None
