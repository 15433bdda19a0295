"""What somebody has chosen, and the address that holds it: a link shows a colleague the same thing."""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from flowsim.decisions.plausible import offered_sets
from flowsim.errors import FlowsimError, ScenarioError
from flowsim.scenario.files import bundled_names, from_text, load
from flowsim.scenario.levers import OWN_NAME, levers_of, with_levers
from flowsim.scenario.model import Scenario
from flowsim.scenario.safely import MOST_BYTES
from flowsim.scenario.words import printable

START: Final = "winter-pressure"
FIRST_PLANS: Final = ("whole-plan",)
REPLICATIONS: Final = 50
MOST_REPLICATIONS: Final = 2_000
MOST_PLANS: Final = 8
# Longer addresses are cut by some programs that pass them on.
LONGEST_FILE_IN_ADDRESS: Final = 12_000
LEVER: Final = "lever."
# What stands on the page of people where only one scenario is looked at.
NOBODY: Final = "none"


@dataclass(frozen=True)
class Choice:
    """What the pages show.

    `levers` hold moved levers by key on the scenario `on`; `file` is a scenario of one's own, `plausible` the name of
    a set, `people` the scenario whose people are followed and the one in which they are followed too, once chosen.
    """

    base: str = START
    plans: tuple[str, ...] = FIRST_PLANS
    on: str = START
    levers: Mapping[str, float] = field(default_factory=dict)
    replications: int = REPLICATIONS
    shown: str = ""
    question: str = ""
    file_name: str = ""
    file_text: str = ""
    plausible: str = ""
    people: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every scenario that can be chosen, one's own file first."""
        return ((self.file_name,) if self.file_name else ()) + bundled_names()

    @property
    def offered(self) -> tuple[str, ...]:
        """Every scenario that can be chosen, those that are compared first: among them the plan of one's own, if there is one."""
        return tuple(dict.fromkeys((*self.compared(), *self.names)))

    def scenario(self, name: str) -> Scenario:
        """A scenario by name. Raises ScenarioError in words."""
        if name == OWN_NAME:
            return with_levers(self.scenario(self.on), self.levers)
        if name == self.file_name and name:
            return from_text(self.file_text, f"{name}.toml")
        if name not in bundled_names():
            raise ScenarioError([f'there is no scenario "{printable(name)}"'])
        return load(name)

    def compared(self) -> tuple[str, ...]:
        """The names to compare: the base, the plans, and the plan of one's own where a lever was moved."""
        own = (OWN_NAME,) if self.levers else ()
        return tuple(dict.fromkeys((self.base, *self.plans, *own)))


def to_address(choice: Choice) -> dict[str, str]:
    """A choice as the parameters of an address; only what differs from the start. A file too long is left out."""
    start = Choice()
    found: dict[str, str] = {}
    if choice.base != start.base:
        found["base"] = choice.base
    if choice.plans != start.plans:
        found["plans"] = ",".join(choice.plans)
    if choice.on != start.on:
        found["on"] = choice.on
    if choice.replications != start.replications:
        found["replications"] = str(choice.replications)
    named = {
        "plausible": choice.plausible, "shown": choice.shown, "question": choice.question, "people": ",".join(choice.people)
    }  # fmt: skip
    found |= {key: value for key, value in named.items() if value}
    found |= {f"{LEVER}{key}": f"{value:.12g}" for key, value in choice.levers.items()}
    if choice.file_text:
        packed = base64.urlsafe_b64encode(zlib.compress(choice.file_text.encode(), 9)).decode().rstrip("=")
        if len(packed) <= LONGEST_FILE_IN_ADDRESS:
            found |= {"name": choice.file_name, "file": packed}
    return found


def from_address(parameters: Mapping[str, str]) -> tuple[Choice, list[str]]:
    """The choice that an address holds, and what of it could not be used, in words. Never raises."""
    wrong: list[str] = []
    choice = Choice()
    if parameters.get("file"):
        choice = _with_file(choice, parameters, wrong)
    base = _known(parameters.get("base", START), choice, START, wrong)
    plans = parameters["plans"].split(",") if "plans" in parameters else list(FIRST_PLANS)
    known = [p for p in plans if p and _known(p, choice, "", wrong)]
    on = _known(parameters.get("on", START), choice, base, wrong)
    choice = Choice(
        base=base,
        plans=tuple(dict.fromkeys(p for p in known if p != base))[:MOST_PLANS],
        on=on,
        replications=_replications(parameters.get("replications"), wrong),
        shown=parameters.get("shown", ""),
        question=parameters.get("question", ""),
        file_name=choice.file_name,
        file_text=choice.file_text,
        plausible=_set(parameters.get("plausible", ""), wrong),
    )
    choice = _with_levers(choice, parameters, wrong)
    return replace(choice, people=_people(parameters.get("people", ""), choice, wrong)), wrong


def _with_file(choice: Choice, parameters: Mapping[str, str], wrong: list[str]) -> Choice:
    try:
        packed = parameters["file"]
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(
            base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), MOST_BYTES + 1
        )
        text = data.decode()
        name = own_file_name(parameters.get("name", ""))
        from_text(text, f"{name}.toml")
    except FlowsimError as error:
        wrong += str(error).splitlines()
        return choice
    except (binascii.Error, zlib.error, UnicodeDecodeError, ValueError):
        wrong.append("The scenario in the address is damaged; ask for the link again, or for the file.")
        return choice
    return Choice(file_name=name, file_text=text)


def own_file_name(name: str) -> str:
    """A name for a scenario of one's own that is no bundled one's."""
    plain = (
        "".join(c for c in name.removesuffix(".toml") if c.isalnum() or c in "-_ ")[:60].strip()
        or "my-scenario"
    )
    return f"my-{plain}" if plain in (*bundled_names(), OWN_NAME) else plain


def _known(name: str, choice: Choice, instead: str, wrong: list[str]) -> str:
    if name in choice.names:
        return name
    wrong.append(f'The address names a scenario "{printable(name)[:60]}", which is not known here.')
    return instead


def _people(text: str, choice: Choice, wrong: list[str]) -> tuple[str, ...]:
    if not text:
        return ()
    one, _, other = text.partition(",")
    known = (*choice.compared(), *choice.names)
    if one in known and other in (NOBODY, *known):
        return (one, other)
    wrong.append(f'The address follows people in "{printable(text)[:60]}", which is not known here.')
    return ()


def _set(name: str, wrong: list[str]) -> str:
    if name and name not in offered_sets():
        wrong.append(f'The address names a plausible set "{printable(name)[:60]}", which is not known here.')
        return ""
    return name


def _replications(text: str | None, wrong: list[str]) -> int:
    if text is None:
        return REPLICATIONS
    if text.isdecimal() and 2 <= int(text[:9]) <= MOST_REPLICATIONS:
        return int(text)
    wrong.append(
        f"The address asks for {printable(text)[:20]} replications; it must be from 2 to {MOST_REPLICATIONS:,}."
    )
    return REPLICATIONS


def _with_levers(choice: Choice, parameters: Mapping[str, str], wrong: list[str]) -> Choice:
    asked = {key.removeprefix(LEVER): value for key, value in parameters.items() if key.startswith(LEVER)}
    if not asked:
        return choice
    known = {lever.key: lever for lever in levers_of(choice.scenario(choice.on))}
    moved: dict[str, float] = {}
    for key, text in asked.items():
        value = _number(text)
        if key not in known or not known[key].low <= value <= known[key].high:
            wrong.append(
                f'The address moves "{printable(key)[:60]}" to {printable(text)[:20]}, which cannot be.'
            )
        elif value != known[key].value:
            moved[key] = value
    return replace(choice, levers=moved)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
