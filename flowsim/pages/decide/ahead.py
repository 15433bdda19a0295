"""What comes in the next weeks? The forecast of `flowsim forecast`, as a form."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Final, NamedTuple

import streamlit as st

from flowsim.charts import forecast_chart, png_of
from flowsim.decisions.forecast import MOST_WEEKS, PATHS, WEEKS, Forecast, forecast
from flowsim.decisions.plausible import Plausible
from flowsim.errors import FlowsimError, RunError
from flowsim.experiment.replicate import Progress
from flowsim.observed import Observed, read_observed
from flowsim.observed.handed import known_in
from flowsim.observed.reading import ENDINGS, SHEFFIELD
from flowsim.observed.today import Count, Today
from flowsim.pages.decide.asking import answer, answered, ask, key_of, take_away, with_table
from flowsim.pages.parts import behind, table
from flowsim.pages.session import complain, plausible_by_name, sets_for
from flowsim.report.evidence import forecast_sentences, forecast_tables, weeks_table
from flowsim.report.frames import words_of
from flowsim.scenario.model import Scenario, setting_of

NAME: Final = "forecast"
TYPED: Final = "From counts of today that I enter"
FILE: Final = "From a file: counts of today, a daily census, discharges, or months"
MONTHS: Final = "From Sheffield's official months, that come along"
PLAIN: Final = "From the scenario as it is"
SOURCES: Final = (TYPED, FILE, MONTHS, PLAIN)
MOST_PEOPLE: Final = 10_000


class Known(NamedTuple):
    """What a forecast begins with: counts of a day, or months; `start` where the visitor said the day. `mark` tells it from others."""

    today: Today | None = None
    months: Observed | None = None
    start: dt.date | None = None
    mark: str = ""


class Foreseen(NamedTuple):
    """A forecast, and the months that it is shown beside."""

    forecast: Forecast
    months: Observed | None


def draw(shown: Scenario) -> None:
    """The form, and the answer when there is one."""
    st.markdown("How many people will be delayed in the next weeks, with bands, and the day on which the target is met, if it is.")  # fmt: skip
    how = st.radio("Where to begin", SOURCES, key="forecast how")
    with st.form(f"forecast {shown.name} {how}"):
        counts, start = _typed(shown) if how == TYPED else ((), None)
        held, area = _upload() if how == FILE else (None, None)
        left, middle, right = st.columns(3)
        weeks = int(left.number_input("Weeks", 1, MOST_WEEKS, WEEKS, key="forecast weeks"))
        paths = int(middle.number_input("Possible courses", 20, 2_000, PATHS, key="forecast paths", help="How many are run. More give smoother bands and take longer."))  # fmt: skip
        name = right.selectbox("Numbers that may be off", ("", *sets_for([shown])), format_func=lambda n: f"as fitted: {n}" if n else "as assumed", key=f"forecast set {shown.name}", help="As fitted: each course meets one of the sets of numbers that the official figures leave plausible. As assumed: arrivals may be off by 2 %, room by 3 %, the work of teams by 10 %.")  # fmt: skip
        if st.form_submit_button("Forecast", type="primary"):
            try:
                known = _known(how, counts, start, held, area)
                _ask(shown, known, weeks, paths, plausible_by_name(name))
            except FlowsimError as error:
                complain(error)
    answered(f"{NAME} {shown.name}", "courses", _show)


def _ask(shown: Scenario, known: Known, weeks: int, paths: int, values: Plausible | None) -> None:
    def work(on_done: Progress, cores: int) -> Foreseen:
        found = forecast(
            shown, known.months, today=known.today, start=known.start, weeks=weeks, plausible=values, paths=paths,
            cores=cores, on_done=on_done,
        )  # fmt: skip
        return Foreseen(found, known.months)

    mark = values.mark if values else ""
    ask(f"{NAME} {shown.name}", key_of(NAME, [shown], (known.mark, known.start, weeks, paths, mark)), work)


def _typed(shown: Scenario) -> tuple[tuple[Count, ...], dt.date]:
    """Fields for what people can count, service by service."""
    start = st.date_input("The day that begins with these counts", shown.run.start, key=f"today {shown.name}")
    st.markdown(
        "Everybody there are all people in a place, also those who are ready and wait to go on. "
        "Leave empty what nobody counted: it is taken from the scenario, and the answer says so. "
        "Of a reason code alone you can give counts in a file."
    )
    entered = {stream.enters for stream in shown.streams.values()}
    counts = []
    for name, service in shown.services.items():
        label = service.label or name
        columns = st.columns(3, vertical_alignment="bottom")
        where = f"{label}, as entered"
        ready = inside = elsewhere = None
        # Nobody is in hospital and waits to be admitted to it; a second hospital is a place like others.
        admits = name in entered and setting_of(name, service) == "hospital"
        if not admits:
            ready = _people(
                columns[0], f"Ready in hospital, waiting for: {label}", f"ready {shown.name} {name}"
            )
        if service.kind == "place":
            inside = _people(columns[1], f"Everybody there now: {label}", f"inside {shown.name} {name}")
            if not admits and (name in entered or service.reason):
                elsewhere = _people(columns[2], f"Waiting outside hospital for: {label}", f"elsewhere {shown.name} {name}")  # fmt: skip
        if (ready, inside, elsewhere) != (None, None, None):
            counts.append(Count(name, where, in_hospital=ready, caseload=inside, waiting_elsewhere=elsewhere))
    return tuple(counts), start


def _people(column: st.delta_generator.DeltaGenerator, label: str, key: str) -> int | None:
    value = column.number_input(label, 0, MOST_PEOPLE, None, placeholder="not counted", key=key)
    return None if value is None else int(value)


def _upload() -> tuple[tuple[str, bytes] | None, str | None]:
    """The file that is handed over, and the area that is meant in it."""
    held = st.file_uploader(
        "A CSV file or a workbook, at most 5 MB", type=[ending.removeprefix(".") for ending in ENDINGS], key="today file",
        help="Told by its headings: counts of today (what, a service or a reason code, and some of in_hospital, delayed, caseload, waiting_elsewhere, waited_days, date; a caseload is everybody there, ready or not); a daily census (date, and a column for each reason); a list of discharges with those who have not left (admitted, ready, left, reason); days of delay by month, such as the national return. It is kept for this visit only.",
    )  # fmt: skip
    area = st.text_input("Local authority, if the file has several", key="today area", help="By name or code, such as Sheffield or E08000019.")  # fmt: skip
    return None if held is None else (held.name, held.getvalue()), area.strip() or None


def _known(
    how: str,
    counts: tuple[Count, ...],
    start: dt.date | None,
    held: tuple[str, bytes] | None,
    area: str | None,
) -> Known:
    """What the forecast begins with. Raises RunError and DataError in words."""
    if how == TYPED:
        if not counts:
            raise RunError(
                "no count is entered; enter how many people wait in hospital, or begin from elsewhere"
            )
        return Known(today=Today(counts, start), start=start, mark=repr((how, counts)))
    if how == FILE:
        if held is None:
            raise RunError("no file is chosen; choose one with counts or months, or begin from elsewhere")
        found = known_in(*held, area)
        mark = repr((how, held[0], hashlib.sha256(held[1]).hexdigest(), area))
        return Known(today=found, mark=mark) if isinstance(found, Today) else Known(months=found, mark=mark)
    return Known(months=read_observed(SHEFFIELD) if how == MONTHS else None, mark=how)


def _show(seen: Foreseen) -> None:
    found, tables = seen.forecast, forecast_tables(seen.forecast)
    answer(forecast_sentences(found))
    if found.stopped:
        st.markdown("**Stopped before all courses were run:** the bands are those of the courses there are.")
    with_table(
        png_of(forecast_chart(found, seen.months)),
        "Line chart of people delayed at midnight: median and bands of 50 and 90 % by day, and the target. The table below has the numbers by week.",
        "The numbers behind the picture, by day",
        tables["By day"],
    )
    table(words_of(weeks_table(found)))
    if found.day_0 is not None:
        behind("Who is there at the start", found.day_0)
    take_away(NAME, tables)
