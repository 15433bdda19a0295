"""What several pages show: progress with a way to stop, tables with their pictures, the look of the pages."""

from __future__ import annotations

import html
import math
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from flowsim.engine import what_to_expect
from flowsim.pages.runner import Order, Standing
from flowsim.pages.session import (
    enough_to_show,
    escaped,
    go_on,
    hold_in_address,
    is_stopped,
    runner,
    standings,
    stop,
)

POLL_SECONDS: Final = 1.2
# So long a page waits for a run before it draws what there is of it: most answers are whole by then, and drawn once.
MOMENT_SECONDS: Final = 4.0
GLANCE_SECONDS: Final = 0.5
# A page that shows what there is so far is drawn again when there is so many times as much.
WORTH_TIMES: Final = 4
# Where many wait nobody is served sooner by looking more often.
RAREST_SECONDS: Final = 6.0
# Streamlit's own look, with what it lacks: room, a quiet heading, links and focus that can be seen. And without what it
# moves: to fade a picture out that waits for its successor, sixty times a second, takes half a core from the successor.
STYLE: Final = """
<style>
.block-container {padding-top: 4.2rem; max-width: 72rem;}
[data-testid="stHeading"] h1 {color: #003087;}
h2, h3 {color: #212B32;}
[data-testid="stMarkdownContainer"] p.answer {font-size: 1.35rem; line-height: 1.45; border-left: 6px solid #005EB8; padding: .2rem 0 .2rem 1rem; margin: .2rem 0 .6rem 0;}
[data-testid="stMarkdownContainer"] p.answer.no {border-color: #AE2573;}
[data-testid="stMarkdownContainer"] p.answer.yes {border-color: #007F3B;}
.unseen {position: absolute !important; width: 1px; height: 1px; margin: -1px; padding: 0 !important; overflow: hidden; clip-path: inset(50%); white-space: nowrap;}
[data-testid="stElementContainer"]:has(> [data-testid="stHtml"] > h2.unseen) {position: absolute;}
[data-testid="stSidebar"] h2 {font-size: 1.25rem;}
.quiet {color: #425563;}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {color: #425563 !important; opacity: 1 !important;}
.table {overflow-x: auto;}
.table table {border-collapse: collapse; width: 100%; font-size: .95rem;}
.table th, .table td {text-align: left; vertical-align: top; padding: .45rem .8rem .45rem 0; border-bottom: 1px solid #D8DDE0; color: #212B32;}
.table thead th {border-bottom: 2px solid #4C6272; font-weight: 600;}
.table tbody th {font-weight: 400; min-width: 7rem;}
.table .number {text-align: right; font-variant-numeric: tabular-nums;}
.table td.number, .table .whole {white-space: nowrap;}
.paper {overflow-x: auto;}
.paper img {max-width: 100%; height: auto;}
[data-testid="stMainMenu"] {display: none;}
[data-testid="stStatusWidget"] {display: none;}
.stApp, .stApp * {transition: none !important;}
*:focus-visible {outline: 3px solid #FFB81C !important; outline-offset: 1px !important; box-shadow: 0 0 0 5px #212B32 !important;}
/* A field's frame hides what is drawn around the input within it, so the frame has the ring. */
:is([data-testid="stSelectbox"], [data-testid="stMultiSelect"]) [role="group"]:has(input:focus-visible),
:is([data-testid="stNumberInputContainer"], [data-testid="stTextInputRootElement"], [data-testid="stTextAreaRootElement"]):has(:is(input, textarea):focus-visible)
{outline: 3px solid #FFB81C !important; outline-offset: 1px !important; box-shadow: 0 0 0 5px #212B32 !important;}
:is([data-testid="stSelectbox"], [data-testid="stMultiSelect"]) input:focus-visible,
:is([data-testid="stNumberInputContainer"], [data-testid="stTextInputRootElement"], [data-testid="stTextAreaRootElement"]) :is(input, textarea):focus-visible
{outline: none !important; box-shadow: none !important;}
[data-testid="stTextAreaRootElement"]:has(textarea:focus-visible) {outline-offset: -3px !important;}
[data-testid="stMain"]:focus-visible {outline-offset: -4px !important; box-shadow: none !important;}
.narrow, .st-key-other-pages {display: none;}
@media (max-width: 640px) {
  .st-key-road {display: none;}
  .narrow {display: block;}
  .st-key-other-pages {display: flex;}
  [data-testid="stExpandSidebarButton"]::after {content: "Pages and choices"; padding-left: .4rem;}
  [data-testid="stMarkdownContainer"] p.answer {font-size: 1.1rem;}
  .block-container {padding-left: 1rem; padding-right: 1rem;}
  .paper img {max-width: none; width: 44rem;}
}
</style>
"""

NUMBER: Final = ' class="number"'
# What is read as one and stays on one line: an interval in brackets, a row of numbers.
_NUMBERS: Final = re.compile(r"\([-+£]?\d[^()]{1,40}\)(?: \?)?|^[\d.]+(?: [\d.]+)+$")
PLOTLY: Final = {"displaylogo": False, "displayModeBar": False, "responsive": True, "scrollZoom": False}


def answer_line(words: str, kind: str = "") -> None:
    """The answer of a page in one paragraph that stands out; a screen reader hears of it when it changes.

    `kind` is "yes" or "no" for what is said in colour as well.
    """
    style = f"answer {kind}".strip()
    st.markdown(
        f'<h2 class="unseen">The answer</h2><p class="{style}" role="status">{html.escape(words, quote=False)}</p>',
        unsafe_allow_html=True,
        anchors=False,  # a link to a heading that nobody sees would be a stop of the keyboard that nobody sees
    )


def section(title: str) -> None:
    """A heading by which a screen reader's user gets to a part of a page; who sees the page sees its parts anyway."""
    st.html(f'<h2 class="unseen">{html.escape(title)}</h2>')


def standing_in(key: str, chosen: Any) -> Any:
    """What a number field has as its default: what is chosen when it is first drawn, then what stands in it.

    Who empties a field gets the default of its last drawing back: were that what was chosen before the last
    edit, emptying it would bring back the value before last. Read only; see `place_of` for why nothing is written.
    """
    return st.session_state.get(key, chosen)


def picture(figure: Any, alt: str, key: str) -> None:
    """A chart with its text alternative."""
    st.plotly_chart(figure, width="stretch", theme=None, config=PLOTLY, alt=alt, key=key)


def table(frame: pd.DataFrame) -> None:
    """A table as a real one, that a screen reader reads row by row; it scrolls where the screen is narrow."""
    numeric = [frame[column].dtype.kind == "f" for column in frame.columns]
    head = "".join(
        f'<th scope="col"{NUMBER if is_number else ""}>{html.escape(str(c))}</th>'
        for c, is_number in zip(frame.columns, numeric, strict=True)
    )
    rows = "".join(f"<tr>{_cells(row, numeric)}</tr>" for row in frame.itertuples(index=False))
    name = html.escape(f"Table: {', '.join(map(str, frame.columns[:3]))}")
    st.html(
        f'<div class="table" tabindex="0" role="region" aria-label="{name}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cells(row: tuple[Any, ...], numeric: Sequence[bool]) -> str:
    cells = []
    for place, (value, is_number) in enumerate(zip(row, numeric, strict=True)):
        words = (
            number(value)
            if is_number
            else _NUMBERS.sub(r'<span class="whole">\g<0></span>', html.escape(str(value)))
        )
        kind = NUMBER if is_number else ""
        cells.append(f"<td{kind}>{words}</td>" if place else f'<th scope="row">{words}</th>')
    return "".join(cells)


def number(value: float) -> str:
    """A number for a table: a dash where there is none."""
    if math.isnan(value):
        return "\N{EN DASH}"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def on_request(title: str, draw: Callable[[], None], expanded: bool = False) -> None:
    """A part of a page that is drawn when somebody unfolds it, and not before: most never do.

    To draw what nobody looks at takes as long as the answer itself, and a browser as much again.
    """

    def fold() -> None:
        folded = st.expander(title, expanded, key=f"fold {title}", on_change="rerun")
        if folded.open:
            with folded:
                draw()

    st.fragment(fold)()


def behind(title: str, frame: pd.DataFrame) -> None:
    """The table behind a picture, on request."""
    on_request(title, lambda: table(frame))


def progress(
    orders: Sequence[Order], found: Sequence[Standing], place: str, something_shown: bool = True
) -> None:
    """How far the runs are, who goes first, and a way to stop or go on; the page is drawn anew when there is more to see.

    `found` is what the page shows, as it was when it was asked for.
    Only this small part is drawn again and again: to draw a page takes as long as to run a scenario, and the same cores.
    """
    for problem in dict.fromkeys(s.problem for s in found if s.problem):
        st.error(escaped(problem))
    if _finished(found):
        return
    stopped = is_stopped()

    def look() -> bool:
        # Nothing is shown to press that is gone a moment later: Streamlit can lose what is pressed on it.
        if is_stopped() != stopped:
            return True
        now = standings(orders)
        _how_far(now, place)
        return not stopped and worth_drawing(found, now, something_shown)

    # Also a page that is stopped looks again, though rarely: "Go on" may be heard without the page being drawn anew.
    polled(look, pending=True, every_seconds=RAREST_SECONDS if stopped else _how_often(found))


def worth_drawing(drawn: Sequence[Standing], now: Sequence[Standing], something_shown: bool) -> bool:
    """Whether there is enough more than what a page shows: all of it, a first look, or several times as much.

    Where others wait too, a page that shows something, be it the previous result, is drawn when all is done.
    """
    if _finished(now):
        return True
    if enough_to_show(now) is None:
        return False
    if something_shown and any(s.ahead for s in now):
        return False
    return enough_to_show(drawn) is None or sum(s.done for s in now) >= WORTH_TIMES * sum(
        s.done for s in drawn
    )


def _how_far(found: Sequence[Standing], place: str) -> None:
    done, wanted = sum(s.done for s in found), sum(s.wanted for s in found)
    ahead = max(s.ahead for s in found)
    turn = (
        f" {ahead} other {'visitor is' if ahead == 1 else 'visitors are'} waiting too; runs take turns."
        if ahead
        else ""
    )
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    if is_stopped():
        left.markdown(f"**Stopped** after {done:,} of {wanted:,} replications. What is finished stays.")
        right.button("Go on", on_click=go_on, key=f"go on {place}")
    else:
        # At the very first run there is nothing to see for a minute.
        words = f"Running: {done:,} of {wanted:,} replications." if done else before_the_first()
        left.progress(min(done / wanted, 1.0) if wanted else 0.0, f"{words}{turn}")
        right.button("Stop", on_click=stop, key=f"stop {place}")


def before_the_first() -> str:
    """What somebody should know who waits and has nothing to see yet."""
    return what_to_expect(runner().engine) or "Running: the first replications."


def awaited(orders: Sequence[Order]) -> None:
    """Ask for runs and give them a moment, so that most pages are drawn once, with all there is to see."""
    hold_in_address()  # what is chosen is settled by now, and a link should not wait for its answer
    holder = st.empty()
    begun = drawn_at = time.monotonic()
    found = standings(orders)
    # Where others wait too it will not be over in a moment, and looking costs what they wait for.
    while not (_finished(found) or is_stopped() or any(s.ahead for s in found)):
        now = time.monotonic()
        if now > begun + MOMENT_SECONDS:
            break
        if now >= drawn_at:
            drawn_at = now + GLANCE_SECONDS
            done, wanted = sum(s.done for s in found), sum(s.wanted for s in found)
            # Showing something is also when Streamlit hears that the visitor has moved on.
            holder.progress(min(done / wanted, 1.0), f"Running: {done:,} of {wanted:,} replications.")
        runner().wait_for_news(GLANCE_SECONDS)
        found = standings(orders)
    holder.empty()


def _finished(found: Sequence[Standing]) -> bool:
    return all(s.finished for s in found)


def _how_often(found: Sequence[Standing]) -> float:
    """Seconds from look to look: the more others are waiting, the longer."""
    return min(POLL_SECONDS * (1 + max(s.ahead for s in found)), RAREST_SECONDS)


def polled(look: Callable[[], bool], pending: bool, every_seconds: float = POLL_SECONDS) -> None:
    """Show a small part of a page, again and again while something is under way.

    `look` draws it and says whether it is time to draw the whole page anew.
    """

    def once() -> None:
        if look():
            st.rerun()

    st.fragment(once, run_every=every_seconds if pending else None)()
