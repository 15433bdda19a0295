"""A scenario for another city: its own answers, and for the rest what sheffield-2017 holds, each said to be an assumption.

Rooms that nobody was asked for (teams, care homes) are as large against what people there need as they are in
Sheffield; needs are those of `flowsim.scenario.flows`. Everything is the text of a scenario file in the end,
which is checked as if somebody had written it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from flowsim.scenario.edits import Document
from flowsim.scenario.files import from_text, load, over, read_layers
from flowsim.scenario.flows import flows, offered_load
from flowsim.scenario.model import REST, Scenario
from flowsim.scenario.questions import QUESTIONS, Answer, checked_answers
from flowsim.scenario.shape import root, shape_at
from flowsim.scenario.sources import input_rows
from flowsim.scenario.words import plain
from flowsim.scenario.written import written
from flowsim.units import WEEKDAYS

PATTERN: Final = "sheffield-2017"
NOT_COPIED: Final = ("over_prescription", "changes", "escalations", "about")
# People who do not come from hospital: stream, its answer, and the service they ask for.
COMMUNITY: Final = (
    ("community_stit", "community_reablement_per_day", "stit"),
    ("step_up", "step_up_per_day", "ic_beds"),
    ("community_homecare", "community_homecare_per_day", "homecare"),
)
CARE_HOMES: Final = ("nursing_home", "residential_home")
ABOUT: Final = (
    "Made by `flowsim new` from answers and, for everything else, from what sheffield-2017 holds: every copied "
    "figure is an assumption here and says so behind it. Better those first that matter most (`flowsim sensitivity`). "
    "Left out: over-prescription (people are given the route they need), dated changes such as a winter, "
    "and escalations. The bank holidays are England's."
)


def new_city(answers: Mapping[str, Any]) -> str:
    """The text of a scenario for the place that the answers (by name of the question) tell of.

    Raises ScenarioError where answers are missing, wrong, or do not go together.
    """
    return _City(checked_answers(answers, "answers")).text()


def file_name(place: str) -> str:
    """A name for a scenario file, from the name of a place."""
    return re.sub(r"[^a-z0-9]+", "-", place.lower()).strip("-") or "my-city"


class _City:
    """A document under way: what it holds at each path, and what stands behind it."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.pattern = load(PATTERN)
        self.document = _as_written()
        self.comments = _copied(self.document)

    def text(self) -> str:
        """The scenario, filled in by and by: who comes, then what they need, then the room there is for them."""
        self._frame()
        self._people_from_hospital()
        self._rooms_that_were_asked_for()
        self._people_from_the_community()
        self._rooms_in_proportion()
        self._people_at_the_start()
        head = (
            f"# {self.answers['place']}: made by `flowsim new`; `flowsim check` says what it amounts to.\n\n"
        )
        return head + written(self.document, root(), comments=self.comments)

    # Answers

    def number(self, name: str) -> float | None:
        """A numeric answer; None where there is none."""
        value = self.answers.get(name)
        return float(value) if isinstance(value, (int, float)) else None

    def asked(self, name: str) -> float:
        """The answer to a question that everybody is asked."""
        value = self.number(name)
        assert value is not None  # answers were checked
        return value

    def _put(self, path: str, value: Any, comment: str) -> None:
        *above, last = path.split(".")
        table = self.document
        for key in above:
            table = table.setdefault(key, {})
        table[last] = _rounded(value)
        self.comments[path] = comment

    def _answer(self, path: str, name: str, value: Any = None) -> None:
        """What was answered, as it is or as it is meant."""
        given = self.answers[name]
        unit = QUESTIONS[name].unit
        said = plain(given) if isinstance(given, (int, float)) else str(given)
        comment = f"your answer: {name} = {said} {unit}".rstrip()
        self._put(path, _whole_if_it_is(given) if value is None else value, comment)

    def _so_far(self) -> Scenario:
        return from_text(written(self.document, root()), str(self.answers["place"]))

    # The parts

    def _frame(self) -> None:
        self.document["title"] = f"{self.answers['place']}: who is delayed, and what for"
        self._put("about", ABOUT, "")
        self._answer("run.start", "first_day")
        self._answer("target.delayed", "target")
        if "days" in self.answers:
            self._answer("run.days", "days")
        # Sheffield's population and official months are its own.
        self.document["counting"] = {"counted_after_days": self.pattern.counting.counted_after_days}
        if "adults" in self.answers:
            self._answer("counting.adults", "adults")

    def _people_from_hospital(self) -> None:
        admitted = self.asked("admissions_per_day")
        self._answer("streams.emergency.per_day", "admissions_per_day")
        long_term = self.asked("long_term_per_day")
        theirs = {name: _given_per_day(self.pattern, name) for name in ("package", *CARE_HOMES)}
        theirs_to_homes = sum(theirs[name] for name in CARE_HOMES)
        to_homes = self.number("care_home_per_day")
        if to_homes is None:
            to_homes = long_term * theirs_to_homes / sum(theirs.values())
        people = {
            "d2a_home": self.asked("reablement_per_day"),
            "d2a_step_down": self.asked("step_down_per_day"),
            "package": long_term - to_homes,
            **{name: to_homes * theirs[name] / theirs_to_homes for name in CARE_HOMES},
        }
        said = ", ".join(
            f"{plain(self.asked(f'{name}_per_day'))} {name}_per_day"
            for name in ("reablement", "step_down", "long_term")
        )
        self._put(
            "streams.emergency.routes",
            {"home": REST, **{route: max(number, 0.0) / admitted for route, number in people.items()}},
            f"your answers: {said}, of those admitted; assumption: kinds of long-term care as in {PATTERN} where not answered",
        )

    def _rooms_that_were_asked_for(self) -> None:
        for name, answer, days in (("stit", "reablement_places", "reablement_days"), ("ic_beds", "beds", "")):
            self._answer(f"services.{name}.capacity", answer)
            factor = self.asked(answer) / float(self.pattern.services[name].capacity or 1)
            self._starts(name, factor, _in_proportion("to the places"), self.number(days))
        count = self.number("homecare_days")
        week = {day: self.asked("homecare_per_week") / 5 if day < 5 else 0.0 for day in range(7)}
        self._answer("services.homecare.starts", "homecare_per_week", _spread(week, count))
        self.comments["services.homecare.starts"] += f"; {_which_days(count)}"
        for name, answer in (("stit", "reablement_stay_days"), ("ic_beds", "bed_stay_days")):
            mean, stay = self.number(answer), self.pattern.services[name].stay
            if mean is not None and stay is not None and stay.mean and stay.sd is not None:
                self._answer(
                    f"services.{name}.stay", answer, {"mean": mean, "sd": mean * stay.sd / stay.mean}
                )
                self.comments[f"services.{name}.stay"] += f"; {_in_proportion('to the mean')}"

    def _people_from_the_community(self) -> None:
        for stream, _, _ in COMMUNITY:
            self._put(f"streams.{stream}.per_day", 0.0, "")
        ours, theirs = flows(self._so_far()), flows(self.pattern)
        own_routes = {stream: set(self.pattern.streams[stream].routes) for stream, _, _ in COMMUNITY}
        from_outside = set().union(*own_routes.values())
        for stream, answer, service in COMMUNITY:
            path = f"streams.{stream}.per_day"
            if answer in self.answers:
                self._answer(path, answer)
                continue
            here, there = (
                sum(
                    people
                    for (route, at), people in found.items()
                    if at == service and route not in from_outside
                )
                for found in (ours, theirs)
            )
            per_day = self.pattern.streams[stream].per_day * here / there
            self._put(path, per_day, f"assumption: as many against those from hospital as in {PATTERN}")

    def _rooms_in_proportion(self) -> None:
        """Teams and care homes: as much room against what people need of them as in the pattern."""
        ours = {load.service: load.people_per_day for load in offered_load(self._so_far())}
        theirs = {load.service: load.people_per_day for load in offered_load(self.pattern)}
        as_there = _in_proportion("to the people who need it")
        for name, service in self.pattern.services.items():
            factor = ours[name] / theirs[name] if theirs[name] and ours[name] else 1.0
            if service.kind == "team" and service.capacity is not None:
                self._put(f"services.{name}.capacity", service.capacity * factor, as_there)
            if service.starts is not None and (service.kind == "team" or name in CARE_HOMES):
                self._starts(name, factor, as_there)
        per_week = self.number("care_home_per_week")
        if per_week is not None:
            both = sum(sum(_week(self.pattern, name).values()) for name in CARE_HOMES)
            for name in CARE_HOMES:
                comment = f"your answer: care_home_per_week = {plain(per_week)}; assumption: kinds of home as in {PATTERN}"
                self._starts(name, per_week / both, comment)

    def _starts(self, name: str, factor: float, comment: str, days: float | None = None) -> None:
        """Starts of the pattern times a factor, on `days` days of the week where that was answered."""
        week = {day: starts * factor for day, starts in _week(self.pattern, name).items()}
        more = f"; {_which_days(days)}" if days else ""
        self._put(f"services.{name}.starts", _spread(week, days), comment + more)

    def _people_at_the_start(self) -> None:
        """Places as full as they would be in a steady state, so that the warm-up can be short."""
        why = "assumption: those who come, or can be taken on, a day times their stay"
        for found in offered_load(self._so_far()):
            if self.pattern.services[found.service].initial.people == 0:
                continue
            most = found.people_per_day if found.most_per_day is None else found.most_per_day
            days = found.mean_stay_days if found.people_per_day else 0.0
            people = round(min(found.people_per_day, most) * days)
            self.document["services"][found.service].pop("initial")
            self._put(f"services.{found.service}.initial.people", people, why)


def _as_written() -> Document:
    """What the files of the pattern state, and nothing at its default."""
    document: Document = {}
    for layer in read_layers(PATTERN):
        document = over(document, layer.document)
    kept = {key: value for key, value in document.items() if key not in NOT_COPIED}
    return dict(_with_plain_labels(kept))


def _with_plain_labels(node: Any) -> Any:
    """The same with labels that name no service of Sheffield's."""
    if not isinstance(node, Mapping):
        return node
    return {
        key: value.replace("STIT: reablement", "Reablement").replace("STIT", "reablement")
        if key == "label" and isinstance(value, str)
        else _with_plain_labels(value)
        for key, value in node.items()
    }


def _copied(document: Document) -> dict[str, str]:
    """For every figure of the pattern the comment that it is copied, and where it came from there."""
    found: dict[str, str] = {}
    for row in input_rows(PATTERN):
        path = _line_of(row.path)
        if row.is_figure and path not in found:
            grade = f" ({row.confidence})" if row.confidence in ("H", "M", "L") else ""
            found[path] = f"assumption: copied from {PATTERN} (there: {row.source or 'no source'}{grade})"
    return found


def _line_of(path: str) -> str:
    """The path of the value on whose line a figure is written: that of the inline table it stands in."""
    parts = path.split(".")
    for length in range(1, len(parts)):
        shape = shape_at(tuple(parts[:length]))
        if shape is not None and shape.kind not in ("table", "named", "list"):
            return ".".join(parts[:length])
    return path


def _given_per_day(scenario: Scenario, route: str) -> float:
    """People a day who are given a route out of hospital, over-prescription included."""
    return sum(people for (name, at), people in flows(scenario).items() if name == route and at == "hospital")


def _week(scenario: Scenario, name: str) -> dict[int, float]:
    """Starts of a service by weekday (0 is Monday); 0 on a day without any."""
    table = scenario.services[name].starts
    assert table is not None  # asked only of services with starts
    return {day: table.on(day, holiday=False) or 0.0 for day in range(7)}


def _spread(week: Mapping[int, float], days: float | None) -> dict[str, float]:
    """Starts by weekday; where a number of days is given as many a week, equally on the first so many days."""
    total = sum(week.values())
    even = {day: total / days if day < days else 0.0 for day in week} if days else week
    return {WEEKDAYS[day]: starts for day, starts in even.items()}


def _which_days(days: float | None) -> str:
    return (
        f"your answer: on {plain(days)} days a week" if days else f"assumption: on weekdays, as in {PATTERN}"
    )


def _in_proportion(to_what: str) -> str:
    return f"assumption: in proportion {to_what} as in {PATTERN}"


def _rounded(value: Any) -> Any:
    """Numbers to six digits, which is more than anybody knows."""
    if isinstance(value, Mapping):
        return {key: _rounded(inner) for key, inner in value.items()}
    return _whole_if_it_is(float(f"{value:.6g}")) if isinstance(value, float) else value


def _whole_if_it_is(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
