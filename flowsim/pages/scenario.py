"""Scenario: the whole of it as a form and as TOML, checked as one types, against its base, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from flowsim.errors import FlowsimError, ScenarioError
from flowsim.pages.choice import own_file_name
from flowsim.pages.parts import table
from flowsim.pages.session import choice, choose, complain, escaped, scenario_or_words
from flowsim.pages.where import choose_scenario
from flowsim.report.checked import dated_loads, queues_without_end
from flowsim.scenario.edits import document_of
from flowsim.scenario.fields import ANY, InputField, inputs, range_in_words, with_unit
from flowsim.scenario.files import from_text, read_layers, to_toml
from flowsim.scenario.levers import OWN_NAME
from flowsim.scenario.model import Scenario
from flowsim.scenario.oddities import warnings
from flowsim.scenario.rewriting import derived_text, differences, texts_without, value_of, with_value
from flowsim.scenario.safely import MOST_BYTES, text_of
from flowsim.scenario.timeline import build_timeline
from flowsim.scenario.written import is_blank, literal

# The largest whole number that a browser keeps apart from the next.
MOST_IN_A_BROWSER: Final = 2**53 - 1
SINGLE_PARTS: Final = ("run", "target", "counting", "while_waiting", "costs")
# What a field of the form says that had something in it and has nothing any more.
EMPTIED: Final = object()
NAMED_PARTS: Final = ("streams", "routes", "services")


def page() -> None:
    """Draw the page."""
    st.title("What does the scenario say?")
    shown = choose_scenario()
    _open()
    if shown is None:
        _text(None)
        return
    st.markdown(f"**{escaped(shown.title)}** {escaped(shown.about.strip())}")
    load, form, text, against = st.tabs(["Is there room?", "Form", "As TOML", "Differences"])
    with load:
        _load(shown)
    with form:
        _form(shown)
    with text:
        _text(shown)
    with against:
        _against(shown)


# Opening and saving


def _open() -> None:
    with st.expander("Open a scenario file"):
        st.file_uploader(
            f"A scenario file (TOML; {MOST_BYTES // 1024} KB are the most for a scenario, less than the limit below)", type=["toml"],
            key="upload", on_change=_opened, max_upload_size=1, help="It is read, checked and kept in memory for this visit only.",
        )  # fmt: skip
        for words in st.session_state.get("upload wrong", []):
            st.error(escaped(words))


def _opened() -> None:
    """Take in an uploaded file; what is wrong with it is said in the words of `flowsim check`."""
    held = st.session_state.get("upload")
    st.session_state["upload wrong"] = []
    if held is None:
        return
    try:
        name, text = own_file_name(held.name), text_of(held.getvalue()[: MOST_BYTES + 1], held.name)
        from_text(text, held.name)
    except FlowsimError as error:
        st.session_state["upload wrong"] = str(error).splitlines()
        return
    _take(name, text)


def _take(name: str, text: str) -> None:
    """Make a text the visitor's own scenario, and show it."""
    c = choice()
    plans = tuple(dict.fromkeys((*[p for p in c.plans if p != c.file_name], name)))
    base, on = (c.base if c.base != c.file_name else name), (c.on if c.on != c.file_name else name)
    # Levers were moved on what stood there before: they are in the text now, or mean nothing any more.
    levers = {} if on == name or c.shown == OWN_NAME else dict(c.levers)
    choose(
        levers=levers,
        file_name=name,
        file_text=text,
        plans=tuple(p for p in plans if p != base),
        shown=name,
        base=base,
        on=on,
    )
    st.session_state["text version"] = st.session_state.get("text version", 0) + 1


# Is there room?


def _load(shown: Scenario) -> None:
    st.markdown("People who need each service against the room it has, before anything is run. A queue grows without end where more come than it can take on.")  # fmt: skip
    dated = dated_loads(build_timeline(shown))
    rows = [
        (
            load.label, load.people_per_day, load.mean_stay_days, load.load,
            "no limit" if load.capacity is None else f"{load.capacity:g}",
            float("nan") if load.use is None else load.use,
            "no limit" if load.most_per_day is None else f"{load.most_per_day:.1f}", load.verdict,
        )
        for load in dated[0].loads
    ]  # fmt: skip
    columns = [
        "Service",
        "People a day",
        "Mean stay, days",
        "Load",
        "Capacity",
        "Share used",
        "Most a day",
        "Verdict",
    ]
    table(pd.DataFrame(rows, columns=columns))
    for sentence in queues_without_end(dated):
        st.markdown(f"- {escaped(sentence)}")
    for sentence in warnings(shown):
        st.markdown(f"- Worth a look: {escaped(sentence)}")


# The form


def _form(shown: Scenario) -> None:
    document = document_of(shown)
    parts: list[tuple[str, ...]] = [(part,) for part in SINGLE_PARTS]
    parts += [(section, name) for section in NAMED_PARTS for name in document[section]]
    chosen = st.selectbox("Part of the scenario", parts, format_func=_part_label(document), key="form part")
    st.caption("Changing a field makes a scenario of your own that builds on this one.")
    fields = [f for f in inputs() if _belongs(f, chosen)]
    version = st.session_state.get("text version", 0)
    counted_in = _at(document, (*chosen, "unit")) or ""
    for field in fields:
        path = (*chosen, *field.path.split(".")[len(chosen) :])
        value = _at(document, path)
        new = _field(field, path, value, counted_in, f"form {version} {shown.name} {'.'.join(path)}")
        if new is EMPTIED:
            _leave_out(shown, field, path)
        elif new is not None:
            _set(shown, path, new)


def _part_label(document: Mapping[str, Any]) -> Any:
    def label(part: tuple[str, ...]) -> str:
        if len(part) == 1:
            return part[0].replace("_", " ").capitalize()
        return f"{part[0].capitalize()}: {document[part[0]][part[1]].get('label') or part[1]}"

    return label


def _belongs(field: InputField, part: tuple[str, ...]) -> bool:
    keys = field.path.split(".")
    return keys[0] == part[0] and len(keys) > len(part) and ANY not in keys[len(part) :]


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _field(field: InputField, path: tuple[str, ...], value: Any, counted_in: str, key: str) -> Any:
    """One input; the new value if it was changed, EMPTIED if there is none any more, else None."""
    where = f"{'.'.join(path[2:-1])}: " if len(path) > 3 else ""
    unit = field.unit if field.type in ("number", "whole number") else ""
    label = where + with_unit(field.label or path[-1], unit, counted_in)
    span = ""
    if field.low is not None and field.high is not None:
        span = f" {range_in_words(field.low, field.high)}."
    words = f"{escaped(field.hint)}.{span} In the file: {'.'.join(path)}"
    if field.type == "yes or no":
        new: Any = st.checkbox(label, bool(value), key=key, help=words)
    elif field.type == "choice" and field.choices and value in field.choices:
        new = st.selectbox(label, field.choices, field.choices.index(value), key=key, help=words)
    elif field.type in ("number", "whole number") and isinstance(value, (int, float)):
        new = _number(field, label, value, key, words)
    else:
        return _written(label, path, value, key, words)
    return new if new != value else None


def _number(field: InputField, label: str, value: float, key: str, words: str) -> float:
    if field.type == "whole number":
        low, high = int(field.low or 0), min(int(field.high or MOST_IN_A_BROWSER), MOST_IN_A_BROWSER)
        return int(st.number_input(label, low, high, int(value), 1, key=key, help=words))
    low_, high_ = float(field.low or 0), float(field.high if field.high is not None else 1e9)
    return float(st.number_input(label, low_, high_, float(value), key=key, help=words, format="%.10g"))


def _written(label: str, path: tuple[str, ...], value: Any, key: str, words: str) -> Any:
    """A field for what is no single number, written as in the file."""
    before = _as_in_a_file(value)
    after = st.text_input(
        label, before, key=key, placeholder="not set", help=f"{words}. Written as in a scenario file."
    )
    if after == before:
        return None
    if not after.strip():
        return EMPTIED if before else None
    try:
        return value_of(after, ".".join(path))
    except FlowsimError as error:
        complain(error)
        return None


def _as_in_a_file(value: Any) -> str:
    """A value as it is written in a scenario file; nothing where nothing is set."""
    return "" if is_blank(value) else literal(value)


def _leave_out(shown: Scenario, field: InputField, path: tuple[str, ...]) -> None:
    """Take a value out of the visitor's own scenario, so that its default holds; complain where that cannot be."""
    name, text = _own_text(shown)
    refused: list[FlowsimError] = []
    for changed in () if field.required else texts_without(text, path, field.default):
        try:
            held = _at(document_of(from_text(changed, f"{name}.toml")), path)
        except FlowsimError as error:
            refused.append(error)
            continue
        if _as_in_a_file(held) == _as_in_a_file(field.default):
            _take(name, changed)
            st.rerun()
    why = (
        "every scenario says something here" if field.required else "what this scenario builds on says it too"
    )
    words = f"{'.'.join(path)}: cannot be left empty, as {why}; write what is to hold instead"
    complain(refused[0] if refused else ScenarioError([words]))


def _set(shown: Scenario, path: tuple[str, ...], value: Any) -> None:
    """Write a changed field into the visitor's own scenario; complain where the whole then makes no sense."""
    c = choice()
    name, text = _own_text(shown)
    changed = with_value(text, path, value)
    try:
        from_text(changed, f"{name}.toml")
    except FlowsimError as error:
        complain(error)
        return
    if (c.file_name, c.file_text) != (name, changed):
        _take(name, changed)
        st.rerun()


def _own_text(shown: Scenario) -> tuple[str, str]:
    """Name and text to go on from: one's own file, or a new one that builds on what is shown."""
    c = choice()
    if shown.name == c.file_name:
        return c.file_name, c.file_text
    if shown.name == OWN_NAME:
        return "my-scenario", to_toml(shown)
    return f"my-{shown.name}", derived_text(shown.name, f"My version of {shown.name}")


# As TOML


def _text(shown: Scenario | None) -> None:
    c = choice()
    version = st.session_state.get("text version", 0)
    if shown is None or shown.name == c.file_name:
        name, text = c.file_name or "my-scenario", c.file_text
    elif shown.name == OWN_NAME:
        name, text = "my-scenario", to_toml(shown)
    else:
        name, text = f"my-{shown.name}", read_layers(shown.name)[-1].text
    st.caption(
        "The text is checked when you leave the field or press Ctrl+Enter. Changing it makes a scenario of your own."
    )
    typed = st.text_area(
        "Scenario file", text, height=420, key=f"toml {version} {name}", max_chars=MOST_BYTES
    )
    if typed != text:
        try:
            from_text(typed, f"{name}.toml")
        except FlowsimError as error:
            complain(error)
        else:
            _take(name, typed)
            st.rerun()
    else:
        st.markdown("The scenario is right.")
    left, right = st.columns(2)
    left.download_button(
        "Save this file (TOML)", typed, f"{name}.toml", "text/plain", on_click="ignore", key="save own"
    )
    if shown is not None:
        right.download_button("Save it with every default (TOML)", lambda: to_toml(shown), f"{shown.name}-resolved.toml", "text/plain", on_click="ignore", key="save resolved")  # fmt: skip


# Against another


def _against(shown: Scenario) -> None:
    c = choice()
    names = [n for n in dict.fromkeys((*c.compared(), *c.names)) if n != shown.name]
    base = _base_of(shown)
    other = st.selectbox("Compared with", names, names.index(base) if base in names else 0)
    held = scenario_or_words(other)
    if held is None:
        return
    found = differences(shown, held)
    if not found:
        st.markdown(
            f"No difference between {escaped(shown.name)} and {escaped(other)} that a run would notice."
        )
        return
    table(pd.DataFrame(found, columns=["What", shown.name, other]))


def _base_of(shown: Scenario) -> str:
    """The scenario that one builds on, as its file says."""
    c = choice()
    if shown.name == OWN_NAME:
        return c.on
    try:
        if shown.name == c.file_name:
            from flowsim.scenario.safely import document_in

            return str(document_in(c.file_text, shown.name).get("base", c.base))
        return str(read_layers(shown.name)[-1].document.get("base", c.base))
    except FlowsimError:
        return c.base
